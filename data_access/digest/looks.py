"""What the history says at the moments between which a digest looks: which snapshots, and whose rows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property

import pandas as pd
from pyarrow import dataset

from data_access import formats, measures
from data_access.books import CUSTOMER, Customers
from data_access.datasets.comparison import facts_file
from data_access.digest.news import Look
from data_access.history import live
from data_access.history.history import History
from data_access.history.sent_log import Entry
from data_access.history.snapshot import Snapshot
from data_access.measures import Facts, renewals, trends
from data_access.measures.unread_rows import ALL_READ, UnreadRows
from data_access.partner_center import frames
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SEATS, SUBSCRIPTIONS, Collection

#: How far a person's first digest looks back, in days between processing dates.
FIRST_DAYS = 7
_NAMED = 10  # customers in one sentence
#: The name of the instant among the marks; the others are names of collections.
AT = "at"
_SOLD, _DEPLOYED = "licensesSold", "licensesDeployed"
_LOOKED_AT = (COMMERCIAL_DEPLOYMENT, SEATS, SUBSCRIPTIONS)


def processed(snapshot: Snapshot) -> date:
    """The newest processing date of a snapshot, or the day of the fetch where none was sent."""
    _, newest = snapshot.processed
    return newest.date() if newest else snapshot.day


def first_look(answers: Sequence[Snapshot]) -> Snapshot:
    """The last of some answers with rows, in the order of keeping, that is `FIRST_DAYS` older than the newest.

    The first one where none is as old. One that went back in time is as old as its fetch.
    """
    moments: list[datetime] = []
    for answer in answers:
        moments.append(trends.after(moments[-1] if moments else None, answer.processed[1], answer.fetched_at))
    until = moments[-1].date() - timedelta(days=FIRST_DAYS)
    old_enough = [answer for answer, moment in zip(answers, moments, strict=True) if moment.date() <= until]
    return old_enough[-1] if old_enough else answers[0]


def _with_licenses(look: Look) -> frozenset[str]:
    rows = look.facts.frame
    return frozenset(rows.loc[(rows[_SOLD] > 0) | (rows[_DEPLOYED] > 0), CUSTOMER].astype("str"))


class Looks:
    """Looks at one history. The rows of a snapshot are read once, and handed out as far as a person may see them."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._rows: dict[str, pd.DataFrame] = {}

    def marks(self, now: datetime) -> dict[str, str]:
        """What is looked at now: the newest snapshot of each collection, and the instant."""
        newest = {name.name: self._history.newest(name) for name in _LOOKED_AT}
        return {AT: now.isoformat(), **{name: snapshot.id for name, snapshot in newest.items() if snapshot}}

    def before(self, last: Entry | None, now: datetime, customers: Customers) -> Look:
        """The look of a person's last digest at these customers, with those of them who were in the book then.

        Without one, or where its figures were pruned, that of a first digest.
        """
        if last is None or self._snapshot(COMMERCIAL_DEPLOYMENT, last.looked_at) is None:
            return self._first(now, customers)
        then = customers if last.book is None else Customers(frozenset(filter(customers.__contains__, last.book)))
        return replace(self.look(last.looked_at, customers), customers=then, mutes=last.mutes, rules=last.rules)

    def look(self, marks: Mapping[str, str], customers: Customers) -> Look:
        """What was known at these marks of these customers. Raises DamagedHistory where a file cannot be read."""
        marked = self._snapshot(COMMERCIAL_DEPLOYMENT, marks)
        deployment, empty_since = self._history.last_figures(COMMERCIAL_DEPLOYMENT, marked) if marked else (None, None)
        facts = self._of(COMMERCIAL_DEPLOYMENT, deployment, customers)
        subscribed = self._snapshot(SUBSCRIPTIONS, marks)
        judged = None
        if subscribed:
            read = self._snapshot(SEATS, marks)
            seats = self._of(SEATS, read, customers) if read else None
            judged = renewals.judged(self._of(SUBSCRIPTIONS, subscribed, customers), seats, facts, self._titles)
        return Look(
            at=datetime.fromisoformat(marks[AT]),
            day=deployment.day if deployment else None,
            processed=processed(deployment) if deployment else None,
            facts=Facts(facts),
            empty_since=empty_since,
            unread=self._unread(deployment, customers),
            subscriptions=judged,
            customers=customers,
        )

    def earlier(self, before: Look, now: Look) -> frozenset[str]:
        """The customers with licenses now and none before, of whom an answer up to that look had some."""
        came = _with_licenses(now).difference(_with_licenses(before))
        if not came or before.day is None:
            return frozenset()
        until = [each for each in self._history.snapshots(COMMERCIAL_DEPLOYMENT) if each.day <= before.day]
        files = self._history.by_customer(until)
        rows = dataset.dataset(list(files.paths), format="parquet", filesystem=self._history.files)
        field = dataset.field
        of_them = field(CUSTOMER).isin(sorted(came)) & field("snapshot").isin([each.id for each in until])
        found = rows.to_table([CUSTOMER], filter=of_them & ((field(_SOLD) > 0) | (field(_DEPLOYED) > 0)))
        return frozenset(map(str, found[CUSTOMER].unique().to_pylist()))

    def unread(self, customers: Customers) -> tuple[str, ...]:
        """What of these customers the figures lack, and the newest answers, a sentence for each."""
        said = []
        last, empty_since = self._history.last_figures(COMMERCIAL_DEPLOYMENT)
        newest = (
            self._history.newest(COMMERCIAL_DEPLOYMENT) if empty_since else None
        )  # which leaves figures as they were
        for what, answer in (("answer", newest), ("figures", last)):
            if of_counts := self._unread(answer, customers).in_words:
                said.append(f"Of the newest {what}, {of_counts}.")
        for collection in (SUBSCRIPTIONS, SEATS):
            lacking = live.unread(self._history, (collection,)).items()
            names = sorted(formats.shortened(name or tenant, 60) for tenant, name in lacking if tenant in customers)
            more = f" and {formats.number(len(names) - _NAMED, 'more customer')}" if len(names) > _NAMED else ""
            if names:
                said.append(f"Not read the last time: the {collection.name} of {', '.join(names[:_NAMED])}{more}.")
        return tuple(said)

    @cached_property
    def _titles(self) -> dict[str, str]:
        """What the catalogue calls its SKUs."""
        return self._history.skus.titles()

    def _unread(self, deployment: Snapshot | None, customers: Customers) -> UnreadRows:
        """What an answer does not tell, as far as it may be of these customers."""
        if deployment is None:
            return ALL_READ
        return self._history.unread(deployment).within(CUSTOMER, customers.__contains__)

    def _first(self, now: datetime, customers: Customers) -> Look:
        snapshots = self._history.snapshots(COMMERCIAL_DEPLOYMENT)
        with_rows = [answer for answer in snapshots if answer.rows and not answer.backfill_date]
        marks = {AT: (now - timedelta(days=FIRST_DAYS)).isoformat()}
        if with_rows:
            marks[COMMERCIAL_DEPLOYMENT.name] = first_look(with_rows).id
        return self.look(marks, customers)

    def _snapshot(self, collection: Collection, marks: Mapping[str, str]) -> Snapshot | None:
        wanted = marks.get(collection.name)
        return next((each for each in self._history.snapshots(collection) if each.id == wanted), None)

    def _of(self, collection: Collection, snapshot: Snapshot | None, customers: Customers) -> pd.DataFrame:
        if snapshot is None:
            return measures.facts(collection, frames.frame(collection, [])).frame
        if snapshot.id not in self._rows and collection.live:
            self._rows[snapshot.id] = live.last_readings(self._history, snapshot)[0]
        elif snapshot.id not in self._rows:
            paths = list(facts_file(self._history, snapshot))
            rows = dataset.dataset(paths, format="parquet", filesystem=self._history.files)
            self._rows[snapshot.id] = measures.plain(rows.to_table().to_pandas())
        return customers.rows(self._rows[snapshot.id])
