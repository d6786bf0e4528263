"""The numbers we stand behind, each defined once; every tile, chart, table and file takes them from here.

All of them work on *facts*: one row at the finest grain that the source gives, with
`service` (its code), `serviceName` (as sent), `channel`, `licensesSold` (int64), `licensesDeployed` (float64; an
estimate where `facts.attrs` says so), `processedDateTime` (UTC).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from data_access import catalog, frames
from data_access.catalog import Collection

#: Columns that we add to Microsoft's, here and in tables and files.
_OURS = frozenset(
    {
        "service",
        "serviceCode",
        "title",
        "licensesDeployed",
        "licensesDeployedEstimated",
        "deploymentPercent",
        "undeployed",
        "overDeployed",
        "source",
        "filter",
    }
)
_IDENTITIES = ("service", "channel", "customerTenantId", "productName", "workloadName")
DEFAULT_TARGET = 80.0  # percent points


@dataclass(frozen=True, slots=True)
class Measure:
    """What a number is called, what it means, and what to know before quoting it."""

    label: str
    definition: str
    care: str = ""

    @property
    def explanation(self) -> str:
        return f"{self.definition} {self.care}".strip()


MEASURES = {
    "licensesSold": Measure(
        "Licenses sold",
        "Sum of the licenses sold at the processing date.",
        "Where a customer also buys from other partners, Microsoft may count those licenses too.",
    ),
    "licensesDeployed": Measure(
        "Licenses deployed",
        "Licenses assigned to users, as Microsoft counts them.",
    ),
    "licensesDeployedEstimated": Measure(
        "Licenses deployed",
        "Deployment % × licenses sold ÷ 100, since this call sends a percentage and no count.",
        "An estimate, marked ≈; Microsoft rounds the percentage to two decimals.",
    ),
    "deploymentPercent": Measure(
        "Deployment %",
        "Licenses deployed ÷ licenses sold × 100, so weighted by licenses sold and never an average of percentages.",
        "More than 100 % means that more licenses are assigned than sold. Without licenses sold there is none: –.",
    ),
    "undeployed": Measure(
        "Undeployed",
        "Licenses sold and not deployed, added up row by row at the finest grain at hand.",
        "A product deployed beyond what was sold does not hide another one's gap.",
    ),
    "overDeployed": Measure(
        "Over-deployed",
        "Licenses deployed beyond those sold, added up row by row.",
        "Sold − deployed = undeployed − over-deployed.",
    ),
    "licensesActive": Measure(
        "Active",
        "Used within the 28 days before the processing date.",
        "Microsoft counts per workload: who uses two counts in both.",
    ),
    "licensesQualified": Measure(
        "Qualified",
        "Trial and paid licenses that could use the workload.",
        "A license that covers two workloads counts in both.",
    ),
    "usagePercent": Measure(
        "Usage %",
        "Active ÷ qualified × 100, over all rows that have counts.",
        "May be more than 100 %. Where nothing is qualified there is none: –.",
    ),
    "proratedLicensesUsagePercent": Measure(
        "Partner usage %, as sent",
        "Microsoft's own percentage for one service, workload and channel of the whole partner.",
        "It comes without counts, so it is never added up or averaged.",
    ),
    "used": Measure(
        "Used",
        "Licenses deployed and active in the product's most active workload, added up row by row.",
        "At least so many are used, since others may use only a less active workload.",
    ),
    "unused": Measure(
        "Deployed, unused",
        "Licenses deployed less those active in the product's most active workload, added up row by row where there are"
        " more deployed.",
        "An upper bound: Microsoft counts users per workload, and others may use only a less active one. Deployment and"
        " use may be processed on different days.",
    ),
    "noUsageFigures": Measure(
        "No usage figures",
        "Licenses deployed of products for which Microsoft sends no usage figures.",
        "They are not counted as unused. Sold = used + not used + no usage figures + undeployed − over-deployed.",
    ),
}


def facts(collection: Collection, frame: pd.DataFrame) -> pd.DataFrame:
    """Bring a deployment collection to facts; `attrs["estimated"]` says whether deployed is an estimate.

    `attrs["own"]` names the columns that Microsoft sent; an unknown one that bears a name of ours is renamed.

    Takes the frame of `deployment` (percent and sold) or `commercial-deployment` (counts).
    """
    clashes = {name: f"{name} (as sent)" for name in _OURS.intersection(frame.columns).difference(collection.columns)}
    frame = frame.rename(columns=clashes)
    if collection is catalog.DEPLOYMENT:
        found = frame.assign(
            service=frame["serviceName"],
            licensesDeployed=(frame["proratedDeploymentPercent"] * frame["licensesSold"] / 100).fillna(0.0),
        )
    else:
        found = frame.assign(service=frame["serviceCode"], licensesDeployed=frame["licensesDeployed"].astype("float64"))
    gap = found["licensesSold"] - found["licensesDeployed"]
    found = found.assign(undeployed=gap.clip(lower=0), overDeployed=(-gap).clip(lower=0) + 0.0, **identities(found))
    found.attrs = {"estimated": collection is catalog.DEPLOYMENT, "own": list(frame.columns)}
    return found


def identities(found: pd.DataFrame) -> dict[str, pd.Series]:
    """The columns that tell rows apart, made quick to compare; tenant ids in capitals, as Microsoft has them."""
    named = {name: found[name] for name in _IDENTITIES if name in found}
    if "customerTenantId" in named:
        named["customerTenantId"] = named["customerTenantId"].str.upper()
    return {name: column.astype("category") for name, column in named.items()}


def by(found: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """One row per value of `keys`, in their order, with every measure and the newest processing date.

    Columns: the keys, licensesSold (int64), licensesDeployed, deploymentPercent (NaN where nothing was sold),
    undeployed, overDeployed (float64), processedDateTime.
    """
    grouped = found.groupby(list(keys), sort=True, dropna=False, observed=True)
    table = grouped[["licensesSold", "licensesDeployed", "undeployed", "overDeployed"]].sum()
    table["deploymentPercent"] = _percent(table["licensesDeployed"], table["licensesSold"])
    if found.attrs["estimated"]:
        sold = found["licensesSold"] > 0
        sent = (
            found["proratedDeploymentPercent"]
            .where(sold)
            .groupby([found[key] for key in keys], sort=True, observed=True)
        )
        # A weighted mean lies between its parts. Clipping takes away what the arithmetic rounds, so that one service in
        # one channel shows exactly the percentage that Microsoft sent.
        table["deploymentPercent"] = table["deploymentPercent"].clip(sent.min(), sent.max())
    table["processedDateTime"] = grouped["processedDateTime"].max()
    columns = ["licensesSold", "licensesDeployed", "deploymentPercent", "undeployed", "overDeployed"]
    return frames.plain(table[[*columns, "processedDateTime"]].reset_index())


@dataclass(frozen=True, slots=True)
class Total:
    """The measures over everything selected. `percent` is None where nothing was sold."""

    sold: int
    deployed: float
    percent: float | None
    undeployed: float
    over_deployed: float


def total(found: pd.DataFrame) -> Total:
    """The measures over all of `found`."""
    sold = int(found["licensesSold"].sum())
    deployed = float(found["licensesDeployed"].sum())
    percent = None
    if sold:
        percent = deployed / sold * 100
        if found.attrs["estimated"]:
            sent = found["proratedDeploymentPercent"].where(found["licensesSold"] > 0)
            percent = min(max(percent, float(sent.min())), float(sent.max()))  # see `by`
    return Total(sold, deployed, percent, float(found["undeployed"].sum()), float(found["overDeployed"].sum()))


def _percent(deployed: pd.Series, sold: pd.Series) -> pd.Series:
    return deployed / sold.where(sold > 0) * 100
