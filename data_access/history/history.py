"""Every fetch of one account, kept as immutable snapshots: readable by any engine, written by any number of programs.

Below the account's folder, beside the small files of `index` and the records of `runs`:

    facts/<collection>/date=<day>/<id>-<checksum>.parquet     every row; sorted by customer
    raw/<collection>/date=<day>/<id>-<checksum>.parquet       the answer as it arrived, page by page
    months/<collection>/month=<month>/<id>-<checksum>.parquet the facts of a month that is over, as `compact` puts them

The small file is the commit: its record says all about the snapshot, these files included. What was written before it
and never got one is swept by a later run. Nothing is ever changed in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from data_access.errors import PartnerCenterError
from data_access.history import index, monthly, run_log, snapshot, store
from data_access.history.index import Finding, Index
from data_access.history.run_log import Run, Runs, Standing
from data_access.history.snapshot import File, Month, Snapshot
from data_access.history.store import Damaged, Store
from data_access.partner_center import protocol, raw_pages
from data_access.partner_center.catalog import COLLECTIONS, Collection
from data_access.partner_center.client import Answer

#: So long a file without a snapshot may belong to a run that is still going on.
GRACE = timedelta(days=1)

_FACTS, _RAW, _MONTHS = "facts", "raw", "months"
_OF_SNAPSHOTS = (_FACTS, _RAW, _MONTHS)
_WITH_RECORDS = (index.FOLDER, run_log.FOLDER)
_SOUND: set[tuple[str, int]] = set()  # files whose checksum this program has compared, and when they were written


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
class Compacted:
    """How many small files and records of runs there were and are, and how many months were put into one file."""

    before: int
    after: int
    months: int


@dataclass(frozen=True, eq=False)
class _Draft:
    """A snapshot that is not written yet: its record, its small rows, its other files by path."""

    record: Snapshot
    rows: pa.Table
    files: Mapping[str, pa.Buffer]


class History:
    """One account's snapshots. What it shows is of the moment it was opened; `reload` looks anew."""

    def __init__(self, place: Store, source: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Open it. Raises HistoryError where it cannot be read."""
        self.store = place
        self.source = source
        self._clock = clock
        self._index = Index(place, clock)
        self._runs = Runs(place, clock)

    @property
    def files(self) -> Any:
        """The `pyarrow.fs.FileSystem` that the paths are of."""
        return self.store.files

    @property
    def notices(self) -> tuple[str, ...]:
        """A sentence for each file that had to be left out when the history was opened."""
        return tuple(f"{found.path} is left out: it {found.problem}." for found in self._index.findings)

    @property
    def is_empty(self) -> bool:
        return not self._index.snapshots

    def reload(self) -> None:
        """Look at what there is now.

        Raises HistoryError where it cannot be read.
        """
        self._index.reload()

    def snapshots(self, collection: Collection | str) -> list[Snapshot]:
        """The snapshots of a collection in the order of keeping; rows that came twice in a row are there once."""
        return list(self._index.shown.get(_name(collection), ()))

    def newest(self, collection: Collection | str) -> Snapshot | None:
        """The newest snapshot of a collection; those of a back-fill do not count."""
        return next((one for one in reversed(self.snapshots(collection)) if one.asked is None), None)

    def small(self, collection: Collection | str) -> pa.Table:
        """The rows by service and channel of all snapshots of a collection; columns as in `snapshot.small`."""
        return self._index.rows(_name(collection))

    def facts(self, snapshots: Iterable[Snapshot]) -> Paths:
        """The files with every row of these snapshots, in their order; one that is not what was written is left out.

        Sizes are compared each time, checksums once in the life of this program and only in a folder: an object store
        sees to its objects itself.
        """
        wanted = list(snapshots)
        paths, notices = [], []
        for one, problem in zip(wanted, self._problems([_facts(one) for one in wanted]), strict=True):
            if problem:
                notices.append(f"{_described(one)} is left out: its file {problem}.")
            else:
                paths.append(self.store.full(one.facts))
        return Paths(tuple(paths), tuple(notices))

    def by_customer(self, snapshots: Iterable[Snapshot]) -> Paths:
        """The same rows in fewer files where `compact` has put months together, for questions about one customer.

        They may hold rows of other snapshots as well. A month's file that is not what was written is not used, nor one
        whose rows would come twice.
        """
        wanted = list(snapshots)
        sound = self._sound_months(wanted)
        rest = self.facts(one for one in wanted if one.month not in sound)
        return Paths((*(self.store.full(file.path) for file in sound), *rest.paths), rest.notices)

    def reread(self, one: Snapshot) -> raw_pages.Reread:
        """Read a kept answer again with the parser of today.

        Raises FileNotFoundError or Damaged where the file is not what was written, one of the family in `errors` where
        a body cannot be understood.
        """
        content = self.store.read(one.raw)
        store.check(one.raw, content)
        return raw_pages.reread(COLLECTIONS[one.collection], content)

    def append(self, answer: Answer, asked: date | None = None) -> Kept:
        """Keep an answer that was fetched with `keep_raw`, unless the newest snapshot has the same rows already.

        `asked` is the processing date that was asked for, in a back-fill. Raises HistoryError where it cannot be
        written; it is then kept in no part.
        """
        same = self._index.latest(answer.collection.name, asked)
        answer = replace(answer, frame=snapshot.folded(answer.frame))
        rows_checksum = snapshot.checksum(answer.frame)
        if same and same.rows_checksum == rows_checksum and not any(self._problems([_facts(same)])):
            return Kept(same, again=True)
        instead = same.id if same and same.rows_checksum == rows_checksum else None
        kept = self._made(answer, rows_checksum, asked=asked, instead=instead)
        self._commit(kept.record.id, [kept])
        self._index.pack_if_due(answer.collection.name)
        return Kept(kept.record, again=False)

    def append_all(self, answers: Iterable[Answer]) -> list[Snapshot]:
        """Keep the answers to one collection, oldest first, so that all of them appear at once."""
        kept: list[_Draft] = []
        for answer in answers:
            rows_checksum = snapshot.checksum(answer.frame)
            if not kept or kept[-1].record.rows_checksum != rows_checksum:
                kept.append(self._made(answer, rows_checksum, number=len(kept)))
        if kept:
            self._commit(index.PACK + kept[-1].record.id, kept)
        return [one.record for one in kept]

    def record(self, run: Run) -> None:
        """Remember what a run tried and got.

        Raises HistoryError where that cannot be written.
        """
        self._runs.add(run)

    def standing(self) -> dict[str, Standing]:
        """Where each collection stands that was ever kept or tried."""
        found: dict[str, Standing] = {}
        for name in self._index.shown:
            newest = self.newest(name)
            found[name] = Standing(newest.fetched_at if newest else None)
        for run in self._runs.newest():
            for name, tried in run.outcomes.items():
                found[name] = found.get(name, Standing()).after(tried)
        return found

    def verify(self, *, reread: bool = False) -> Verified:
        """Compare every file with its checksum; with `reread` also read each raw answer again and compare the rows."""
        self.reload()
        snapshots = self._index.snapshots.values()
        data = dict.fromkeys((file.path, file.checksum) for one in snapshots for file in one.files)
        others = [found.path for folder in _WITH_RECORDS for found in self.store.finished(folder)]
        looked = self.store.read_all([*data, *((path, None) for path in others)], self._look_at)
        findings = [Finding(path, problem) for path, _, problem in looked if problem]
        found_already = {finding.path for finding in findings}
        findings += [finding for finding in self._index.findings if finding.path not in found_already]
        if reread:
            findings += [
                finding for one in snapshots if one.raw not in found_already and (finding := self._read_otherwise(one))
            ]
        return Verified(len(looked), sum(size for _, size, _ in looked), tuple(sorted(findings, key=lambda f: f.path)))

    def old(self, keep_days: int) -> list[Snapshot]:
        """The snapshots of days before the last `keep_days`; the newest of each collection is never among them."""
        first_day = self._clock().date() - timedelta(days=keep_days)
        newest = {one.id for name in self._index.shown if (one := self.newest(name))}
        return [one for one in self._index.snapshots.values() if one.day < first_day and one.id not in newest]

    def prune(self, snapshots: Iterable[Snapshot]) -> None:
        """Remove snapshots for good: first from sight, then their files, and those of their months."""
        drop = {one.id: one for one in snapshots}
        theirs = {(one.collection, monthly.first_day(one)) for one in drop.values()}
        kept = {identity: one for identity, one in self._index.snapshots.items() if identity not in drop}
        self._keep(
            {
                identity: _without_month(one) if (one.collection, monthly.first_day(one)) in theirs else one
                for identity, one in kept.items()
            }
        )

    def compact(self) -> Compacted:
        """Put all small files of a collection into one, likewise the records of runs; rows kept twice go.

        Where one customer may be asked for, the facts of each month that is over are put into one file as well.
        Raises HistoryError where there is no room for it.
        """
        before = self._count_small()
        records = {one.id: one for kept in self._index.shown.values() for one in kept}
        merged = {one.id: one for one in self._merge_months()}
        self._keep(records | merged)
        self._runs.compact()
        return Compacted(before, self._count_small(), len({one.month for one in merged.values() if one.month}))

    def sweep(self) -> int:
        """Remove what killed runs left behind, and nothing that a running one may still need; returns how many files.

        A file without a snapshot is taken away when it is older than GRACE. While small files are damaged nobody knows
        what they stood for, and only half-written files go.
        """
        before = self._clock() - GRACE
        written = [
            found.path for folder in _OF_SNAPSHOTS for found in self.store.finished(folder) if found.written < before
        ]
        gone = [path for folder in (*_OF_SNAPSHOTS, *_WITH_RECORDS) for path in self.store.abandoned(folder, before)]
        self.reload()  # after the listing: what got its snapshot in between is needed
        if not self._index.findings:
            needed = _paths(self._index.snapshots.values())
            gone += [path for path in written if path not in needed]
        for path in gone:
            self.store.delete(path)
        return len(gone)

    def _count_small(self) -> int:
        return sum(len(self.store.finished(folder)) for folder in _WITH_RECORDS)

    def _made(
        self,
        answer: Answer,
        rows_checksum: str,
        *,
        asked: date | None = None,
        instead: str | None = None,
        number: int = 0,
    ) -> _Draft:
        """Make what a snapshot consists of, to be committed."""
        if answer.pages is None:
            raise ValueError("fetch with keep_raw what is to be kept")
        collection = answer.collection
        found = snapshot.facts(collection, answer.frame)
        identity = self._index.new_id(number)
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
            "estimated": found.estimated,
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
            add(_FACTS, snapshot.parquet([snapshot.table(found, identity, answer.fetched_at)], _metadata(about)))
            rows = little.result()
        return _Draft(Snapshot(**about), rows, files)

    def _commit(self, name: str, kept: Sequence[_Draft]) -> None:
        """Write snapshots; they become visible all at once, with the small file, which comes last."""
        files = {path: content for one in kept for path, content in one.files.items()}
        self.store.put_all(files)
        self._index.commit(name, [one.record for one in kept], pa.concat_tables([one.rows for one in kept]))
        # A sweep that took this run for dead may have been here, however unlikely.
        there = self.store.infos(list(files))
        self.store.put_all({path: files[path] for path, info in zip(files, there, strict=True) if not info.is_file})

    def _keep(self, records: Mapping[str, Snapshot]) -> None:
        """Let these be all that there is, and remove what the others alone had."""
        before = _paths(self._index.snapshots.values())
        self._index.rewrite(records)
        for path in sorted(before - _paths(records.values())):
            self.store.delete(path)

    def _merge_months(self) -> list[Snapshot]:
        """Put the facts of months that are over into one file each, where they are in none; the records to be kept.

        A snapshot whose facts are damaged is in no file of a month any more.
        """
        merged: list[Snapshot] = []
        for collection in monthly.COLLECTIONS:
            for month, found in monthly.finished(self.snapshots(collection), self._clock().date()).items():
                problems = self._problems([_facts(one) for one in found])
                sound = [one for one, problem in zip(found, problems, strict=True) if not problem]
                damaged = [one for one, problem in zip(found, problems, strict=True) if problem]
                there = len({one.month for one in sound}) == 1 and self._sound_months(sound)
                if len(sound) > 1 and not there:
                    merged += self._merge(collection, month, sound)
                    merged += [_without_month(one) for one in damaged if one.month]
        return merged

    def _merge(self, collection: Collection, month: date, sound: Sequence[Snapshot]) -> list[Snapshot]:
        with store.understood(self.store.url):
            rows = monthly.merged(self.files, [self.store.full(one.facts) for one in sound])
            content = snapshot.parquet(rows, {index.SNAPSHOTS: json.dumps([one.id for one in sound])})
        name = store.sealed(self._index.new_id(), "parquet", content)
        path = f"{_MONTHS}/{collection.name}/month={month:%Y-%m}/{name}"
        self.store.put(path, content)
        file = Month(path=path, size=content.size, checksum=store.checksum(content), snapshots=len(sound))
        return [one.model_copy(update={"month": file}) for one in sound]

    def _sound_months(self, snapshots: Iterable[Snapshot]) -> list[Month]:
        complete = monthly.complete(self._index.snapshots.values())
        known = list(dict.fromkeys(one.month for one in snapshots if one.month in complete))
        return [file for file, problem in zip(known, self._problems(known), strict=True) if not problem]

    def _problems(self, files: Sequence[File]) -> list[str]:
        """What is wrong with each, in words that follow "its file"; empty where nothing is."""
        infos = self.store.infos([file.path for file in files])
        return [self._problem(file, info) for file, info in zip(files, infos, strict=True)]

    def _problem(self, file: File, info: Any) -> str:
        if not info.is_file:
            return "is gone"
        if info.size != file.size:
            return f"has {info.size:,} bytes and not {file.size:,}"
        seen = (info.path, info.mtime_ns)
        if self.store.is_local and seen not in _SOUND:
            if problem := self._look_at((file.path, file.checksum))[2]:
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


def _described(one: Snapshot) -> str:
    return f"{COLLECTIONS[one.collection].title} of {one.fetched_at:%Y-%m-%d %H:%M} UTC"


def _facts(one: Snapshot) -> File:
    return one.files[0]


def _without_month(one: Snapshot) -> Snapshot:
    return one.model_copy(update={"month": None})


def _paths(snapshots: Iterable[Snapshot]) -> set[str]:
    return {file.path for one in snapshots for file in one.files}


def _metadata(about: Mapping[str, Any]) -> dict[str, str]:
    """What a file's metadata say of the snapshot that it belongs to, as far as that is known when it is written."""
    return {index.SNAPSHOTS: json.dumps([about], default=str, ensure_ascii=False)}
