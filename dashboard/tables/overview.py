"""The table and the file of the Overview: one row per service and channel."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from dashboard.tables.columns import Describe, OnScreen, Table, percent, text
from dashboard.tables.common import (
    AS_OF,
    CHANNEL,
    DEPLOYED,
    DEPLOYMENT_PERCENT,
    OVER_DEPLOYED,
    SOLD,
    TITLE,
    UNDEPLOYED,
    definition,
    without_codes,
)
from dashboard.tables.microsoft import own_rows, unknown
from data_access import Deployment, Selection, measures
from data_access.partner_center import catalog

_BAND = text("band", "Band", help="Deployment % is below or above the limits that are set for this service.")
#: In which way a service with this percentage is out of its band, in words; empty where it is not.
Judge = Callable[[str, float], str]

PARTNER_DEPLOYMENT = Table(
    (
        TITLE,
        text("serviceName", "Code"),
        CHANNEL,
        SOLD,
        DEPLOYED,
        percent("proratedDeploymentPercent", "Deployment %", help=definition("deploymentPercent")),
        _BAND,
        UNDEPLOYED,
        OVER_DEPLOYED,
        AS_OF,
    )
)
COMMERCIAL_COUNTS = Table(
    (
        TITLE,
        text("serviceCode", "Code"),
        CHANNEL,
        SOLD,
        DEPLOYED,
        DEPLOYMENT_PERCENT,
        _BAND,
        UNDEPLOYED,
        OVER_DEPLOYED,
        AS_OF,
    )
)


def rows(deployment: Deployment, selection: Selection, *, as_sent: bool = True) -> pd.DataFrame:
    """The rows behind the chart, by service and channel; for the page and, `as_sent`, for its files.

    Partner deployment: Microsoft's rows, their own columns before the derived ones. Commercial counts: the sums at the
    same grain.
    """
    facts = deployment.facts.selected(selection)
    if deployment.answer.collection is catalog.DEPLOYMENT:
        return own_rows(facts, as_sent=as_sent).sort_values(
            ["serviceName", "channel"], kind="stable", ignore_index=True
        )
    return measures.by(facts, ["service", "channel"]).rename(columns={"service": "serviceCode"})


def described(deployment: Deployment) -> Describe:
    """What describes the columns of `rows`."""
    is_seed = deployment.answer.collection is catalog.DEPLOYMENT
    table = PARTNER_DEPLOYMENT if is_seed else COMMERCIAL_COUNTS
    return partial(table.described, estimated=deployment.estimated, unknown=unknown(deployment))


def on_screen(
    deployment: Deployment, selection: Selection, services: pd.DataFrame, judge: Judge | None = None
) -> OnScreen:
    """The rows of `rows` with the services' titles, in the order of the chart; columns unknown to us come last.

    `services`: one row per service with `service` (its code) and `title`. `judge` says in which way a service is out of
    its band; None where none is set.
    """
    table, code, percentage = PARTNER_DEPLOYMENT, "serviceName", "proratedDeploymentPercent"
    if deployment.answer.collection is not catalog.DEPLOYMENT:
        table, code, percentage = COMMERCIAL_COUNTS, "serviceCode", "deploymentPercent"
    shown = rows(deployment, selection, as_sent=False)
    place = shown[code].map({service: place for place, service in enumerate(services["service"])})
    ordered = shown.loc[place.sort_values(kind="stable").index]
    titled = ordered.assign(
        **{
            "title": ordered[code].map(services.set_index("service")["title"]),
            # Without licenses sold there is no percentage; the files keep Microsoft's.
            percentage: ordered[percentage].where(ordered["licensesSold"] > 0),
        }
    )
    if judge:
        said = map(judge, ordered[code], titled[percentage])
        titled = titled.assign(band=pd.Series([words or None for words in said], index=titled.index, dtype="str"))
    titled = without_codes(titled, code)
    return table.on_screen(titled, estimated=deployment.estimated, unknown=unknown(deployment))
