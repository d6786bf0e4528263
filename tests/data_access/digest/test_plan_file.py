"""DIGEST_FILE as pages follow it: read again when it changes, and no page breaks where it cannot be used."""

import os
import threading

import pytest

from data_access import Settings
from data_access.digest import plan_file
from data_access.digest.plan import Plan
from data_access.digest.plan_file import PlanFile
from data_access.errors import FileUnanswered, SettingsError
from tests.hanging import hanging

RULE = "[[rule]]\nbelow = {}\n"


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "digest.toml"
    file.write_text(RULE.format(80))
    return file


def limits(found):
    return [rule.below for rule in found[0].rules]


def test_without_a_file_it_says_nothing():
    assert PlanFile(None).now() == (Plan(), None)
    assert plan_file.read(Settings()) == Plan()


def test_what_changes_in_the_file_is_followed_and_what_stays_is_the_same_object(file):
    kept = PlanFile(file)
    before = kept.now()
    assert limits(before) == [80]
    os.utime(file)
    assert kept.now()[0] is before[0]
    file.write_text(RULE.format(90))
    assert limits(kept.now()) == [90]


def test_a_file_that_did_not_change_is_not_read_again(file):
    kept = PlanFile(file)
    os.utime(file, (1, 1))
    kept.now()
    file.write_text(RULE.format(90))
    os.utime(file, (1, 1))  # another content of the same size and date
    assert limits(kept.now()) == [80]


def _becomes_a_pipe(file):
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    "damage",
    [
        _becomes_a_pipe,
        lambda file: file.write_text("[[rule]]\nbelow = 'x'\n"),
        lambda file: file.write_bytes(b"#" * (2**20 + 1)),
        lambda file: file.unlink(),
    ],
)
def test_a_file_that_cannot_be_used_says_nothing_and_why_until_it_can(file, damage):
    kept = PlanFile(file)
    kept.now()
    damage(file)
    found, error = kept.now()
    assert found == Plan()
    assert isinstance(error, SettingsError)
    if file.is_fifo():
        file.unlink()
    file.write_text(RULE.format(70))
    assert limits(kept.now()) == [70]
    assert kept.now()[1] is None


def test_many_threads_may_ask_at_once(file):
    kept, found = PlanFile(file), []
    threads = [threading.Thread(target=lambda: found.append(limits(kept.now()))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[80]] * 16


def test_what_a_file_said_holds_while_it_does_not_answer(file):
    kept = PlanFile(file, seconds=0.05)
    before = kept.now()
    with hanging(file):
        for _ in range(2):
            found, error = kept.now()
            assert found is before[0]
            assert isinstance(error, FileUnanswered)
            assert error.message == "DIGEST_FILE does not answer."
    file.write_text(RULE.format(70))
    assert limits(kept.now()) == [70]
    assert kept.now()[1] is None
