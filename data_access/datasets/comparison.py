"""The history at two dates side by side: services from its rows in little, customers and products through an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from data_access import measures
from data_access.datasets.timeline import Timeline
from data_access.errors import DamagedHistory
from data_access.history.engines import Engine
from data_access.history.history import History
from data_access.history.snapshot import Snapshot
from data_access.measures import changes, customers, trends
from data_access.partner_center import catalog
from data_access.partner_center.catalog import Collection
from data_access.selection import Selection

_LABELS = {customers.CUSTOMER: "customerName"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be compared: a level of `changes.LEVELS`, and two days of which there are figures."""

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
        """The services that have one and the same processing date in both: that nothing changed there says nothing."""
        was = {code.casefold(): instant for code, instant in self.before.as_of.items()}
        return sorted(
            code for code, instant in self.after.as_of.items() if instant and was.get(code.casefold()) == instant
        )


@dataclass(frozen=True, eq=False)
class Differences:
    """Two dates side by side: `table` as of `changes.compare`; `estimated` says whether licenses deployed are."""

    table: pd.DataFrame
    estimated: bool


def collection(timeline: Timeline, level: str) -> Collection:
    """What a level of `changes.LEVELS` is compared in: only the commercial counts know customers and products."""
    return timeline.collection if changes.LEVELS[level] == ["service"] else catalog.COMMERCIAL_DEPLOYMENT


def days(timeline: Timeline, of: Collection) -> dict[date, Snapshot]:
    """The days of which there are figures, oldest first, each with the snapshot of it that was kept last.

    A back-fill is no day: it holds the services alone that were processed then.
    """
    found = {one.day: one for one in timeline.history.snapshots(of) if one.rows and one.backfill_date is None}
    return dict(sorted(found.items()))


def usual(known: Sequence[date], until: date) -> date:
    """The last day that is at least `trends.USUAL_DAYS` older than `until`, as on the Overview; else the first one.

    `known`: oldest first, at least one of them before `until`.
    """
    return at([day for day in known if day < until], until - timedelta(days=trends.USUAL_DAYS))


def at(known: Sequence[date], asked: date) -> date:
    """The day whose figures were the newest known on the day that is asked for; the first one for what is before it."""
    return max((day for day in known if day <= asked), default=known[0])


def pair(timeline: Timeline, asked: Asked) -> Pair:
    """The two snapshots that are compared."""
    known = days(timeline, collection(timeline, asked.level))
    return Pair(known[asked.since], known[asked.until])


def compare(timeline: Timeline, engine: Callable[[], Engine], asked: Asked, selection: Selection) -> Differences:
    """Both dates side by side, one row per key of the level: `changes.compare`, with names of customers.

    `engine` is called where the level needs one. Raises
    DamagedHistory where the file of a date is not what was written, EngineError where it cannot be read, SettingsError
    where there is no engine.
    """
    keys, chosen = changes.LEVELS[asked.level], pair(timeline, asked)
    labels = [_LABELS[name] for name in keys if name in _LABELS]
    if collection(timeline, asked.level) is timeline.collection and keys == ["service"]:
        facts = timeline.facts.selected(selection)
        before, after = (
            measures.by(facts.of(facts.frame[facts.frame["snapshot"] == one.id]), keys)
            for one in (chosen.before, chosen.after)
        )
        estimated = timeline.estimated
    else:
        answering = engine()
        before, after = (
            answering.grouped(file(timeline.history, one), keys, labels=labels, selection=selection)
            for one in (chosen.before, chosen.after)
        )
        estimated = False
    return Differences(changes.compare(before, after, keys, labels), estimated)


def file(history: History, one: Snapshot) -> tuple[str, ...]:
    """The file with every row of a snapshot, for an engine. Raises DamagedHistory where it is not what was written."""
    found = history.facts([one])
    if found.notices:
        raise DamagedHistory(found.notices[0], "Choose another date, or run verify to see what is damaged.")
    return found.paths
