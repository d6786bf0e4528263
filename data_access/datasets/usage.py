"""What the Usage page stands on: counts of use beside licenses, and Microsoft's own percentages.

*Used* means within the 28 days before the processing date (Partner Center announcement of September 2020).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import pandas as pd

from data_access import measures, texts, titles
from data_access.books import CUSTOMER, Customers
from data_access.datasets.deployment import Deployment
from data_access.datasets.deployment import without_customers as without_names
from data_access.errors import PartnerCenterError
from data_access.history.history import History
from data_access.measures import Facts, parts, trends, unread_rows
from data_access.measures.unread_rows import ALL_READ
from data_access.partner_center import catalog, frames
from data_access.partner_center.answers import Answer, Answers, Progress, Step
from data_access.partner_center.catalog import Collection
from data_access.selection import Selection

_CUSTOMER_SERVICE_CHANNEL = ["customerTenantId", "service", "channel"]
_UNIT = [*_CUSTOMER_SERVICE_CHANNEL, "productId", "productName"]
_SOLD = ["licensesSold", "licensesDeployed", "undeployed", "overDeployed"]
_SPLIT = ["used", "unused", "noUsageFigures"]
_ROW = ["service", "workloadName", "channel"]
_ACTIVITY = ["licensesActive", "licensesQualified"]
_AS_SENT = "proratedLicensesUsagePercent"
_WORKLOAD = [*_ROW, *_ACTIVITY, "usagePercent", _AS_SENT, "processedDateTime", "partnerProcessedDateTime"]
_NTH = "nth"
#: Columns that we add to the partner's rows, here and in tables and files.
_OURS = frozenset({*_WORKLOAD, _NTH, "serviceCode", "title", "source", "filter"})


@dataclass(frozen=True, eq=False)
class Source:
    """One collection: its last answer, and the error of a newer attempt that failed."""

    collection: Collection
    answer: Answer | None
    trouble: PartnerCenterError | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether it is no part of the data, for some customers: neither an answer nor a failure."""
        return self.answer is None and self.trouble is None

    @property
    def has_rows(self) -> bool:
        return self.answer is not None and not self.answer.frame.empty

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as fetched; none where nothing was."""
        return frames.frame(self.collection, []) if self.answer is None else self.answer.frame


@dataclass(frozen=True, eq=False)
class Usage:
    """Three collections, brought to the same spelling of services, channels and workloads.

    `licenses`: see `side_by_side`. `workloads`: one row per service, workloadName and channel, with the sums of
    licensesActive and licensesQualified (int64), usagePercent and the newest processedDateTime. `percents`: the
    partner's own rows, with `service`, and fields that we do not know. `counted`: what is sold and deployed, as other
    pages have it; None where it could not be read or has no rows.
    """

    counts: Source
    partner: Source
    deployment: Source
    licenses: pd.DataFrame
    workloads: pd.DataFrame
    percents: pd.DataFrame
    counted: Deployment | None

    @property
    def sources(self) -> tuple[Source, Source, Source]:
        return self.counts, self.partner, self.deployment

    @property
    def has_rows(self) -> bool:
        return any(source.has_rows for source in self.sources)

    @property
    def fetched_at(self) -> datetime:
        """When the oldest of the answers was fetched."""
        return min(source.answer.fetched_at for source in self.sources if source.answer)

    @cached_property
    def channels(self) -> list[str]:
        return self._codes("channel")

    @cached_property
    def services(self) -> list[str]:
        """The codes of the services."""
        return self._codes("service")

    @cached_property
    def processed(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest processing date, over all three; (None, None) where none is known."""
        return span(*(source.frame["processedDateTime"] for source in self.sources))

    def _codes(self, column: str) -> list[str]:
        tables = (self.licenses, self.workloads, self.percents)
        return sorted({code for table in tables for code in table[column].unique()})


def fetch(client: Answers, progress: Progress, last: Usage | None = None) -> Usage:
    """Fetch the counts of use, the partner's percentages, and the counts of licenses.

    A collection that cannot be read is left out, or stays as it was in `last`, with its error beside it. Raises the
    error of the counts where the percentages cannot be read either.
    """

    def read(collection: Collection, before: Source | None) -> Source:
        def tell(step: Step) -> None:
            progress(replace(step, text=f"{collection.title}: {step.text}"))

        try:
            return Source(collection, client.fetch(collection, progress=tell))
        except PartnerCenterError as error:
            return Source(collection, before.answer if before else None, error)

    before = last.sources if last else (None, None, None)
    counts, partner = read(catalog.COMMERCIAL_USAGE, before[0]), read(catalog.USAGE, before[1])
    if counts.trouble and partner.trouble:
        raise counts.trouble
    deployment = read(catalog.COMMERCIAL_DEPLOYMENT, before[2])
    progress(Step("Putting licenses and their use side by side"))
    return put_together(counts, partner, deployment)


