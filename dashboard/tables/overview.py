"""The table of the Overview, whose services open to their channels, and its file: one row per service and channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from dashboard.tables.columns import Column, Describe, Kind, OnScreen, Table, percent, text
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
    summed,
    without_codes,
    without_zeros,
)
from dashboard.tables.microsoft import own_rows, unknown
from data_access import Deployment, Selection, measures, titles
from data_access.partner_center import catalog

_BAND = text("band", "Band", help="Deployment % is below or above the limits that are set for this service.")
_WHOLE = "service"  # the code of a service, in its own row and in those of its channels
#: In which way a service with this percentage is out of its band, in words; empty where it is not.
Judge = Callable[[str, float], str]

PARTNER_DEPLOYMENT = Table(
    (
        TITLE,
        text("serviceName", "Code"),
        CHANNEL,
        SOLD,
        DEPLOYED,
        percent("proratedDeploymentPercent", "Deployment %", help=definition("deploymentPercent"), as_sent=True),
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
    """The services, each of which opens to its channels: the rows of `rows`. Columns unknown to us come last.

    `services`: one row per service, in the order of the chart: `service` (its code), `title`, and the measures. `judge`
    says in which way a service is out of its band; None where none is set.
    """
    table, code, percentage = PARTNER_DEPLOYMENT, "serviceName", "proratedDeploymentPercent"
    if deployment.answer.collection is not catalog.DEPLOYMENT:
        table, code, percentage = COMMERCIAL_COUNTS, "serviceCode", "deploymentPercent"
    channels = rows(deployment, selection, as_sent=False)
    # Without licenses sold there is no percentage; the files keep Microsoft's.
    percents = channels[percentage].where(channels["licensesSold"] > 0)
    channels = channels.assign(
        **{percentage: percents, _WHOLE: channels[code], "title": channels["channel"].map(titles.channel_title)}
    )
    wholes = services.assign(**{code: services[_WHOLE]})
    wholes = wholes.rename(columns={"deploymentPercent": percentage})
    if judge:
        said = [words or None for words in map(judge, wholes[code], wholes[percentage])]
        wholes = wholes.assign(band=pd.Series(said, index=wholes.index, dtype="str"))
    estimated = deployment.estimated
    if estimated:  # the rows of the file have that name already
        wholes = wholes.rename(columns={DEPLOYED.name: DEPLOYED.where(estimated).name})
    total = summed(
        measures.total(deployment.facts.selected(selection)), len(services), deployment.noun, estimated=estimated
    )
    figures = {percentage if name == DEPLOYMENT_PERCENT.name else name: each for name, each in total.figures.items()}
    return replace(table, columns=_shown(table, deployment), behind=(_WHOLE,)).on_screen(
        without_zeros(without_codes(wholes, code), OVER_DEPLOYED.name),
        estimated=estimated,
        unknown=unknown(deployment),
        total=replace(total, figures=figures),
        parts=without_zeros(channels.drop(columns=[code, "channel"]), OVER_DEPLOYED.name),
        whole=_WHOLE,
    )


def _shown(table: Table, deployment: Deployment) -> tuple[Column, ...]:
    """The columns on the page, where dates have no time of day, and live seats are of products."""
    own = {AS_OF: replace(AS_OF, kind=Kind.DAY), TITLE: replace(TITLE, label=deployment.noun.capitalize())}
    if deployment.live:
        own[SOLD] = replace(SOLD, help="Seats that are enabled.")
    return tuple(own.get(column, column) for column in table.columns)
