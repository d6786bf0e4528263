"""View model of the Data health page, cached for all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from dashboard import formats, page_turns
from dashboard.cache import remembered
from dashboard.charts import base, freshness, palette
from dashboard.charts.base import Finished
from dashboard.feeds import Feeds
from dashboard.tables.columns import OnScreen
from dashboard.tables.health import SERVICES, date_in
from dashboard.view_models import checks, lines
from dashboard.view_models.checks import Check, Mark
from dashboard.view_models.lines import Parts
from data_access import (
    COLLECTIONS,
    DamagedHistory,
    HistoryError,
    PartnerCenterError,
    Snapshot,
    Standing,
    Timeline,
    measures,
    texts,
    titles,
    unread_customers,
)
from data_access.datasets import comparison
from data_access.measures import changes, health, parts, trends
from data_access.measures.customers import CUSTOMER
from data_access.measures.health import Loss, Timing
from data_access.measures.unread_rows import ALL_READ
from data_access.partner_center import catalog

_PLACE = ["service", "channel"]
_ORDER = {
    timing: place
    for place, timing in enumerate((Timing.LATE, *health.ABSENT, Timing.UNDATED, Timing.UNKNOWN, Timing.ON_TIME))
}
_SEVERITY = list(Mark)
_COMPARED = 2  # fetches, to find customers that are in the first and not in the second
_NO_COUNTS = f"The history has no rows of *{catalog.COMMERCIAL_DEPLOYMENT.title}*."
_EMPTY = f"The newest answer of *{catalog.COMMERCIAL_DEPLOYMENT.title}* has no rows."
_ONE_DATE = f"There is one date of *{catalog.COMMERCIAL_DEPLOYMENT.title}* so far."


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
    hour = now.replace(minute=0, second=0, microsecond=0)
    services = _services(past, hour)
    of_customers, damaged = _of_customers(feeds, past)
    findings = [
        *_of_runs(feeds, past, {past.collection.name: services} | _others(past, hour), now),
        checks.reading(readings, newest),
        checks.read_customers(newest, _unread(feeds, past), is_part=feeds.is_book),
        checks.lost(losses(past)),
        *of_customers,
        _fitting(past),
        checks.left_out(list(dict.fromkeys([*past.notices, *damaged]))),
    ]
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


@remembered
def _services(past: Timeline, now: datetime) -> pd.DataFrame:
    return health.services(past.facts.frame, now, past.newest.id if past.newest else None, past.unread)


@remembered
def _others(past: Timeline, now: datetime) -> dict[str, pd.DataFrame]:
    """The services of the other collections that every run of `collect` asks for, by collection."""
    services = {}
    for collection in catalog.WITHOUT_CUSTOMER:
        small = past.history.summary(collection).to_pandas().dropna(subset=["service"])
        if collection is not past.collection and len(small):
            spelled = small.assign(service=titles.one_spelling(small["service"]))
            newest = past.history.newest(collection)
            unread = past.history.unread(newest) if newest else ALL_READ
            services[collection.name] = health.services(spelled, now, newest.id if newest else None, unread)
    return services


def _of_runs(feeds: Feeds, past: Timeline, services: dict[str, pd.DataFrame], now: datetime) -> list[Check]:
    """The checks that depend on the runs of `collect`, whose records are read each time and may be unreadable."""
    standing: dict[str, Standing] = {}
    try:
        standing = past.history.standing()
        collected = checks.collecting(standing, now, has_job=not feeds.is_sample)
    except HistoryError as error:
        collected = checks.not_at_hand("collected", formats.plain(f"{error.message} {error.advice}"))
    read = {} if feeds.is_sample else {name: state.last_success for name, state in standing.items()}
    return [checks.timing(services, read, _of_channels(past)), collected]


def _of_customers(feeds: Feeds, past: Timeline) -> tuple[list[Check], list[str]]:
    """The checks that need every single row (over-deployed licenses, absent customers), and the damaged files.

    A failure is not cached, so that a mended file counts at once.
    """
    findings: dict[str, Check] = {}
    damaged = []
    for key, ask in (("over", _over), ("absent", _absent)):
        try:
            findings[key] = ask(feeds, past)
        except DamagedHistory as error:
            damaged.append(error.message)
            findings[key] = checks.not_at_hand(key, formats.plain(error.message))
        except PartnerCenterError as error:  # engine or storage: the other check would fail as well
            why = formats.plain(f"{error.message} {error.advice}")
            return [findings.get(name) or checks.not_at_hand(name, why) for name in ("over", "absent")], damaged
    return list(findings.values()), damaged


@remembered
def _over(feeds: Feeds, past: Timeline) -> Check:
    fetches = _counts(past)
    if not any(fetch.rows for fetch in fetches):
        return checks.not_at_hand("over", _NO_COUNTS)
    if not fetches[-1].rows:
        return checks.not_at_hand("over", _EMPTY)
    rows = _figures(feeds, past, fetches[-1], changes.LEVELS["customer and product"])
    return checks.over_deployed(health.over_deployed(rows))


@remembered
def _absent(feeds: Feeds, past: Timeline) -> Check:
    fetches = _counts(past)
    if len(fetches) < _COMPARED:
        return checks.not_at_hand("absent", _ONE_DATE if fetches else _NO_COUNTS)
    before, after = (_figures(feeds, past, fetch, [CUSTOMER]) for fetch in fetches)
    absent, unread = health.absent(before, after), past.history.unread(fetches[1])
    is_theirs = {*texts.keys(absent[CUSTOMER])}.__contains__
    days = (fetches[0].fetched_at, fetches[1].fetched_at)
    return checks.absent(absent, days, unread.within(CUSTOMER, is_theirs).in_words)


@remembered
def _counts(past: Timeline) -> list[Snapshot]:
    """The two newest fetches of the commercial counts, the newest last; fewer if the history holds fewer.

    Those without rows are left out, but for the newest.
    """
    snapshots = past.history.snapshots(catalog.COMMERCIAL_DEPLOYMENT)
    fetches = [snapshot for snapshot in snapshots if snapshot.backfill_date is None]
    return [*(fetch for fetch in fetches[:-1] if fetch.rows), *fetches[-1:]][-_COMPARED:]


def _figures(feeds: Feeds, past: Timeline, snapshot: Snapshot, keys: list[str]) -> pd.DataFrame:
    with page_turns.paused():
        return feeds.engine(past).grouped(comparison.facts_file(past.history, snapshot), keys, labels=["customerName"])


def _unread(feeds: Feeds, past: Timeline) -> list[str]:
    """The customers of this visitor whom the newest answers lack, by name, or by tenant id where it is unknown."""
    found = unread_customers(past.history)
    return [name or tenant for tenant, name in found.items() if feeds.may_name(tenant)]


@remembered
def _of_channels(past: Timeline) -> dict[Timing, list[str]]:
    """What the newest answer does not have of services that it has, and had lately, in words, by why."""
    facts = past.facts
    now = facts.frame[facts.frame["snapshot"] == (past.newest.id if past.newest else None)]
    gone = parts.together(Parts(facts, now, lines.of_parts(facts), past.unread).gone())
    gone = gone[texts.keys(gone["service"].astype("str")).isin(texts.keys(now["service"]))]
    return {timing: [*gone.loc[gone[parts.WHY] == why, parts.TITLE]] for why, timing in health.OF_ABSENT.items()}


@remembered
def losses(past: Timeline) -> dict[str, Loss]:
    """What the newest answer of each collection lost, by collection."""
    return {name: loss for name in COLLECTIONS if (loss := past.history.loss(name))}


@remembered
def _fitting(past: Timeline) -> Check:
    """Percentages against counts, from the summaries of both collections."""
    sent, counted = (
        past.history.newest(collection) for collection in (catalog.DEPLOYMENT, catalog.COMMERCIAL_DEPLOYMENT)
    )
    if past.collection is not catalog.DEPLOYMENT or not (sent and counted and counted.rows):
        return checks.contradictions(pd.DataFrame({"difference": []}))
    summary = past.history.summary(catalog.COMMERCIAL_DEPLOYMENT).to_pandas()
    counts = trends.rows(summary[summary["snapshot"] == counted.id].reset_index(drop=True))
    percents = past.facts.of(past.facts.frame[past.facts.frame["snapshot"] == sent.id])
    tables_of = (measures.by(facts, _PLACE) for facts in (percents, counts))
    return checks.contradictions(health.percent_against_counts(*tables_of))


def _dates(snapshot: Snapshot, services: pd.Series) -> pd.Series:
    dates = {texts.key(code): instant for code, instant in snapshot.as_of.items()}
    return pd.to_datetime(texts.keys(services).map(dates), utc=True)