def of_customers(usage: Usage, customers: Customers) -> Usage:
    """The same of some customers, without a trace of another one.

    Microsoft's own percentages are those of the whole company, and are left out.
    """
    if customers.is_everybody:
        return usage

    def part(source: Source) -> Source:
        if source.answer is None:
            return source
        return replace(source, answer=source.answer.part(customers.rows(source.answer.frame)))

    return put_together(part(usage.counts), Source(usage.partner.collection, None), part(usage.deployment))


def without_customers(usage: Usage) -> Usage:
    """The same figures without what says whose they are: for those who see the company's figures alone."""

    def part(source: Source) -> Source:
        if source.answer is None or CUSTOMER not in source.collection.columns:
            return source
        dates = source.answer.frame[["processedDateTime"]]
        return replace(source, answer=replace(source.answer, frame=dates, pages=None))

    licenses = usage.licenses.drop(columns=CUSTOMER)
    counted = usage.counted and without_names(usage.counted)
    return replace(
        usage, counts=part(usage.counts), deployment=part(usage.deployment), licenses=licenses, counted=counted
    )


def put_together(counts: Source, partner: Source, deployment: Source) -> Usage:
    """Everything the page needs, worked out once for each fetch."""
    facts = measures.facts(deployment.collection, deployment.frame)
    sold, active = facts.frame.copy(), counts.frame
    active = active.assign(service=active["serviceCode"], workloadName=workload_titles(active))
    percents = partner.frame.rename(columns=measures.clashes(partner.frame, partner.collection.columns, _OURS))
    percents = percents.assign(service=percents["serviceName"])
    _put_alike(sold, active, percents)
    return Usage(
        counts,
        partner,
        deployment,
        side_by_side(sold, active),
        measures.activity_by(active, _ROW),
        frames.plain(percents),
        Deployment(deployment.answer, facts) if deployment.answer and deployment.has_rows else None,
    )


def unused_of(facts: Facts, use: pd.DataFrame) -> pd.Series | None:
    """As `unused_by_customer`, of facts of the commercial deployment and rows of the commercial usage."""
    sold, active = facts.frame.copy(), use.assign(service=use["serviceCode"], workloadName=workload_titles(use))
    if sold.empty or active.empty:
        return None
    none = frames.frame(catalog.USAGE, [])
    _put_alike(sold, active, none.assign(service=none["serviceName"]))
    return _unused(side_by_side(sold, active))


def _put_alike(sold: pd.DataFrame, active: pd.DataFrame, percents: pd.DataFrame) -> None:
    """Give the three tables the same spelling of services, channels and workloads, and of customers and products."""
    for name, spelling, tables in (
        ("service", titles.spellings, (sold, active, percents)),
        ("channel", titles.spellings, (sold, active, percents)),
        ("workloadName", texts.spellings, (active, percents)),
        ("customerTenantId", texts.identifiers, (sold, active)),
        ("productId", texts.identifiers, (sold, active)),
        ("productName", texts.spellings, (sold, active)),
    ):
        columns = texts.alike(*(table[name] for table in tables), spelling=spelling)
        for table, column in zip(tables, columns, strict=True):
            table[name] = column


def workload_titles(active: pd.DataFrame) -> pd.Series:
    """The name of the workload of each row of the commercial usage, or its code where it has no name."""
    names = active["workloadName"].astype("str")
    return names.where(names.str.strip() != "").fillna(active["workloadCode"].astype("str"))


def side_by_side(sold: pd.DataFrame, active: pd.DataFrame) -> pd.DataFrame:
    """One row per customer, product, service and channel: the licenses, split by whether and how they are used.

    Columns: service, channel, customerTenantId, productId, productName (category), the four of `measures.facts`,
    `used`, `unused` and `noUsageFigures` (float64), `licensesActive` (float64, of the most active workload; NaN where
    there is no usage row), `hasDeployment`, processedDateTime (of the deployment). In each row

        licensesDeployed = used + unused + noUsageFigures
        licensesSold = used + unused + noUsageFigures + undeployed − overDeployed

    `sold`, `active`: facts of the two commercial collections, whose identities are categories of the same kind.
    """
    rows = pd.concat([sold[[*_UNIT, *_SOLD, "processedDateTime"]], active[_UNIT]], ignore_index=True)
    unit = _units(rows)
    # Microsoft counts users per workload, and one person may use several: the most active one stands for the product.
    by_workload = [unit.iloc[len(sold) :].to_numpy(), active["workloadName"]]
    most_active = (
        active["licensesActive"]
        .groupby(by_workload, observed=True, dropna=False, sort=False)
        .sum()
        .groupby(level=0)
        .max()
    )
    table = rows.loc[~unit.duplicated(), _UNIT].reset_index(drop=True)
    grouped = rows.groupby(unit)
    table[_SOLD] = grouped[_SOLD].sum()
    table = table.astype({"licensesSold": "int64"})
    deployed = table["licensesDeployed"]
    top = most_active.reindex(table.index).astype("float64")
    table["used"] = top.clip(upper=deployed).fillna(0.0)
    table["unused"] = (deployed - top).clip(lower=0).fillna(0.0)
    table["noUsageFigures"] = deployed.where(top.isna(), 0.0)
    table["licensesActive"] = top
    table["hasDeployment"] = table.index.isin(unit.iloc[: len(sold)])
    table["processedDateTime"] = grouped["processedDateTime"].max()
    return table


