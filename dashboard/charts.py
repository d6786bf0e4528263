"""Frames become figures. Nothing here draws; a page shows what it is given."""

from __future__ import annotations

from html import escape

import pandas as pd
import plotly.graph_objects as go

from dashboard import formats
from dashboard.theme import FONT, Palette

_BAR = 30  # pixels per service
_FRAME = 78  # pixels above and below the bars
_LABEL_LENGTH = 28

#: Beyond this many bars a chart is a wall; the table has the rest.
MOST_SERVICES = 30

SORTING: dict[str, tuple[list[str], list[bool]]] = {
    "gap": (["undeployed", "service"], [False, True]),
    "percent": (["deploymentPercent", "service"], [True, True]),
    "sold": (["licensesSold", "service"], [False, True]),
    "name": (["title", "service"], [True, True]),
}


def services(
    table: pd.DataFrame, target: float, estimated: bool, palette: Palette
) -> go.Figure:
    """Deployment % and licenses sold, side by side on one axis of services, first row on top.

    `table`: one row per service with `service`, `title`, and the columns of `measures.by`. Each bar's `customdata` is
    the service's code, for clicks.
    """
    table = table.iloc[::-1]  # plotly draws upwards
    labels = _labels(table)
    hover = _hover(table, estimated)
    common = {
        "y": labels,
        "orientation": "h",
        "customdata": table["service"].tolist(),
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "cliponaxis": False,
        "textfont": {"color": palette.text, "size": 12},
    }
    reached = (table["deploymentPercent"] >= target).tolist()
    deployed = table["licensesSold"] - table["undeployed"]
    bars = [
        {
            "type": "bar",
            "name": "Deployment %",
            "x": table["deploymentPercent"].tolist(),
            "text": [
                formats.percent(percent) + ("" if ok or pd.isna(percent) else " ▾")
                for percent, ok in zip(table["deploymentPercent"], reached, strict=True)
            ],
            "textposition": "outside",
            "marker": {"color": [palette.deployed if ok else palette.below_target for ok in reached]},
            "xaxis": "x",
            "showlegend": False,
            **common,
        },
        {
            "type": "bar",
            "name": "deployed",
            "x": deployed.tolist(),
            "marker": {"color": palette.deployed},
            "xaxis": "x2",
            **common,
        },
        {
            "type": "bar",
            "name": "undeployed",
            "x": table["undeployed"].tolist(),
            "text": [formats.count(sold) for sold in table["licensesSold"]],
            "textposition": "outside",
            "marker": {
                "color": palette.gap,
                "line": {"color": palette.below_target, "width": 1},
                "pattern": {"shape": "/", "fgcolor": palette.below_target, "size": 5, "solidity": 0.25},
            },
            "xaxis": "x2",
            **common,
        },
    ]
    highest = max(100.0, target, table["deploymentPercent"].max(skipna=True) if len(table) else 0)
    most = max(1.0, float(table["licensesSold"].max()) if len(table) else 0)
    axis = {
        "gridcolor": palette.grid,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"color": palette.muted, "size": 11},
        "side": "top",
        "title": {"font": {"color": palette.text, "size": 13}, "standoff": 6},
    }
    layout = {
        "barmode": "stack",
        "bargap": 0.32,
        "height": height(len(table)),
        "margin": {"l": 8, "r": 8, "t": 56, "b": 8},
        "paper_bgcolor": palette.background,
        "plot_bgcolor": palette.background,
        "font": {"family": FONT, "color": palette.text, "size": 13},
        "hoverlabel": {"align": "left", "font": {"family": FONT}},
        "dragmode": False,
        "clickmode": "event+select",
        "legend": {
            "orientation": "h", "x": 1, "xanchor": "right", "y": 0, "yanchor": "top",
            "traceorder": "normal", "itemclick": False, "itemdoubleclick": False,
        },
        "yaxis": {"automargin": True, "fixedrange": True, "ticks": "", "type": "category"},
        "xaxis": axis | {
            "domain": [0, 0.44], "range": [0, highest * 1.24], "ticksuffix": "\u00a0%",
            "title": {**axis["title"], "text": "<b>Deployment %</b>"},
        },
        "xaxis2": axis | {
            "domain": [0.54, 1], "range": [0, most * 1.2], "tickformat": ",~s", "anchor": "y",
            "title": {**axis["title"], "text": "<b>Licenses sold</b>"},
        },
        "shapes": [
            {
                "type": "line", "xref": "x", "yref": "paper", "x0": target, "x1": target, "y0": 0, "y1": 1,
                "line": {"color": palette.target, "width": 1.5, "dash": "dot"},
            }
        ],
        "annotations": [
            {
                "xref": "x", "yref": "paper", "x": target, "y": 0, "yanchor": "top", "showarrow": False,
                "text": f"target {target:g}\u00a0%", "font": {"color": palette.text, "size": 11},
            }
        ],
    }
    # A plain dictionary: going through plotly's own classes would check every property on every click.
    return go.Figure({"data": bars, "layout": layout}, skip_invalid=False, _validate=False)


def height(number_of_services: int) -> int:
    return _FRAME + _BAR * max(1, number_of_services)


def in_words(table: pd.DataFrame, target: float) -> str:
    """The chart for those who cannot see it."""
    below = int((table["deploymentPercent"] < target).sum())
    rows = "; ".join(
        f"{row.title}: {formats.percent(row.deploymentPercent)} of {formats.count(row.licensesSold)}"
        for row in table.head(5).itertuples()
    )
    return (
        f"Bars of deployment percentage and licenses sold for {len(table)} services; {below} are below the target of"
        f" {target:g} percent. First: {rows}. The table below holds every figure."
    )


def _labels(table: pd.DataFrame) -> list[str]:
    """One label per service; equal titles would share one bar, so the code tells them apart."""
    titles = [_short(title) for title in table["title"]]
    return [
        escape(title if titles.count(title) == 1 else f"{title} ({_short(code)})", quote=False)
        for title, code in zip(titles, table["service"], strict=True)
    ]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LABEL_LENGTH else text[: _LABEL_LENGTH - 1] + "…"


def _hover(table: pd.DataFrame, estimated: bool) -> list[str]:
    def figure(value: float) -> str:
        return formats.count(value, estimated)

    return [
        f"<b>{escape(row.title, quote=False)}</b>"
        f"<br>Deployment {formats.percent(row.deploymentPercent)}"
        f"<br>Sold {formats.count(row.licensesSold)}"
        f"<br>Deployed {figure(row.licensesDeployed)}"
        f"<br>Undeployed {figure(row.undeployed)}"
        + (f"<br>Over-deployed {figure(row.overDeployed)}" if row.overDeployed >= 0.5 else "")
        + f"<br>As of {formats.day(row.processedDateTime)}"
        for row in table.itertuples()
    ]
