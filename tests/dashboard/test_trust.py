"""What a page says of how far figures can be trusted, from what was found."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from dashboard import ages, theme, trust
from dashboard.trust import Check, Mark
from data_access import Standing
from data_access.health import Timing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def services(**timings):
    """As `health.services` gives them; with titles."""
    rows = [
        (code, NOW - 10 * DAY, 10.0, 5, 7.0, 1.0, NOW - 2 * DAY, timing)
        if timing is not Timing.UNKNOWN
        else (code, NOW - 10 * DAY, 10.0, 2, None, None, None, timing)
        for code, timing in timings.items()
    ]
    names = ["service", "processedDateTime", "ageDays", "dates", "cadenceDays", "delayDays", "expectedBy", "timing"]
    table = pd.DataFrame(rows, columns=names)
    table["expectedBy"] = pd.to_datetime(table["expectedBy"], utc=True)
    return table.assign(title=table["service"])


def check(mark, finding="It is so."):
    return Check("x", "Is it so?", mark, finding)


def test_all_is_well_where_nothing_is_wrong():
    mark, sentence = trust.verdict([check(Mark.GOOD), check(Mark.NOTE), check(Mark.UNKNOWN)])
    assert mark is Mark.GOOD
    assert "All is well" in sentence
    assert "2 things worth knowing" in sentence


def test_what_is_wrong_stands_in_the_first_sentence():
    mark, sentence = trust.verdict([check(Mark.GOOD, "fine"), check(Mark.BAD, "This."), check(Mark.BAD, "That.")])
    assert mark is Mark.BAD
    assert "2 things" in sentence
    assert "This." in sentence
    assert "fine" not in sentence


@pytest.mark.parametrize(
    ("late", "said"),
    [(["o365"], "Microsoft 365 is late"), (["o365", "crm"], "Microsoft 365 and Dynamics 365 are late")],
)
def test_late_services_are_named(late, said):
    found = trust.timing(services(**dict.fromkeys(late, Timing.LATE), exo=Timing.ON_TIME), NOW)
    assert found.mark is Mark.BAD
    assert said in found.finding
    assert "nobody has looked" not in found.finding


def test_many_late_services_are_counted():
    found = trust.timing(services(**dict.fromkeys("abcdef", Timing.LATE)), NOW)
    assert "a, b, c and 3 more are late" in found.finding


def test_where_nobody_has_looked_that_is_said():
    found = trust.timing(services(o365=Timing.LATE), NOW - 5 * DAY)
    assert "nobody has looked since 19 Nov 2026" in found.finding


@pytest.mark.parametrize(
    ("standing", "mark"),
    [
        (Standing(NOW - DAY), Mark.GOOD),
        (Standing(NOW - 30 * DAY), Mark.BAD),
        (Standing(None, NOW, failing=True), Mark.BAD),
        (Standing(NOW - DAY, NOW - 2 * DAY), Mark.GOOD),
    ],
)
def test_collecting_is_well_while_the_last_try_was(standing, mark):
    assert trust.collecting({"deployment": standing}, NOW).mark is mark


def test_rounding_is_no_contradiction():
    rows = pd.DataFrame({"service": ["o365"], "difference": [0.004]})
    assert trust.contradictions(rows).mark is Mark.GOOD
    assert trust.contradictions(rows.assign(difference=-1.5)).mark is Mark.BAD


def test_the_file_of_checks_is_plain_text():
    table = trust.table([check(Mark.BAD, "*Title* of `verify`, \\<b\\>.")])
    assert table["finding"][0] == "Title of verify, <b>."


def test_late_is_told_by_more_than_its_colour():
    table = services(o365=Timing.LATE, crm=Timing.ON_TIME, new=Timing.UNKNOWN)
    drawn = ages.figure(table, theme.LIGHT).to_dict()
    age, usual, late = drawn["data"]
    assert ["▾ late" in label for label in usual["y"]] == [False, False, True]
    assert age["x"] == [10.0, 10.0, 10.0]
    assert usual["x"][1:] == [8.0, 8.0]
    assert late["x"][1:] == [15.0, 15.0]
    assert "1 are late" in ages.in_words(table)
