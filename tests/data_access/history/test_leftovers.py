"""Leftovers: what a killed run leaves goes in time, and what a lost record names can come back."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from data_access.commands import status
from data_access.history.leftovers import GRACE, GRACE_OF_ANSWERS
from data_access.history.results import Swept
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.damage import KilledBeforeCommit
from tests.data_access.history.keeping import keep, sold
from tests.lakes import Clock, fetched, files, lake

LATER = Clock(datetime.now(UTC) + 2 * GRACE)
MUCH_LATER = Clock(datetime.now(UTC) + 2 * GRACE_OF_ANSWERS)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Three answers of today, and one of a day that is long over."""
    folder = tmp_path_factory.mktemp("written")
    for number in (1, 2, 3):
        lake(folder).append(sold(number))
    lake(folder).append(fetched(COMMERCIAL_DEPLOYMENT, [{}], at=datetime(2026, 10, 1, tzinfo=UTC)))
    return folder


@pytest.fixture
def account(written, tmp_path):
    """The same, of this test alone."""
    return shutil.copytree(written, tmp_path, dirs_exist_ok=True)


def test_what_a_killed_run_left_behind_is_swept_when_nobody_can_need_it_any_more(tmp_path):
    keep(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        lake(tmp_path, store=KilledBeforeCommit).append(sold(3))
    draft = (
        tmp_path / "small" / "deployment" / ".00000009-20261124T063000Z-0a1b2c3d-0123456789abcdef.parquet.1a2b3c4d.tmp"
    )
    draft.write_bytes(b"PAR1")
    everything = files(tmp_path)
    clock = Clock(datetime.now(UTC))
    assert lake(tmp_path, clock).leftovers.sweep().removed == 0
    assert files(tmp_path) == everything
    clock.forward(seconds=GRACE_OF_ANSWERS.total_seconds() + 60)
    assert lake(tmp_path, clock).leftovers.sweep().removed == 3
    assert len(files(tmp_path)) == 3
    assert not lake(tmp_path).verify().findings


def test_files_whose_record_is_lost_are_named_once_no_run_can_need_them(account):
    (record,) = (path for path in account.glob("small/deployment/*") if "00000002-" in path.name)
    record.unlink()
    theirs = [path for path in files(account) if "/deployment/" in path and "/00000002-" in path]
    assert len(theirs) == 2, "facts and raw answer"
    at_once, later = lake(account), lake(account, LATER)
    assert at_once.leftovers.unclaimed() == []
    assert "filesWithoutSnapshot" not in status.as_json(at_once, LATER())
    assert status.as_json(later, LATER())["filesWithoutSnapshot"] == theirs
    (said,) = (line for line in status.as_text(later, LATER()) if "without a snapshot" in line)
    assert said.startswith(f"2 files without a snapshot, such as {theirs[0]}.")
    assert [file.path for file in later.leftovers.unclaimed()] == theirs
    assert later.verify() == replace(at_once.verify(), unclaimed=tuple(theirs))


def test_a_damaged_record_leaves_it_open_whose_files_are_whose(account):
    for path in account.glob("small/deployment/*"):
        path.write_bytes(b"")
    assert lake(account, LATER).leftovers.unclaimed() == []
    assert lake(account, LATER).verify().unclaimed == ()


def test_answers_whose_record_is_lost_stay_while_it_can_come_back(account):
    (record,) = (path for path in account.glob("small/deployment/*") if "00000002-" in path.name)
    content = record.read_bytes()
    record.unlink()
    theirs = tuple(path for path in files(account) if "/deployment/" in path and "/00000002-" in path)
    assert lake(account, LATER).leftovers.sweep() == Swept(0, theirs)
    record.write_bytes(content)
    assert lake(account, LATER).leftovers.sweep() == Swept(0, ())
    record.unlink()
    assert lake(account, MUCH_LATER).leftovers.sweep() == Swept(2, ())


def test_where_all_records_are_lost_a_run_takes_no_answer_along(account):
    shutil.rmtree(account / "small")
    before = tuple(path for path in files(account) if path.startswith(("facts/", "raw/")))
    lake(account, MUCH_LATER).append(sold(9))
    assert lake(account, MUCH_LATER).leftovers.sweep() == Swept(0, before)


def test_with_a_number_of_days_to_keep_older_answers_go_with_or_without_a_record(account):
    shutil.rmtree(account / "small")
    answers = tuple(path for path in files(account) if path.startswith(("facts/", "raw/")))
    left = lake(account, MUCH_LATER).leftovers
    assert left.old_answers(keep_days=365) == []
    assert left.sweep(keep_days=365) == Swept(0, answers)
    assert tuple(file.path for file in left.old_answers(keep_days=7)) == answers
    assert left.sweep(keep_days=7) == Swept(len(answers), ())
