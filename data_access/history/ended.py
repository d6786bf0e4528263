"""Sign-ins that people have ended, told to every process of the dashboard by files beside the snapshots.

    ended/<id>-<checksum>.json

Each file holds digests of sign-ins, and until when each would have lasted (seconds since 1970). It goes when all of
them are over. A damaged file is left out, and named by `verify`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from data_access.history import layout, record_files
from data_access.history.record_files import RecordFiles
from data_access.history.store import Store

FOLDER = layout.ENDED


class EndedSignIns:
    """The ended sign-ins in one account's folder, as one process tells and learns them."""

    def __init__(self, folder: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._files = RecordFiles(folder, FOLDER, record_files.json(dict[str, float]), clock)
        self._read_until: dict[str, float] = {}  # the files that were read: when the last sign-in in each is over

    def tell(self, ended: Mapping[str, float]) -> None:
        """Write ended sign-ins. Raises HistoryError where they cannot be written."""
        self._files.put(dict(ended), taken=self._read_until)

    def learn(self) -> dict[str, float]:
        """The ended sign-ins that were not learned before; files in which all are over are removed.

        Raises HistoryError where they cannot be read.
        """
        now, found = self._clock().timestamp(), dict[str, float]()
        paths = self._files.paths()
        new = [path for path in paths if path not in self._read_until]
        read = self._files.read(new)
        for path in new:
            ended = read.get(path, {})
            found |= ended
            self._read_until[path] = max(ended.values(), default=now)
        for path in paths:
            if self._read_until[path] < now and self._files.delete(path):
                del self._read_until[path]
        return found
