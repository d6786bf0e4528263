"""The history in an object store: the same files, over HTTP, each of them one PUT."""

import threading
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access import HistoryError, Settings, history
from data_access.__main__ import main
from data_access.emulator import DEMO_TOKEN, Emulator
from data_access.emulator.sample import partner
from data_access.history import collect, snapshot
from data_access.history.history import History
from data_access.history.leftovers import GRACE_OF_ANSWERS
from data_access.history.store import Store
from data_access.history.views import Views
from data_access.partner_center import catalog
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests import object_store


@pytest.fixture(scope="session")
def endpoint():
    with object_store.serving() as endpoint:
        yield endpoint


@pytest.fixture
def url(endpoint, monkeypatch, request):
    """An empty bucket's address, as HISTORY_URL takes it."""
    for name, value in object_store.KEYS.items():
        monkeypatch.setenv(name, value)
    return object_store.bucket(endpoint, f"bucket-{abs(hash(request.node.name)):x}")


@pytest.fixture
def emulator():
    return Emulator(partner(as_of=datetime(2026, 3, 31, tzinfo=UTC).date(), customers=10))


@pytest.fixture
def settings(url, emulator, serve):
    return Settings(partner_center_base_url=serve(emulator), partner_center_access_token=DEMO_TOKEN, history_url=url)


def ids(kept):
    return [one.id for collection in catalog.WITHOUT_CUSTOMER for one in kept.snapshots(collection)]


def test_a_run_is_kept_and_read_back(settings, emulator, connect):
    kept = history.open(settings)
    client = connect(emulator)
    report = collect.run(client, kept, lambda _: None)
    assert report.failure is None
    again = history.open(settings)
    assert ids(again) == ids(kept)
    assert len(ids(again)) == 4
    assert not again.verify(reread=True).findings
    (one,) = again.snapshots(COMMERCIAL_DEPLOYMENT)
    (path,) = again.facts([one]).paths
    assert pq.read_table(path, filesystem=again.files).num_rows == one.rows
    collect.run(client, again, lambda _: None)
    assert ids(history.open(settings)) == ids(kept), "the same answers are kept once"
    seen = again.standing()["deployment"].last_success
    assert seen
    assert seen > one.fetched_at


def test_runs_side_by_side_lose_nothing(settings, emulator, connect):
    client = connect(emulator)
    answers = []
    for day in range(1, 9):
        emulator.source = partner(as_of=datetime(2026, 4, day, tzinfo=UTC).date(), customers=10)
        answers.append(client.fetch(DEPLOYMENT, keep_raw=True))
    threads = [threading.Thread(target=lambda one=one: history.open(settings).append(one)) for one in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = history.open(settings)
    assert {one.rows_checksum for one in kept.snapshots(DEPLOYMENT)} == {
        snapshot.checksum(one.frame) for one in answers
    }
    kept.compact()
    assert len(kept.snapshots(DEPLOYMENT)) == len(answers)
    assert not kept.verify(reread=True).findings


def test_prune_and_sweep_remove_objects(settings, emulator, connect):
    client = connect(emulator)
    kept = history.open(settings)
    for day in (1, 8):
        emulator.source = partner(as_of=datetime(2026, 4, day, tzinfo=UTC).date(), customers=10)
        kept.append(client.fetch(DEPLOYMENT, keep_raw=True))
    first, second = kept.snapshots(DEPLOYMENT)
    kept.prune([first])
    again = history.open(settings)
    assert ids(again) == [second.id]
    assert [found.path for found in again.store.finished("facts")] == [second.facts]
    # By a run that was killed, after the oldest record: what is older may have lost its own, and stays.
    left_behind = f"{second.id}-{'0' * 16}.parquet"
    again.store.put(f"facts/deployment/date=2026-04-01/{left_behind}", again.store.read(second.raw))
    assert again.leftovers.sweep().removed == 0
    later = History(again.store, "test", clock=lambda: datetime.now(UTC) + GRACE_OF_ANSWERS + timedelta(hours=1))
    assert later.leftovers.sweep().removed == 1
    assert not later.verify().findings


def test_a_damaged_object_is_found_and_left_out(settings, emulator, connect, monkeypatch, capsys):
    kept = history.open(settings)
    kept.append(connect(emulator).fetch(DEPLOYMENT, keep_raw=True))
    (one,) = kept.snapshots(DEPLOYMENT)
    kept.store.put(one.facts, kept.store.read(one.facts).slice(0, 100))
    again = history.open(settings)
    paths, notices = again.facts([one]).paths, again.facts([one]).notices
    assert (paths, len(notices)) == ((), 1)
    for name, value in settings.model_dump(exclude_defaults=True).items():
        text = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        monkeypatch.setenv(name.upper(), text)
    assert main(["verify"]) == 6
    assert one.facts in capsys.readouterr().err


def test_views_are_kept_changed_by_two_programs_and_deleted_without_a_trace(url):
    one, other = Views(Store(url)), Views(Store(url))
    assert one.save("ann", "mine", "trends", {"range": ["3m"]}) == ""
    assert other.save("ben", "theirs", "trends", {}) == ""
    (view,) = other.of("ann")
    assert other.rename("ann", view.key, "renamed") == ""
    assert [(kept.name, *kept.link) for kept in one.of("ann")] == [("renamed", "range")]
    one.delete("ann", view.key)
    one.delete("ben", one.of("ben")[0].key)
    assert other.all() == {}
    assert not Store(url).finished("views")


def test_a_bucket_that_is_not_there_is_said_without_its_keys(url):
    where = url.replace("s3://bucket-", "s3://key:hush@nowhere-")
    place = Store(where)
    with pytest.raises(HistoryError) as caught:
        place.put("a-b.json", pa.py_buffer(b"{}"))
    assert "hush" not in str(caught.value)
    assert "HISTORY_URL" in str(caught.value)
