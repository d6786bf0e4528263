"""The benchmark of keeping a history: `collect` beside fetching alone, and the opening of many snapshots."""

from __future__ import annotations

import dataclasses
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from data_access import Client, connection
from data_access.auth.credentials import Ready
from data_access.emulator import DEMO_TOKEN, sample
from data_access.history.history import History
from data_access.history.store import Store
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, WITHOUT_CUSTOMER

_ROOT = Path(__file__).parents[1]


def run(rounds: int, customers: int, products: int, snapshots: int) -> None:
    """Collect from such a partner, open so many snapshots, and print how long it took."""
    for how, about in (("", "each answer made when asked for"), ("ready", "answers from memory, in no time")):
        fetching, collecting, rows = _times(rounds, customers, products, how)
        print(
            f"\n{rows:,} commercial rows over HTTP, {about}: fetched {fetching:.2f} s, kept as well {collecting:.2f} s"
        )
        print(f"collect / fetch alone: {collecting / fetching:.2f}{'' if how else ' (promised: at most 1.30)'}")
    with tempfile.TemporaryDirectory() as folder:
        _fill(History(Store(folder), "bench"), snapshots)
        seconds = []
        for _ in range(max(rounds, 5)):
            begun = time.perf_counter()
            history = History(Store(folder), "bench")
            rows = sum(history.summary(collection).num_rows for collection in WITHOUT_CUSTOMER)
            seconds.append(time.perf_counter() - begun)
        number = sum(len(history.snapshots(collection)) for collection in WITHOUT_CUSTOMER)
    print(
        f"opening {number:,} snapshots with all {rows:,} rows by service and channel:"
        f" {statistics.median(seconds) * 1000:.0f} ms (promised: under 300 ms for 1,000)"
    )


def _times(rounds: int, customers: int, products: int, how: str) -> tuple[float, float, int]:
    """The median seconds of fetching alone and of fetching and keeping, measured in turns; and the number of rows."""
    fetching, collecting = [], []
    with _service(customers, products, how) as address, Client(address, Ready(DEMO_TOKEN)) as client:
        rows = len(client.fetch(COMMERCIAL_DEPLOYMENT).frame)  # the service makes its partner, or its answers
        for _ in range(rounds):
            begun = time.perf_counter()
            client.fetch(COMMERCIAL_DEPLOYMENT)
            fetching.append(time.perf_counter() - begun)
            with tempfile.TemporaryDirectory() as folder:
                begun = time.perf_counter()
                history = History(Store(folder), "bench")
                history.append(client.fetch(COMMERCIAL_DEPLOYMENT, keep_raw=True))
                collecting.append(time.perf_counter() - begun)
    return statistics.median(fetching), statistics.median(collecting), rows


@contextmanager
def _service(customers: int, products: int, how: str) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.service", str(customers), str(products), how]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def _fill(history: History, snapshots: int) -> None:
    """Keep so many answers, of the four collections in turn, as `collect` would over the years."""
    begun = datetime(2020, 1, 1, 6, 30, tzinfo=UTC)
    for number in range(snapshots // len(WITHOUT_CUSTOMER)):
        at = begun + timedelta(days=number)
        with connection.invented(
            sample.partner(as_of=date(2020, 1, 1) + timedelta(days=number), customers=100, products=3)
        ) as client:
            for collection in WITHOUT_CUSTOMER:
                history.append(dataclasses.replace(client.fetch(collection, keep_raw=True), fetched_at=at))
