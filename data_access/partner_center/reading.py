"""One reading of a collection, from its first page to its last: each row once, or an error that says why not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NoReturn

import pandas as pd

from data_access.errors import Details, Unavailable, Unreadable
from data_access.partner_center import frames, protocol, raw_pages, wire
from data_access.partner_center.answers import Answer, Progress, Step, refuse_unreadable
from data_access.partner_center.catalog import Collection
from data_access.partner_center.protocol import Page, Query
from data_access.partner_center.session import Session

MOST_PAGES = 10_000  # of one collection; a service that sends more will not stop
_MOST_EMPTY_PAGES = 20  # of a service that announces more rows than it has
_MOST_SAME_PAGES = 20  # of a service that sends one page to every request, before all are fetched


class TotalChanged(Exception):
    """The collection changed between two pages."""


@dataclass(frozen=True, slots=True)
class _ReadPage:
    """One page after reading; the positions of its rows count from the page's start."""

    rows: int
    frame: pd.DataFrame
    set_aside: list[wire.SetAside]


@dataclass(eq=False)
class Reading:
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
        self._pages = self._answered = self._empty_pages = self._same_pages = 0
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
            set_aside += [replace(row, position=start + row.position) for row in page.set_aside]
            start += page.rows
        refuse_unreadable(set_aside, start, self.correlation_id)
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
                if page.link or total > rows:
                    self._refuse_same()
                return  # it sends all rows to every request

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
            raise TotalChanged(
                f"The number of rows changed from {self._total:,} to {page.total:,} while they were read"
            )
        if skip == 0:
            self._came_before(page)
        return page

    def _page(self, call: protocol.Call) -> Page:
        with self._parse_lock:
            self._pages += 1
            if self._pages > self.most_pages:
                raise protocol.goes_on(f"{self._rows:,} rows", self.correlation_id)
        self._check_end()
        try:
            page = self.session.page(call, self._tell, self._stop, self.end)
        except Unavailable as error:
            if error.details.status is None:  # no answer within what was left of the time
                self._check_end()
            raise
        with self._parse_lock:
            self._answered += 1
        return page

    def _check_end(self) -> None:
        if self._answered and time.monotonic() > self.end:
            raise protocol.endless(self._answered, self._rows) from None

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
        between = (
            ", and let what stands between pass the header MS-ContinuationToken on" if self.collection.by_token else ""
        )
        raise Unreadable(
            "The service sends the same page again and again.",
            f"Try again later; if it lasts, give the id to Microsoft support{between}.",
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
