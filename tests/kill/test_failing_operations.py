"""Each operation on the disk that `compact`, `prune` and `collect` do, failing or deadly in turn: nothing is lost."""

import contextlib
import errno
import itertools
import os
import shutil
from collections import Counter

import pytest

from data_access.__main__ import main
from data_access.emulator import serving
from data_access.partner_center.catalog import LIVE, WITHOUT_CUSTOMER
from tests.kill import histories
from tests.kill.failing import Died, Disk
from tests.lakes import files

COMMANDS = {
    "compact": ["compact"],
    "prune": ["prune", "--keep-days", str(histories.KEEP_DAYS), "--yes"],
    "collect": ["collect"],
}
DEATH = None
FAILURES: dict[str, int | None] = {"full": errno.ENOSPC, "broken": errno.EIO, "death": DEATH}
#: With fewer kills each third operation fails, so that each still fails in one of the three ways.
EACH = 1 if int(os.environ.get("FAULT_KILLS", "200")) >= 200 else 3
KEPT = len(WITHOUT_CUSTOMER + LIVE)  # by a run of `collect`


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """Of an account with a history, and of a service that answers it."""
    with serving(histories.Counting()) as url:
        yield histories.settings_of(url, tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def written(settings, tmp_path_factory):
    """The folder of the account, and of one with little in it, for `collect`, which writes most and reads no more."""
    account = histories.write(settings)
    return account, histories.pruned(account, tmp_path_factory.mktemp("little"), 1)


@pytest.fixture
def run(settings, tmp_path, monkeypatch, capsys):
    """Run a command whose operation with this number fails; returns disk, exit code or None, and what it said."""
    for name, value in histories.environment(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))

    def run(command, folder, number, failure):
        disk, code = Disk(folder, number, failure), None
        with disk.used(), contextlib.suppress(Died):
            code = main(COMMANDS[command])
        return disk, code, capsys.readouterr().err

    return run


@pytest.mark.parametrize("way", FAILURES)
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_lost_whichever_operation_fails(command, way, written, run, tmp_path):
    failure, first = FAILURES[way], 1 + [*FAILURES].index(way) % EACH
    account = written[command == "collect"]
    before = histories.digest(account)
    old = before - histories.digest(histories.pruned(account, tmp_path / "pruned", histories.KEEP_DAYS))
    for number in itertools.count(first, EACH):
        copy = histories.copied(account, tmp_path)
        disk, code, complaint = run(command, copy, number, failure)
        if not disk.failed:
            assert (code, number > 20) == (0, True)
            break
        where = f"operation {number}, {disk.failed}: {complaint}"
        assert code in {None if failure is DEATH else 0, 2 if failure else None}, where
        unchanged = files(copy) == files(account)  # and then as sound as it was
        after = before if unchanged else histories.digest(copy)
        lost, new = before - after, after - before
        assert lost <= (old if command == "prune" else Counter()), where
        assert new == Counter() if command != "collect" else new.total() <= KEPT, where
        if code == 2:
            assert "\nThe history cannot be used: " in f"\n{complaint}", where
            assert failure is not None
            assert os.strerror(failure) in complaint, where
        if code == 0:
            assert lost == old or command != "prune" or disk.failed_reading, where
            assert new.total() == KEPT or command != "collect", where
        if code is not None:
            assert disk.failed == "unlink" or not list(copy.rglob("*.tmp")), where
        if not unchanged:
            histories.tidied(copy)
            assert histories.digest(copy) == after, where
        shutil.rmtree(copy)
