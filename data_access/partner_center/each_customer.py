"""One collection of many customers: a call for each, several at a time.

A customer that refuses or has left is counted, any other that gives no usable answer is tried again when all others are
through. What was read is handed on in parts, so that a run that ends early need not begin anew.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pandas as pd
import pyarrow as pa

from data_access import texts
from data_access.errors import (
    BadRequest,
    Details,
    NotPermitted,
    PartnerCenterError,
    Throttled,
    Unavailable,
    Unreadable,
)
from data_access.partner_center import frames, products, protocol, raw_pages, unread, wire
from data_access.partner_center.answers import Answer, Progress, Step, refuse_unreadable
from data_access.partner_center.catalog import SUBSCRIPTIONS, Collection
from data_access.partner_center.client import Client
from data_access.partner_center.products import Offer
from data_access.partner_center.protocol import Page

#: A part is handed on when it has so many customers, or so many seconds after the one before.
PART_CUSTOMERS, PART_SECONDS = 250, 15.0
#: So many customers in a row that break off: the service is down, and the others are not tried.
MOST_FAILURES = 20
_AHEAD = 8  # calls for each thread that are ordered at a time; one that is slow holds up no others until then
_LONGEST_PAUSE = 600.0  # seconds that a customer waits in all where the service asks for it
_CUSTOMERS_PER_STEP = 100  # between two lines of progress

Keep = Callable[[Any], None]
"""Keeps a part, a `pa.Buffer`: a file of `raw_pages` whose pages are whole answers, each about one customer."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer to ask about: the tenant id as Microsoft spells it, and the name where it is known."""

    tenant: str
    name: str | None = None

    @property
    def key(self) -> str:
        """The tenant id as it stands in tables."""
        return texts.identifier(self.tenant)


@dataclass(frozen=True, eq=False)
class Read:
    """A collection of many customers: the answer, and of subscriptions also what each row's offer is."""

    answer: Answer
    offers: tuple[Offer | None, ...]
    whole: bool  # whether every customer was tried


def listed(customers: Answer) -> list[Customer]:
    """The customers in an answer of the collection of that name, each once, in its order."""
    rows = customers.frame
    sent = rows["id"] if "id" in rows else rows["customerTenantId"].str.lower()
    found: dict[str, Customer] = {}
    for tenant, identity, name in zip(rows["customerTenantId"], sent, rows["customerName"], strict=True):
        as_sent = identity if isinstance(identity, str) and texts.identifier(identity) == tenant else tenant.lower()
        found.setdefault(tenant, Customer(as_sent, name if isinstance(name, str) else None))
    return list(found.values())


