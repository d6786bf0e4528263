"""The chart of the Changes page: how much each row moved the percentage, by licenses deployed and by licenses sold."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts import base
from dashboard.charts.base import Axis, Finished, Segment, written
from dashboard.charts.palette import Palette
from data_access.measures.changes import Why

_SMALLEST = 0.05  # percent points; where every part is less, it takes more decimals to tell them apart
_LABEL_LENGTH, _WIDEST_MARGIN = 40, 370  # pixels
_INVISIBLE = 1e-9
_DWARFING = 2.0  # times the longest bar of a row
_ROOM = 1.12  # of the axes beyond the longest bar
_TOTAL, _REST = "All together", "{:,} others"
_EFFECTS = ("deployedEffect", "soldEffect")
_SUMMED = ("licensesSold", "licensesDeployed", "undeployed")


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `changes.compare`, those that moved the percentage most first; ties keep their order."""
    moved = (table["deployedEffect"] + table["soldEffect"]).abs()
    return table.loc[moved.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def bars(table: pd.DataFrame, first: pd.DataFrame, *, key: str) -> pd.DataFrame:
    """The rows to draw: the total, the rows that moved the percentage most, and the rest as one row.

    `table`: rows in order, with the columns of `changes.compare`; `first`: those of them that are drawn, with `title`
    and with `label`, the title short enough for the margin. The parts add up to the first row. A row that sums up
    has an empty text in the column that `key` names.
    """
    parts = [_together(table, _TOTAL, key), first]
    if len(table) > len(first):
        parts.append(_together(table.iloc[len(first) :], _REST.format(len(table) - len(first)), key))
    return pd.concat(parts, ignore_index=True)


def figure(drawn: pd.DataFrame, estimated: bool, palette: Palette, *, key: str) -> Finished:
    """The effects of licenses deployed and of licenses sold on the total, in percent points, and their net.

    `drawn`: the rows of `bars` with the same `key`; the values of that column are the bars' `customdata`, for clicks.
    The figures stand in the tick labels: the net on the left, the percentages on the right. Sums that would
    dwarf the rows are written instead of drawn.
    """
    decimals = places(drawn)
    own = drawn[key] != ""
    longest = _reach(drawn[own])
    too_long = ~own & (drawn[[*_EFFECTS]].abs().max(axis=1) > longest * _DWARFING)
    parts = (
        Segment("from deployed", drawn["deployedEffect"].mask(too_long, 0.0).tolist(), palette.deployed),
        Segment("from sold", drawn["soldEffect"].mask(too_long, 0.0).tolist(), palette.grid, palette.muted),
    )
    net = drawn["deployedEffect"] + drawn["soldEffect"]
    left = base.told_apart(
        f"{base.title_label(row.label, _LABEL_LENGTH)}   <b>{_printed(row, decimals)[0]}</b> " for row in _rows(drawn)
    )
    right = base.told_apart(f" {_from_to(row)}" for row in _rows(drawn))
    common = {
        "customdata": drawn[key].tolist()[::-1],
        "hovertext": _hover(drawn, estimated, decimals)[::-1],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    marks = [
        common
        | {"type": "bar", "orientation": "h", "name": part.name, "marker": _dress(part)}
        | {"y": left[::-1], "x": part.licenses[::-1]}
        for part in parts
    ]
    diamond = {"symbol": "diamond", "size": 9, "color": palette.text, "line": {"color": palette.background, "width": 1}}
    marks.append(
        common
        | {"type": "scatter", "mode": "markers", "name": "both", "marker": diamond}
        | {"y": right[::-1], "x": net.mask(too_long).tolist()[::-1], "yaxis": "y2"}
    )
    reach = max(longest, _reach(drawn[~too_long]), _INVISIBLE) * _ROOM
    categories = base.CATEGORIES | {"range": [-0.5, len(drawn) - 0.5]}
    layout = base.frame(palette) | {
        "barmode": "relative",
        "bargap": 0.42,
        "height": base.height(len(drawn)),
        "margin": {"l": base.margin(left, _WIDEST_MARGIN), "r": base.margin(right), "t": 64, "b": 8},
        "hovermode": "closest",
        "yaxis": categories,
        "yaxis2": categories | {"overlaying": "y", "side": "right"},
        "xaxis": {
            "range": [-reach, reach],
            "fixedrange": True,
            "side": "top",
            "gridcolor": palette.grid,
            "zerolinecolor": palette.muted,
            "zerolinewidth": 1.5,
            "tickfont": {"color": palette.muted, "size": 11},
            "tickformat": "+~g",
            "nticks": 7,
        },
        "shapes": [_rule(len(drawn), palette)] if len(drawn) > 1 else [],
        "annotations": [
            base.heading("x", Axis("Percent points of all together", _key(parts)), 0),
            *(_written(row, len(drawn), decimals, palette) for row in _rows(drawn[too_long])),
        ],
    }
    return Finished(marks, layout)


def places(drawn: pd.DataFrame) -> int:
    """The number of decimals that tells the parts of these rows apart."""
    most = (drawn["deployedEffect"] + drawn["soldEffect"]).abs().iloc[1:].max()
    return formats.DECIMALS if pd.isna(most) or most >= _SMALLEST else formats.DECIMALS + 1


def in_words(drawn: pd.DataFrame, what: str) -> str:
    """The text alternative of the chart; `what` names its rows."""
    decimals = places(drawn)
    first, *others = (
        f"{row.title}: {_from_to(row)}, {deployed} points from deployed and {sold} from sold"
        for row in _rows(drawn.head(6))
        for _, deployed, sold in [_printed(row, decimals)]
    )
    return (
        f"Deployment % of {what} before and after, and the part of each in the change of the whole. {first}."
        f" Those that moved it most: {'; '.join(others)}. The table below holds every figure."
    )


def _together(table: pd.DataFrame, title: str, key: str) -> pd.DataFrame:
    sums: dict[str, Any] = {name: table[name].sum() for name in _EFFECTS}
    for name in _SUMMED:
        sums |= {f"{name}{when}": table[f"{name}{when}"].sum() for when in ("Before", "After", "Change")}
    for when in ("Before", "After"):
        sold = sums[f"licensesSold{when}"]
        sums[f"deploymentPercent{when}"] = sums[f"licensesDeployed{when}"] * 100 / sold if sold else float("nan")
    return pd.DataFrame([{key: "", "title": title, "label": title, "status": ""} | sums])


def _rows(table: pd.DataFrame) -> Any:
    return table.itertuples()


def _reach(table: pd.DataFrame) -> float:
    """The length of the longest bar, in percent points."""
    return float(table[[*_EFFECTS]].abs().to_numpy().max(initial=0.0))


def _printed(row: Any, decimals: int) -> tuple[str, str, str]:
    """Net, part of deployed and part of sold as they are printed, so that the two parts add up to the net.

    `row`: one of `bars`, of which the first is the total; the net of the total is the change of its percentage.
    """
    net = row.deployedEffect + row.soldEffect
    if row.Index == 0 and decimals == formats.DECIMALS and not pd.isna(net):
        net = formats.points_between(row.deploymentPercentBefore, row.deploymentPercentAfter)
    net, deployed, sold = _adding_up(net, row.soldEffect, decimals)
    return formats.points(net, decimals), formats.points(deployed, decimals), formats.points(sold, decimals)


def _adding_up(net: float, sold: float, decimals: int) -> tuple[float, float, float]:
    net, sold = round(net, decimals), round(sold, decimals)
    return net, round(net - sold, decimals), sold


def _written(row: Any, number: int, decimals: int, palette: Palette) -> dict[str, Any]:
    """The parts of a sum in words, where its bars would be; `number` of rows."""
    _, deployed, sold = _printed(row, decimals)
    return {
        "xref": "x",
        "x": 0,
        "yref": "y",
        "y": number - 1 - row.Index,
        "showarrow": False,
        "bgcolor": palette.background,
        "font": {"color": palette.muted},
        "text": f"{deployed} from deployed, {sold} from sold",
    }


def _dress(part: Segment) -> dict[str, Any]:
    if not part.hatching:
        return {"color": part.colour}
    pattern = {"shape": part.shape, "fgcolor": part.hatching, "size": 5, "solidity": 0.3}
    return {"color": part.colour, "pattern": pattern}


def _key(parts: tuple[Segment, ...]) -> str:
    return "  ".join([*(f"{part.mark} {part.name}" for part in parts), "◆ both"])


def _rule(number: int, palette: Palette) -> dict[str, Any]:
    """The line under the row of the total."""
    at = number - 1.5
    line = {"color": palette.muted, "width": 1}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": at, "y1": at, "line": line}


def _from_to(row: Any) -> str:
    before, after = row.deploymentPercentBefore, row.deploymentPercentAfter
    if pd.isna(before) and pd.isna(after):
        return formats.NOTHING
    from_to = (
        formats.percent(None if pd.isna(percent) else round(percent, formats.DECIMALS)) for percent in (before, after)
    )
    return " → ".join(from_to).replace("\u00a0% →", " →")


def _hover(drawn: pd.DataFrame, estimated: bool, decimals: int) -> list[str]:
    def moved(row: Any, name: str, estimate: bool = False) -> str:
        before, after = (getattr(row, f"{name}{when}") for when in ("Before", "After"))
        was, now = formats.count(before, estimate), formats.count(after, estimate)
        return f"{was} → {now} ({formats.between(before, after, estimate)})"

    return [
        f"<b>{written(row.title)}</b>" + (f" · {row.status}" if row.status else "") + f"<br>Deployment {_from_to(row)}"
        f"<br>Sold {moved(row, 'licensesSold')}"
        f"<br>Deployed {moved(row, 'licensesDeployed', estimated)}"
        f"<br>Undeployed {moved(row, 'undeployed', estimated)}"
        f"<br>Points of the whole {net}: {deployed} from deployed, {sold} from sold"
        for row in _rows(drawn)
        for net, deployed, sold in [_printed(row, decimals)]
    ]


def printed(why: Why) -> tuple[float, float, float]:
    """Change, effect of deployed and effect of sold with two decimals, so that all add up as they are printed.

    `why`: with a change.
    """
    return _adding_up(formats.points_between(why.before or 0.0, why.after or 0.0), why.sold or 0.0, formats.DECIMALS)
