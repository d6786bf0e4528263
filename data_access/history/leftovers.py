"""Leftovers: the files of a history that no snapshot names, and which of them may go.

A killed run leaves them, or a record below `small/` is lost, and may come back from a backup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from data_access.history import layout, store
from data_access.history.index import Index
from data_access.history.results import Swept
from data_access.history.snapshot import file_paths
from data_access.history.store import Listed, Store

#: For so long, a file without a snapshot may belong to a run that is still going on.
GRACE = timedelta(days=1)
#: For so long, an answer without a snapshot stays: a killed run left it, or its record is lost and in a backup.
GRACE_OF_ANSWERS = timedelta(days=30)


def first_day(now: datetime, keep_days: int) -> date:
    """The first of the days that stay where the last `keep_days` are kept, today not counted."""
    return now.date() - timedelta(days=keep_days)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """The leftovers in an account's folder, as `index` names what is none; it is read again at each question."""

    folder: Store
    index: Index
    clock: Callable[[], datetime]

    def unclaimed(self) -> list[Listed]:
        """Read the index again; the files without a snapshot that are older than GRACE.

        There are none of them while a summary file is damaged: which files its snapshots have is not known then.
        """
        before = self.clock() - GRACE
        folders = layout.OF_SNAPSHOTS
        written = [file for folder in folders for file in self.folder.finished(folder) if file.written < before]
        self.index.reload()  # after the listing: a file that got its snapshot in between is needed
        needed = file_paths(self.index.snapshots.values())
        return [] if self.index.findings else [file for file in written if file.path not in needed]

    def old_answers(self, keep_days: int) -> list[Listed]:
        """The answers of days before the last `keep_days` that no snapshot names: `sweep` removes them with these days.

        A file that may belong to a run that is going on is never among them.
        """
        return [file for file in self.unclaimed() if self._is_old(file, keep_days)]

    def sweep(self, keep_days: int | None = None) -> Swept:
        """Remove what killed runs left behind, and nothing that a running one may still need.

        A file without a snapshot is removed when it is older than GRACE, an answer when it is older than
        GRACE_OF_ANSWERS and the collection has a record from before it: else the records may be what is missing. With
        `keep_days`, an answer of a day before these is removed in any case. While a summary file is damaged, the files
        of its snapshots are not known, and only half-written files are removed.
        """
        before = self.clock() - GRACE
        folders = (*layout.OF_SNAPSHOTS, *layout.WITH_RECORDS)
        half_written = [path for folder in folders for path in self.folder.abandoned(folder, before)]
        unclaimed = self.unclaimed()
        kept = [file.path for file in unclaimed if self._may_come_back(file) and not self._is_old(file, keep_days)]
        removed = {*half_written, *(file.path for file in unclaimed)}.difference(kept)
        return Swept(sum(self.folder.delete(path) for path in sorted(removed)), tuple(kept))

    def _is_old(self, file: Listed, keep_days: int | None) -> bool:
        return (
            keep_days is not None
            and layout.is_answer(file.path)
            and layout.day(file.path) < first_day(self.clock(), keep_days)
        )

    def _may_come_back(self, file: Listed) -> bool:
        """Whether the record of an answer without one may be lost, rather than never written."""
        if not layout.is_answer(file.path):
            return False
        is_young = file.written >= self.clock() - GRACE_OF_ANSWERS
        snapshots = self.index.by_collection.get(layout.collection(file.path), ())
        records = [store.moment(snapshot.id) for snapshot in snapshots]
        return is_young or not records or store.moment(file.path) < min(records)
