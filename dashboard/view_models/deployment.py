"""View models of the Overview and of one customer, cached for all visitors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

import pandas as pd

from dashboard.cache import remembered
from dashboard.charts import bars, base, palette
from dashboard.charts.base import Finished
from dashboard.filters.parameters import BarsFilters, OverviewFilters
from dashboard.tables import overview as overview_table
from dashboard.tables.columns import OnScreen
from dashboard.tables.customers import products_on_screen
from data_access import Deployment, Selection, Usage, measures, titles
from data_access.datasets import usage
from data_access.digest import bands
from data_access.digest.plan import Rule
from data_access.measures import Facts, customers

#: The column of each sort order, and whether it ascends; rows of equal values are sorted by their key.
ORDERS = {
    "gap": ("undeployed", False),
    "percent": ("deploymentPercent", True),
    "sold": ("licensesSold", False),
    "name": ("title", True),
}


class Bars(Protocol):
    """The content of a bar chart. `number` counts all rows, of which the chart draws the first."""

    @property
    def number(self) -> int: ...

    @property
    def figure(self) -> Finished: ...

    @property
    def words(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Basis:
    """What the sums are made of: how many rows, their oldest and newest processing dates, and what was selected."""

    rows: int
    processed: tuple[datetime | None, datetime | None]
    selection: Selection


class Summed(Protocol):
    """What the tiles of a page are made of. `number` counts the rows behind them."""

    @property
    def total(self) -> measures.Total: ...

    @property
    def basis(self) -> Basis: ...

    @property
    def number(self) -> int: ...

    @property
    def below_target(self) -> int: ...

    @property
    def table(self) -> pd.DataFrame: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class DeploymentView:
    """The content of a page with bars. `number` counts all rows, of which the chart draws the first."""

    total: measures.Total
    basis: Basis
    number: int
    below_target: int
    largest_gap: tuple[str, float]  # title and undeployed licenses of the row that has it
    figure: Finished
    words: str
    table: pd.DataFrame  # one row per bar, in the chosen order: its key, its title and the measures
    on_screen: OnScreen  # the table below the chart
    outside: tuple[str, ...] = ()  # the rows that are out of their band, in words


@remembered
def overview(
    deployment: Deployment, filters: OverviewFilters, dark: bool, rules: tuple[Rule, ...] = ()
) -> DeploymentView:
    """The view of all services; `rules` are the bands in which they should be."""
    facts = deployment.facts.selected(filters.selection)
    services = measures.by(facts, ["service"])
    services = services.assign(title=services["service"].map(titles.service_title))
    services = ordered(services, "service", filters.sort)
    judge = partial(bands.of_service, rules)
    judged = zip(services["title"], map(judge, services["service"], services["deploymentPercent"]), strict=True)
    view = _view(
        facts,
        services,
        overview_table.on_screen(deployment, filters.selection, services, judge if rules else None),
        key="service",
        filters=filters,
        estimated=deployment.estimated,
        dark=dark,
        what="deployment % of services",
    )
    return replace(view, outside=tuple(f"{title} {words}" for title, words in judged if words))


@remembered
def one_customer(
    deployment: Deployment, customer: str, filters: BarsFilters, dark: bool, used: Usage | None = None
) -> DeploymentView:
    """The view of one customer's products; `used` is how that customer uses them, where it is at hand."""
    facts = customers.one(deployment.facts, customer).selected(filters.selection)
    table = measures.by(facts, ["productName"])
    table = table.assign(title=table["productName"].fillna("(no name)").map(titles.product_title))
    table = ordered(table, "productName", filters.sort)
    products = customers.by_product(facts).sort_values("undeployed", ascending=False, kind="stable")
    if used and (unused := usage.unused_by_product(used)) is not None:
        found = [unused.get(usage.product_key(*each)) for each in _keys(products)]
        products = products.assign(unused=pd.Series(found, index=products.index, dtype="float64"))
    products = products.assign(title=products["service"].map(titles.service_title))
    return _view(
        facts,
        table,
        products_on_screen(products, measures.total(facts)),
        key="productName",
        filters=filters,
        estimated=False,
        dark=dark,
        what="deployment % of products",
    )


def _keys(products: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    return products[customers.PRODUCT].astype("str").itertuples(index=False, name=None)


def basis_of(facts: Facts, selection: Selection) -> Basis:
    """What sums of these facts are made of."""
    dates = facts.frame["processedDateTime"].dropna()
    return Basis(len(facts.frame), (dates.min(), dates.max()) if len(dates) else (None, None), selection)


def ordered(table: pd.DataFrame, key: str, sort: str) -> pd.DataFrame:
    """The rows in one of `ORDERS`; equal ones by their key."""
    column, upwards = ORDERS[sort]
    return table.sort_values([column, key], ascending=[upwards, True], ignore_index=True, key=titles.as_sorted)


def _view(
    facts: Facts,
    table: pd.DataFrame,
    on_screen: OnScreen,
    *,
    key: str,
    filters: BarsFilters,
    estimated: bool,
    dark: bool,
    what: str,
) -> DeploymentView:
    """The view of one table, a row per bar with a distinct `key`; `what` names the percentage and the rows."""
    drawn = table.head(base.MOST_BARS)
    gaps = table.sort_values("undeployed", ascending=False)[["title", "undeployed"]].head(1)
    return DeploymentView(
        total=measures.total(facts),
        basis=basis_of(facts, filters.selection),
        number=len(table),
        below_target=int((table["deploymentPercent"] < filters.target).sum()),
        largest_gap=(str(gaps["title"].iloc[0]), float(gaps["undeployed"].iloc[0])) if len(gaps) else ("", 0.0),
        figure=bars.deployment(drawn, filters.target, estimated, palette.of(dark), key=key),
        words=bars.in_words(drawn, drawn["deploymentPercent"], what, filters.target, as_sent=estimated),
        table=table,
        on_screen=on_screen,
    )
