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
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import msal
import portalocker
import requests
from msal.oauth2cli import AuthCodeReceiver
from msal_extensions import FilePersistence, PersistedTokenCache, build_encrypted_persistence

from data_access.auth import entra
from data_access.auth.entra import Registration
from data_access.errors import SignInNeeded
from data_access.partner_center import transport

log = logging.getLogger(__name__)
# It logs the address to sign in at, which carries the proof of who asked.
logging.getLogger("msal").setLevel(logging.ERROR)

_TIMEOUT = 20.0  # seconds that one request to the sign-in service may take in all
_PATIENCE = 600  # seconds that a person has to sign in
_TURN = 25.0  # seconds to wait for another thread that asks
_BUSY = 60.0  # seconds to wait for another process that is renewing
_MARGIN = 120.0  # seconds before its end from which on a token is not used any more

Answer = Mapping[str, Any]
Tell = Callable[[str], None]


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


class _Held(abc.ABC):
    """A token that is kept until it ends or is turned down, for all threads."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration
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
        with _asking():
            answer = _checked(self._win(refused))
        self._held, self._ends = answer["access_token"], time.time() + _seconds(answer.get("expires_in"))

    @abc.abstractmethod
    def _win(self, refused: str | None) -> Answer:
        """Entra ID's answer that holds a token, and not the one that was refused."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who has signed in for good, and when that ends unless it is used before."""

    username: str
    lapses: datetime


class Stored(_Held):
    """The sign-in that `sign-in` keeps: renewed in silence, rotation kept, shared by the job and the dashboard."""

    remedy = "Sign in again: python -m data_access sign-in."

    def __init__(self, registration: Registration, file: Path) -> None:
        super().__init__(registration)
        self._file = file

    @cached_property
    def _tokens(self) -> PersistedTokenCache:
        try:
            return _Tokens(_persistence(self._file))
        except OSError as error:
            raise _unusable(self._file, error) from None

    @property
    def encrypted(self) -> bool:
        return bool(self._tokens.is_encrypted)

    def account(self) -> Account | None:
        """The account that has signed in; None where nobody has.

        Raises SignInNeeded where what is stored cannot be read.
        """
        kinds = msal.TokenCache.CredentialType
        try:
            accounts = [*self._tokens.search(kinds.ACCOUNT)]
            mine = {"client_id": self._registration.client_id}
            renewals = [*self._tokens.search(kinds.REFRESH_TOKEN, query=mine)]
        except SignInNeeded:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the platform's vault or a torn file raises
            raise _unusable(self._file, error) from None
        if not accounts or not renewals:
            return None
        used = max(int(entry.get("last_modification_time", 0)) for entry in renewals)
        return Account(str(accounts[0].get("username", "")), entra.lapses(datetime.fromtimestamp(used, UTC)))

    def keep(self, acquire: Callable[[msal.ConfidentialClientApplication], Answer]) -> Account:
        """Have a person sign in by `acquire`, in place of whoever had signed in before.

        Raises SignInError or NoSignInService; what was stored then stays.
        """
        with _asking():
            app = application(self._registration, self._tokens)
            answer = _checked(acquire(app))
        with self._alone():
            for account in app.get_accounts():
                if account["local_account_id"] != answer.get("id_token_claims", {}).get("oid"):
                    app.remove_account(account)
        if self._tokens.unsaved:
            raise _unusable(self._file, self._tokens.unsaved)
        kept = self.account()
        if kept is None:
            raise SignInNeeded(
                "Entra ID gave a token, but nothing to renew it with.",
                "Check that the registration is a web app with a secret, and that no policy forbids lasting sign-ins.",
            )
        return kept

    def _win(self, refused: str | None) -> Answer:
        if self.account() is None:
            raise SignInNeeded(
                "An app registration is set, but nobody has signed in with it.",
                "Sign in: python -m data_access sign-in.",
            )
        with self._alone():
            # New each time: MSAL would repeat a refusal from memory for a while, mended or not.
            app = application(self._registration, self._tokens)
            accounts = app.get_accounts()
            if not accounts:
                raise SignInNeeded("The stored sign-in is for another authority.", self.remedy)
            scopes = [self._registration.scope]
            answer = app.acquire_token_silent_with_error(scopes, accounts[0])
            if refused and answer and answer.get("access_token") == refused:
                answer = app.acquire_token_silent_with_error(scopes, accounts[0], force_refresh=True)
            return answer or {"error": "invalid_grant"}

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time over all processes, so that what one has renewed the next one finds."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock = portalocker.Lock(f"{self._file}.lock", "a", timeout=_BUSY, check_interval=0.05)
            lock.acquire()
            self._sweep()
        except portalocker.LockException:
            raise entra.no_answer("another process has been renewing the sign-in for a minute") from None
        except OSError as error:
            raise _unusable(self._file, error) from None
        try:
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Take away what a run that was killed while writing has left; nobody else writes now."""
        for left in self._file.parent.glob(f"{self._file.name}.*{_WholeFile.UNFINISHED}"):
            if time.time() - left.stat().st_mtime > _BUSY:
                left.unlink(missing_ok=True)


class OnBehalfOf(_Held):
    """Tokens for the person who is signed in to the dashboard, in exchange for that sign-in; kept in memory alone."""

    remedy = "Sign out of the dashboard, and in again."

    def __init__(self, registration: Registration) -> None:
        super().__init__(registration)
        self.assertion = ""
        """The person's access token for the dashboard; whoever keeps this object brings it up to date."""

    def _win(self, refused: str | None) -> Answer:  # noqa: ARG002 - each exchange gives another one
        if not self.assertion:
            raise SignInNeeded(
                "Your sign-in to the dashboard cannot be used for Partner Center.",
                'The operator sets expose_tokens = ["access"] and a scope of the registration in [auth].',
            )
        app = application(self._registration, msal.TokenCache())
        return dict(app.acquire_token_on_behalf_of(self.assertion, [self._registration.scope]))


