"""The small charts of the Trends page: one panel per service or channel.

The panels share one pair of plotly's axes, on which each has a cell of its own: twenty pairs of axes take a browser
several times as long to draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts import base
from dashboard.charts.base import Finished, written
from dashboard.charts.lines import HOLLOW, UNIT, WITHOUT, Shown, hover, thinned
from dashboard.charts.palette import Palette
from data_access.measures.trends import AS_OF, Refusal

_COLUMNS, _MEDIUM_COLUMNS, _NARROW_COLUMNS = 4, 3, 2
#: More panels are too many to compare; the table holds all lines.
MOST_PANELS = 24
_MOST_POINTS_OF_A_PANEL = 27  # about 200 pixels wide; every point costs the browser time
_NO_MARKERS = 1  # with none at all, plotly reports no clicks
_PANEL_HEIGHT = 124  # pixels
_WIDE, _HIGH, _LOW = 0.9, 0.52, 0.06  # the line's part of its cell, and where it begins above the one below
_TITLE_AT, _FIGURE_AT = 0.88, 0.7  # heights within the cell
_LEAST_SPAN = 0.1  # of the first figure, up and down, so that a small movement looks small
_LEAST_POINTS = 2.0  # percent points from the bottom of a panel to its top, for the same reason
_TITLE_LENGTH = {_COLUMNS: 30, _MEDIUM_COLUMNS: 26, _NARROW_COLUMNS: 21}  # characters
_UP, _DOWN = "▲", "▼"


@dataclass(frozen=True, eq=False)
class Panel:
    """One line: what it is called, and its points (columns of `trends.lines`, and WITHOUT) in the order of their dates.

    `absent`: why the last point is not of the newest answer; then the date of its figure is said. `is_whole`: it is of
    the same parts as the first; else they are not compared. `is_new`: it is not in the figures that the range begins
    with.
    """

    key: str
    title: str
    points: pd.DataFrame
    absent: Refusal | None = None
    is_whole: bool = True
    is_new: bool = False

    @property
    def compared(self) -> pd.DataFrame:
        """The points of which the first and the last are compared: those that lack nothing, if the newest does not."""
        return self.points[self.points[WITHOUT] == ""] if self.is_whole else self.points


def height_in_points(panels: Sequence[Panel], measure: Shown) -> float:
    """How many percent points each panel is high: as many as the line that moves most needs."""
    moves = [panel.points[measure.column].max() - panel.points[measure.column].min() for panel in panels]
    return max([_LEAST_POINTS, *(float(move) for move in moves if pd.notna(move))])


def small_multiples(
    panels: Sequence[Panel], measure: Shown, *, span: tuple[datetime, datetime], palette: Palette
) -> Finished:
    """One panel per line, from left to right and from top to bottom; all share one axis of dates.

    Panels of percentages are all as high (`height_in_points`), so that movements can be compared, and each stands
    where its own line is: from 0 to 100 every movement would look flat. Licenses have a scale per panel, around its
    first figure: on a shared one the large lines would flatten the others. The colour is the direction; each point's
    `customdata` is its key, for clicks.
    """
    height = height_in_points(panels, measure)
    curves = [_curve(panel, measure, height, span) for panel in panels]
    traces, layout = _arranged(curves, _COLUMNS, measure, palette)
    medium, narrow = (_differing(curves, columns, measure, palette) for columns in (_MEDIUM_COLUMNS, _NARROW_COLUMNS))
    common = base.frame(palette) | {"hovermode": "closest", "hoverdistance": 60}
    parts = [(curve.panel.key, _in_words(curve, measure, palette)) for curve in curves]
    return Finished(traces, common | layout, narrow=narrow, medium=medium, parts=parts)


@dataclass(frozen=True, slots=True)
class _Curve:
    """A panel's line within its cell: places from 0 to 1, the last one being the newest."""

    panel: Panel
    x: list[float]
    y: list[float | None]
    lacks: list[bool]  # whether a part is missing: then it stands hollow in a gap of the line
    hover: list[str]
    level: float | None  # where the dotted line is: the first figure
    news: int  # 1 where the line moved for the better, −1 where for the worse, else 0


