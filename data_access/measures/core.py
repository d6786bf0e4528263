"""The numbers, each defined once: every tile, chart, table and file takes them from here.

All of them work on `Facts`: one row at the finest grain that the source gives.

They are written in narwhals, so that one definition serves pandas frames and the engines that read the history. Sums
are exact: whole licenses, and estimates of a fixed fineness, come to the same in any order, so every engine gives the
same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import narwhals as nw
import pandas as pd

from data_access import texts, titles
from data_access.measures import straight_line
from data_access.partner_center import catalog, frames
from data_access.partner_center.catalog import Collection
from data_access.selection import Selection

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
        "lowestPercent",
        "highestPercent",
        "rows",
        "estimated",
        "source",
        "filter",
    }
)
#: The columns that tell rows apart, each with what gives it one spelling.
IDENTITIES: dict[str, texts.Spelling] = {
    "service": titles.spellings,
    "channel": titles.spellings,
    "customerTenantId": texts.identifiers,
    "productName": texts.spellings,
    "workloadName": texts.spellings,
}
#: Those of them that are columns of Microsoft's.
_RESPELLED = tuple(name for name in IDENTITIES if name != "service")
DEFAULT_TARGET = 80.0  # percent points
DEFAULT_USAGE_TARGET = 60.0  # likewise, of usage %: not everybody who has a license uses each workload each month
#: How far back licenses a week are measured from the newest point: long enough for a pace on weekly processing dates,
#: short enough to speak of now.
WEEKS = 13
FEWEST_DATES = straight_line.FEWEST_POINTS  # that make a pace
TOO_FEW = f"fewer than {FEWEST_DATES} processing dates"
#: That make a day of the target, which doubts the level as well; decision 17 says what fewer give.
FEWEST_DATES_FOR_DAY = 9
TOO_FEW_FOR_DAY = f"fewer than {FEWEST_DATES_FOR_DAY} processing dates"

#: An estimate is as fine as a percentage with two decimals makes it: one ten-thousandth of a license. As whole numbers
#: of these, estimates add up without rounding.
_FINENESS = 10_000
_SOLD, _DEPLOYED, _PERCENT = nw.col("licensesSold"), nw.col("licensesDeployed"), nw.col("deploymentPercent")
_SENT = nw.col("proratedDeploymentPercent")
_ACTIVE, _QUALIFIED = nw.col("licensesActive"), nw.col("licensesQualified")
_LOWEST, _HIGHEST = "lowestPercent", "highestPercent"
_FRACTIONS = ("licensesDeployed", "undeployed", "overDeployed")
#: What `grouped` gives beside the keys, in this order.
MEASURED = ("licensesSold", "licensesDeployed", "deploymentPercent", "undeployed", "overDeployed", "processedDateTime")
#: What `activity` gives beside the keys, likewise.
ACTIVITY = ("licensesActive", "licensesQualified", "usagePercent", "processedDateTime")

#: The columns of `summary`, in this order.
SUMMARY = (
    *("service", "serviceName", "channel", "processedDateTime"),
    *("licensesSold", "licensesDeployed", "undeployed", "overDeployed"),
    *("lowestPercent", "highestPercent", "rows", "estimated"),
)

Frame = TypeVar("Frame", nw.DataFrame[Any], nw.LazyFrame[Any])


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
        "An estimate, marked ≈, to a ten-thousandth of a license; Microsoft rounds the percentage to two decimals.",
    ),
    "deploymentPercent": Measure(
        "Deployment %",
        "Licenses deployed ÷ licenses sold × 100, so weighted by licenses sold and never an average of percentages.",
        "More than 100 % means that more licenses are assigned than sold. Without licenses sold there is none: –.",
    ),
    "undeployed": Measure(
        "Not deployed",
        "Licenses sold but not deployed, per product where Microsoft counts products, else per service and channel.",
        "More than sold of one product does not make up for another.",
    ),
    "overDeployed": Measure(
        "Over-deployed",
        "Licenses assigned beyond those sold, added up like those not deployed.",
        "Sold − deployed = not deployed − over-deployed.",
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
        "Licenses deployed and active in the product's most active workload, added up by customer, product and"
        " channel.",
        "At least so many are used, since others may use only a less active workload.",
    ),
    "unused": Measure(
        "Deployed, not used",
        "Licenses deployed less those active in the product's most active workload, added up by customer, product"
        " and channel where more are deployed.",
        "An upper bound: Microsoft counts users per workload, and others may use only a less active one. Deployment and"
        " use may be processed on different days. Products without usage figures are left out; where no product has"
        " any, there is none: –.",
    ),
    "noUsageFigures": Measure(
        "No usage figures",
        "Licenses deployed of products for which Microsoft sends no usage figures.",
        "They do not count as not used. Sold = used + not used + no usage figures + not deployed − over-deployed.",
    ),
    "seatsRenewing": Measure(
        "Seats that renew",
        "Quantity of the subscriptions that renew at their end, which lies within the horizon.",
        "Active subscriptions of licenses. Trials, suspended ones and Azure are in the table and in no sum.",
    ),
    "seatsAtRisk": Measure(
        "At risk",
        "Seats that renew although nobody uses them: of each product of a customer, no more than are not assigned.",
        "A customer's seats of a product count once. What cannot be matched to a product of Entra ID is left out.",
    ),
    "notAssigned": Measure(
        "Not assigned",
        "Seats of the product that are enabled at the customer and not assigned to anybody.",
        "From live seats; where these cannot be read, sold and not deployed by the commercial counts, some days old.",
    ),
    "seatsUndecided": Measure(
        "To be decided",
        "Quantity of the subscriptions for which nothing is decided, or which roll into the extended service term.",
        "In that term they are paid month by month, for about 3 % more (23 % without a monthly plan).",
    ),
    "seatsReducible": Measure(
        "Reducible now",
        "Quantity of the subscriptions whose seats can be reduced or cancelled now, whatever their end.",
        "Microsoft says until when: within days after a purchase or a renewal.",
    ),
    "velocity": Measure(
        "Deployed a week",
        f"The median slope of licenses deployed between any two processing dates of the last {WEEKS} weeks.",
        "One odd date does not bend it. The true pace most likely lies in the range: at least"
        f" {straight_line.HOLD} times in 100 where half of what disturbs a date is gone by the next one,"
        f" {straight_line.HOLD_WANDERING} where a fifth is. There is none with {TOO_FEW}.",
    ),
    "projection": Measure(
        "Target reached",
        f"The day on which no license is missing to the target any more, if all goes on as in the last {WEEKS} weeks.",
        "It follows the median slope of the licenses missing, which need not be what the medians of licenses sold and"
        " deployed make of it. The likely range is that of licenses a week, with the doubt about how many are missing"
        " now; it holds as often where deployed rises, from date to date, by a quarter of what it wavers, or more."
        f" There is none with {TOO_FEW_FOR_DAY}, nor where the range of the pace holds no movement too."
        " Where no date can be defended, the reason stands in its place; without a latest date, the earliest one does.",
    ),
    "soldPerWeek": Measure(
        "Sold a week",
        "The median slope of licenses sold, likewise.",
        "Where sold grows faster than deployed, deployment % falls although people are at work.",
    ),
    "deployedEffect": Measure(
        "Effect of deployed",
        "The part of the change in deployment %, in percent points, that comes from licenses deployed.",
        "Counted before and after the change in licenses sold; the mean is taken. Rows add up exactly.",
    ),
    "soldEffect": Measure(
        "Effect of sold",
        "The part of the change in deployment %, in percent points, that comes from licenses sold.",
        "Effect of deployed + effect of sold = the change, exactly.",
    ),
}


@dataclass(frozen=True, eq=False)
class Facts:
    """Rows at the finest grain that the source gives, and what is true of all of them.

    `frame` has `service` (its code), `serviceName` (as sent), `channel`, `licensesSold` (int64), `licensesDeployed`,
    `undeployed`, `overDeployed` (float64), `processedDateTime` (UTC), and what else the source sends. What tells rows
    apart (`IDENTITIES`) has one spelling; where another one was sent, it stands in a column of its own, see `as_sent`.
    `estimated` says that licensesDeployed is worked out from a percentage. `sent` names the columns that Microsoft
    sent, in its order.
    """

    frame: pd.DataFrame
    estimated: bool = False
    sent: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def of(self, rows: pd.DataFrame) -> Facts:
        """The same facts with these `rows` in place of all."""
        return replace(self, frame=rows)

    def selected(self, selection: Selection) -> Facts:
        """The facts of the channels and services that are selected."""
        return self.of(selection.apply(self.frame))


def as_sent(name: str) -> str:
    """The column that holds what Microsoft sent where `name` has another spelling of it."""
    return f"{name}{texts.AS_SENT}"


def facts(collection: Collection, frame: pd.DataFrame) -> Facts:
    """Bring a deployment collection to facts; a column that we do not know and that bears a name of ours is renamed.

    Takes the frame of `deployment` (percent and sold) or `commercial-deployment` (counts).
    """
    frame = frame.rename(columns=clashes(frame, collection.columns))
    estimated = collection is catalog.DEPLOYMENT
    named = nw.from_native(frame.assign(service=frame[service_of(estimated=estimated)]), eager_only=True)
    rows: pd.DataFrame = row_by_row(named, estimated=estimated).to_native()
    return Facts(told_apart(rows), estimated, tuple(frame.columns))


def service_of(*, estimated: bool) -> str:
    """The column in which a deployment collection sends the code of the service."""
    return "serviceName" if estimated else "serviceCode"


def clashes(frame: pd.DataFrame, known: Iterable[str], ours: Iterable[str] = _OURS) -> dict[str, str]:
    """New names for columns that are not `known` and would be taken for one of them, or for one of `ours`."""
    taken = [*known, *ours, *map(as_sent, _RESPELLED)]
    return texts.apart(frame.columns.difference([*known], sort=False), taken)


def row_by_row(frame: Frame, *, estimated: bool) -> Frame:
    """Add licensesDeployed, undeployed and overDeployed (float64) to each row.

    `estimated`: deployed comes from `proratedDeploymentPercent`, else it is `licensesDeployed` as counted.
    """
    deployed = _DEPLOYED.cast(nw.Float64)
    if estimated:
        deployed = ((_SENT * _SOLD * (_FINENESS // 100) + 0.5).floor() / _FINENESS).fill_null(0.0)
    gap, surplus = _SOLD - _DEPLOYED, _DEPLOYED - _SOLD
    if estimated:
        gap, surplus = ((licenses * _FINENESS).round() / _FINENESS for licenses in (gap, surplus))
    frame = frame.with_columns(licensesDeployed=deployed)
    return frame.with_columns(undeployed=gap.clip(0.0, None), overDeployed=surplus.clip(0.0, None))


def identities(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """The columns that tell rows apart, in one spelling each and made quick to compare."""
    return {
        name: texts.alike(rows[name], spelling=spelling)[0] for name, spelling in IDENTITIES.items() if name in rows
    }


def told_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their `identities`, and beside each of Microsoft's what was sent, where that is something else."""
    rows = rows.assign(**{name: rows[name].astype("category") for name in IDENTITIES if name in rows})
    spelled = identities(rows)
    sent = {as_sent(name): rows[name] for name in _RESPELLED if name in rows and _differ(spelled[name], rows[name])}
    return rows.assign(**spelled, **sent)


