"""What questions to a long history take, in a folder that goes afterwards."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import cycle

import duckdb
import pandas as pd

from bench import lake
from data_access import History, Snapshot
from data_access.history.engines import DuckDB
from data_access.measures import Facts, changes, trends
from data_access.measures.customers import CUSTOMER
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

#: The same as `trends.points` by service, written by hand, to see what writing it once for every engine costs.
_BY_HAND = """
WITH kept AS (
    SELECT service, snapshot, fetchedAt, max(processedDateTime) AS processed, sum(licensesSold)::BIGINT AS sold,
        sum(licensesDeployed) AS deployed, sum(undeployed) AS undeployed, sum(overDeployed) AS over
    FROM facts GROUP BY ALL
)
SELECT service, sold, deployed, deployed * 100 / nullif(sold, 0) AS percent, undeployed, over, processed, snapshot
FROM kept QUALIFY snapshot = max(snapshot) OVER (PARTITION BY service, processed) ORDER BY service, processed
"""


def run(rounds: int, customers: int, products: int, days: int) -> None:
    """Make such a history, ask it and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        history = lake.made(folder, days, customers, products)
        kept = history.snapshots(COMMERCIAL_DEPLOYMENT)
        size = sum(one.facts_size for one in kept) / 2**20
        print(f"\n{sum(one.rows for one in kept):,} rows of history in {len(kept)} snapshots, {size:,.0f} MB")
        paths = list(history.facts(kept).paths)
        small = history.small(COMMERCIAL_DEPLOYMENT).to_pandas()
        engine, asked = DuckDB(), cycle(lake.tenants(customers)[::7])

        def two_dates() -> pd.DataFrame:
            ends = (paths[0], paths[-1])
            before, after = (engine.grouped([path], [CUSTOMER], labels=["customerName"]) for path in ends)
            return changes.compare(before, after, [CUSTOMER], ["customerName"])

        def lines(facts: Facts) -> Callable[[], pd.DataFrame]:
            return lambda: trends.lines(facts, ["service", "channel"])

        def one_customer() -> Facts:
            return engine.customer(history.by_customer(kept).paths, next(asked))

        _told("one customer's whole history, before compact", [_seconds(one_customer) for _ in range(rounds)])
        kept = _compacted(history)
        first = _seconds(one_customer)
        found = f"{len(one_customer()):,} rows (promised: at most 150 ms; the first {first * 1000:.0f} ms)"
        _told("one customer's whole history", [_seconds(one_customer) for _ in range(rounds)], found)
        tenth = [one.id for one in kept[: days // 10]]
        ready, short = trends.rows(small), trends.rows(small[small["snapshot"].isin(tenth)])
        about = f"{len(small):,} small rows"
        _told("lines of all services and channels", [_seconds(lines(ready)) for _ in range(rounds)], about)
        _told("the same of a tenth of the snapshots", [_seconds(lines(short)) for _ in range(rounds)])
        _told("customers of two dates compared", [_seconds(two_dates) for _ in range(rounds)])
        once = [_seconds(lambda: engine.points(paths, ["service"])) for _ in range(max(2, rounds // 4))]
        _told("points by service from every row", once)
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
    done = history.compact()
    kept = history.snapshots(COMMERCIAL_DEPLOYMENT)
    size = sum(file.size for file in {one.month for one in kept} if file) / 2**20
    print(f"compact put {done.months} months together in {time.perf_counter() - begun:.0f} s: {size:,.0f} MB more")
    return kept


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _told(what: str, seconds: Iterable[float], more: str = "") -> None:
    taken = list(seconds)
    middle, low, high = (1000 * figure for figure in (statistics.median(taken), min(taken), max(taken)))
    print(f"{what:46}{middle:6.0f} ms{low:6.0f} ms{high:6.0f} ms   {more}".rstrip())
