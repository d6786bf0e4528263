"""The table behind the chart: which columns, under which names and formats."""

from __future__ import annotations

from collections.abc import Set
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import formats
from data_access import Deployment, Selection, measures, titles
from data_access.measures import Facts
from data_access.measures.changes import Status
from data_access.partner_center import catalog, frames

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

_LABELS = {
    "title": "Service",
    "serviceName": "Code",
    "serviceCode": "Code",
    "service": "Code",
    "channel": "Channel",
    "customerName": "Customer",
    "productName": "Product",
    "products": "Products",
    "workloadName": "Workload",
    "licensesSold": "Sold",
    "licensesDeployed": "Deployed",
    "licensesDeployedEstimated": "≈ Deployed",
    "proratedDeploymentPercent": "Deployment %",
    "deploymentPercent": "Deployment %",
    "undeployed": "Undeployed",
    "overDeployed": "Over-deployed",
    **{
        name: measures.MEASURES[name].label
        for name in ("licensesActive", "licensesQualified", "usagePercent", "proratedLicensesUsagePercent")
    },
    "soldPerWeek": measures.MEASURES["soldPerWeek"].label,
    "deployedPerWeek": measures.MEASURES["velocity"].label,
    "deployedRange": "Range, 9 in 10",
    "targetReached": measures.MEASURES["projection"].label,
    "asOf": "As of (UTC)",
    "windowEnd": "Window ends (UTC)",
    "partnerWindowEnd": "Partner window ends (UTC)",
    "processedDateTime": "As of (UTC)",
    "customerTenantId": "Tenant id",
    "ageDays": "Days old",
    "dates": "Dates known",
    "cadenceDays": "Usually every … days",
    "delayDays": "Seen … days later",
    "expectedBy": "Next one by (UTC)",
    "timing": "Timing",
    **{f"{name} processedDateTime": f"{one.title} (UTC)" for name, one in catalog.COLLECTIONS.items()},
    "collection": "Collection",
    "fetchedAt": "Fetched (UTC)",
    "announced": "Announced",
    "rows": "Rows read",
    "snapshots": "Snapshots",
    "setAside": "Set aside",
    "missing": "Missing",
    "reason": "Reason",
    "lastRead": "Last read (UTC)",
    "state": "Now",
    "lastFailure": "Failed last (UTC)",
    "failure": "Why",
    "code": "Code",
    "requestId": "MS-RequestId",
    "correlationId": "MS-CorrelationId",
    "deploymentPercentSent": "% sent",
    "deploymentPercentCounted": "% counted",
    "difference": "Points apart",
    "licensesSoldSent": "Sold, with %",
    "licensesSoldCounted": "Sold, with counts",
    "processedDateTimeSent": "% as of (UTC)",
    "processedDateTimeCounted": "Counts as of (UTC)",
    "notice": "Left out",
    "status": "Status",
    "licensesSoldChange": "± Sold",
    "licensesDeployedChange": "± Deployed",
    "licensesDeployedEstimatedChange": "≈ ± Deployed",
    "undeployedChange": "± Undeployed",
    "deploymentPercentChange": "± Points",
    "licensesSoldAfter": "Sold",
    "licensesDeployedAfter": "Deployed",
    "licensesDeployedEstimatedAfter": "≈ Deployed",
    "undeployedAfter": "Undeployed",
    "deploymentPercentAfter": "Deployment %",
    "deployedEffect": "From deployed",
    "soldEffect": "From sold",
}
_EFFECTS = ("deployedEffect", "soldEffect")
_COUNTS = (
    "products",
    "licensesSold",
    "licensesDeployed",
    "licensesDeployedEstimated",
    "undeployed",
    "overDeployed",
    "licensesActive",
    "licensesQualified",
    "announced",
    "dates",
    "rows",
    "snapshots",
    "setAside",
    "missing",
    "licensesSoldSent",
    "licensesSoldCounted",
)
#: Of two dates side by side: by how much they moved, and the figures of the later one; the files hold every column.
_COMPARED = (
    *("customerName", "productName", "title", "channel", "status"),
    *("licensesSoldChange", "licensesDeployedChange", "licensesDeployedEstimatedChange", "undeployedChange"),
    *("deploymentPercentChange", *_EFFECTS),
    *("licensesSoldAfter", "licensesDeployedAfter", "licensesDeployedEstimatedAfter", "undeployedAfter"),
    *("deploymentPercentAfter", "service", "customerTenantId"),
)
_INSTANTS = (
    *("processedDateTime", "windowEnd", "partnerWindowEnd", "expectedBy", "fetchedAt", "lastRead", "lastFailure"),
    *("processedDateTimeSent", "processedDateTimeCounted"),
    *(f"{name} processedDateTime" for name in catalog.COLLECTIONS),
)
#: Of tables of ours, one date or two: what licenses deployed are called where they are an estimate.
_ESTIMATED = {
    f"licensesDeployed{when}": f"licensesDeployedEstimated{when}" for when in ("", "Before", "After", "Change")
}
#: What is an estimate where licenses deployed are, under a name of its own or not.
_FOLLOWING = (
    *("undeployed", "overDeployed", "undeployedChange", "undeployedAfter"),
    *("deployedPerWeek", "deployedRange"),
)
#: What goes up and down, with so many decimals.
_SIGNED = {
    **dict.fromkeys((name for name in _LABELS if name.endswith("Change")), 0),
    "deploymentPercentChange": formats.DECIMALS,
    **dict.fromkeys(_EFFECTS, 4),
    "difference": 3,
    **dict.fromkeys(("soldPerWeek", "deployedPerWeek"), 1),
}
#: Of text that would push other columns off the screen, in pixels; a click on a cell shows all of it.
_WIDTHS = {"targetReached": 255}
#: More rows than that travel to the browser as it scrolls, and nobody writes their numbers beforehand.
AT_ONCE = 1_000
_DAYS = ("ageDays", "cadenceDays", "delayDays")


