"""The audit's files: written whole or not at all, put together, kept for a while, and each entry read once."""

from datetime import UTC, date, timedelta

import pandas as pd
import pytest

from data_access.errors import HistoryError
from data_access.history import audit
from data_access.history.audit import COLUMNS, LOOKED, SIGNED_IN, TOOK, Audit, Entry
from data_access.history.store import Store
from tests.damage import flipped
from tests.lakes import NOW, Clock, files, lake

TODAY = NOW.date()


def looked(minutes=0, **more):
    return Entry(NOW + timedelta(minutes=minutes), LOOKED, **{"page": "trends", **more})


def pages(entries):
    return entries["page"].tolist()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kept(tmp_path, clock):
    return Audit(Store(str(tmp_path)), clock)


def test_entries_come_back_as_they_were_noted_the_oldest_first(kept):
    taken = Entry(NOW, TOOK, "ann@x.example", "t/o", "customers", "book=mine", "=a,\n“b”.csv", 12, "")
    kept.append([looked(1, page="later"), taken])
    kept.append([Entry(NOW - timedelta(minutes=1), SIGNED_IN, person="bob")])
    read = kept.read(TODAY)
    assert tuple(read) == COLUMNS
    assert read["action"].tolist() == [SIGNED_IN, TOOK, LOOKED]
    assert read.iloc[1].to_dict() == {name: getattr(taken, name) for name in COLUMNS}
    assert pd.isna(read["rows"].iloc[2])
    assert read["time"].dt.tz is UTC or str(read["time"].dt.tz) == "UTC"


def test_nothing_noted_reads_as_no_rows(kept):
    assert tuple(kept.read(TODAY)) == COLUMNS
    assert kept.read(TODAY).empty


def test_days_are_those_of_utc_and_only_those_asked_for_are_read(kept, tmp_path):
    kept.append([looked(), looked(24 * 60, page="tomorrow"), looked(-24 * 60, page="yesterday")])
    assert {path.split("/")[1] for path in files(tmp_path)} == {
        f"date={TODAY + timedelta(days=days)}" for days in (-1, 0, 1)
    }
    assert pages(kept.read(TODAY)) == ["trends", "tomorrow"]


def test_a_writer_puts_its_files_together(kept, tmp_path):
    for minute in range(100):
        kept.append([looked(minute, page=str(minute))])
        assert len(files(tmp_path)) <= audit._LOOSE
    assert pages(kept.read(TODAY)) == [str(minute) for minute in range(100)]


def test_two_writers_do_not_touch_each_others_files(tmp_path, clock):
    writers = [Audit(Store(str(tmp_path)), clock) for _ in range(2)]
    for minute in range(80):
        writers[minute % 2].append([looked(minute, page=str(minute))])
    assert pages(writers[0].read(TODAY)) == [str(minute) for minute in range(80)]


def test_an_entry_counts_once_where_a_merge_was_killed_before_it_removed_anything(kept, tmp_path, clock):
    class Killed(Store):
        def delete(self, _):
            raise KeyboardInterrupt

    kept.append([looked(), looked(1)])
    kept.append([looked(2)])
    clock.forward(days=1)
    with pytest.raises(KeyboardInterrupt):
        Audit(Killed(str(tmp_path)), clock).compact()
    assert len(files(tmp_path)) == 3
    assert len(kept.read(TODAY)) == 3
    kept.compact()
    assert (len(files(tmp_path)), len(kept.read(TODAY))) == (1, 3)


def test_the_day_that_goes_on_is_left_to_its_writers(kept, tmp_path):
    kept.append([looked()])
    kept.append([looked()])
    kept.compact()
    assert len(files(tmp_path)) == 2


def test_a_damaged_file_hides_no_other_and_is_no_part_of_a_merge(kept, tmp_path, clock):
    for minute in range(3):
        kept.append([looked(minute, page=str(minute))])
    flipped(tmp_path / files(tmp_path)[0])
    assert len(kept.read(TODAY)) == 2
    clock.forward(days=1)
    kept.compact()
    assert len(files(tmp_path)) == 2
    findings = lake(tmp_path, clock).verify().findings
    assert [finding.path.partition("/")[0] for finding in findings] == ["audit"]


def test_what_is_older_than_it_is_kept_goes(kept):
    kept.append([looked(-days * 24 * 60, page=str(days)) for days in (0, 1, 2, 30)])
    assert kept.forget(1) == 2
    assert pages(kept.read(date.min)) == ["1", "0"]
    assert kept.forget(1) == 0


def test_what_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path):
    class Full(Store):
        def put(self, *_):
            raise HistoryError("The disk is full.", "Make room.")

    with pytest.raises(HistoryError):
        Audit(Full(str(tmp_path)), Clock()).append([looked()])
    assert files(tmp_path) == []


def test_the_history_does_not_mind_it(tmp_path, clock, kept):
    kept.append([looked()])
    history = lake(tmp_path, clock)
    assert history.is_empty
    assert not history.notices
    assert history.verify().files == 1
    clock.forward(days=9)
    history.leftovers.sweep()
    assert history.compact().before == 1
    assert len(kept.read(TODAY)) == 1
