"""What the page of data health shows: what is asked of the history, each question once for all who look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from dashboard import ages, charts, formats, tables, theme, trust
from dashboard.data import Feeds, remembered
from dashboard.trust import Check, Mark
from data_access import (
    COLLECTIONS,
    PartnerCenterError,
    Snapshot,
    Timeline,
    catalog,
    changes,
    health,
    measures,
    names,
    trends,
)
from data_access.customers import CUSTOMER
from data_access.health import Timing

_DAY = 86_400  # seconds
_PLACE = ["service", "channel"]
_ORDER = {Timing.LATE: 0, Timing.UNKNOWN: 1, Timing.ON_TIME: 2}
_SEVERITY = list(Mark)


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found. `table` has one row per service, the late ones first, then the oldest."""

    mark: Mark
    sentence: str
    checks: list[Check]  # worst first
    table: pd.DataFrame
    figure: go.Figure
    words: str
    rows: pa.Table
    columns: dict[str, Any]
    last_read: datetime | None  # the newest reading of any collection
    complete: tuple[int, int]  # rows read, and rows there would be

    @property
    def on_time(self) -> int:
        return int((self.table["timing"] == Timing.ON_TIME).sum())


@remembered
def diagnose(feeds: Feeds, past: Timeline, now: datetime, dark: bool) -> Diagnosis:
    """The figures of the history as they stand; `now` is when somebody last looked at it."""
    standing = past.history.standing()
    newest = [one for name in COLLECTIONS if (one := past.history.newest(name))]
    readings = health.readings(newest)
    services = _services(past, now.replace(minute=0, second=0, microsecond=0))
    read = standing.get(past.collection.name)
    checks = [
        trust.timing(services, read.last_success if read else None),
        trust.collecting(standing, now),
        trust.reading(readings, newest),
        *_of_customers(feeds, past),
        _fitting(past),
        trust.left_out(past.notices),
    ]
    mark, sentence = trust.verdict(checks)
    table = services.assign(
        title=services["service"].map(names.service_title),
        ageDays=(pd.Timestamp(now) - services["processedDateTime"]).dt.total_seconds() / _DAY,
    )
    for one in newest:
        if one.collection != past.collection.name:
            table[f"{one.collection} processedDateTime"] = _dates(one, table["service"])
    table["_order"] = table["timing"].map(_ORDER)
    table = table.sort_values(["_order", "ageDays"], ascending=[True, False], ignore_index=True).drop(columns="_order")
    drawn = table.head(charts.MOST_BARS)
    shown = tables.ages(table)
    come = int(readings["rows"].sum())
    return Diagnosis(
        mark,
        sentence,
        sorted(checks, key=lambda check: _SEVERITY.index(check.mark)),
        table,
        ages.figure(drawn, theme.palette(dark)),
        ages.in_words(drawn),
        pa.Table.from_pandas(shown, preserve_index=False),
        tables.columns(shown),
        max((one.last_success for one in standing.values() if one.last_success), default=None),
        (come, come + int(readings["setAside"].sum() + readings["missing"].sum())),
    )


@remembered
def _services(past: Timeline, now: datetime) -> pd.DataFrame:
    return health.services(past.rows, now)


def _of_customers(feeds: Feeds, past: Timeline) -> list[Check]:
    """What only every single row tells: who is absent, and what is over-deployed."""
    kept = [one for one in past.history.snapshots(catalog.COMMERCIAL_DEPLOYMENT) if one.rows and one.asked is None]
    why = f"The history has no rows of *{catalog.COMMERCIAL_DEPLOYMENT.title}*."
    try:
        checks = _asked(feeds, past) if kept else []
    except PartnerCenterError as error:
        why = formats.plain(f"{error.message} {error.advice}")
        checks = []
    if not checks:
        checks.append(trust.not_at_hand("over", "Is anything deployed beyond what was sold?", why))
    if len(checks) == 1:
        lone = f"There is one date of *{catalog.COMMERCIAL_DEPLOYMENT.title}* so far." if len(kept) == 1 else why
        checks.append(trust.not_at_hand("absent", "Are all customers of last time still there?", lone))
    return checks


@remembered
def _asked(feeds: Feeds, past: Timeline) -> list[Check]:
    kept = [one for one in past.history.snapshots(catalog.COMMERCIAL_DEPLOYMENT) if one.rows and one.asked is None]
    engine = feeds.engine(past)

    def figures(one: Snapshot, keys: list[str]) -> pd.DataFrame:
        return engine.grouped(past.history.facts([one]).paths, keys, labels=["customerName"])

    everything = figures(kept[-1], changes.LEVELS["customer and product"])
    checks = [trust.over_deployed(health.over_deployed(everything))]
    if len(kept) > 1:
        before, after = (figures(one, [CUSTOMER]) for one in kept[-2:])
        checks.append(trust.absent(health.absent(before, after), (kept[-2].fetched_at, kept[-1].fetched_at)))
    return checks


@remembered
def _fitting(past: Timeline) -> Check:
    """Percentages against counts, from the rows in little of both collections."""
    sent, counted = (past.history.newest(one) for one in (catalog.DEPLOYMENT, catalog.COMMERCIAL_DEPLOYMENT))
    if past.collection is not catalog.DEPLOYMENT or not (sent and counted and counted.rows):
        return trust.contradictions(pd.DataFrame({"difference": []}))
    small = past.history.small(catalog.COMMERCIAL_DEPLOYMENT).to_pandas()
    rows = trends.rows(small[small["snapshot"] == counted.id].reset_index(drop=True))
    both = (measures.by(found, _PLACE) for found in (past.rows[past.rows["snapshot"] == sent.id], rows))
    return trust.contradictions(health.percent_against_counts(*both))


def _dates(one: Snapshot, services: pd.Series) -> pd.Series:
    dates = {code.casefold(): instant for code, instant in one.as_of.items()}
    return pd.to_datetime(services.str.casefold().map(dates), utc=True)
