"""The one module that sends requests: a session that guards the token, the paging loop, the waiting."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import pandas as pd
import requests
import tenacity

from data_access import frames, protocol, wire
from data_access.catalog import Collection
from data_access.errors import BadRequest, Facts, PartnerCenterError, Throttled, Unavailable, Unreadable

log = logging.getLogger(__name__)

#: Told what is going on while a fetch runs, in words for the person who waits.
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Answer:
    """One collection as fetched: the readable rows as a frame, the others counted with their reasons."""

    collection: Collection
    frame: pd.DataFrame
    set_aside: tuple[wire.SetAside, ...]
    announced: int | None  # rows that the service said there are
    fetched_at: datetime  # UTC
    correlation_id: str

    @property
    def missing(self) -> int:
        """Rows that were announced and did not come."""
        return max(0, (self.announced or 0) - len(self.frame) - len(self.set_aside))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call that gets no usable answer is tried. Times in seconds."""

    tries: int = 4
    budget: float = 60
    timeout: float = 60


class _Bearer(requests.auth.AuthBase):
    # As an auth object, since requests would let a ~/.netrc entry replace a plain Authorization header.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _GuardedSession(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        try:
            target = super().get_redirect_target(resp)
            same = target is None or protocol.same_origin(resp.url, requests.compat.urljoin(resp.url, target))
        except ValueError:  # an address that cannot be read is nobody we know
            same = False
        if not same:
            resp.close()
            raise protocol.redirected(resp.headers, resp.status_code)
        return target


class Client:
    """Fetches collections from one service. `token` is asked for a bearer token before each request."""

    def __init__(
        self,
        base_url: str,
        token: Callable[[], str],
        patience: Patience | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self._base_url = base_url
        self._token = token
        self._patience = patience or Patience()
        self._session = session or _GuardedSession()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def fetch(self, collection: Collection, customer: str | None = None, progress: Progress = log.debug) -> Answer:
        """Fetch a collection whole; `customer` is a tenant id, needed by the customer calls.

        Raises one of the family in `errors`.
        """
        correlation_id = protocol.new_id()
        *others, last = collection.paths
        for path in others:
            try:
                return self._fetch(collection, path, customer, correlation_id, progress)
            except BadRequest as error:
                if error.facts.status != 404:
                    raise
        return self._fetch(collection, last, customer, correlation_id, progress)

    def _fetch(
        self,
        collection: Collection,
        path: str,
        customer: str | None,
        correlation_id: str,
        progress: Progress,
    ) -> Answer:
        url = protocol.address(self._base_url, path, customer)
        rows: list[object] = []
        total: int | None = None
        before: list[object] | None = None
        while True:
            parameters = protocol.query(collection, customer, skip=len(rows))
            page = self._page(url, parameters, correlation_id, progress)
            if page.rows and page.rows == before:
                raise Unreadable(
                    "The service sends the same page again and again.",
                    "Try again later; if it lasts, give the id to Microsoft support.",
                    Facts(correlation_id=correlation_id),
                )
            rows += page.rows
            total = page.total if page.total is not None else total
            if not collection.paged or protocol.is_last(page, len(rows)):
                break
            before = page.rows
            progress(f"{len(rows):,} of {total:,} rows" if total else f"{len(rows):,} rows")
        readable, set_aside = wire.read(collection.row, rows)
        if set_aside and not readable:
            raise Unreadable(
                f"None of the {len(set_aside):,} rows can be read; the first: {set_aside[0].reason}.",
                "The service may have changed its format; look for a newer version of this program.",
                Facts(correlation_id=correlation_id),
            )
        return Answer(
            collection,
            frames.frame(collection, readable),
            tuple(set_aside),
            total,
            datetime.now(UTC),
            correlation_id,
        )

    def _page(self, url: str, parameters: dict[str, str], correlation_id: str, progress: Progress) -> protocol.Page:
        request_id = protocol.new_id()

        def attempt() -> protocol.Page:
            nonlocal request_id
            try:
                return self._send(url, parameters, request_id, correlation_id)
            except PartnerCenterError as error:
                # The same id says "the same request" after silence; an answered request is over ("REST headers").
                if error.facts.status is not None:
                    request_id = protocol.new_id()
                raise

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return protocol.wait_before_retry(error, state.attempt_number, random.random()) or 0  # noqa: S311 - jitter

        def tell(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            why = "asks us to wait" if isinstance(error, Throttled) else "did not answer"
            progress(
                f"Partner Center {why}: try {state.attempt_number + 1} of {self._patience.tries}"
                f" in {state.upcoming_sleep:.0f} s"
            )

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Unavailable),
            wait=wait,
            stop=tenacity.stop_after_attempt(self._patience.tries) | tenacity.stop_before_delay(self._patience.budget),
            before_sleep=tell,
            reraise=True,
        )(attempt)

    def _send(self, url: str, parameters: dict[str, str], request_id: str, correlation_id: str) -> protocol.Page:
        sent = protocol.headers(request_id, correlation_id)
        token = self._token()
        try:
            response = self._session.get(
                url,
                params=parameters,
                headers=sent,
                auth=_Bearer(token),
                timeout=self._patience.timeout,
            )
        except requests.exceptions.SSLError:
            raise protocol.no_answer("its certificate is not trusted by this machine") from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ReadTimeout):
            raise protocol.no_answer("it did not answer in time") from None
        except requests.exceptions.TooManyRedirects:
            raise Unreadable("The service redirects in a circle.", "Check PARTNER_CENTER_BASE_URL.") from None
        except requests.exceptions.RequestException:
            # From None: the library's message holds the address, and the address can name a customer.
            raise protocol.no_answer("the connection failed or broke off") from None
        log.info("%s %s, MS-CorrelationId %s", response.status_code, response.elapsed, correlation_id)
        # A gateway that answers for the service knows of no ids; ours are what support can search for.
        answered = requests.structures.CaseInsensitiveDict({**sent, **response.headers})
        try:
            return protocol.page(response.status_code, answered, response.content)
        except PartnerCenterError as error:
            # A service may repeat what it was sent, and what it says is shown and logged.
            error.facts = error.facts.without(token)
            raise
