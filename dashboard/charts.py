"""Frames become figures. Nothing here draws; a page shows what it is given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard import formats
from dashboard.theme import FONT, Palette

_BAR = 30  # pixels per service
_FRAME = 88  # pixels above and below the bars
_LABEL_LENGTH = 26
_CHARACTER = 7  # pixels, about
_WIDEST_MARGIN = 280
_ISOLATE, _POP = "\u2068", "\u2069"  # a right-to-left name must not turn the figures around
_BELOW, _REACHED = "▾ ", "\u2007\u200a\u2009"  # says without colour what the bar says with it
_THOUSAND, _FEW = 1_000, 8
_VISIBLE = 0.5  # licenses; less is an estimate's rounding

#: Beyond this many bars a chart is a wall; the table has the rest.
MOST_SERVICES = 25

SORTING: dict[str, tuple[list[str], list[bool]]] = {
    "gap": (["undeployed", "service"], [False, True]),
    "percent": (["deploymentPercent", "service"], [True, True]),
    "sold": (["licensesSold", "service"], [False, True]),
    "name": (["title", "service"], [True, True]),
}


class Finished(go.Figure):  # type: ignore[misc]  # plotly ships no types
    """A figure that changes no more: Streamlit copies and walks through it on every rerun, here only the first time."""

    def to_dict(self) -> dict[str, Any]:
        finished: dict[str, Any] | None = self.__dict__.get("_finished")
        if finished is None:
            finished = self.__dict__["_finished"] = super().to_dict()
        return finished


def services(table: pd.DataFrame, target: float, estimated: bool, palette: Palette) -> go.Figure:
    """Deployment % and licenses sold, side by side on one axis of services, first row on top.

    `table`: one row per service with `service`, `title`, and the columns of `measures.by`. Each bar's `customdata` is
    the service's code, for clicks. The figures stand in the tick labels at both ends of a row: as texts on the bars
    they would double the time that the browser needs to draw.
    """
    table = table.iloc[::-1]  # plotly draws upwards
    reached = (table["deploymentPercent"] >= target).tolist()
    left, right = _left_labels(table, reached), _right_labels(table, estimated, palette)
    most = max([1, *table["licensesSold"]])
    bar = {
        "type": "bar",
        "orientation": "h",
        "customdata": table["service"].tolist(),
        "hovertext": _hover(table, estimated),
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    bars = [
        bar
        | {
            "name": "deployment %",
            "y": left,
            "x": table["deploymentPercent"].tolist(),
            "marker": {"color": [palette.deployed if ok else palette.below_target for ok in reached]},
        },
        bar
        | {
            "name": "deployed",
            "y": right,
            "x": (table["licensesSold"] - table["undeployed"]).tolist(),
            "marker": {"color": palette.deployed},
            "xaxis": "x2",
            "yaxis": "y2",
        },
        bar
        | {
            "name": "undeployed",
            "y": right,
            "x": table["undeployed"].tolist(),
            "marker": {
                "color": palette.gap,
                # A bar of no length would still show its outline.
                "line": {"color": palette.below_target, "width": [int(gap >= _VISIBLE) for gap in table["undeployed"]]},
                "pattern": {"shape": "/", "fgcolor": palette.below_target, "size": 5, "solidity": 0.25},
            },
            "xaxis": "x2",
            "yaxis": "y2",
        },
    ]
    numbers = {
        "gridcolor": palette.grid,
        "zerolinecolor": palette.muted,
        "fixedrange": True,
        "tickfont": {"color": palette.muted, "size": 11},
        "side": "top",
    }
    categories = {"type": "category", "fixedrange": True, "automargin": False, "ticks": "", "showgrid": False}
    layout = {
        "barmode": "stack",
        "bargap": 0.34,
        "height": height(len(table)),
        "margin": {"l": _margin(left), "r": _margin(right), "t": 64, "b": 8},
        "paper_bgcolor": palette.background,
        "plot_bgcolor": palette.background,
        "font": {"family": FONT, "color": palette.text, "size": 13},
        "hoverlabel": {"align": "left", "font": {"family": FONT}},
        "dragmode": False,
        "clickmode": "event+select",
        "hovermode": "closest",
        "showlegend": False,
        "yaxis": categories,
        "yaxis2": categories | {"anchor": "x2", "side": "right"},
        "xaxis": numbers
        | {
            "domain": [0, 0.47],
            "range": [0, max(100.0, target, *table["deploymentPercent"].dropna()) * 1.04],
        },
        "xaxis2": numbers
        | {
            "domain": [0.53, 1],
            "range": [0, most * 1.04],
            **_whole_numbers(most),
            "anchor": "y2",
        },
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": target,
                "x1": target,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.target, "width": 1.5, "dash": "dot"},
            }
        ],
        "annotations": [
            _heading("x", "Deployment %", f"┊ target {target:g}\u00a0%"),
            _heading(
                "x2",
                "Licenses sold",
                f"<span style='color:{palette.deployed}'>■</span> deployed"
                f"  <span style='color:{palette.below_target}'>▨</span> undeployed",
            ),
        ],
    }
    return Finished({"data": bars, "layout": layout})


def height(number_of_services: int) -> int:
    return _FRAME + _BAR * max(1, number_of_services)


def in_words(table: pd.DataFrame, target: float) -> str:
    """The chart for those who cannot see it."""
    below = int((table["deploymentPercent"] < target).sum())
    first: Any = table.head(5).itertuples()
    rows = "; ".join(
        f"{row.title}: {formats.percent(row.deploymentPercent)} of {formats.count(row.licensesSold)}" for row in first
    )
    return (
        f"Bars of deployment percentage and licenses sold for {len(table)} services; {below} are below the target of"
        f" {target:g} percent. First: {rows}. The table below holds every figure."
    )


def _heading(axis: str, title: str, key: str) -> dict[str, Any]:
    return {
        "xref": f"{axis} domain",
        "x": 0,
        "xanchor": "left",
        "yref": "paper",
        "y": 1,
        "align": "left",
        "yshift": 52,
        "showarrow": False,
        "text": f"<b>{title}</b><br>{key}",
    }


def _whole_numbers(most: int) -> dict[str, Any]:
    """Ticks that are licenses: 1, 2, 3 …, and 5k instead of 5,000."""
    return {"tickformat": "~s"} if most >= _THOUSAND else {"tickformat": "d", "dtick": 1 if most < _FEW else None}


def _left_labels(table: pd.DataFrame, reached: list[bool]) -> list[str]:
    return _told_apart(
        f"{_ISOLATE}{escape(formats.shortened(title, _LABEL_LENGTH), quote=False)}{_POP}   "
        f"{_REACHED if ok or pd.isna(percent) else _BELOW}{formats.percent(percent)} "
        for title, percent, ok in zip(table["title"], table["deploymentPercent"], reached, strict=True)
    )


def _right_labels(table: pd.DataFrame, estimated: bool, palette: Palette) -> list[str]:
    return _told_apart(
        f" {formats.count(sold)}"
        + (
            f"  <span style='color:{palette.muted}'>gap {formats.count(gap, estimated)}</span>"
            if gap >= _VISIBLE
            else ""
        )
        for sold, gap in zip(table["licensesSold"], table["undeployed"], strict=True)
    )


def _told_apart(labels: Iterable[str]) -> list[str]:
    """Equal labels would share one row of the chart, so they get differing numbers of zero-width spaces."""
    seen: Counter[str] = Counter()
    found = []
    for label in labels:
        found.append(label + "\u200b" * seen[label])
        seen[label] += 1
    return found


def _margin(labels: list[str]) -> int:
    """Pixels for the longest label; plotly's own measuring would draw the chart once more."""
    longest = max((len(re.sub(r"<[^>]*>|&\w+;", "", label)) for label in labels), default=0)
    return min(_WIDEST_MARGIN, 12 + longest * _CHARACTER)


def _hover(table: pd.DataFrame, estimated: bool) -> list[str]:
    def figure(value: float) -> str:
        return formats.count(value, estimated)

    rows: Any = table.itertuples()
    return [
        f"<b>{escape(row.title, quote=False)}</b>"
        f"<br>Deployment {formats.percent(row.deploymentPercent)}"
        f"<br>Sold {formats.count(row.licensesSold)}"
        f"<br>Deployed {figure(row.licensesDeployed)}"
        f"<br>Undeployed {figure(row.undeployed)}"
        + (f"<br>Over-deployed {figure(row.overDeployed)}" if row.overDeployed >= _VISIBLE else "")
        + f"<br>As of {formats.day(row.processedDateTime)}"
        for row in rows
    ]
