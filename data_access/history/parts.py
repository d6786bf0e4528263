"""Parts: answers about some customers that a run keeps while it goes on, for the run after it if it is killed.

    parts/<collection>/date=<day>/<id>-<checksum>.parquet

They are no snapshots and no reader sees them. The run that needs them no more removes them, and a later one sweeps what
is a day old.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pyarrow as pa

from data_access.history import layout, store
from data_access.history.store import Damaged, Listed, Store
from data_access.partner_center.catalog import Collection

FOLDER = layout.PARTS
#: So long, and on the same day (UTC), what was read is taken for what is true now.
YOUNG = timedelta(hours=12)


class Parts:
    """The parts of one run, with those of an earlier one that it goes on with."""

    def __init__(self, folder: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = folder, clock
        self._paths: list[str] = []

    def known(self, collection: Collection) -> list[pa.Buffer]:
        """The parts of earlier runs of today, oldest first; a damaged one is left out.

        Raises HistoryError where they cannot be listed.
        """
        listed = [file for file in self._store.finished(f"{FOLDER}/{collection.name}") if self._is_young(file)]
        self._paths += [file.path for file in listed]
        found = self._store.read_all([file.path for file in listed], self._read)
        return [content for content in found if content is not None]

    def keep(self, collection: Collection, content: pa.Buffer) -> None:
        """Keep a part. Raises HistoryError where it cannot be written."""
        now = self._clock()
        name = store.sealed(store.new_id(self._paths, now), "parquet", content)
        path = f"{FOLDER}/{collection.name}/date={now.date()}/{name}"
        self._store.put(path, content)
        self._paths.append(path)

    def remove(self) -> None:
        """Remove the parts of this run, and those that it went on with: what they hold is in snapshots."""
        while self._paths:
            self._store.delete(self._paths.pop())

    def _is_young(self, file: Listed) -> bool:
        now = self._clock()
        return file.written.date() == now.date() or now - file.written < YOUNG

    def _read(self, path: str) -> pa.Buffer | None:
        try:
            return self._store.read_sound(path)
        except (FileNotFoundError, Damaged):
            return None
