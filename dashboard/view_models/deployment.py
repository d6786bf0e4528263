"""One view of one answer, ready to show: numbers, chart and table, each worked out once for all who look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from dashboard import tables
from dashboard.cache import remembered
from dashboard.charts import bars, base, palette
from dashboard.filters.parameters import BarsFilters, CustomersFilters, OverviewFilters
from data_access import Deployment, measures, titles
from data_access.measures import Facts, customers

#: How each choice of order sorts rows that have the measures, a `key` and a `title`.
_ORDERS: dict[str, tuple[list[str], list[bool]]] = {
    "gap": (["undeployed", "key"], [False, True]),
    "percent": (["deploymentPercent", "key"], [True, True]),
    "sold": (["licensesSold", "key"], [False, True]),
    "name": (["title", "key"], [True, True]),
}


class Bars(Protocol):
    """What a chart needs; `number` counts all rows, of which the chart draws the first."""

    @property
    def number(self) -> int: ...

    @property
    def figure(self) -> go.Figure: ...

    @property
    def words(self) -> str: ...


class Rows(Protocol):
    """What a table needs; as Arrow, since that is how it travels to the browser."""

    @property
    def rows(self) -> pa.Table: ...

    @property
    def columns(self) -> dict[str, Any]: ...


@dataclass(frozen=True, eq=False)
class Picture:
    """What a page of bars shows. `number` counts all rows, of which the chart draws the first."""

    total: measures.Total
    number: int
    below_target: int
    largest_gap: tuple[str, float]  # title and undeployed licenses of the row that has it
    figure: go.Figure
    words: str
    table: pd.DataFrame  # one row per bar, in the chosen order
    rows: pa.Table  # what the table below shows
    columns: dict[str, Any]


@remembered
def overview(deployment: Deployment, filters: OverviewFilters, dark: bool) -> Picture:
    """All services."""
    facts = deployment.facts.selected(filters.selection)
    table = measures.by(facts, ["service"]).rename(columns={"service": "key"})
    table.insert(1, "title", table["key"].map(titles.service_title))
    table = _ordered(table, filters)
    unknown = tables.unknown(deployment)
    rows = tables.on_screen(tables.rows(deployment, filters.selection), table, unknown)
    shown = rows, tables.columns(rows, unknown, estimated=deployment.estimated)
    what = "deployment % of services"
    return _picture(facts, table, shown, filters=filters, estimated=deployment.estimated, dark=dark, what=what)


@remembered
def all_customers(deployment: Deployment, filters: CustomersFilters, dark: bool) -> Picture:
    """All customers that match the search."""
    facts = deployment.facts.selected(filters.selection)
    table = customers.matching(customers.by_customer(facts), filters.search)
    if filters.search:
        facts = facts.of(facts.frame[facts.frame[customers.CUSTOMER].isin(table[customers.CUSTOMER])])
    table = table.rename(columns={customers.CUSTOMER: "key"})
    table.insert(1, "title", table["customerName"].fillna(table["key"]))
    table = _ordered(table, filters)
    rows = table.drop(columns="title")[["customerName", *table.columns.drop(["key", "title", "customerName"]), "key"]]
    rows = rows.rename(columns={"key": customers.CUSTOMER})
    shown = rows, tables.columns(rows)
    return _picture(facts, table, shown, filters=filters, estimated=False, dark=dark, what="deployment % of customers")


@remembered
def one_customer(deployment: Deployment, customer: str, filters: BarsFilters, dark: bool) -> Picture:
    """The products of one customer."""
    facts = customers.one(deployment.facts, customer).selected(filters.selection)
    rows = customers.by_product(facts)
    table = measures.by(facts, ["productName"]).rename(columns={"productName": "key"})
    table.insert(1, "title", table["key"].fillna("(no name)"))
    table = _ordered(table, filters)
    rows.insert(0, "title", rows["service"].map(titles.service_title))
    shown = rows, tables.columns(rows)
    return _picture(facts, table, shown, filters=filters, estimated=False, dark=dark, what="deployment % of products")


def _ordered(table: pd.DataFrame, filters: BarsFilters) -> pd.DataFrame:
    columns, ascending = _ORDERS[filters.sort]
    return table.sort_values(columns, ascending=ascending, ignore_index=True)


def _picture(
    facts: Facts,
    table: pd.DataFrame,
    on_screen: tuple[pd.DataFrame, dict[str, Any]],
    *,
    filters: BarsFilters,
    estimated: bool,
    dark: bool,
    what: str,
) -> Picture:
    """`on_screen`: the rows of the table below, and how its columns are shown."""
    rows, columns = on_screen
    shown = table.head(base.MOST_BARS)
    gaps = table.sort_values("undeployed", ascending=False)[["title", "undeployed"]].head(1)
    return Picture(
        measures.total(facts),
        len(table),
        int((table["deploymentPercent"] < filters.target).sum()),
        (str(gaps["title"].iloc[0]), float(gaps["undeployed"].iloc[0])) if len(gaps) else ("", 0.0),
        bars.deployment(shown, filters.target, estimated, palette.of(dark)),
        bars.in_words(shown, shown["deploymentPercent"], what, filters.target),
        table,
        pa.Table.from_pandas(rows, preserve_index=False),
        columns,
    )
