"""Kills real runs of `collect` at random instants, two of them at a time, while somebody reads all the while."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from data_access import Settings, history
from data_access.emulator import Emulator, sample, serving
from data_access.partner_center import catalog
from tests import programs
from tests.programs import Programs

DAY = date(2026, 3, 31)
COLLECTORS = 2


@dataclass
class Count:
    """What happened."""

    killed: int = 0
    finished: int = 0
    reads: int = 0
    seen: set[str] = field(default_factory=set)  # checksums of the rows that a reader saw
    wrong: list[str] = field(default_factory=list)


class Moving(Emulator):
    """A service whose figures are new in every run, and that says when a run begins to ask; each has its own token."""

    def __init__(self) -> None:
        super().__init__(sample.partner(as_of=DAY, customers=8, products=3), others="fine")
        self.days = 0
        self.asked: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    def respond(self, method, target, headers):
        if target.startswith(catalog.DEPLOYMENT.paths[0]):  # the first call of a run
            self.days += 1
            self.source = sample.partner(as_of=DAY + timedelta(days=self.days), customers=8, products=3)
            self.asked[headers["Authorization"].rpartition(" ")[2]].set()
        return super().respond(method, target, headers)


def kill(folder: Path, kills: int, seed: int, collectors: int = COLLECTORS) -> Count:
    """Kill so many runs that keep their history in `folder`, between their first call and some time after their end."""
    count, stop = Count(), threading.Event()
    with serving(service := Moving()) as url, ExitStack() as stack:
        wanted = Settings(partner_center_base_url=url, partner_center_access_token="reader", history_url=str(folder))
        environment = {"PARTNER_CENTER_BASE_URL": url, "HISTORY_URL": str(folder)}
        collecting = [stack.enter_context(Programs()) for _ in range(collectors)]
        begun = run(service, environment, "first", collecting[0])
        collecting[0].end()
        longest = 1.3 * (time.monotonic() - begun)
        reader = threading.Thread(target=read, args=(wanted, count, stop))
        threads = [
            threading.Thread(
                target=collect,
                args=(service, environment, random.Random(seed + number), longest, count, kills, program),
            )
            for number, program in enumerate(collecting)
        ]
        for thread in (reader, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        stop.set()
        reader.join()
    return count


def run(service, environment, token, program):
    """Start a run; returns the moment of its first call."""
    program.start(["collect"], {**environment, "PARTNER_CENTER_ACCESS_TOKEN": token})
    service.asked[token].wait(60)
    return time.monotonic()


def collect(service, environment, chance, longest, count, kills, program):  # noqa: PLR0917
    while count.killed < kills:
        run(service, environment, f"run{chance.random()}", program)
        time.sleep(chance.uniform(0, longest))  # the instant of the kill
        program.kill()
        match program.end():
            case 0:
                count.finished += 1
            case programs.KILLED:
                count.killed += 1
            case code:
                count.wrong.append(f"a run ended with {code}")


def read(wanted, count, stop):
    """Whatever is visible is whole, and what was visible once stays."""
    while not stop.wait(0.1):
        now = history.open(wanted)
        shown = [one for collection in catalog.COLLECTIONS.values() for one in now.snapshots(collection)]
        rows = {
            snapshot
            for collection in catalog.COLLECTIONS.values()
            for snapshot in now.summary(collection)["snapshot"].unique().to_pylist()
        }
        # Of two snapshots with the same rows, kept in the same instant, either may be the one that is shown.
        there = {one.rows_checksum for one in shown}
        count.wrong += [f"rows {checksum} were seen and are gone" for checksum in count.seen - there]
        count.wrong += [f"{one.id} has no rows by service and channel" for one in shown if one.id not in rows]
        count.wrong += [*now.notices, *now.facts(shown).notices]
        count.seen |= there
        count.reads += 1
