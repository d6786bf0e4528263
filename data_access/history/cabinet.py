"""The cabinet: small records that people keep and change, each in a file of its own, for any number of programs.

A change writes a new file of `record_files`, then removes those before it, so that a kill between leaves the old record
or the new one. What is removed leaves nothing behind. A damaged file is left out, and named by `verify`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from data_access.errors import HistoryError
from data_access.history import record_files
from data_access.history.record_files import RecordFiles
from data_access.history.store import Store


class Record(BaseModel):
    """One record; `key` stays the same when it is changed. Fields of tomorrow's programs are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    at: datetime  # UTC, when it was written


T = TypeVar("T", bound=Record)


class Cabinet(Generic[T]):
    """The records of one kind in an account's folder. Files never change, so each is read once."""

    def __init__(
        self, folder: Store, kind: str, model: type[T], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._files = RecordFiles(folder, kind, record_files.json(model), clock)
        self._lock = threading.Lock()
        self._read_before: dict[str, T] = {}  # by path

    def all(self) -> dict[str, T]:
        """The records by key, the oldest first. Raises HistoryError where they cannot be read."""
        return {record.key: record for record in self._by_path().values()}

    def put(self, record: T) -> None:
        """Keep a record in place of those with its key. Raises HistoryError where it cannot be written."""
        before = self._by_path()
        self._files.put(record, taken=before)
        self._delete(path for path, each in before.items() if each.key == record.key)

    def remove(self, key: str) -> None:
        """Remove a record, and what is left of earlier ones with its key. Raises HistoryError where that fails."""
        self._delete(path for path, each in self._by_path().items() if each.key == key)

    def _by_path(self) -> dict[str, T]:
        """The records in each file, in the order of writing."""
        with self._lock:
            paths = self._files.paths()
            new = [path for path in paths if path not in self._read_before]
            known = self._read_before | self._files.read(new)
            self._read_before = {path: known[path] for path in paths if path in known}
            return dict(self._read_before)

    def _delete(self, paths: Iterable[str]) -> None:
        """Remove files, the oldest first: an older record never stands where a newer one is gone."""
        for path in sorted(paths):
            if not self._files.delete(path):
                raise HistoryError(f"{path} cannot be removed now.", "Another program holds it open; try again.")
