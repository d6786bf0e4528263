"""Files of records: in order, whole or left out, and none lost where they are put together."""

import pytest
from pydantic import BaseModel

from data_access.errors import DamagedHistory
from data_access.history import layout, record_files
from data_access.history.record_files import RecordFiles
from data_access.history.store import Store, sealed
from tests.damage import flipped
from tests.lakes import Clock, files

FOLDER = layout.SKUS


def open_in(folder, store=Store, **more):
    return RecordFiles(store(str(folder)), FOLDER, record_files.json(list[int]), Clock(), **more)


def contents(folder):
    opened = open_in(folder)
    return list(opened.read(opened.paths()).values())


def test_files_are_read_in_the_order_of_writing(tmp_path):
    opened = open_in(tmp_path)
    assert [opened.put([number]) for number in range(12)] == opened.paths() == files(tmp_path)
    assert contents(tmp_path) == [[number] for number in range(12)]


def test_files_that_are_put_together_leave_one_and_those_that_came_meanwhile(tmp_path):
    opened = open_in(tmp_path)
    replaced = [opened.put([1]), opened.put([2])]
    opened.put([3])
    opened.replace(replaced, [1, 2])
    assert sorted(contents(tmp_path)) == [[1, 2], [3]]


def test_a_kill_while_files_are_put_together_loses_nothing(tmp_path):
    class Killed(Store):
        def delete(self, _path):
            raise KeyboardInterrupt

    path = open_in(tmp_path).put([1])
    with pytest.raises(KeyboardInterrupt):
        open_in(tmp_path, Killed).replace([path], [1])
    assert contents(tmp_path) == [[1], [1]]


def test_a_file_that_is_gone_is_left_out(tmp_path):
    opened = open_in(tmp_path)
    path = opened.put([1])
    assert opened.delete(path)
    assert opened.delete(path), "it is gone"
    assert opened.read([path]) == {}


def changed(folder, path):
    flipped(folder / path)


def of_another_kind(folder, path):
    """A file as its name says, with content that is none of these records."""
    content = b'{"from": "tomorrow"}'
    (folder / path).unlink()
    (folder / FOLDER / sealed("00000001-20261109T063000Z-00000000", "json", content)).write_bytes(content)


@pytest.mark.parametrize("damage", [changed, of_another_kind])
def test_a_damaged_file_is_left_out_or_raises_as_its_owner_says(tmp_path, damage):
    damage(tmp_path, open_in(tmp_path).put([*range(100)]))
    assert contents(tmp_path) == []
    strict = open_in(tmp_path, damaged=lambda path: DamagedHistory(f"{path} is damaged.", "Restore it."))
    with pytest.raises(DamagedHistory, match=FOLDER):
        strict.read(strict.paths())


class Note(BaseModel):
    says: str
    by: str | None = None


@pytest.mark.parametrize(("exclude_none", "written"), [(False, b'{"says":"a","by":null}'), (True, b'{"says":"a"}')])
def test_fields_without_a_value_may_be_left_out(exclude_none, written):
    form = record_files.json(Note, exclude_none=exclude_none)
    assert form.dump(Note(says="a")).to_pybytes() == written
    assert form.load(form.dump(Note(says="a"))) == Note(says="a")
