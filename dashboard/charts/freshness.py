"""The chart of the Data health page: the age of each service's figures beside its usual cadence."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts import base
from dashboard.charts.base import Axis, Finished, written
from dashboard.charts.palette import Palette
from data_access.measures.health import Timing

_DAY = 86_400  # seconds
_LATE, _FINE = "▾ late", "on time"
_GONE = "gone"
_TOLD = (Timing.LATE, Timing.ON_TIME)  # what has a usual age
_SHORT, _LONG = 9, 19  # pixels
_ROOM = 1.05


def figure(table: pd.DataFrame, palette: Palette) -> Finished:
    """One bar per service: its age in days, a line at the usual age of a next date, and a line where it is late.

    `table`: the columns of `health.services` with `title`, the first row on top.
    """
    known = table["timing"].isin(_TOLD)
    late = (table["timing"] == Timing.LATE).tolist()
    usual = ((table["expectedBy"] - table["processedDateTime"]).dt.total_seconds() / _DAY).where(known)
    limit = usual + table["cadenceDays"]
    left = base.told_apart(
        f"{base.title_label(row.title)}   {formats.day(row.processedDateTime)} " for row in _rows(table)
    )
    right = base.told_apart(f" {row.ageDays:.0f} d  {_timing(row)}" for row in _rows(table))
    places = list(range(len(table)))[::-1]
    common = {"hovertext": _hover(table)[::-1], "hovertemplate": "%{hovertext}<extra></extra>"}
    colours = [palette.below_target if is_late else palette.deployed for is_late in late]
    ages = common | {
        "type": "bar",
        "orientation": "h",
        "name": "age",
        "x": table["ageDays"].tolist()[::-1],
        "y": left[::-1],
        "marker": {"color": colours[::-1]},
    }
    marks = [ages]
    for name, days, size in (("usual", usual, _SHORT), ("late", limit, _LONG)):
        tick = {
            "symbol": "line-ns-open",
            "size": size,
            "color": palette.text,
            "line": {"width": 2, "color": palette.text},
        }
        marks.append(
            common
            | {"type": "scatter", "mode": "markers", "name": name, "x": days.tolist()[::-1], "y": right[::-1]}
            | {"yaxis": "y2", "marker": tick}
        )
    most = max([1.0, *table["ageDays"], *limit.dropna()]) * _ROOM
    categories = base.CATEGORIES | {"range": [-0.5, len(places) - 0.5]}
    layout = base.frame(palette) | {
        "bargap": 0.42,
        "height": base.height(len(table)),
        "margin": {"l": base.margin(left), "r": base.margin(right), "t": 64, "b": 8},
        "hovermode": "closest",
        "yaxis": categories,
        "yaxis2": categories | {"overlaying": "y", "side": "right"},
        "xaxis": {
            "range": [0, most],
            "fixedrange": True,
            "side": "top",
            "gridcolor": palette.grid,
            "zerolinecolor": palette.muted,
            "tickfont": {"color": palette.muted, "size": 11},
        },
        "annotations": [
            base.heading("x", Axis("Days since Microsoft processed it", "╷ next one usually here  │ late from here"), 0)
        ],
    }
    return Finished(marks, layout)


def in_words(table: pd.DataFrame) -> str:
    """The text alternative of the chart."""
    late = table[table["timing"] == Timing.LATE]
    first = "; ".join(
        f"{row.title}: {row.ageDays:.0f} days, {_timing(row).removeprefix('▾ ')}" for row in _rows(table.head(5))
    )
    return (
        f"Age of the figures of {len(table)} services in days, against what is usual; {len(late)} are late."
        f" First: {first}. The table below holds every figure."
    )


def _timing(row: Any) -> str:
    if row.timing == Timing.LATE:
        return _LATE
    if row.timing == Timing.GONE:
        return _GONE
    return _FINE if row.timing == Timing.ON_TIME else formats.NOTHING


def _rows(table: pd.DataFrame) -> Any:
    return table.itertuples()


def _hover(table: pd.DataFrame) -> list[str]:
    return [
        f"<b>{written(row.title)}</b>"
        f"<br>Processed {formats.day(row.processedDateTime)}, {row.ageDays:.1f} days ago"
        + (
            f"<br>Usually every {row.cadenceDays:.1f} days, seen {row.delayDays:.1f} days later"
            f"<br>Next one expected by {formats.day(row.expectedBy)}"
            if row.timing in _TOLD
            else f"<br>{row.timing.capitalize()}"
        )
        for row in _rows(table)
    ]
