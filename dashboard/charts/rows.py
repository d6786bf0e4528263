"""The frame of charts with a row per service, customer or product: columns of text beside panels of marks.

A column is the tick labels of an axis of its own, so that names stand left-aligned and numbers right-aligned at any
width; texts as marks would double the browser's drawing time. On a narrow screen there is the first panel alone, with
name and figure above each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.charts import base
from dashboard.charts.base import Finished
from dashboard.charts.palette import Palette

_ROW, _NARROW_ROW = 30, 48  # pixels
_TOP, _LINE, _BOTTOM = 64, 17, 8  # pixels: above the rows, for a further line of the key, and below
_GAP, _EDGE = 14, 4  # pixels between columns, and beside the first and the last one
_BETWEEN = 0.06  # of the width, between two panels
_ABOVE = 19  # pixels from the middle of a narrow row up to its texts
_HEADROOM = 0.2  # of a narrow row, above the first one: a text that is cut is not drawn
_BAR = 0.34  # of a row, left free
_NARROW_BAR = 16  # pixels
_SMALL = 11 / 13  # of the titles' text to the rest


@dataclass(frozen=True, slots=True)
class Column:
    """Right-aligned texts, one for each row; the first row comes first, here and everywhere below."""

    texts: Sequence[str]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Marks on one axis of numbers: plotly traces without what `figure` gives them, their heading and its key."""

    heading: str
    key: str
    marks: Sequence[dict[str, Any]]
    axis: dict[str, Any]
    narrow_key: str = ""  # the key where there is no other panel
    target: float | None = None  # where a dotted line stands
    shapes: Sequence[dict[str, Any]] = ()  # on a wide screen, as are
    notes: Sequence[dict[str, Any]] = ()  # texts in place of marks


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands in every row beside the marks: its name, its key for clicks, and its text under the mouse.

    `figures` stand before the first panel, `columns` behind the last one; `narrow` replaces `figures` on a narrow
    screen, and `short` the names, which may have several lines (`<br>`).
    """

    names: Sequence[str]
    short: Sequence[str]
    keys: Sequence[str]
    hover: Sequence[str]
    figures: Column
    columns: Sequence[Column]
    narrow: Sequence[str]


def figure(rows: Rows, panels: Sequence[Panel], palette: Palette, **layout: Any) -> Finished:
    """The chart. `layout`: more of plotly's, such as how bars stand on each other."""
    places = list(range(len(rows.names)))[::-1]  # plotly counts upwards
    axes = _axes(rows, places, palette)
    wide = base.frame(palette) | {"plot_bgcolor": base.CLEAR} | _wide(rows, panels, palette) | axes | layout
    parts = [(key, base.in_plain_words(text)) for key, text in zip(rows.keys, rows.hover, strict=True) if key]
    narrow = _narrow(rows, panels, places, palette)
    return Finished(_traces(rows, panels, places, len(axes)), wide, narrow=narrow, parts=parts)


def _traces(rows: Rows, panels: Sequence[Panel], places: list[int], axes: int) -> list[dict[str, Any]]:
    common = {
        "y": places,
        "customdata": [*rows.keys],
        "hovertext": [*rows.hover],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    marks = [common | mark | {"xaxis": _axis(of)} for of, panel in enumerate(panels, 1) for mark in panel.marks]
    # An axis without a trace is not drawn.
    bearers = [{"type": "scatter", "x": [None], "y": [None], "yaxis": f"y{place}"} for place in range(2, axes + 1)]
    return [*marks, *bearers]


def _axes(rows: Rows, places: list[int], palette: Palette) -> dict[str, Any]:
    """The axis that the marks stand on, and the columns of texts, each as an axis over it."""
    marks = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "range": [-0.5, max(len(places), 1) - 0.5],
        "automargin": False,
    }
    axis = marks | {
        "overlaying": "y",
        "anchor": "free",
        "showticklabels": True,
        "ticklabeloverflow": "allow",  # they have their room; plotly would lay out the page to measure each of them
        "tickmode": "array",
        "tickvals": places,
        "tickfont": {"color": palette.text, "size": 13},
        "position": 0,
        "side": "left",
    }
    columns = [
        axis | {"ticktext": [*rows.names], "side": "right", "shift": _EDGE - _left(rows)},
        axis | {"ticktext": [*rows.figures.texts], "shift": -_EDGE},
    ]
    columns += [
        axis | {"position": 1, "ticktext": [*column.texts], "shift": edge}
        for column, edge in zip(rows.columns, _right_edges(rows.columns), strict=True)
    ]
    # Plotly moves the place of the mouse along with an axis that is shifted, so the marks have one without texts.
    return {"yaxis": marks} | {f"yaxis{place}": column for place, column in enumerate(columns, 2)}


def _wide(rows: Rows, panels: Sequence[Panel], palette: Palette) -> dict[str, Any]:
    """The layout, but for the columns' axes."""
    right = _right_edges(rows.columns)
    more = max(panel.key.count("<br>") for panel in panels) * _LINE
    top = _TOP + more
    placed = [*enumerate(panels, 1)]
    return {
        "bargap": _BAR,
        "height": top + _ROW * max(1, len(rows.names)) + _BOTTOM,
        "margin": {"l": _left(rows), "r": (right[-1] if right else _EDGE) + _EDGE, "t": top, "b": _BOTTOM},
        "hovermode": "closest",
        **{_axis(of, "xaxis"): _numbers(of, panels, palette) for of, _ in placed},
        "shapes": [
            {"xref": _axis(of)} | shape for of, panel in placed for shape in (*panel.shapes, *_target(panel, palette))
        ],
        "annotations": [
            *({"xref": _axis(of)} | note for of, panel in placed for note in panel.notes),
            *(_heading(of, panel, more) for of, panel in placed),
            *(_title(column, edge, palette) for column, edge in zip(rows.columns, right, strict=True) if column.title),
        ],
    }


