"""All that an earlier program kept, of each customer and beside its snapshots, is read as it was there.

`fixtures/2026-11-30/history` was written by the program of that day, by `written.py`, with two customers and three
products: `collect --customers` about a day of the week before and about the day itself, `digest` to one person,
`compact`, and what people did: each kind of line of the audit, two saved views, a mute, a sign-in that ended.
`seen.json` beside it is what that program read in it, by `seen`.
"""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data_access import COLLECTIONS
from data_access.commands import status
from data_access.history import audit
from data_access.history.ended import EndedSignIns
from data_access.history.mutes import Mutes
from data_access.history.sent_log import SentLog
from data_access.history.skus import Skus
from data_access.history.store import Store
from data_access.history.views import Views
from tests.lakes import Clock, lake

WRITTEN = [Path(__file__).parent / "fixtures" / day for day in ("2026-11-30",)]


def end_of(day):
    """The last minute of a day; the folders are named by those on which they were written."""
    return datetime.fromisoformat(f"{day}T23:59Z")


def seen(folder, at):
    """What the history in an account's folder says at this time, as JSON has it."""
    clock, store = Clock(at), Store(str(folder))
    history = lake(folder, clock)
    newest = {name: found for name in COLLECTIONS if (found := history.newest(name))}
    told = {
        "snapshots": {name: [snapshot.id for snapshot in history.snapshots(name)] for name in COLLECTIONS},
        "rows": {name: history.reread(one).frame.to_csv(index=False).splitlines() for name, one in newest.items()},
        "summaries": {name: history.summary(name).to_pandas().to_csv(index=False).splitlines() for name in newest},
        "status": status.as_json(history, at)["collections"],
        "jobs": {name: [job.last_run, job.last_success, job.failing] for name, job in history.jobs().items()},
        "audit": history.audit.read(at.date() - timedelta(days=30)).to_csv(index=False).splitlines(),
        "views": {owner: [view.model_dump() for view in own] for owner, own in Views(store).all().items()},
        "mutes": [mute.model_dump() for mute in Mutes(store, clock).all()],
        "sent": [past.last and past.last.model_dump() for past in SentLog(store, clock).past().values()],
        "ended": EndedSignIns(store, clock).learn(),
        "products": Skus(store, clock).known(),
    }
    return json.loads(json.dumps(told, default=str))


@pytest.fixture(params=WRITTEN, ids=lambda path: path.name)
def written(request):
    return request.param


@pytest.fixture
def at(written):
    return end_of(written.name)


@pytest.fixture
def folder(written, tmp_path):
    """A copy of the account's folder."""
    (account,) = shutil.copytree(written / "history", tmp_path / "history").iterdir()
    return account


def test_everything_is_read_as_it_was(written, folder, at):
    then = json.loads((written / "seen.json").read_text(encoding="utf-8"))
    now = seen(folder, at)
    for kind, read in then.items():
        assert read, kind
        assert now[kind] == read, kind
    assert not lake(folder).verify(reread=True).findings


def test_it_holds_each_kind_of_record(folder, at):
    """Or the fixture would show less than it says."""
    kinds = {each.name for each in folder.iterdir()}
    assert kinds >= {"facts", "raw", "small", "runs", "audit", "ended", "sent", "skus", "views", "mutes"}
    actions = set(lake(folder).audit.read(at.date())["action"])
    assert actions == {audit.SIGNED_IN, audit.SIGNED_OUT, audit.LOOKED, audit.REFUSED, audit.TOOK, audit.MUTED}
    assert all(lake(folder).snapshots(name) for name in COLLECTIONS)


def test_compact_changes_nothing_that_is_read(folder, at):
    before = seen(folder, at)
    lake(folder, Clock(at + timedelta(days=40))).compact()
    assert seen(folder, at) == before
    assert not lake(folder).verify(reread=True).findings
