"""Collections fetched whole: every row once, whatever the service does between its pages."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from operator import eq
from typing import Self, TypeVar

import pandas as pd
import requests

from data_access.auth.credentials import Credential
from data_access.errors import BadRequest, Facts, PartnerCenterError, Unavailable, Unreadable
from data_access.partner_center import frames, protocol, raw_pages, wire
from data_access.partner_center.catalog import Collection
from data_access.partner_center.protocol import Page, Query
from data_access.partner_center.retry import RetryPolicy
from data_access.partner_center.session import Session

log = logging.getLogger(__name__)

T = TypeVar("T")

_MOST_PAGES = 100_000
_MOST_EMPTY_PAGES = 20  # asked for side by side, where more rows were announced than there are
_ROWS_COMPARED = 16  # at the start of each page, to recognise it


@dataclass(frozen=True, slots=True)
class Step:
    """How far a fetch has come, in words for the person who waits; `total` is None where nobody knows."""

    text: str
    rows: int = 0
    total: int | None = None


Progress = Callable[[Step], None]


def _quiet(step: Step) -> None:
    log.debug("%s", step.text)


@dataclass(frozen=True, eq=False)
class Answer:
    """One collection as fetched: the readable rows as a frame, the others counted with their reasons."""

    collection: Collection
    frame: pd.DataFrame
    set_aside: tuple[wire.SetAside, ...]
    announced: int | None  # rows that the service said there are
    fetched_at: datetime  # UTC
    correlation_id: str
    pages: raw_pages.Pages | None = None  # as they arrived, where they were to be kept
    unread_customers: int = 0  # of an answer about many customers: about whom nothing may be read

    @property
    def missing(self) -> int:
        """Rows that were announced and did not come."""
        return max(0, (self.announced or 0) - len(self.frame) - len(self.set_aside))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last call for a collection ended: with so many rows, or with an error."""

    at: datetime  # UTC, when it began
    seconds: float
    correlation_id: str
    rows: int | None
    error: PartnerCenterError | None = None


class Client:
    """Fetches collections from one service. `credential` is asked for a bearer token before each request."""

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        patience: RetryPolicy | None = None,
        carrier: requests.adapters.BaseAdapter | None = None,
    ) -> None:
        self._base_url = base_url
        self.parallel = (patience or RetryPolicy()).parallel  # how many calls at a time are of use
        self._session = Session(credential, patience or RetryPolicy(), carrier)
        self.outcomes: dict[str, Outcome] = {}
        """By the collection's name."""
        self._address = 0  # which of a collection's addresses this service knows; the commercial calls share it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def fetch(
        self,
        collection: Collection,
        query: Query | None = None,
        progress: Progress = _quiet,
        *,
        keep_raw: bool = False,
    ) -> Answer:
        """Fetch a collection whole; the customer calls need the query's `customer`.

        With `keep_raw` the answer comes with its pages as they arrived.

        Raises one of the family in `errors`. An interrupt leaves requests behind that end by themselves.
        """
        query = query or Query()
        shaped = collection.grouped_by(query.groupby) if collection.paged else collection

        def read(correlation_id: str, place: int) -> Answer:
            return self._fetch(shaped, place, query, correlation_id, progress, keep_raw=keep_raw)

        return self._somewhere(collection, read, lambda answer: len(answer.frame) + len(answer.set_aside))

    def probe(self, collection: Collection, customer: str | None = None) -> Page:
        """Ask for as little of a collection as there can be asked for, to see whether it is to be had.

        Raises one of the family in `errors`.
        """
        query = Query(customer)

        def ask(correlation_id: str, place: int) -> Page:
            url = protocol.address(self._base_url, collection.paths[place], customer)
            call = protocol.Call(url, protocol.parameters(collection, query, top=1), correlation_id)
            return self._session.page(call, lambda _: None, threading.Event())

        return self._somewhere(collection, ask, lambda page: page.total or len(page.rows))

    def _somewhere(self, collection: Collection, ask: Callable[[str, int], T], rows: Callable[[T], int]) -> T:
        """Ask at each address of a collection until one is known, and note how that ended."""
        correlation_id, began, clock = protocol.new_id(), datetime.now(UTC), time.monotonic()

        def note(rows: int | None, error: PartnerCenterError | None = None) -> None:
            seconds = time.monotonic() - clock
            self.outcomes[collection.name] = Outcome(began, seconds, correlation_id, rows, error)

        try:
            found = self._at_known_address(collection, partial(ask, correlation_id))
        except PartnerCenterError as error:
            note(None, error)
            raise
        note(rows(found))
        return found

    def _at_known_address(self, collection: Collection, ask: Callable[[int], T]) -> T:
        *others, last = sorted(range(len(collection.paths)), key=lambda place: place != self._address)
        for place in others:
            try:
                return ask(place)
            except BadRequest as error:
                if error.facts.status != 404:
                    raise
        return ask(last)

    def _fetch(
        self,
        collection: Collection,
        place: int,
        query: Query,
        correlation_id: str,
        progress: Progress,
        *,
        keep_raw: bool,
    ) -> Answer:
        url = protocol.address(self._base_url, collection.paths[place], query.customer)

        def read() -> Answer:
            pages = raw_pages.Pages() if keep_raw else None
            asking = (self._session, self.parallel, collection, query, url, correlation_id, progress, pages)
            return _Reading(*asking).whole()

        try:
            answer = read()
        except _TotalChanged as change:
            progress(Step(f"{change}; reading it again from the start"))
            try:
                answer = read()
            except _TotalChanged as change_again:
                raise Unavailable(
                    f"{change_again}, a second time.",
                    "Microsoft is working on these figures; try again in some minutes.",
                    Facts(correlation_id=correlation_id),
                ) from None
        if collection.paged:
            self._address = place
        return answer


