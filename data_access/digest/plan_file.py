"""DIGEST_FILE, read once for a round of digests, and again for pages when it changes."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from data_access import file_times
from data_access.digest import plan
from data_access.digest.plan import Plan
from data_access.errors import SettingsError
from data_access.settings import Settings

_LARGEST = 2**20  # bytes: a thousand people and some thousand rules
_CHECK = "Check the path, and whether this account may read it."


def read(settings: Settings) -> Plan:
    """What DIGEST_FILE says; nothing where it is not set. Raises SettingsError."""
    return Plan() if settings.digest_file is None else _read(settings.digest_file)


class PlanFile:
    """DIGEST_FILE as pages follow it, for any number of threads."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._version: tuple[int, int, int] | None = None
        self._known: tuple[Plan, SettingsError | None] = Plan(), None

    def now(self) -> tuple[Plan, SettingsError | None]:
        """What the file says now. Where it cannot be used it says nothing, and the error says why."""
        if self._file is None:
            return self._known
        with self._lock:
            version = _version(self._file)
            if version is None or version != self._version:
                self._known = self._read(self._file)
                self._version = version if version and file_times.is_settled(version[0], time.time()) else None
            return self._known

    def _read(self, file: Path) -> tuple[Plan, SettingsError | None]:
        try:
            found = _read(file)
        except SettingsError as error:
            return Plan(), error
        # What is the same stays the same object, and so do the views that are made of it.
        return (self._known[0] if found == self._known[0] else found), None


def _read(file: Path) -> Plan:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"DIGEST_FILE cannot be read: {error.strerror}.", _CHECK) from None
    if len(content) > _LARGEST:
        raise SettingsError("DIGEST_FILE is larger than 1 MB.", "Check the path; nothing of it is used.")
    return plan.parse(content)


def _version(file: Path) -> tuple[int, int, int] | None:
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino
