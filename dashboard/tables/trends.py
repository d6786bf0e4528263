"""The table and the files of the Trends page: pace and target of each line, and the points of all lines."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard.tables.columns import Column, Kind, Table, count, following, instant, signed, text
from dashboard.tables.common import (
    AS_OF,
    CHANNEL,
    DEPLOYED,
    DEPLOYED_CHANGE,
    DEPLOYMENT_PERCENT,
    DEPLOYMENT_PERCENT_CHANGE,
    FETCHED_AT,
    MEASURED,
    SERVICE,
    SOLD,
    SOLD_CHANGE,
    TITLE,
    UNDEPLOYED,
    UNDEPLOYED_CHANGE,
    definition,
)
from data_access.measures import MEASURES

_RANGE = "The {} end of the range in which the true number of licenses deployed a week most likely lies."
_DAYS = "The {} day of the range in which the day of the target most likely lies."
_LINE = text("line", "Line")
_SOLD_PER_WEEK = signed("soldPerWeek", MEASURES["soldPerWeek"].label, decimals=1, help=definition("soldPerWeek"))
_DEPLOYED_PER_WEEK, _SLOWEST, _FASTEST = (
    following(signed(f"deployedPerWeek{end}", label, decimals=1, help=help))
    for end, label, help in (  # noqa: A001 - what a column calls it
        ("", MEASURES["velocity"].label, definition("velocity")),
        ("Slowest", f"{MEASURES['velocity'].label}, at least", _RANGE.format("lower")),
        ("Fastest", f"{MEASURES['velocity'].label}, at most", _RANGE.format("upper")),
    )
)
_TARGET_REACHED = text("targetReached", MEASURES["projection"].label, help=definition("projection"), width=255)

#: One row per line; the lines are services or channels.
PACES = Table(
    (
        TITLE,
        CHANNEL,
        DEPLOYMENT_PERCENT,
        DEPLOYMENT_PERCENT_CHANGE,
        UNDEPLOYED,
        _SOLD_PER_WEEK,
        _DEPLOYED_PER_WEEK,
        following(text("deployedRange", "Likely range")),
        _TARGET_REACHED,
        replace(AS_OF, kind=Kind.DAY),
    )
)
#: The time of a point, see `measures.trends.points`.
_STANDS_AT = instant("asOf", "Stands at (UTC)")
#: The file of these rows, with a further row for the total.
PACES_FILE = Table(
    (
        _LINE,
        SERVICE,
        CHANNEL,
        count("processingDates", "Processing dates"),
        instant("since", "Since (UTC)"),
        AS_OF,
        SOLD,
        DEPLOYED,
        DEPLOYMENT_PERCENT,
        UNDEPLOYED,
        SOLD_CHANGE,
        DEPLOYED_CHANGE,
        DEPLOYMENT_PERCENT_CHANGE,
        UNDEPLOYED_CHANGE,
        _DEPLOYED_PER_WEEK,
        _SLOWEST,
        _FASTEST,
        _SOLD_PER_WEEK,
        replace(_TARGET_REACHED, kind=Kind.DAY, width=None),
        Column("targetEarliest", "Earliest", Kind.DAY, help=_DAYS.format("first")),
        Column("targetLatest", "Latest", Kind.DAY, help=_DAYS.format("last")),
        text("targetRefused", "Why there is no day"),
        _STANDS_AT,
    )
)
#: One row per line and processing date.
POINTS_FILE = Table(
    (
        _LINE,
        SERVICE,
        CHANNEL,
        *MEASURED,
        text("snapshot", "Snapshot"),
        FETCHED_AT,
        _STANDS_AT,
        text("without", "Without, so not compared", help="In JSON, as Microsoft spells it."),
    )
)


def in_days(paces: pd.DataFrame) -> pd.DataFrame:
    """The rows of PACES_FILE for a workbook, with days as such, where files for programs have their ISO texts."""
    days = [name for name in PACES_FILE.of_kind(Kind.DAY) if name in paces]
    return paces.assign(**{name: pd.to_datetime(paces[name], utc=True).astype("datetime64[us, UTC]") for name in days})
