"""The client: fetches whole collections, page by page, each row exactly once.

It also finds the address under which a service offers a collection, and notes how each call ended (`outcomes`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, NoReturn, Protocol, Self, TypeVar, cast

import pandas as pd
import requests

from data_access.auth.credentials import Credential
from data_access.errors import BadRequest, Details, Intercepted, PartnerCenterError, Unavailable, Unreadable
from data_access.pace import Pace
from data_access.partner_center import frames, protocol, raw_pages, wire
from data_access.partner_center.catalog import Collection
from data_access.partner_center.protocol import Page, Query
from data_access.partner_center.retry import RetryPolicy
from data_access.partner_center.session import Session

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_PAGES = 10_000  # of one collection; a service that sends more will not stop
_MOST_PAGES_OF_CUSTOMER = 100  # documented is one
_MOST_EMPTY_PAGES = 20  # of a service that announces more rows than it has
_MOST_SAME_PAGES = 20  # of a service that sends one page to every request, before all are fetched


@dataclass(frozen=True, slots=True)
class Step:
    """How far a fetch has come, with a text for the user; `total` is None where it is unknown."""

    text: str
    rows: int = 0
    total: int | None = None


Progress = Callable[[Step], None]


def _untold(_: str) -> None:
    """Tell nobody that one call of thousands is tried again."""


def _count(answer: Answer) -> int:
    return len(answer.frame) + len(answer.set_aside)


def _quiet(step: Step) -> None:
    log.debug("%s", step.text)


@dataclass(frozen=True, slots=True)
class OfCustomers:
    """The customers that an answer has no rows of, by why; their tenant ids in capitals, sorted."""

    empty: tuple[str, ...] = ()  # read, and without a row
    refused: tuple[str, ...] = ()  # 403: the account has no role there
    gone: tuple[str, ...] = ()  # the service does not know them any more
    failed: tuple[str, ...] = ()  # no answer, a second time, or not tried any more
    failure: PartnerCenterError | None = None  # why the first of these failed

    @property
    def unread(self) -> tuple[str, ...]:
        """Those whose figures are not known, and are not zero."""
        return (*self.refused, *self.gone, *self.failed)


@dataclass(frozen=True, eq=False)
class Answer:
    """One collection as fetched: the readable rows as a frame, the others with their positions and reasons."""

    collection: Collection
    frame: pd.DataFrame
    set_aside: tuple[wire.SetAside, ...]
    announced: int | None  # the number of rows by the service's own count
    fetched_at: datetime  # UTC
    correlation_id: str
    pages: raw_pages.Pages | None = None  # the pages as they arrived, where the caller asked for them
    twice: int = 0  # rows that came on two pages and were counted once
    unread_customers: int = 0  # in an answer about many customers: those whose figures were not read
    of_customers: OfCustomers = OfCustomers()  # in such an answer: who was read without a row, and who was not read
    is_part: bool = False  # whether the rows are those of some customers, out of a larger answer

    @property
    def missing(self) -> int:
        """The number of rows that were announced and did not come."""
        return max(0, (self.announced or 0) - len(self.frame) - len(self.set_aside))

    def part(self, frame: pd.DataFrame) -> Answer:
        """The answer with these of its rows alone; as many rows are missing, of which nobody knows whose they are."""
        announced = self.missing + len(frame) + len(self.set_aside)
        return replace(self, frame=frame, announced=announced, pages=None, is_part=True)


class Answers(Protocol):
    """Whatever answers for a whole collection: a client, or a history."""

    def fetch(self, collection: Collection, *, progress: Progress) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last call for a collection ended: with `rows` rows, or with an error."""

    at: datetime  # UTC, when it began
    seconds: float
    correlation_id: str
    rows: int | None
    error: PartnerCenterError | None = None


