"""The two dates of a link: in their order, of days that there are, and what a choice makes of them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters.dates import RANGES, TWO_DATES, Dates, Range, TwoDates, begins, compared, notes, offered, said

FIRST, SECOND, THIRD, LAST = DAYS = [date(2026, 8, 26), date(2026, 10, 24), date(2026, 11, 4), date(2026, 11, 24)]
TWO = TwoDates("dates", "Dates", days=DAYS, range="4w")
BETWEEN = date(2026, 10, 1)  # of which there are no figures
LATER = "The link names the later date first; the change is from the earlier one to the later one."


def link(since=None, until=None):
    return {name: [str(day)] for name, day in (("since", since), ("until", until)) if day}


@pytest.mark.parametrize(
    ("wanted", "shown", "sentences"),
    [
        (link(), (SECOND, LAST), []),
        (link(FIRST, THIRD), (FIRST, THIRD), []),
        (link(until=THIRD), (FIRST, THIRD), []),
        (link(since=THIRD), (THIRD, LAST), []),
        (link(THIRD, FIRST), (FIRST, THIRD), [LATER]),
        (
            link(since=BETWEEN),
            (FIRST, LAST),
            ["The history has no figures of 1 Oct 2026 here; these are of 26 Aug 2026."],
        ),
        (link(LAST, LAST), (THIRD, LAST), ["It takes two dates: 24 Nov 2026 is compared with 4 Nov 2026."]),
        (link(until=FIRST), (FIRST, SECOND), ["It takes two dates: 26 Aug 2026 is compared with 24 Oct 2026."]),
        ({"since": ["2026-11-04", "2026-08-26"]}, (FIRST, LAST), []),
        ({"since": ["2026-08-26", "yesterday"]}, (FIRST, LAST), []),
    ],
)
def test_a_link_is_compared_as_far_as_there_are_figures(wanted, shown, sentences):
    asked = TWO.read(wanted).value
    assert compared(asked, DAYS, "4w") == shown
    assert notes(asked, shown) == sentences


def test_what_is_no_date_is_named():
    reading = TWO.read({"since": ["yesterday", "2026-08-26", "yesterday"], "until": ["2026-13-01", ""]})
    assert reading.value == Dates(since=FIRST)
    assert reading.unknown == {"since": ["yesterday"], "until": ["2026-13-01"]}


@pytest.mark.parametrize(
    ("wanted", "choice", "written"),
    [
        (link(), {"until": THIRD}, link(until=THIRD)),  # what is compared by default follows
        (link(), {"since": FIRST}, link(since=FIRST)),
        (link(FIRST, THIRD), {"until": LAST}, link(since=FIRST)),
        (link(FIRST), {"since": SECOND}, link()),
        (link(since=THIRD), {"until": SECOND}, link(SECOND, THIRD)),  # beyond the other one
        (link(THIRD, FIRST), {"until": SECOND}, link(FIRST, SECOND)),
        (link(since=BETWEEN), {"until": THIRD}, link(BETWEEN, THIRD)),
        (link(), {"since": FIRST, "until": THIRD}, link(FIRST, THIRD)),
    ],
)
def test_a_choice_stands_in_the_link_with_the_dates_in_their_order(wanted, choice, written):
    asked = TWO.read(wanted).value
    held = TWO.held(asked) | {name: str(day) for name, day in choice.items()}
    assert TWO.write(TWO.of(held, asked)) == {"since": [], "until": []} | written


@given(st.data())
def test_a_day_that_is_chosen_is_compared(data):
    days = sorted(date(2026, 1, 1) + timedelta(days=n) for n in data.draw(st.sets(st.integers(0, 90), min_size=2)))
    two, some_day = TwoDates("dates", "Dates", days=days), st.none() | st.sampled_from(days) | st.just(BETWEEN)
    asked = two.read(link(data.draw(some_day), data.draw(some_day))).value
    since, until = compared(asked, days)
    assert since < until
    name, options = data.draw(st.sampled_from([("since", [day for day in days if day < until]), ("until", days[1:])]))
    day = data.draw(st.sampled_from(options))
    chosen = two.of(two.held(asked) | {name: str(day)}, asked)
    assert day in compared(two.read(two.write(chosen)).value, days)


@pytest.mark.parametrize("text", ["", "x", "2026-99-99", "[]", "\x00"])
def test_a_text_that_is_no_date_chooses_nothing(text):
    assert TWO.of(TWO.held(Dates(FIRST, THIRD)) | {"since": text}, Dates(FIRST, THIRD)) == Dates(FIRST, THIRD)


# Ranges

WEEKS = [date(2026, 9, 5) + timedelta(weeks=week) for week in range(13)]  # to 28 November
MONTHS = WEEKS[::4]  # 5 September, 3 and 31 October, 28 November


@pytest.mark.parametrize(
    ("chosen", "until", "first"),
    [
        ("4w", date(2026, 11, 28), date(2026, 10, 31)),
        ("3m", date(2026, 5, 31), date(2026, 2, 28)),
        ("1y", date(2024, 2, 29), date(2023, 2, 28)),
        ("all", date(2026, 11, 28), None),
    ],
)
def test_a_range_begins_its_length_before_its_end(chosen, until, first):
    assert begins(chosen, until) == first


@pytest.mark.parametrize("chosen", RANGES)
def test_a_range_compares_the_same_dates_at_every_level(chosen):
    assert compared(Dates(), WEEKS, chosen, MONTHS) == compared(Dates(), MONTHS, chosen, MONTHS)


def test_a_day_that_is_far_from_the_one_that_is_meant_is_not_taken_for_the_sake_of_other_levels():
    rare = [WEEKS[0], WEEKS[-1]]
    assert compared(Dates(), WEEKS, "4w", rare) == (date(2026, 10, 31), WEEKS[-1])
    assert compared(Dates(), rare, "4w", rare) == (WEEKS[0], WEEKS[-1])


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ({}, "1y"),
        ({"range": ["3m"]}, "3m"),
        ({"range": ["3m"], "since": ["2026-10-31"]}, TWO_DATES),
        ({"range": ["3m"], "until": ["2026-10-31"]}, "3m"),
        ({"range": ["3m"], "since": ["yesterday"]}, "3m"),
        ({"range": [TWO_DATES]}, "1y"),
    ],
)
def test_dates_go_before_a_range(asked, read):
    assert Range("range", "Range", RANGES, usual="1y").read(asked).value == read


def test_two_dates_are_offered_where_the_link_has_them():
    assert [*offered("3m")] == ["4w", "3m", "1y", "all"]
    assert [*offered("6m")] == [*RANGES]  # of an older link
    assert [*offered(TWO_DATES)] == ["4w", "3m", "1y", "all", TWO_DATES]


@pytest.mark.parametrize(
    ("chosen", "asked", "words"),
    [
        ("4w", Dates(), "4 weeks"),
        ("1y", Dates(until=THIRD), "12 months until 2026-11-04"),
        (TWO_DATES, Dates(FIRST, THIRD), "2026-08-26 to 2026-11-04"),
        (TWO_DATES, Dates(FIRST), "2026-08-26 to now"),
    ],
)
def test_a_range_has_words_for_files(chosen, asked, words):
    assert said(chosen, asked) == words
