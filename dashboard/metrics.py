"""Metrics for Prometheus: what this process does, and how old its figures are. No label names anybody."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from data_access import Feed, load_settings
from data_access.datasets import holdings
from data_access.datasets.holdings import Holdings
from data_access.partner_center.tally import TALLY
from data_access.version import VERSION

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "license_insights"
#: Before the history is counted again, where a program asks; and seconds that the answer waits for it.
_HOLDINGS_AGE, _HOLDINGS_WAIT = timedelta(seconds=10), 0.5
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

disable_created_metrics()  # type: ignore[no-untyped-call] # a line for each label that no rule asks for
REGISTRY = CollectorRegistry()
_BUILD = Info(f"{_PREFIX}_build", "The program that answers.", registry=REGISTRY)
_BUILD.info({"version": VERSION, "python": platform.python_version()})
READY = Gauge(f"{_PREFIX}_ready", "1 where pages can be served, else 0.", registry=REGISTRY)
SESSIONS = Gauge(f"{_PREFIX}_sessions", "Pages that are open in browsers.", registry=REGISTRY)
_RUNS = Histogram(
    f"{_PREFIX}_run_seconds",
    "How long a page, or a part of one, was worked out for somebody, its waiting included.",
    ["page"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
_FAILED = Counter(f"{_PREFIX}_failed_runs", "Runs that ended by an unexpected error.", ["page"], registry=REGISTRY)
AUDIT_WAITING = Gauge(f"{_PREFIX}_audit_waiting", "Lines of the audit that wait to be written.", registry=REGISTRY)
AUDIT_LOST = Counter(f"{_PREFIX}_audit_lost", "Lines of the audit that were lost.", registry=REGISTRY)
ProcessCollector(registry=REGISTRY)


def text() -> bytes:
    """All metrics as Prometheus reads them; their type is CONTENT_TYPE. Takes half a second at most."""
    HOLDINGS.refresh_if_due()
    HOLDINGS.wait(_HOLDINGS_WAIT)
    return generate_latest(REGISTRY)


def expect(pages: Iterable[str]) -> None:
    """Begin to count the failures of these pages at 0: a counter that begins at 1 has not risen, and rings no alarm."""
    for page in pages:
        _FAILED.labels(page)


def observe(page: str, seconds: float, *, has_failed: bool) -> None:
    """Count a run of a page. `page` is one of the site's names, and no address as it was sent."""
    _RUNS.labels(page).observe(seconds)
    if has_failed:
        _FAILED.labels(page).inc()


def count_again_after(age: timedelta) -> Feed[Holdings]:
    """What the history holds, counted when a program asks and the last count is as old as this."""
    return Feed(lambda progress: holdings.take_stock(load_settings(), progress), age, cool_down=age)


class _Data(Collector):
    """What is known of the service and of the history at the moment of asking."""

    def collect(self) -> Iterator[Metric]:
        yield from of_calls()
        if held := HOLDINGS.state.data:
            yield from of_history(held, datetime.now(UTC))

    def describe(self) -> Iterator[Metric]:
        return iter(())  # or the history would be counted at the import


def of_calls() -> Iterator[Metric]:
    """The requests to Partner Center so far."""
    calls = CounterMetricFamily(
        f"{_PREFIX}_partner_center_calls",
        "Requests to Partner Center; the status is none where no answer came.",
        labels=["collection", "status"],
    )
    for labels, number in TALLY.calls.items():
        calls.add_metric(labels, number)
    yield calls
    retries = CounterMetricFamily(
        f"{_PREFIX}_partner_center_retries", "Calls that were made once more.", labels=["collection"]
    )
    for collection, number in TALLY.retries.items():
        retries.add_metric([collection], number)
    yield retries


def of_history(held: Holdings, now: datetime) -> Iterator[Metric]:
    """What the history holds, and how its jobs are."""
    yield GaugeMetricFamily(f"{_PREFIX}_history_bytes", "Size of the history's files.", held.size)
    yield _by(
        "collection",
        "history_snapshots",
        "Snapshots in the history.",
        {name: float(number) for name, number in held.snapshots.items()},
    )
    yield _by(
        "collection",
        "collection_age_seconds",
        "Time since a collection was last read and kept.",
        {name: (now - at).total_seconds() for name, at in held.last_read.items()},
    )
    yield _by(
        "job",
        "job_last_success_timestamp_seconds",
        "When the last run began that succeeded.",
        {name: job.last_success.timestamp() for name, job in held.jobs.items() if job.last_success},
    )
    yield _by(
        "job",
        "job_last_run_timestamp_seconds",
        "When the last run began, whatever became of it.",
        {name: job.last_run.timestamp() for name, job in held.jobs.items()},
    )
    yield _by(
        "job",
        "job_failing",
        "1 where the last run failed, else 0.",
        {name: float(job.failing) for name, job in held.jobs.items()},
    )


def _by(label: str, name: str, explanation: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(f"{_PREFIX}_{name}", explanation, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


HOLDINGS = count_again_after(_HOLDINGS_AGE)
REGISTRY.register(_Data())
