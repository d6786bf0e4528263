"""Kills real runs of `collect` at random instants, two of them at a time, while somebody reads all the while."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from data_access import Settings, catalog, history, sample
from data_access.emulator import DEMO_TOKEN, Emulator, serving

ROOT = Path(__file__).parents[2]
DAY = date(2026, 3, 31)
COLLECTORS = 2
LONGEST = 0.45  # seconds from the first request of a run to its end, and some more


@dataclass
class Count:
    """What happened."""

    killed: int = 0
    finished: int = 0
    reads: int = 0
    seen: set[str] = field(default_factory=set)  # snapshots that a reader or a finished run saw
    wrong: list[str] = field(default_factory=list)


class Moving(Emulator):
    """A service whose figures are new in every run, and that says when a run begins to ask."""

    def __init__(self) -> None:
        super().__init__(sample.partner(as_of=DAY, customers=8, products=3))
        self.days = 0
        self.asked = threading.Semaphore(0)

    def respond(self, method, target, headers):
        if target.startswith(catalog.DEPLOYMENT.paths[0]):  # the first call of a run
            self.days += 1
            self.source = sample.partner(as_of=DAY + timedelta(days=self.days), customers=8, products=3)
            self.asked.release()
        return super().respond(method, target, headers)


def settings(url, folder):
    return Settings(partner_center_base_url=url, partner_center_access_token=DEMO_TOKEN, history_url=str(folder))


def kill(folder: Path, kills: int, seed: int) -> Count:
    """Kill so many runs that keep their history in `folder`; every third run or so comes to its end."""
    count, stop = Count(), threading.Event()
    with serving(service := Moving()) as url:
        environment = {
            **os.environ,
            "PARTNER_CENTER_BASE_URL": url,
            "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
            "HISTORY_URL": str(folder),
        }
        reader = threading.Thread(target=read, args=(settings(url, folder), count, stop))
        collectors = [
            threading.Thread(target=collect, args=(service, environment, random.Random(seed + number), count, kills))
            for number in range(COLLECTORS)
        ]
        for thread in (reader, *collectors):
            thread.start()
        for thread in collectors:
            thread.join()
        stop.set()
        reader.join()
    return count


def collect(service, environment, chance, count, kills):
    while count.killed < kills:
        run = subprocess.Popen(
            [sys.executable, "-m", "data_access", "collect"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        service.asked.acquire(timeout=30)
        time.sleep(chance.uniform(0, LONGEST))
        run.kill()
        said, complaint = run.communicate()
        if run.returncode == 0:
            count.finished += 1
            if said.count(b" rows") != len(catalog.WITHOUT_CUSTOMER):
                count.wrong.append(f"a finished run said {said!r}")
        elif run.returncode == -9:
            count.killed += 1
        else:
            count.wrong.append(f"a run ended with {run.returncode}: {complaint!r}")


def read(wanted, count, stop):
    """Whatever is visible is whole, and what was visible once stays."""
    while not stop.is_set():
        now = history.open(wanted)
        shown = [one for collection in catalog.WITHOUT_CUSTOMER for one in now.snapshots(collection)]
        rows = Counter(
            snapshot
            for collection in catalog.WITHOUT_CUSTOMER
            for snapshot in now.small(collection)["snapshot"].to_pylist()
        )
        missing = count.seen - {one.id for one in shown}
        count.wrong += [f"{name} was seen and is gone" for name in missing]
        count.wrong += [*now.notices, *now.facts(shown).notices]
        count.wrong += [f"{one.id} has no small rows" for one in shown if not rows[one.id]]
        count.seen.update(one.id for one in shown)
        count.reads += 1
        time.sleep(0.01)
