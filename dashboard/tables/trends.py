"""The table and the files of the Trends page: pace and target of each line, and the points of all lines."""

from __future__ import annotations

from dataclasses import replace

from dashboard.tables.columns import Kind, Table, count, following, instant, signed, text
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

_LINE = text("line", "Line")
_SOLD_PER_WEEK = signed("soldPerWeek", MEASURES["soldPerWeek"].label, decimals=1, help=definition("soldPerWeek"))
_DEPLOYED_PER_WEEK, _SLOWEST, _FASTEST = (
    following(signed(f"deployedPerWeek{end}", label, decimals=1, help=definition("velocity")))
    for end, label in (
        ("", MEASURES["velocity"].label),
        ("Slowest", f"{MEASURES['velocity'].label}, at least"),
        ("Fastest", f"{MEASURES['velocity'].label}, at most"),
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
        _TARGET_REACHED,
        text("targetEarliest", "Earliest"),
        text("targetLatest", "Latest"),
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
        text("without", "Without, so not compared"),
    )
)
