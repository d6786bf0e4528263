"""Few pages are worked out at a time, and none waits for another that waits for it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard import page_turns
from dashboard.cache import Cache
from tests.waiting import until


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


def test_who_comes_back_goes_before_those_who_have_not_begun(crowd):
    order, come_back, go_on = [], threading.Event(), threading.Event()
    begun = threading.Barrier(page_turns.AT_A_TIME + 1)

    def first():
        with page_turns.turn():
            with page_turns.paused():
                begun.wait(10)
                assert come_back.wait(10)
            order.append("first")

    def holds():
        with page_turns.turn():
            assert go_on.wait(10)

    def page():
        with page_turns.turn():
            order.append("later")

    pausing = [crowd.submit(first) for _ in range(page_turns.AT_A_TIME)]
    begun.wait(10)
    holding = [crowd.submit(holds) for _ in range(page_turns.AT_A_TIME)]
    later = [crowd.submit(page) for _ in range(2)]
    until(lambda: page_turns.waiting() == len(later))
    come_back.set()
    until(lambda: page_turns.waiting() == len(later) + len(pausing))
    go_on.set()
    for one in (*pausing, *holding, *later):
        one.result(10)
    assert order == ["first"] * len(pausing) + ["later"] * len(later)


def test_a_view_that_is_worked_out_keeps_nobody_from_a_turn(crowd):
    look, begun, go_on = Cache(), threading.Semaphore(0), threading.Event()

    def work():
        begun.release()
        assert go_on.wait(10)

    def page(view):
        with page_turns.turn():
            look.kept(view, (), work)
            return view

    pages = [crowd.submit(page, view) for view in range(page_turns.APART + 1)]
    for _ in range(page_turns.APART):
        assert begun.acquire(timeout=10)
    with page_turns.turn():
        assert not begun.acquire(blocking=False)  # no more of them at a time
        go_on.set()
    assert [one.result(10) for one in pages] == [*range(page_turns.APART + 1)]


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
