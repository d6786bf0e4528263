"""The sign-in that `sign-in` keeps on this machine, renewed by every process that uses it."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msal
import portalocker
from msal_extensions import FilePersistence, PersistedTokenCache, build_encrypted_persistence

from data_access.auth import entra
from data_access.auth.credentials import TIMEOUT, Answer, HeldToken, application, asking, checked, log
from data_access.auth.entra import Registration
from data_access.errors import SignInNeeded

_BUSY = 60.0  # seconds to wait for another process that is renewing


@dataclass(frozen=True, slots=True)
class Account:
    """Who has signed in for good, and when that ends unless it is used before."""

    username: str
    lapses: datetime


class Stored(HeldToken):
    """The sign-in that `sign-in` keeps: renewed in silence, rotation kept, shared by the job and the dashboard."""

    remedy = "Sign in again: python -m data_access sign-in."

    def __init__(self, registration: Registration, file: Path, timeout: float = TIMEOUT) -> None:
        super().__init__(registration, timeout)
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
        with asking():
            app = application(self._registration, self._tokens, self._timeout)
            answer = checked(acquire(app))
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
            app = application(self._registration, self._tokens, self._timeout)
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
