"""Sign-ins that people have ended, told to every process of the dashboard by files beside the snapshots.

    ended/<id>-<checksum>.json

Each file holds digests of sign-ins, and until when each would have lasted (seconds since 1970). It goes when all of
them are over. A damaged file is left out, and named by `verify`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from data_access.history import layout, store
from data_access.history.store import Damaged, Store

FOLDER = layout.ENDED
_CONTENT = TypeAdapter(dict[str, float])


class EndedSignIns:
    """The ended sign-ins in one account's folder, as one process tells and learns them."""

    def __init__(self, folder: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._clock = folder, clock
        self._read_until: dict[str, float] = {}  # the files that were read: when the last sign-in in each is over

    def tell(self, ended: Mapping[str, float]) -> None:
        """Write ended sign-ins. Raises HistoryError where they cannot be written."""
        content = pa.py_buffer(_CONTENT.dump_json(dict(ended)))
        name = store.new_id(self._read_until, self._clock())
        self._store.put(f"{FOLDER}/{store.sealed(name, 'json', content)}", content)

    def learn(self) -> dict[str, float]:
        """The ended sign-ins that were not learned before; files in which all are over are removed.

        Raises HistoryError where they cannot be read.
        """
        now, found = self._clock().timestamp(), dict[str, float]()
        for file in self._store.finished(FOLDER):
            if file.path not in self._read_until:
                ended = self._read(file.path)
                found |= ended
                self._read_until[file.path] = max(ended.values(), default=now)
            if self._read_until[file.path] < now and self._store.delete(file.path):
                del self._read_until[file.path]
        return found

    def _read(self, path: str) -> dict[str, float]:
        try:
            content = self._store.read(path)
            store.check(path, content)
            return _CONTENT.validate_json(content.to_pybytes())
        except (FileNotFoundError, Damaged, ValidationError):
            return {}