class Client:
    """Fetches collections from one service, with a bearer token of `credential` in each request.

    `adapter` replaces the network, for a service inside this process. Clients of one service share their `pace`.
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        policy: RetryPolicy | None = None,
        adapter: requests.adapters.BaseAdapter | None = None,
        *,
        most_pages: int = MOST_PAGES,
        pace: Pace | None = None,
    ) -> None:
        self._base_url = base_url
        self._most_pages = most_pages
        policy = policy or RetryPolicy()
        self._longest = policy.whole
        self.parallel = policy.parallel
        """How many calls to make at a time."""
        self._session = Session(credential, policy, adapter, pace)
        self.outcomes: dict[str, Outcome] = {}
        """By the collection's name."""
        # Of a collection's `paths`, the one that this service knows. The commercial collections list theirs in the
        # same order, so what is true of one is true of the other.
        self._path_index = 0

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
        """Fetch a whole collection; a collection per customer needs the query's `customer`.

        With `keep_raw` the answer holds the pages as they arrived.

        Raises one of the family in `errors`. Requests under way at an interrupt end by themselves.
        """
        query = query or Query()
        grouped = collection.grouped_by(query.groupby) if collection.paged else collection

        def fetch(correlation_id: str, path_index: int) -> Answer:
            return self._fetch(grouped, path_index, query, correlation_id, progress, keep_raw=keep_raw)

        return self._with_outcome(collection, fetch, _count)

    def probe(self, collection: Collection, customer: str | None = None) -> Page:
        """Fetch the smallest page of a collection, to see whether it can be fetched at all.

        Raises one of the family in `errors`.
        """
        query = Query(customer)

        def fetch(correlation_id: str, path_index: int) -> Page:
            url = protocol.address(self._base_url, collection.paths[path_index], customer)
            call = protocol.Call(url, protocol.parameters(collection, query, top=1), correlation_id)
            return self._session.page(call, lambda _: None, threading.Event())

        return self._with_outcome(collection, fetch, lambda page: page.total or len(page.rows))

    def pages(self, collection: Collection, customer: str, correlation_id: str, stop: threading.Event) -> list[Page]:
        """The answer about one customer, of a collection that is live; `stop`, once set, ends it.

        Raises one of the family in `errors`. Nothing is noted in `outcomes`: see `noting`.
        """
        url = protocol.address(self._base_url, collection.paths[0], customer)
        call = protocol.Call(url, protocol.parameters(collection, Query(customer)), correlation_id)
        pages = [self._session.page(call, _untold, stop)]
        while (link := pages[-1].link) and pages[-1].rows and len(pages) < _MOST_PAGES_OF_CUSTOMER:
            if (following := call.following(link)) == call:
                break
            call = following
            pages.append(self._session.page(call, _untold, stop))
        return pages

    def document(self, path: str, parameters: Mapping[str, str], stop: threading.Event) -> Mapping[str, Any]:
        """The one object at an address. Raises one of the family in `errors`."""
        url = protocol.address(self._base_url, path)
        call = protocol.Call(url, parameters, protocol.new_id(), single=True)
        (found,) = self._session.page(call, _untold, stop).rows
        return cast(Mapping[str, Any], found)

    def noting(self, collection: Collection, fetch: Callable[[str], Answer]) -> Answer:
        """What `fetch` returns, which gets a new correlation id; notes how that ended in `outcomes`."""
        return self._with_outcome(collection, lambda correlation_id, _: fetch(correlation_id), _count)

    def _with_outcome(self, collection: Collection, fetch: Callable[[str, int], T], count: Callable[[T], int]) -> T:
        """What `fetch` returns, which gets a new correlation id; notes how that ended, with the `count` of its rows."""
        correlation_id, began, began_monotonic = protocol.new_id(), datetime.now(UTC), time.monotonic()

        def note(rows: int | None, error: PartnerCenterError | None = None) -> None:
            seconds = time.monotonic() - began_monotonic
            self.outcomes[collection.name] = Outcome(began, seconds, correlation_id, rows, error)

        try:
            result = self._at_known_path(collection, partial(fetch, correlation_id))
        except PartnerCenterError as error:
            note(None, error)
            raise
        note(count(result))
        return result

    def _at_known_path(self, collection: Collection, fetch: Callable[[int], T]) -> T:
        """Fetch under each path of a collection until the service knows one, beginning with the one it knew before."""
        *others, last = sorted(range(len(collection.paths)), key=lambda path_index: path_index != self._path_index)
        for path_index in others:
            try:
                return fetch(path_index)
            except (BadRequest, Intercepted) as error:
                if error.details.status != 404:
                    raise
        return fetch(last)

    def _fetch(
        self,
        collection: Collection,
        path_index: int,
        query: Query,
        correlation_id: str,
        progress: Progress,
        *,
        keep_raw: bool,
    ) -> Answer:
        url = protocol.address(self._base_url, collection.paths[path_index], query.customer)
        end = time.monotonic() + self._longest

        def read(*, last_try: bool = False) -> Answer:
            raw = raw_pages.Pages() if keep_raw else None
            asking = (self._session, self.parallel, collection, query, url, correlation_id, progress, raw)
            return _Reading(*asking, self._most_pages, end, last_try=last_try).answer()

        def again(what: object) -> None:
            progress(Step(f"{what}; reading it again from the start"))

        try:
            answer = read()
            if answer.twice:
                again(f"Rows that came on two pages: {answer.twice:,}")
                answer = read(last_try=True)
        except _TotalChanged as change:
            again(change)
            try:
                answer = read(last_try=True)
            except _TotalChanged as change_again:
                raise Unavailable(
                    f"{change_again}, a second time.",
                    "Microsoft is working on these figures; try again in some minutes.",
                    Details(correlation_id=correlation_id),
                ) from None
        if collection.paged:
            self._path_index = path_index
        return answer


