"""Two dates of the history side by side: services from the summary, customers and products through an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pandas as pd

from data_access import measures, texts
from data_access.datasets.timeline import Timeline
from data_access.errors import DamagedHistory
from data_access.history.engines import Engine
from data_access.history.history import History
from data_access.history.snapshot import Snapshot
from data_access.measures import Facts, changes, core, customers, parts, product_names
from data_access.measures.changes import Status
from data_access.measures.free_products import PRODUCT
from data_access.measures.parts import OF_COMPANY, OF_CUSTOMER
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows
from data_access.partner_center import catalog
from data_access.partner_center.catalog import Collection
from data_access.selection import Selection

#: A day with figures stands for one without if it is no further from it.
NEAR = timedelta(days=14)
#: What tells rows apart that are gone, of what a row that was set aside can tell of itself.
TELL_APART = (customers.CUSTOMER, *customers.PRODUCT)
_LABELS = {customers.CUSTOMER: "customerName"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: a level of `changes.LEVELS`, and two days of which there are figures."""

    level: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Pair:
    """Two snapshots of one collection, the earlier one first."""

    before: Snapshot
    after: Snapshot

    @property
    def not_processed_anew(self) -> list[str]:
        """The services with the same processing date in both snapshots: Microsoft has not updated them in between."""
        was = {texts.key(code): instant for code, instant in self.before.as_of.items()}
        return sorted(
            code for code, instant in self.after.as_of.items() if instant and was.get(texts.key(code)) == instant
        )


@dataclass(frozen=True, eq=False)
class Differences:
    """Two dates side by side: `table` as of `changes.compare`; `estimated` says whether licenses deployed are.

    `parts`: the same by columns that tell the parts apart of which all is the sum, see `measures.parts`. `processed`:
    the processing dates (processedDateTime, UTC) that the table's rows had on the earlier date, by the columns that
    tell them apart. `unread`: what the later answer does not tell, by the names of products in `table`.
    `of_customers`: what it does not tell of customers of whom it tells something, as `parts.lost` has it; None at
    other levels. `gaps`: the rows of which it tells a part, and of which no lost part says what they lack; and those of
    which nothing was there before, and what there is now could not be read.
    """

    table: pd.DataFrame
    estimated: bool
    parts: pd.DataFrame
    processed: pd.DataFrame
    unread: UnreadRows = ALL_READ
    of_customers: pd.DataFrame | None = None
    gaps: pd.Index = field(default_factory=lambda: pd.Index([]))

    @property
    def untold(self) -> UnreadRows:
        """What of `unread` no row of the table stands for, since nobody can tell of what it is."""
        own = {name for name in TELL_APART if name in self.table}
        return self.unread.where(lambda row: not own <= {*row})

    def sold(self, when: str) -> pd.DataFrame:
        """The `parts` that are there `Before` or `After`, with the licenses sold then."""
        return _sold(self.parts, when)


def collection_of(timeline: Timeline, level: str) -> Collection:
    """The collection in which a level of `changes.LEVELS` is compared: customers and products need the counts."""
    return timeline.collection if changes.LEVELS[level] == ["service"] else catalog.COMMERCIAL_DEPLOYMENT


def days_of(timeline: Timeline, collection: Collection) -> dict[date, Snapshot]:
    """The days of which there are figures, oldest first, each with its last snapshot.

    A back-fill makes no day: it holds only the services that were processed then.
    """
    snapshots = timeline.history.snapshots(collection)
    days = {snapshot.day: snapshot for snapshot in snapshots if snapshot.rows and snapshot.backfill_date is None}
    return dict(sorted(days.items()))


def common_days(timeline: Timeline) -> list[date]:
    """The days on which every level can be compared, oldest first."""
    of_each = [days_of(timeline, collection_of(timeline, level)) for level in changes.LEVELS]
    return [day for day in of_each[0] if all(day in days for days in of_each)]


