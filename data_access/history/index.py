"""The index: which snapshots there are, by the summary files that are read when a history is opened.

    small/<collection>/<id>-<checksum>.parquet         a snapshot's rows by service and channel, and its record
    small/<collection>/pack-<id>-<checksum>.parquet    the same of many snapshots, in one file to open

The summary file is the commit: a snapshot is there from the moment that a file with its record appears.
"""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from data_access.errors import HistoryError
from data_access.history import layout, store
from data_access.history.snapshot import RECORDS, Owner, Snapshot, metadata, misplaced, parquet, summary_schema
from data_access.history.store import Damaged, Store, Wrong
from data_access.partner_center.catalog import COLLECTIONS

FOLDER = layout.SMALL
PACK = layout.PACK
#: So many summary files of a collection may stand beside its pack: a reader opens each of them.
LOOSE_FILES = 8
_TRIES = 8  # of a listing, where files are packed while they are read
_PAUSE = 0.02  # seconds before the second try, twice that before the third: `prune` removes file after file
_RECORDS = TypeAdapter(list[Snapshot])


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that cannot be used, and its problem; `path` is below the account's folder."""

    path: str
    problem: str
    wrong: Wrong = Wrong.DAMAGED


@dataclass(frozen=True, eq=False)
class _SummaryFile:
    """A summary file as it was read: of one snapshot, or of many."""

    path: str
    content: pa.Buffer
    records: list[Snapshot]


@dataclass(eq=False)
class _View:
    """The index at one moment."""

    files: list[_SummaryFile] = field(default_factory=list)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)  # every summary file, read or not
    findings: list[Finding] = field(default_factory=list)
    by_collection: dict[str, list[Snapshot]] = field(default_factory=dict)
    latest: dict[tuple[str, date | None], Snapshot] = field(default_factory=dict)  # by collection and back-fill date

    def add(self, file: _SummaryFile) -> None:
        self.files.append(file)
        self.snapshots.update((record.id, record) for record in file.records)

    def has(self, path: str) -> bool:
        """Whether the snapshot after which a file is named is known already, and is of the file's collection."""
        known = self.snapshots.get(store.stem(path))
        return known is not None and known.collection == layout.collection(path)

    def of(self, collection: str) -> list[_SummaryFile]:
        return [file for file in self.files if layout.collection(file.path) == collection]

    def sort(self) -> None:
        """Put each collection's snapshots in their order, without those that tell what the one before told."""
        by_collection: dict[str, list[Snapshot]] = {}
        latest: dict[tuple[str, date | None], Snapshot] = {}
        replaced = {snapshot.replaces for snapshot in self.snapshots.values()}
        for _, snapshot in sorted(self.snapshots.items()):
            question = (snapshot.collection, snapshot.backfill_date)
            before = latest.get(question)
            if snapshot.id not in replaced and (before is None or before.told != snapshot.told):
                latest[question] = snapshot
                by_collection.setdefault(snapshot.collection, []).append(snapshot)
        # Assigned at the end: other threads may be reading the ones before.
        self.by_collection, self.latest = by_collection, latest


