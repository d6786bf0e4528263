"""A file that an operator keeps, such as BOOKS_FILE: read again when it changes, given up where it does not answer."""

from __future__ import annotations

import errno
import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pyarrow import fs

from data_access import file_times
from data_access.errors import HistoryError, StoreUnanswered
from data_access.history.patience import Patience
from data_access.history.store import Damaged, Store

#: Seconds until a file is looked at again that is not in a folder of this machine.
_LOOK_AGAIN = 10.0
#: Seconds for one operation, until it is given up: pages wait for it.
SECONDS = 5.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file cannot be read, in words that follow its name; whether it is that it does not answer, or its size."""

    words: str
    unanswered: bool = False
    too_large: bool = False


class _TooLarge(Damaged):
    pass


class OperatorFile(Generic[T]):
    """What a file says, for any number of threads; one looks at a time, and meanwhile the others go by the last look.

    `parse` takes the content. `failed` takes what the file said before and why it cannot be read, and gives what holds
    until it can. `first` is what it said before the first look. `largest`: so many bytes are read.
    """

    def __init__(
        self,
        address: str,
        parse: Callable[[bytes], T],
        failed: Callable[[T, Failure], T],
        first: T,
        *,
        largest: float = math.inf,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._name = _parts(address)
        self._parse, self._failed, self._said, self._largest = parse, failed, first, largest
        self._clock, self._wall_clock = clock, wall_clock
        self._patience = Patience(seconds)
        self._lock = threading.Lock()
        self._was_looked_at = False
        self._store: Store | None = None
        self._content: bytes | None = None  # that `_said` was parsed from
        self._version: tuple[object, ...] | None = None  # of the file, once it is sure to have this content
        self._look_at = -math.inf  # by `clock`; not before

    def now(self) -> T:
        """What the file says now."""
        if self._lock.acquire(blocking=not self._was_looked_at):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._said

    def _look(self) -> None:
        if self._clock() < self._look_at:
            return
        try:
            content = self._changed()
        except (HistoryError, Damaged, FileNotFoundError) as error:
            self._said, self._content, self._version = self._failed(self._said, _failure(error)), None, None
        else:
            if content is not None and content != self._content:
                self._said, self._content = self._parse(content), content
        self._was_looked_at = True
        if self._store is None or not self._store.is_local:
            self._look_at = self._clock() + _LOOK_AGAIN

    def _changed(self) -> bytes | None:
        """The file's content, or None where it is sure to be the same as before."""
        self._store = self._store or Store(self._folder, patience=self._patience, follows_links=True)
        info = self._store.infos([self._name])[0]
        if info.type == fs.FileType.NotFound:
            raise FileNotFoundError(self._name)
        if not info.is_file:  # to open a pipe is to wait for who writes to it
            raise Damaged("is no file that can be read")
        if info.size > self._largest:
            limit = f"{self._largest / 2**20:.0f} MB, the most that is read"
            raise _TooLarge(f"is larger than {limit}: it has {info.size:,} bytes")
        version = (info.size, info.mtime_ns)
        if version == self._version:
            return None
        content = bytes(self._store.read(self._name))
        self._version = version if file_times.is_settled(info.mtime_ns or 0, self._wall_clock()) else None
        return content


def _failure(error: Exception) -> Failure:
    if isinstance(error, StoreUnanswered):
        return Failure("does not answer", unanswered=True)
    if isinstance(error, Damaged):
        return Failure(str(error), too_large=isinstance(error, _TooLarge))
    missing = isinstance(error, FileNotFoundError)
    return Failure(f"cannot be read: {os.strerror(errno.ENOENT)}" if missing else "cannot be reached")


def _parts(address: str) -> tuple[str, str]:
    """The folder of a file, with the options of its address, and the file's name."""
    place, mark, options = address.partition("?") if "://" in address else (address, "", "")
    if "://" in place:
        folder, _, name = place.rpartition("/")
    else:
        folder, name = str(Path(place).parent), Path(place).name
    return f"{folder}{mark}{options}", name