def nearest(days: Sequence[date], wanted: date) -> date | None:
    """The one of these days that is nearest to `wanted`, of two the earlier; None where none is `NEAR`."""
    near = [day for day in days if abs(day - wanted) <= NEAR]
    return min(near, key=lambda day: (abs(day - wanted), day), default=None)


def latest_on_or_before(days: Sequence[date], wanted: date) -> date:
    """The last of these days that is not after `wanted`; the first one where all are after it."""
    return max((day for day in days if day <= wanted), default=days[0])


def pair(timeline: Timeline, compared: Comparison) -> Pair:
    """The two snapshots that are compared."""
    days = days_of(timeline, collection_of(timeline, compared.level))
    return Pair(days[compared.since], days[compared.until])


def compare(
    timeline: Timeline, engine: Callable[[], Engine], compared: Comparison, selection: Selection
) -> Differences:
    """Both dates side by side, one row per key of the level: `changes.compare`, with names of customers.

    `engine` is called where the level needs one. Raises DamagedHistory where the file of a date is not what was
    written, EngineError where it cannot be read, SettingsError where there is no engine.
    """
    keys, snapshots = changes.LEVELS[compared.level], pair(timeline, compared)
    unread = timeline.history.unread(snapshots.after).within(customers.CUSTOMER, timeline.customers.__contains__)
    for column, codes in selection.wanted.items():
        unread = unread.within(column, {texts.key(code) for code in codes}.__contains__)
    both = (snapshots.before, snapshots.after)
    labels = [_LABELS[name] for name in keys if name in _LABELS]
    if collection_of(timeline, compared.level) is timeline.collection and keys == ["service"]:
        facts = timeline.facts.selected(selection)
        of_both = [facts.of(facts.frame[facts.frame["snapshot"] == snapshot.id]) for snapshot in both]

        def by(keys: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
            before, after = (measures.by(facts, keys) for facts in of_both)
            return before, after

        rows, of_company = by(keys), changes.compare(*by(OF_COMPANY), OF_COMPANY)
        table = changes.compare(*rows, keys)
        return _but_unread(Differences(table, timeline.estimated, of_company, _processed(*rows, keys)), unread)
    connected = engine()

    def rows_by(keys: Sequence[str], labels: Sequence[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame, UnreadRows]:
        grain = [*keys, PRODUCT] if "productName" in keys else keys
        before, after = (
            connected.grouped(facts_file(timeline.history, snapshot), grain, labels=labels, selection=selection)
            for snapshot in both
        )
        named = unread
        if grain is not keys:  # a product is the same by its id, and is compared by its name
            before = product_names.as_in(after, before)
            named = product_names.of_unread(unread, before)
            before, after = (measures.by(Facts(rows), keys, labels) for rows in (before, after))
        return before, after, named

    before, after, named = rows_by(keys, labels)
    table = changes.compare(before, after, keys, labels)
    of_company = table if {*OF_COMPANY} <= {*keys} else changes.compare(*rows_by(OF_COMPANY)[:2], OF_COMPANY)
    found = Differences(table, estimated=False, parts=of_company, processed=_processed(before, after, keys))
    if unread and not {*TELL_APART} <= {*keys}:  # rows are sums of a customer's products, or of a product's customers
        grain = [*dict.fromkeys((customers.CUSTOMER, *keys, *OF_CUSTOMER))]
        before, after, of_parts = rows_by(grain, [*_LABELS.values()])
        lost = parts.lost(before, after, OF_CUSTOMER, [name for name in grain if name not in OF_CUSTOMER], of_parts)
        return _but_unread(found, named, lost)
    return _but_unread(found, named)


def _but_unread(found: Differences, unread: UnreadRows, lost: pd.DataFrame | None = None) -> Differences:
    """The same, where nothing is called gone or changed that the later answer does not tell (`unread`).

    A row that was set aside leaves a gap in the row of the table that it names, which is added where there is none;
    what may have been set aside, or did not come, leaves one where a part is lost. `lost`: those parts, without it
    those of the company.
    """
    if not unread:
        return found
    own = [name for name in TELL_APART if name in found.table]
    number = len(found.table)
    found = replace(found, table=_with_unread(found.table, own, unread))
    why = pd.Series(parts.why(found.table, own, unread), found.table.index, dtype="str")
    is_gone = found.table["status"] == Status.GONE
    is_unread = (why == Absence.UNREAD) | (is_gone & (why == Absence.UNCERTAIN))
    if own == ["service"]:
        lost = parts.lost(found.sold("Before"), found.sold("After"), OF_COMPANY, unread=unread)
    is_named = pd.Series(False, found.table.index)
    if lost is not None:
        lost = lost[lost[parts.WHY] != Absence.GONE]
        of_table, of_lost = (pd.MultiIndex.from_frame(parts.keyed(rows, own)) for rows in (found.table, lost))
        lacks = of_table.isin(of_lost)
        is_unread |= lacks
        is_named |= lacks & (len(own) == 1)
    table = changes.but_unread(found.table, is_unread)
    is_partly = is_unread & table["licensesSoldAfter"].notna()
    of_customers = None
    if lost is not None and own == [customers.CUSTOMER]:
        of_customers = lost[lost[customers.CUSTOMER].isin(table[is_partly][customers.CUSTOMER])]
    gaps = table.index[(is_partly & ~is_named) | (table.index >= number)]
    return replace(found, table=table, unread=unread, of_customers=of_customers, gaps=gaps)


def _with_unread(table: pd.DataFrame, own: Sequence[str], unread: UnreadRows) -> pd.DataFrame:
    """The table, with a row for all that was set aside and had nothing before: `own` are its keys.

    It is called as in the table, and what is in none of its rows as it was sent.
    """
    rows = [{name: row[name] for name in own} for row in unread.rows if {*own} <= {*row}]
    named = pd.DataFrame(rows, columns=[*own], dtype="str").drop_duplicates()
    there = pd.MultiIndex.from_frame(parts.keyed(table, own))
    new = named[~pd.MultiIndex.from_frame(named).isin(there)]
    if new.empty:
        return table
    as_known: dict[str, list[str | None]] = {}
    for name in own:
        sent = core.IDENTITIES[name](unread.texts_sent(name))
        known = {texts.key(text): text for text in (*sent.values(), *table[name].dropna().astype("str").unique())}
        as_known[name] = [known.get(text, text) for text in new[name]]
        if label := _LABELS.get(name):
            called = unread.called(name, label) | _called(table, name, label)
            as_known[label] = [called.get(text) for text in new[name]]
    return changes.with_nothing_before(table, pd.DataFrame(as_known, dtype="str"))


def _called(table: pd.DataFrame, name: str, label: str) -> dict[str, str]:
    """What the rows of a table are called, by the key of what tells them apart."""
    named = table[[name, label]].dropna().astype("str")
    return dict(zip(map(texts.key, named[name]), named[label], strict=True))


def _processed(before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """`Differences.processed`, its keys spelled as in `changes.compare`."""
    return changes.alike(before, after, keys)[0][[*keys, "processedDateTime"]]


def _sold(table: pd.DataFrame, when: str) -> pd.DataFrame:
    """The parts that are there on one of the dates of `changes.compare`, with the licenses sold then."""
    rows = table[changes.is_there(table, when)].assign(licensesSold=table[f"licensesSold{when}"])
    return rows.groupby([*OF_COMPANY], dropna=False, observed=True)["licensesSold"].sum().reset_index()


def facts_file(history: History, snapshot: Snapshot) -> tuple[str, ...]:
    """The file with every row of a snapshot, for an engine. Raises DamagedHistory where it is not what was written."""
    return facts_files(history, [snapshot])


def facts_files(history: History, snapshots: Iterable[Snapshot]) -> tuple[str, ...]:
    """The same of several snapshots."""
    facts = history.facts(snapshots)
    if facts.notices:
        raise DamagedHistory(facts.notices[0], "Choose another date, or run verify to see what is damaged.")
    return facts.paths