class Index:
    """The summary files as they were when this was made, or when `reload` last read them."""

    def __init__(
        self,
        folder: Store,
        clock: Callable[[], datetime],
        loose_files: int = LOOSE_FILES,
        owner: Owner | None = None,
    ) -> None:
        self._store, self._clock, self._loose_files, self._owner = folder, clock, loose_files, owner
        self.reload()

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """Every snapshot by its id, those included that tell what the one before told."""
        return self._view.snapshots

    @property
    def by_collection(self) -> Mapping[str, Sequence[Snapshot]]:
        """The snapshots that count, in the order of keeping."""
        return self._view.by_collection

    @property
    def findings(self) -> Sequence[Finding]:
        """The summary files that could not be used, those with a record that does not belong there included."""
        return self._view.findings

    def latest(self, collection: str, backfill_date: date | None) -> Snapshot | None:
        """The newest answer to the same question."""
        return self._view.latest.get((collection, backfill_date))

    def rows(self, collection: str) -> pa.Table:
        """The rows by service and channel of the snapshots that count; columns as in `snapshot.summary`."""
        ids = {snapshot.id for snapshot in self.by_collection.get(collection, ())}
        return _rows(self._view.of(collection), ids, collection).sort_by("snapshot")

    def until(self, day: date) -> Index:
        """What there was of these at the end of a day (UTC), to read from alone."""
        view = self._view
        known = {name: snapshot for name, snapshot in view.snapshots.items() if snapshot.fetched_at.date() <= day}
        index = copy.copy(self)
        index._view = replace(view, snapshots=known, by_collection={}, latest={})  # noqa: SLF001 - of the same class
        index._view.sort()  # noqa: SLF001
        return index

    def new_id(self, further: int = 0) -> str:
        """The id of a snapshot that comes after all these.

        `further`: how many more are being named at the same time.
        """
        return store.new_id(self._view.listed, self._clock(), further)

    def reload(self) -> None:
        """Read the summary files that there are now.

        Raises HistoryError where they cannot be read.
        """
        for tried in range(_TRIES):
            time.sleep(_PAUSE * tried)  # another program is at work, and tells nobody when it is done
            with contextlib.suppress(FileNotFoundError):  # packed since it was listed
                view = self._read()
                # A listing takes its time. It can come too early for a new pack and too late for the one before.
                if all(path in view.listed for path in self._listed() if _is_pack(path)):
                    self._view = view
                    return
        raise HistoryError(
            "The history changes faster than it can be read.", "Try again; `compact` or `prune` may be running."
        )

    def commit(self, name: str, records: Sequence[Snapshot], rows: pa.Table) -> str:
        """Make snapshots of one collection visible, all at once; returns the path of the summary file."""
        content = parquet([rows], metadata(record.model_dump(mode="json") for record in records))
        path = f"{FOLDER}/{records[0].collection}/{store.sealed(name, 'parquet', content)}"
        self._store.put(path, content)
        self._view.listed.append(path)
        self._view.add(_SummaryFile(path, content, list(records)))
        self._view.sort()
        return path

    def pack_if_due(self, collection: str) -> None:
        """Put all summary files into a new pack where many are in none, so that a reader opens few.

        Only the pack that it replaces is removed; the files of single snapshots stay until `compact`.
        """
        if not self._is_pack_due(collection):
            return
        self.reload()  # what another program removed since must not come back
        if not self._is_pack_due(collection):
            return
        files = self._view.of(collection)
        packs = [file for file in files if _is_pack(file.path)]
        if not self._pack(collection, files, {record.id: record for file in files for record in file.records}):
            self.reload()  # the other program's pack is as good
            return
        for pack in packs:
            self._store.delete(pack.path)
            self._view.files.remove(pack)
            self._view.listed.remove(pack.path)

    def rewrite(self, records: Mapping[str, Snapshot]) -> None:
        """Put all summary files of each collection into one that holds these records and no others.

        Raises HistoryError where that cannot be written, or another program does the same at this moment.
        """
        view, damaged = self._view, {finding.path for finding in self.findings}
        for collection in {snapshot.collection for snapshot in view.snapshots.values()}:
            files = view.of(collection)
            replaced = [path for path in view.listed if layout.collection(path) == collection and path not in damaged]
            remaining = {identity: record for identity, record in records.items() if record.collection == collection}
            if len(replaced) == 1 and remaining == {record.id: record for record in files[0].records}:
                continue
            if remaining and not self._pack(collection, files, remaining):
                raise HistoryError(
                    "Another program put files of the history together at the same moment, or removed some.",
                    "Run it again.",
                )
            for path in replaced:
                self._store.delete(path)
        self.reload()

    def _is_pack_due(self, collection: str) -> bool:
        files = self._view.of(collection)
        packed = {record.id for file in files if _is_pack(file.path) for record in file.records}
        return len({record.id for file in files for record in file.records}) > len(packed) + self._loose_files

    def _read(self) -> _View:
        view = _View(listed=self._listed())
        view.findings += [Finding(path, problem, Wrong.MISPLACED) for path, problem in self._store.strangers(FOLDER)]

        def read(paths: list[str]) -> None:
            for file in self._store.read_all(paths, self._open):
                if isinstance(file, Finding):
                    view.findings.append(file)
                else:
                    view.add(file)

        read([path for path in view.listed if _is_pack(path)])
        read([path for path in view.listed if not _is_pack(path) and not view.has(path)])
        view.sort()
        return view

    def _listed(self) -> list[str]:
        return [file.path for file in self._store.finished(FOLDER)]

    def _open(self, path: str) -> _SummaryFile | Finding:
        try:
            content = self._store.read_sound(path)
            about = pq.read_metadata(pa.BufferReader(content)).metadata or {}
            return self._summary_file(path, content, _RECORDS.validate_json(about[RECORDS.encode()]))
        except Damaged as error:
            return Finding(path, str(error), error.wrong)
        except (pa.ArrowException, KeyError, ValidationError):
            return Finding(path, "cannot be understood; a newer version of this program may have written it")

    def _summary_file(self, path: str, content: pa.Buffer, records: list[Snapshot]) -> _SummaryFile | Finding:
        collection = layout.collection(path)
        problem = next(filter(None, (misplaced(record, collection, self._owner) for record in records)), "")
        if problem:
            return Finding(path, problem, Wrong.MISPLACED)
        problem = _without_rows(pq.read_table(pa.BufferReader(content), columns=["snapshot"]), records)
        return Finding(path, problem) if problem else _SummaryFile(path, content, records)

    def _pack(self, collection: str, files: Sequence[_SummaryFile], records: Mapping[str, Snapshot]) -> bool:
        """Write one summary file for these snapshots, whose rows are in `files`.

        False where another program replaced some of `files` meanwhile, or the new file: it is not there then. Snapshots
        whose files are gone may have been removed for good, and their records must not come back.
        """
        rows = _rows(files, set(records), collection)
        if problem := _without_rows(rows, records.values()):
            raise HistoryError(
                f"A file of the history cannot be put together: it {problem}.",
                "Nothing was removed; run it again. Another `compact` or `prune` may be running.",
            )
        path = self.commit(PACK + self.new_id(), [records[identity] for identity in sorted(records)], rows)
        try:
            self._store.read_sound(path)
        except FileNotFoundError:
            return False
        except Damaged as error:
            raise HistoryError(
                f"A file of the history could not be read again after it was written: {error}.",
                "Nothing was removed; run it again.",
            ) from None
        there = {file.path for file in self._store.finished(f"{FOLDER}/{collection}")}
        if {file.path for file in files} <= there:
            return True
        self._store.delete(path)
        return False


def _without_rows(rows: pa.Table, records: Iterable[Snapshot]) -> str:
    """The problem of a file with these rows that has a record without its rows; empty where there is none."""
    there = set(rows["snapshot"].unique().to_pylist())
    missing = next((record for record in records if record.rows and record.id not in there), None)
    return f"has the record of {missing.id} without its rows" if missing else ""


def _is_pack(path: str) -> bool:
    return path.rpartition("/")[2].startswith(PACK)


def _rows(files: Iterable[_SummaryFile], ids: set[str], collection: str) -> pa.Table:
    """The rows of these snapshots, each from the first file that has it."""
    schema = summary_schema(COLLECTIONS[collection])
    tables, remaining = [schema.empty_table()], set(ids)
    for file in files:
        wanted = remaining.intersection(record.id for record in file.records)
        if wanted:
            rows = pq.read_table(pa.BufferReader(file.content)).cast(schema)
            if len(wanted) < len(file.records):
                rows = rows.filter(pc.is_in(rows["snapshot"], pa.array(sorted(wanted), pa.string())))
            tables.append(rows)
            remaining -= wanted
    return pa.concat_tables(tables)
