"""The columns that several tables share."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard import formats
from dashboard.tables.columns import Column, Kind, Total, count, following, instant, percent, text
from data_access import measures, titles
from data_access.measures import MEASURES
from data_access.measures.customers import CUSTOMER


def definition(measure: str) -> str:
    """The definition of a measure, as the help of its tile shows it."""
    return MEASURES[measure].explanation


def at(when: str, column: Column, label: str, kind: Kind | None = None) -> Column:
    """A measure's column for one of two dates, or for its change; `when` ends its name."""
    first = _CHANGED if kind is Kind.SIGNED else ""
    dated = replace(column, name=f"{column.name}{when}", label=label, kind=kind or column.kind, estimate=None)
    dated = replace(dated, help=f"{first}{column.help}")
    if column.estimate is None:
        return dated
    return following(dated, f"{column.estimate.name}{when}", f"{first}{column.estimate.help}")


def without_codes(rows: pd.DataFrame, code: str) -> pd.DataFrame:
    """The rows without the column `code` where the services' titles (`title`) tell them apart."""
    named = rows[[code, "title"]].drop_duplicates()
    return rows if named["title"].duplicated().any() else rows.drop(columns=code)


def without_zeros(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The rows without what rounds to no license in these columns, so that those with nothing else are not there."""
    return rows.assign(**{name: rows[name].where(rows[name].abs() >= _VISIBLE) for name in names})


def summed(total: measures.Total, number: int, noun: str, *, estimated: bool = False) -> Total:
    """The last row of a table of what is sold and deployed; `noun` is what one of its rows stands for."""
    figures = {
        SOLD: total.sold,
        DEPLOYED: total.deployed,
        DEPLOYMENT_PERCENT: total.percent,
        UNDEPLOYED: total.undeployed,
        OVER_DEPLOYED: total.over_deployed,
    }
    named = {column.where(estimated).name: figure for column, figure in figures.items()}
    return Total(f"{formats.number(number, noun)} together", named)


_VISIBLE = 0.5  # licenses
_CHANGED = "The later figure less the earlier one, of: "
TITLE = text("title", "Service")
SERVICE = text("service", "Code")
CHANNEL = text("channel", "Channel", told=titles.channel_title)
TENANT_ID = text(CUSTOMER, "Tenant id")
CUSTOMER_NAME = text("customerName", "Customer")
PRODUCT = text("productName", "Product", told=titles.product_title)
COLLECTION = text("collection", "Collection")

SOLD = count("licensesSold", "Sold", help=definition("licensesSold"))
DEPLOYED = following(
    count("licensesDeployed", "Deployed", help=definition("licensesDeployed")),
    "licensesDeployedEstimated",
    definition("licensesDeployedEstimated"),
)
DEPLOYMENT_PERCENT = percent("deploymentPercent", "Deployment %", help=definition("deploymentPercent"))
UNDEPLOYED = following(count("undeployed", "Not deployed", help=definition("undeployed")))
OVER_DEPLOYED = following(count("overDeployed", "Over-deployed", help=definition("overDeployed")))
AS_OF = instant("processedDateTime", "As of (UTC)")
#: The columns of `measures.grouped`.
MEASURED = (SOLD, DEPLOYED, DEPLOYMENT_PERCENT, UNDEPLOYED, OVER_DEPLOYED, AS_OF)

SOLD_CHANGE, DEPLOYED_CHANGE, UNDEPLOYED_CHANGE, OVER_DEPLOYED_CHANGE = (
    at("Change", column, f"± {column.label}", Kind.SIGNED) for column in (SOLD, DEPLOYED, UNDEPLOYED, OVER_DEPLOYED)
)
DEPLOYMENT_PERCENT_CHANGE = at("Change", DEPLOYMENT_PERCENT, "± Points", Kind.SIGNED)
FETCHED_AT = instant("fetchedAt", "Fetched (UTC)")
