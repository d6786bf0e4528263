"""The client: fetches whole collections from one service.

It finds the address under which the service offers a collection, has it read once more where it changed meanwhile, and
notes how each call ended (`outcomes`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self, TypeVar, cast

import requests

from data_access.auth.credentials import Credential
from data_access.call_pace import Pace
from data_access.errors import (
    ApplicationAlone,
    BadRequest,
    Details,
    Intercepted,
    NotPermitted,
    PartnerCenterError,
    Unavailable,
)
from data_access.partner_center import protocol, raw_pages
from data_access.partner_center.answers import Answer, Outcome, Progress, Step
from data_access.partner_center.catalog import Collection
from data_access.partner_center.protocol import Page, Query
from data_access.partner_center.reading import MOST_PAGES, Reading, TotalChanged
from data_access.partner_center.retry import RetryPolicy, may_pass
from data_access.partner_center.session import Session

log = logging.getLogger(__name__)

T = TypeVar("T")

_MOST_PAGES_OF_CUSTOMER = 100  # documented is one


def _untold(_: str) -> None:
    """Tell nobody that one call of thousands is tried again."""


def _count(answer: Answer) -> int:
    return len(answer.frame) + len(answer.set_aside)


def _is_of_customer(error: PartnerCenterError | None) -> bool:
    """Whether an error about one customer may hold for that one alone: it refuses, or has left."""
    if type(error) is Unavailable:  # so says `unread` of a customer whose request is not accepted
        return 400 <= (error.details.status or 0) < 500 and not may_pass(error.details.status or 0)
    return isinstance(error, NotPermitted | BadRequest) and not isinstance(error, ApplicationAlone)


def _quiet(step: Step) -> None:
    log.debug("%s", step.text)


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

        return self._with_outcome(
            collection,
            fetch,
            lambda page: page.total or len(page.rows),
            of_one=collection.live and customer is not None,
        )

    def pages(self, collection: Collection, customer: str, correlation_id: str, stop: threading.Event) -> list[Page]:
        """The answer about one customer, of a collection that is live; `stop`, once set, ends it.

        Raises one of the family in `errors`. Nothing is noted in `outcomes`: see `noting`.
        """
        url = protocol.address(self._base_url, collection.paths[0], customer)
        call = protocol.Call(url, protocol.parameters(collection, Query(customer)), correlation_id)
        pages = [self._session.page(call, _untold, stop)]
        while (link := pages[-1].link) and pages[-1].rows:
            if (following := call.following(link)) == call:
                break
            if len(pages) >= _MOST_PAGES_OF_CUSTOMER:
                rows = sum(len(page.rows) for page in pages)
                raise protocol.goes_on(f"{rows:,} rows of one customer", correlation_id)
            call = following
            pages.append(self._session.page(call, _untold, stop))
        return pages

    def document(self, path: str, parameters: Mapping[str, str], stop: threading.Event) -> Mapping[str, Any]:
        """The one object at an address. Raises one of the family in `errors`."""
        url = protocol.address(self._base_url, path)
        call = protocol.Call(url, parameters, protocol.new_id(), single=True)
        (found,) = self._session.page(call, _untold, stop).rows
        return cast(Mapping[str, Any], found)

    def noting(self, collection: Collection, fetch: Callable[[str], Answer], *, of_one: bool = False) -> Answer:
        """What `fetch` returns, which gets a new correlation id; notes how that ended in `outcomes`.

        `of_one`: it asks for one customer out of many, whose refusal says nothing of the others.
        """
        return self._with_outcome(collection, lambda correlation_id, _: fetch(correlation_id), _count, of_one=of_one)

    def _with_outcome(
        self, collection: Collection, fetch: Callable[[str, int], T], count: Callable[[T], int], *, of_one: bool = False
    ) -> T:
        """What `fetch` returns, which gets a new correlation id; notes how that ended, with the `count` of its rows."""
        correlation_id, began, began_monotonic = protocol.new_id(), datetime.now(UTC), time.monotonic()

        def note(rows: int | None, error: PartnerCenterError | None = None) -> None:
            seconds = time.monotonic() - began_monotonic
            is_of_customer = of_one and _is_of_customer(error)
            known = self.outcomes.get(collection.name)
            if is_of_customer and known and (known.error is None or _is_of_customer(known.error)):
                return  # what was known of the others holds
            self.outcomes[collection.name] = Outcome(began, seconds, correlation_id, rows, error, is_of_customer)

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
            return Reading(*asking, self._most_pages, end, last_try=last_try).answer()

        def again(what: object) -> None:
            progress(Step(f"{what}; reading it again from the start"))

        try:
            answer = read()
            if answer.twice:
                again(f"Rows that came on two pages: {answer.twice:,}")
                answer = read(last_try=True)
        except TotalChanged as change:
            again(change)
            try:
                answer = read(last_try=True)
            except TotalChanged as change_again:
                raise Unavailable(
                    f"{change_again}, a second time.",
                    "Microsoft is working on these figures; try again in some minutes.",
                    Details(correlation_id=correlation_id),
                ) from None
        if collection.paged:
            self._path_index = path_index
        return answer