def _units(rows: pd.DataFrame) -> pd.Series:
    """Number the products of each customer by appearance, from 0.

    A product is known by its id, and by its name where one of those that bear the name has no id.
    """
    named = rows.groupby([*_CUSTOMER_SERVICE_CHANNEL, "productName"], observed=True, dropna=False, sort=False).ngroup()
    without_id = rows["productId"].isna()
    by_name = without_id | (rows["productName"].notna() & named.isin(named[without_id]))
    known_by = rows.assign(productId=rows["productId"].mask(by_name), productName=rows["productName"].where(by_name))
    return known_by.groupby(_UNIT, observed=True, dropna=False, sort=False).ngroup()


@dataclass(frozen=True, slots=True)
class Total:
    """The measures over everything selected; None where Microsoft sent no rows that have them.

    `unused` leaves out the licenses of `no_figures`. `percent` is None too where nothing is qualified. `strays` is how
    many products, counted once for each customer, service and channel, have figures of use and none of deployment.
    """

    sold: int | None
    deployed: float | None
    undeployed: float | None
    over_deployed: float | None
    unused: float | None
    no_figures: float | None
    active: int | None
    qualified: int | None
    percent: float | None
    strays: int

    @property
    def with_figures(self) -> float | None:
        """The licenses deployed of the products with figures of use, of which `unused` is a part."""
        return None if self.deployed is None else self.deployed - (self.no_figures or 0.0)


def total(usage: Usage, selection: Selection) -> Total:
    """The measures over all that is selected."""
    licenses, workloads = selection.apply(usage.licenses), selection.apply(usage.workloads)
    sums = licenses[[*_SOLD, *_SPLIT]].sum()
    deployed = usage.deployment.has_rows and bool(licenses["hasDeployment"].any())
    counted = usage.counts.has_rows and len(workloads) > 0
    used = usage.counts.has_rows and bool(licenses["licensesActive"].notna().any())
    # Of use alone, without a license of theirs, nobody can tell what of the others is not used.
    used = used and (sums["licensesDeployed"] > sums["noUsageFigures"] or not sums["noUsageFigures"])
    active, qualified = (int(workloads[name].sum()) for name in _ACTIVITY)

    def figure(name: str, known: bool) -> float | None:
        return float(sums[name]) if known else None

    return Total(
        int(sums["licensesSold"]) if deployed else None,
        figure("licensesDeployed", deployed),
        figure("undeployed", deployed),
        figure("overDeployed", deployed),
        figure("unused", deployed and used),
        figure("noUsageFigures", deployed),
        active if counted else None,
        qualified if counted else None,
        active / qualified * 100 if qualified else None,
        int((~licenses["hasDeployment"]).sum()) if usage.deployment.has_rows else 0,
    )


def by_service(usage: Usage, selection: Selection) -> pd.DataFrame:
    """One row per service: its licenses (see `side_by_side`), licensesActive, licensesQualified, usagePercent.

    NaN where the collection that has the figure is not at hand, or sends none for the service. `processedDateTime` is
    that of the deployment, `windowEnd` that of the counts of use.
    """
    licenses = selection.apply(usage.licenses).groupby("service", observed=True)
    table = licenses[[*_SOLD, *_SPLIT]].sum().astype("float64")
    table.loc[licenses["licensesActive"].count() == 0, ["used", "unused"]] = float("nan")
    table.loc[~licenses["hasDeployment"].any()] = float("nan")  # what is there comes from rows of use alone
    table["processedDateTime"] = licenses["processedDateTime"].max()
    activity = measures.activity_by(selection.apply(usage.workloads), ["service"]).set_index("service")
    table.index = table.index.astype("str")
    return (
        table.join(activity.rename(columns={"processedDateTime": "windowEnd"}), how="outer")
        .rename_axis("service")
        .reset_index()
    )


