"""View model of the Usage page, cached for all visitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.cache import remembered
from dashboard.charts import bars, base, palette
from dashboard.charts.base import Finished
from dashboard.filters.parameters import UsageFilters
from dashboard.tables import usage as usage_table
from dashboard.tables.columns import OnScreen
from dashboard.view_models import lines
from dashboard.view_models.lines import Lost
from data_access import Customers, Selection, Timeline, Usage, titles
from data_access.datasets import usage as uses

#: The columns of each sort order, and whether they ascend.
_ORDERS: dict[str, tuple[list[str], list[bool]]] = {
    "gap": (["wasted", "undeployed", "licensesQualified", "service"], [False, False, False, True]),
    "percent": (["usagePercent", "service"], [True, True]),
    "sold": (["licensesSold", "licensesQualified", "service"], [False, False, True]),
    "name": (["title", "service"], [True, True]),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class UsageView:
    """The content of the Usage page: `number` services in the chart, and their workloads below."""

    total: uses.Total
    number: int
    largest_gap: tuple[str, float, float]  # title, undeployed and unused licenses of the service with most not used
    window: tuple[datetime | None, datetime | None]  # the oldest and the newest day on which the 28 days end
    figure: Finished
    words: str
    workloads: pd.DataFrame  # one row per service, workload and channel, in that order
    on_screen: OnScreen  # `workloads` in the order of the chart, with titles


@remembered
def of_customer(usage: Usage, customer: str) -> Usage:
    """The same of one customer, by tenant id."""
    return uses.of_customers(usage, Customers(frozenset({customer})))


@remembered
def lost(past: Timeline, usage: Usage, selection: Selection) -> Mapping[str, tuple[Lost, ...]]:
    """What the newest answers of use do not have and had lately, by the name of the collection."""
    return {
        source.collection.name: gone
        for source in (usage.counts, usage.partner)
        if (gone := lines.lost(uses.lost(past.history, usage, source, selection)))
    }


@remembered
def usage_view(usage: Usage, filters: UsageFilters, dark: bool) -> UsageView:
    """The view of all services and workloads."""
    services = uses.by_service(usage, filters.selection)
    idle = (services["licensesQualified"] - services["licensesActive"]).clip(lower=0)
    is_known = services["unused"].notna().any()
    services = services.assign(
        title=services["service"].map(titles.service_title),
        wasted=services["unused"] if is_known else services["undeployed"].fillna(idle),
    )
    columns, upwards = _ORDERS[filters.sort]
    services = services.sort_values(columns, ascending=upwards, ignore_index=True, key=titles.as_sorted)
    drawn = services.head(base.MOST_BARS)
    largest = services.nlargest(1, ["wasted", "undeployed"])[["title", "undeployed", "unused"]].itertuples(
        index=False, name=None
    )
    workloads = uses.by_workload(usage, filters.selection)
    total = uses.total(usage, filters.selection)
    return UsageView(
        total=total,
        number=len(services),
        largest_gap=next(largest, ("", 0.0, 0.0)),
        window=uses.span(workloads["processedDateTime"], workloads["partnerProcessedDateTime"]),
        figure=bars.usage(drawn, filters.usagetarget, palette.of(dark), key="service"),
        words=bars.in_words(drawn, drawn["usagePercent"], "usage % of services", filters.usagetarget),
        workloads=workloads,
        on_screen=usage_table.on_screen(workloads, services["service"], total),
    )
