"""Which snapshots there are: the small files of a history, read when it is opened.

    small/<collection>/<id>-<checksum>.parquet         a snapshot's rows by service and channel, and its record
    small/<collection>/pack-<id>-<checksum>.parquet    the same of many snapshots, in one file to open

Such a file is the commit: a snapshot is there from the moment that one with its record appears.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from data_access.errors import HistoryError
from data_access.history import snapshot, store
from data_access.history.snapshot import Snapshot
from data_access.history.store import Damaged, Store
from data_access.partner_center.catalog import COLLECTIONS

FOLDER = "small"
#: Before the names of files that hold more than one snapshot.
PACK = "pack-"
_LOOSE = 8  # small files of a collection that a reader may have to open beside its pack
_TRIES = 5  # of a listing, where files are packed away while they are read
#: The metadata of a file of the history that say what it is.
SNAPSHOTS = "snapshots"
_RECORDS = TypeAdapter(list[Snapshot])


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is not what was written, and what is wrong with it; `path` is below the account's folder."""

    path: str
    problem: str


@dataclass(frozen=True, eq=False)
class _Small:
    """A small file as it was read: of one snapshot, or of many."""

    path: str
    content: pa.Buffer
    records: list[Snapshot]


@dataclass(eq=False)
class _View:
    """What there was at one moment."""

    files: list[_Small] = field(default_factory=list)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)  # every small file, read or not
    findings: list[Finding] = field(default_factory=list)
    shown: dict[str, list[Snapshot]] = field(default_factory=dict)  # by collection
    latest: dict[tuple[str, date | None], Snapshot] = field(default_factory=dict)  # by collection and date asked for

    def add(self, file: _Small) -> None:
        self.files.append(file)
        self.snapshots.update((one.id, one) for one in file.records)

    def of(self, collection: str) -> list[_Small]:
        return [file for file in self.files if _collection(file.path) == collection]

    def sort(self) -> None:
        """Put each collection's snapshots in their order, without those that say the same as the one before."""
        shown: dict[str, list[Snapshot]] = {}
        latest: dict[tuple[str, date | None], Snapshot] = {}
        replaced = {one.instead for one in self.snapshots.values()}
        for _, one in sorted(self.snapshots.items()):
            question = (one.collection, one.asked)
            before = latest.get(question)
            if one.id not in replaced and (before is None or before.rows_checksum != one.rows_checksum):
                latest[question] = one
                shown.setdefault(one.collection, []).append(one)
        # Only now: other threads may be reading what was there.
        self.shown, self.latest = shown, latest