def _differ(spelled: pd.Series, sent: pd.Series) -> bool:
    """Whether any of the categories that were sent has another spelling now."""
    if spelled.cat.categories.equals(sent.cat.categories):  # nearly always, and quick to see
        return False
    # A text that stands for others stands for itself as well: with the same texts, nothing has changed.
    return {*spelled.dropna().unique()} != {*sent.dropna().unique()}


def grouped(frame: Frame, keys: Sequence[str], *, estimated: bool, labels: Sequence[str] = ()) -> Frame:
    """One row per value of `keys`, in their order, with every measure and the newest processing date.

    `labels` are columns of text that come along after the keys: of several texts the first in the alphabet.

    `frame`: rows that have what `row_by_row` gives, `estimated` ones with their `proratedDeploymentPercent`, or rows of
    `summary`, which may be taken for estimated ones in any case. Columns: the keys, the labels, then `MEASURED`:
    licensesSold (int64), licensesDeployed, deploymentPercent (null where nothing was sold), undeployed, overDeployed
    (float64), processedDateTime.
    """
    rows, sums = _ready(frame, estimated=estimated)
    label = [nw.col(*labels).min()] if labels else []
    table = rows.group_by(*keys).agg(*label, *sums, nw.col("processedDateTime").max())
    return _measured(table, estimated=estimated).select(*keys, *labels, *MEASURED).sort(*keys, nulls_last=True)


