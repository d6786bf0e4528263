"""What is found of a history's figures: all checks of *Data health*, for its page and for the digests of operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

import pandas as pd

from data_access import formats, measures, texts, titles
from data_access.books import Customers
from data_access.datasets import checks, comparison, lately
from data_access.datasets.checks import Check
from data_access.datasets.timeline import Timeline
from data_access.errors import DamagedHistory, HistoryError, PartnerCenterError
from data_access.history import live
from data_access.history.run_log import Standing
from data_access.history.snapshot import Snapshot
from data_access.measures import changes, health, parts, trends
from data_access.measures.customers import CUSTOMER
from data_access.measures.health import Loss, Timing
from data_access.measures.unread_rows import ALL_READ
from data_access.partner_center import catalog
from data_access.partner_center.catalog import COLLECTIONS

P = ParamSpec("P")
T = TypeVar("T")

_PLACE = ["service", "channel"]
_COMPARED = 2  # fetches, to find customers that are in the first and not in the second
_NO_COUNTS = f"The history has no rows of *{catalog.COMMERCIAL_DEPLOYMENT.title}*."
_EMPTY = f"The newest answer of *{catalog.COMMERCIAL_DEPLOYMENT.title}* has no rows."
_ONE_DATE = f"There is one date of *{catalog.COMMERCIAL_DEPLOYMENT.title}* so far."


class Reader(Protocol):
    """For whom the findings are: `is_book` for some customers alone, who may be named as `may_name` says."""

    @property
    def is_book(self) -> bool: ...
    @property
    def is_sample(self) -> bool: ...
    def may_name(self, tenant: str, /) -> bool: ...
    def grouped(self, past: Timeline, paths: Sequence[str], keys: Sequence[str]) -> pd.DataFrame:
        """`Engine.grouped` over files of a history, with the names of customers where the reader may see them."""


class Remembered(Protocol):
    """Keeps the results of a function, by its arguments, for a caller that asks for the findings often."""

    def __call__(self, work: Callable[P, T], /) -> Callable[P, T]: ...


def _each_time(work: Callable[P, T]) -> Callable[P, T]:
    return work


def findings(reader: Reader, past: Timeline, now: datetime, remembered: Remembered = _each_time) -> list[Check]:
    """All checks of a history, in the order of their questions; `now` is when the program looked at it last."""
    newest = [snapshot for name in COLLECTIONS if (snapshot := past.history.newest(name))]
    ages = {past.collection.name: services(past, now, remembered)} | remembered(_others)(past, _hour(now))
    of_customers, damaged = _of_customers(reader, past, remembered)
    unread = live.unread(past.history)
    standing, collected = _standing(reader, past, now)
    read = {} if reader.is_sample else {name: state.last_success for name, state in standing.items()}
    named = [name or tenant for tenant, name in unread.items() if reader.may_name(tenant)]
    unnamed = 0 if reader.is_book else len(unread) - len(named)
    return [
        checks.timing(ages, read, remembered(_of_channels)(past)),
        collected,
        checks.reading(health.readings(newest), newest),
        checks.read_customers(newest, named, unnamed, is_part=reader.is_book),
        checks.lost(losses(past, standing, remembered), is_part=reader.is_book),
        *of_customers,
        remembered(_fitting)(past),
        checks.left_out(list(dict.fromkeys([*past.notices, *damaged]))),
    ]


def services(past: Timeline, now: datetime, remembered: Remembered = _each_time) -> pd.DataFrame:
    """How old the figures of each service are that lines are drawn from, see `measures.health.services`."""
    return remembered(_services)(past, _hour(now))


def losses(past: Timeline, standing: Mapping[str, Standing], remembered: Remembered = _each_time) -> dict[str, Loss]:
    """What the newest answer of each collection lost, by collection; `standing`: see `History.standing`."""
    again = tuple((name, standing[name].found_again) for name in COLLECTIONS if name in standing)
    return remembered(_losses)(past, again)


def _losses(past: Timeline, again: Sequence[tuple[str, frozenset[tuple[str, datetime]]]]) -> dict[str, Loss]:
    found_again = dict(again)
    each = {name: past.history.loss(name, found_again.get(name, ())) for name in COLLECTIONS}
    return {name: loss for name, loss in each.items() if loss}


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _services(past: Timeline, hour: datetime) -> pd.DataFrame:
    return health.services(past.facts.frame, hour, past.newest.id if past.newest else None, past.unread)


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


def _standing(reader: Reader, past: Timeline, now: datetime) -> tuple[dict[str, Standing], Check]:
    """Where each collection stands by the records of runs, which are read each time and may be unreadable."""
    try:
        standing = past.history.standing()
    except HistoryError as error:
        return {}, checks.not_at_hand("collected", formats.plain(f"{error.message} {error.advice}"))
    return standing, checks.collecting(standing, now, has_job=not reader.is_sample)


def _of_customers(reader: Reader, past: Timeline, remembered: Remembered) -> tuple[list[Check], list[str]]:
    """The checks that need every single row (over-deployed licenses, absent customers), and the damaged files.

    A failure is not cached, so that a mended file counts at once.
    """
    findings: dict[str, Check] = {}
    damaged = []
    for key, ask in (("over", _over), ("absent", _absent)):
        try:
            findings[key] = remembered(ask)(reader, past)
        except DamagedHistory as error:
            damaged.append(error.message)
            findings[key] = checks.not_at_hand(key, formats.plain(error.message))
        except PartnerCenterError as error:  # engine or storage: the other check would fail as well
            why = formats.plain(f"{error.message} {error.advice}")
            return [findings.get(name) or checks.not_at_hand(name, why) for name in ("over", "absent")], damaged
    return list(findings.values()), damaged


def _over(reader: Reader, past: Timeline) -> Check:
    fetches = _counts(past)
    if not any(fetch.rows for fetch in fetches):
        return checks.not_at_hand("over", _NO_COUNTS)
    if not fetches[-1].rows:
        return checks.not_at_hand("over", _EMPTY)
    rows = _figures(reader, past, fetches[-1], changes.LEVELS["customer and product"])
    return checks.over_deployed(health.over_deployed(rows))


def _absent(reader: Reader, past: Timeline) -> Check:
    fetches = _counts(past)
    if len(fetches) < _COMPARED:
        return checks.not_at_hand("absent", _ONE_DATE if fetches else _NO_COUNTS)
    if not fetches[-1].rows:
        return checks.not_at_hand("absent", _EMPTY)  # which takes nobody away; what it lacks is told of all collections
    now = _figures(reader, past, fetches[-1], [CUSTOMER])

    def lost_in(answers: Sequence[Snapshot], of: Customers) -> pd.DataFrame:
        files = comparison.facts_files(past.history, answers)
        return health.absent(of.rows(reader.grouped(past, files, [CUSTOMER, "snapshot"])), now)

    gone = health.last_had(lately.lost_lately(past, lost_in))
    is_news = gone["snapshot"] == fetches[0].id
    gone = gone.drop(columns="snapshot")
    is_theirs = {*texts.keys(gone[CUSTOMER])}.__contains__
    unread = past.history.unread(fetches[1]).within(CUSTOMER, is_theirs).in_words
    return checks.absent(gone[is_news], gone[~is_news], (fetches[0].fetched_at, fetches[1].fetched_at), unread)


def _counts(past: Timeline) -> list[Snapshot]:
    """The two newest fetches of the commercial counts, the newest last; fewer if the history holds fewer.

    Those without rows are left out, but for the newest.
    """
    snapshots = past.history.snapshots(catalog.COMMERCIAL_DEPLOYMENT)
    fetches = [snapshot for snapshot in snapshots if snapshot.backfill_date is None]
    return [*(fetch for fetch in fetches[:-1] if fetch.rows), *fetches[-1:]][-_COMPARED:]


def _figures(reader: Reader, past: Timeline, snapshot: Snapshot, keys: list[str]) -> pd.DataFrame:
    return reader.grouped(past, comparison.facts_file(past.history, snapshot), keys)


def _of_channels(past: Timeline) -> dict[Timing, list[str]]:
    """What the newest answer does not have of services that it has, and had lately, in words, by why."""
    facts = past.facts
    now = facts.frame[facts.frame["snapshot"] == (past.newest.id if past.newest else None)]
    columns = parts.columns(facts)
    lines = trends.lines(facts, [*dict.fromkeys(("service", *columns))])
    gone = parts.together(parts.missed(parts.absent(lines, now, columns, past.unread), lines))
    gone = gone[texts.keys(gone["service"].astype("str")).isin(texts.keys(now["service"]))]
    return {timing: [*gone.loc[gone[parts.WHY] == why, parts.TITLE]] for why, timing in health.OF_ABSENT.items()}


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
