"""Every fetch of one account, kept as immutable snapshots: readable by any engine, written by any number of programs.

Below the account's folder:

    facts/<collection>/date=<day>/<id>-<checksum>.parquet    every row; sorted by customer
    raw/<collection>/date=<day>/<id>-<checksum>.parquet      the answer as it arrived, page by page
    small/<collection>/<id>-<checksum>.parquet               the rows by service and channel
    small/<collection>/pack-<id>-<checksum>.parquet          the same of many snapshots, in one file to open
    runs/<id>-<checksum>.json                                what each run of `collect` tried and got

The small file is the commit: a snapshot is there from the moment that it appears, and its metadata say all about the
snapshot. What was written before it and never got one is swept by a later run. Nothing is ever changed in place.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from data_access import protocol, raw, snapshot, store
from data_access.catalog import COLLECTIONS, Collection
from data_access.client import Answer
from data_access.errors import HistoryError, PartnerCenterError
from data_access.snapshot import Snapshot
from data_access.store import Damaged, Store

#: So long a file without a snapshot may belong to a run that is still going on.
GRACE = timedelta(days=1)

_SMALL, _FACTS, _RAW, _RUNS = "small", "facts", "raw", "runs"
_PACK = "pack-"
_LOOSE = 8  # small files of a collection that a reader may have to open beside its pack
_ROW_GROUP = 2**16  # rows; one customer's are found without reading the others
_TRIES = 5  # of a listing, where files are packed away while they are read
_RUNS_READ = 200  # the newest; what is older is no news
_SNAPSHOTS = "snapshots"
_RECORDS = TypeAdapter(list[Snapshot])
_NUMBER = re.compile(r"(?:pack-)?(\d{8})-")


class Failure(BaseModel):
    """Why a call failed: what the service said about it, without its own words, which may name a customer."""

    model_config = ConfigDict(frozen=True)

    title: str
    message: str
    advice: str
    exit_code: int
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    correlation_id: str | None = None


class Outcome(BaseModel):
    """What became of one collection in one run."""

    model_config = ConfigDict(frozen=True)

    at: datetime  # UTC
    snapshot: str | None = None  # that was kept, or that had the same rows already
    again: bool = False  # whether the same rows were kept before
    failure: Failure | None = None


class Run(BaseModel):
    """One run of `collect`: an outcome for each collection that it tried."""

    model_config = ConfigDict(frozen=True)

    started: datetime
    outcomes: Mapping[str, Outcome]


_RUN_LIST = TypeAdapter(list[Run])
_SOUND: set[tuple[str, int]] = set()  # files whose checksum this program has compared, and when they were written


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one collection stands: when it was last read, and what went wrong last."""

    last_success: datetime | None = None
    last_failure: datetime | None = None
    failure: Failure | None = None

    failing: bool = False  # whether the newest try failed


@dataclass(frozen=True, slots=True)
class Kept:
    """What `History.append` did: the snapshot that holds the rows, and whether it was there before."""

    snapshot: Snapshot
    again: bool


@dataclass(frozen=True, slots=True)
class Paths:
    """Sound files to read, as `History.files` takes them, and a notice for each that had to be left out."""

    paths: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """How many files were looked at, and which of them are not what was written."""

    files: int
    bytes: int
    findings: tuple[Finding, ...]


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
    notices: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, file: _Small) -> None:
        self.files.append(file)
        self.snapshots.update((one.id, one) for one in file.records)

    def of(self, collection: str) -> list[_Small]:
        return [file for file in self.files if _collection(file.path) == collection]


@dataclass(frozen=True, eq=False)
class _Kept:
    """A snapshot that is not written yet: its record, its small rows, its other files by path."""

    record: Snapshot
    rows: pa.Table
    files: Mapping[str, pa.Buffer]


