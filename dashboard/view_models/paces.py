"""Pace and target of each line: a row of the file, a row on screen, and what is said of the day of the target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.tables.columns import Kind, OnScreen, Table, Total
from dashboard.tables.trends import PACES, PACES_FILE
from dashboard.view_models.lines import Line
from data_access.measures.trends import AS_OF, Projection, Refusal, Velocity

_MANY = 100  # licenses a week
_FAR = timedelta(days=365)


def in_file(lines: Sequence[Line], by: str, *, estimated: bool) -> pd.DataFrame:
    """One row per line: its newest figures, what moved within the range, its pace, and the day of the target.

    A line without points has nothing to say.
    """
    rows = []
    for line in (line for line in lines if len(line.points)):
        now, change = line.points.iloc[-1], line.change
        rows.append(
            {
                "line": line.what(by),
                by: line.key or None,
                "processingDates": line.points[AS_OF].nunique(),
                "since": line.points[AS_OF].iloc[0],
                AS_OF: now[AS_OF],
                "processedDateTime": now["processedDateTime"],
                "licensesSold": now["licensesSold"],
                "licensesDeployed": now["licensesDeployed"],
                "deploymentPercent": now["deploymentPercent"],
                "undeployed": now["undeployed"],
                "licensesSoldChange": change.sold if change else None,
                "licensesDeployedChange": change.deployed if change else None,
                "deploymentPercentChange": change.percent if change else None,
                "undeployedChange": change.undeployed if change else None,
                **_pace(line.pace),
                **_goal(line.goal),
            }
        )
    return PACES_FILE.select(_numbers(rows, PACES_FILE), estimated=estimated)


def on_screen(whole: Line, lines: Sequence[Line], by: str, *, estimated: bool) -> OnScreen:
    """One row per line, as the page shows it, and that of all together last."""
    return PACES.on_screen(_rows(lines, by), estimated=estimated, total=_total(whole, by))


def spread(pace: Velocity) -> str:
    """The range of a pace, or that there is none; tenths of a license say something only where there are few."""
    if math.isnan(pace.slowest):
        return formats.NOTHING
    ends = (formats.change(end, decimals=decimals(pace)) for end in (pace.slowest, pace.fastest))
    return " to ".join(ends)


def decimals(pace: Velocity) -> int:
    """How many decimals a pace and the ends of its range have, so that it does not stand outside of them."""
    is_known = not math.isnan(pace.slowest)
    return 1 if is_known and max(abs(pace.slowest), abs(pace.fastest)) < _MANY else 0


def reached(line: Line) -> str:
    """The months in which the target is reached, or why there is no date; a day would be more exact than the method."""
    goal = line.goal
    if goal is Refusal.REACHED:
        return "reached"
    if isinstance(goal, Refusal):
        return f"no date: {goal.value}"
    return months(goal) if goal.latest else f"not before {ends(goal)[0]}"


def months(goal: Projection) -> str:
    """The range of the day, as short as a tile has room for, such as Jan 2027, Feb–Aug 2028 or Nov 2027 – Oct 2028."""
    earliest, latest = ends(goal)
    if not latest or not goal.latest:
        return "at the earliest"
    if earliest == latest:
        return earliest
    if goal.earliest.year == goal.latest.year:
        return f"{goal.earliest:%b}–{latest}"
    return f"{earliest}{formats.NBSP}– {latest}"


def is_far(line: Line) -> bool:
    """Whether the target is so far ahead, or so uncertain, that only its earliest month is worth a headline."""
    goal = line.goal
    return isinstance(goal, Projection) and (
        goal.latest is None or goal.earliest - line.points[AS_OF].iloc[-1].date() > _FAR
    )


def ends(goal: Projection) -> tuple[str, str | None]:
    """The first and the last month of the range of the day; no last one where it is open."""
    return f"{goal.earliest:%b %Y}", f"{goal.latest:%b %Y}" if goal.latest else None


def _rows(lines: Sequence[Line], by: str) -> pd.DataFrame:
    rows = [
        {
            "title" if by == "service" else by: line.title,
            "deploymentPercent": line.points["deploymentPercent"].iloc[-1],
            "deploymentPercentChange": line.moved(line.change)
            if line.change and line.change.percent is not None
            else None,
            "undeployed": line.points["undeployed"].iloc[-1],
            "soldPerWeek": line.pace.sold if isinstance(line.pace, Velocity) else None,
            "deployedPerWeek": line.pace.deployed if isinstance(line.pace, Velocity) else None,
            "deployedRange": spread(line.pace) if isinstance(line.pace, Velocity) else None,
            "targetReached": reached(line),
            "processedDateTime": line.points["processedDateTime"].iloc[-1],
        }
        for line in lines
    ]
    return _numbers(rows, PACES)


def _total(whole: Line, by: str) -> Total | None:
    """The last row, which is the line of all and no sum of the rows; none where there are no figures of it now."""
    if whole.absent or not len(whole.points):
        return None
    (row,) = _rows([whole], by).to_dict("records")
    return Total("All together", {str(name): None if pd.isna(value) else value for name, value in row.items()})


def _numbers(rows: list[dict[str, Any]], table: Table) -> pd.DataFrame:
    """The rows as a frame; what goes up and down is a number (float64) where no row has any."""
    frame = pd.DataFrame(rows)
    return frame.astype(dict.fromkeys(frame.columns.intersection(table.of_kind(Kind.SIGNED)), "float64"))


def _pace(pace: Velocity | Refusal) -> dict[str, float | None]:
    if isinstance(pace, Refusal):
        figures: tuple[float | None, ...] = (None, None, None, None)
    else:
        figures = (pace.deployed, pace.slowest, pace.fastest, pace.sold)
    return dict(
        zip(
            ("deployedPerWeek", "deployedPerWeekSlowest", "deployedPerWeekFastest", "soldPerWeek"), figures, strict=True
        )
    )


def _goal(goal: Projection | Refusal) -> dict[str, str | None]:
    if isinstance(goal, Refusal):
        days: tuple[str | None, ...] = (None, None, None, goal.value)
    else:
        days = (str(goal.on), str(goal.earliest), str(goal.latest) if goal.latest else None, None)
    return dict(zip(("targetReached", "targetEarliest", "targetLatest", "targetRefused"), days, strict=True))
