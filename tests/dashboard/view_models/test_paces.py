"""Pace and target of each line: the file of them, and the day of the target in words."""

import csv
import io
import math
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from dashboard import sentences
from dashboard.filters.parameters import TrendsFilters
from dashboard.view_models import paces
from dashboard.view_models.trends import trends_view
from data_access import csv_files
from data_access.measures.trends import Projection, Refusal, Velocity
from tests.dashboard.test_sentences import line
from tests.dashboard.weeks import EMPTY, FIRST, GONE, UNDATED, WEEK, slowly, timeline, undated, weeks

pytestmark = pytest.mark.program
NAN = math.nan


def test_the_file_of_paces_begins_with_all_together(tmp_path):
    found = trends_view(timeline(tmp_path, slowly(5)), TrendsFilters(), False)
    read = list(csv.DictReader(io.StringIO(csv_files.exact(found.paces).decode())))
    assert [(row["line"], row["service"]) for row in read] == [
        ("all together", ""),
        ("service", "crm"),
        ("service", "o365"),
    ]
    assert read[0]["deploymentPercent"] == "47.0"
    assert isinstance(found.whole.pace, Velocity)
    assert float(read[0]["deployedPerWeek"]) == pytest.approx(found.whole.pace.deployed)
    assert found.on_screen.number == 2


@pytest.mark.parametrize(("ends", "places"), [((11.4, 11.7), 1), ((-3.0, 99.9), 1), ((90, 210), 0), ((NAN, NAN), 0)])
def test_a_pace_has_as_many_decimals_as_its_range(ends, places):
    slowest, fastest = ends
    pace = Velocity(11.5, slowest, fastest, 0.0, FIRST, FIRST + WEEK, 5)
    assert paces.decimals(pace) == places
    assert paces.spread(replace(pace, slowest=11.4, fastest=11.7)) == "+11.4 to +11.7"


def test_the_table_has_the_processing_date_that_the_overview_has_and_no_range_of_what_never_moved(tmp_path):
    answers = weeks(*UNDATED, sold=1000)
    newest = undated({"o365": 43.0, "crm": 10.0})
    found = trends_view(timeline(tmp_path, [*answers, newest]), TrendsFilters(), False).on_screen
    rows = found.rows.select(["title", "deployedRange", "processedDateTime"]).to_pylist()
    by_title = {row["title"]: row for row in rows}
    assert by_title["Dynamics 365"]["deployedRange"] == "–"
    assert by_title["Dynamics 365"]["processedDateTime"] is None


@pytest.mark.parametrize("left", [{}, {"crm": 10.0}])
def test_an_answer_without_processing_dates_is_of_its_fetch(left, tmp_path):
    newest = undated({"o365": 90.0} | left)
    found = trends_view(timeline(tmp_path, [*weeks(*UNDATED, sold=1000), newest]), TrendsFilters(), False)
    (row,) = found.paces[found.paces["service"] == "o365"].to_dict("records")
    assert (row["deploymentPercent"], row["targetRefused"]) == (90, "the target is reached")
    assert row["asOf"] == FIRST + timedelta(weeks=4)
    assert pd.isna(row["processedDateTime"])


def test_who_is_gone_comes_last_without_figures_and_is_in_no_sum(tmp_path):
    found = trends_view(timeline(tmp_path, GONE), TrendsFilters(), False)
    assert [line.key for line in found.lines][-1] == "o365"
    whole, *parts = found.paces.to_dict("records")
    of_now = [row for row in parts if row["targetRefused"] != "not in the newest answer"]
    assert [row["service"] for row in parts if row not in of_now] == ["o365"]
    assert whole["licensesSold"] == sum(row["licensesSold"] for row in of_now)
    (gone,) = [row for row in parts if row not in of_now]
    assert gone["asOf"] == FIRST + 5 * WEEK
    assert pd.isna([gone["deployedPerWeek"], gone["soldPerWeek"], gone["targetReached"]]).all()


def test_an_answer_without_rows_is_the_reason_of_every_line(tmp_path):
    found = trends_view(timeline(tmp_path, EMPTY), TrendsFilters(), False)
    assert set(found.paces["targetRefused"]) == {"the newest answer has no rows"}


@pytest.mark.parametrize(
    ("weeks", "said"),
    [(0, "Aug 2026"), (8, "Aug–Sep 2026"), (26, "Aug 2026\u00a0– Jan 2027"), (None, "at the earliest")],
)
def test_the_months_of_a_range_are_named_once(weeks, said):
    latest = None if weeks is None else (FIRST + timedelta(weeks=weeks)).date()
    goal = Projection(80.0, FIRST.date(), FIRST.date(), latest)
    assert paces.months(goal) == said
    in_table = said if latest else "not before Aug 2026"
    assert paces.reached(replace(line([50.0, 51.0]), goal=goal)) == in_table


@pytest.mark.parametrize(
    ("goal", "said"), [(Refusal.REACHED, "reached"), (Refusal.MOVES_AWAY, "no date: moving away from the target")]
)
def test_without_a_date_the_table_says_so(goal, said):
    assert paces.reached(replace(line([50.0, 51.0]), goal=goal)) == said


def test_the_table_names_months_as_the_sentence_does_where_the_target_is_far():
    far = Projection(80.0, date(2029, 2, 1), date(2028, 9, 1), date(2029, 8, 1))
    whole = replace(line([50.0, 51.0]), goal=far)
    assert paces.reached(whole) == "Sep 2028\u00a0– Aug 2029"
    assert "is not expected before Sep 2028**; most likely it is reached by Aug 2029" in sentences.goal(whole, 80.0)
