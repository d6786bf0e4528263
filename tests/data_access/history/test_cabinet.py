"""Records that people change: whole or not at all, for several programs at once, and gone when they are removed."""

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data_access.errors import HistoryError
from data_access.history import layout
from data_access.history.cabinet import Cabinet, Record
from data_access.history.store import Store
from tests.damage import flipped
from tests.lakes import NOW, Clock, files, lake

KIND = layout.VIEWS
ROOT = Path(__file__).parents[3]


class Card(Record):
    """A record of tests."""

    says: str


def card(key, says):
    return Card(key=key, at=NOW, says=says)


def open_in(folder, store=Store):
    return Cabinet(store(str(folder)), KIND, Card, Clock())


def said(cabinet):
    return {key: record.says for key, record in cabinet.all().items()}


@pytest.fixture
def kept(tmp_path):
    return open_in(tmp_path)


def test_a_change_takes_the_place_of_what_was_there(kept, tmp_path):
    kept.put(card("a", "one"))
    kept.put(card("b", "two"))
    kept.put(card("a", "three"))
    assert said(kept) == {"b": "two", "a": "three"} == said(open_in(tmp_path))
    assert len(files(tmp_path)) == 2


def test_what_is_removed_leaves_nothing(kept, tmp_path):
    kept.put(card("a", "a secret"))
    kept.put(card("a", "another secret"))
    kept.remove("a")
    kept.remove("never there")
    assert said(kept) == {}
    assert files(tmp_path) == []


def test_programs_see_what_others_write_and_lose_nothing(kept, tmp_path):
    other = open_in(tmp_path)
    kept.put(card("a", "mine"))
    other.put(card("b", "theirs"))
    assert said(kept) == said(other) == {"a": "mine", "b": "theirs"}
    other.remove("a")
    assert said(kept) == {"b": "theirs"}


_WRITER = """
import sys
from tests.data_access.history.test_cabinet import card, open_in
cabinet = open_in(sys.argv[1])
for number in range(20):
    cabinet.put(card(f"{sys.argv[2]}{number}", "x"))
    cabinet.put(card("shared", sys.argv[2]))
"""


@pytest.mark.program
def test_two_processes_at_once_lose_nothing(tmp_path, kept):
    def write(name):
        return subprocess.run([sys.executable, "-c", _WRITER, str(tmp_path), name], cwd=ROOT, check=False).returncode

    with ThreadPoolExecutor() as pool:
        assert [*pool.map(write, ("a", "b"))] == [0, 0]
    found = said(kept)
    assert found.pop("shared") in {"a", "b"}
    assert found.keys() == {f"{name}{number}" for name in "ab" for number in range(20)}


class Killed(Store):
    """A store whose program is killed before it removes a file."""

    def delete(self, _path):
        raise KeyboardInterrupt


def test_a_kill_between_leaves_the_new_record_and_a_removal_takes_both(tmp_path, kept):
    kept.put(card("a", "old"))
    with pytest.raises(KeyboardInterrupt):
        open_in(tmp_path, Killed).put(card("a", "new"))
    assert len(files(tmp_path)) == 2
    assert said(kept) == {"a": "new"}
    kept.remove("a")
    assert files(tmp_path) == []


def test_a_full_disk_says_so_and_leaves_what_was_there(kept, tmp_path, monkeypatch):
    kept.put(card("a", "old"))
    before = files(tmp_path)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)  # as on a full disk
    with pytest.raises(HistoryError, match="No space left on device: the next file alone takes 5 kB"):
        kept.put(card("a", "new"))
    assert files(tmp_path) == before
    assert said(kept) == {"a": "old"}


def test_a_damaged_record_is_left_out_and_named_by_verify(kept, tmp_path):
    kept.put(card("a", "one"))
    (path,) = files(tmp_path)
    assert lake(tmp_path).verify().files == 1
    flipped(tmp_path / path)
    assert said(open_in(tmp_path)) == {}
    assert [finding.path for finding in lake(tmp_path).verify().findings] == [path]


def test_the_housekeeping_of_the_history_leaves_records_alone(kept, tmp_path):
    kept.put(card("a", "one"))
    before, later = files(tmp_path), Clock()
    later.forward(days=400)
    history = lake(tmp_path, later)
    history.compact()
    history.prune(history.old(1))
    history.leftovers.sweep()
    assert files(tmp_path) == before


def test_a_field_of_tomorrow_is_passed_over(tmp_path):
    class Tomorrow(Card):
        more: str = "x"

    Cabinet(Store(str(tmp_path)), KIND, Tomorrow, Clock()).put(Tomorrow(key="a", at=NOW, says="one"))
    assert said(open_in(tmp_path)) == {"a": "one"}
