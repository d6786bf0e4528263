"""What people do is taken down at once and written beside the page, and a disk that fails is said."""

import threading
import time
from datetime import UTC, datetime

import pytest

from dashboard import audit
from dashboard.audit import LOOKED, Recorder
from data_access import HistoryError, history, load_settings
from data_access.history.audit import Entry
from tests.lakes import NOW
from tests.waiting import until

FULL = HistoryError("The history at /x cannot be used: No space left on device.", "Make room.")


def looked(number=0):
    return Entry(NOW, LOOKED, page=str(number))


class Disk:
    """Where entries go, unless it is full."""

    def __init__(self):
        self.written, self.is_full, self.times = [], False, 0

    def __call__(self, entries):
        self.times += 1
        if self.is_full:
            raise FULL
        self.written += entries


@pytest.fixture
def disk():
    return Disk()


def test_entries_are_written_together_and_the_rest_at_the_end(disk):
    recorder = Recorder(disk, every=0.05)
    for number in range(100):
        recorder.note(looked(number))
    until(lambda: len(disk.written) == 100)
    assert disk.times < 10
    recorder.note(looked(100))
    recorder.end()
    assert [entry.page for entry in disk.written] == [str(number) for number in range(101)]


def test_a_full_disk_holds_up_nobody_and_loses_nothing_while_there_is_room(disk, caplog):
    disk.is_full = True
    recorder = Recorder(disk, every=0.02, most=10)
    for number in range(8):
        recorder.note(looked(number))
    until(lambda: disk.times > 2)
    standing = recorder.standing
    assert (standing.waiting, standing.lost, standing.error) == (8, 0, FULL)
    assert standing.since
    for number in range(8, 14):
        recorder.note(looked(number))
    until(lambda: recorder.standing.lost == 4)
    disk.is_full = False
    until(lambda: disk.written)
    recorder.end()
    assert [entry.page for entry in disk.written] == [str(number) for number in range(4, 14)]
    assert recorder.standing == audit.Standing(lost=4)
    said = [record.getMessage() for record in caplog.records]
    assert [line.partition(":")[0] for line in said] == ["The audit cannot be written", "The audit is written again."]


def test_an_error_that_nobody_foresaw_does_not_end_it(disk):
    failures = iter([ZeroDivisionError("Contoso")])

    def write(entries):
        for failure in failures:
            raise failure
        disk(entries)

    recorder = Recorder(write, every=0.02)
    recorder.note(looked())
    until(lambda: disk.written)
    recorder.end()
    assert recorder.standing == audit.Standing()


def test_noting_takes_no_time_however_slow_the_disk_is():
    hang = threading.Event()

    def write(_):
        hang.wait(10)

    recorder = Recorder(write, every=0)
    begun = time.perf_counter()
    for number in range(2_000):
        recorder.note(looked(number))
    assert (time.perf_counter() - begun) / 2_000 < 0.001
    hang.set()
    recorder.end()


def test_any_text_can_be_noted_and_long_ones_are_cut(noted):
    audit.note(LOOKED, "a\udce9" + "x" * 5_000, page="trends")
    (entry,) = noted
    assert len(entry.person) == 1_000
    history.open_audit(load_settings()).append(noted)


def test_what_is_noted_can_be_read_where_the_settings_say(tmp_path, monkeypatch):
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    recorder = Recorder(every=0.01)
    recorder.note(Entry(datetime.now(UTC), LOOKED, page="trends"))
    recorder.end()
    assert audit.entries(1)["page"].tolist() == ["trends"]
