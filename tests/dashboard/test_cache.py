"""What is worked out once for everybody is kept as long as the data it comes from, and no longer."""

import gc
import weakref
from dataclasses import dataclass

import pytest

from dashboard.cache import remembered


class Data:
    """Compared by identity, as the answers of feeds are."""


class Result:
    """Something that can be watched going."""


@dataclass(frozen=True)
class Choice:
    by: str


def counting(**options):
    calls = []

    def work(data, choice):
        calls.append((data, choice))
        return Result()

    return remembered(work, **options), calls


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
    look, calls = counting(results=2)
    data = Data()
    first = look(data, Choice("1"))
    look(data, Choice("2"))
    assert look(data, Choice("1")) is first
    look(data, Choice("3"))
    assert look(data, Choice("1")) is first
    look(data, Choice("2"))
    assert len(calls) == 4


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
