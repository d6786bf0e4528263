"""`verify` beside programs that put files together or remove them, and files whose record is lost."""

import shutil
import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from data_access import HistoryError
from data_access.history.history import GRACE, GRACE_OF_ANSWERS
from data_access.history.results import Swept
from data_access.history.store import Store
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.data_access.history.keeping import sold
from tests.lakes import Clock, fetched, files, lake

LATER = Clock(datetime.now(UTC) + 2 * GRACE)
MUCH_LATER = Clock(datetime.now(UTC) + 2 * GRACE_OF_ANSWERS)


class Shared(Store):
    """A store in which another program does something whenever a file is read that `when` picks."""

    when, then = staticmethod(lambda _: False), staticmethod(lambda: None)

    def __init__(self, url):
        super().__init__(url)
        self._one_at_a_time = threading.RLock()

    def read(self, path):
        with self._one_at_a_time:
            if self.when(path):
                self.then()
        return super().read(path)


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


def test_files_whose_record_is_lost_are_named_once_no_run_can_need_them(account):
    (record,) = (path for path in account.glob("small/deployment/*") if "00000002-" in path.name)
    record.unlink()
    theirs = [path for path in files(account) if "/deployment/" in path and "/00000002-" in path]
    assert len(theirs) == 2, "facts and raw answer"
    at_once, later = lake(account).verify(), lake(account, LATER).verify()
    assert not at_once.findings
    assert not at_once.unclaimed
    assert later == replace(at_once, unclaimed=tuple(theirs))


def test_a_damaged_record_leaves_it_open_whose_files_are_whose(account):
    for path in account.glob("small/deployment/*"):
        path.write_bytes(b"")
    assert lake(account, LATER).verify().unclaimed == ()


def test_answers_whose_record_is_lost_stay_while_it_can_come_back(account):
    (record,) = (path for path in account.glob("small/deployment/*") if "00000002-" in path.name)
    content = record.read_bytes()
    record.unlink()
    theirs = tuple(path for path in files(account) if "/deployment/" in path and "/00000002-" in path)
    assert lake(account, LATER).sweep() == Swept(0, theirs)
    record.write_bytes(content)
    assert lake(account, LATER).sweep() == Swept(0, ())
    record.unlink()
    assert lake(account, MUCH_LATER).sweep() == Swept(2, ())


def test_where_all_records_are_lost_a_run_takes_no_answer_along(account):
    shutil.rmtree(account / "small")
    before = tuple(path for path in files(account) if path.startswith(("facts/", "raw/")))
    lake(account, MUCH_LATER).append(sold(9))
    assert lake(account, MUCH_LATER).sweep() == Swept(0, before)


def test_with_a_number_of_days_to_keep_older_answers_go_with_or_without_a_record(account):
    shutil.rmtree(account / "small")
    answers = tuple(path for path in files(account) if path.startswith(("facts/", "raw/")))
    assert lake(account, MUCH_LATER).sweep(keep_days=365) == Swept(0, answers)
    assert lake(account, MUCH_LATER).sweep(keep_days=7) == Swept(len(answers), ())
