"""Lines as figures: where points stand, what is drawn beside them, and that foreign text stays text."""

import json
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from dashboard import formats
from dashboard.charts.lines import (
    Panel,
    Shown,
    line_chart,
    line_chart_in_words,
    small_multiples,
    small_multiples_in_words,
)
from dashboard.charts.palette import LIGHT
from data_access.measures.trends import Projection, Refusal

PERCENT = Shown("deploymentPercent", "Deployment %", is_percent=True)
SOLD = Shown("licensesSold", "Licenses sold", is_percent=False)
DAYS = pd.to_datetime(["2026-09-01", "2026-10-01", "2026-11-01"], utc=True)
SPAN = (DAYS[0], DAYS[-1])
GOAL = Projection(80.0, date(2026, 12, 1), date(2026, 11, 20), date(2026, 12, 20))


def points(percents, sold=(100, 100, 100), days=DAYS):
    return pd.DataFrame({"asOf": days, "processedDateTime": days, "deploymentPercent": percents, "licensesSold": sold})


def drawn(figure):
    """The figure as the browser gets it."""
    return json.loads(figure.to_json())


def large(percents=(50.0, 55.0, 60.0), goal=Refusal.UNEVEN, shown=PERCENT):
    return drawn(line_chart(points(percents), shown, 80.0, goal, span=SPAN, palette=LIGHT))


def small(*lines, shown=PERCENT, target=80.0):
    return drawn(small_multiples(lines, shown, target, span=SPAN, palette=LIGHT))


def one(key, percents=(50.0, 55.0, 60.0), sold=(100, 100, 100), title=None):
    return Panel(key, title or key, points(percents, sold))


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


def test_a_date_that_is_near_is_drawn_with_its_range():
    figure = large(goal=GOAL)
    assert [moment[:10] for moment in figure["data"][1]["x"]] == ["2026-11-01", "2026-12-01"]
    assert figure["data"][1]["y"] == [60.0, 80.0]
    assert [figure["layout"]["shapes"][1][end][:10] for end in ("x0", "x1")] == ["2026-11-20", "2026-12-20"]
    assert figure["layout"]["xaxis"]["range"][1] > "2026-12-01"


def test_a_date_further_ahead_than_the_line_reaches_back_is_left_to_the_words():
    far = Projection(80.0, date(2028, 12, 1), date(2028, 11, 1), date(2029, 1, 1))
    assert all(len(trace["x"]) != 2 for trace in large(goal=far)["data"])


def test_a_date_whose_range_has_no_end_is_left_to_the_words():
    assert large(goal=replace(GOAL, latest=None)) == large()


def test_no_percentage_is_a_gap():
    assert large((50.0, float("nan"), 60.0))["data"][0]["y"] == [50.0, None, 60.0]


@pytest.mark.parametrize("percents", [(0.0, 0.0, 0.0), (100.0, 100.0, 100.0), (80.0, 80.0, 80.0)])
def test_a_flat_line_has_room(percents):
    low, high = large(percents)["layout"]["yaxis"]["range"]
    assert 0 <= low < high


def test_every_panel_has_a_cell_of_its_own_and_the_same_scale():
    figure = small(one("a"), one("b", (90.0, 90.0, 90.0)), one("c"), one("d"), one("e"))
    places: dict[str, list[tuple[float, float]]] = {}
    for trace in figure["data"]:
        for x, y, key in zip(trace["x"], trace["y"], trace["customdata"], strict=True):
            if x is not None and trace["mode"] != "text":
                places.setdefault(key, []).append((x, y))
    assert [places[key][0][0] for key in "abcde"] == [0, 1, 2, 3, 0]
    assert places["e"][0][1] == pytest.approx(places["a"][0][1] - 1)
    heights = {key: [round(y % 1, 3) for _, y in places[key]] for key in "ab"}
    assert heights["a"][1] / heights["b"][1] == pytest.approx(55 / 90, abs=0.01)


def test_who_has_reached_the_target_is_in_another_colour():
    figure = small(one("below"), one("above", (70.0, 75.0, 80.0)))
    colours = {trace["customdata"][0]: trace["line"]["color"] for trace in figure["data"] if "line" in trace}
    assert colours == {"below": LIGHT.action, "above": LIGHT.deployed}


def test_licenses_move_around_each_panels_own_first_figure():
    figure = small(one("large", sold=(5000, 5250, 5500)), one("small", sold=(10, 10, 20)), shown=SOLD)
    trace = figure["data"][0]
    heights: dict[str, list[float]] = {}
    for y, key in zip(trace["y"], trace["customdata"], strict=True):
        heights.setdefault(key, []).append(y)
    assert heights["large"][0] == heights["small"][0]
    assert heights["large"][2] == pytest.approx(heights["small"][2])
    assert heights["large"][0] < heights["large"][1] < heights["large"][2]


def test_a_panel_says_figure_and_change():
    texts = small(one("crm", title="Dynamics 365"))["data"][-1]["text"]
    assert texts[0] == "<b>Dynamics 365</b>"
    assert "60.00\u00a0%" in texts[2]
    assert "▲\u00a0+10.00 points" in texts[2]


def test_an_estimates_change_is_an_estimate():
    estimated = Shown("licensesSold", "Licenses deployed", is_percent=False, estimated=True)
    texts = small(one("a", sold=(100, 100, 112)), one("b", sold=(100, 100, 88)), one("c"), shown=estimated)["data"][-1]
    said = [text for text in texts["text"] if "span" in text]
    assert ["▲\u00a0≈\u00a0+12" in said[0], "▼\u00a0≈\u00a0−12" in said[1], ">±0<" in said[2]] == [True] * 3


def test_hostile_titles_are_text():
    evil = "<a href='http://evil.example'>x</a>"
    drawn = json.dumps(small(one("a", title=evil), one("b")))
    assert "<a" not in drawn
    assert "&lt;a href=" in drawn


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


def test_a_panel_whose_last_point_is_not_of_now_says_its_date_instead_of_a_change():
    gone = replace(one("o365"), is_now=False)
    labels = [text for trace in small(gone, one("crm"))["data"] for text in trace.get("text", []) if text]
    assert sum("last on 1 Nov 2026" in label for label in labels) == 1
    assert sum("+10.00 points" in label for label in labels) == 1
    words = small_multiples_in_words([gone, one("crm")], PERCENT).replace("\u00a0", " ")
    assert "o365: 50.00 % to 60.00 % on 1 Nov 2026, not in the newest answer; crm: 50.00 % to 60.00 %." in words
