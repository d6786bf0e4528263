"""Credentials: where a bearer token for Partner Center comes from. Clients see the protocol `Credential` alone.

    Ready        the token from the settings
    Stored       one sign-in at a terminal, renewed without the user from then on (module `stored`)
    OnBehalfOf   the user who is signed in to the dashboard

MSAL obtains and renews tokens, msal-extensions stores them. What Entra ID's answers mean is decided in `entra`.
"""

from __future__ import annotations

import abc
import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msal
import requests

from data_access import certificates, deadlines, logs
from data_access.auth import entra
from data_access.auth.entra import Registration
from data_access.call_pace import Pace
from data_access.errors import SignInNeeded

logs.silence_libraries()

REQUEST_TIMEOUT = 20.0  # seconds that one request to the sign-in service may take in all
_LOCK_TIMEOUT = 25.0  # seconds to wait for another thread's request: longer than that takes
_MARGIN = 120.0  # seconds before its end from which on a token is not used any more

Answer = Mapping[str, Any]
"""An answer of the token endpoint, as MSAL hands it on: with `access_token`, or with `error`."""


class Credential(Protocol):
    """A source of bearer tokens for Partner Center."""

    @property
    def remedy(self) -> str:
        """The user's next step when Partner Center turns the tokens down."""

    def token(self) -> str:
        """A token to send. Raises SignInError or NoSignInService."""

    def renewed(self, refused: str) -> str | None:
        """A token in place of one that was turned down, obtained without the user; None where there is none."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A token that another program obtained. It cannot be renewed."""

    value: str
    remedy: str = "Put a new App+User token into PARTNER_CENTER_ACCESS_TOKEN."

    def __repr__(self) -> str:
        return "Ready()"

    def token(self) -> str:
        return self.value

    def renewed(self, refused: str) -> str | None:  # noqa: ARG002 - there is no other token
        return None


class RenewableCredential(abc.ABC):
    """Keeps one token in memory for all threads, and requests another when it ends or is turned down.

    `timeout`: seconds that one request to the sign-in service may take in all, once `pace` lets it begin.
    """

    def __init__(self, registration: Registration, timeout: float = REQUEST_TIMEOUT, pace: Pace | None = None) -> None:
        self._registration, self._timeout, self._pace = registration, timeout, pace or Pace()
        self._lock = threading.Lock()
        self._token, self._expires_at = "", 0.0  # of time.time

    def token(self) -> str:
        with self._thread_lock():
            if time.time() > self._expires_at - _MARGIN:
                self._renew(None)
            return self._token

    def renewed(self, refused: str) -> str | None:
        with self._thread_lock():
            if self._token == refused:
                self._renew(refused)
            return None if self._token == refused else self._token

    @contextlib.contextmanager
    def _thread_lock(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_LOCK_TIMEOUT + self._pace.longest_wait):
            raise entra.no_answer("another request has been waiting for it")
        try:
            yield
        finally:
            self._lock.release()

    def _renew(self, refused: str | None) -> None:
        with translated_errors():
            answer = require_token(self._request_token(refused))
        self._token, self._expires_at = answer["access_token"], time.time() + _seconds(answer.get("expires_in"))

    @abc.abstractmethod
    def _request_token(self, refused: str | None) -> Answer:
        """Entra ID's answer to a request for a token other than `refused`."""


class OnBehalfOf(RenewableCredential):
    """Tokens for the user who is signed in to the dashboard, in exchange for that sign-in; kept in memory alone."""

    remedy = "Sign out of the dashboard, and in again."

    def __init__(self, registration: Registration, timeout: float = REQUEST_TIMEOUT, pace: Pace | None = None) -> None:
        super().__init__(registration, timeout, pace)
        self.assertion = ""
        """The user's access token for the dashboard; the caller keeps it up to date."""

    def _request_token(self, refused: str | None) -> Answer:  # noqa: ARG002 - each exchange gives a new token
        if not self.assertion:
            raise SignInNeeded(
                "Your sign-in to the dashboard cannot be used for Partner Center.",
                'The operator sets expose_tokens = ["access"] and a scope of the registration in [auth].',
            )
        app = confidential_client(self._registration, msal.TokenCache(), self._timeout, self._pace)
        return dict(app.acquire_token_on_behalf_of(self.assertion, [self._registration.scope]))


def confidential_client(
    registration: Registration, tokens: msal.TokenCache, timeout: float, pace: Pace | None = None
) -> msal.ConfidentialClientApplication:
    """MSAL's client for a registration with its secret. It sends a request at once: call it in `translated_errors`."""
    return msal.ConfidentialClientApplication(
        registration.client_id,
        client_credential=registration.secret,
        authority=registration.authority,
        instance_discovery=False,  # else MSAL asks Microsoft's global cloud about the authority of another cloud
        token_cache=tokens,
        http_client=Http(timeout, pace),
    )


class Http(deadlines.DeadlineSession):
    """The HTTP of MSAL, which gets nothing to read but JSON objects: others it logs whole, and fails in any way.

    Raises NoSignInService for an answer that is none.
    """

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().request(*args, **kwargs)
        if response.status_code < 500:  # of those MSAL reads the status alone
            _require_object(response.text)
        return response


def _require_object(text: str) -> None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        is_begun = text.lstrip().startswith("{")
        raise entra.no_answer(
            "its answer breaks off or is damaged" if is_begun else "something else answers in its place"
        ) from None
    if not isinstance(found, dict):
        raise entra.no_answer("something else answers in its place")


def require_token(answer: Answer) -> Answer:
    """The answer, which holds an access token. Raises SignInRefused or NoSignInService where it holds none."""
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise entra.refused(answer)
    return answer


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Raise our own errors in place of MSAL's and of the network's, whose messages hold addresses and names."""
    try:
        yield
    except requests.exceptions.SSLError:
        raise entra.no_answer(certificates.DISTRUSTED, advice=certificates.TRUST_IT) from None
    except requests.exceptions.RequestException:
        raise entra.no_answer("it did not answer, or not in time") from None
    except msal.exceptions.MsalError:  # a status of 500 and more
        raise entra.no_answer("it answers with an error of its own") from None
    except ValueError:  # what MSAL raises for an authority without metadata
        raise entra.unknown_authority() from None


def _seconds(expires_in: object) -> float:
    try:
        return float(str(expires_in))
    except ValueError:
        return 0.0  # the token is used now, and not again
