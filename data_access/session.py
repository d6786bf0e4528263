"""The one module that sends: a single request, guarded, timed, and repeated where that can help."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from data_access import protocol
from data_access.errors import PartnerCenterError, Throttled, Unavailable, Unreadable

log = logging.getLogger(__name__)

_CHUNK = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call that gets no usable answer is tried, and how many are made at a time. Times in seconds."""

    tries: int = 4
    budget: float = 60  # for one call, waiting and answering included
    timeout: float = 25  # of silence
    parallel: int = 4


class _Bearer(requests.auth.AuthBase):
    # As an auth object, since requests would let a ~/.netrc entry replace a plain Authorization header.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Guarded(requests.Session):
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


class Session:
    """Asks one service for one page at a time, from as many threads as `patience` allows.

    `token` is asked for a bearer token before each request. `transport`, by default HTTP, is what carries requests.
    """

    def __init__(
        self, token: Callable[[], str], patience: Patience, transport: requests.adapters.BaseAdapter | None = None
    ) -> None:
        self._token = token
        self._patience = patience
        self._http = _Guarded()
        for scheme in ("https://", "http://"):
            self._http.mount(scheme, transport or HTTPAdapter(pool_maxsize=patience.parallel))
        self._gate = threading.Lock()
        self._closed_until = 0.0  # of the clock below
        self._closed_by: Throttled | None = None

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
            return protocol.wait_before_retry(error, state.attempt_number, random.random()) or 0  # noqa: S311 - jitter

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
            stop=tenacity.stop_after_attempt(self._patience.tries)
            | tenacity.stop_before_delay(self._patience.budget)
            | tenacity.stop_when_event_set(stop),
            sleep=tenacity.sleep_using_event(stop),
            before_sleep=announce,
            reraise=True,
        )(attempt)

    def _wait_at_gate(self, deadline: float, stop: threading.Event) -> None:
        """One thread was told to wait, and that holds for all of them ("API throttling guidance")."""
        with self._gate:
            opens, closed_by = self._closed_until, self._closed_by
        if closed_by is not None and opens > time.monotonic():
            if opens > deadline:
                raise closed_by
            stop.wait(opens - time.monotonic())

    def _close_gate(self, error: Throttled) -> None:
        with self._gate:
            self._closed_until = max(self._closed_until, time.monotonic() + (error.facts.retry_after or 0))
            self._closed_by = error

    def _send(self, call: protocol.Call, request_id: str, deadline: float, stop: threading.Event) -> protocol.Page:
        sent = protocol.headers(request_id, call.correlation_id)
        token = self._token()
        try:
            response = self._http.get(
                call.url,
                params=dict(call.parameters),
                headers=sent,
                auth=_Bearer(token),
                timeout=max(0.001, min(self._patience.timeout, deadline - time.monotonic())),
                stream=True,
            )
            with response:
                body = _read(response.raw, deadline, stop)
        except requests.exceptions.SSLError:
            raise protocol.no_answer("its certificate is not trusted by this machine") from None
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            raise protocol.no_answer("it did not answer in time") from None
        except requests.exceptions.TooManyRedirects:
            raise Unreadable("The service redirects in a circle.", "Check PARTNER_CENTER_BASE_URL.") from None
        except (urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError):
            raise Unreadable(
                "The answer is compressed in a way that cannot be undone.",
                "Check PARTNER_CENTER_BASE_URL and the proxy, if there is one in between.",
            ) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError):
            # From None: the library's message holds the address, and the address can name a customer.
            raise protocol.no_answer("the connection failed or broke off") from None
        log.info("%s %s, MS-CorrelationId %s", response.status_code, response.elapsed, call.correlation_id)
        # A gateway that answers for the service knows of no ids; ours are what support can search for.
        answered = requests.structures.CaseInsensitiveDict({**sent, **response.headers})
        try:
            return protocol.page(response.status_code, answered, body)
        except PartnerCenterError as error:
            # A service may repeat what it was sent, and what it says is shown and logged.
            error.facts = error.facts.without(token)
            raise


def _read(answer: urllib3.BaseHTTPResponse, deadline: float, stop: threading.Event) -> bytes:
    """The body, as long as it comes in time and is not larger than anything we can have asked for.

    The time-out of the connection is for silence; only a clock of our own ends an answer that never ends.
    """
    body = bytearray()
    while chunk := answer.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > protocol.LARGEST_ANSWER:
            raise Unreadable(
                f"The answer is larger than {protocol.LARGEST_ANSWER // 2**20:,} MB.",
                "Check PARTNER_CENTER_BASE_URL: license analytics sends a few megabytes at a time.",
            )
        if time.monotonic() > deadline:
            raise protocol.no_answer("its answer did not end in time")
        if stop.is_set():
            raise protocol.no_answer("the fetch was stopped")
    return bytes(body)
