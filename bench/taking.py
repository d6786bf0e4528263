"""The benchmark of files: many people take the same large one at once, while somebody else clicks."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pandas as pd
import psutil

from bench import bulk
from dashboard import exports
from dashboard.filters.parameters import OverviewFilters
from dashboard.tables.customers import EVERY_ROW_FILE
from dashboard.view_models import deployment as view_models
from data_access import Client, Deployment, fetch_deployment, measures
from data_access.auth.credentials import Ready
from data_access.emulator import DEMO_TOKEN, Emulator, sample, serving
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_MEGABYTE = 2**20
_BREAK = 0.02  # seconds between two clicks
_targets = itertools.count(1.0)  # each click asks for what nobody has asked for before


def run(people: int, customers: int, products: int, times: int, *, seconds_at_rest: float = 2.0) -> None:
    """`people` take each kind of file with `times` as many rows as such a partner has, and print what it took."""
    facts = measures.facts(COMMERCIAL_DEPLOYMENT, bulk.frame(bulk.bodies(customers, products))).frame
    rows = pd.concat([EVERY_ROW_FILE.select(facts)] * times, ignore_index=True)
    with (
        serving(Emulator(sample.partner(as_of=datetime.now(UTC).date()))) as address,
        Client(address, Ready(DEMO_TOKEN)) as client,
    ):
        deployment = fetch_deployment(client, lambda _: None)
    origin = exports.Provenance("every-row", None, "none", "bench", is_sample=False)
    files = exports.for_people_and_programs(lambda: rows, EVERY_ROW_FILE.described, (deployment,), origin)
    print(f"\n{people} people take a file of {len(rows):,} rows at once, while another one clicks")
    at_rest = _clicks_while(deployment, lambda: time.sleep(seconds_at_rest))[0]
    print(f"{'nobody':20}a click takes {statistics.median(at_rest) * 1000:.0f} ms, {max(at_rest) * 1000:.0f} at worst")
    for file in files:
        waits, seconds, megabytes = _clicks_while(deployment, lambda: _taken(file, people))  # noqa: B023 - called here
        size = len(file.content()) / _MEGABYTE
        print(
            f"{file.label:20}a click takes {statistics.median(waits) * 1000:.0f} ms, {max(waits) * 1000:.0f} at worst"
            f" (promised: at most 1000); {seconds:.1f} s for {size:.0f} MB, {megabytes:.0f} MB more memory at most"
        )


def _taken(file: exports.File, people: int) -> None:
    with ThreadPoolExecutor(people) as crowd:
        assert len({id(content) for content in crowd.map(lambda _: file.content(), range(people))}) == 1  # noqa: S101


def _clicks_while(deployment: Deployment, work: Callable[[], None]) -> tuple[list[float], float, float]:
    """What clicks take while `work` goes on, its seconds, and the megabytes that it needs beside what there was."""
    process, waits, peak = psutil.Process(), list[float](), [0.0]
    before, ended = process.memory_info().rss, threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            peak[0] = max(peak[0], float(process.memory_info().rss - before))

    def click() -> None:
        while not ended.is_set():
            begun = time.perf_counter()
            view_models.overview(deployment, OverviewFilters(target=next(_targets)), False).figure.to_json()
            waits.append(time.perf_counter() - begun)
            ended.wait(_BREAK)

    threads = [threading.Thread(target=each) for each in (watch, click)]
    for thread in threads:
        thread.start()
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    ended.set()
    for thread in threads:
        thread.join()
    return waits, seconds, peak[0] / _MEGABYTE