def _narrow(rows: Rows, panels: Sequence[Panel], places: list[int], palette: Palette) -> dict[str, Any]:
    """What differs on a narrow screen."""
    number = max(1, len(rows.names))
    rooms = [-0.5, number - 0.5 + _HEADROOM]
    more = _LINE * max((name.count("<br>") for name in rows.short), default=0)  # pixels for names of several lines
    row, free = _NARROW_ROW + more, 1 - _NARROW_BAR / (_NARROW_ROW + more)
    inside = {"ticklabelposition": "inside", "shift": 0, "range": rooms}
    # All end on the line of the figures, so that each stands at its own bar.
    names = ["\u00a0<br>" * (more // _LINE - name.count("<br>")) + name for name in rows.short]
    first = replace(panels[0], key=panels[0].narrow_key or panels[0].key)
    marks = [[{"visible": of == 1}] * len(panel.marks) for of, panel in enumerate(panels, 1)]
    top = _TOP + first.key.count("<br>") * _LINE
    return {
        "data": [change for panel in marks for change in panel],
        "layout": {
            "height": top + round(row * (number + _HEADROOM)) + _BOTTOM,
            "margin": {"l": _EDGE, "r": _EDGE, "t": top, "b": _BOTTOM},
            "bargap": free,
            # A line at zero amid the bars would cross the texts above them.
            "xaxis": {"domain": [0, 1], "showticklabels": False, "showgrid": False, "zeroline": not _is_amid(first)},
            "yaxis": {"range": rooms},
            "yaxis2": inside | {"side": "left", "ticktext": names, "ticklabelshift": -_ABOVE - more // 2},
            "yaxis3": inside | {"side": "right", "position": 1, "ticktext": [*rows.narrow], "ticklabelshift": -_ABOVE},
            **{f"yaxis{place}": {"visible": False} for place in range(4, 4 + len(rows.columns))},
            **{f"xaxis{of}": {"visible": False} for of in range(2, len(panels) + 1)},
            "shapes": _target_on_bars(first, places, palette, free),
            "annotations": [_heading(1, first, top - _TOP)],
        },
    }


def _left(rows: Rows) -> int:
    """The room of the names and figures before the first panel, in pixels."""
    return 2 * _EDGE + base.width(rows.names) + _GAP + base.width(rows.figures.texts, of_numbers=True)


def _right_edges(columns: Sequence[Column]) -> list[int]:
    """Where each column ends, in pixels behind the last panel."""
    edges, end = [], 0
    for column in columns:
        end += _GAP + max(base.width(column.texts, of_numbers=True), round(base.width([column.title]) * _SMALL))
        edges.append(end)
    return edges


def _numbers(of: int, panels: Sequence[Panel], palette: Palette) -> dict[str, Any]:
    """The axis of one panel, on top of it."""
    share = (1 + _BETWEEN) / len(panels)
    start = (of - 1) * share
    return {
        "anchor": "y",
        "domain": [start, start + share - _BETWEEN],
        "side": "top",
        "fixedrange": True,
        "gridcolor": palette.grid,
        "zerolinecolor": palette.muted,
        "tickfont": {"color": palette.muted, "size": 11},
        **panels[of - 1].axis,
    }


def _target(panel: Panel, palette: Palette) -> list[dict[str, Any]]:
    """The line of the target, from top to bottom."""
    if panel.target is None:
        return []
    line = {"color": palette.target, "width": 1.5, "dash": "dot"}
    return [{"type": "line", "yref": "paper", "x0": panel.target, "x1": panel.target, "y0": 0, "y1": 1, "line": line}]


def _is_amid(panel: Panel) -> bool:
    """Whether bars go to both sides of zero."""
    return bool(panel.axis["range"][0] < 0)


def _target_on_bars(panel: Panel, places: list[int], palette: Palette, free: float) -> list[dict[str, Any]]:
    """The target as a mark on each bar, since a line would cross the texts; `free` of a row is left beside a bar."""
    if panel.target is None or not places:
        return []
    half = (1 - free) / 2 + 0.03
    path = " ".join(f"M{panel.target},{place - half:.2f} L{panel.target},{place + half:.2f}" for place in places)
    return [{"type": "path", "path": path, "line": {"color": palette.target, "width": 2}}]


def _axis(of: int, name: str = "x") -> str:
    """What plotly calls one of several axes."""
    return f"{name}{of if of > 1 else ''}"


def _heading(of: int, panel: Panel, more: int) -> dict[str, Any]:
    """The title of a panel and its key; `more` pixels higher than one line of the key needs."""
    return {
        "xref": f"{_axis(of)} domain",
        "x": 0,
        "xanchor": "left",
        "yref": "paper",
        "y": 1,
        "align": "left",
        "yshift": 52 + more,
        "showarrow": False,
        "text": f"<b>{panel.heading}</b><br>{panel.key}",
    }


def _title(column: Column, edge: int, palette: Palette) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "xshift": edge + _EDGE // 2,
        "yref": "paper",
        "y": 1,
        "yshift": 10,
        "showarrow": False,
        "font": {"color": palette.muted, "size": 11},
        "text": column.title,
    }
