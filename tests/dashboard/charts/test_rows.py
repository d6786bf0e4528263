"""Rows of texts and marks: which text stands where, at any width, and what a narrow screen shows instead."""

import json

import pytest

from dashboard.charts import rows
from dashboard.charts.palette import LIGHT
from dashboard.charts.rows import Column, Panel, Rows

AXES = ("yaxis2", "yaxis3", "yaxis4", "yaxis5")


def two_panels(number=3, target=80.0):
    bar = {"type": "bar", "orientation": "h", "x": list(range(number))}
    first = Panel("Part", "key", [bar], {"range": [0, 100]}, target=target)
    return first, Panel("Whole", "■ one<br>■ two", [bar, bar], {"range": [0, 10]})


def chart(number=3, target=80.0, short="n{}"):
    names = [f"name {place}" for place in range(number)]
    texts = Rows(
        names=names,
        short=[short.format(place) for place in range(number)],
        keys=[f"key {place}" for place in range(number)],
        hover=names,
        figures=Column([f"{place} %" for place in range(number)]),
        columns=(Column([str(place) for place in range(number)], "Sold"), Column(["·"] * number, "Not deployed")),
        narrow=[f"{place} to go" for place in range(number)],
    )
    return json.loads(rows.figure(texts, two_panels(number, target), LIGHT).spec)


def test_the_first_row_is_on_top_in_every_column_and_panel():
    figure = chart()
    assert figure["data"][0]["y"] == [2, 1, 0]
    for axis in AXES:
        assert figure["layout"][axis]["tickvals"] == [2, 1, 0]
    assert figure["layout"]["yaxis2"]["ticktext"][0] == "name 0"
    assert figure["data"][0]["customdata"][0] == "key 0"


def test_names_are_left_aligned_and_numbers_right_aligned_each_in_a_column_of_its_own():
    layout = chart()["layout"]
    assert [layout[axis]["side"] for axis in AXES] == ["right", "left", "left", "left"]
    edges = [layout[axis]["shift"] for axis in AXES]
    assert edges == sorted(edges), "from left to right"
    assert -edges[0] < layout["margin"]["l"]
    assert edges[-1] < layout["margin"]["r"]


def test_every_axis_of_texts_has_a_trace_that_makes_plotly_draw_it():
    figure = chart()
    drawn = {trace.get("yaxis", "y") for trace in figure["data"]}
    assert drawn == {"y", "y2", "y3", "y4", "y5"}


def test_the_axis_of_the_marks_is_not_shifted_or_the_mouse_would_find_them_elsewhere():
    axis = chart()["layout"]["yaxis"]
    assert "shift" not in axis
    assert axis["showticklabels"] is False


def test_no_text_of_a_column_is_measured_in_the_browser_which_would_lay_out_the_page_for_each():
    layout = chart()["layout"]
    assert {layout[axis]["ticklabeloverflow"] for axis in AXES} == {"allow"}


def test_a_narrow_screen_has_one_panel_with_name_and_figure_above_each_row():
    figure = chart()
    narrow = figure["narrow"]
    assert [change["visible"] for change in narrow["data"]] == [True, False, False]
    layout = narrow["layout"]
    assert layout["xaxis"]["zeroline"], "at the side, where no text is"
    assert (layout["yaxis2"]["ticktext"][0], layout["yaxis3"]["ticktext"][0]) == ("n0", "0 to go")
    for axis in ("yaxis2", "yaxis3"):
        assert (layout[axis]["ticklabelposition"], layout[axis]["ticklabelshift"] < 0) == ("inside", True)
    assert [layout[axis]["visible"] for axis in ("yaxis4", "yaxis5", "xaxis2")] == [False] * 3
    assert layout["xaxis"]["domain"] == [0, 1]
    assert layout["height"] > figure["layout"]["height"]
    assert [note["text"] for note in layout["annotations"]] == ["<b>Part</b><br>key"]


def test_on_a_narrow_screen_long_names_take_two_lines_and_more_room():
    one, two = chart()["narrow"]["layout"], chart(short="long<br>name {}")["narrow"]["layout"]
    assert two["height"] >= one["height"] + 3 * 17
    assert two["yaxis2"]["ticklabelshift"] < one["yaxis2"]["ticklabelshift"]
    assert two["yaxis3"]["ticklabelshift"] == one["yaxis3"]["ticklabelshift"], "figures stay beside the last line"


def test_the_target_is_a_line_and_on_a_narrow_screen_a_mark_on_each_bar():
    figure = chart(target=65.0)
    (line,) = figure["layout"]["shapes"]
    assert (line["x0"], line["x1"], line["yref"]) == (65.0, 65.0, "paper")
    (marks,) = figure["narrow"]["layout"]["shapes"]
    assert marks["path"].count("M65.0,") == 3
    assert chart(target=None)["layout"].get("shapes", []) == chart(target=None)["narrow"]["layout"]["shapes"] == []


@pytest.mark.parametrize("number", [0, 1, 25])
def test_any_number_of_rows_has_room(number):
    figure = chart(number)
    assert figure["layout"]["height"] > 64 + 25 * number
    low, high = figure["layout"]["yaxis"]["range"]
    assert high - low == max(1, number)
