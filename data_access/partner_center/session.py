"""Calls to the service: one page per call, repeated where that can help, and held back while the service throttles.

How long a call waits before it is repeated is decided in `retry`; this module waits.
"""

from __future__ import annotations

import contextlib
import logging
import math
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import requests
import tenacity
import urllib3

from data_access import certificates, deadlines
from data_access.auth.credentials import Credential
from data_access.call_pace import HeldBack, Pace, Pause
from data_access.errors import (
    NoSignInService,
    PartnerCenterError,
    SignInError,
    Throttled,
    Unreadable,
)
from data_access.partner_center import protocol, retry, transport
from data_access.partner_center.retry import RetryPolicy
from data_access.partner_center.tally import TALLY

log = logging.getLogger(__name__)

_CHUNK = 256 * 1024  # bytes
#: http.client's words for a proxy's answer to CONNECT, with its status.
_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})")


@dataclass
class _Deadline:
    """When a call must be over, of `time.monotonic`; waiting for its turn moves that, up to the `end` of the fetch."""

    at: float
    end: float

    def __post_init__(self) -> None:
        self.at = min(self.at, self.end)

    def extend(self, seconds: float) -> None:
        self.at = min(self.at + seconds, self.end)


class Session:
    """Fetches single pages from one service, for any number of threads.

    `credential` gives a bearer token for each request. `adapter` replaces the network. `pace` says when a call may
    begin; sessions of one service share it.
    """

    def __init__(
        self,
        credential: Credential,
        policy: RetryPolicy,
        adapter: requests.adapters.BaseAdapter | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._credential = credential
        self._policy = policy
        self._pace = pace or Pace()
        self._http = transport.SameOriginSession(adapter, self._pace)

    def close(self) -> None:
        self._http.close()

    def page(
        self, call: protocol.Call, tell: Callable[[str], None], stop: threading.Event, end: float = math.inf
    ) -> protocol.Page:
        """Fetch one page. `tell` gets a sentence before each wait; `stop`, once set, ends waiting and reading.

        The call ends with its budget, and at `end` (of `time.monotonic`) at the latest. Raises one of the family in
        `errors`.
        """
        request_id = protocol.new_id()
        deadline = _Deadline(time.monotonic() + self._policy.budget, end)

        def attempt() -> protocol.Page:
            nonlocal request_id
            try:
                return self._send(call, request_id, deadline, stop)
            except HeldBack as held:
                seconds = math.ceil(held.pause.until - time.monotonic())
                raise protocol.throttled(replace(held.pause.by, retry_after=seconds)) from None
            except PartnerCenterError as error:
                # The same id says "the same request" after silence; an answered request is over ("REST headers").
                if error.details.status is not None:
                    request_id = protocol.new_id()
                if isinstance(error, Throttled):
                    self._hold_back(error)
                raise

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            first, jitter = self._policy.first_wait, random.random()  # noqa: S311 - chance, and no secret
            return retry.wait_before_retry(error, state.attempt_number, first, jitter) or 0

        def given_up(state: tenacity.RetryCallState) -> bool:
            remaining = deadline.at - time.monotonic()
            return stop.is_set() or not self._policy.allows_another(
                state.attempt_number, state.upcoming_sleep, remaining
            )

        def announce(state: tenacity.RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            TALLY.repeated(call.url)
            who = "Microsoft's sign-in" if isinstance(error, NoSignInService) else "Partner Center"
            why = "asks us to wait" if isinstance(error, Throttled) else "did not answer"
            tell(f"{who} {why}: try {state.attempt_number + 1} of {self._policy.tries} in {state.upcoming_sleep:.0f} s")

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(retry.can_help),
            wait=wait,
            stop=given_up,
            sleep=tenacity.sleep_using_event(stop),
            before_sleep=announce,
            reraise=True,
        )(attempt)

    def _hold_back(self, error: Throttled) -> None:
        """Make all threads wait as long as this answer asks for: a limit holds for all ("API throttling guidance")."""
        self._pace.hold_back(Pause(time.monotonic() + (error.details.retry_after or 0), error.details))

    def _wait_for_turn(self, deadline: _Deadline, stop: threading.Event) -> None:
        """Wait until the call may begin, which is not counted as time that it takes."""
        deadline.extend(self._pace.begin(stop, deadline.at))
        if stop.is_set():
            raise protocol.no_answer("the fetch was stopped")

    def _send(self, call: protocol.Call, request_id: str, deadline: _Deadline, stop: threading.Event) -> protocol.Page:
        """Send the request; send it once more if the token is turned down and the credential has another one."""
        token = self._credential.token()
        self._wait_for_turn(deadline, stop)
        try:
            return self._ask(call, request_id, token, deadline.at, stop)
        except SignInError:
            # Where the sign-in service gives no answer, that is the error: another sign-in is of no use then.
            renewed = self._credential.renewed(token)
            if renewed is None:
                raise
        self._wait_for_turn(deadline, stop)
        return self._ask(call, protocol.new_id(), renewed, deadline.at, stop)

    def _ask(
        self, call: protocol.Call, request_id: str, token: str, deadline: float, stop: threading.Event
    ) -> protocol.Page:
        status = None
        try:
            status, headers, body = self._exchange(call, request_id, token, deadline, stop)
            page = protocol.page(status, headers, body, single=call.single)
            if time.monotonic() > deadline:  # a body can take longer to parse than it took to arrive
                raise protocol.no_answer("its answer took too long to read")
            return replace(
                page, received=protocol.Received(call.address, headers.get("MS-RequestId", request_id), body)
            )
        except PartnerCenterError as error:
            if error.details.status is not None:  # what answers for the service sends no ids
                error.details = error.details.of(request_id, call.correlation_id)
            # The service may repeat the token in its answer, which is shown and logged.
            error.details = error.details.without(token)
            if isinstance(error, SignInError):
                error.advice = self._credential.remedy
            raise
        finally:
            TALLY.sent(call.url, status)

    def _exchange(
        self, call: protocol.Call, request_id: str, token: str, deadline: float, stop: threading.Event
    ) -> tuple[int, protocol.Headers, bytes]:
        """Send one request; returns the status, headers and body of the answer."""
        deadlines.end_requests_at(deadline)
        try:
            response = self._http.get(
                call.address,
                headers=protocol.headers(request_id, call.correlation_id) | call.headers,
                auth=transport.Bearer(token),
                timeout=max(0.001, min(self._policy.timeout, deadline - time.monotonic())),
                stream=True,
            )
            headers = response.headers
            with response:
                body = (_read if response.status_code == 200 else _read_error)(response.raw, headers, stop)
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise protocol.no_answer(certificates.DISTRUSTED, certificates.TRUST_IT) from None
            raise protocol.no_answer("no secure connection can be made") from None
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            raise protocol.no_answer("it did not answer in time") from None
        except requests.exceptions.TooManyRedirects:
            raise Unreadable("The service redirects in a circle.", "Check PARTNER_CENTER_BASE_URL.") from None
        except requests.exceptions.ProxyError as error:
            if refusal := _TUNNEL_REFUSED.search(str(error)):
                raise protocol.intercepted({}, int(refusal[1])) from None
            raise protocol.no_answer("the proxy on the way does not answer") from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            # Classes alone, and from None: the library's message holds the address, which can name a customer.
            log.debug("The connection failed or broke off: %s", _classes(error))
            raise protocol.no_answer("the connection failed or broke off") from None
        log.info("%s %s, MS-CorrelationId %s", response.status_code, response.elapsed, call.correlation_id)
        return response.status_code, headers, body


def _read(response: urllib3.BaseHTTPResponse, headers: protocol.Headers, stop: threading.Event) -> bytes:
    """The body of an answer. Raises Unreadable where it is larger than any answer to our requests can be."""
    body = bytearray()
    try:
        while chunk := response.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > protocol.LARGEST_PAGE:
                raise protocol.unreadable(f"The answer is larger than {protocol.LARGEST_PAGE // 2**20:,} MB.", headers)
            if stop.is_set():
                raise protocol.no_answer("the fetch was stopped")
    except urllib3.exceptions.DecodeError:
        raise protocol.unreadable("The answer is compressed in a way that cannot be undone.", headers) from None
    return bytes(body)


def _read_error(response: urllib3.BaseHTTPResponse, _: protocol.Headers, stop: threading.Event) -> bytes:
    """The beginning of an error's body, as far as it can be read: the status is known, and decides what comes next."""
    body = bytearray()
    with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
        while len(body) < protocol.LARGEST_ERROR and not stop.is_set():
            chunk = response.read1(protocol.LARGEST_ERROR - len(body), decode_content=True)
            if not chunk:
                break
            body += chunk
    return bytes(body)


def _classes(error: BaseException | None) -> str:
    """The class of an error and those of its causes, the outermost first."""
    names = []
    while error is not None:
        names.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return ", ".join(names)