class History:
    """One account's snapshots. What it shows is of the moment it was opened; `reload` looks anew."""

    def __init__(self, place: Store, source: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.store = place
        self.source = source
        self._clock = clock
        self.reload()

    @property
    def files(self) -> Any:
        """The `pyarrow.fs.FileSystem` that the paths are of."""
        return self.store.files

    @property
    def notices(self) -> tuple[str, ...]:
        """A sentence for each file that had to be left out when the history was opened."""
        return tuple(self._view.notices)

    @property
    def is_empty(self) -> bool:
        return not self._view.snapshots

    def reload(self) -> None:
        """Look at what there is now.

        Raises HistoryError where it cannot be read.
        """
        for _ in range(_TRIES):
            try:
                self._see(self._look())
            except FileNotFoundError:  # packed away since it was listed
                continue
            return
        raise HistoryError(
            "The history changes faster than it can be read.", "Try again; `compact` or `prune` may be running."
        )

    def snapshots(self, collection: Collection | str) -> list[Snapshot]:
        """The snapshots of a collection in the order of keeping; rows that came twice in a row are there once."""
        return list(self._shown.get(_name(collection), ()))

    def newest(self, collection: Collection | str) -> Snapshot | None:
        """The newest snapshot of a collection; those of a back-fill do not count."""
        return next((one for one in reversed(self.snapshots(collection)) if one.asked is None), None)

    def small(self, collection: Collection | str) -> pa.Table:
        """The rows by service and channel of all snapshots of a collection; columns as in `snapshot.small`."""
        schema = snapshot.small_schema(COLLECTIONS[_name(collection)])
        return _rows(self._view.files, {one.id for one in self.snapshots(collection)}, schema).sort_by("snapshot")

    def small_files(self, collection: Collection | str) -> tuple[str, ...]:
        """The files behind `small`, as `files` takes them, for engines that read by themselves.

        They may hold rows of snapshots that `snapshots` does not show, and the same rows twice where packs overlap.
        """
        left = {one.id for one in self.snapshots(collection)}
        paths = []
        for file in self._view.of(_name(collection)):
            if not left.isdisjoint(one.id for one in file.records):
                left.difference_update(one.id for one in file.records)
                paths.append(self.store.full(file.path))
        return tuple(paths)

    def facts(self, snapshots: Iterable[Snapshot]) -> Paths:
        """The files with every row of these snapshots, in their order; one that is not what was written is left out.

        Sizes are compared each time, checksums once in the life of this program and only in a folder: an object store
        sees to its objects itself.
        """
        wanted = list(snapshots)
        paths, notices = [], []
        for one, problem in zip(wanted, self._problems(wanted), strict=True):
            if problem:
                notices.append(f"{_described(one)} is left out: its file {problem}.")
            else:
                paths.append(self.store.full(one.facts))
        return Paths(tuple(paths), tuple(notices))

    def reread(self, one: Snapshot) -> raw.Reread:
        """Read a kept answer again with the parser of today.

        Raises FileNotFoundError or Damaged where the file is not what was written, one of the family in `errors` where
        a body cannot be understood.
        """
        content = self.store.read(one.raw)
        store.check(one.raw, content)
        return raw.reread(COLLECTIONS[one.collection], content)

    def append(self, answer: Answer, asked: date | None = None) -> Kept:
        """Keep an answer that was fetched with `keep_raw`, unless the newest snapshot has the same rows already.

        `asked` is the processing date that was asked for, in a back-fill. Raises HistoryError where it cannot be
        written; it is then kept in no part.
        """
        same = self._latest.get((answer.collection.name, asked))
        answer = replace(answer, frame=snapshot.folded(answer.frame))
        rows_checksum = snapshot.checksum(answer.frame)
        if same and same.rows_checksum == rows_checksum and not any(self._problems([same])):
            return Kept(same, again=True)
        instead = same.id if same and same.rows_checksum == rows_checksum else None
        kept = self._made(answer, rows_checksum, asked=asked, instead=instead)
        self._commit(kept.record.id, [kept])
        self._pack_if_due(answer.collection.name)
        return Kept(kept.record, again=False)

    def append_all(self, answers: Iterable[Answer]) -> list[Snapshot]:
        """Keep the answers to one collection, oldest first, so that all of them appear at once."""
        kept: list[_Kept] = []
        for answer in answers:
            rows_checksum = snapshot.checksum(answer.frame)
            if not kept or kept[-1].record.rows_checksum != rows_checksum:
                kept.append(self._made(answer, rows_checksum, number=len(kept)))
        if kept:
            self._commit(_PACK + kept[-1].record.id, kept)
        return [one.record for one in kept]

    def record(self, run: Run) -> None:
        """Remember what a run tried and got.

        Raises HistoryError where that cannot be written.
        """
        listed = self.store.finished(_RUNS)
        self._put_runs(self._new_id(found.path for found in listed), [run])

    def standing(self) -> dict[str, Standing]:
        """Where each collection stands that was ever kept or tried."""
        found: dict[str, Standing] = {}
        for name in self._shown:
            newest = self.newest(name)
            found[name] = Standing(newest.fetched_at if newest else None)
        for run in self._runs():
            for name, outcome in run.outcomes.items():
                before = found.get(name, Standing())
                if outcome.failure:
                    found[name] = replace(before, last_failure=outcome.at, failure=outcome.failure, failing=True)
                else:
                    found[name] = replace(before, last_success=outcome.at, failing=False)
        return found

    def verify(self, *, reread: bool = False) -> Verified:
        """Compare every file with its checksum; with `reread` also read each raw answer again and compare the rows."""
        self.reload()
        view = self._view
        data: list[tuple[str, str | None]] = [
            found
            for one in view.snapshots.values()
            for found in ((one.facts, one.facts_checksum), (one.raw, one.raw_checksum))
        ]
        others = [found.path for folder in (_SMALL, _RUNS) for found in self.store.finished(folder)]
        looked = self.store.read_all([*data, *((path, None) for path in others)], self._look_at)
        findings = [Finding(path, problem) for path, _, problem in looked if problem]
        found_already = {finding.path for finding in findings}
        findings += [finding for finding in view.findings if finding.path not in found_already]
        if reread:
            findings += [
                finding
                for one in view.snapshots.values()
                if one.raw not in found_already and (finding := self._read_otherwise(one))
            ]
        return Verified(len(looked), sum(size for _, size, _ in looked), tuple(sorted(findings, key=lambda f: f.path)))

    def old(self, keep_days: int) -> list[Snapshot]:
        """The snapshots of days before the last `keep_days`; the newest of each collection is never among them."""
        first_day = self._clock().date() - timedelta(days=keep_days)
        newest = {one.id for name in self._shown if (one := self.newest(name))}
        return [one for one in self._view.snapshots.values() if one.day < first_day and one.id not in newest]

    def prune(self, snapshots: Iterable[Snapshot]) -> None:
        """Remove snapshots for good: first from sight, then their files."""
        self._rewrite({one.id for one in snapshots})

    def compact(self) -> tuple[int, int]:
        """Put all small files of a collection into one, likewise the records of runs; rows kept twice go.

        Returns how many small files and records there were, and are.
        """
        before = self._count_small()
        shown = {one.id for kept in self._shown.values() for one in kept}
        self._rewrite(set(self._view.snapshots) - shown)
        listed = [found.path for found in self.store.finished(_RUNS)]
        runs = self._runs()
        if len(listed) > 1 and runs:
            self._put_runs(self._new_id(listed), runs)
            for path in listed:
                self.store.delete(path)
        return before, self._count_small()

    def sweep(self) -> int:
        """Remove what killed runs left behind, and nothing that a running one may still need; returns how many files.

        A file without a snapshot is taken away when it is older than GRACE. While small files are damaged nobody knows
        what they stood for, and only half-written files go.
        """
        before = self._clock() - GRACE
        written = [
            found.path for folder in (_FACTS, _RAW) for found in self.store.finished(folder) if found.written < before
        ]
        gone = [path for folder in (_SMALL, _FACTS, _RAW, _RUNS) for path in self.store.abandoned(folder, before)]
        self.reload()  # after the listing: what got its snapshot in between is needed
        if not self.notices:
            needed = {path for one in self._view.snapshots.values() for path in (one.facts, one.raw)}
            gone += [path for path in written if path not in needed]
        for path in gone:
            self.store.delete(path)
        return len(gone)

    def _count_small(self) -> int:
        return sum(len(self.store.finished(folder)) for folder in (_SMALL, _RUNS))

    def _see(self, view: _View) -> None:
        """Show each collection's snapshots in their order, but for those that say the same as the one before."""
        shown: dict[str, list[Snapshot]] = {}
        latest: dict[tuple[str, date | None], Snapshot] = {}
        replaced = {one.instead for one in view.snapshots.values()}
        for _, one in sorted(view.snapshots.items()):
            question = (one.collection, one.asked)
            before = latest.get(question)
            if one.id not in replaced and (before is None or before.rows_checksum != one.rows_checksum):
                latest[question] = one
                shown.setdefault(one.collection, []).append(one)
        # Only now: other threads may be reading what was there.
        self._view, self._shown, self._latest = view, shown, latest

    def _look(self) -> _View:
        view = _View(listed=[found.path for found in self.store.finished(_SMALL)])

        def read(paths: list[str]) -> None:
            for file in self.store.read_all(paths, self._open):
                if isinstance(file, Finding):
                    view.findings.append(file)
                    view.notices.append(f"{file.path} is left out: it {file.problem}.")
                else:
                    view.add(file)

        read([path for path in view.listed if _is_pack(path)])
        read([path for path in view.listed if not _is_pack(path) and store.stem(path) not in view.snapshots])
        return view

    def _open(self, path: str) -> _Small | Finding:
        try:
            content = self.store.read(path)
            store.check(path, content)
            about = pq.read_metadata(pa.BufferReader(content)).metadata or {}
            return _Small(path, content, _RECORDS.validate_json(about[_SNAPSHOTS.encode()]))
        except Damaged as error:
            return Finding(path, str(error))
        except (pa.ArrowException, KeyError, ValidationError):
            return Finding(path, "cannot be understood; a newer version of this program may have written it")

    def _made(
        self,
        answer: Answer,
        rows_checksum: str,
        *,
        asked: date | None = None,
        instead: str | None = None,
        number: int = 0,
    ) -> _Kept:
        """Make what a snapshot consists of, to be committed."""
        if answer.pages is None:
            raise ValueError("fetch with keep_raw what is to be kept")
        collection = answer.collection
        found = snapshot.facts(collection, answer.frame)
        identity = self._new_id(self._view.listed, number)
        about: dict[str, Any] = {
            "id": identity,
            "collection": collection.name,
            "day": asked or answer.fetched_at.date(),
            "fetched_at": answer.fetched_at,
            "asked": asked,
            "rows": len(answer.frame),
            "announced": answer.announced,
            "missing": answer.missing,
            "set_aside": len(answer.set_aside),
            "reasons": snapshot.reasons(answer.set_aside),
            "unread_customers": answer.unread_customers,
            "as_of": snapshot.as_of(found),
            "estimated": bool(found.attrs.get("estimated", False)),
            "rows_checksum": rows_checksum,
            "source": self.source,
            "address": answer.pages.address,
            "request_id": answer.pages.request_id,
            "correlation_id": answer.correlation_id,
            "instead": instead,
            "format": snapshot.FORMAT,
            "filter": "none",
            "program": protocol.VERSION,
        }
        folder = f"{collection.name}/date={about['day']}"
        files: dict[str, pa.Buffer] = {}

        def add(kind: str, content: pa.Buffer) -> None:
            path = f"{kind}/{folder}/{store.sealed(identity, 'parquet', content)}"
            about.update({kind: path, f"{kind}_size": content.size, f"{kind}_checksum": store.checksum(content)})
            files[path] = content

        # While Arrow writes the facts, which takes no interpreter, the rows in little are worked out beside it.
        with ThreadPoolExecutor(1, thread_name_prefix="history") as beside:
            little = beside.submit(snapshot.small, collection, found, identity, answer.fetched_at)
            add(_RAW, answer.pages.file(_metadata(about)))
            add(_FACTS, _parquet(snapshot.table(found, identity, answer.fetched_at), _metadata(about)))
            rows = little.result()
        return _Kept(Snapshot(**about), rows, files)

    def _commit(self, name: str, kept: Sequence[_Kept]) -> None:
        """Write snapshots; they become visible all at once, with the small file, which comes last."""
        files = {path: content for one in kept for path, content in one.files.items()}
        self.store.put_all(files)
        records = [one.record for one in kept]
        self._put_small(name, records, pa.concat_tables([one.rows for one in kept]))
        # A sweep that took this run for dead may have been here, however unlikely.
        there = self.store.infos(list(files))
        self.store.put_all({path: files[path] for path, info in zip(files, there, strict=True) if not info.is_file})

    def _put_small(self, name: str, records: Sequence[Snapshot], rows: pa.Table) -> _Small:
        content = _parquet(rows, {_SNAPSHOTS: _RECORDS.dump_json(list(records)).decode()})
        path = f"{_SMALL}/{records[0].collection}/{store.sealed(name, 'parquet', content)}"
        self.store.put(path, content)
        file = _Small(path, content, list(records))
        self._view.listed.append(path)
        self._view.add(file)
        self._see(self._view)
        return file

    def _pack_if_due(self, collection: str) -> None:
        """Put all small files into a new pack where many are in none, so that a reader opens few.

        Only the pack that it replaces is removed; single small files stay until somebody says `compact`.
        """
        mine = self._view.of(collection)
        old = [file for file in mine if _is_pack(file.path)]
        packed = {one.id for file in old for one in file.records}
        records = {one.id: one for file in mine for one in file.records}
        if len(records) > len(packed) + _LOOSE:
            self._pack(mine, records)
            for file in old:
                self.store.delete(file.path)
                self._view.files.remove(file)
                self._view.listed.remove(file.path)

    def _pack(self, files: Sequence[_Small], records: Mapping[str, Snapshot]) -> None:
        """Write one small file for these snapshots, whose rows are in `files`."""
        (collection,) = {one.collection for one in records.values()}
        rows = _rows(files, set(records), snapshot.small_schema(COLLECTIONS[collection]))
        name = _PACK + self._new_id(self._view.listed)
        file = self._put_small(name, [records[identity] for identity in sorted(records)], rows)
        store.check(file.path, self.store.read(file.path))

    def _rewrite(self, drop: set[str]) -> None:
        """Put all small files of each collection into one, without those snapshots; then remove what it replaces."""
        view = self._view
        dropped = [one for one in view.snapshots.values() if one.id in drop]
        damaged = {finding.path for finding in view.findings}
        for collection in {one.collection for one in view.snapshots.values()}:
            mine = view.of(collection)
            replaced = [path for path in view.listed if _collection(path) == collection and path not in damaged]
            records = {one.id: one for file in mine for one in file.records if one.id not in drop}
            if len(replaced) == 1 and len(records) == len(mine[0].records):
                continue
            if records:
                self._pack(mine, records)
            for path in replaced:
                self.store.delete(path)
        for one in dropped:
            self.store.delete(one.facts)
            self.store.delete(one.raw)
        self.reload()

    def _new_id(self, taken: Iterable[str], further: int = 0) -> str:
        """A name that sorts after all those taken, that nobody else uses, and that says when it was given."""
        numbers = [int(found[1]) for path in taken if (found := _NUMBER.match(path.rpartition("/")[2]))]
        number = max(numbers, default=0) + 1 + further
        return f"{number:08}-{self._clock():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"

    def _runs(self) -> list[Run]:
        """The last runs, oldest first; records that are not what was written are left out: nothing hangs on them."""
        listed = [found.path for found in self.store.finished(_RUNS)]
        runs = [run for found in self.store.read_all(listed[-_RUNS_READ:], self._read_runs) for run in found]
        return runs[-_RUNS_READ:]

    def _read_runs(self, path: str) -> list[Run]:
        try:
            content = self.store.read(path)
            store.check(path, content)
            return _RUN_LIST.validate_json(content.to_pybytes())
        except (FileNotFoundError, Damaged, ValidationError):
            return []

    def _put_runs(self, name: str, runs: list[Run]) -> None:
        content = pa.py_buffer(_RUN_LIST.dump_json(runs, exclude_none=True))
        self.store.put(f"{_RUNS}/{store.sealed(name, 'json', content)}", content)

    def _problems(self, snapshots: Sequence[Snapshot]) -> list[str]:
        """What is wrong with the facts of each, in words that follow "its file"; empty where nothing is."""
        infos = self.store.infos([one.facts for one in snapshots])
        return [self._problem(one, info) for one, info in zip(snapshots, infos, strict=True)]

    def _problem(self, one: Snapshot, info: Any) -> str:
        if not info.is_file:
            return "is gone"
        if info.size != one.facts_size:
            return f"has {info.size:,} bytes and not {one.facts_size:,}"
        seen = (info.path, info.mtime_ns)
        if self.store.is_local and seen not in _SOUND:
            if problem := self._look_at((one.facts, one.facts_checksum))[2]:
                return problem
            _SOUND.add(seen)
        return ""

    def _look_at(self, file: tuple[str, str | None]) -> tuple[str, int, str]:
        """A file's path, its size, and what is wrong with it."""
        path, checksum = file
        try:
            content = self.store.read(path)
            store.check(path, content, checksum)
        except FileNotFoundError:
            return path, 0, "is gone"
        except Damaged as error:
            return path, 0, str(error)
        return path, content.size, ""

    def _read_otherwise(self, one: Snapshot) -> Finding | None:
        """Whether the parser of today makes other rows of a kept answer."""
        try:
            again = self.reread(one)
        except (FileNotFoundError, Damaged) as error:
            return Finding(one.raw, str(error))
        except PartnerCenterError as error:
            return Finding(one.raw, f"cannot be read again: {error.message}")
        if snapshot.checksum(again.frame) != one.rows_checksum:
            return Finding(one.raw, "gives other rows today than when it was fetched")
        return None


def _name(collection: Collection | str) -> str:
    return collection if isinstance(collection, str) else collection.name


def _is_pack(path: str) -> bool:
    return path.rpartition("/")[2].startswith(_PACK)


def _collection(path: str) -> str:
    return path.split("/")[1]


def _described(one: Snapshot) -> str:
    return f"{COLLECTIONS[one.collection].title} of {one.fetched_at:%Y-%m-%d %H:%M} UTC"


def _rows(files: Iterable[_Small], wanted: set[str], schema: pa.Schema) -> pa.Table:
    """The rows of these snapshots, each from the first file that has it."""
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


def _parquet(rows: pa.Table, about: Mapping[str, str]) -> pa.Buffer:
    file = pa.BufferOutputStream()
    # Without the schema of Arrow: any engine is to find plain texts, and no dictionaries of ours.
    with pq.ParquetWriter(
        file, rows.schema, compression="zstd", store_schema=False, write_page_checksum=True
    ) as writer:
        writer.write_table(rows, row_group_size=_ROW_GROUP)
        writer.add_key_value_metadata(about)
    return file.getvalue()


def _metadata(about: Mapping[str, Any]) -> dict[str, str]:
    """What a file's metadata say of the snapshot that it belongs to."""
    return {_SNAPSHOTS: json.dumps([about], default=str, ensure_ascii=False)}
