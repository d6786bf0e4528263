"""The chart of the Renewals page: seats by the week or month of their end, by what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts import base
from dashboard.charts.base import Finished
from dashboard.charts.palette import Palette
from data_access.measures import outcomes

_BARS, _LINE, _ABOVE, _BELOW = 250, 18, 34, 26  # pixels: the bars, a line of the key, and the rest
_SIDES, _NARROW_SIDES = {"l": 48, "r": 8}, {"l": 64, "r": 8}
_APART = {"ticks": "outside", "ticklen": 6, "tickcolor": base.CLEAR}
_EDGE = 8  # pixels below bars that lie
_IN_A_LINE, _IN_A_NARROW_LINE = 6, 2  # entries of the key
_NARROW_BAR = 28  # pixels, for each period
#: Of the room of a period: the bar of all seats, and beside it the one of those at risk.
_ALL, _AT_RISK = {"offset": -0.4, "width": 0.58}, {"offset": 0.22, "width": 0.16}
_ROOM = 1.04  # of the axis beyond the longest bar
_FEW, _MANY = 8, 1_000_000  # seats
_NOT_ASSIGNED = "Not assigned"
#: What the chart calls outcomes that end alike, and which these are.
ENDS = "ends"
TOGETHER = {ENDS: ("ends", "expires")}
_TITLES = {**outcomes.TITLES, ENDS: "Ends or expires"}
#: What is paid for at its end, so that seats which nobody uses are at risk.
_PAID = (outcomes.RENEWS, outcomes.EXTENDED, outcomes.UNDECIDED)


def figure(periods: pd.DataFrame, by_month: bool, palette: Palette) -> Finished:
    """One bar per period with a part for each outcome, and beside it a thin one: what is paid for and not assigned.

    On a narrow screen the bars lie, so that each has its label on one line.

    `periods`: the columns of `renewals.by_period`.
    """
    periods = _together(periods)
    starts = _every(periods, by_month)
    labels = _short(starts, by_month)
    marks: list[dict[str, Any]] = []
    colours = _colours(palette)
    there = [outcome for outcome in colours if (periods["renewalOutcome"] == outcome).any()]
    key = []
    for outcome in there:
        own = periods[periods["renewalOutcome"] == outcome].set_index("period").reindex(starts)
        told = own.assign(label=labels, period=[_of_period(start, by_month) for start in starts])
        marks.append(_part(outcome, told, colours[outcome]))
        key.append(_entry(colours[outcome], _TITLES[outcome]))
    paid = periods[periods["renewalOutcome"].isin(_PAID)].groupby("period")[["quantity", "seatsAtRisk"]].sum()
    if paid["seatsAtRisk"].any():
        paid = paid.reindex(starts, fill_value=0)
        told = paid.assign(label=labels, period=[_of_period(start, by_month) for start in starts])
        marks.append(_at_risk(told, palette))
        key.append(_entry(palette.undeployed, _NOT_ASSIGNED))
    highest = _highest(periods)
    layout = base.frame(palette) | {
        "barmode": "stack",
        "hovermode": "closest",
        "xaxis": {
            "type": "category",
            "fixedrange": True,
            "tickfont": {"color": palette.muted, "size": 12},
            "range": [-0.6, max(len(labels), 1) - 0.4],
        },
        "yaxis": {
            "fixedrange": True,
            "gridcolor": palette.grid,
            "rangemode": "tozero",
            "tickfont": {"color": palette.muted, "size": 12},
            # Millions are written as 1M, since their digits have no room.
            "tickformat": ",~d" if highest < _MANY else "~s",
            # Steps of half a seat would be written as the same seat twice.
            "dtick": 1 if highest < _FEW else None,
        },
    }
    seats = periods.groupby("renewalOutcome")["quantity"].sum()
    around = _around(key, _IN_A_LINE)
    around["annotations"] += _sums(periods, starts, palette)
    return Finished(
        marks,
        layout | around,
        narrow=_lying(marks, layout, key, periods, len(starts)),
        parts=[(outcome, f"{_TITLES[outcome]}: {formats.count(seats[outcome])} seats") for outcome in there],
    )


def _lying(
    marks: Sequence[dict[str, Any]], layout: dict[str, Any], key: Sequence[str], periods: pd.DataFrame, number: int
) -> dict[str, Any]:
    """What differs where bars lie: the axes change places, the first of a `number` of periods is on top."""
    sums = periods.groupby("period")["quantity"].sum()
    around = _around(key, _IN_A_NARROW_LINE)
    above = around["margin"]["t"] + _LINE
    top, bottom = number - 0.4, -0.6
    seats = layout["yaxis"] | {"range": [0, float(sums.max() or 1) * _ROOM] if number else [0, 1], "side": "top"}
    return {
        "data": [{"orientation": "h", "x": mark["y"], "y": mark["x"]} for mark in marks],
        "layout": around
        | {
            "height": above + _NARROW_BAR * max(number, 1) + _EDGE,
            "margin": {**_NARROW_SIDES, "t": above, "b": _EDGE},
            "annotations": [
                note | {"xshift": -_NARROW_SIDES["l"], "yshift": note["yshift"] + _LINE}
                for note in around["annotations"]
            ],
            "xaxis": seats | {"type": "linear", "nticks": 5},
            "yaxis": layout["xaxis"] | {"range": [top, bottom], "showgrid": False, "tickformat": "", **_APART},
        },
    }


def _sums(periods: pd.DataFrame, starts: Sequence[pd.Timestamp], palette: Palette) -> list[dict[str, Any]]:
    """All seats of each period in figures, on top of its bar; `starts` are the periods of the axis."""
    sums = periods.groupby("period")["quantity"].sum().reindex([*starts], fill_value=0)
    above = {"showarrow": False, "yanchor": "bottom", "font": {"color": palette.text, "size": 12}}
    middle = _ALL["offset"] + _ALL["width"] / 2
    return [
        above | {"x": place + middle, "y": float(seats), "text": f"<b>{formats.count(seats)}</b>"}
        for place, seats in enumerate(sums)
        if seats
    ]


def _highest(periods: pd.DataFrame) -> float:
    """The seats of the highest bar."""
    return float(periods.groupby("period")["quantity"].sum().max()) if len(periods) else 0.0


def in_words(periods: pd.DataFrame, by_month: bool) -> str:
    """The text alternative of the chart."""
    if periods.empty:
        return "No seats end within the horizon."
    periods, parts = _together(periods), []
    for start in sorted(periods["period"].unique()):
        rows = periods[periods["period"] == start]
        sums = zip(rows["renewalOutcome"], rows["quantity"], rows["seatsAtRisk"], strict=True)
        outcomes = ", ".join(
            f"{formats.count(seats)} {_TITLES[outcome].lower()}"
            + (f" ({formats.count(risk)} not assigned)" if risk and outcome in _PAID else "")
            for outcome, seats, risk in sums
        )
        parts.append(f"{_of_period(start, by_month)}: {outcomes}")
    return f"Seats by {'month' if by_month else 'week'} of their end. {'; '.join(parts)}."


def _together(periods: pd.DataFrame) -> pd.DataFrame:
    """The rows with one outcome in place of those that end alike."""
    same = {outcome: name for name, outcomes in TOGETHER.items() for outcome in outcomes}
    named = periods.assign(renewalOutcome=periods["renewalOutcome"].replace(same))
    return named.groupby(["period", "renewalOutcome"], as_index=False).sum()


def _every(periods: pd.DataFrame, by_month: bool) -> list[pd.Timestamp]:
    """The first days of all periods from the first to the last one, those as well in which nothing ends."""
    if periods.empty:
        return []
    return [*pd.date_range(periods["period"].min(), periods["period"].max(), freq="MS" if by_month else "7D")]


def _of_period(start: pd.Timestamp, by_month: bool) -> str:
    """The name of a period: `Dec 2026`, or the Monday of a week, `Week of 7 Dec`."""
    return f"{start:%b %Y}" if by_month else f"Week of {start.day} {start:%b}"


def _short(starts: Sequence[pd.Timestamp], by_month: bool) -> list[str]:
    """The labels of the periods; of months, the first one and each January have the year."""
    if not by_month:
        return [f"{start.day} {start:%b}" for start in starts]
    years = [not place or start.month == 1 for place, start in enumerate(starts)]
    return [f"{start:%b %Y}" if year else f"{start:%b}" for start, year in zip(starts, years, strict=True)]


def _part(outcome: str, own: pd.DataFrame, colour: str) -> dict[str, Any]:
    """The part of the bars that one outcome has. `own`: a row for each period, with its label."""
    quantity = own["quantity"].fillna(0)
    unused = own["seatsAtRisk"].fillna(0)
    # None that is known: whether there is one that nobody knows of, the tile says.
    more = [
        f"<br>of them not assigned: {formats.count(seats)}" if outcome in _PAID and seats else "" for seats in unused
    ]
    hover = [
        f"<b>{period}</b><br>{_TITLES[outcome]}: {formats.count(seats)} seats{further}"
        for period, seats, further in zip(own["period"], quantity, more, strict=True)
    ]
    return _bars(own, quantity, hover, colour) | _ALL | {"name": _TITLES[outcome], "customdata": [outcome] * len(own)}


def _at_risk(paid: pd.DataFrame, palette: Palette) -> dict[str, Any]:
    """The thin bars beside the others. `paid`: for each period what is paid for at its end, with its label."""
    hover = [
        f"<b>{period}</b><br>Not assigned: {formats.count(risk)} of {formats.count(seats)} seats that are paid for"
        for period, seats, risk in zip(paid["period"], paid["quantity"], paid["seatsAtRisk"], strict=True)
    ]
    bars = _bars(paid, paid["seatsAtRisk"], hover, palette.undeployed) | _AT_RISK
    outline = {"color": palette.action, "width": 1}
    # With a base of its own it is not put on top of the others.
    return bars | {"name": _NOT_ASSIGNED, "base": 0, "marker": {"color": palette.undeployed, "line": outline}}


def _bars(own: pd.DataFrame, seats: pd.Series, hover: Sequence[str], colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": [*own["label"]],
        "y": seats.tolist(),
        "hovertext": [*hover],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "marker": {"color": colour},
    }


def _entry(colour: str, words: str) -> str:
    """An entry of the key, which is not broken between lines."""
    return f"{base.mark(colour)}{formats.NBSP}{words.replace(' ', formats.NBSP)}"


def _around(key: Sequence[str], in_a_line: int) -> dict[str, Any]:
    """The parts of the layout that depend on how many lines the key takes."""
    lines = ["   ".join(key[first : first + in_a_line]) for first in range(0, len(key), in_a_line)]
    above = _ABOVE + _LINE * len(lines)
    place = {"xref": "paper", "x": 0, "xanchor": "left", "xshift": -_SIDES["l"], "yref": "paper", "y": 1}
    place |= {"yanchor": "bottom", "yshift": 12, "showarrow": False, "align": "left"}
    return {
        "height": _BARS + above + _BELOW,
        "margin": {**_SIDES, "t": above, "b": _BELOW},
        "annotations": [place | {"text": "<br>".join(lines)}],
    }


def _colours(palette: Palette) -> dict[str, str]:
    """The colour of each outcome, from the bottom of a bar to its top.

    Decisions come first: what stands on the axis can be compared from week to week.
    """
    return {
        outcomes.UNDECIDED: palette.action,
        outcomes.EXTENDED: palette.extended,
        outcomes.RENEWS: palette.bar,
        ENDS: palette.ended,
        "other": palette.otherwise,
    }