class Index:
    """The small files as they were when this was made, or when `reload` last looked."""

    def __init__(self, place: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = place, clock
        self.reload()

    @property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """Every snapshot by its id, those included that say the same as the one before."""
        return self._view.snapshots

    @property
    def shown(self) -> Mapping[str, Sequence[Snapshot]]:
        """By collection the snapshots that count, in the order of keeping."""
        return self._view.shown

    @property
    def findings(self) -> Sequence[Finding]:
        """The small files that could not be used."""
        return self._view.findings

    def latest(self, collection: str, asked: date | None) -> Snapshot | None:
        """The newest answer to the same question."""
        return self._view.latest.get((collection, asked))

    def rows(self, collection: str) -> pa.Table:
        """The rows by service and channel of the snapshots that count; columns as in `snapshot.small`."""
        wanted = {one.id for one in self.shown.get(collection, ())}
        return _rows(self._view.of(collection), wanted, collection).sort_by("snapshot")

    def new_id(self, further: int = 0) -> str:
        """A name for a snapshot that comes after all these; `further`: how many are being named at the same time."""
        return store.new_id(self._view.listed, self._clock(), further)

    def reload(self) -> None:
        """Look at what there is now.

        Raises HistoryError where it cannot be read.
        """
        for _ in range(_TRIES):
            with contextlib.suppress(FileNotFoundError):  # packed away since it was listed
                view = self._look()
                # A listing takes its time. It can come too early for a new pack and too late for the one before.
                if all(path in view.listed for path in self._listed() if _is_pack(path)):
                    self._view = view
                    return
        raise HistoryError(
            "The history changes faster than it can be read.", "Try again; `compact` or `prune` may be running."
        )

    def commit(self, name: str, records: Sequence[Snapshot], rows: pa.Table) -> str:
        """Make snapshots of one collection visible, all at once; returns the path of the file."""
        content = snapshot.parquet([rows], about(records))
        path = f"{FOLDER}/{records[0].collection}/{store.sealed(name, 'parquet', content)}"
        self._store.put(path, content)
        self._view.listed.append(path)
        self._view.add(_Small(path, content, list(records)))
        self._view.sort()
        return path

    def pack_if_due(self, collection: str) -> None:
        """Put all small files into a new pack where many are in none, so that a reader opens few.

        Only the pack that it replaces is removed; single small files stay until somebody says `compact`.
        """
        mine = self._view.of(collection)
        old = [file for file in mine if _is_pack(file.path)]
        packed = {one.id for file in old for one in file.records}
        records = {one.id: one for file in mine for one in file.records}
        if len(records) > len(packed) + _LOOSE:
            self._pack(collection, mine, records)
            for file in old:
                self._store.delete(file.path)
                self._view.files.remove(file)
                self._view.listed.remove(file.path)

    def rewrite(self, records: Mapping[str, Snapshot]) -> None:
        """Put all small files of each collection into one that holds these records and no others."""
        view, damaged = self._view, {finding.path for finding in self.findings}
        for collection in {one.collection for one in view.snapshots.values()}:
            mine = view.of(collection)
            replaced = [path for path in view.listed if _collection(path) == collection and path not in damaged]
            kept = {identity: one for identity, one in records.items() if one.collection == collection}
            if len(replaced) == 1 and kept == {one.id: one for one in mine[0].records}:
                continue
            if kept:
                self._pack(collection, mine, kept)
            for path in replaced:
                self._store.delete(path)
        self.reload()

    def _look(self) -> _View:
        view = _View(listed=self._listed())

        def read(paths: list[str]) -> None:
            for file in self._store.read_all(paths, self._open):
                if isinstance(file, Finding):
                    view.findings.append(file)
                else:
                    view.add(file)

        read([path for path in view.listed if _is_pack(path)])
        read([path for path in view.listed if not _is_pack(path) and store.stem(path) not in view.snapshots])
        view.sort()
        return view

    def _listed(self) -> list[str]:
        return [found.path for found in self._store.finished(FOLDER)]

    def _open(self, path: str) -> _Small | Finding:
        try:
            content = self._store.read(path)
            store.check(path, content)
            found = pq.read_metadata(pa.BufferReader(content)).metadata or {}
            return _Small(path, content, _RECORDS.validate_json(found[SNAPSHOTS.encode()]))
        except Damaged as error:
            return Finding(path, str(error))
        except (pa.ArrowException, KeyError, ValidationError):
            return Finding(path, "cannot be understood; a newer version of this program may have written it")

    def _pack(self, collection: str, files: Sequence[_Small], records: Mapping[str, Snapshot]) -> None:
        """Write one small file for these snapshots, whose rows are in `files`."""
        rows = _rows(files, set(records), collection)
        path = self.commit(PACK + self.new_id(), [records[identity] for identity in sorted(records)], rows)
        try:
            store.check(path, self._store.read(path))
        except (FileNotFoundError, Damaged) as error:
            raise HistoryError(
                f"A file of the history could not be read again after it was written: {error}.",
                "Nothing was removed; run it again. Another `compact` or `prune` may be running.",
            ) from None


def about(records: Sequence[Snapshot]) -> dict[str, str]:
    """What a file's metadata say of the snapshots that it belongs to."""
    return {SNAPSHOTS: _RECORDS.dump_json(list(records)).decode()}


def _is_pack(path: str) -> bool:
    return path.rpartition("/")[2].startswith(PACK)


def _collection(path: str) -> str:
    return path.split("/")[1]


def _rows(files: Iterable[_Small], wanted: set[str], collection: str) -> pa.Table:
    """The rows of these snapshots, each from the first file that has it."""
    schema = snapshot.small_schema(COLLECTIONS[collection])
    parts, left = [schema.empty_table()], set(wanted)
    for file in files:
        fresh = left.intersection(one.id for one in file.records)
        if fresh:
            rows = pq.read_table(pa.BufferReader(file.content)).cast(schema)
            if len(fresh) < len(file.records):
                rows = rows.filter(pc.is_in(rows["snapshot"], pa.array(sorted(fresh), pa.string())))
            parts.append(rows)
            left -= fresh
    return pa.concat_tables(parts)
