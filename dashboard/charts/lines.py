"""The large chart of the Trends page: the line of the total, and the way to its target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts import base
from dashboard.charts.base import Finished, written
from dashboard.charts.palette import Palette
from data_access.measures.trends import AS_OF, Projection, Refusal

#: The column that says which parts of a sum a point lacks, in words; "" for a point that is whole.
WITHOUT = "without"
_MOST_POINTS = 400
_MOST_MARKERS = 60  # more run into one another, and each costs the browser more than its point
_HEIGHT = 300  # pixels
_ROOM = 0.08  # of the height, above and below what is drawn
_CLOSE = 0.12  # likewise: nearer to the target a text between would cross its line
#: After a change of a percentage; a narrow panel has no room for it.
UNIT = " points"
_AHEAD = 0.4  # of the time that the line reaches back, for the way to the target
_LEAST_AHEAD = timedelta(weeks=8)
_SHORT, _DAY = timedelta(days=3), 86_400_000  # milliseconds
#: The marker of a point that lacks a part.
HOLLOW = {"symbol": "circle-open"}
_NARROW_MARGIN = {"l": 46, "r": 10, "t": 40, "b": 28}


@dataclass(frozen=True, slots=True)
class Shown:
    """The measure that the lines show: its column, its title, and whether it is a percentage or an estimate.

    `good`: 1 where more is better, −1 where less is, 0 where neither is. A percentage that misses the `target` is not
    rounded up to it.
    """

    column: str
    title: str
    is_percent: bool
    estimated: bool = False
    good: int = 1
    target: float | None = None

    def figure(self, value: float) -> str:
        return formats.percent(value, target=self.target) if self.is_percent else formats.count(value, self.estimated)

    def change(self, before: float, after: float) -> str:
        """What moved, in words; points are the difference of both figures as they are printed."""
        if self.is_percent:
            return f"{formats.points(formats.points_between(before, after))}{UNIT}"
        return formats.change(after - before, self.estimated)


def line_chart(
    points: pd.DataFrame,
    measure: Shown,
    target: float,
    goal: Projection | Refusal,
    *,
    span: tuple[datetime, datetime],
    palette: Palette,
) -> Finished:
    """The line of the total, with a marker per processing date (where there is room), the target and the goal.

    Points that lack a part (WITHOUT) stand hollow in a gap of the line. The way to the `goal` is drawn up to its day,
    or as far as there is room, with its range. `span`: the first and the last moment of the axis.
    """
    drawn = thinned(points, _MOST_POINTS)
    values, whole = drawn[measure.column], drawn[WITHOUT] == ""
    dates = _moments(drawn[AS_OF])
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": dates,
        "y": base.numbers(values.where(whole)),
        "hovertext": hover(drawn, "", measure),
        "hovertemplate": "%{hovertext}<extra></extra>",
        "line": {"color": palette.deployed, "width": 2.5},
        "marker": {"color": palette.deployed, "size": 6, "maxdisplayed": _MOST_MARKERS},
    }
    newest = {
        "type": "scatter",
        "mode": "markers",
        "x": dates[-1:],
        "y": base.numbers(values[-1:]),
        "hoverinfo": "skip",
        "marker": {"color": palette.deployed, "size": 9} | ({} if whole[-1:].all() else HOLLOW),
    }
    levels = [*values.dropna(), *([target] if measure.is_percent else [])] or [0.0, 1.0]
    low, high = min(levels), max(levels)
    room = (high - low or max(abs(high), 1.0) / 10) * _ROOM
    data: list[dict[str, Any]] = [line]
    if not whole.all():
        data.append(
            line
            | {"mode": "markers", "y": base.numbers(values.mask(whole))}
            | {"marker": {"color": palette.deployed, "size": 8} | HOLLOW}
        )
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    first, last = (moment.replace(tzinfo=None) for moment in span)
    if measure.is_percent:
        shapes.append(_level(target, palette))
        if isinstance(goal, Projection) and len(values) and not pd.isna(values.iloc[-1]):
            start = (last, float(values.iloc[-1]))
            last = _end(goal, last, max((last - first) * _AHEAD, _LEAST_AHEAD))
            data += _way(start, goal, last, palette)
            notes.append(_arrival(start, goal, last, (high - low) * _CLOSE, palette))
    data.append(newest)
    margin = (last - first) / 50
    by_day = last - first < _SHORT
    if by_day:  # plotly would mark hours, each with its day
        first, margin = datetime(first.year, first.month, first.day), timedelta(hours=6)  # noqa: DTZ001
    layout = base.frame(palette) | {
        "height": _HEIGHT,
        "margin": {"l": 58, "r": 18, "t": 40, "b": 28},
        "xaxis": {
            "type": "date",
            "range": [(first - margin).isoformat(), (last + margin).isoformat()],
            "fixedrange": True,
            "showgrid": False,
            "linecolor": palette.muted,
            "tickfont": {"color": palette.muted, "size": 11},
            "tickformat": "%-d %b %Y",
            **({"dtick": _DAY} if by_day else {"nticks": 7}),
        },
        "yaxis": {
            "range": [max(0.0, low - room) if low >= 0 else low - room, high + room],
            "fixedrange": True,
            "gridcolor": palette.grid,
            "zeroline": False,
            "tickfont": {"color": palette.muted, "size": 11},
            "ticksuffix": " %" if measure.is_percent else "",
            "tickformat": "" if measure.is_percent else "~s",
            "nticks": 6,
        },
        "shapes": shapes,
        "annotations": [_heading(measure, target), *notes],
        "hovermode": "x",
    }
    return Finished(
        data, layout, narrow={"layout": {"margin": _NARROW_MARGIN, "xaxis": {} if by_day else {"nticks": 4}}}
    )


def line_chart_in_words(points: pd.DataFrame, measure: Shown, target: float) -> str:
    """The text alternative of the large chart."""
    if not len(points):
        return f"No line of {measure.title}."
    first, last = points.iloc[0], points.iloc[-1]
    without = f" without {last[WITHOUT]}" if last[WITHOUT] else ""
    sentence = (
        f"Line of {measure.title} on {formats.number(len(points), 'processing date')}:"
        f" {measure.figure(first[measure.column])} on {formats.day(first[AS_OF])},"
        f" {measure.figure(last[measure.column])}{without} on {formats.day(last[AS_OF])}."
    )
    return f"{sentence} The target is {target:g} percent." if measure.is_percent else sentence


def _heading(measure: Shown, target: float) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "yref": "paper",
        "y": 1,
        "yshift": 34,
        "showarrow": False,
        "text": f"<b>{measure.title}</b>" + (f"   ┊ target {target:g}\u00a0%" if measure.is_percent else ""),
    }


def _level(target: float, palette: Palette) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": target,
        "y1": target,
        "line": {"color": palette.target, "width": 1.5, "dash": "dot"},
    }


def _end(goal: Projection, newest: datetime, ahead: timedelta) -> datetime:
    """Where the chart ends: behind the likely range of the day of the target, or `ahead` where that is further."""
    if _moment(goal.on) - newest > ahead:
        return newest + ahead
    latest = _moment(goal.latest or goal.on)
    return max(newest, min(latest, _moment(goal.on) + ahead / 2))


def _upto(start: tuple[datetime, float], day: date | None, target: float, end: datetime) -> tuple[datetime, float]:
    """Where the way from `start` to the target on that day ends, within the chart; it stays level without a day."""
    since, percent = start
    if day is None or _moment(day) <= since:
        return (end, percent) if day is None else (since, target)
    arrives = min(_moment(day), end)
    return arrives, percent + (target - percent) * ((arrives - since) / (_moment(day) - since))


def _way(start: tuple[datetime, float], goal: Projection, end: datetime, palette: Palette) -> list[dict[str, Any]]:
    """From the newest point to the target: the likely range as an area, and its middle; no further than `end`."""
    corners = [start, *(_upto(start, day, goal.target, end) for day in (goal.earliest, goal.latest))]
    middle = [start, _upto(start, goal.on, goal.target, end)]
    common = {"type": "scatter", "hoverinfo": "skip"}
    return [
        common
        | {"x": [moment.isoformat() for moment, _ in corners], "y": [value for _, value in corners]}
        | {"mode": "lines", "fill": "toself", "fillcolor": palette.grid, "line": {"width": 0}},
        common
        | {"x": [moment.isoformat() for moment, _ in middle], "y": [value for _, value in middle]}
        | {"mode": "lines", "line": {"color": palette.muted, "width": 1.5, "dash": "dash"}},
    ]


def _arrival(
    start: tuple[datetime, float], goal: Projection, end: datetime, close: float, palette: Palette
) -> dict[str, Any]:
    """When the target is reached, above the end of the way to it; above its line where that is as `close`."""
    _, reached = _upto(start, goal.on, goal.target, end)
    earliest, latest = f"{goal.earliest:%b %Y}", f"{goal.latest:%b %Y}" if goal.latest else None
    months = f"{earliest} or later" if not latest else earliest if earliest == latest else f"{earliest} – {latest}"
    return {
        "x": end.isoformat(),
        "xanchor": "right",
        "y": goal.target if goal.target - reached < close else reached,
        "yanchor": "bottom",
        "yshift": 1,
        "showarrow": False,
        "font": {"color": palette.muted, "size": 12},
        "text": f"{goal.target:g}\u00a0% → {months}",
    }


def hover(points: pd.DataFrame, title: str, measure: Shown) -> list[str]:
    """What each point of a line says under the mouse: the line's title, if it has one, its date and its figure."""
    head = f"<b>{written(title)}</b><br>" if title else ""
    places = zip(points[AS_OF], points["processedDateTime"], points[measure.column], strict=True)
    lacks = [f"<br>without {written(one)}" if one else "" for one in points[WITHOUT]]
    return [
        f"{head}{_when(as_of, processed)}: {measure.figure(value)}{lack}"
        for (as_of, processed, value), lack in zip(places, lacks, strict=True)
    ]


def _when(as_of: datetime, processed: datetime) -> str:
    """The processing date; where a point stands elsewhere, the day of its fetch beside it."""
    day = "no processing date" if pd.isna(processed) else formats.day(processed)
    return day if as_of == processed else f"{day}, fetched {formats.day(as_of)}"


def thinned(points: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most `most` + 1 points: all of them, or the first, and the last of each of `most` equal spans of time."""
    if len(points) <= most:
        return points
    dates = points[AS_OF]
    spans = ((dates - dates.iloc[0]) / (dates.iloc[-1] - dates.iloc[0]) * (most - 1)).round()
    is_last = ~spans.duplicated(keep="last")
    is_last.iloc[0] = True
    thin: pd.DataFrame = points[is_last]
    return thin


def _moments(dates: pd.Series) -> list[str]:
    return [moment.isoformat() for moment in dates.dt.tz_localize(None)]


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - plotly's axis has no zones and is in UTC
