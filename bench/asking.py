"""The benchmark of queries: their times over a long history in a temporary folder."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import cycle

import duckdb
import pandas as pd

from bench import lake
from dashboard.filters.parameters import TrendsFilters
from dashboard.view_models.trends import trends_view
from data_access import Customers, History, Snapshot, Timeline, timeline_of_customers
from data_access.history.engines import DuckDB
from data_access.measures import Facts, changes, trends
from data_access.measures.customers import CUSTOMER
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_BOOK = 200  # customers
#: `trends.points` by service in hand-written SQL, to measure the cost of one query for every engine.
_BY_HAND = """
WITH sums AS (
    SELECT service, snapshot, fetchedAt, max(processedDateTime) AS processed, sum(licensesSold)::BIGINT AS sold,
        sum(licensesDeployed) AS deployed, sum(undeployed) AS undeployed, sum(overDeployed) AS over
    FROM facts GROUP BY ALL
)
SELECT service, sold, deployed, deployed * 100 / nullif(sold, 0) AS percent, undeployed, over, processed, snapshot
FROM sums QUALIFY snapshot = max(snapshot) OVER (PARTITION BY service, processed) ORDER BY service, processed
"""


def run(rounds: int, customers: int, products: int, days: int) -> None:
    """Make such a history, query it and print how long that took."""
    with tempfile.TemporaryDirectory() as folder:
        history = lake.made(folder, days, customers, products)
        snapshots = history.snapshots(COMMERCIAL_DEPLOYMENT)
        number, size = sum(snapshot.rows for snapshot in snapshots), sum(snapshot.facts_size for snapshot in snapshots)
        print(f"\n{number:,} rows of history in {len(snapshots)} snapshots, {size / 2**20:,.0f} MB")
        paths = list(history.facts(snapshots).paths)
        summary = history.summary(COMMERCIAL_DEPLOYMENT).to_pandas()
        engine, tenants = DuckDB(), cycle(lake.tenants(customers)[::7])

        def two_dates() -> pd.DataFrame:
            ends = (paths[0], paths[-1])
            before, after = (engine.grouped([path], [CUSTOMER], labels=["customerName"]) for path in ends)
            return changes.compare(before, after, [CUSTOMER], ["customerName"])

        def lines(facts: Facts) -> Callable[[], pd.DataFrame]:
            return lambda: trends.lines(facts, ["service", "channel"])

        def one_customer() -> Facts:
            return engine.customer(history.by_customer(snapshots).paths, next(tenants))

        _report("one customer's whole history, before compact", [_seconds(one_customer) for _ in range(rounds)])
        snapshots = _compacted(history)
        first = _seconds(one_customer)
        about = f"{len(one_customer()):,} rows (promised: at most 150 ms; the first {first * 1000:.0f} ms)"
        _report("one customer's whole history", [_seconds(one_customer) for _ in range(rounds)], about)
        past = Timeline(history, COMMERCIAL_DEPLOYMENT, trends.rows(summary))
        book = Customers(frozenset(lake.tenants(customers)[:: max(1, customers // _BOOK)]))
        _report(
            f"the history of a book of {len(book.ids)} customers",
            [_seconds(lambda: timeline_of_customers(past, engine, book)) for _ in range(rounds)],
            "(promised for 100 million rows: at most 1,500 ms)",
        )
        own = timeline_of_customers(past, engine, book)
        drawn = [_seconds(lambda: trends_view(own, TrendsFilters(), False)) for _ in range(rounds)]
        print(f"Trends of it: the first time {drawn[0] * 1000:.0f} ms more, then {drawn[-1] * 1000:.2f} ms")
        tenth = [snapshot.id for snapshot in snapshots[: days // 10]]
        ready, short = trends.rows(summary), trends.rows(summary[summary["snapshot"].isin(tenth)])
        about = f"{len(summary):,} rows of the summary"
        _report("lines of all services and channels", [_seconds(lines(ready)) for _ in range(rounds)], about)
        _report("the same of a tenth of the snapshots", [_seconds(lines(short)) for _ in range(rounds)])
        _report("customers of two dates compared", [_seconds(two_dates) for _ in range(rounds)])
        once = [_seconds(lambda: engine.points(paths, ["service"])) for _ in range(max(2, rounds // 4))]
        _report("points by service from every row", once)
        plain = duckdb.connect()
        plain.execute("SET parquet_metadata_cache = true")

        def by_hand() -> object:
            plain.read_parquet(paths).create_view("facts", replace=True)
            return plain.sql(_BY_HAND).to_arrow_table()

        written = [_seconds(by_hand) for _ in once]
        ratio = statistics.median(once) / statistics.median(written)
        print(f"written once for every engine / written by hand in SQL: {ratio:.2f} (promised: at most 1.50)")


def _compacted(history: History) -> list[Snapshot]:
    begun = time.perf_counter()
    compacted = history.compact()
    seconds = time.perf_counter() - begun
    snapshots = history.snapshots(COMMERCIAL_DEPLOYMENT)
    size = sum(month.size for month in {snapshot.month for snapshot in snapshots} if month) / 2**20
    print(f"compact put {compacted.months} months together in {seconds:.0f} s: {size:,.0f} MB more")
    return snapshots


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _report(what: str, seconds: Iterable[float], more: str = "") -> None:
    times = list(seconds)
    middle, low, high = (1000 * value for value in (statistics.median(times), min(times), max(times)))
    print(f"{what:46}{middle:6.0f} ms{low:6.0f} ms{high:6.0f} ms   {more}".rstrip())
