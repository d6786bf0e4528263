"""What questions to a long history take: files of facts as the lake writes them, in a folder that goes afterwards."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from pyarrow import fs

from data_access import changes, customers, measures, months, snapshot, trends
from data_access.catalog import COMMERCIAL_DEPLOYMENT
from data_access.engines import DuckDB

_SERVICES = ("o365", "crm", "ems", "exo", "spo", "teams", "intune", "pbi", "project")
_CHANNELS = ("reseller", "direct", "indirect", "advisor")
_BEGIN = datetime(2026, 1, 1, 6, tzinfo=UTC)

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


def run(rounds: int, customers_: int, products: int, snapshots: int) -> None:
    """Make such a history, ask it and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        paths, small = _made(Path(folder), customers_, products, snapshots)
        rows = customers_ * products * snapshots
        print(f"\n{rows:,} rows of history in {snapshots} snapshots, {_megabytes(paths):,.0f} MB")
        begun = time.perf_counter()
        by_customer = _put_together(Path(folder), paths)
        took, more = time.perf_counter() - begun, _megabytes(set(by_customer) - set(paths))
        print(f"months that are over put into one file each: {took:.0f} s, {more:,.0f} MB more")
        engine, tenants = DuckDB(), cycle(f"{number:08X}-{_GUID}" for number in range(1, customers_, 7))
        keys = [customers.CUSTOMER]

        def one_customer() -> pd.DataFrame:
            return engine.customer(by_customer, next(tenants))

        def one_customer_day_by_day() -> pd.DataFrame:
            return engine.customer(paths, next(tenants))

        def two_dates() -> pd.DataFrame:
            before, after = (engine.grouped([path], keys, labels=["customerName"]) for path in (paths[0], paths[-1]))
            return changes.compare(before, after, keys, ["customerName"])

        def trend() -> pd.DataFrame:
            return trends.lines(ready, ["service", "channel"])

        def short_trend() -> pd.DataFrame:
            return trends.lines(short, ["service", "channel"])

        ready, short = trends.rows(small), trends.rows(small[small["snapshot"] < f"{max(1, snapshots // 10):08}"])
        first = _seconds(one_customer)
        history = [_seconds(one_customer) for _ in range(rounds)]
        found = f"{len(one_customer()):,} rows"
        _told(
            "one customer's whole history",
            history,
            f"{found} (promised: at most 150 ms; the first {first * 1000:.0f} ms)",
        )
        _told("the same from a file for each day", [_seconds(one_customer_day_by_day) for _ in range(rounds)])
        _told(
            "lines of all services and channels", [_seconds(trend) for _ in range(rounds)], f"{len(small):,} small rows"
        )
        _told("the same of a tenth of the snapshots", [_seconds(short_trend) for _ in range(rounds)])
        _told("customers of two dates compared", [_seconds(two_dates) for _ in range(rounds)])
        once = [_seconds(lambda: engine.points(paths, ["service"])) for _ in range(max(2, rounds // 4))]
        _told("points by service from every row", once)
        plain = duckdb.connect()
        plain.execute("SET parquet_metadata_cache = true")
        by_hand = [_seconds(lambda: plain.read_parquet(paths).query("facts", _BY_HAND).to_arrow_table()) for _ in once]
        ratio = statistics.median(once) / statistics.median(by_hand)
        print(f"written once for every engine / written by hand in SQL: {ratio:.2f} (promised: at most 1.50)")


_GUID = "B14E-4888-967B-CA4BB2CF1234"


def _made(folder: Path, customers_: int, products: int, snapshots: int) -> tuple[list[str], pd.DataFrame]:
    """The paths of the facts, and the rows in little of all snapshots."""
    paths, small = [], []
    for number, frame in enumerate(_frames(customers_, products, snapshots)):
        at, identity = _BEGIN + timedelta(days=number), f"{number:08}"
        found = snapshot.facts(COMMERCIAL_DEPLOYMENT, frame)
        file = folder / f"date={at:%Y-%m-%d}" / f"{identity}.parquet"
        file.parent.mkdir()
        rows = snapshot.table(found, identity, at)
        file.write_bytes(snapshot.parquet([rows], {}))
        paths.append(str(file))
        small.append(measures.summary(found).assign(snapshot=identity, fetchedAt=pd.Timestamp(at).as_unit("us")))
    return paths, pd.concat(small, ignore_index=True)


def _put_together(folder: Path, paths: list[str]) -> list[str]:
    """What `compact` makes of these facts: a file for each month that is over, before the days of the last one."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(Path(path).parent.name[: len("date=2026-01")], []).append(path)
    *over, last = found.items()
    made = []
    for month, days in over:
        file = folder / f"{month}.parquet"
        file.write_bytes(snapshot.parquet(months.merged(fs.LocalFileSystem(), days), {}))
        made.append(str(file))
    return [*made, *last[1]]


def _megabytes(paths: Iterable[str]) -> float:
    return sum(Path(path).stat().st_size for path in paths) / 2**20


def _frames(customers_: int, products: int, snapshots: int) -> Iterator[pd.DataFrame]:
    """The commercial answer of one day after the other."""
    chance, size = np.random.default_rng(1), customers_ * products
    customer, product = np.divmod(np.arange(size), products)
    service, channel = product % len(_SERVICES), customer % len(_CHANNELS)
    sold = chance.integers(1, 200, size)
    deployed = (sold * chance.random(size)).astype("int64")

    def text(values: list[str], codes: np.ndarray) -> pd.Series:
        return pd.Series(pd.Categorical.from_codes(codes, values)).astype("str")

    known = {
        "serviceCode": text(list(_SERVICES), service),
        "serviceName": text([f"Service {code}" for code in _SERVICES], service),
        "channel": text(list(_CHANNELS), channel),
        "customerTenantId": text([f"{number:08X}-{_GUID}" for number in range(customers_)], customer),
        "customerName": text([f"Customer {number}" for number in range(customers_)], customer),
        "productId": text([f"{number:08X}-{_GUID}" for number in range(products)], product),
        "productName": text([f"Product {number}" for number in range(products)], product),
    }
    for day in range(snapshots):
        moved = chance.random(size) < 0.05
        deployed = np.where(moved, np.minimum(deployed + 1, sold + 5), deployed)
        # Every second service is processed anew each day, the others every week.
        days = np.where(service % 2, day, day - day % 7)
        moments = pd.to_datetime(_BEGIN) + pd.to_timedelta(days, unit="D")
        yield pd.DataFrame(
            {
                "processedDateTime": moments.as_unit("us"),
                **known,
                "licensesDeployed": deployed.copy(),
                "licensesSold": sold,
            }
        )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _told(what: str, seconds: list[float], more: str = "") -> None:
    middle, low, high = (1000 * figure for figure in (statistics.median(seconds), min(seconds), max(seconds)))
    print(f"{what:44}{middle:6.0f} ms{low:6.0f} ms{high:6.0f} ms   {more}".rstrip())
