"""The bar charts: a percentage and the licenses behind it, one row per service, customer or product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts import base, rows
from dashboard.charts.base import Finished, mark, title_label, wrapped_label, written
from dashboard.charts.palette import Palette
from dashboard.charts.rows import Column, Panel, Rows
from data_access.measures import MEASURES

#: So many rows, those with the most licenses to deploy below the target, have the colour of what needs action.
FEW = 3
_THOUSAND, _FEWEST = 1_000, 8
_VISIBLE = 0.5  # licenses; a smaller number comes from rounding an estimate
_ROOM = 1.04  # of the axes beyond the longest bar
_PER_CENT = 100.0
_NARROW_NAME = 24  # characters of a line
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
_NOT_USED, _NOT_ACTIVE, _NOT_DEPLOYED = "not used", "not active", "not deployed"
#: What is asked about on Usage, the first of these that is known.
_ASKED = (_NOT_USED, _NOT_ACTIVE, _NOT_DEPLOYED)
_MOST = "most to deploy"
_MISSING_KEY = "□ missing"
_ONLY_IF_ANY = ("noUsageFigures", "overDeployed")


def deployment(table: pd.DataFrame, target: float, estimated: bool, palette: Palette, *, key: str) -> Finished:
    """Deployment % with what is missing up to the target, and licenses sold; first row on top.

    `table`: one row per bar with `title`, the columns of `measures.by`, and the one that `key` names. Its values
    are the bars' `customdata`, for clicks.
    """
    few = first_to_act(table, target)
    not_deployed = [palette.action if matters else palette.undeployed for matters in few]
    sold, undeployed = table["licensesSold"], table["undeployed"]
    most = max([1.0, *sold])
    to_go = [_shown(number, estimated) for number in undeployed]
    most_to_deploy = [f"{mark(palette.action)} <b>{_MOST}</b>"] if any(few) else []
    panels = (
        Panel(
            "Deployment %",
            f"{_target_key(target)}  {_MISSING_KEY}",
            [
                _bar("percent", base.numbers(table["deploymentPercent"]), palette.bar),
                _missing((target - table["deploymentPercent"]).clip(lower=0), few, palette),
            ],
            _percent_axis(table["deploymentPercent"], target),
            narrow_key="   ".join([_target_key(target), _MISSING_KEY, *most_to_deploy]),
            target=target,
        ),
        Panel(
            "Licenses sold",
            "  ".join(
                [f"{mark(palette.bar)} deployed", f"{mark(palette.undeployed)} {_NOT_DEPLOYED}", *most_to_deploy]
            ),
            [
                _bar("deployed", (sold - undeployed).tolist(), palette.bar),
                _bar(_NOT_DEPLOYED, undeployed.tolist(), not_deployed),
            ],
            {"range": [0, most * _ROOM], **_whole_numbers(most)},
        ),
    )
    percents = [formats.percent(percent, as_sent=estimated, target=target) for percent in table["deploymentPercent"]]
    return rows.figure(
        Rows(
            names=_names(table["title"], few),
            short=_names(table["title"], few, _NARROW_NAME),
            keys=table[key].tolist(),
            hover=_hover(table, estimated, target),
            figures=Column(_bold(percents, few)),
            columns=(
                Column([formats.count(number) for number in sold], "Sold"),
                Column(_bold(to_go, few), "Not deployed"),
            ),
            narrow=_narrow(percents, to_go, "to go", palette),
        ),
        panels,
        palette,
        barmode="stack",
    )


def first_to_act(table: pd.DataFrame, target: float) -> list[bool]:
    """Which rows matter most: of those below the target the `FEW` with the most licenses to deploy."""
    return _largest(table["undeployed"].where(table["deploymentPercent"] < target, 0.0))


def _largest(licenses: pd.Series) -> list[bool]:
    """Which of these numbers of licenses are the `FEW` largest; of those that can be seen."""
    return licenses.index.isin(licenses[licenses >= _VISIBLE].nlargest(FEW).index).tolist()


def usage(table: pd.DataFrame, target: float, palette: Palette, *, key: str) -> Finished:
    """Usage % and how the licenses sold are used, as parts of a hundred; first row on top.

    `table`: one row per bar with `title` and the columns of `usage.by_service`, NaN where Microsoft sent no
    figure; `key` as for `deployment`. Without licenses sold, it is how those qualified are used, once per workload.
    The `FEW` with the most that is not used have the colour of what needs action; where that is unknown, those with the
    most that is not deployed.
    """
    parts = _uses(table, palette)
    wholes = [max(sum(numbers), 1e-9) for numbers in zip(*(numbers for _, numbers, _ in parts), strict=True)]
    deployed = table["licensesSold"].notna().any()
    totals = table["licensesSold" if deployed else "licensesQualified"].fillna(0)
    percents = [formats.percent(percent, as_sent=False, target=target) for percent in table["usagePercent"]]
    names = [f"{mark(colour)} {name}" for name, _, colour in parts]
    asked, wasted_most, usual = next(part for name in _ASKED for part in parts if part[0] == name)
    few = _largest(pd.Series(wasted_most, index=table.index, dtype="float64"))
    if any(few):
        names.append(f"{mark(palette.action)} <b>most {asked}</b>")
    colours = {asked: [palette.action if matters else usual for matters in few]}
    panels = (
        Panel(
            "Usage %",
            _target_key(target),
            [_bar("percent", base.numbers(table["usagePercent"]), palette.bar)],
            _percent_axis(table["usagePercent"], target),
            narrow_key=f"{_target_key(target)}   <b>bold</b>: most {asked}" if any(few) else "",
            target=target,
        ),
        Panel(
            "Of 100 licenses sold" if deployed else "Of 100 qualified, once per workload",
            _lines(names),
            [
                _bar(
                    name,
                    [number / whole * _PER_CENT for number, whole in zip(numbers, wholes, strict=True)],
                    colours.get(name, colour),
                )
                for name, numbers, colour in parts
            ],
            {"range": [0, _PER_CENT * _ROOM], "tickvals": [0, 50, 100], "showgrid": False},
        ),
    )
    wasted = [(name, [_shown(number) for number in numbers]) for name, numbers, _ in parts if name.startswith("not ")]
    unknown = table["unused"].isna().tolist() if deployed else []
    wasted = [
        (name, [formats.NOTHING if no else number for no, number in zip(unknown, numbers, strict=True)])
        if name == _NOT_USED
        else (name, numbers)
        for name, numbers in wasted
    ]
    return rows.figure(
        Rows(
            names=_names(table["title"], few),
            short=_names(table["title"], few, _NARROW_NAME),
            keys=table[key].tolist(),
            hover=_usage_hover(table, target),
            figures=Column(percents),
            columns=(
                *(
                    Column(_bold(numbers, few) if name == asked else numbers, name.capitalize())
                    for name, numbers in wasted
                ),
                Column([formats.count(number) for number in totals], "Sold" if deployed else "Qualified"),
            ),
            narrow=_narrow(percents, wasted[0][1], wasted[0][0], palette),
        ),
        panels,
        palette,
        barmode="stack",
    )


def _uses(table: pd.DataFrame, palette: Palette) -> list[tuple[str, list[float], str]]:
    """The parts of the bars on the right: their names, licenses and colours."""

    def number(name: str) -> list[float]:
        licenses: list[float] = table[name].fillna(0).tolist()
        return licenses

    if table["licensesSold"].isna().all():
        active, qualified = table["licensesActive"].fillna(0), table["licensesQualified"].fillna(0)
        idle = (qualified - active).clip(lower=0).tolist()
        return [("active", active.tolist(), palette.bar), (_NOT_ACTIVE, idle, palette.unused)]
    parts = [(_NOT_DEPLOYED, number("undeployed"), palette.undeployed)]
    if table["noUsageFigures"].sum() >= _VISIBLE:
        parts.insert(0, ("no usage figures", number("noUsageFigures"), palette.unknown))
    if table["used"].notna().any():
        parts[:0] = [("used", number("used"), palette.bar), (_NOT_USED, number("unused"), palette.unused)]
    return parts


def _bar(name: str, lengths: list[Any], colour: str | list[str]) -> dict[str, Any]:
    return {"type": "bar", "orientation": "h", "name": name, "x": lengths, "marker": {"color": colour}}


def _missing(points: pd.Series, few: list[bool], palette: Palette) -> dict[str, Any]:
    """What is missing up to the target: hollow, since no licenses are counted there; filled where it matters most."""
    marks = _bar("missing", base.numbers(points), [palette.action if matters else base.CLEAR for matters in few])
    marks["marker"]["line"] = {
        "color": [palette.action if matters else palette.distance for matters in few],
        "width": [1 if missing > 0 else 0 for missing in points],
    }
    return marks


def _percent_axis(percents: pd.Series, target: float) -> dict[str, Any]:
    return {"range": [0, max(_PER_CENT, target, *percents.dropna()) * _ROOM], "nticks": 6}


def _target_key(target: float) -> str:
    return f"┊ target {target:g}\u00a0%"


def _lines(parts: Sequence[str]) -> str:
    """The key in one line, or in two where it is long."""
    half = len(parts) if len(parts) <= _PARTS_PER_LINE else len(parts) // 2
    return "<br>".join("   ".join(line) for line in (parts[:half], parts[half:]) if line)


def in_words(table: pd.DataFrame, percents: pd.Series, what: str, target: float, *, as_sent: bool = False) -> str:
    """The text alternative of the chart; `what` names the percentage and the rows, `as_sent` as in `formats`."""
    below = int((percents < target).sum())
    figures = "; ".join(
        f"{title}: {formats.percent(percent, as_sent=as_sent, target=target)}"
        for title, percent in zip(table["title"], percents, strict=True)
    )
    return (
        f"Bars of {what} and licenses, {len(table)} in all; {below} {formats.are(below)} below the target of"
        f" {target:g} percent."
        f" {figures}."
    )


def _whole_numbers(most: float) -> dict[str, Any]:
    """Ticks that are licenses: 1, 2, 3 …, and 5k instead of 5,000."""
    return {"tickformat": "~s"} if most >= _THOUSAND else {"tickformat": "d", "dtick": 1 if most < _FEWEST else None}


def _narrow(percents: list[str], numbers: list[str], what: str, palette: Palette) -> list[str]:
    """What stands above a bar on a narrow screen: a number of licenses, if any, and the percentage."""
    return [
        (f"<span style='color:{palette.muted}'>{number} {what}</span>  " if number else "") + f"<b>{percent}</b>"
        for number, percent in zip(numbers, percents, strict=True)
    ]


def _names(titles: pd.Series, few: list[bool] | None = None, length: int | None = None) -> list[str]:
    labels = [wrapped_label(title, length) if length else title_label(title) for title in titles]
    return _bold(labels, few) if few else labels


def _bold(texts: list[str], few: list[bool]) -> list[str]:
    return [f"<b>{text}</b>" if matters and text else text for text, matters in zip(texts, few, strict=True)]


def _shown(licenses: float, estimated: bool = False) -> str:
    """A number of licenses in a column; nothing where there are none."""
    return formats.count(licenses, estimated) if licenses >= _VISIBLE else ""


def _hover(table: pd.DataFrame, estimated: bool, target: float) -> list[str]:
    def figure(value: float) -> str:
        return formats.count(value, estimated)

    each: Any = table.itertuples()
    return [
        f"<b>{written(row.title)}</b>"
        f"<br>Deployment {formats.percent(row.deploymentPercent, as_sent=estimated, target=target)}"
        f"<br>Sold {formats.count(row.licensesSold)}"
        f"<br>Deployed {figure(row.licensesDeployed)}"
        f"<br>Not deployed {figure(row.undeployed)}"
        + (f"<br>More assigned than sold {figure(row.overDeployed)}" if row.overDeployed >= _VISIBLE else "")
        + f"<br>As of {formats.day(row.processedDateTime)}"
        for row in each
    ]


def _usage_hover(table: pd.DataFrame, target: float) -> list[str]:
    each: Any = table.itertuples()
    return [
        f"<b>{written(row.title)}</b>"
        f"<br>Usage {formats.percent(row.usagePercent, as_sent=False, target=target)}"
        + "".join(
            f"<br>{MEASURES[name].label} {formats.count(value)}"
            for name in _IN_HOVER
            if pd.notna(value := getattr(row, name)) and (value >= _VISIBLE or name not in _ONLY_IF_ANY)
        )
        + f"<br>Deployment as of {formats.day(row.processedDateTime)}"
        f"<br>Used in the 28 days before {formats.day(row.windowEnd)}"
        for row in each
    ]
