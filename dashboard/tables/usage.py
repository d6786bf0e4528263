"""The table and the file of the Usage page: one row per service, workload and channel."""

from __future__ import annotations

import pandas as pd

from dashboard.tables.columns import OnScreen, Table, Total, count, instant, percent, text
from dashboard.tables.common import CHANNEL, TITLE, definition, without_codes
from data_access import titles
from data_access.datasets.usage import Total as Counted
from data_access.measures import MEASURES

_AS_SENT = "proratedLicensesUsagePercent"
_SAME = 0.005  # percent points: both are printed with two decimals
_PARTNER_WINDOW = instant("partnerProcessedDateTime", "Partner window ends (UTC)")

#: The file; fields of the partner's percentages that are unknown to us come last.
WORKLOADS_FILE = Table(
    (
        text("serviceCode", "Code"),
        text("workloadName", "Workload"),
        CHANNEL,
        count("licensesActive", MEASURES["licensesActive"].label, help=definition("licensesActive")),
        count("licensesQualified", MEASURES["licensesQualified"].label, help=definition("licensesQualified")),
        percent("usagePercent", MEASURES["usagePercent"].label, help=definition("usagePercent")),
        percent(_AS_SENT, MEASURES[_AS_SENT].label, help=definition(_AS_SENT), as_sent=True),
        instant("processedDateTime", "Window ends (UTC)"),
        _PARTNER_WINDOW,
    )
)
WORKLOADS = Table((TITLE, *WORKLOADS_FILE.columns))


def on_screen(workloads: pd.DataFrame, services: pd.Series, total: Counted | None = None) -> OnScreen:
    """The rows of `usage.by_workload` with the services' titles, those of the chart first and in its order.

    `services`: the codes in that order; `total`: of all that is counted. Microsoft's own percentage stands only
    where it differs from what was counted, and the end of its window has a column only if it does; codes, where
    titles are not clear.
    """
    unknown = frozenset(map(str, workloads)).difference(WORKLOADS_FILE.names)
    place = workloads["serviceCode"].map({service: place for place, service in enumerate(services)})
    rows = workloads.loc[place.sort_values(kind="stable").index]
    rows = rows.assign(title=rows["serviceCode"].map(titles.service_title))
    partner_window = rows[_PARTNER_WINDOW.name]
    if (partner_window.isna() | (partner_window == rows["processedDateTime"])).all():
        rows = rows.drop(columns=_PARTNER_WINDOW.name)
    sent, counted = rows[_AS_SENT], rows["usagePercent"]
    differs = sent.notna() & ~((sent - counted).abs() < _SAME)
    rows = rows.assign(**{_AS_SENT: sent.where(differs)}) if differs.any() else rows.drop(columns=_AS_SENT)
    return WORKLOADS.on_screen(without_codes(rows, "serviceCode"), unknown=unknown, total=_total(total))


def _total(total: Counted | None) -> Total | None:
    """The last row: what is counted, and the ratio of it; Microsoft's own percentages have no sum."""
    if total is None or total.active is None:
        return None
    figures = {
        "licensesActive": total.active,
        "licensesQualified": total.qualified,
        "usagePercent": total.percent,
    }
    return Total("All workloads together", figures)
