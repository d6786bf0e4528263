"""`verify` beside programs that put files together or remove them."""

import shutil
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest

from data_access import HistoryError
from data_access.history.store import Store
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.data_access.history.keeping import sold
from tests.lakes import fetched, files, lake


class Shared(Store):
    """A store in which another program does something whenever a file is read that `when` picks."""

    when, then = staticmethod(lambda _: False), staticmethod(lambda: None)

    def __init__(self, url):
        super().__init__(url)
        self._one_at_a_time = threading.RLock()

    def read(self, path, size=None):
        with self._one_at_a_time:
            if self.when(path):
                self.then()
        return super().read(path, size)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Three answers, and two of a month that is over."""
    folder = tmp_path_factory.mktemp("written")
    for number in (1, 2, 3):
        lake(folder).append(sold(number))
    for day in (1, 2):
        at = datetime(2026, 10, day, tzinfo=UTC)
        lake(folder).append(fetched(COMMERCIAL_DEPLOYMENT, [{"licensesSold": day}], at=at))
    return folder


@pytest.fixture
def account(written, tmp_path):
    """The same, of this test alone."""
    return shutil.copytree(written, tmp_path, dirs_exist_ok=True)


def compact(folder):
    lake(folder).compact()


def prune(folder):
    history = lake(folder)
    history.prune(history.old(1))


def once(then):
    """Do it at the first call."""
    waiting = [then]
    return lambda: waiting.pop()() if waiting else None


@pytest.mark.parametrize("other", [compact, prune])
def test_what_another_program_removes_meanwhile_is_no_damage(other, account):
    shared = lake(account, store=Shared)
    shared.store.when = lambda path: path.startswith("facts")
    shared.store.then = once(lambda: other(account))
    before = files(account)
    assert not shared.verify().findings
    assert set(before) - set(files(account)), "files went"


def test_raw_answers_that_are_removed_before_they_are_read_again_are_no_damage(account):
    shared, read = lake(account, store=Shared), Counter[str]()

    def is_again(path):
        read[path] += 1
        return path.startswith("raw/") and read[path] == 2

    shared.store.when = is_again
    shared.store.then = once(lambda: prune(account))
    before = files(account)
    assert not shared.verify(reread=True).findings
    assert set(before) - set(files(account)), "files went"


@pytest.mark.parametrize("reread", [False, True])
def test_a_file_that_is_gone_for_good_is_named_whatever_else_happens(reread, account):
    (gone, *_) = account.glob("raw/deployment/**/*.parquet")
    gone.unlink()
    shared = lake(account, store=Shared)
    shared.store.when = lambda path: path.startswith("small")
    shared.store.then = once(lambda: compact(account))
    (finding,) = shared.verify(reread=reread).findings
    assert (finding.path, finding.problem) == (gone.relative_to(account).as_posix(), "is gone")


def test_a_history_that_changes_at_each_look_is_not_judged(account):
    shared = lake(account, store=Shared)

    def add_and_compact():
        lake(account).append(sold(len(files(account))))
        compact(account)

    shared.store.when = lambda path: path.startswith("small/deployment/pack-")
    shared.store.then = add_and_compact
    compact(account)
    with pytest.raises(HistoryError, match="changes faster than it can be"):
        shared.verify()