def rows(deployment: Deployment, selection: Selection) -> pd.DataFrame:
    """The rows behind the chart, by service and channel; the page shows them and the files hold them.

    Partner deployment: Microsoft's rows with their own columns first, what is derived after them. Commercial counts:
    added up to the same grain.
    """
    facts = deployment.facts.selected(selection)
    if deployment.answer.collection is catalog.DEPLOYMENT:
        return own_rows(facts).sort_values(["serviceName", "channel"], kind="stable", ignore_index=True)
    return measures.by(facts, ["service", "channel"]).rename(columns={"service": "serviceCode"})


def own_rows(facts: Facts) -> pd.DataFrame:
    """Microsoft's rows at the finest grain: its own columns first, what is derived after them."""
    derived = ["undeployed", "overDeployed"]
    rows = facts.frame
    if facts.estimated:
        rows = rows.rename(columns={"licensesDeployed": "licensesDeployedEstimated"})
        derived.insert(0, "licensesDeployedEstimated")
    return frames.plain(rows[[*facts.sent, *derived]])


def unknown(deployment: Deployment) -> frozenset[str]:
    """The columns that Microsoft sent and we do not know, whatever they are called."""
    return frozenset(deployment.facts.sent).difference(deployment.answer.collection.columns)


def on_screen(rows: pd.DataFrame, services: pd.DataFrame, unknown: Set[str]) -> pd.DataFrame:
    """The same rows with the services' titles, in the order of the chart; columns unknown to us come last.

    `services`: one row per service with `key` (its code) and `title`.
    """
    code = "serviceCode" if "serviceCode" in rows else "serviceName"
    percent = "deploymentPercent" if "deploymentPercent" in rows else "proratedDeploymentPercent"
    titled = rows.merge(services[["key", "title"]].rename(columns={"key": code}), on=code, how="left")
    # Nothing sold is no percentage; the files keep what Microsoft sent.
    titled[percent] = titled[percent].where(titled["licensesSold"] > 0)
    rank = titled[code].map({service: rank for rank, service in enumerate(services["key"])})
    known = [name for name in _LABELS if name in titled and name not in unknown]
    others = [name for name in titled if name not in known]
    return titled.loc[rank.sort_values(kind="stable").index, known + others].reset_index(drop=True)


