"""A copy of the history that was made while a job was at work is whole once it is made again, as the manual says."""

import shutil
from datetime import timedelta

import pytest

from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import NOW, Clock, fetched, lake


class Copy:
    """What rsync does without `--delete`: it lists a folder, copies what is new, and says what vanished between."""

    def __init__(self, of, to):
        self.of, self.to = of, to

    def make(self, at="", meanwhile=lambda: None):
        """Copy; a job is at work once this folder was listed. Returns the files that vanished."""
        vanished = []
        for folder in sorted(self.of.iterdir()):
            listed = [path for path in folder.rglob("*") if path.is_file()]
            if folder.name == at:
                meanwhile()
            for path in listed:
                copy = self.to / path.relative_to(self.of)
                copy.parent.mkdir(parents=True, exist_ok=True)
                if path.exists():
                    shutil.copy2(path, copy)
                else:
                    vanished.append(path.name)
        return vanished


def answer(day):
    return fetched(DEPLOYMENT, [{"licensesSold": 100 + day}], NOW + timedelta(days=day))


@pytest.fixture
def folder(tmp_path):
    """The folder of an account with three fetches."""
    history = lake(tmp_path / "account")
    for day in range(3):
        history.append(answer(day))
    return tmp_path / "account"


@pytest.fixture
def copy(folder, tmp_path):
    return Copy(folder, tmp_path / "copy")


def ids(folder):
    return [snapshot.id for snapshot in lake(folder).snapshots(DEPLOYMENT)]


def test_files_that_are_put_together_meanwhile_vanish_and_come_with_the_next_copy(folder, copy):
    vanished = copy.make("small", lake(folder, Clock(NOW + timedelta(days=60))).compact)
    assert vanished
    assert ids(copy.to) == [], "what is in neither"
    assert not copy.make()
    assert ids(copy.to) == ids(folder)
    assert not lake(copy.to).verify().findings


def test_a_fetch_that_is_kept_meanwhile_lacks_a_part_until_the_next_copy(folder, copy):
    assert not copy.make("facts", lambda: lake(folder).append(answer(3)))
    assert lake(copy.to).verify().findings
    copy.make()
    assert len(ids(copy.to)) == 4
    assert ids(copy.to) == ids(folder)
    assert not lake(copy.to).verify().findings
