"""What people keep, as a process knows it: after an own change at once; where it cannot be read, pages go on."""

import threading
import time
from datetime import timedelta

from dashboard.user_records import UserRecords
from data_access import HistoryError

DOWN = HistoryError("The history cannot be used.", "Check HISTORY_URL.")


class Shelf:
    """What a history holds; `hangs` is set where it does not answer."""

    def __init__(self, *held):
        self.held, self.looks, self.is_down, self.answers = [*held], 0, False, threading.Event()
        self.answers.set()

    def read(self):
        self.looks += 1
        assert self.answers.wait(10)
        if self.is_down:
            raise DOWN
        return tuple(self.held)

    def add(self, thing):
        if self.is_down:
            raise DOWN
        self.held.append(thing)


def kept(shelf, **more):
    return UserRecords(lambda: shelf, Shelf.read, **more)


def test_the_first_who_asks_gets_what_is_there_and_the_next_one_costs_no_look():
    shelf = Shelf("a")
    known = kept(shelf)
    assert [known.now() for _ in range(3)] == [("a",)] * 3
    assert shelf.looks == 1


def test_who_changes_something_sees_it_at_once():
    shelf = Shelf()
    known = kept(shelf)
    assert known.now() == ()
    assert known.change(lambda shelf: shelf.add("b")) == ""
    assert known.now() == ("b",)


def test_what_another_process_wrote_is_there_at_once_where_the_newest_is_asked_for():
    shelf = Shelf("a")
    known = kept(shelf, age=timedelta(0))
    assert known.newest() == ("a",)
    shelf.add("b")
    assert known.newest() == ("a", "b")


def test_what_hangs_holds_up_who_asks_for_the_newest_once():
    shelf = Shelf("a")
    known = kept(shelf, patience=0.2, age=timedelta(0))
    assert known.newest() == ("a",)
    shelf.answers.clear()
    begun = time.monotonic()
    assert [known.newest() for _ in range(20)] == [("a",)] * 20
    assert 0.15 < time.monotonic() - begun < 2
    shelf.answers.set()


def test_what_could_not_be_done_is_said():
    shelf = Shelf("a")
    known = kept(shelf)
    assert known.change(lambda _: "There is one already.") == "There is one already."
    shelf.is_down = True
    assert known.change(lambda shelf: shelf.add("b")) == f"{DOWN.message} {DOWN.advice}"
    assert shelf.held == ["a"]


def test_where_it_cannot_be_read_pages_go_on_without_it():
    shelf = Shelf("a")
    shelf.is_down = True
    known = kept(shelf)
    assert known.now() is None
    begun = time.monotonic()
    assert known.now() is None
    assert time.monotonic() - begun < 0.5
    assert shelf.looks == 1


def test_what_hangs_holds_a_page_up_for_a_moment_and_no_longer():
    shelf = Shelf("a")
    shelf.answers.clear()
    known, begun = kept(shelf, patience=0.2), time.monotonic()
    assert known.now() is None
    assert 0.15 < time.monotonic() - begun < 2
    shelf.answers.set()
    assert known.now() == ("a",)