def by_browser(registration: Registration, tell: Tell) -> Callable[[msal.ConfidentialClientApplication], Answer]:
    """A person signs in with a browser on this machine: authorization code with PKCE, back to a port of loopback.

    `tell` hears the address to open where no browser can be started.
    """

    def acquire(app: msal.ConfidentialClientApplication) -> Answer:
        try:
            receiver = AuthCodeReceiver()
        except OSError:
            raise SignInNeeded(
                "No port of this machine can be opened for the browser to come back to.",
                "Use --device-code instead.",
            ) from None
        with receiver:
            flow = app.initiate_auth_code_flow(
                [registration.scope],
                redirect_uri=f"http://localhost:{receiver.get_port()}",
                prompt="select_account",
                response_mode="form_post",
            )
            answer = receiver.get_auth_response(
                auth_uri=flow["auth_uri"],
                state=flow["state"],
                timeout=_PATIENCE,
                auth_uri_callback=lambda address: tell(
                    "No browser can be started. Open this address in one on this machine, or press Ctrl-C and use"
                    f" --device-code for one elsewhere:\n{address}"
                ),
            )
            if not answer:
                raise SignInNeeded("Nobody signed in within ten minutes.", "Start again, or use --device-code.")
            try:
                return dict(app.acquire_token_by_auth_code_flow(flow, answer))
            except ValueError:  # another request's answer
                raise SignInNeeded("The browser came back from another sign-in.", "Start again.") from None

    return acquire


def by_device_code(registration: Registration, tell: Tell) -> Callable[[msal.ConfidentialClientApplication], Answer]:
    """A person signs in with a browser anywhere, by entering a code; `tell` hears where and which."""

    def acquire(app: msal.ConfidentialClientApplication) -> Answer:
        # Only public clients may use codes. What they get goes into the same store, and is renewed with the secret.
        public = msal.PublicClientApplication(
            registration.client_id,
            authority=registration.authority,
            instance_discovery=False,
            token_cache=app.token_cache,
            http_client=transport.Punctual(_TIMEOUT),
        )
        flow = public.initiate_device_flow([registration.scope])
        if "user_code" not in flow:
            return dict(flow)
        tell(flow["message"])
        return dict(public.acquire_token_by_device_flow(flow))

    return acquire


def application(registration: Registration, tokens: msal.TokenCache) -> msal.ConfidentialClientApplication:
    """MSAL's client of a registration; looks the authority up, so call it within `_asking`."""
    return msal.ConfidentialClientApplication(
        registration.client_id,
        client_credential=registration.secret,
        authority=registration.authority,
        instance_discovery=False,  # else MSAL asks Microsoft's global cloud about every other one
        token_cache=tokens,
        http_client=transport.Punctual(_TIMEOUT),
    )


def _checked(answer: Answer) -> Answer:
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
def _asking() -> Iterator[None]:
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


class _Tokens(PersistedTokenCache):  # type: ignore[misc]  # ships no types
    """MSAL's tokens, which are good even where they cannot be kept; `unsaved` says why."""

    unsaved: OSError | None = None

    def modify(self, *entries: Any, **more: Any) -> None:
        try:
            super().modify(*entries, **more)
            self.unsaved = None
        except OSError as error:
            self.unsaved = error
            log.warning("The renewed sign-in cannot be kept: %s.", error.strerror or type(error).__name__)
            msal.SerializableTokenCache.modify(self, *entries, **more)


class _WholeFile(FilePersistence):  # type: ignore[misc]  # ships no types
    """A file that only its owner can read; it is there as it was or as it will be, and never in part."""

    UNFINISHED = ".unfinished"

    def save(self, content: str) -> None:
        target = Path(self.get_location())
        # Made for its owner alone.
        handle, name = tempfile.mkstemp(self.UNFINISHED, f"{target.name}.", target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _persistence(file: Path) -> Any:
    try:
        return build_encrypted_persistence(str(file))
    except Exception as error:  # noqa: BLE001 - each platform's vault fails in its own way
        log.debug("No vault on this platform (%s); the sign-in is kept in a file.", type(error).__name__)
        return _WholeFile(str(file))


def _unusable(file: Path, error: Exception) -> SignInNeeded:
    why = getattr(error, "strerror", None) or type(error).__name__
    return SignInNeeded(
        f"The stored sign-in in {file} cannot be used: {why}.",
        "Make room and let this user write there, or run it as the user who signed in; else sign in again:"
        " python -m data_access sign-in.",
    )
