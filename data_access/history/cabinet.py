"""The cabinet: small records that people keep and change, each in a file of its own, for any number of programs.

    <kind>/<id>-<checksum>.json

A change writes a new file, then removes those before it, so that a kill between leaves the old record or the new one.
What is removed leaves nothing behind. A damaged file is left out, and named by `verify`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Generic, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError

from data_access.errors import HistoryError
from data_access.history import store
from data_access.history.store import Damaged, Store


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
        self._store, self._kind, self._model, self._clock = folder, kind, model, clock
        self._lock = threading.Lock()
        self._read_before: dict[str, T] = {}  # by path

    def all(self) -> dict[str, T]:
        """The records by key, the oldest first. Raises HistoryError where they cannot be read."""
        return {record.key: record for record in self._by_path().values()}

    def put(self, record: T) -> None:
        """Keep a record in place of those with its key. Raises HistoryError where it cannot be written."""
        before = self._by_path()
        content = pa.py_buffer(record.model_dump_json().encode())
        name = store.new_id(before, self._clock())
        self._store.put(f"{self._kind}/{store.sealed(name, 'json', content)}", content)
        self._delete(path for path, each in before.items() if each.key == record.key)

    def remove(self, key: str) -> None:
        """Remove a record, and what is left of earlier ones with its key. Raises HistoryError where that fails."""
        self._delete(path for path, each in self._by_path().items() if each.key == key)

    def _by_path(self) -> dict[str, T]:
        """The records in each file, in the order of writing."""
        with self._lock:
            listed = [file.path for file in self._store.finished(self._kind)]
            new = [path for path in listed if path not in self._read_before]
            read = dict(zip(new, self._store.read_all(new, self._read), strict=True))
            known = self._read_before | {path: record for path, record in read.items() if record is not None}
            self._read_before = {path: known[path] for path in listed if path in known}
            return dict(self._read_before)

    def _read(self, path: str) -> T | None:
        try:
            content = self._store.read(path)
            store.check(path, content)
            return self._model.model_validate_json(content.to_pybytes())
        except (FileNotFoundError, Damaged, ValidationError):
            return None

    def _delete(self, paths: Iterable[str]) -> None:
        """Remove files, the oldest first: an older record never stands where a newer one is gone."""
        for path in sorted(paths):
            if not self._store.delete(path):
                raise HistoryError(f"{path} cannot be removed now.", "Another program holds it open; try again.")
