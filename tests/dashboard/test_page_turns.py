"""Few pages are worked out at a time, and none waits for another that waits for it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard import page_turns
from dashboard.cache import Cache


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(12) as threads:
        yield threads


def test_no_more_than_some_have_a_turn(crowd):
    inside, most, lock = 0, [0], threading.Lock()

    def page():
        nonlocal inside
        with page_turns.turn(), page_turns.turn():  # a part of a page is within its turn
            with lock:
                inside += 1
                most[0] = max(most[0], inside)
            threading.Event().wait(0.005)
            with lock:
                inside -= 1

    for one in [crowd.submit(page) for _ in range(30)]:
        one.result(10)
    assert most == [page_turns.AT_A_TIME]


def test_who_waits_for_something_else_lets_others_go_on(crowd):
    go_on, begun = threading.Event(), threading.Barrier(page_turns.AT_A_TIME + 1)

    def waits():
        with page_turns.turn(), page_turns.paused():
            begun.wait(10)
            assert go_on.wait(10)

    waiting = [crowd.submit(waits) for _ in range(page_turns.AT_A_TIME)]
    begun.wait(10)
    with page_turns.turn():
        go_on.set()
    for one in waiting:
        one.result(10)


def test_an_error_gives_the_turn_back():
    for _ in range(page_turns.AT_A_TIME + 1):
        with pytest.raises(ValueError, match="no figures"), page_turns.turn():
            raise ValueError("no figures")


def test_many_who_want_one_result_leave_a_turn_for_who_works_it_out(crowd):
    begun, go_on = threading.Event(), threading.Event()

    @Cache().remembered
    def slow():
        with page_turns.paused():
            begun.set()
            assert go_on.wait(10)
        return "figures"

    def page():
        with page_turns.turn():
            return slow()

    first = crowd.submit(page)
    assert begun.wait(10)
    others = [crowd.submit(page) for _ in range(8)]
    go_on.set()
    assert {one.result(10) for one in (first, *others)} == {"figures"}
