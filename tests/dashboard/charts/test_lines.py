"""The large line: where points stand, and what is drawn beside them."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from dashboard import formats
from dashboard.charts.lines import line_chart, line_chart_in_words
from dashboard.charts.palette import LIGHT
from data_access.measures.trends import Projection, Refusal
from tests.dashboard.charts.trend import DAYS, PERCENT, SOLD, SPAN, drawn, points

GOAL = Projection(80.0, date(2026, 12, 1), date(2026, 11, 20), date(2026, 12, 20))


def large(percents=(50.0, 55.0, 60.0), goal=Refusal.UNEVEN, shown=PERCENT):
    return drawn(line_chart(points(percents), shown, 80.0, goal, span=SPAN, palette=LIGHT))


def test_the_large_line_has_a_marker_on_each_processing_date():
    line, newest = large()["data"]
    assert (line["mode"], newest["mode"]) == ("lines+markers", "markers")
    assert (newest["x"][0][:10], newest["y"]) == ("2026-11-01", [60.0])
    assert [moment[:10] for moment in line["x"]] == ["2026-09-01", "2026-10-01", "2026-11-01"]
    assert line["y"] == [50.0, 55.0, 60.0]


def test_the_target_is_on_the_axis_of_percentages_and_on_no_other():
    assert [shape["y0"] for shape in large()["layout"]["shapes"]] == [80.0]
    low, high = large()["layout"]["yaxis"]["range"]
    assert low < 50.0
    assert high > 80.0
    assert not large(shown=SOLD)["layout"].get("shapes")


def ends(trace):
    return [moment[:10] for moment in trace["x"]]


def test_the_way_to_a_target_that_is_near_ends_there_with_its_range():
    figure = large(goal=GOAL)
    _, likely, way, _ = figure["data"]
    assert ends(way) == ["2026-11-01", "2026-12-01"]
    assert way["y"] == [60.0, 80.0]
    assert ends(likely) == ["2026-11-01", "2026-11-20", "2026-12-20"]
    assert likely["y"] == [60.0, 80.0, 80.0]
    assert figure["layout"]["xaxis"]["range"][1] > "2026-12-20"
    assert figure["layout"]["annotations"][1]["text"] == "80\u00a0% → Nov 2026 – Dec 2026"
    assert figure["layout"]["annotations"][1]["y"] == 80.0
    one_month = large(goal=replace(GOAL, latest=GOAL.earliest))
    assert one_month["layout"]["annotations"][1]["text"] == "80\u00a0% → Nov 2026"


def test_the_way_to_a_target_far_ahead_is_drawn_as_far_as_there_is_room():
    figure = large(goal=Projection(80.0, date(2028, 12, 1), date(2028, 9, 1), date(2029, 4, 1)))
    way = figure["data"][2]
    assert way["x"][1][:10] <= figure["layout"]["xaxis"]["range"][1] < "2027-02-01"
    assert 60.0 < way["y"][1] < 64.0
    assert figure["layout"]["annotations"][1]["text"] == "80\u00a0% → Sep 2028 – Apr 2029"
    assert figure["layout"]["annotations"][1]["y"] == way["y"][1]


def test_a_range_whose_end_is_unknown_stays_level_on_its_slow_side():
    figure = large(goal=replace(GOAL, latest=None))
    assert figure["data"][1]["y"] == [60.0, 80.0, 60.0]
    assert figure["layout"]["annotations"][1]["text"] == "80\u00a0% → Nov 2026 or later"


def test_licenses_have_no_way_to_a_target_of_percent():
    assert len(large(goal=GOAL, shown=SOLD)["data"]) == 2


def test_no_percentage_is_a_gap():
    assert large((50.0, float("nan"), 60.0))["data"][0]["y"] == [50.0, None, 60.0]


@pytest.mark.parametrize("percents", [(0.0, 0.0, 0.0), (100.0, 100.0, 100.0), (80.0, 80.0, 80.0)])
def test_a_flat_line_has_room(percents):
    low, high = large(percents)["layout"]["yaxis"]["range"]
    assert 0 <= low < high


def test_a_line_of_many_points_keeps_its_ends():
    days = pd.date_range("2024-01-01", periods=1000, tz="UTC")
    many = points([50.0] * 998 + [60.0, 70.0], [100] * 1000, days)
    figure = drawn(line_chart(many, PERCENT, 80.0, Refusal.UNEVEN, span=(days[0], days[-1]), palette=LIGHT))
    dates = figure["data"][0]["x"]
    assert len(dates) <= 402
    assert (dates[0][:10], dates[-1][:10]) == ("2024-01-01", str(days[-1].date()))


def test_the_words_say_from_where_to_where():
    words = line_chart_in_words(points((50.0, 55.0, 60.0)), PERCENT, 80.0).replace("\u00a0", " ")
    assert "50.00 % on 1 Sep 2026, 60.00 % on 1 Nov 2026" in words
    assert "target is 80 percent" in words


@pytest.mark.parametrize(
    ("value", "said"), [(12.4, "+12"), (-3.0, "−3"), (0.4, "±0"), (-0.4, "±0"), (1234.0, "+1,234")]
)
def test_what_moves_has_a_sign(value, said):
    assert formats.change(value) == said


def test_a_point_that_does_not_stand_at_its_processing_date_says_both():
    back = points((50.0, 55.0, 60.0)).assign(processedDateTime=[DAYS[0], DAYS[1], DAYS[0]])
    figure = drawn(line_chart(back, PERCENT, 80.0, Refusal.UNEVEN, span=SPAN, palette=LIGHT))
    assert figure["data"][0]["hovertext"][1:] == [
        "1 Oct 2026: 55.00\u00a0%",
        "1 Sep 2026, fetched 1 Nov 2026: 60.00\u00a0%",
    ]


def test_a_point_that_lacks_a_part_stands_hollow_in_a_gap_and_says_so():
    lacking = points((50.0, 90.0, 60.0)).assign(without=["", "Dynamics <365>", ""])
    line, hollow, newest = drawn(line_chart(lacking, PERCENT, 80.0, Refusal.UNEVEN, span=SPAN, palette=LIGHT))["data"]
    assert line["y"] == [50.0, None, 60.0]
    assert hollow["y"] == [None, 90.0, None]
    assert hollow["marker"]["symbol"] == "circle-open"
    assert hollow["hovertext"][1].endswith("<br>without Dynamics &lt;365&gt;")
    assert "symbol" not in newest["marker"]
    at_the_end = points((50.0, 60.0, 90.0)).assign(without=["", "", "Teams"])
    last = drawn(line_chart(at_the_end, PERCENT, 80.0, Refusal.NOT_WHOLE, span=SPAN, palette=LIGHT))["data"][-1]
    assert last["marker"]["symbol"] == "circle-open"
    words = line_chart_in_words(at_the_end, PERCENT, 80.0).replace("\u00a0", " ")
    assert "90.00 % without Teams on 1 Nov 2026" in words