def read(
    client: Client,
    collection: Collection,
    customers: Sequence[Customer],
    progress: Progress,
    *,
    keep_raw: bool = False,
    known: Iterable[pa.Buffer] = (),
    keep: Keep | None = None,
    of_one: bool = False,
) -> Read:
    """Read a live collection of these customers.

    `known` are parts of an earlier run, whose customers are not asked again; `keep` gets each new one. The rows come in
    the order of the customers. `of_one`: see `Client.noting`. Raises the error of `unread.none_read` where not one
    customer could be read, SignInError and ApplicationAlone as soon as they come.
    """
    made: list[Read] = []

    def fetch(correlation_id: str) -> Answer:
        asked = {one.key: one for one in customers}
        found = _Found(collection, asked, raw_pages.Pages() if keep_raw else None)
        pages = partial(client.pages, collection, correlation_id=correlation_id)
        asking = _Asking(pages, client.parallel, found, progress, keep)
        asking.run(_replies(collection, part) for part in known)
        answer, offers = found.put_together(correlation_id)
        made.append(Read(answer, offers, not asking.is_down))
        return answer

    client.noting(collection, fetch, of_one=of_one)
    return made[0]


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came of asking about one customer: its pages, or an error."""

    key: str
    pages: Sequence[Page] = ()
    error: PartnerCenterError | None = None


class _Asking:
    """Asks about the customers, those who break off once more, and hands on what comes."""

    def __init__(
        self,
        pages: Callable[..., list[Page]],
        parallel: int,
        found: _Found,
        progress: Progress,
        keep: Keep | None,
    ) -> None:
        self._pages, self._parallel, self._found = pages, parallel, found
        self._customers, self._progress, self._keep = found.customers, progress, keep
        self._done = 0  # customers of whom there is a reply
        self._in_a_row = 0  # of the last replies, those that broke off

    @property
    def is_down(self) -> bool:
        """Whether so many customers in a row broke off that the service seems to be down."""
        return self._in_a_row >= MOST_FAILURES

    def run(self, known: Iterable[Sequence[_Reply]]) -> None:
        """Ask about all customers but those of whom there are replies in `known`."""
        waiting = dict(self._customers)
        for part in known:
            replies = [reply for reply in part if waiting.pop(reply.key, None)]
            self._found.take(replies)
            self._done += len(replies)
        if self._done:
            self._step(f"{self._done:,} of {_number(len(self._customers))} read earlier today")
        self._ask(list(waiting.values()))
        again = [self._customers[key] for key, error in self._found.errors.items() if unread.has_failed(error)]
        if again and not self.is_down:
            self._step(f"reading {_number(len(again))} again: no usable answer at the first try")
            self._in_a_row, self._done = 0, self._done - len(again)
            self._ask(again)

    def _ask(self, customers: Sequence[Customer]) -> None:
        """Ask about these customers, and hand on what comes in parts."""
        part: list[_Reply] = []
        begun = time.monotonic()
        replies = _replies_in_order(self._pages, customers, self._parallel, has_answered=bool(self._found.read_keys))
        with contextlib.closing(replies):
            for reply in replies:
                if reply.error and unread.ends_all(reply.error):
                    self._hand_on(part)
                    raise reply.error
                part.append(reply)
                self._count(reply)
                if len(part) >= PART_CUSTOMERS or time.monotonic() - begun > PART_SECONDS:
                    self._hand_on(part)
                    part, begun = [], time.monotonic()
                if self.is_down:
                    break
        self._hand_on(part)

    def _count(self, reply: _Reply) -> None:
        breaks_off = isinstance(reply.error, Unavailable | Unreadable)
        self._in_a_row = self._in_a_row + 1 if breaks_off else 0
        self._done += 1
        if self._done % _CUSTOMERS_PER_STEP == 0 or self._done == len(self._customers):
            self._step(f"{self._done:,} of {_number(len(self._customers))}")

    def _step(self, text: str) -> None:
        self._progress(Step(text))

    def _hand_on(self, replies: Sequence[_Reply]) -> None:
        settled = [reply for reply in replies if reply.error is None or not unread.has_failed(reply.error)]
        if self._keep and settled:
            self._keep(_part(settled))
        self._found.take(replies)


class _Found:
    """What the replies have brought so far: the rows, and of some customers an error instead."""

    def __init__(self, collection: Collection, customers: Mapping[str, Customer], raw: raw_pages.Pages | None) -> None:
        self.customers = customers
        self._collection, self._raw = collection, raw
        self.read_keys: set[str] = set()
        self.errors: dict[str, PartnerCenterError] = {}
        self._empty: list[str] = []
        self._frames: list[pd.DataFrame] = []
        self._offers: list[Offer | None] = []
        self._set_aside: list[wire.SetAside] = []
        self._rows = self._announced = 0

    def take(self, replies: Sequence[_Reply]) -> None:
        """Make rows of these answers, all at once: a frame for each customer would take longer than the calls."""
        rows: list[dict[str, object]] = []
        pages: list[tuple[int, int, protocol.Received]] = []
        for reply in replies:
            if reply.error is not None:
                self.errors[reply.key] = reply.error
                continue
            self.errors.pop(reply.key, None)
            self.read_keys.add(reply.key)
            for page in reply.pages:
                if page.received:
                    pages.append((self._rows, len(page.rows), page.received))
                rows += self._readable(reply.key, page)
            if not any(page.rows for page in reply.pages):
                self._empty.append(reply.key)
        if self._raw:
            self._raw.add_all(pages)
        self._frames.append(frames.frame(self._collection, rows))
        if self._collection is SUBSCRIPTIONS:
            self._offers += [products.offer(row) for row in rows]

    def _readable(self, key: str, page: Page) -> list[dict[str, object]]:
        """The readable rows of a page, with whose they are."""
        readable, set_aside = wire.read(self._collection.row, page.rows)
        self._set_aside += [replace(row, position=self._rows + row.position) for row in set_aside]
        self._rows += len(page.rows)
        self._announced += max(page.total or 0, len(page.rows))
        whose = {"customerTenantId": key, "customerName": self.customers[key].name}
        for row in readable:
            row.update(whose)
        return readable

    def put_together(self, correlation_id: str) -> tuple[Answer, tuple[Offer | None, ...]]:
        """All of it as one answer, in the order of the customers, with what each row's offer is.

        Raises the error of `unread.none_read` where not one customer could be read, Unreadable where not one row could.
        """
        untried = self.customers.keys() - self.read_keys - self.errors.keys()
        if self.errors and not self.read_keys:
            raise unread.none_read(self.errors, untried=untried)
        refuse_unreadable(self._set_aside, self._rows, correlation_id)
        table = frames.joined(self._collection, self._frames or [frames.frame(self._collection, [])])
        places = _order(table["customerTenantId"], list(self.customers))
        answer = Answer(
            self._collection,
            table.iloc[places].reset_index(drop=True),
            tuple(self._set_aside),
            self._announced,
            datetime.now(UTC),
            correlation_id,
            self._raw,
            of_customers=unread.of_customers(self.errors, empty=self._empty, untried=untried),
        )
        return answer, tuple(self._offers[place] for place in places) if self._offers else ()


def _replies_in_order(
    pages: Callable[..., list[Page]], customers: Sequence[Customer], parallel: int, *, has_answered: bool
) -> Generator[_Reply]:
    """The reply of each customer, in their order, while so many are asked at a time; `pages` asks one.

    `has_answered`: whether the service has answered before. Where it has, and asks to wait for longer than one call
    may take, it is waited for: a limit that is reached half-way is no reason to do without the others.
    """
    stop, answered = threading.Event(), threading.Event()
    if has_answered:
        answered.set()

    def ask(customer: Customer) -> _Reply:
        waited = 0.0
        while True:
            try:
                reply = _Reply(customer.key, pages(customer.tenant, stop=stop))
            except PartnerCenterError as error:
                seconds = error.details.retry_after if isinstance(error, Throttled) else None
                waited += seconds or 0
                if not seconds or waited > _LONGEST_PAUSE or not answered.is_set() or stop.wait(seconds):
                    return _Reply(customer.key, error=error)
            else:
                answered.set()
                return reply

    pool = ThreadPoolExecutor(parallel, thread_name_prefix="customer")
    futures = (pool.submit(ask, customer) for customer in customers)
    try:
        # Not all at once: replies would pile up, and calls be made that nobody needs any more.
        under_way = deque(itertools.islice(futures, parallel * _AHEAD))
        while under_way:
            reply = under_way.popleft().result()
            under_way.extend(itertools.islice(futures, 1))
            yield reply
    finally:
        # Threads under way are not waited for: each ends when it next looks at this event.
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _number(customers: int) -> str:
    return f"{customers:,} {'customer' if customers == 1 else 'customers'}"


def _order(tenants: pd.Series, customers: Sequence[str]) -> list[int]:
    """The places of the rows in the order of the customers; those of one customer stay as they came."""
    rank = {tenant: place for place, tenant in enumerate(customers)}
    return list(tenants.map(rank).sort_values(kind="stable").index)


def _part(replies: Sequence[_Reply]) -> pa.Buffer:
    pages, errors = raw_pages.Pages(), {}
    several: list[tuple[int, int, protocol.Received]] = []
    for reply in replies:
        if reply.error is not None:
            errors[reply.key] = "refused" if isinstance(reply.error, NotPermitted) else "gone"
        several += [(len(several), len(page.rows), page.received) for page in reply.pages if page.received]
    pages.add_all(several)
    return pages.file(errors)


def _replies(collection: Collection, part: pa.Buffer) -> list[_Reply]:
    """The replies in a part that an earlier run kept."""
    answers: dict[str, list[Page]] = {}
    for _, _, received in raw_pages.pages(part):
        page = protocol.page(200, {}, received.body)
        key = texts.identifier(collection.customer_in(received.address) or "")
        answers.setdefault(key, []).append(Page(page.rows, page.total, received=received))
    errors = {key: _KEPT[why] for key, why in raw_pages.about(part).items() if why in _KEPT}
    return [_Reply(key, pages) for key, pages in answers.items()] + [
        _Reply(key, error=error()) for key, error in errors.items()
    ]


_KEPT: dict[str, Callable[[], PartnerCenterError]] = {
    "refused": lambda: NotPermitted("The account may not read this customer.", "Ask the customer for a role."),
    "gone": lambda: BadRequest(
        "Partner Center does not know this customer.", "Read the customers anew.", Details(status=404)
    ),
}
