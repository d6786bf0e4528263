"""The chart of the Changes page: how much each row moved the percentage."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts import base, rows
from dashboard.charts.base import Finished, mark, written
from dashboard.charts.palette import Palette
from dashboard.charts.rows import Column, Panel, Rows
from data_access.measures.changes import Why

#: Percent points: rows that moved the percentage by less are drawn as one.
SMALLEST = 0.05
#: So many rows are drawn, however little they moved it.
FEWEST = 8
_LABEL_LENGTH, _NARROW_LABEL = 40, 20  # characters
_INVISIBLE = 1e-9
_DWARFING = 2.0  # times the longest bar of a row
_ROOM = 1.12  # of the axes beyond the longest bar
_TOTAL, _REST = "All together", "{:,} others"
_EFFECTS = ("deployedEffect", "soldEffect")
_SUMMED = ("licensesSold", "licensesDeployed", "undeployed")


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `changes.compare`, those that moved the percentage most first; ties keep their order."""
    moved = net_effect(table).abs()
    return table.loc[moved.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def net_effect(table: pd.DataFrame) -> pd.Series:
    """By how many percent points each row moved the percentage of all together."""
    return table["deployedEffect"] + table["soldEffect"]


def parts_printed(table: pd.DataFrame) -> pd.DataFrame:
    """The rows with both effects as they are printed, so that those of a row add up to its bar as that is printed."""
    both = zip(net_effect(table), table["soldEffect"], strict=True)
    printed = [_adding_up(net, sold, formats.DECIMALS)[1:] for net, sold in both]
    return table.assign(**pd.DataFrame(printed, columns=[*_EFFECTS], index=table.index, dtype="float64"))


def number_drawn(table: pd.DataFrame) -> int:
    """How many rows, of those in order, get a bar of their own; one row is never folded alone."""
    moved = int((net_effect(table).abs() >= SMALLEST).sum())
    number = min(len(table), base.MOST_BARS, max(FEWEST, moved))
    return len(table) if len(table) - number == 1 else number


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
    """By how many percent points each row moved the percentage of all together.

    `drawn`: the rows of `bars` with the same `key`; the values of that column are the bars' `customdata`, for clicks.
    The parts of a bar, from licenses deployed and from licenses sold, are in its hover. Sums that would dwarf the rows
    are written instead of drawn.
    """
    decimals = places(drawn)
    own = drawn[key] != ""
    moved = net_effect(drawn)
    longest = _reach(moved[own])
    too_long = ~own & (moved.abs() > longest * _DWARFING)
    shown = moved.mask(too_long)
    reach = max(longest, _reach(shown), _INVISIBLE) * _ROOM
    printed_net = [_printed(row, decimals)[0] for row in _rows(drawn)]
    from_to = [_from_to(row) for row in _rows(drawn)]
    bar = {
        "type": "bar",
        "orientation": "h",
        "name": "moved",
        "x": base.numbers(shown),
        "marker": {"color": [palette.worse if value < 0 else palette.better for value in moved]},
    }
    panel = Panel(
        "Percent points of the total",
        f"{mark(palette.better)} lifted it   {mark(palette.worse)} lowered it",
        [bar],
        {"range": [-reach, reach], "zerolinewidth": 1.5, "tickformat": "+~g", "nticks": 7},
        shapes=[_rule(len(drawn), palette)] if len(drawn) > 1 else [],
        notes=[_written(row, len(drawn), decimals, palette) for row in _rows(drawn[too_long])],
    )
    return rows.figure(
        Rows(
            names=[_label(row, _LABEL_LENGTH) for row in _rows(drawn)],
            short=[_label(row, _NARROW_LABEL) for row in _rows(drawn)],
            keys=drawn[key].tolist(),
            hover=_hover(drawn, estimated, decimals),
            figures=Column([f"<b>{points}</b>" for points in printed_net]),
            columns=(Column(from_to, "Before → after"),),
            narrow=[
                f"<span style='color:{palette.muted}'>{change}</span>  <b>{points}</b>"
                for change, points in zip(from_to, printed_net, strict=True)
            ],
        ),
        [panel],
        palette,
    )


def places(drawn: pd.DataFrame) -> int:
    """The number of decimals that tells the parts of these rows apart."""
    most = net_effect(drawn).abs().iloc[1:].max()
    return formats.DECIMALS if pd.isna(most) or most >= SMALLEST else formats.DECIMALS + 1


def in_words(drawn: pd.DataFrame, what: str) -> str:
    """The text alternative of the chart; `what` names its rows."""
    decimals = places(drawn)
    first, *others = (
        f"{row.title}: {_from_to(row)}, {deployed} points from deployed and {sold} from sold"
        for row in _rows(drawn)
        for _, deployed, sold in [_printed(row, decimals)]
    )
    return (
        f"Deployment % of {what} before and after, and the part of each in the change of the whole. {first}."
        f" Those that moved it most first: {'; '.join(others)}."
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


def _label(row: Any, length: int) -> str:
    """The name of a row; a row that sums up stands out."""
    label = base.title_label(row.label, length)
    return label if row.status else f"<b>{label}</b>"


def _reach(moved: pd.Series) -> float:
    """The length of the longest bar, in percent points."""
    longest = moved.abs().max()
    return 0.0 if pd.isna(longest) else float(longest)


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
        "x": 0,
        "yref": "y",
        "y": number - 1 - row.Index,
        "showarrow": False,
        "bgcolor": palette.background,
        "font": {"color": palette.muted},
        "text": f"{deployed} from deployed, {sold} from sold",
    }


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
        f"<br>Not deployed {moved(row, 'undeployed', estimated)}"
        f"<br>Points of the whole {net}: {deployed} from deployed, {sold} from sold"
        for row in _rows(drawn)
        for net, deployed, sold in [_printed(row, decimals)]
    ]


def printed(why: Why) -> tuple[float, float, float]:
    """Change, effect of deployed and effect of sold with two decimals, so that all add up as they are printed.

    `why`: with a change.
    """
    return _adding_up(formats.points_between(why.before or 0.0, why.after or 0.0), why.sold or 0.0, formats.DECIMALS)
