"""Ways to a bearer token. Whoever uses one never knows how it was won.

    Ready        the token from the settings
    Stored       consent once, at a terminal (`by_browser` or `by_device_code`), then silent renewal
    OnBehalfOf   the person who is signed in to the dashboard

Tokens and their renewal are MSAL's, their storage is msal-extensions'. What only decides is in `entra`.
"""

from __future__ import annotations

import abc
import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msal
import requests

from data_access import deadlines
from data_access.auth import entra
from data_access.auth.entra import Registration
from data_access.errors import SignInNeeded

log = logging.getLogger(__name__)
# It logs the address to sign in at, which carries the proof of who asked.
logging.getLogger("msal").setLevel(logging.ERROR)

TIMEOUT = 20.0  # seconds that one request to the sign-in service may take in all
_TURN = 25.0  # seconds to wait for another thread that asks
_MARGIN = 120.0  # seconds before its end from which on a token is not used any more

Answer = Mapping[str, Any]


class Credential(Protocol):
    """A way to a bearer token for Partner Center."""

    @property
    def remedy(self) -> str:
        """What to do once Partner Center turns its tokens down."""

    def token(self) -> str:
        """A token to send; raises SignInError or NoSignInService."""

    def renewed(self, refused: str) -> str | None:
        """Another token in place of one that was turned down, won without asking anybody; None where there is none."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A token that somebody else obtained."""

    value: str
    remedy: str = "Put a new App+User token into PARTNER_CENTER_ACCESS_TOKEN."

    def __repr__(self) -> str:
        return "Ready()"

    def token(self) -> str:
        return self.value

    def renewed(self, refused: str) -> str | None:  # noqa: ARG002 - there is no other
        return None


class HeldToken(abc.ABC):
    """A token that is kept until it ends or is turned down, for all threads.

    `timeout`: seconds that one request to the sign-in service may take in all.
    """

    def __init__(self, registration: Registration, timeout: float = TIMEOUT) -> None:
        self._registration, self._timeout = registration, timeout
        self._lock = threading.Lock()
        self._held, self._ends = "", 0.0

    def token(self) -> str:
        with self._one_thread():
            if time.time() > self._ends - _MARGIN:
                self._take(None)
            return self._held

    def renewed(self, refused: str) -> str | None:
        with self._one_thread():
            if self._held == refused:
                self._take(refused)
            return None if self._held == refused else self._held

    @contextlib.contextmanager
    def _one_thread(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_TURN):
            raise entra.no_answer("another request has been waiting for it")
        try:
            yield
        finally:
            self._lock.release()

    def _take(self, refused: str | None) -> None:
        with asking():
            answer = checked(self._win(refused))
        self._held, self._ends = answer["access_token"], time.time() + _seconds(answer.get("expires_in"))

    @abc.abstractmethod
    def _win(self, refused: str | None) -> Answer:
        """Entra ID's answer that holds a token, and not the one that was refused."""


class OnBehalfOf(HeldToken):
    """Tokens for the person who is signed in to the dashboard, in exchange for that sign-in; kept in memory alone."""

    remedy = "Sign out of the dashboard, and in again."

    def __init__(self, registration: Registration, timeout: float = TIMEOUT) -> None:
        super().__init__(registration, timeout)
        self.assertion = ""
        """The person's access token for the dashboard; whoever keeps this object brings it up to date."""

    def _win(self, refused: str | None) -> Answer:  # noqa: ARG002 - each exchange gives another one
        if not self.assertion:
            raise SignInNeeded(
                "Your sign-in to the dashboard cannot be used for Partner Center.",
                'The operator sets expose_tokens = ["access"] and a scope of the registration in [auth].',
            )
        app = application(self._registration, msal.TokenCache(), self._timeout)
        return dict(app.acquire_token_on_behalf_of(self.assertion, [self._registration.scope]))


def application(
    registration: Registration, tokens: msal.TokenCache, timeout: float
) -> msal.ConfidentialClientApplication:
    """MSAL's client of a registration; looks the authority up, so call it within `asking`."""
    return msal.ConfidentialClientApplication(
        registration.client_id,
        client_credential=registration.secret,
        authority=registration.authority,
        instance_discovery=False,  # else MSAL asks Microsoft's global cloud about every other one
        token_cache=tokens,
        http_client=deadlines.Punctual(timeout),
    )


def checked(answer: Answer) -> Answer:
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise entra.refused(answer)
    return answer


def _seconds(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0  # used at once, and not again


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Turn what MSAL raises into our own errors; its messages hold addresses, which can name people."""
    try:
        yield
    except requests.exceptions.SSLError:
        raise entra.no_answer("its certificate is not trusted by this machine") from None
    except requests.exceptions.RequestException:
        raise entra.no_answer("it did not answer, or not in time") from None
    except msal.exceptions.MsalError:  # a status of 500 and more
        raise entra.no_answer("it answers with an error of its own") from None
    except json.JSONDecodeError:
        raise entra.no_answer("something else answers in its place") from None
    except ValueError:  # MSAL's word for an authority without metadata
        raise entra.unknown_authority() from None
