"""The table and the file of the Changes page: one row per service, customer or product, with both dates."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard import formats
from dashboard.tables.columns import Column, Kind, OnScreen, Table, Total, signed, text
from dashboard.tables.common import (
    CHANNEL,
    CUSTOMER_NAME,
    DEPLOYED,
    DEPLOYED_CHANGE,
    DEPLOYMENT_PERCENT,
    DEPLOYMENT_PERCENT_CHANGE,
    OVER_DEPLOYED,
    OVER_DEPLOYED_CHANGE,
    PRODUCT,
    SERVICE,
    SOLD,
    SOLD_CHANGE,
    TENANT_ID,
    TITLE,
    UNDEPLOYED,
    UNDEPLOYED_CHANGE,
    at,
    definition,
    without_codes,
)
from data_access import titles
from data_access.measures.changes import Status, Why

_FILE_DECIMALS = 4  # of effects; a page has room for those of all percentages
_STATUS = text("status", "Status")
_DATES = ("Before", "After")


def _in_group(column: Column, group: str, label: str, good: int = 0) -> Column:
    """A column under the heading of its group, which its label need not repeat."""
    estimate = column.estimate and _in_group(column.estimate, group, formats.about(label), good)
    return replace(column, label=label, group=group, good=good, estimate=estimate)


_EFFECTS = tuple(
    signed(name, label, decimals=_FILE_DECIMALS, help=definition(name), helps_on_screen=True)
    for name, label in (("deployedEffect", "By deploying"), ("soldEffect", "By selling"))
)
_CHANGE_OF = {
    SOLD: SOLD_CHANGE,
    DEPLOYED: DEPLOYED_CHANGE,
    UNDEPLOYED: UNDEPLOYED_CHANGE,
    OVER_DEPLOYED: OVER_DEPLOYED_CHANGE,
    DEPLOYMENT_PERCENT: DEPLOYMENT_PERCENT_CHANGE,
}

#: The changes in licenses that the page has.
_OF_LICENSES = {column: _CHANGE_OF[column] for column in (SOLD, DEPLOYED, UNDEPLOYED)}

_BEFORE_AND_AFTER = tuple(
    _in_group(at(when, column, label), when, label)
    for when in _DATES
    for column, label in ((SOLD, SOLD.label), (DEPLOYED, DEPLOYED.label), (DEPLOYMENT_PERCENT, "%"))
)
_CHANGES = tuple(
    _in_group(change, "Change", label, good)
    for change, label, good in (
        (SOLD_CHANGE, "Sold", 0),
        (DEPLOYED_CHANGE, "Deployed", 1),
        (UNDEPLOYED_CHANGE, "Not deployed", -1),
        (DEPLOYMENT_PERCENT_CHANGE, "Own points", 1),
    )
)
_PARTS = tuple(replace(effect, decimals=formats.DECIMALS, group="Points of the total", good=1) for effect in _EFFECTS)

#: Both dates, what changed between them, and how much of the whole that is.
CHANGES = Table(
    (CUSTOMER_NAME, PRODUCT, TITLE, CHANNEL, _STATUS, *_BEFORE_AND_AFTER, *_CHANGES, *_PARTS, SERVICE),
    behind=(TENANT_ID.name,),
)
#: All columns of `changes.compare`.
CHANGES_FILE = Table(
    (
        TENANT_ID,
        SERVICE,
        CHANNEL,
        PRODUCT,
        CUSTOMER_NAME,
        _STATUS,
        *(
            of_measure
            for column, change in _CHANGE_OF.items()
            for of_measure in (
                at("Before", column, f"{column.label} before"),
                at("After", column, f"{column.label} after"),
                change,
            )
        ),
        *_EFFECTS,
    )
)


def total(compared: pd.DataFrame, why: Why, moved: tuple[float, float, float], noun: str, estimated: bool) -> Total:
    """The last row: all `known` rows of `changes.compare`, shown or not, since `why` is of all of them.

    `moved`: the change of the percentage, and its parts by deploying and by selling, as the page prints them. Changes
    in licenses are those of both sums as they are printed, as in the tiles. Without any known row there is no sum.
    """
    if compared.empty:
        return Total(f"{formats.number(0, noun)} together", {})
    change, deployed, sold = moved if why.change is not None else (None, None, None)
    summed = {
        column.where(estimated).name: compared[column.name].sum()
        for column in _BEFORE_AND_AFTER
        if column.kind is not Kind.PERCENT
    }
    changed = {
        change.where(estimated).name: formats.licenses_between(
            *(compared[f"{column.name}{when}"].sum() for when in _DATES)
        )
        for column, change in _OF_LICENSES.items()
    }
    ratios = {
        f"{DEPLOYMENT_PERCENT.name}Before": why.before,
        f"{DEPLOYMENT_PERCENT.name}After": why.after,
        DEPLOYMENT_PERCENT_CHANGE.name: change,
    }
    parts = dict(zip((effect.name for effect in _EFFECTS), (deployed, sold), strict=True))
    return Total(f"{formats.number(len(compared), noun)} together", summed | changed | ratios | parts)


def on_screen(compared: pd.DataFrame, estimated: bool, total: Total | None = None) -> OnScreen:
    """The rows of `changes.compare` as the page shows them: the changes, and the later figures.

    A change is that of both figures as they are printed, as in the chart, the tiles and on Trends; the file has the
    exact one.
    """
    words = {str(status): status.word.capitalize() for status in Status}
    before, after = (compared[f"{DEPLOYMENT_PERCENT.name}{when}"].round(formats.DECIMALS) for when in _DATES)
    change = DEPLOYMENT_PERCENT_CHANGE.name
    points = (after - before).round(formats.DECIMALS).where(compared[change].notna())
    licenses = {moved.name: _printed(compared, column, moved) for column, moved in _OF_LICENSES.items()}
    rows = compared.assign(**{"status": compared["status"].map(words), change: points} | licenses)
    if SERVICE.name in rows:
        services = {code: titles.service_title(code) for code in rows[SERVICE.name].unique()}
        rows = without_codes(rows.assign(title=rows[SERVICE.name].map(services)), SERVICE.name)
    if rows["status"].nunique() == 1:
        rows = rows.drop(columns="status")
    return CHANGES.on_screen(rows, estimated=estimated, total=total)


def _printed(compared: pd.DataFrame, column: Column, change: Column) -> pd.Series:
    """By how many licenses each row moved, in whole ones; missing where that is not known."""
    both = zip(compared[f"{column.name}Before"], compared[f"{column.name}After"], compared[change.name], strict=True)
    moved = [None if pd.isna(exact) else formats.licenses_between(before, after) for before, after, exact in both]
    return pd.Series(moved, index=compared.index, dtype="float64")