def by(facts: Facts, keys: Sequence[str], labels: Sequence[str] = ()) -> pd.DataFrame:
    """`grouped` on facts in memory: plain text for the keys, NaN for no percentage."""
    frame = nw.from_native(facts.frame, eager_only=True)
    table = grouped(frame, keys, estimated=facts.estimated, labels=labels)
    return frames.plain(table.to_native().reset_index(drop=True))


def summary(facts: Facts) -> pd.DataFrame:
    """The facts summed up: one row per service and channel, from which `grouped` works out the same as from all.

    Columns: service, serviceName (str; the first in the alphabet where there are several), channel, processedDateTime
    (the newest), licensesSold (int64), licensesDeployed, undeployed, overDeployed, lowestPercent and highestPercent
    (float64; of the percentages that were sent for licenses sold, NaN where deployed is counted), rows (int64: how many
    were added up), estimated (bool).
    """
    estimated = facts.estimated
    rows, sums = _ready(nw.from_native(facts.frame, eager_only=True), estimated=estimated)
    first, newest = nw.col("serviceName").min(), nw.col("processedDateTime").max()
    table = rows.group_by("service", "channel").agg(first, newest, *sums, nw.len().alias("rows"))
    if estimated:
        table = table.with_columns(nw.col(*_FRACTIONS) / _FINENESS)
    else:
        table = table.with_columns(nw.lit(None, nw.Float64).alias(name) for name in (_LOWEST, _HIGHEST))
    table = table.with_columns(nw.col("rows").cast(nw.Int64), nw.lit(estimated).alias("estimated"))
    table = table.select(*SUMMARY).sort("service", "channel", nulls_last=True)
    return frames.plain(table.to_native().reset_index(drop=True))