def workloads(rows: pd.DataFrame, services: pd.Series) -> pd.DataFrame:
    """The rows of `usage.by_workload` with the services' titles, those of the chart first and in its order.

    `services`: the codes in that order. The day on which Microsoft's own percentage ends has a column only where it is
    another one.
    """
    rank = rows["serviceCode"].map({service: rank for rank, service in enumerate(services)})
    shown = rows.loc[rank.sort_values(kind="stable").index].reset_index(drop=True)
    shown.insert(0, "title", shown["serviceCode"].map(titles.service_title))
    same = shown["partnerProcessedDateTime"].isna() | (shown["partnerProcessedDateTime"] == shown["processedDateTime"])
    if same.all():
        shown = shown.drop(columns="partnerProcessedDateTime")
    return shown.rename(columns={"processedDateTime": "windowEnd", "partnerProcessedDateTime": "partnerWindowEnd"})


def named(rows: pd.DataFrame, estimated: bool) -> pd.DataFrame:
    """The same rows, with licenses deployed called an estimate where they are one."""
    return rows.rename(columns=_ESTIMATED) if estimated else rows


def compared(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `changes.compare`, `named`, as the page shows them: what moved, and to where."""
    words = {str(status): status.capitalize() for status in Status}
    rows = rows.assign(status=rows["status"].map(words))
    if "service" in rows:
        services = {code: titles.service_title(code) for code in rows["service"].unique()}
        rows = rows.assign(title=rows["service"].map(services))
        if len({*services.values()}) == len(services):
            rows = rows.drop(columns="service")  # the titles tell them apart
    return rows[[name for name in _COMPARED if name in rows]]


def ages(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `health.services` with titles, as the page shows them."""
    first = ["title", "timing", "processedDateTime", "ageDays", "cadenceDays", "delayDays", "expectedBy", "dates"]
    first.append("service")
    return rows[[*first, *(name for name in rows if name not in first)]]


def signed(rows: pd.DataFrame) -> pd.DataFrame | Styler:
    """The same rows, where what goes up and down is written as in the tiles; Streamlit's formats have no true minus."""
    written = {name: decimals for name, decimals in _SIGNED.items() if name in rows}
    if not written or len(rows) > AT_ONCE:
        return rows
    return rows.style.format(
        {name: partial(formats.change, decimals=decimals) for name, decimals in written.items()},
        na_rep=formats.NOTHING,
    )


def columns(table: pd.DataFrame, unknown: Set[str] = frozenset(), *, estimated: bool = False) -> dict[str, Any]:
    """How `st.dataframe` shows each column; those that are `unknown` to us keep their own name, as text.

    `estimated` says that licenses deployed are, and with them all that follows from them.
    """
    config = st.column_config
    found: dict[str, Any] = {name: config.TextColumn(name) for name in table.columns if name in unknown}
    for name in table.columns.drop([*found]):
        label = _LABELS.get(name, name)
        if estimated and name in _FOLLOWING:
            label = formats.about(label)
        if name in _DAYS:
            found[name] = config.NumberColumn(label, format="%.1f")
        elif name in _SIGNED:
            explanation = measures.MEASURES[name].explanation if name in _EFFECTS else None
            found[name] = config.NumberColumn(label, help=explanation)  # `signed` writes the numbers
        elif name in _COUNTS or (name in _LABELS and name.endswith("After") and "Percent" not in name):
            found[name] = config.NumberColumn(label, format="%,.0f")
        elif name in _LABELS and name.endswith(("Percent", "PercentAfter", "PercentSent", "PercentCounted")):
            found[name] = config.NumberColumn(label, format="%.2f %%")
        elif name == "asOf":
            found[name] = config.DatetimeColumn(label, format="D MMM YYYY", timezone="UTC")
        elif name in _INSTANTS:
            found[name] = config.DatetimeColumn(label, format="D MMM YYYY, HH:mm", timezone="UTC")
        else:
            found[name] = config.TextColumn(label, width=_WIDTHS.get(name))
    return found
