"""What is worked out once for everybody is kept as long as the data it comes from, and no longer."""

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import pandas as pd
import pytest

from dashboard.cache import Cache, remembered


class Data:
    """Compared by identity, as the answers of feeds are."""


class Result:
    """Something that can be watched going."""


@dataclass(frozen=True)
class Choice:
    by: str


class Watch:
    """A clock that stands until it is moved on."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def counting(cache=None):
    calls = []

    def work(data, choice):
        calls.append((data, choice))
        return Result()

    return (cache or Cache()).remembered(work), calls


def test_the_same_data_and_an_equal_choice_are_worked_out_once():
    look, calls = counting()
    data = Data()
    assert look(data, Choice("service")) is look(data, Choice("service"))
    assert len(calls) == 1


def test_other_data_and_another_choice_are_worked_out_anew():
    look, calls = counting()
    data = Data()
    shown = {look(data, Choice("service")), look(data, Choice("channel")), look(Data(), Choice("service"))}
    assert len(shown) == len(calls) == 3


def test_named_arguments_tell_results_apart_too():
    look, calls = counting()
    data = Data()
    look(data, choice=Choice("service"))
    look(data, choice=Choice("channel"))
    look(data, choice=Choice("service"))
    assert len(calls) == 2


def test_an_argument_is_another_one_by_name():
    @remembered
    def words(*places, **names):
        return f"{places} {names}"

    assert words("search", "x") != words(search="x")
    assert words(("search", "x")) != words(search="x")


def test_newer_data_makes_results_of_the_older_stale_and_no_others():
    look, calls = counting()
    old, other = Data(), Data()
    stale, good = weakref.ref(look(old, Choice("service"))), look(other, Choice("service"))
    calls.clear()
    del old
    gc.collect()
    look(Data(), Choice("service"))
    assert stale() is None
    assert look(other, Choice("service")) is good


def test_the_results_longest_unseen_make_room():
    cache, calls = Cache(budget=250_000), []

    @cache.remembered
    def column(number):
        calls.append(number)
        return pd.Series([1.0] * 12_500)  # 100,000 bytes

    column(1), column(2), column(1), column(3)
    calls.clear()
    column(1), column(3)
    assert calls == []
    column(2)
    assert calls == [2]


def test_texts_count_by_their_length():
    cache, calls = Cache(budget=1_000_000), []

    @cache.remembered
    def names(number):
        calls.append(number)
        return pd.DataFrame({"customerName": ["n" * 1_000 + str(row) for row in range(600)]})

    names(1), names(2), names(1)
    assert calls == [1, 2, 1]


def test_the_last_result_goes_too_when_nobody_looks_at_it():
    watch = Watch()
    cache = Cache(budget=1, unseen=60, clock=watch)
    look, _ = counting(cache)
    data = Data()
    last = weakref.ref(look(data, Choice("1")))
    cache.tidy()
    assert last() is not None
    watch.now = 61
    cache.tidy()
    assert last() is None


def test_a_result_above_the_budget_stays_until_the_next():
    cache, calls = Cache(budget=1_000), []

    @cache.remembered
    def column(number):
        calls.append(number)
        return pd.Series([1.0] * 100_000)

    column(1), column(1), column(2), column(1)
    assert calls == [1, 2, 1]


def test_what_nobody_has_looked_at_for_long_goes():
    watch = Watch()
    cache = Cache(unseen=1800, clock=watch)
    look, _ = counting(cache)
    data = Data()
    unseen, seen = weakref.ref(look(data, Choice("1"))), weakref.ref(look(data, Choice("2")))
    watch.now = 1700
    look(data, Choice("2"))
    watch.now = 1900
    cache.tidy()
    assert unseen() is None
    assert seen() is not None


def test_a_crowd_that_asks_the_same_waits_for_one_result():
    calls, begun, go_on = [], threading.Event(), threading.Event()

    @Cache().remembered
    def slow(choice):
        calls.append(choice)
        begun.set()
        assert go_on.wait(10)
        return Result()

    with ThreadPoolExecutor(8) as crowd:
        asked = [crowd.submit(slow, "channel") for _ in range(8)]
        assert begun.wait(10)
        go_on.set()
        assert len({id(one.result(10)) for one in asked}) == len(calls) == 1


def test_a_crowd_learns_of_a_failure_and_the_next_one_tries_again():
    begun, go_on, outcomes = threading.Event(), threading.Event(), iter([ValueError("not now"), "figures"])

    @Cache().remembered
    def slow():
        outcome = next(outcomes)
        begun.set()
        assert go_on.wait(10)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with ThreadPoolExecutor(2) as crowd:
        first = crowd.submit(slow)
        assert begun.wait(10)
        second = crowd.submit(slow)
        wait([second], timeout=0.05)
        go_on.set()
        assert all(isinstance(one.exception(10), ValueError) for one in (first, second))
    assert slow() == "figures"


def test_a_failure_is_not_remembered():
    outcomes = iter([ValueError("not now"), "figures"])

    @remembered
    def work(_data):
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    data = Data()
    with pytest.raises(ValueError, match="not now"):
        work(data)
    assert work(data) == "figures"


def test_what_takes_longer_goes_on_and_is_there_for_who_asks_again():
    cache, may_end, data = Cache(), threading.Event(), Data()

    def work():
        may_end.wait()
        return "result"

    assert cache.soon("work", (data,), work, 0) == (False, None)
    may_end.set()
    assert cache.soon("work", (data,), lambda: "another", 10) == (True, "result")


def test_what_fails_behind_is_told_to_who_asks_and_tried_anew():
    cache, data = Cache(), Data()

    def fail():
        raise ValueError("of the work")

    with pytest.raises(ValueError, match="of the work"):
        cache.soon("work", (data,), fail, 10)
    assert cache.soon("work", (data,), lambda: "result", 10) == (True, "result")


def test_nothing_is_a_value_and_no_data():
    work, calls = counting()
    work(None, None)
    work(None, None)
    assert len(calls) == 1