@dataclass(frozen=True, slots=True)
class Total:
    """The measures over everything selected. `percent` is None where nothing was sold."""

    sold: int
    deployed: float
    percent: float | None
    undeployed: float
    over_deployed: float


def total(facts: Facts) -> Total:
    """The measures over all facts."""
    rows, sums = _ready(nw.from_native(facts.frame, eager_only=True), estimated=facts.estimated)
    (row,) = _measured(rows.select(*sums), estimated=facts.estimated).rows(named=True)
    percent = row["deploymentPercent"]
    return Total(
        int(row["licensesSold"]),
        float(row["licensesDeployed"]),
        None if pd.isna(percent) else float(percent),
        float(row["undeployed"]),
        float(row["overDeployed"]),
    )


def in_one_spelling(
    table: pd.DataFrame, keys: Sequence[str], *, estimated: bool, labels: Sequence[str] = ()
) -> pd.DataFrame:
    """A table of `grouped` by `keys`, with one spelling of what tells its rows apart; rows that are then one add up.

    For tables of engines, which know nothing of spellings.
    """
    spelled = table.assign(
        **{
            name: texts.alike(table[name], spelling=spelling)[0].astype("str")
            for name, spelling in IDENTITIES.items()
            if name in keys
        }
    )
    if spelled.equals(table):
        return table
    sent = spelled.assign(**dict.fromkeys((_LOWEST, _HIGHEST), spelled["deploymentPercent"]))  # `grouped` stays between
    frame = nw.from_native(sent, eager_only=True)
    together: pd.DataFrame = grouped(frame, keys, estimated=estimated, labels=labels).to_native()
    return together.reset_index(drop=True)


def activity(frame: Frame, keys: Sequence[str]) -> Frame:
    """One row per value of `keys`, in their order: how many licenses are active, of how many qualified.

    `frame`: rows with licensesActive and licensesQualified. Columns: the keys, licensesActive, licensesQualified
    (int64), usagePercent (null where nothing is qualified), processedDateTime (the newest).
    """
    counts = nw.col("licensesActive", "licensesQualified")
    table = frame.group_by(*keys).agg(counts.sum(), nw.col("processedDateTime").max())
    table = table.with_columns(
        counts.cast(nw.Int64), usagePercent=_ACTIVE * 100 / nw.when(_QUALIFIED > 0).then(_QUALIFIED)
    )
    return table.select(*keys, *ACTIVITY).sort(*keys, nulls_last=True)


def activity_by(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """`activity` on rows in memory: plain text for the keys, NaN for no percentage."""
    return frames.plain(activity(nw.from_native(rows, eager_only=True), keys).to_native().reset_index(drop=True))


def _ready(frame: Frame, *, estimated: bool) -> tuple[Frame, list[nw.Expr]]:
    """The rows made ready to be added up, and what to add up: with estimates, the range of what was sent as well."""
    sums: list[nw.Expr] = [nw.col("licensesSold", *_FRACTIONS).sum()]
    if not estimated:
        return frame, sums
    whole, low, high = (nw.col(*_FRACTIONS) * _FINENESS).round(), nw.col(_LOWEST), nw.col(_HIGHEST)
    if _LOWEST in frame.collect_schema().names():
        return frame.with_columns(whole), [*sums, low.min(), high.max()]
    frame = frame.with_columns(whole, nw.when(_SOLD > 0).then(_SENT).alias(_LOWEST))
    return frame, [*sums, low.min(), low.max().alias(_HIGHEST)]


def _measured(sums: Frame, *, estimated: bool) -> Frame:
    """What rows come to together, from their sums."""
    sold = nw.when(_SOLD > 0).then(_SOLD)
    # In one division of whole numbers, so that 110 of 200 are 55 % and not 55.00000000000001 %.
    percent = _DEPLOYED / (sold * (_FINENESS // 100)) if estimated else _DEPLOYED * 100 / sold
    whole = _SOLD.cast(nw.Int64)  # DuckDB adds up in 128 bits, which nothing after it knows
    if not estimated:
        return sums.with_columns(whole, deploymentPercent=percent)
    # A weighted mean lies between its parts. Clipping takes away what the arithmetic rounds, so that one service in one
    # channel shows exactly the percentage that Microsoft sent.
    percent = percent.clip(nw.col(_LOWEST), nw.col(_HIGHEST))
    return sums.with_columns(whole, nw.col(*_FRACTIONS) / _FINENESS, deploymentPercent=percent)
