"""One call to the service: asked, read, and repeated where that can help; throttling holds back all of them."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import requests
import tenacity
import urllib3

from data_access import deadlines
from data_access.auth.credentials import Credential
from data_access.errors import (
    Facts,
    NoSignInService,
    PartnerCenterError,
    SignInError,
    Throttled,
    Unavailable,
    Unreadable,
)
from data_access.partner_center import protocol, retry, transport
from data_access.partner_center.retry import RetryPolicy

log = logging.getLogger(__name__)

_CHUNK = 256 * 1024  # bytes


class Session:
    """Asks one service for one page at a time, from as many threads as `patience` allows.

    `credential` is asked for a bearer token before each request. `carrier`, by default the network, carries them.
    """

    def __init__(
        self, credential: Credential, patience: RetryPolicy, carrier: requests.adapters.BaseAdapter | None = None
    ) -> None:
        self._credential = credential
        self._patience = patience
        self._http = transport.Guarded(carrier)
        self._gate = threading.Lock()
        self._closed_until = 0.0  # of the clock below
        self._closed_by = Facts()

    def close(self) -> None:
        self._http.close()

    def page(self, call: protocol.Call, tell: Callable[[str], None], stop: threading.Event) -> protocol.Page:
        """Ask for one page; `tell` hears of waiting, `stop` ends it.

        Raises one of the family in `errors`.
        """
        request_id = protocol.new_id()
        deadline = time.monotonic() + self._patience.budget

        def attempt() -> protocol.Page:
            nonlocal request_id
            self._wait_at_gate(deadline, stop)
            try:
                return self._send(call, request_id, deadline, stop)
            except PartnerCenterError as error:
                # The same id says "the same request" after silence; an answered request is over ("REST headers").
                if error.facts.status is not None:
                    request_id = protocol.new_id()
                if isinstance(error, Throttled):
                    self._close_gate(error)
                raise

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return retry.wait_before_retry(error, state.attempt_number, random.random()) or 0  # noqa: S311 - jitter

        def given_up(state: tenacity.RetryCallState) -> bool:
            late = time.monotonic() + state.upcoming_sleep >= deadline
            return late or state.attempt_number >= self._patience.tries or stop.is_set()

        def announce(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            why = "asks us to wait" if isinstance(error, Throttled) else "did not answer"
            tell(
                f"Partner Center {why}: try {state.attempt_number + 1} of {self._patience.tries}"
                f" in {state.upcoming_sleep:.0f} s"
            )

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Unavailable),
            wait=wait,
            stop=given_up,
            sleep=tenacity.sleep_using_event(stop),
            before_sleep=announce,
            reraise=True,
        )(attempt)

    def _wait_at_gate(self, deadline: float, stop: threading.Event) -> None:
        """One thread was told to wait, and that holds for all of them ("API throttling guidance")."""
        while not stop.is_set():
            with self._gate:
                opens, closed_by = self._closed_until, self._closed_by
            left = opens - time.monotonic()
            if left <= 0:
                return
            if opens > deadline:
                raise protocol.throttled(replace(closed_by, retry_after=math.ceil(left)))
            stop.wait(left)
        raise protocol.no_answer("the fetch was stopped")

    def _close_gate(self, error: Throttled) -> None:
        opens = time.monotonic() + (error.facts.retry_after or 0)
        with self._gate:
            if opens > self._closed_until:
                self._closed_until, self._closed_by = opens, error.facts

    def _send(self, call: protocol.Call, request_id: str, deadline: float, stop: threading.Event) -> protocol.Page:
        """Ask, and once more where the token is turned down and another one is to be had."""
        token = self._credential.token()
        try:
            return self._ask(call, request_id, token, deadline, stop)
        except SignInError:
            other = self._renewed(token)
            if other is None:
                raise
        return self._ask(call, protocol.new_id(), other, deadline, stop)

    def _renewed(self, token: str) -> str | None:
        try:
            return self._credential.renewed(token)
        except NoSignInService:
            return None  # asked once; that it did not answer is no reason to ask Partner Center again

    def _ask(
        self, call: protocol.Call, request_id: str, token: str, deadline: float, stop: threading.Event
    ) -> protocol.Page:
        try:
            status, answered, body = self._exchange(call, request_id, token, deadline, stop)
            page = protocol.page(status, answered, body)
            return replace(page, received=protocol.Received(call.address, answered["MS-RequestId"], body))
        except PartnerCenterError as error:
            # A service may repeat what it was sent, and what it says is shown and logged.
            error.facts = error.facts.without(token)
            if isinstance(error, SignInError):
                error.advice = self._credential.remedy
            raise

    def _exchange(
        self, call: protocol.Call, request_id: str, token: str, deadline: float, stop: threading.Event
    ) -> tuple[int, protocol.Headers, bytes]:
        """One request, and the status, headers and body of the answer to it."""
        sent = protocol.headers(request_id, call.correlation_id)
        deadlines.clock.deadline = deadline
        try:
            response = self._http.get(
                call.address,
                headers=sent,
                auth=transport.Bearer(token),
                timeout=max(0.001, min(self._patience.timeout, deadline - time.monotonic())),
                stream=True,
            )
            # A gateway that answers for the service knows of no ids; ours are what support can search for.
            answered = requests.structures.CaseInsensitiveDict({**sent, **response.headers})
            with response:
                body = (_read if response.status_code == 200 else _read_leniently)(response.raw, answered, stop)
        except requests.exceptions.SSLError as error:
            distrusted = "CERTIFICATE_VERIFY_FAILED" in str(error)
            raise protocol.no_answer(
                "its certificate is not trusted by this machine" if distrusted else "no secure connection can be made"
            ) from None
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            raise protocol.no_answer("it did not answer in time") from None
        except requests.exceptions.TooManyRedirects:
            raise Unreadable("The service redirects in a circle.", "Check PARTNER_CENTER_BASE_URL.") from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError):
            # From None: the library's message holds the address, and the address can name a customer.
            raise protocol.no_answer("the connection failed or broke off") from None
        log.info("%s %s, MS-CorrelationId %s", response.status_code, response.elapsed, call.correlation_id)
        return response.status_code, answered, body


def _read(answer: urllib3.BaseHTTPResponse, answered: protocol.Headers, stop: threading.Event) -> bytes:
    """The body, if it is not larger than anything we can have asked for."""
    body = bytearray()
    try:
        while chunk := answer.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > protocol.LARGEST_ANSWER:
                raise protocol.unreadable(
                    f"The answer is larger than {protocol.LARGEST_ANSWER // 2**20:,} MB.", answered
                )
            if stop.is_set():
                raise protocol.no_answer("the fetch was stopped")
    except urllib3.exceptions.DecodeError:
        raise protocol.unreadable("The answer is compressed in a way that cannot be undone.", answered) from None
    return bytes(body)


def _read_leniently(answer: urllib3.BaseHTTPResponse, answered: protocol.Headers, stop: threading.Event) -> bytes:
    """The body of an error: what happened is known without it, and asking again would not be allowed for each."""
    try:
        return _read(answer, answered, stop)
    except (urllib3.exceptions.HTTPError, OSError, PartnerCenterError):
        return b""