def _curve(panel: Panel, measure: Shown, height: float, span: tuple[datetime, datetime]) -> _Curve:
    points = thinned(panel.points, _MOST_POINTS_OF_A_PANEL)
    values = points[measure.column]
    low, high = _amid(values, height) if measure.is_percent else _around(values)
    known = values.dropna()
    return _Curve(
        panel,
        [_part(moment, span) * _WIDE for moment in points[AS_OF]],
        [None if pd.isna(value) else _LOW + (value - low) / (high - low) * _HIGH for value in values],
        [bool(one) for one in points[WITHOUT]],
        hover(points, panel.title, measure),
        _LOW + (float(known.iloc[0]) - low) / (high - low) * _HIGH if len(known) else None,
        _news(panel, measure),
    )


def _news(panel: Panel, measure: Shown) -> int:
    """1 where the line moved for the better, −1 where for the worse, 0 where neither is, or that cannot be told."""
    values = panel.compared[measure.column]
    first, last = values.iloc[0], values.iloc[-1]
    moved, is_compared = last - first, not panel.absent and panel.is_whole and not panel.is_new
    if not is_compared or pd.isna(moved) or formats.STILL in measure.change(first, last):
        return 0
    return measure.good if moved > 0 else -measure.good


def _arranged(
    curves: Sequence[_Curve], columns: int, measure: Shown, palette: Palette
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The traces in so many columns, always in the same order, and what depends on the columns in the layout."""
    colours = {1: palette.better, -1: palette.worse, 0: palette.bar}
    lines, ends, lacking = ({news: _Trace() for news in colours} for _ in range(3))
    words = _Trace()
    levels = []
    for place, curve in enumerate(curves):
        row, column = divmod(place, columns)
        left, bottom = float(column), -float(row)
        x = [left + part for part in curve.x]
        y = [None if part is None else bottom + part for part in curve.y]
        key = curve.panel.key
        whole, hollow = (
            [part if lacks is are else None for part, lacks in zip(y, curve.lacks, strict=True)]
            for are in (False, True)
        )
        lines[curve.news].add(x, whole, curve.hover, key)
        ends[curve.news].add(x[-1:], whole[-1:], curve.hover[-1:], key)
        if any(curve.lacks):
            lacking[curve.news].add(x, hollow, curve.hover, key)
        words.add([left], [bottom + _TITLE_AT], [_title(curve.panel.title, _TITLE_LENGTH[columns])], key)
        newest = _newest(curve, measure, colours[curve.news], palette)
        words.add(
            [left], [bottom + _FIGURE_AT], [newest if columns > _NARROW_COLUMNS else newest.replace(UNIT, "")], key
        )
        if curve.level is not None:
            levels.append(_across(left, bottom + curve.level))
    traces = [
        trace.drawn(
            mode=mode,
            hovertemplate="%{hovertext}<extra></extra>",
            line={"color": colours[news], "width": 1.75},
            marker={"color": colours[news], **marker},
            unselected={"marker": {"opacity": 1}},
        )
        for mode, marker, by_news in (
            ("lines+markers", {"size": 2, "maxdisplayed": _NO_MARKERS}, lines),
            ("markers", {"size": 7}, ends),
            ("markers", {"size": 6} | HOLLOW, lacking),
        )
        for news, trace in by_news.items()
        if trace.x
    ]
    traces.append(
        words.drawn(
            mode="text", textposition="middle right", textfont={"size": 13, "color": palette.text}, hoverinfo="skip"
        )
        | {"text": words.hovertext, "hovertext": None, "unselected": {"textfont": {"color": palette.text}}}
    )
    rows = -(-len(curves) // columns)
    hidden = {"visible": False, "fixedrange": True}
    return traces, {
        "height": rows * _PANEL_HEIGHT + 16,
        "margin": {"l": 4, "r": 4, "t": 4, "b": 12},
        "xaxis": hidden | {"range": [-0.01, columns - 1 + _WIDE + 0.02]},
        "yaxis": hidden | {"range": [1 - rows - 0.06, 1]},
        "shapes": [_path(levels, {"color": palette.muted, "width": 1, "dash": "dot"})],
    }


def _differing(curves: Sequence[_Curve], columns: int, measure: Shown, palette: Palette) -> dict[str, Any]:
    """What differs from the widest look in so many columns, as `Finished` takes it."""
    traces, layout = _arranged(curves, columns, measure, palette)
    data = [{name: trace[name] for name in ("x", "y", "text") if name in trace} for trace in traces]
    return {"data": data, "layout": layout}


def small_multiples_in_words(panels: Sequence[Panel], measure: Shown) -> str:
    """The text alternative of the panels."""
    first = "; ".join(
        f"{panel.title}: {measure.figure(panel.compared[measure.column].iloc[0])} to"
        f" {measure.figure(panel.compared[measure.column].iloc[-1])}"
        + ("" if panel.is_whole else ", not compared")
        + (f" on {formats.day(panel.points[AS_OF].iloc[-1])}, {panel.absent.value}" if panel.absent else "")
        for panel in panels
        if len(panel.points)
    )
    return (
        f"{formats.number(len(panels), 'small panel')} with a line of {measure.title} each, from the first to the"
        f" newest figure: {first}."
    )


class _Trace:
    """Lines of one look as one plotly trace, with gaps between them."""

    def __init__(self) -> None:
        self.x: list[float | None] = []
        self.y: list[float | None] = []
        self.hovertext: list[str] = []
        self.customdata: list[str] = []

    def add(self, x: Iterable[float], y: Iterable[float | None], text: Iterable[str], key: str) -> None:
        before = len(self.x)
        self.x += [round(place, 4) for place in x]
        self.y += [None if place is None else round(place, 4) for place in y]
        self.hovertext += text
        number = len(self.x) - before
        self.customdata += [key] * number
        self.x.append(None)  # the gap to the next one
        self.y.append(None)
        self.hovertext.append("")
        self.customdata.append(key)

    def drawn(self, **look: Any) -> dict[str, Any]:
        return {
            "type": "scatter",
            "x": self.x,
            "y": self.y,
            "hovertext": self.hovertext,
            "customdata": self.customdata,
            "connectgaps": False,
            **look,
        }


def _path(parts: Sequence[str], line: dict[str, Any]) -> dict[str, Any]:
    return {"type": "path", "path": " ".join(parts), "line": line, "layer": "below"}


def _title(title: str, length: int) -> str:
    return f"<b>{written(formats.shortened(title, length))}</b>"


def _in_words(curve: _Curve, measure: Shown, palette: Palette) -> str:
    """What a panel says, for those who reach it by keyboard."""
    figures = base.in_plain_words(_newest(curve, measure, palette.text, palette)).split()
    return f"{formats.on_one_line(curve.panel.title)}: {' '.join(word for word in figures if word not in (_UP, _DOWN))}"


def _newest(curve: _Curve, measure: Shown, colour: str, palette: Palette) -> str:
    """The newest figure, and its change since the first one; or its date, where it is not one of now."""
    panel, values = curve.panel, curve.panel.compared[measure.column]
    figure, moved = measure.figure(values.iloc[-1]), values.iloc[-1] - values.iloc[0]
    if panel.absent:
        return (
            f"{figure}  <span style='color:{palette.muted}'>last on {formats.day(panel.points[AS_OF].iloc[-1])}</span>"
        )
    if not panel.is_whole:
        return f"{figure}  <span style='color:{palette.muted}'>not compared</span>"
    if panel.is_new:
        return f"{figure}  <span style='color:{palette.muted}'>new</span>"
    if len(values) < 2 or pd.isna(moved):
        return figure
    change = measure.change(values.iloc[0], values.iloc[-1])
    arrow = "" if formats.STILL in change else f"{_UP if moved > 0 else _DOWN}\u00a0"
    return f"{figure}  <span style='color:{colour if curve.news else palette.muted}'>{arrow}{change}</span>"


def _amid(values: pd.Series, height: float) -> tuple[float, float]:
    """The scale of a panel so many percent points high, with the whole line in its middle."""
    middle = (float(values.min()) + float(values.max())) / 2
    return middle - height / 2, middle + height / 2


def _around(values: pd.Series) -> tuple[float, float]:
    """The scale of a panel: as far up as down from the first figure, wide enough for all of them."""
    first = float(values.iloc[0])
    span = max((values - first).abs().max(), first * _LEAST_SPAN, 1.0)
    return first - span, first + span


def _across(left: float, height: float) -> str:
    return f"M{left},{height} L{left + _WIDE},{height}"


def _part(moment: datetime, span: tuple[datetime, datetime]) -> float:
    first, last = span
    return (moment - first) / (last - first) if last > first else 1.0
