"""How numbers and dates are written."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import formats


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (26.16, "26.16 %"),
        (0.0, "0.00 %"),
        (1.0, "1.00 %"),
        (33.3333, "33.3333 %"),
        (131.25, "131.25 %"),
        (1234.5, "1,234.50 %"),
        (72.20657, "72.21 %"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_percent_points_are_shown_as_sent(value, shown):
    assert formats.percent(value).replace("\u00a0", " ") == shown


@given(st.integers(0, 200_000))
def test_two_decimals_are_never_changed(hundredths):
    shown = formats.percent(hundredths / 100)
    assert float(shown.replace(",", "").split("\u00a0")[0]) == hundredths / 100


def test_estimates_are_marked():
    assert formats.count(1234.4) == "1,234"
    assert formats.count(1234.4, estimated=True) == "≈\u00a01,234"


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=119), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_that_fits(span, shown):
    assert formats.age(span) == shown


def test_a_day_is_written_out_and_none_is_a_dash():
    assert formats.day(datetime(2026, 10, 9, tzinfo=UTC)) == "9 Oct 2026"
    assert formats.day(None) == "–"


@pytest.mark.parametrize(
    ("percent", "said"),
    [
        (72.2, "7.8 points missing"),
        (0.0, "80.0 points missing"),
        (78.99, "1.0 points missing"),
        (79.001, "1.0 points missing"),
        (79.5, "0.50 points missing"),
        (79.96, "0.04 points missing"),
        (79.994, "0.01 points missing"),
        (79.9999, "less than 0.01 points missing"),
        (80.0, "target reached"),
        (131.25, "target reached"),
        (None, "nothing sold"),
    ],
)
def test_the_way_to_the_target(percent, said):
    assert formats.to_target(percent, 80) == said


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_what_is_missing_is_never_nothing(percent, target):
    said = formats.to_target(percent, target)
    assert (said == "target reached") == (percent >= target)
    assert all(float(number) for number in re.findall(r"[\d.]+", said))


@pytest.mark.parametrize(
    ("value", "target", "said"),
    [
        (79.9999, 80.0, "79.99"),
        (79.9999, None, "80.00"),
        (79.9999, 79.9, "80.00"),
        (80.0, 80.0, "80.00"),
        (79.96, 80.0, "79.96"),
        (79.964, 79.965, "79.96"),
    ],
)
def test_what_misses_the_target_is_not_rounded_up_to_it(value, target, said):
    assert formats.percent(value, as_sent=False, target=target) == f"{said}\u00a0%"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("monthly at about +3\u00a0%", "monthly at about +3\u00a0%"),
        (" two\n lines\t", "two lines"),
        ("\x00a\x1b[31mred\x07\x9b2J", "a [31mred 2J"),
        ("\u00a0\u00a0a \u00a0 b\u00a0", "a b"),
        ("\u00a0", ""),
    ],
)
def test_on_one_line_what_belongs_together_stays_together(text, expected):
    assert formats.on_one_line(text) == expected