class _TotalChanged(Exception):
    """The collection changed between two pages."""


@dataclass(frozen=True, slots=True)
class _ReadPage:
    """One page after reading; the positions of its rows count from the page's start."""

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
    raw: raw_pages.Pages | None
    most_pages: int
    end: float  # of time.monotonic
    last_try: bool  # it is not read again

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._parse_lock = threading.Lock()
        self._raw_lock = threading.Lock()
        self._progress_lock = threading.Lock()
        self._sent: set[tuple[int, int]] = set()  # the pages so far, by their number of rows and a hash of these
        self._pages = self._empty_pages = self._same_pages = 0
        self._rows = 0
        self._total: int | None = None  # where it is known to count the whole collection

    def answer(self) -> Answer:
        first = self._fetch(0)
        announced = first.total
        try:
            size = len(first.rows)
            if self.collection.paged and first.total and size < first.total <= size * self.most_pages:
                pages = self._in_parallel(first, first.total)
            else:
                pages = list(self._by_link(first) if self.collection.by_token else self._one_by_one(first))
        finally:
            self._stop.set()
        set_aside, start = [], 0
        for page in pages:
            set_aside += [wire.SetAside(start + row.position, row.reason) for row in page.set_aside]
            start += page.rows
        if set_aside and len(set_aside) == start:
            raise Unreadable(
                f"None of the {start:,} rows can be read; the first: {set_aside[0].reason}.",
                "The service may have changed its format; look for a newer version of this program.",
                Details(correlation_id=self.correlation_id),
            )
        frame, twice = frames.once(self.collection, [page.frame for page in pages])
        if self.last_try and twice > 1 and self._is_one_page(pages):
            self._refuse_same()
        return Answer(
            self.collection,
            frame,
            tuple(set_aside),
            announced,
            datetime.now(UTC),
            self.correlation_id,
            self.raw,
            twice,
        )

    def _one_by_one(self, page: Page) -> Iterator[_ReadPage]:
        """The first page and all that follow, one after the other, where the total is unknown."""
        rows = 0
        while True:
            yield self._read(page, rows)
            rows += len(page.rows)
            if not self.collection.paged or protocol.is_last(page, rows):
                return
            promised, page = page.more, self._fetch(rows)
            if self._came_before(page) and not promised and not page.more and (page.total or 0) <= rows:
                return  # it sends all rows to every request

    def _by_link(self, page: Page) -> Iterator[_ReadPage]:
        """The first page and all that a link leads to. `totalCount` may be that of a page, so it ends nothing."""
        rows, call, total = 0, self._call(0), page.total or 0
        while True:
            yield self._read(page, rows)
            rows += len(page.rows)
            self._empty_pages += not page.rows
            if page.link is None or self._empty_pages > _MOST_EMPTY_PAGES:
                return
            following = call.following(page.link)
            if following == call:
                return
            call, page = following, self._page(following)
            if self._came_before(page):
                if total <= rows:
                    return  # it sends all rows to every request
                self._refuse_same()

    def _in_parallel(self, first: Page, total: int) -> list[_ReadPage]:
        """The first page and all others, several at a time, each of the size that the service chose for the first."""
        self._total, size = total, len(first.rows)
        pool = ThreadPoolExecutor(self.parallel, thread_name_prefix="page")
        try:
            ranges = [pool.submit(self._range, start, min(start + size, total)) for start in range(size, total, size)]
            pages = [self._read(first, 0)]
            finished, _ = wait(ranges, return_when=FIRST_EXCEPTION)
            for future in finished:
                future.result()
            return pages + [page for future in ranges for page in future.result()]
        finally:
            # Threads under way are not waited for: each ends when it next looks at this event.
            self._stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _range(self, start: int, end: int) -> list[_ReadPage]:
        """The rows from `start` up to `end`, in as many pages as the service makes of them."""
        pages: list[_ReadPage] = []
        while start < end and self._empty_pages < _MOST_EMPTY_PAGES:
            page = self._fetch(start, end - start)
            if not page.rows:
                self._empty_pages += 1
                break  # fewer rows than announced; the answer counts them
            self._came_before(page)
            pages.append(self._read(page, start, end))
            start += pages[-1].rows
        return pages

    def _call(self, skip: int, top: int = protocol.PAGE_ROWS) -> protocol.Call:
        parameters = protocol.parameters(self.collection, self.query, skip, top)
        return protocol.Call(self.url, parameters, self.correlation_id)

    def _fetch(self, skip: int, top: int = protocol.PAGE_ROWS) -> Page:
        page = self._page(self._call(skip, top))
        if self._total and page.total and page.total != self._total:
            raise _TotalChanged(
                f"The number of rows changed from {self._total:,} to {page.total:,} while they were read"
            )
        if skip == 0:
            self._came_before(page)
        return page

    def _page(self, call: protocol.Call) -> Page:
        with self._parse_lock:
            self._pages += 1
            if self._pages > self.most_pages:
                raise Unreadable(
                    f"The service goes on sending pages after {self._rows:,} rows.",
                    "Check PARTNER_CENTER_BASE_URL; if it is right, give the id to Microsoft support.",
                    Details(correlation_id=self.correlation_id),
                )
        if time.monotonic() > self.end:
            raise protocol.no_answer(f"after {self._rows:,} rows the fetch takes too long")
        return self.session.page(call, self._tell, self._stop, self.end)

    def _came_before(self, page: Page) -> bool:
        """Whether a page with the same rows, and no others, came before. Remembers this one.

        Raises Unreadable where so many did that there is no end to be expected. How many did is the same in any order
        of arrival.
        """
        if not page.rows:
            return False
        rows = len(page.rows), hash(repr(page.rows))
        with self._parse_lock:
            came_before = rows in self._sent
            self._sent.add(rows)
            self._same_pages += came_before
            endless = self._same_pages >= _MOST_SAME_PAGES
        if endless:
            self._refuse_same()
        return came_before

    def _is_one_page(self, pages: list[_ReadPage]) -> bool:
        """Whether the pages are one page and beginnings of it: the service takes no notice of `skip`."""
        longest = max(pages, key=lambda page: page.rows)
        rows, aside = longest.frame[self.collection.columns], set(longest.set_aside)
        return all(
            page.frame[self.collection.columns].equals(rows.head(len(page.frame))) and aside.issuperset(page.set_aside)
            for page in pages
        )

    def _refuse_same(self) -> NoReturn:
        raise Unreadable(
            "The service sends the same page again and again.",
            "Try again later; if it lasts, give the id to Microsoft support.",
            Details(correlation_id=self.correlation_id),
        )

    def _read(self, page: Page, start: int, end: int | None = None) -> _ReadPage:
        """Read the rows of a page that begins at position `start`; those from `end` on are left away."""
        rows = page.rows if end is None else page.rows[: end - start]
        if self.raw and page.received:
            with self._raw_lock:
                self.raw.add(start, len(rows), page.received)
        # One page at a time becomes a frame, so that memory does not grow with the number of threads.
        with self._parse_lock:
            readable, set_aside = wire.read(self.collection.row, rows)
            read_page = _ReadPage(len(rows), frames.frame(self.collection, readable), set_aside)
            self._rows += read_page.rows
        if self.collection.paged or self.collection.by_token:
            self._tell()
        return read_page

    def _tell(self, text: str = "") -> None:
        # One thread at a time, with the count of that moment, so that progress never goes back.
        with self._progress_lock:
            if not self._stop.is_set():
                count = f"{self._rows:,} of {self._total:,} rows" if self._total else f"{self._rows:,} rows"
                self.progress(Step(text or count, self._rows, self._total))
