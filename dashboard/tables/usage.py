"""The table of the Usage page, whose workloads open to their channels, and its file: one row per channel of each."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard import formats
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
#: Microsoft's own percentage in words, and which workload a row is of.
_SENT, _WHOLE = "sent", "workload"
_COUNTS = ["licensesActive", "licensesQualified"]
WORKLOADS = Table(
    (
        TITLE,
        *(
            replace(column, note=_SENT) if column.name == "usagePercent" else column
            for column in WORKLOADS_FILE.columns
            if column is not CHANNEL  # it stands where its workload has the title of the service
        ),
    ),
    behind=(_SENT, _WHOLE),
)


def on_screen(workloads: pd.DataFrame, services: pd.Series, total: Counted | None = None) -> OnScreen:
    """The workloads with their services' titles, those of the chart first and in its order; each opens to its channels.

    `workloads`: the rows of `usage.by_workload`; `services`: the codes in that order; `total`: of all that is counted.
    Microsoft's own percentage stands where it differs from what was counted, below that, and in a column of its own if
    nothing was; the end of its window has a column only if it is another day; codes, where titles are not clear.
    """
    unknown = [name for name in map(str, workloads) if name not in WORKLOADS_FILE.names]
    place = workloads["serviceCode"].map({service: place for place, service in enumerate(services)})
    channels = workloads.loc[place.sort_values(kind="stable").index]
    channels = channels.assign(title=channels["serviceCode"].map(titles.service_title))
    name = ["serviceCode", "workloadName"]
    channels[_WHOLE] = channels.groupby(name, sort=False, dropna=False).ngroup().astype("str")
    partner_window = channels[_PARTNER_WINDOW.name]
    if (partner_window.isna() | (partner_window == channels["processedDateTime"])).all():
        channels = channels.drop(columns=_PARTNER_WINDOW.name)
    channels = _with_words(channels)
    wholes = _of_all_channels(channels)
    coded = without_codes(wholes, "serviceCode")
    of_channels = channels.assign(title=channels[CHANNEL.name].map(titles.channel_title), workloadName=None)
    return WORKLOADS.on_screen(
        coded, unknown=frozenset(unknown), total=_total(total), parts=of_channels[[*coded]], whole=_WHOLE
    )


def _with_words(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with Microsoft's own percentage in words where it is another one than was counted.

    Where nothing was counted at all, it keeps its column.
    """
    sent, counted = rows[_AS_SENT], rows["usagePercent"]
    if counted.isna().all():
        return rows
    differs = sent.notna() & ~((sent - counted).abs() < _SAME)
    words = [
        f"Partner Center: {formats.percent(percent)}" if other else None
        for percent, other in zip(sent, differs, strict=True)
    ]
    return rows.assign(**{_SENT: pd.Series(words, rows.index, dtype="str")}).drop(columns=_AS_SENT)


def _of_all_channels(channels: pd.DataFrame) -> pd.DataFrame:
    """A row per workload, in the order of its first one: its counts, and their ratio.

    What Microsoft sent is not brought together: it stands where there is one channel alone.
    """
    groups = channels.groupby(_WHOLE, sort=False)
    first = groups.head(1).set_index(_WHOLE).drop(columns=CHANNEL.name)
    is_alone = groups.size() == 1
    summed = groups[_COUNTS].sum(min_count=1)
    known = summed["licensesQualified"].fillna(0) > 0
    percents = (summed["licensesActive"].astype("float64") / summed["licensesQualified"].astype("float64") * 100).where(
        known
    )
    ends = groups[[name for name in channels if str(name).endswith("rocessedDateTime")]].max()
    ours = ("title", "serviceCode", "workloadName")
    kept = first.where(is_alone).assign(**{name: first[name] for name in ours})
    return kept.assign(**summed, usagePercent=percents.where(~is_alone, first["usagePercent"]), **ends).reset_index()


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
