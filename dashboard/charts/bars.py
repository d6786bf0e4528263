"""The bar charts: a percentage on the left and licenses on the right, one row per service, customer or product."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts.base import (
    CATEGORIES,
    Axis,
    Finished,
    Segment,
    frame,
    heading,
    height,
    margin,
    title_label,
    told_apart,
    written,
)
from dashboard.charts.palette import Palette
from data_access.measures import MEASURES

_LINE = 17  # pixels of a line of text
_BELOW, _REACHED = "▾ ", "\u2007\u200a\u2009"  # before a percentage; says what its bar's colour says
_THOUSAND, _FEW = 1_000, 8
_VISIBLE = 0.5  # licenses; a smaller number comes from rounding an estimate
_UNKNOWN = "."
_PARTS_PER_LINE = 3
_IN_HOVER = (
    "licensesActive",
    "licensesQualified",
    "licensesSold",
    "used",
    "unused",
    "noUsageFigures",
    "undeployed",
    "overDeployed",
)
_ONLY_IF_ANY = ("noUsageFigures", "overDeployed")


def deployment(table: pd.DataFrame, target: float, estimated: bool, palette: Palette, *, key: str) -> Finished:
    """Deployment % and licenses sold, side by side on one axis, first row on top.

    `table`: one row per bar with `title`, the columns of `measures.by`, and the one that `key` names. Its values
    are the bars' `customdata`, for clicks.
    """
    segments = (
        Segment("deployed", (table["licensesSold"] - table["undeployed"]).tolist(), palette.deployed),
        Segment("undeployed", table["undeployed"].tolist(), palette.gap, palette.below_target),
    )
    return _bars(
        table,
        table["deploymentPercent"],
        table[key],
        segments=segments,
        right=[
            _right_label(sold, ((gap, f"gap {formats.count(gap, estimated)}"),), palette)
            for sold, gap in zip(table["licensesSold"], table["undeployed"], strict=True)
        ],
        hover=_hover(table, estimated),
        axes=(Axis("Deployment %", _target_key(target)), Axis("Licenses sold", _legend(segments))),
        target=target,
        palette=palette,
    )


def usage(table: pd.DataFrame, target: float, palette: Palette, *, key: str) -> Finished:
    """Usage % and how the licenses sold are used, side by side on one axis, first row on top.

    `table`: one row per bar with `title` and the columns of `usage.by_service`, NaN where Microsoft sent no
    figure; `key` as for `deployment`. Without licenses sold, the right shows the licenses qualified, once per workload.
    """
    segments = _uses(table, palette)
    deployed = table["licensesSold"].notna().any()
    totals = table["licensesSold" if deployed else "licensesQualified"].fillna(0)
    waste = [segment for segment in segments if segment.hatching and segment.shape != _UNKNOWN]
    return _bars(
        table,
        table["usagePercent"],
        table[key],
        segments=segments,
        right=[
            _right_label(
                number,
                ((part.licenses[row], f"{part.mark}\u00a0{formats.count(part.licenses[row])}") for part in waste),
                palette,
            )
            for row, number in enumerate(totals)
        ],
        hover=_usage_hover(table),
        axes=(
            Axis("Usage %", _target_key(target)),
            Axis("Licenses" if deployed else "Qualified, once per workload", _legend(segments)),
        ),
        target=target,
        palette=palette,
    )


def _uses(table: pd.DataFrame, palette: Palette) -> list[Segment]:
    """The segments of the bars on the right."""

    def number(name: str) -> list[float]:
        licenses: list[float] = table[name].fillna(0).tolist()
        return licenses

    if table["licensesSold"].isna().all():
        active, qualified = table["licensesActive"].fillna(0), table["licensesQualified"].fillna(0)
        idle = (qualified - active).clip(lower=0).tolist()
        return [
            Segment("active", active.tolist(), palette.deployed),
            Segment("not active", idle, palette.unused, palette.unused_hatching, "x"),
        ]
    segments = [Segment("undeployed", number("undeployed"), palette.gap, palette.below_target)]
    if table["noUsageFigures"].sum() >= _VISIBLE:
        segments.insert(0, Segment("no usage figures", number("noUsageFigures"), palette.grid, palette.muted, _UNKNOWN))
    if table["used"].notna().any():
        segments[:0] = [
            Segment("used", number("used"), palette.deployed),
            Segment("not used", number("unused"), palette.unused, palette.unused_hatching, "x"),
        ]
    return segments


def _bars(
    table: pd.DataFrame,
    percents: pd.Series,
    keys: pd.Series,
    *,
    segments: Sequence[Segment],
    right: list[str],
    hover: list[str],
    axes: tuple[Axis, Axis],
    target: float,
    palette: Palette,
) -> Finished:
    """A percentage on the left and stacked licenses on the right of one axis of `table`'s rows.

    The figures stand in the tick labels at both ends of a row: texts on the bars would double the browser's
    drawing time.
    """
    more_lines = max(axis.key.count("<br>") for axis in axes) * _LINE
    reached = (percents >= target).tolist()
    left = _left_labels(table["title"], percents, reached)
    right = told_apart(right)
    most = max([1.0, *(sum(parts) for parts in zip(*(segment.licenses for segment in segments), strict=True))])
    # Plotly puts the first row at the bottom.
    bar = {
        "type": "bar",
        "orientation": "h",
        "customdata": keys.tolist()[::-1],
        "hovertext": hover[::-1],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    bars = [
        bar
        | {
            "name": axes[0].title,
            "y": left[::-1],
            "x": percents.tolist()[::-1],
            "marker": {"color": [palette.deployed if ok else palette.below_target for ok in reached[::-1]]},
        }
    ]
    bars += [
        bar
        | {
            "name": segment.name,
            "y": right[::-1],
            "x": segment.licenses[::-1],
            "marker": _dress(segment),
            "xaxis": "x2",
            "yaxis": "y2",
        }
        for segment in segments
    ]
    numbers = {
        "gridcolor": palette.grid,
        "zerolinecolor": palette.muted,
        "fixedrange": True,
        "tickfont": {"color": palette.muted, "size": 11},
        "side": "top",
    }
    layout = frame(palette) | {
        "barmode": "stack",
        "bargap": 0.34,
        "height": height(len(table)) + more_lines,
        "margin": {"l": margin(left), "r": margin(right), "t": 64 + more_lines, "b": 8},
        "hovermode": "closest",
        "yaxis": CATEGORIES,
        "yaxis2": CATEGORIES | {"anchor": "x2", "side": "right"},
        "xaxis": numbers | {"domain": [0, 0.47], "range": [0, max(100.0, target, *percents.dropna()) * 1.04]},
        "xaxis2": numbers | {"domain": [0.53, 1], "range": [0, most * 1.04], **_whole_numbers(most), "anchor": "y2"},
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
        "annotations": [heading("x", axes[0], more_lines), heading("x2", axes[1], more_lines)],
    }
    return Finished(bars, layout)


def _dress(segment: Segment) -> dict[str, Any]:
    if not segment.hatching:
        return {"color": segment.colour}
    # A bar without length would still show its outline.
    widths = [int(licenses >= _VISIBLE) for licenses in segment.licenses[::-1]]
    return {
        "color": segment.colour,
        "line": {"color": segment.hatching, "width": widths},
        "pattern": {"shape": segment.shape, "fgcolor": segment.hatching, "size": 5, "solidity": 0.25},
    }


def _legend(segments: Sequence[Segment]) -> str:
    parts = [f"{segment.mark} {segment.name}" for segment in segments]
    half = len(parts) if len(parts) <= _PARTS_PER_LINE else len(parts) // 2
    return "<br>".join("  ".join(line) for line in (parts[:half], parts[half:]) if line)


def _target_key(target: float) -> str:
    return f"┊ target {target:g}\u00a0%"


def in_words(table: pd.DataFrame, percents: pd.Series, what: str, target: float) -> str:
    """The text alternative of the chart; `what` names the percentage and the rows."""
    below = int((percents < target).sum())
    first = zip(table["title"].head(5), percents.head(5), strict=True)
    rows = "; ".join(f"{title}: {formats.percent(percent)}" for title, percent in first)
    return (
        f"Bars of {what} and licenses, {len(table)} in all; {below} are below the target of {target:g} percent."
        f" First: {rows}. The table below holds every figure."
    )


def _whole_numbers(most: float) -> dict[str, Any]:
    """Ticks that are licenses: 1, 2, 3 …, and 5k instead of 5,000."""
    return {"tickformat": "~s"} if most >= _THOUSAND else {"tickformat": "d", "dtick": 1 if most < _FEW else None}


def _left_labels(titles: pd.Series, percents: pd.Series, reached: list[bool]) -> list[str]:
    return told_apart(
        f"{title_label(title)}   {_REACHED if ok or pd.isna(percent) else _BELOW}{formats.percent(percent)} "
        for title, percent, ok in zip(titles, percents, reached, strict=True)
    )


def _right_label(licenses: float, missing: Iterable[tuple[float, str]], palette: Palette) -> str:
    """The number of licenses, then in grey what is missing of them, if anything."""
    grey = "  ".join(words for number, words in missing if number >= _VISIBLE)
    return f" {formats.count(licenses)}" + (f"  <span style='color:{palette.muted}'>{grey}</span>" if grey else "")


def _hover(table: pd.DataFrame, estimated: bool) -> list[str]:
    def figure(value: float) -> str:
        return formats.count(value, estimated)

    rows: Any = table.itertuples()
    return [
        f"<b>{written(row.title)}</b>"
        f"<br>Deployment {formats.percent(row.deploymentPercent)}"
        f"<br>Sold {formats.count(row.licensesSold)}"
        f"<br>Deployed {figure(row.licensesDeployed)}"
        f"<br>Undeployed {figure(row.undeployed)}"
        + (f"<br>Over-deployed {figure(row.overDeployed)}" if row.overDeployed >= _VISIBLE else "")
        + f"<br>As of {formats.day(row.processedDateTime)}"
        for row in rows
    ]


def _usage_hover(table: pd.DataFrame) -> list[str]:
    rows: Any = table.itertuples()
    return [
        f"<b>{written(row.title)}</b>"
        f"<br>Usage {formats.percent(row.usagePercent)}"
        + "".join(
            f"<br>{MEASURES[name].label} {formats.count(value)}"
            for name in _IN_HOVER
            if pd.notna(value := getattr(row, name)) and (value >= _VISIBLE or name not in _ONLY_IF_ANY)
        )
        + f"<br>Deployment as of {formats.day(row.processedDateTime)}"
        f"<br>Used in the 28 days before {formats.day(row.windowEnd)}"
        for row in rows
    ]