class _TotalChanged(Exception):
    """Between two pages the collection became another one."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of one page; the positions of its rows count from the page's start."""

    rows: int
    frame: pd.DataFrame
    set_aside: list[wire.SetAside]


@dataclass(eq=False)
class _Reading:
    """One collection, read from its first page to its last."""

    session: Session
    parallel: int
    collection: Collection
    query: Query
    url: str
    correlation_id: str
    progress: Progress
    pages: raw_pages.Pages | None

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._one_keeps = threading.Lock()
        self._one_tells = threading.Lock()
        self._seen: dict[str, list[list[str]]] = {}  # the starts of pages, by their first row
        self._empty_pages = 0
        self._rows = 0
        self._total: int | None = None  # where it is known to count the whole

    def whole(self) -> Answer:
        first = self._ask(0)
        announced = first.total
        try:
            size = len(first.rows)
            if self.collection.paged and first.total and size < first.total <= size * _MOST_PAGES:
                parts = self._side_by_side(first, first.total)
            else:
                parts = list(self._one_by_one(first))
        finally:
            self._stop.set()
        set_aside, start = [], 0
        for part in parts:
            set_aside += [wire.SetAside(start + row.position, row.reason) for row in part.set_aside]
            start += part.rows
        if set_aside and len(set_aside) == start:
            raise Unreadable(
                f"None of the {start:,} rows can be read; the first: {set_aside[0].reason}.",
                "The service may have changed its format; look for a newer version of this program.",
                Facts(correlation_id=self.correlation_id),
            )
        return Answer(
            self.collection,
            frames.joined(self.collection, [part.frame for part in parts]),
            tuple(set_aside),
            announced,
            datetime.now(UTC),
            self.correlation_id,
            self.pages,
        )

    def _one_by_one(self, page: Page) -> Iterator[_Part]:
        """Page after page, where nobody knows how many there are."""
        rows = 0
        for _ in range(_MOST_PAGES):
            yield self._read(page, rows)
            rows += len(page.rows)
            if not self.collection.paged or protocol.is_last(page, rows):
                return
            page = self._ask(rows)
            if self._is_known(page):
                if page.more or (page.total or 0) > rows:
                    raise self._repeated()
                return
        raise Unreadable(
            f"The service goes on sending pages after {rows:,} rows.",
            "Check PARTNER_CENTER_BASE_URL; if it is right, give the id to Microsoft support.",
            Facts(correlation_id=self.correlation_id),
        )

    def _side_by_side(self, first: Page, total: int) -> list[_Part]:
        """Several pages at a time, each of the size that the service chose for the first."""
        self._total, size = total, len(first.rows)
        pool = ThreadPoolExecutor(self.parallel, thread_name_prefix="page")
        try:
            ranges = [pool.submit(self._range, start, min(start + size, total)) for start in range(size, total, size)]
            parts = [self._read(first, 0)]
            finished, _ = wait(ranges, return_when=FIRST_EXCEPTION)
            for ended in finished:
                ended.result()
            return parts + [part for ended in ranges for part in ended.result()]
        finally:
            # Not waited for: what is still under way ends at its next look at this.
            self._stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _range(self, start: int, end: int) -> list[_Part]:
        """The rows from `start` up to `end`, in as many pages as the service makes of them."""
        parts = []
        while start < end and self._empty_pages < _MOST_EMPTY_PAGES:
            page = self._ask(start, end - start)
            if not page.rows:
                self._empty_pages += 1
                break  # fewer rows than announced; the answer counts them
            if self._is_known(page):
                raise self._repeated()
            parts.append(self._read(page, start, end))
            start += parts[-1].rows
        return parts

    def _ask(self, skip: int, top: int = protocol.PAGE_ROWS) -> Page:
        parameters = protocol.parameters(self.collection, self.query, skip, top)
        page = self.session.page(protocol.Call(self.url, parameters, self.correlation_id), self._tell, self._stop)
        if self._total and page.total and page.total != self._total:
            raise _TotalChanged(
                f"The number of rows changed from {self._total:,} to {page.total:,} while they were read"
            )
        if skip == 0:
            self._is_known(page)
        return page

    def _is_known(self, page: Page) -> bool:
        """Whether a page that starts with these rows has come before: one that is asked for less is cut short."""
        start = [repr(row) for row in page.rows[:_ROWS_COMPARED]]
        if not start:
            return False
        with self._one_at_a_time:
            alike = self._seen.setdefault(start[0], [])
            known = any(all(map(eq, seen, start)) for seen in alike)
            alike.append(start)
        return known

    def _repeated(self) -> Unreadable:
        return Unreadable(
            "The service sends the same page again and again.",
            "Try again later; if it lasts, give the id to Microsoft support.",
            Facts(correlation_id=self.correlation_id),
        )

    def _read(self, page: Page, start: int, end: int | None = None) -> _Part:
        """The rows of a page that starts after `start` others; none from `end` on."""
        rows = page.rows if end is None else page.rows[: end - start]
        if self.pages and page.received:
            with self._one_keeps:
                self.pages.add(start, len(rows), page.received)
        # One page at a time becomes a frame, so that memory does not grow with the number of threads.
        with self._one_at_a_time:
            readable, set_aside = wire.read(self.collection.row, rows)
            part = _Part(len(rows), frames.frame(self.collection, readable), set_aside)
            self._rows += part.rows
        if self.collection.paged:
            self._tell()
        return part

    def _tell(self, text: str = "") -> None:
        # One at a time and with the count of that moment, so that it never goes back.
        with self._one_tells:
            if not self._stop.is_set():
                count = f"{self._rows:,} of {self._total:,} rows" if self._total else f"{self._rows:,} rows"
                self.progress(Step(text or count, self._rows, self._total))
