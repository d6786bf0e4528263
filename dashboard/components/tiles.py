"""The page's answer in a sentence, and the tiles below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Literal

import streamlit as st

from dashboard import formats, static_files
from dashboard.explanations import Explanations
from dashboard.security import streamlit_internals
from dashboard.view_models.deployment import DeploymentView, Summed
from dashboard.view_models.movement import Moved
from data_access.measures import MEASURES

NOT_WHOLE = "a part is missing now"  # what a sum says that cannot be compared, with a target either
_NAMED_OUTSIDE = 5
_HTML = '<div class="tiles" data-awaited></div>'  # until its script has drawn it, see arriving.css


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure. Its texts are Markdown as browser/markdown.js reads it, but for its label.

    `key` is the class of the tile (`st-key-…`). `kind` is the news that `context` is, `arrow` where the figure went,
    and `line` its line as a picture, see `movement.Moved`.
    """

    key: str
    label: str
    value: str
    context: str
    explanation: str
    kind: Literal["good", "bad", "neither"] = "neither"
    arrow: Literal["up", "down", "off"] = "off"
    line: str = ""


def answer(model: DeploymentView, target: float, estimated: bool) -> None:
    """Draw the answer to the page's question."""
    st.markdown(answered(model, target, estimated))


def answered(model: DeploymentView, target: float, estimated: bool) -> str:
    """The answer to the page's question, as a sentence in Markdown; what misses the target is not rounded up to it."""
    total = model.total
    if not model.basis.rows:
        return "The newest answer has no figures of this choice."
    if total.percent is None:
        return "Nothing was sold here, so there is no percentage."
    to_go = f"**{formats.count(total.undeployed, estimated)}** to go" if round(total.undeployed) else "nothing to go"
    rounds_up = total.percent < target <= round(total.percent)
    percent = formats.percent(total.percent, target=target) if rounds_up else formats.whole_percent(total.percent)
    sentence = f"**{percent}** deployed, {to_go}."
    title, undeployed = model.largest_gap
    if model.number > 1 and undeployed >= 1:
        share = formats.whole_percent(undeployed / total.undeployed * 100)
        sentence += f" {formats.plain(title)} is **{share}** of them."
    return sentence


def below(model: DeploymentView, target: float, noun: str, *, is_whole: bool = True) -> str:
    """How many rows are below the target, what is missing over all, and what is assigned beyond what was sold.

    Not `is_whole`: the sum lacks a part, so nothing is said of its target.
    """
    total = model.total
    said = (
        f"{formats.part(model.below_target, model.number, noun)} below the {target:g}\u00a0% target."
        f" Overall: {formats.to_target(total.percent, target) if is_whole else NOT_WHOLE}."
    )
    if over := round(total.over_deployed):
        said += f" {over:,} more {formats.are(over)} assigned than {'was' if over == 1 else 'were'} sold."
    return said


def outside(model: DeploymentView) -> str:
    """Which rows are out of the band that is set for them; nothing where none is."""
    if not model.outside:
        return ""
    more = len(model.outside) - _NAMED_OUTSIDE
    listed = formats.plain(", ".join(model.outside[:_NAMED_OUTSIDE]))
    return f"Out of their band: {listed}{f' and {more:,} more, see the table' if more > 0 else ''}."


def tiles(
    model: Summed,
    target: float,
    estimated: bool,
    noun: str,
    *,
    explained: Explanations,
    moved: Mapping[str, Moved] = MappingProxyType({}),
    known: bool = True,
    is_whole: bool = True,
) -> None:
    """The four figures, each with what is behind it as help; `noun` is what one bar stands for.

    `moved`: the movement of each measure for which it is known. Not `known`: the answer does not have what is chosen.
    Not `is_whole`: the sums lack a part that was there.
    """
    total = model.total
    sold_in = int((model.table["licensesSold"] > 0).sum())
    deployed = "licensesDeployedEstimated" if estimated else "licensesDeployed"
    figures = (
        ("kpi_licenses_sold", "licensesSold", formats.count(total.sold), f"in {formats.number(sold_in, noun)}"),
        (
            "kpi_licenses_deployed",
            deployed,
            formats.count(total.deployed, estimated),
            "an estimate" if estimated else "as counted",
        ),
        (
            "kpi_deployment_percent",
            "deploymentPercent",
            formats.percent(total.percent, as_sent=estimated, target=target),
            formats.to_target(total.percent, target) if is_whole else NOT_WHOLE,
        ),
        (
            "kpi_undeployed",
            "undeployed",
            formats.count(total.undeployed, estimated),
            f"{model.below_target:,} below target",
        ),
    )
    nowhere = "not in the newest answer"  # which is not zero
    draw(
        tile(key, measure, value, context, explained=explained[measure], moved=moved.get(_counted(measure)))
        if known
        else tile(key, measure, formats.NOTHING, nowhere, explained=explained[measure])
        for key, measure, value, context in figures
    )


def _counted(measure: str) -> str:
    return measure.removesuffix("Estimated")


def tile(key: str, measure: str, value: str, context: str, *, explained: str = "", moved: Moved | None = None) -> Tile:
    """The figure of a measure, and below it its `context`, or its movement (`moved`) where there is one.

    Its explanation is what is behind the figure (`explained`), or its definition alone.
    """
    definition = MEASURES[measure]
    still = Tile(key, definition.label, value, context, explained or definition.explanation)
    if not moved:
        return still
    said = f"{moved.said} since {formats.day(moved.since)}"
    return replace(still, context=said, kind=moved.kind, arrow=moved.arrow, line=moved.line)


def draw(tiles: Iterable[Tile]) -> None:
    """Draw the tiles of a page side by side: as one component, for as elements of Streamlit's they were eleven."""
    component = streamlit_internals.component("tiles", static_files.BROWSER, "tiles.js", _HTML)
    component(key="tiles", data={"tiles": [asdict(tile) for tile in tiles]})
