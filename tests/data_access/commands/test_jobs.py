"""Runs of jobs are remembered, whatever becomes of them."""

from datetime import UTC, datetime

import pytest

from data_access import history as histories
from data_access import load_settings
from data_access.__main__ import main
from data_access.commands.jobs import recorded
from data_access.errors import HistoryError, Unavailable
from data_access.history.history import History
from data_access.history.run_log import Run
from tests.lakes import lake


def test_a_run_is_remembered_with_its_end(tmp_path):
    history = lake(tmp_path)
    with recorded(history, "digest"):
        pass
    assert (history.jobs()["digest"].last_success, history.jobs()["digest"].failing) != (None, True)
    for error in (Unavailable("It does not answer.", "Try later."), ZeroDivisionError()):
        with pytest.raises(type(error)), recorded(history, "prune"):
            raise error
        assert history.jobs()["prune"].failing
        assert history.jobs()["prune"].last_success is None


def test_a_record_that_cannot_be_written_changes_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise HistoryError("The disk is full.", "Make room.")

    monkeypatch.setattr(History, "record", fail)  # as on a full disk
    with recorded(lake(tmp_path), "compact"):
        pass
    with pytest.raises(Unavailable), recorded(lake(tmp_path), "compact"):
        raise Unavailable("It does not answer.", "Try later.")


@pytest.mark.parametrize("arguments", [["compact"], ["verify"], ["prune", "--keep-days", "1", "--yes"]])
def test_commands_remember_themselves(arguments, monkeypatch, tmp_path):
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    monkeypatch.setenv("PARTNER_CENTER_ACCESS_TOKEN", "x")
    histories.open(load_settings()).record(Run(started=datetime.now(UTC), exit_code=0))
    assert main(arguments) == 0
    assert histories.open(load_settings()).jobs()[arguments[0]].last_success is not None
