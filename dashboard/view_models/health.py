"""View model of the Data health page, cached for all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard.cache import remembered
from dashboard.charts import base, freshness, palette
from dashboard.charts.base import Finished
from dashboard.feeds import Feeds
from dashboard.tables.columns import OnScreen
from dashboard.tables.health import SERVICES, date_in
from data_access import COLLECTIONS, Snapshot, Timeline, texts, titles
from data_access.datasets import checks
from data_access.datasets import health as found
from data_access.datasets.checks import Check, Mark
from data_access.measures import health
from data_access.measures.health import Timing

_ORDER = {
    timing: place
    for place, timing in enumerate((Timing.LATE, *health.ABSENT, Timing.UNDATED, Timing.UNKNOWN, Timing.ON_TIME))
}
_SEVERITY = list(Mark)


@dataclass(frozen=True, eq=False, kw_only=True)
class HealthView:
    """The content of the Data health page. `table` has one row per service: late, gone and others, the oldest first."""

    mark: Mark
    sentence: str
    checks: list[Check]  # worst first
    table: pd.DataFrame
    figure: Finished
    words: str
    on_screen: OnScreen  # `table` as the page shows it
    complete: tuple[int, int]  # rows read, and rows expected

    @property
    def there(self) -> pd.DataFrame:
        """The services that are in the newest answer."""
        return self.table[~self.table["timing"].isin(health.ABSENT)]

    @property
    def on_time(self) -> int:
        return int((self.table["timing"] == Timing.ON_TIME).sum())


@remembered
def health_view(feeds: Feeds, past: Timeline, now: datetime, dark: bool) -> HealthView:
    """The health of the history; `now` is the time of the program's last look at it."""
    newest = [snapshot for name in COLLECTIONS if (snapshot := past.history.newest(name))]
    readings = health.readings(newest)
    services = found.services(past, now, remembered)
    findings = found.findings(feeds, past, now, remembered)
    mark, sentence = checks.verdict(findings, is_part=feeds.is_book)
    table = services.assign(
        title=services["service"].map(titles.service_title),
        ageDays=[
            float("nan") if pd.isna(at) else float(health.age_in_days(at, now)) for at in services["processedDateTime"]
        ],
    )
    for snapshot in newest:
        if snapshot.collection != past.collection.name:
            table[date_in(snapshot.collection)] = _dates(snapshot, table["service"])
    table["_order"] = table["timing"].map(_ORDER)
    table = table.sort_values(["_order", "ageDays"], ascending=[True, False], ignore_index=True).drop(columns="_order")
    drawn = table[table["ageDays"].notna()].head(base.MOST_BARS)
    come = int(readings["rows"].sum())
    return HealthView(
        mark=mark,
        sentence=sentence,
        checks=sorted(findings, key=lambda check: _SEVERITY.index(check.mark)),
        table=table,
        figure=freshness.figure(drawn, palette.of(dark)),
        words=freshness.in_words(drawn),
        on_screen=SERVICES.on_screen(table),
        complete=(come, come + int(readings["setAside"].sum() + readings["missing"].sum())),
    )


def _dates(snapshot: Snapshot, services: pd.Series) -> pd.Series:
    dates = {texts.key(code): instant for code, instant in snapshot.as_of.items()}
    return pd.to_datetime(texts.keys(services).map(dates), utc=True)
