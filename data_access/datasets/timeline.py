"""What the pages over time stand on: the account's history and its summary, read once for all visitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from data_access import history
from data_access.books import CUSTOMER, EVERYBODY, Customers
from data_access.history.engines import Engine, RestrictedEngine
from data_access.history.history import History
from data_access.history.results import Paths
from data_access.history.snapshot import Snapshot
from data_access.measures import Facts, product_names, trends
from data_access.measures.unread_rows import ALL_READ, UnreadRows
from data_access.partner_center import catalog
from data_access.partner_center.answers import Progress, Step
from data_access.partner_center.catalog import Collection
from data_access.settings import Settings


@dataclass(frozen=True, eq=False)
class Timeline:
    """The history at one moment. `facts` are what lines are drawn from (see `trends.rows`).

    `snapshots` are the ids of all that there were, `notices` says what had to be left out. `newest` is the record of
    the newest answer, which is what is now; None where there is none, or its rows could not be read. `customers` are
    those of whom it is.
    """

    history: History
    collection: Collection
    facts: Facts
    snapshots: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    newest: Snapshot | None = None
    customers: Customers = EVERYBODY

    @property
    def estimated(self) -> bool:
        return self.facts.estimated

    @cached_property
    def channels(self) -> list[str]:
        return sorted(self.facts.frame["channel"].dropna().unique())

    @cached_property
    def services(self) -> list[str]:
        """The codes of the services."""
        return sorted(self.facts.frame["service"].dropna().unique())

    @cached_property
    def processed(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest processing date; (None, None) where none is known."""
        dates = self.facts.frame["processedDateTime"].dropna()
        return (dates.min(), dates.max()) if len(dates) else (None, None)

    @cached_property
    def unread(self) -> UnreadRows:
        """What the newest answer does not tell."""
        return self.unread_of(self.newest)

    def unread_of(self, answer: Snapshot | None) -> UnreadRows:
        """What an answer does not tell of these customers, by the names of products of these facts."""
        found = self.history.unread(answer) if answer else ALL_READ
        return product_names.of_unread(found.within(CUSTOMER, self.customers.__contains__), self.facts.frame)

    def by(self, collection: Collection) -> Timeline | None:
        """The same by the figures of a collection; None where it is not kept, as live seats are not, or not of these.

        Pages of customers stand on the commercial counts where the lines of the company stand on partner deployment.
        """
        if collection is self.collection:
            return self
        return self._counts if collection is catalog.COMMERCIAL_DEPLOYMENT else None

    @cached_property
    def _counts(self) -> Timeline:
        # A timeline of some customers stands on the commercial counts itself, so this one is the company's.
        return _summed(self.history, catalog.COMMERCIAL_DEPLOYMENT)


def fetch(settings: Settings, last: Timeline | None, progress: Progress) -> Timeline:
    """Open the history; what has not changed since `last` stays the same object.

    Each time another one, since pages that are open go on with theirs. The sample's history is prepared first, and so
    grows as weeks pass.

    As on the Overview, lines stand on partner deployment, and on the commercial counts where there is none of it.
    Raises HistoryError where HISTORY_URL cannot be read, or the sample's history not be written.
    """
    progress(Step("Opening the history"))
    history.prepare_sample(settings)
    account = history.open(settings)
    if last and (last.snapshots, last.notices) == (_ids(account), account.notices):
        return last
    return of(account)


def until(past: Timeline, day: date) -> Timeline:
    """The same as it was at the end of a day (UTC)."""
    return of(past.history.until(day))


def of(account: History) -> Timeline:
    """What a history holds, read from it now."""
    collection = catalog.DEPLOYMENT
    if not any(snapshot.rows for snapshot in account.snapshots(collection)):
        collection = catalog.COMMERCIAL_DEPLOYMENT
    return _summed(account, collection)


def _summed(account: History, collection: Collection) -> Timeline:
    """The timeline of the sums of a collection by service and channel."""
    facts = trends.rows(account.summary(collection).to_pandas())
    back_fills = {snapshot.id for snapshot in account.snapshots(collection) if snapshot.backfill_date}
    return Timeline(
        account,
        collection,
        trends.with_back_fills(facts, back_fills),
        _ids(account),
        account.notices,
        account.newest(collection),
    )


def _ids(account: History) -> tuple[str, ...]:
    return tuple(snapshot.id for name in catalog.COLLECTIONS for snapshot in account.snapshots(name))


def of_customer(past: Timeline, engine: Engine, tenant: str) -> Timeline:
    """The same of one customer, from the commercial counts; `facts` are those of its products.

    Raises EngineError where the files cannot be read.
    """
    (found,) = of_each(past, engine, [tenant]).values()
    return found


def of_each(past: Timeline, engine: Engine, tenants: Sequence[str]) -> dict[str, Timeline]:
    """The same of several customers, by tenant id in capitals; the files are read once.

    Raises EngineError where the files cannot be read.
    """
    counts = _Counts.of(past)
    found = engine.customers(counts.files.paths, tenants)
    return {tenant: counts.timeline(facts, Customers(frozenset({tenant}))) for tenant, facts in found.items()}


def of_customers(past: Timeline, engine: Engine, customers: Customers) -> Timeline:
    """The same of some customers, from the commercial counts; `facts` are their sums by service and channel.

    Raises EngineError where the files cannot be read.
    """
    counts, keys = _Counts.of(past), ["service", "channel", "snapshot", "fetchedAt"]
    sums = RestrictedEngine(engine, customers).grouped(counts.files.paths, keys)
    return counts.timeline(trends.rows(sums.assign(estimated=False)), customers)


@dataclass(frozen=True, slots=True)
class _Counts:
    """The commercial counts of a history: all of their snapshots, and the files with their rows by customer."""

    history: History
    snapshots: Sequence[Snapshot]
    files: Paths

    @classmethod
    def of(cls, past: Timeline) -> _Counts:
        snapshots = past.history.snapshots(catalog.COMMERCIAL_DEPLOYMENT)
        return cls(past.history, snapshots, past.history.by_customer(snapshots))

    def timeline(self, facts: Facts, whose: Customers) -> Timeline:
        """The timeline of some customers, from their rows in the files."""
        ids = tuple(snapshot.id for snapshot in self.snapshots)
        facts = facts.of(product_names.as_lately(facts.frame[facts.frame["snapshot"].isin(ids)]))
        facts = trends.with_back_fills(facts, {each.id for each in self.snapshots if each.backfill_date})
        newest = None if self.files.notices else self.history.newest(catalog.COMMERCIAL_DEPLOYMENT)
        return Timeline(self.history, catalog.COMMERCIAL_DEPLOYMENT, facts, ids, self.files.notices, newest, whose)
