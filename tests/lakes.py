"""Histories for tests: answers that took the real way, in this process, and the folders that they are kept in."""

import dataclasses
import hashlib
import shutil
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from data_access import Settings, connection, history
from data_access.emulator.sample import Partner
from data_access.history.history import History
from data_access.history.store import Store
from data_access.partner_center import frames, raw_pages
from data_access.partner_center.answers import Answer
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    COMMERCIAL_USAGE,
    DEPLOYMENT,
    LIVE,
    USAGE,
    WITHOUT_CUSTOMER,
)
from tests.rows import rows_of

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
_NAMES = {
    DEPLOYMENT.name: "deployment",
    USAGE.name: "usage",
    COMMERCIAL_DEPLOYMENT.name: "commercial_deployment",
    COMMERCIAL_USAGE.name: "commercial_usage",
}


def fetched(collection, changes, at=None, query=None):
    """The answer with these rows, its pages kept."""
    partner = Partner(**{_NAMES[collection.name]: rows_of(collection, changes)})
    return fetched_from(partner, collection, at or NOW, query)


def fetched_from(partner, collection, at, query=None):
    """The answer about this partner, its pages kept."""
    with connection.invented(partner) as client:
        answer = client.fetch(collection, query, keep_raw=True)
    return dataclasses.replace(answer, fetched_at=at)


def keep(settings, answers):
    """Let the account of these settings have collected these answers, each a call that gives one, oldest first.

    A process writes the same answers of the same account once: a folder that is new begins as a copy of the longest
    history that was kept before and begins alike.
    """
    if not answers:
        return
    wanted = Settings(**{name.lower(): value for name, value in settings.items()})
    folder = Path(wanted.history_url) / history.account(wanted)
    ready = [] if folder.exists() else _ready(folder.name, answers)
    there = max((number for number, place in enumerate(ready, start=1) if place.exists()), default=0)
    if there:
        shutil.copytree(ready[there - 1], folder)
    account = history.open(wanted)
    for number, answer in enumerate(answers[there:], start=there + 1):
        account.append(answer())
        if number == len(ready):
            shutil.copytree(folder, ready[-1])


def _ready(account, answers):
    """The places of copies of this account's history, with the first of these answers, the first two, and so on.

    There are none from the first answer on that its rows alone do not tell.
    """
    told = hashlib.sha256(account.encode())
    places = []
    for answer in answers:
        if not (isinstance(answer, partial) and answer.func is fetched):
            break
        told.update(repr((answer.args[0].name, *answer.args[1:], answer.keywords)).encode())
        places.append(Path(_written().name) / told.hexdigest())
    return places


@cache
def _written():
    return TemporaryDirectory(prefix="histories-")


def weekly(weeks, until, changes=({},)):
    """What was collected in so many weeks, for `keep`: each collection once a week, processed when it was fetched."""
    moments = [until - timedelta(weeks=ago) for ago in reversed(range(weeks))]
    return [
        partial(fetched, collection, [{"processedDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}", **one} for one in changes], at)
        for at in moments
        for collection in WITHOUT_CUSTOMER
    ]


def without_rows(collection, at, **more):
    """An answer that has no row; `more`: what else it says, such as whose rows could not be read."""
    return Answer(collection, frames.frame(collection, []), (), 0, at, "", raw_pages.Pages(), **more)


def sample_of(folder, at):
    """The settings of a sample that was prepared at this time; of its year, the newest snapshots alone are there."""
    settings = Settings(history_url=str(folder))
    for collection in WITHOUT_CUSTOMER:
        history.open(settings).append(fetched(collection, [{}], at))
    for collection in LIVE:
        history.open(settings).append(without_rows(collection, at))
    return settings


class Clock:
    """A clock that a test can set."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now

    def forward(self, **passed):
        self.now += timedelta(**passed)


def lake(folder, clock=None, store=Store, **options):
    """The history in a folder, opened anew, behind this kind of store."""
    return History(store(str(folder)), "test", clock or Clock(), **options)


def files(folder):
    """Every file, by path below the folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
