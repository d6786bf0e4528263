"""A history with all that `compact` and `prune` handle, and a digest of its rows that no order and no file changes."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from data_access import Settings, history
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.history.history import History
from data_access.history.leftovers import GRACE_OF_ANSWERS
from data_access.history.store import Store
from data_access.partner_center import catalog
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, DEPLOYMENT, USAGE
from tests.lakes import fetched
from tests.rows import rows_of

KEEP_DAYS = 50  # what `prune` leaves of it
_CUSTOMERS = 3


class Counting(Emulator):
    """A service whose figures are new in every run."""

    def __init__(self) -> None:
        super().__init__(Partner(), others="fine")
        self.runs = 0

    def respond(self, method, target, headers):
        if target.startswith(DEPLOYMENT.paths[0]):  # the first call of a run
            self.runs += 1
            self.source = Partner(
                deployment=rows_of(DEPLOYMENT, rows(DEPLOYMENT, 1000 + self.runs)),
                usage=rows_of(USAGE, rows(USAGE, self.runs % 100)),
                commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, rows(COMMERCIAL_DEPLOYMENT, 1000 + self.runs)),
                commercial_usage=rows_of(COMMERCIAL_USAGE, rows(COMMERCIAL_USAGE, 1000 + self.runs)),
            )
        return super().respond(method, target, headers)


def rows(collection, number):
    """The rows of an answer, of some customers, that differ from those of others by their number."""
    figure = {
        DEPLOYMENT.name: "licensesSold",
        USAGE.name: "proratedLicensesUsagePercent",
        COMMERCIAL_DEPLOYMENT.name: "licensesSold",
        COMMERCIAL_USAGE.name: "licensesQualified",
    }[collection.name]
    customers = range(_CUSTOMERS) if collection.paged else [0]
    return [
        {
            figure: number,
            **({"customerTenantId": f"{customer:08X}-B14E-4888-967B-CA4BB2CF1234"} if collection.paged else {}),
        }
        for customer in customers
    ]


def write(settings):
    """Write three months: daily figures, back-fills, a pack, months put together and to be; answers kept twice."""
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    months = [today]
    for _ in range(3):
        months.append((months[-1].replace(day=1) - timedelta(days=1)).replace(day=3))
    oldest, middle, last = sorted(months)[:3]
    number = 0

    def keep(collection, at, to=None, **more):
        nonlocal number
        number += 0 if to else 1
        answer = fetched(collection, rows(collection, number % 100), at)
        (to or history.open(settings)).append(answer, **more)

    for month in (oldest, middle):
        for day in (3, 9):
            keep(COMMERCIAL_DEPLOYMENT, month.replace(day=day))
        keep(DEPLOYMENT, month)
        keep(COMMERCIAL_USAGE, month)
    history.open(settings).compact()
    keep(COMMERCIAL_DEPLOYMENT, today, backfill_date=middle.replace(day=25).date())  # its month is to be made anew
    keep(COMMERCIAL_USAGE, today, backfill_date=oldest.replace(day=25).date())
    for day in (3, 5):
        keep(COMMERCIAL_DEPLOYMENT, last.replace(day=day))
    for collection in (DEPLOYMENT, COMMERCIAL_DEPLOYMENT):
        keep(collection, today - timedelta(days=1))
    racing = [history.open(settings), history.open(settings)]
    for collection in (DEPLOYMENT, COMMERCIAL_DEPLOYMENT):
        number += 1
        for program in racing:
            keep(collection, today, to=program)
    account = folder(settings)
    old = (today - timedelta(days=3)).timestamp()
    orphan = next((account / "facts").rglob("*.parquet"))
    name = orphan.name.replace(orphan.name[:8], "99999999")
    (orphan.parent / name).write_bytes(b"PAR1")  # of a run that was killed
    for path in account.rglob("*.*"):
        os.utime(path, (old, old))
    return account


def folder(settings):
    """The account's folder."""
    return Path(settings.history_url) / history.account(settings)


def copied(account, to):
    """A copy of the account's folder; its files are shared, since none is ever changed in place."""
    return shutil.copytree(account, to / account.name, copy_function=os.link)


def pruned(account, to, days):
    """A copy of the account's folder without what `prune` removes when it keeps so many days."""
    copy = copied(account, to)
    there = History(Store(str(copy)), "test")
    there.prune(there.old(days))
    return copy


def digest(account):
    """How often each answer's rows are there, by collection and back-fill date; each file is what was written.

    The rows are known by the checksum in their records and counted in the summaries and in the files by customer.
    """
    there = History(Store(str(account)), "test")
    assert not there.verify().findings
    result: Counter[tuple[object, ...]] = Counter()
    for collection in catalog.COLLECTIONS.values():
        listed = there.snapshots(collection)
        summary = Counter(there.summary(collection)["snapshot"].to_pylist())
        for snapshot in listed:
            question = collection.name, snapshot.backfill_date
            result[*question, snapshot.day, snapshot.rows, snapshot.rows_checksum, summary[snapshot.id]] += 1
        by_customer: Counter[str] = Counter()
        for path in there.by_customer(listed).paths:
            by_customer.update(pq.read_table(path, columns=["snapshot"])["snapshot"].to_pylist())
        rows = {snapshot.id: snapshot.rows for snapshot in listed}
        assert {identity: by_customer[identity] for identity in rows} == rows, "every row once by customer too"
    return result


def rows_are_those_of_the_records(account):
    """Whether each file of facts has the rows whose checksum is in its record."""
    there = History(Store(str(account)), "test")
    return not there.verify(reread=True).findings and all(
        set(pq.read_table(account / snapshot.facts)["snapshot"].to_pylist()) <= {snapshot.id}
        and pq.read_metadata(account / snapshot.facts).num_rows == snapshot.rows
        for collection in catalog.COLLECTIONS.values()
        for snapshot in there.snapshots(collection)
    )


def tidied(account):
    """Let a month pass, and put together and sweep what is there; no damage and nothing that nobody needs is left."""
    later = History(
        Store(str(account)), "test", clock=lambda: datetime.now(UTC) + GRACE_OF_ANSWERS + timedelta(hours=1)
    )
    later.compact()
    left = later.leftovers.sweep(KEEP_DAYS).unclaimed
    snapshots = [snapshot for collection in catalog.COLLECTIONS.values() for snapshot in later.snapshots(collection)]
    needed = {file.path for snapshot in snapshots for file in snapshot.files}
    files = [path.relative_to(account).as_posix() for path in account.rglob("*") if path.is_file()]
    assert {path for path in files if not path.startswith(("small/", "runs/"))} == needed | {*left}
    known = {snapshot.collection for snapshot in snapshots}
    assert not known & {path.split("/")[1] for path in left}, "what has no record at all may have lost them"
    packs = [path for path in files if path.startswith("small/")]
    assert len(packs) == len(known)


def settings_of(url, place):
    """The settings of an account that this service answers, with its history in this folder."""
    return Settings(partner_center_base_url=url, partner_center_access_token="any", history_url=str(place))


def environment(settings):
    """The same as environment variables."""
    return {
        "PARTNER_CENTER_BASE_URL": settings.base_url,
        "PARTNER_CENTER_ACCESS_TOKEN": "any",
        "HISTORY_URL": settings.history_url,
    }
