"""The history of one account: every fetch is an immutable snapshot that any engine can read.

Below the account's folder, beside the summary files of `index` and the records of `run_log`:

    facts/<collection>/date=<day>/<id>-<checksum>.parquet     every row, sorted by customer
    raw/<collection>/date=<day>/<id>-<checksum>.parquet       the answer as it arrived, page by page
    months/<collection>/month=<month>/<id>-<checksum>.parquet the facts of a month that is over, written by `compact`
    parts/<collection>/date=<day>/<id>-<checksum>.parquet     answers of a run that is not over, see `parts`

The summary file is the commit: its record says all about the snapshot, these files included. A file that was written
before it and never got one is one of the `leftovers`. Nothing is ever changed in place, so any number of programs may
write at the same time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pyarrow as pa

from data_access.errors import HistoryError, PartnerCenterError
from data_access.history import index, layout, leftovers, losses, monthly, run_log, soundness, store
from data_access.history.audit import Audit
from data_access.history.draft import Draft
from data_access.history.index import Finding, Index
from data_access.history.leftovers import Leftovers
from data_access.history.results import Compacted, Kept, Paths, Verified
from data_access.history.run_log import Job, Run, Runs, Standing
from data_access.history.skus import Skus
from data_access.history.snapshot import (
    File,
    Month,
    Owner,
    Snapshot,
    checksum,
    file_paths,
    folded,
    of_customers,
    sent_checksum,
    told_by,
)
from data_access.history.soundness import Inspected
from data_access.history.store import Damaged, Store, Wrong
from data_access.measures import health, unread_rows
from data_access.measures.unread_rows import UnreadRows
from data_access.partner_center import frames, raw_pages
from data_access.partner_center.answers import Answer, OfCustomers
from data_access.partner_center.catalog import COLLECTIONS, Collection

_LOOKS = 5  # of `verify`, while other programs remove files
_OTHER_ROWS = "gives other rows today than when it was fetched"


class History:
    """One account's snapshots as they were when it was opened; `reload` looks anew.

    `loose_files`: so many summary files of a collection may stand beside its pack before a run packs them.
    """

    def __init__(
        self,
        folder: Store,
        source: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        owner: Owner | None = None,
        loose_files: int = index.LOOSE_FILES,
    ) -> None:
        """Open the history in the account's folder. Raises HistoryError where it cannot be read.

        With an owner, records of other accounts are left out.
        """
        self.store = folder
        self.source = source
        self._clock = clock
        self._owner = owner
        self._index = Index(folder, clock, loose_files, owner)
        self._runs = Runs(folder, clock)
        self.skus = Skus(folder, clock)
        """What the catalogue of products said."""
        self._unread: dict[str, UnreadRows] = {}  # of the answers that were read again for it, by snapshot

    @property
    def files(self) -> Any:
        """The `pyarrow.fs.FileSystem` to which the paths belong."""
        return self.store.files

    @property
    def notices(self) -> tuple[str, ...]:
        """A sentence for each file that was left out when the history was opened."""
        return tuple(f"{finding.path} is left out: it {finding.problem}." for finding in self._index.findings)

    @property
    def denied(self) -> str:
        """What of the history this account of the machine may not read and what to do, in sentences; or an empty text.

        Raises HistoryError where a folder cannot be listed.
        """
        denied = self.store.denied()
        return " ".join(self.store.denial(denied)) if denied else ""

    @property
    def is_empty(self) -> bool:
        return not self._index.snapshots

    def reload(self) -> None:
        """Read the index again.

        Raises HistoryError where it cannot be read.
        """
        self._index.reload()

    def snapshots(self, collection: Collection | str) -> list[Snapshot]:
        """The snapshots of a collection in the order of keeping; rows that came twice in a row are there once."""
        return list(self._index.by_collection.get(_name(collection), ()))

    def newest(self, collection: Collection | str) -> Snapshot | None:
        """The newest snapshot of a collection; those of a back-fill do not count."""
        snapshots = reversed(self.snapshots(collection))
        return next((snapshot for snapshot in snapshots if snapshot.backfill_date is None), None)

    def last_figures(
        self, collection: Collection | str, until: Snapshot | None = None
    ) -> tuple[Snapshot | None, date | None]:
        """The last answer that has rows, and the day since when later ones have none; of those up to `until`.

        An answer without rows takes nobody's figures away. The day is None where the newest answer has rows. Where none
        ever had any, it is the newest answer and None. Back-fills do not count.
        """
        kept = [each for each in self.snapshots(collection) if each.backfill_date is None]
        answers = [each for each in kept if until is None or each.id <= until.id]
        with_rows = [place for place, answer in enumerate(answers) if answer.rows]
        if not with_rows:
            return (answers[-1] if answers else None), None
        later = answers[with_rows[-1] + 1 :]
        return answers[with_rows[-1]], later[0].day if later else None

    def until(self, day: date) -> History:
        """The history as it was at the end of a day (UTC), to read from alone; it has no records of runs."""
        history = copy.copy(self)
        history._index = self._index.until(day)  # noqa: SLF001 - of the same class
        return history

    @property
    def first_day(self) -> date | None:
        """The day of the first fetch that was kept; None where there is none."""
        return min((snapshot.fetched_at.date() for snapshot in self._index.snapshots.values()), default=None)

    def summary(self, collection: Collection | str) -> pa.Table:
        """The rows by service and channel of all snapshots of a collection; columns as in `snapshot.summary`."""
        return self._index.rows(_name(collection))

    def facts(self, snapshots: Iterable[Snapshot]) -> Paths:
        """The files with every row of these snapshots, in order; those that `soundness` finds changed left out."""
        snapshots = list(snapshots)
        problems = soundness.problems(self.store, [snapshot.facts_file for snapshot in snapshots])
        paths, notices = [], []
        for snapshot, problem in zip(snapshots, problems, strict=True):
            if problem:
                notices.append(f"{_described(snapshot)} is left out: its file {problem}.")
            else:
                paths.append(self.store.full(snapshot.facts))
        return Paths(tuple(paths), tuple(notices))

    def by_customer(self, snapshots: Iterable[Snapshot]) -> Paths:
        """The same rows in fewer files where `compact` has written months, for questions about one customer.

        The files may hold rows of other snapshots as well. A month's file is not used where it is not what was written,
        or where rows would come twice.
        """
        snapshots = list(snapshots)
        months = self._sound_months(snapshots)
        days = self.facts(snapshot for snapshot in snapshots if snapshot.month not in months)
        return Paths((*(self.store.full(month.path) for month in months), *days.paths), days.notices)

    def reread(self, snapshot: Snapshot) -> raw_pages.Reread:
        """Read a raw answer again with today's parser.

        Raises FileNotFoundError or Damaged where the file is not what was written, one of the family in `errors` where
        a body cannot be understood.
        """
        content = self.store.read_sound(snapshot.raw, size=snapshot.raw_size)
        return raw_pages.reread(COLLECTIONS[snapshot.collection], content)

    def unread(self, snapshot: Snapshot) -> UnreadRows:
        """What an answer does not tell; where rows were set aside, they are read again, once, from what was sent."""
        if not snapshot.set_aside:
            return UnreadRows(missing=snapshot.missing)
        if snapshot.id not in self._unread:
            try:
                rows = self.reread(snapshot).set_aside
            except (FileNotFoundError, Damaged, PartnerCenterError):
                # Rows that are not found again may be of anything, like those that did not come.
                return UnreadRows(missing=snapshot.missing + snapshot.set_aside)
            lacking = max(0, snapshot.set_aside - len(rows))
            self._unread[snapshot.id] = unread_rows.of(rows, snapshot.missing + lacking)
        return self._unread[snapshot.id]

    def of_customers(self, snapshot: Snapshot) -> OfCustomers:
        """The customers that a snapshot has no rows of, by why; nobody in a collection that is not live.

        Raises HistoryError, FileNotFoundError or Damaged where its file cannot be read.
        """
        return of_customers(self.store.read(snapshot.facts, snapshot.facts_size))

    def append(self, answer: Answer, backfill_date: date | None = None) -> Kept:
        """Keep an answer that was fetched with `keep_raw`, unless the newest snapshot has its rows and lacks as many.

        `backfill_date` is the processing date that was requested, in a back-fill. Raises HistoryError where the answer
        cannot be written; no part of it is then kept.
        """
        answer = replace(answer, frame=folded(answer.frame))
        told = told_by(answer)
        latest = self._index.latest(answer.collection.name, backfill_date)
        same = latest if latest and latest.told == told else None
        if same and not any(soundness.problems(self.store, [same.facts_file])):
            return Kept(same, again=True)
        new = self._draft(answer, told.rows_checksum, backfill_date=backfill_date, replaces=same.id if same else None)
        self._commit(new.record.id, [new])
        self._index.pack_if_due(answer.collection.name)
        return Kept(new.record, again=False)

    def append_all(self, answers: Iterable[Answer]) -> list[Snapshot]:
        """Keep the answers to one collection, oldest first, so that all of them appear at once."""
        drafts: list[Draft] = []
        for answer in answers:
            told = told_by(answer)
            if not drafts or drafts[-1].record.told != told:
                drafts.append(self._draft(answer, told.rows_checksum, further=len(drafts)))
        if drafts:
            self._commit(index.PACK + drafts[-1].record.id, drafts)
        return [new.record for new in drafts]

    def record(self, run: Run) -> None:
        """Remember what became of a run.

        Raises HistoryError where that cannot be written.
        """
        self._runs.add(run)

    def standing(self) -> dict[str, Standing]:
        """The standing of each collection that was ever kept or tried."""
        standings: dict[str, Standing] = {}
        for name in self._index.by_collection:
            newest = self.newest(name)
            standings[name] = Standing(newest.fetched_at if newest else None)
        for run in self._runs.newest():
            for name, tried in run.outcomes.items():
                standings[name] = standings.get(name, Standing()).after(tried)
        return standings

    def last_found(self, collection: Collection | str) -> dict[str, datetime]:
        """When (UTC) a run last found the answer as a snapshot keeps it, by the snapshot's id.

        Equal answers are kept once. Of a snapshot that is not there no run is known: it is as old as its fetch.
        """
        tried = [run.outcomes.get(_name(collection)) for run in self._runs.newest()]
        return {each.snapshot: each.at for each in tried if each and each.snapshot}

    def jobs(self) -> dict[str, Job]:
        """Where each job stands that was ever recorded."""
        return run_log.jobs(self._runs.newest())

    @property
    def size(self) -> int:
        """The bytes of all snapshots' files."""
        files = {file.path: file.size for snapshot in self._index.snapshots.values() for file in snapshot.files}
        return sum(files.values())

    @property
    def audit(self) -> Audit:
        """Who looked at what, and took what away."""
        return Audit(self.store, self._clock)

    @property
    def leftovers(self) -> Leftovers:
        """What no snapshot names."""
        return Leftovers(self.store, self._index, self._clock)

    def loss(
        self, collection: Collection | str, found_again: Iterable[tuple[str, datetime]] = ()
    ) -> health.Loss | None:
        """What the newest answer of a collection lost, where that is more than is usual.

        `found_again`: see `Standing`, for one whose end may be in an answer that is not kept.
        """
        kept, summary = self.snapshots(collection), self.summary(collection)
        return losses.loss(self.store, kept, summary, self.unread, dict(found_again))

    def verify(self, *, reread: bool = False) -> Verified:
        """Compare every file with its checksum; with `reread` also parse each raw answer again and compare the rows.

        Raises HistoryError where the history cannot be read, or changes all the time.
        """
        inspected, unclaimed = self._inspected()
        findings = [Finding(file.path, file.problem, file.wrong) for file in inspected if file.problem]
        known = {finding.path for finding in findings}
        strangers = [each for folder in layout.FOLDERS for each in self.store.strangers(folder)]
        elsewhere = [*self._index.findings, *(Finding(path, problem, Wrong.MISPLACED) for path, problem in strangers)]
        findings += {finding.path: finding for finding in elsewhere if finding.path not in known}.values()
        outgrown: set[str] = set()
        if reread:
            otherwise = [
                (snapshot, finding)
                for snapshot in self._index.snapshots.values()
                if snapshot.raw not in known and (finding := self._reread_otherwise(snapshot))
            ]
            if any(finding.problem == soundness.GONE for _, finding in otherwise):
                self.reload()  # it takes its time; what was removed for good meanwhile is no damage
                otherwise = [(snapshot, each) for snapshot, each in otherwise if snapshot.id in self._index.snapshots]
            outgrown = {
                finding.path
                for snapshot, finding in otherwise
                if finding.problem == _OTHER_ROWS and snapshot.reading < frames.READING
            }
            findings += [finding for _, finding in otherwise if finding.path not in outgrown]
        findings.sort(key=lambda finding: finding.path)
        size = sum(file.size for file in inspected)
        return Verified(len(inspected), size, tuple(findings), len(outgrown), tuple(unclaimed))

    def old(self, keep_days: int) -> list[Snapshot]:
        """The snapshots of days before the last `keep_days`; the newest of each collection is never among them."""
        first_day = leftovers.first_day(self._clock(), keep_days)
        newest = {snapshot.id for name in self._index.by_collection if (snapshot := self.newest(name))}
        snapshots = self._index.snapshots.values()
        return [snapshot for snapshot in snapshots if snapshot.day < first_day and snapshot.id not in newest]

    def prune(self, snapshots: Iterable[Snapshot]) -> None:
        """Remove snapshots for good: first their records, then their files, and those of their months.

        Raises HistoryError where there is no room for the records of the others; no snapshot is then lost.
        """
        self.reload()
        pruned = {snapshot.id: snapshot for snapshot in snapshots}
        months = {(snapshot.collection, monthly.first_day(snapshot)) for snapshot in pruned.values()}
        self._keep(
            {
                snapshot.id: _without_month(snapshot)
                if (snapshot.collection, monthly.first_day(snapshot)) in months
                else snapshot
                for snapshot in self._index.snapshots.values()
                if snapshot.id not in pruned
            }
        )

    def compact(self) -> Compacted:
        """Put all summary files of a collection into one, likewise the records of runs.

        Rows that were kept twice in a row go, unless a summary file is damaged. In collections that are read by
        customer, the facts of each month that is over are put into one file as well.

        Raises HistoryError where there is no room for it, or another program does the same at this moment.
        """
        before = self._count_with_records()
        merged = {snapshot.id: snapshot for snapshot in self._merge_months()}
        self.reload()  # months take their time; what was removed meanwhile must not come back
        remaining = [snapshot for several in self._index.by_collection.values() for snapshot in several]
        if self._index.findings:  # between two with the same rows, one that cannot be read today may have others
            remaining = list(self._index.snapshots.values())
        self._keep({snapshot.id: merged.get(snapshot.id, snapshot) for snapshot in remaining})
        self._runs.compact()
        self.audit.compact()
        self.skus.compact()
        months = {snapshot.month for snapshot in merged.values() if snapshot.month}
        return Compacted(before, self._count_with_records(), len(months))

    def _inspected(self) -> tuple[list[Inspected], list[str]]:
        """Every file that should be there, as it was read, and those that belong to no snapshot.

        What `compact`, `prune` and others removed or replaced since it was listed is no damage: a file is gone where it
        should still be there by a second look, and is not.
        """
        inspected: dict[str, Inspected] = {}
        gone: set[str] = set()
        for _ in range(_LOOKS):
            unclaimed = [file.path for file in self.leftovers.unclaimed()]
            snapshots = self._index.snapshots.values()
            expected: dict[str, File | None] = {file.path: file for snapshot in snapshots for file in snapshot.files}
            expected |= {file.path: None for folder in layout.WITH_RECORDS for file in self.store.finished(folder)}
            inspected = {path: inspected[path] for path in expected if path in inspected and path not in gone}
            new = [(path, file) for path, file in expected.items() if path not in inspected]
            read = self.store.read_all(new, lambda file: soundness.inspect(self.store, *file))
            inspected |= {file.path: file for file in read}
            before, gone = gone, {file.path for file in read if file.problem == soundness.GONE}
            if gone <= before:
                return list(inspected.values()), unclaimed
        raise HistoryError(
            "The history changes faster than it can be checked.", "Try again; `compact` or `prune` may be running."
        )

    def _count_with_records(self) -> int:
        return sum(len(self.store.finished(folder)) for folder in layout.WITH_RECORDS)

    def _draft(
        self,
        answer: Answer,
        rows_checksum: str,
        *,
        backfill_date: date | None = None,
        replaces: str | None = None,
        further: int = 0,
    ) -> Draft:
        return Draft.of(
            answer,
            identity=self._index.new_id(further),
            source=self.source,
            account=self._owner.account if self._owner else None,
            rows_checksum=rows_checksum,
            backfill_date=backfill_date,
            replaces=replaces,
        )

    def _commit(self, name: str, drafts: Sequence[Draft]) -> None:
        """Write snapshots; they become visible all at once, with the summary file, which comes last."""
        contents = {path: content for new in drafts for path, content in new.contents.items()}
        self.store.put_all(contents)
        self._index.commit(name, [new.record for new in drafts], pa.concat_tables([new.summary for new in drafts]))
        # A sweep that took this run for dead may have removed them, however unlikely.
        infos = self.store.infos(list(contents))
        missing = [path for path, info in zip(contents, infos, strict=True) if not info.is_file]
        self.store.put_all({path: contents[path] for path in missing})

    def _keep(self, records: Mapping[str, Snapshot]) -> None:
        """Let these be the only snapshots, and remove the files that only others had."""
        before = file_paths(self._index.snapshots.values())
        self._index.rewrite(records)
        # What is there now may have more: a summary file that another process holds open could not be removed.
        for path in sorted(before - file_paths(records.values()) - file_paths(self._index.snapshots.values())):
            self.store.delete(path)

    def _merge_months(self) -> list[Snapshot]:
        """Write the file of each month that is over and has none; returns the records that change.

        A snapshot whose facts are damaged is in no month's file any more.
        """
        changed: list[Snapshot] = []
        for collection in monthly.COLLECTIONS:
            for month, snapshots in monthly.finished(self.snapshots(collection), self._clock().date()).items():
                problems = soundness.problems(self.store, [snapshot.facts_file for snapshot in snapshots])
                sound = [snapshot for snapshot, problem in zip(snapshots, problems, strict=True) if not problem]
                damaged = [snapshot for snapshot, problem in zip(snapshots, problems, strict=True) if problem]
                merged = len({snapshot.month for snapshot in sound}) == 1 and self._sound_months(sound)
                if len(sound) > 1 and not merged:
                    changed += self._merge(collection, month, sound)
                    changed += [_without_month(snapshot) for snapshot in damaged if snapshot.month]
        return changed

    def _merge(self, collection: Collection, month: date, snapshots: Sequence[Snapshot]) -> list[Snapshot]:
        paths = [self.store.full(snapshot.facts) for snapshot in snapshots]
        with store.understood(self.store.url):
            content = monthly.content(self.files, paths, [snapshot.id for snapshot in snapshots])
        name = store.sealed(self._index.new_id(), "parquet", content)
        path = f"{monthly.FOLDER}/{collection.name}/month={month:%Y-%m}/{name}"
        self.store.put(path, content)
        file = Month(path=path, size=content.size, checksum=store.checksum(content), snapshots=len(snapshots))
        return [snapshot.model_copy(update={"month": file}) for snapshot in snapshots]

    def _sound_months(self, snapshots: Iterable[Snapshot]) -> list[Month]:
        complete = monthly.complete(self._index.snapshots.values())
        months = list(dict.fromkeys(snapshot.month for snapshot in snapshots if snapshot.month in complete))
        return [
            month for month, problem in zip(months, soundness.problems(self.store, months), strict=True) if not problem
        ]

    def _reread_otherwise(self, snapshot: Snapshot) -> Finding | None:
        """A finding where today's parser makes other rows of a raw answer."""
        try:
            reread = self.reread(snapshot)
        except Damaged as error:
            return Finding(snapshot.raw, str(error), error.wrong)
        except FileNotFoundError:
            return Finding(snapshot.raw, soundness.GONE)
        except PartnerCenterError as error:
            return Finding(snapshot.raw, f"cannot be read again: {error.message}")
        of = partial(sent_checksum, COLLECTIONS[snapshot.collection]) if snapshot.sent_checksum else checksum
        if of(reread.frame) != (snapshot.sent_checksum or snapshot.rows_checksum):
            return Finding(snapshot.raw, _OTHER_ROWS)
        return None


def _name(collection: Collection | str) -> str:
    return collection if isinstance(collection, str) else collection.name


def _described(snapshot: Snapshot) -> str:
    return f"{COLLECTIONS[snapshot.collection].title} of {snapshot.fetched_at:%Y-%m-%d %H:%M} UTC"


def _without_month(snapshot: Snapshot) -> Snapshot:
    return snapshot.model_copy(update={"month": None})