def lost(history: History, usage: Usage, source: Source, selection: Selection) -> pd.DataFrame:
    """What answers of use had lately and that of `source` does not: `parts.missed`, by service and channel.

    `source`: one of the two of use. None of it where its answer is that of some customers, since the history is the
    whole company's, or has no rows. A row without licenses of its own counts as one.
    """
    summed = history.summary(source.collection).to_pandas()
    whole = {each.id for each in history.snapshots(source.collection) if not each.backfill_date}
    if source.answer is None or source.answer.is_part:
        whole = set()
    lines = summed[summed["snapshot"].isin(whole)]
    lines = lines.groupby(["snapshot", *parts.OF_COMPANY], observed=True)[["processedDateTime", "fetchedAt"]].max()
    lines = lines.reset_index().sort_values("snapshot", kind="stable").assign(licensesSold=1)
    lines[trends.AS_OF] = lines["processedDateTime"].fillna(lines["fetchedAt"])
    now = usage.workloads if source is usage.counts else usage.percents
    unread = ALL_READ if source.answer is None else unread_rows.of(source.answer.set_aside, source.answer.missing)
    # Selected last: an answer without rows lacks none, and one without a row of what is selected lacks all of that.
    return selection.apply(parts.missed(parts.absent(lines, now, parts.OF_COMPANY, unread), lines))


def unused_by_customer(usage: Usage, selection: Selection) -> pd.Series | None:
    """Licenses deployed and not used (float64), by customerTenantId; NaN where Microsoft sent no use of any product.

    None where a collection that tells is missing.
    """
    if not (usage.counts.has_rows and usage.deployment.has_rows) or CUSTOMER not in usage.licenses:
        return None
    return _unused(selection.apply(usage.licenses))


def _unused(licenses: pd.DataFrame) -> pd.Series:
    known = licenses["unused"].where(licenses["licensesActive"].notna())
    sums: pd.Series = known.groupby(licenses[CUSTOMER], observed=True).sum(min_count=1)
    return sums.set_axis(sums.index.astype("str"))


def product_key(service: str, channel: str, product: str) -> tuple[str, str, str]:
    """What tells a customer's product apart, however it is spelled: what `unused_by_product` goes by."""
    return texts.key(service), texts.key(channel), texts.key(product)


def unused_by_product(usage: Usage) -> dict[tuple[str, str, str], float] | None:
    """Licenses deployed and not used by `product_key`; None where a collection that tells is missing.

    A product without figures of use is not there. `usage`: that of one customer, see `of_customers`.
    """
    if not (usage.counts.has_rows and usage.deployment.has_rows):
        return None
    known = usage.licenses[usage.licenses["licensesActive"].notna()]
    keys = zip(*(known[name].astype("str") for name in ("service", "channel", "productName")), strict=True)
    found: dict[tuple[str, str, str], float] = {}
    for key, unused in zip(keys, known["unused"], strict=True):
        place = product_key(*key)
        found[place] = found.get(place, 0.0) + float(unused)
    return found


def by_workload(usage: Usage, selection: Selection) -> pd.DataFrame:
    """One row per service, workload and channel, with the counts (Int64) and, as it was sent, the partner's percentage.

    Columns: serviceCode, workloadName, channel, licensesActive, licensesQualified, usagePercent,
    proratedLicensesUsagePercent, processedDateTime (of the counts; where there are none, of the percentage),
    partnerProcessedDateTime, then the percentages' fields that are not known to us. Percentages are never brought
    together: a second one for the same workload has a row of its own.
    """
    counts, percents = selection.apply(usage.workloads), selection.apply(usage.percents)
    percents = percents.drop(columns="serviceName").rename(columns={"processedDateTime": "partnerProcessedDateTime"})
    unknown = [name for name in percents if name not in _WORKLOAD]
    percents[_NTH] = percents.groupby(_ROW).cumcount()
    table = counts.assign(**{_NTH: 0}).merge(percents, on=[*_ROW, _NTH], how="outer")
    table["processedDateTime"] = table["processedDateTime"].fillna(table["partnerProcessedDateTime"])
    table = table.astype(dict.fromkeys(_ACTIVITY, "Int64")).sort_values([*_ROW, _NTH], ignore_index=True)
    return table[[*_WORKLOAD, *unknown]].rename(columns={"service": "serviceCode"})


def span(*dates: pd.Series) -> tuple[datetime | None, datetime | None]:
    """The oldest and the newest of several columns' dates; (None, None) where there is none."""
    known = pd.concat([column.dropna() for column in dates])
    return (known.min(), known.max()) if len(known) else (None, None)
