"""Whether pages can be served, as the history comes and goes."""

import logging
import os
import sys
import time
from pathlib import Path

import pytest

from dashboard.readiness import BAD_SETTINGS, BROKEN, NO_HISTORY, STARTING, Readiness, Watch, reaching
from data_access import HistoryError, SettingsError, history, load_settings
from data_access.history import permissions, sample_history
from data_access.partner_center.catalog import DEPLOYMENT
from tests.dashboard import visit
from tests.lakes import fetched, lake
from tests.waiting import until


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The history of a real account: nothing was collected yet."""
    for name, value in visit.live("http://localhost:1").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HISTORY_URL", str(tmp_path / "history"))
    return tmp_path / "history"


def found(watch):
    watch.look()
    return watch.readiness


def test_a_history_that_goes_and_comes_back(place, caplog):
    watch = Watch()
    assert watch.readiness is STARTING
    assert found(watch) == Readiness(), "nothing was collected yet, and Microsoft does not answer"
    place.write_text("in its way")
    assert found(watch) is found(watch) is NO_HISTORY
    place.unlink()
    with caplog.at_level(logging.WARNING):
        assert found(watch).is_ready
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["Not ready", "Ready again."]
    assert str(place) in caplog.text, "for the operator"
    assert str(place) not in NO_HISTORY.reason, "for everybody"


def collected(place):
    """One answer is kept in the history."""
    folder = place / history.account(load_settings())
    lake(folder).append(fetched(DEPLOYMENT, [{}]))
    return folder


def test_a_history_that_vanishes_while_the_dashboard_runs(place, caplog):
    watch, account = Watch(), collected(place)
    assert found(watch).is_ready
    account.rename(place.with_name("unmounted"))
    assert found(watch) is NO_HISTORY
    assert "was there and is gone" in caplog.text
    place.with_name("unmounted").rename(account)
    assert found(watch).is_ready
    account.rename(place.with_name("unmounted"))
    assert found(Watch()).is_ready, "who starts without one may begin one"


def test_a_history_of_which_another_user_has_written_all_summaries(place, caplog, monkeypatch):
    account = collected(place)
    with monkeypatch.context() as patch:
        patch.setattr(permissions, "may_read", lambda path, **_: "/small/" not in str(path))
        assert found(watch := Watch()) is NO_HISTORY
    assert "chown --recursive" in caplog.text
    assert found(watch).is_ready
    lake(account).append(fetched(DEPLOYMENT, [{"licensesSold": 2}]))
    (first, _) = sorted(account.glob("small/*/*"))
    monkeypatch.setattr(permissions, "may_read", lambda path, **_: Path(path) != first)
    assert found(watch).is_ready, "pages leave one out, and say so"


def test_the_samples_history_is_written_again_where_it_is_gone(tmp_path, monkeypatch):
    settled = []
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    # A year takes seconds.
    monkeypatch.setattr(sample_history, "bring_up_to", lambda sample, _: settled.append(sample.is_empty))
    assert found(Watch()).is_ready
    assert settled == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_store_that_hangs_is_said_in_time_and_so_is_its_return(place, monkeypatch):
    (account := place / history.account(load_settings())).mkdir(parents=True)
    waiting, scan = [], os.scandir

    def hang(path):
        if account in Path(path).parents:
            waiting.append(os.open(account / "pipe", os.O_RDONLY))  # until somebody writes
        return scan(path)

    os.mkfifo(account / "pipe")
    watch = Watch(reaching(0.2), every=0.05)
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", hang)  # as a disk over the network does
        watch.start()
        until(lambda: watch.readiness == NO_HISTORY)
        time.sleep(0.5)  # ten looks, none of which comes to an end
        assert watch.readiness is NO_HISTORY
    os.close(os.open(account / "pipe", os.O_WRONLY))
    until(lambda: watch.readiness == Readiness())
    watch.end()


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (HistoryError("It is on fire.", "Put it out."), NO_HISTORY),
        (SettingsError("X is wrong.", "Correct it."), BAD_SETTINGS),
        (ZeroDivisionError("Contoso"), BROKEN),
    ],
)
def test_whatever_is_wrong_the_watch_goes_on(error, wanted, caplog):
    def look():
        raise error

    assert found(Watch(look)) is wanted
    assert "Contoso" not in caplog.text
