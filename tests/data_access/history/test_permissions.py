"""What another account of the machine wrote into a history, as a command does that root runs."""

import os
import re

import pytest

from data_access import HistoryError
from data_access.history import permissions
from data_access.history.store import Wrong
from data_access.partner_center.catalog import DEPLOYMENT
from tests.data_access.history.keeping import sold
from tests.lakes import lake
from tests.others import unreadable


@pytest.fixture
def written(shared_folder):
    """A history with two answers."""
    for number in (1, 2):
        lake(shared_folder).append(sold(number))
    return shared_folder


def test_a_file_that_may_not_be_read_is_named_with_its_owner_and_is_no_damage(written):
    newest = lake(written).snapshots(DEPLOYMENT)[-1]
    with unreadable(written, written / newest.facts):
        history = lake(written)
        assert history.store.denied() == [newest.facts]
        (finding,) = history.verify().findings
        assert (finding.path, finding.wrong) == (newest.facts, Wrong.DENIED)
        assert re.fullmatch(r"may not be read: it belongs to \S+, and this program runs as \S+", finding.problem)
        assert newest.facts in history.denied
        assert f"chown --recursive {permissions._here()} {written}" in history.denied
        assert history.facts([newest]).notices[0].endswith(f"its file {finding.problem}.")
    assert not lake(written).denied


@pytest.mark.parametrize("folder", ["facts/deployment", "raw", "small/deployment", "runs"])
def test_a_folder_that_may_not_be_read_is_named(folder, written):
    (written / folder).mkdir(exist_ok=True)
    with unreadable(written, written / folder), pytest.raises(HistoryError) as refused:
        _ = lake(written).denied
    assert f": {folder} belongs to " in refused.value.message
    assert "chown --recursive" in refused.value.advice
    assert refused.value.exit_code == 2


def test_what_of_several_folders_may_not_be_read_is_counted(written):
    folders = written / "facts", written / "raw"
    with unreadable(written, *folders), pytest.raises(HistoryError, match="2 files or folders"):
        lake(written).verify()


@pytest.mark.skipif(os.geteuid() != 0, reason="takes two accounts")
def test_a_history_of_somebody_else_is_for_that_account(written):
    newest = lake(written).snapshots(DEPLOYMENT)[-1]
    with unreadable(written, written / newest.facts):
        os.seteuid(0)
        os.chown(written, 1, 1)
        os.seteuid(65534)
        owner = permissions._name(1)
        assert lake(written).denied.endswith(f"The history belongs to {owner}: run every command as {owner}.")


def test_a_folder_on_the_way_that_may_not_be_passed_is_named(written):
    account = written / "account"
    lake(account).append(sold(1))
    with unreadable(written, written), pytest.raises(HistoryError, match="let HISTORY_URL name a folder") as refused:
        lake(account)
    assert f"{written} belongs to " in refused.value.message
