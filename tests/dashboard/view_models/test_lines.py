"""What a line says within a range: how it moved, what its parts lacked on a date, and what came or is gone."""

import json
from datetime import date
from functools import partial

import pytest

from dashboard import formats, sentences
from dashboard.filters.dates import Dates
from dashboard.filters.parameters import TrendsFilters
from dashboard.view_models.trends import trends_view
from data_access.measures.trends import Velocity
from data_access.partner_center.catalog import DEPLOYMENT
from tests.dashboard.weeks import BACK, FIRST, WEEK, of_each_day, rows, slowly, timeline, weeks
from tests.lakes import fetched

pytestmark = pytest.mark.program


def test_a_shorter_range_leaves_out_older_points_and_no_pace(tmp_path):
    kept = timeline(tmp_path, slowly(20))
    long, short = (trends_view(kept, TrendsFilters(range=chosen), False) for chosen in ("all", "3m"))
    assert (len(long.whole.points), len(short.whole.points)) == (20, 14)
    assert long.whole.pace == short.whole.pace
    since = [change.since for change in (long.whole.change, long.whole.lately, short.whole.change) if change]
    assert since[0] < since[1]
    assert since[1] == since[2]


def test_of_a_short_range_the_year_is_said_too(tmp_path):
    kept = timeline(tmp_path, slowly(14, every=4))
    quarter, whole = (trends_view(kept, TrendsFilters(range=chosen), False).whole for chosen in ("3m", "1y"))
    assert whole.year is None
    assert quarter.year
    assert whole.change
    assert quarter.year.percent == pytest.approx(whole.change.percent, abs=0.1)
    said = sentences.direction(quarter, None).replace("\u00a0", " ")
    assert f"Since {formats.day(quarter.year.since)}: {formats.points(quarter.year.percent)} points." in said


def test_a_range_that_begins_before_a_loss_has_no_change_and_a_later_one_has(tmp_path):
    later = [
        partial(fetched, DEPLOYMENT, rows(FIRST + number * WEEK, {"crm": 40.0 + number}), FIRST + number * WEEK)
        for number in (20, 21, 34)
    ]
    kept = timeline(tmp_path, [*weeks({"visio": 90.0, "crm": 40.0}), *later])
    whole = trends_view(kept, TrendsFilters(range="all"), False).whole
    assert [one.title for one in whole.lost] == ["Visio"]
    short = trends_view(kept, TrendsFilters(range="3m"), False).whole
    assert (short.lost, short.year) == ((), None)
    assert short.change
    assert short.change.percent == 13


def test_a_date_on_which_a_service_was_missing_is_no_point_to_compare_with(tmp_path):
    filters = TrendsFilters(dates=Dates(date(2026, 11, 1), date(2026, 11, 27)))
    found = trends_view(of_each_day(tmp_path, *BACK), filters, False)
    whole = found.whole
    assert list(whole.points["without"]) == ["", "Dynamics 365", "", "", "", ""]
    assert whole.change
    assert (whole.change.since.date(), round(whole.change.percent or 0, 2)) == (date(2026, 10, 25), 4.1)
    assert isinstance(whole.pace, Velocity)
    assert whole.pace.points == 5
    assert whole.pace.slowest > 0
    said = sentences.direction(whole, None).replace("\u00a0", " ")
    assert said.startswith("**Improving: +4.10 points since 25 Oct 2026, to 44.10 %.**")
    assert said.endswith("Not compared: 1 Nov 2026 was without Dynamics 365.")
    assert json.loads(found.figure.to_json())["data"][0]["y"][1] is None
    assert [points > 0 for _, points in found.moved()] == [True, True]


def test_where_a_range_ends_on_such_a_date_nothing_is_compared(tmp_path):
    filters = TrendsFilters(dates=Dates(None, date(2026, 11, 1)))
    whole = trends_view(of_each_day(tmp_path, *BACK), filters, False).whole
    assert (whole.change, whole.is_whole) == (None, False)
    said = sentences.direction(whole, None).replace("\u00a0", " ")
    assert said.startswith("**60.50 %** of the licenses sold are deployed on 1 Nov 2026, without Dynamics 365")


def test_a_service_that_comes_later_is_new_and_said(tmp_path):
    kept = of_each_day(tmp_path, (1, {"o365": 60.0}), (8, {"o365": 62.0, "crm": 20.0}))
    whole = trends_view(kept, TrendsFilters(), False).whole
    assert list(whole.points["without"]) == ["", ""]
    assert whole.came == ("Dynamics 365",)
    assert "Dynamics 365 was not there yet on 1 Nov 2026." in sentences.direction(whole, None)
