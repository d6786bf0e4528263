"""The stored sign-in: tokens in a file or the platform's vault, which all processes of this machine share and renew."""

from __future__ import annotations

import contextlib
import logging
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

from data_access import temporary
from data_access.auth import entra
from data_access.auth.credentials import (
    REQUEST_TIMEOUT,
    Answer,
    RenewableCredential,
    confidential_client,
    require_token,
    translated_errors,
)
from data_access.auth.entra import Registration
from data_access.call_pace import Pace
from data_access.errors import SignInNeeded
from data_access.file_kinds import is_no_file

with temporary.assumed():  # for portalocker's semaphores
    import portalocker
    from msal_extensions import FilePersistence, PersistedTokenCache, build_encrypted_persistence

log = logging.getLogger(__name__)

_LOCK_TIMEOUT = 60.0  # seconds to wait for another process that renews; no write of a sign-in takes so long

Acquire = Callable[[msal.ConfidentialClientApplication], Answer]
"""Has the user sign in with MSAL's client, and returns Entra ID's answer. See `interactive`."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that has signed in, and when its sign-in ends unless it is used before (UTC)."""

    username: str
    lapses: datetime


class Stored(RenewableCredential):
    """The sign-in that `sign-in` stores in `file`; the collecting job and the dashboard renew it without the user.

    Each renewal gives a new refresh token, which replaces the one in the file.
    """

    remedy = entra.SIGN_IN_AGAIN

    def __init__(
        self, registration: Registration, file: Path, timeout: float = REQUEST_TIMEOUT, pace: Pace | None = None
    ) -> None:
        super().__init__(registration, timeout, pace)
        self._file = Path(os.path.realpath(file))  # a link stays; and who comes without it meets the same lock

    @property
    def encrypted(self) -> bool:
        """Whether the platform's vault protects the sign-in."""
        return bool(self._tokens.is_encrypted)

    def account(self) -> Account | None:
        """The account that has signed in; None where there is none.

        Raises SignInNeeded where the stored sign-in cannot be read.
        """
        types = msal.TokenCache.CredentialType
        try:
            accounts = [*self._tokens.search(types.ACCOUNT)]
            own = {"client_id": self._registration.client_id}
            refresh_tokens = [*self._tokens.search(types.REFRESH_TOKEN, query=own)]
        except SignInNeeded:
            raise
        except Exception as error:  # noqa: BLE001 - the platform's vault and a torn file raise anything
            raise _unusable(self._file, error) from None
        if not accounts or not refresh_tokens:
            return None
        used = max(int(token.get("last_modification_time", 0)) for token in refresh_tokens)
        return Account(str(accounts[0].get("username", "")), entra.lapses(datetime.fromtimestamp(used, UTC)))

    def keep(self, acquire: Acquire) -> Account:
        """Have the user sign in by `acquire`, and store that sign-in in place of the one before.

        Raises SignInError or NoSignInService; the one before then stays.
        """
        with translated_errors():
            app = confidential_client(self._registration, self._tokens, self._timeout, self._pace)
            answer = require_token(acquire(app))
        with self._process_lock():
            for account in app.get_accounts():
                if account["local_account_id"] != answer.get("id_token_claims", {}).get("oid"):
                    app.remove_account(account)
        if self._tokens.unsaved:
            raise _unusable(self._file, self._tokens.unsaved)
        stored_account = self.account()
        if stored_account is None:
            raise SignInNeeded(
                "Entra ID gave a token, but nothing to renew it with.",
                "Check that the registration is a web app with a secret, and that no policy forbids lasting sign-ins.",
            )
        return stored_account

    def _request_token(self, refused: str | None) -> Answer:
        if self.account() is None:
            raise SignInNeeded(
                "An app registration is set, but no user has signed in with it.",
                "Sign in: python -m data_access sign-in.",
            )
        with self._process_lock():
            # A new client each time: MSAL would repeat a refusal from memory for a while, even once its cause is gone.
            app = confidential_client(self._registration, self._tokens, self._timeout, self._pace)
            accounts = app.get_accounts()
            if not accounts:
                raise SignInNeeded("The stored sign-in is for another authority.", self.remedy)
            scopes = [self._registration.scope]
            answer = app.acquire_token_silent_with_error(scopes, accounts[0])
            if refused and answer and answer.get("access_token") == refused:
                answer = app.acquire_token_silent_with_error(scopes, accounts[0], force_refresh=True)
            return answer or {"error": "invalid_grant"}

    @contextlib.contextmanager
    def _process_lock(self) -> Iterator[None]:
        """One process at a time, so that each finds what the one before it has renewed."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock = portalocker.Lock(f"{self._file}.lock", "a", timeout=_LOCK_TIMEOUT, check_interval=0.05)
            lock.acquire()
            self._remove_unfinished_files()
        except portalocker.LockException:
            raise entra.no_answer("another process has been renewing the sign-in for a minute") from None
        except OSError as error:
            raise _unusable(self._file, error) from None
        try:
            yield
        finally:
            lock.release()

    def _remove_unfinished_files(self) -> None:
        """Remove the files of processes that were killed while they wrote. Call it under the process lock."""
        for unfinished in self._file.parent.glob(f"{self._file.name}.*{_WholeFile.UNFINISHED}"):
            if time.time() - unfinished.stat().st_mtime > _LOCK_TIMEOUT:
                unfinished.unlink(missing_ok=True)

    @property
    def _tokens(self) -> PersistedTokenCache:
        """All that is stored, read anew where it has changed."""
        if is_no_file(self._file):
            raise SignInNeeded(
                f"{self._file} is no file in which a sign-in could be stored.",
                "Let PARTNER_CENTER_SIGN_IN_FILE name a file, then sign in: python -m data_access sign-in.",
            )
        return self._cache

    @cached_property
    def _cache(self) -> PersistedTokenCache:
        try:
            return _TokenCache(_persistence(self._file))
        except OSError as error:
            raise _unusable(self._file, error) from None


class _TokenCache(PersistedTokenCache):  # type: ignore[misc]  # ships no types
    """MSAL's token cache. A token that cannot be stored stays usable in memory; `unsaved` then holds the cause."""

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
    """A file that only its owner can read (`mkstemp`), replaced as a whole: a reader never finds half of one."""

    UNFINISHED = ".unfinished"

    def save(self, content: str) -> None:
        target = Path(self.get_location())
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
    cause = getattr(error, "strerror", None) or type(error).__name__
    return SignInNeeded(
        f"The stored sign-in in {file} cannot be used: {cause}.",
        "Make room and let this user write there, or run it as the user who signed in; else sign in again:"
        " python -m data_access sign-in.",
    )
