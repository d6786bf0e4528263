"""View model of the Usage page, cached for all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from dashboard import tables
from dashboard.cache import remembered
from dashboard.charts import bars, base, palette
from dashboard.filters.parameters import UsageFilters
from data_access import Usage, titles
from data_access.datasets import usage as uses

_USE_ORDERS: dict[str, tuple[list[str], list[bool]]] = {
    "gap": (["gap", "licensesQualified", "key"], [False, False, True]),
    "percent": (["usagePercent", "key"], [True, True]),
    "sold": (["licensesSold", "licensesQualified", "key"], [False, False, True]),
    "name": (["title", "key"], [True, True]),
}


@dataclass(frozen=True, eq=False)
class UsePicture:
    """What the page about use shows: `number` services in the chart, and `rows` by workload below."""

    total: uses.Total
    number: int
    largest_gap: tuple[str, float, float]  # title, undeployed and unused licenses of the service that has it
    window: tuple[datetime | None, datetime | None]  # the oldest and the newest day on which the 28 days end
    figure: go.Figure
    words: str
    table: pd.DataFrame  # one row per service, workload and channel, in that order
    rows: pa.Table  # the same in the order of the chart, with titles
    columns: dict[str, Any]


@remembered
def in_use(usage: Usage, filters: UsageFilters, dark: bool) -> UsePicture:
    """All services and workloads."""
    table = uses.by_service(usage, filters.selection).rename(columns={"service": "key"})
    table.insert(1, "title", table["key"].map(titles.service_title))
    columns, ascending = _USE_ORDERS[filters.sort]
    idle = (table["licensesQualified"] - table["licensesActive"]).clip(lower=0)
    table = table.assign(gap=(table["undeployed"] + table["unused"].fillna(0)).fillna(idle))
    table = table.sort_values(columns, ascending=ascending, ignore_index=True)
    shown = table.head(base.MOST_BARS)
    largest = table.nlargest(1, "gap")[["title", "undeployed", "unused"]].itertuples(index=False, name=None)
    workloads = uses.by_workload(usage, filters.selection)
    rows = tables.workloads(workloads, table["key"])
    return UsePicture(
        uses.total(usage, filters.selection),
        len(table),
        next(largest, ("", 0.0, 0.0)),
        uses.span(workloads["processedDateTime"], workloads["partnerProcessedDateTime"]),
        bars.usage(shown, filters.target, palette.of(dark)),
        bars.in_words(shown, shown["usagePercent"], "usage % of services", filters.target),
        workloads,
        pa.Table.from_pandas(rows, preserve_index=False),
        tables.columns(rows),
    )
