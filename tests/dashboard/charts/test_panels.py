"""Small panels: each in a cell of its own, and what it says; foreign text stays text."""

import json
from dataclasses import replace

import pytest

from dashboard.charts.lines import Shown
from dashboard.charts.palette import LIGHT
from dashboard.charts.panels import Panel, height_in_points, small_multiples, small_multiples_in_words
from data_access.measures.trends import Refusal
from tests.dashboard.charts.trend import PERCENT, SOLD, SPAN, drawn, points

HIGH, LOW = 0.52, 0.06  # of a cell: the room of its line, and what is below that


def small(*lines, shown=PERCENT):
    return drawn(small_multiples(lines, shown, span=SPAN, palette=LIGHT))


def one(key, percents=(50.0, 55.0, 60.0), sold=(100, 100, 100), title=None):
    return Panel(key, title or key, points(percents, sold))


def test_every_panel_has_a_cell_of_its_own():
    figure = small(one("a"), one("b", (90.0, 90.0, 90.0)), one("c"), one("d"), one("e"))
    places: dict[str, list[tuple[float, float]]] = {}
    for trace in figure["data"]:
        for x, y, key in zip(trace["x"], trace["y"], trace["customdata"], strict=True):
            if x is not None and trace["mode"] != "text":
                places.setdefault(key, []).append((x, y))
    assert [places[key][0][0] for key in "abcde"] == [0, 1, 2, 3, 0]
    assert places["e"][0][1] == pytest.approx(places["a"][0][1] - 1)


def heights_of(figure):
    """The heights of each panel's line within its cell, by key."""
    found: dict[str, list[float]] = {}
    for trace in figure["data"]:
        if trace["mode"] == "lines+markers":
            for y, key in zip(trace["y"], trace["customdata"], strict=True):
                if y is not None:
                    found.setdefault(key, []).append(y % 1)
    return found


def test_panels_of_percentages_show_movements_and_the_same_ones_as_high():
    lines = (one("a", (90.0, 92.0, 94.0)), one("b", (10.0, 11.0, 12.0)), one("c", (50.0, 46.0, 42.0)))
    assert height_in_points(lines, PERCENT) == 8.0
    heights = heights_of(small(*lines))
    moved = {key: places[-1] - places[0] for key, places in heights.items()}
    assert moved["c"] == pytest.approx(-HIGH)  # what moves most has the whole height
    assert moved["a"] == pytest.approx(HIGH * 4 / 8)
    assert moved["b"] == pytest.approx(HIGH * 2 / 8)
    assert all((places[0] + places[-1]) / 2 == pytest.approx(LOW + HIGH / 2, abs=0.0002) for places in heights.values())


def test_a_movement_of_hundredths_stays_small_where_nothing_moves_more():
    lines = (one("a", (50.0, 50.0, 50.02)), one("b", (70.0, 70.0, 70.0)))
    assert height_in_points(lines, PERCENT) == 2.0
    heights = heights_of(small(*lines))
    assert heights["a"][-1] - heights["a"][0] == pytest.approx(HIGH * 0.02 / 2, abs=0.0002)


def test_the_dotted_line_of_a_panel_is_at_its_first_figure():
    figure = small(one("a", (50.0, 45.0, 55.0)))
    (dotted,) = figure["layout"]["shapes"]
    level = float(dotted["path"].split(",")[1].split()[0])
    assert level == pytest.approx(heights_of(figure)["a"][0])


def test_a_panel_without_a_percentage_has_no_line_and_hides_no_other():
    figure = small(one("a"), Panel("none", "none", points((float("nan"),) * 3, (0, 0, 0))))
    assert heights_of(figure)["a"][-1] - heights_of(figure)["a"][0] == pytest.approx(HIGH)
    assert "nan" not in figure["layout"]["shapes"][0]["path"]


@pytest.mark.parametrize(
    ("good", "colours"), [(1, ("better", "worse")), (-1, ("worse", "better")), (0, ("bar", "bar"))]
)
def test_the_colour_is_the_direction_and_an_arrow_says_it_too(good, colours):
    shown = replace(PERCENT, good=good)
    figure = small(one("up"), one("down", (70.0, 65.0, 60.0)), one("still", (60.0, 60.0, 60.0)), shown=shown)
    found = {}
    for trace in figure["data"]:
        for key in trace["customdata"] if "line" in trace else ():
            found[key] = trace["line"]["color"]
    assert found == {"up": getattr(LIGHT, colours[0]), "down": getattr(LIGHT, colours[1]), "still": LIGHT.bar}
    texts = [text for text in figure["data"][-1]["text"] if "%" in text]
    assert [("▲" in text, "▼" in text) for text in texts] == [(True, False), (False, True), (False, False)]


@pytest.mark.parametrize(
    ("look", "cells"),
    [
        ("narrow", [(0, 0), (1, 0), (0, -1), (1, -1), (0, -2)]),
        ("medium", [(0, 0), (1, 0), (2, 0), (0, -1), (1, -1)]),
    ],
)
def test_on_narrower_screens_the_same_panels_stand_in_fewer_columns(look, cells):
    lines = [one(key) for key in "abcde"]
    figure = json.loads(small_multiples(lines, PERCENT, span=SPAN, palette=LIGHT).spec)
    narrow = figure[look]
    assert [len(trace["x"]) for trace in figure["data"]] == [len(change["x"]) for change in narrow["data"]]
    words, keys = narrow["data"][-1], figure["data"][-1]["customdata"]
    firsts: dict[str, tuple[float, int]] = {}
    for key, x, y in zip(keys, words["x"], words["y"], strict=True):
        if x is not None:
            firsts.setdefault(key, (x, int(y // 1)))
    assert [firsts[key] for key in "abcde"] == cells
    assert narrow["layout"]["height"] >= figure["layout"]["height"]


def test_a_name_is_cut_within_its_own_panel_where_panels_are_narrow():
    figure = small_multiples([one("a", title="Purview Information Protection")], PERCENT, span=SPAN, palette=LIGHT)
    names = [figure.data[-1].text[0], *(look["data"][-1]["text"][0] for look in (figure.medium, figure.narrow))]
    assert names == [
        "<b>Purview Information Protection</b>",
        "<b>Purview Information Prote…</b>",
        "<b>Purview Information …</b>",
    ]


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


def test_a_narrow_panel_has_no_room_for_the_unit_of_its_change():
    panels = [one("aad", (99.6, 100.0, 100.59))]
    words = small_multiples(panels, PERCENT, span=SPAN, palette=LIGHT).narrow["data"][-1]["text"]
    assert "100.59\u00a0%" in words[2]
    assert words[2].endswith("▲\u00a0+0.99</span>")


def test_a_panels_change_is_the_difference_of_both_figures_as_they_are_printed():
    texts = small(one("crm", (50.004, 52.0, 53.246)))["data"][-1]["text"]
    assert "▲\u00a0+3.25 points" in texts[2]


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


def test_a_panel_whose_last_point_is_not_of_now_says_its_date_instead_of_a_change():
    gone = replace(one("o365"), absent=Refusal.NOT_THERE)
    labels = [text for trace in small(gone, one("crm"))["data"] for text in trace.get("text", []) if text]
    assert sum("last on 1 Nov 2026" in label for label in labels) == 1
    assert sum("+10.00 points" in label for label in labels) == 1
    words = small_multiples_in_words([gone, one("crm")], PERCENT).replace("\u00a0", " ")
    assert "o365: 50.00 % to 60.00 % on 1 Nov 2026, not in the newest answer; crm: 50.00 % to 60.00 %." in words


def test_in_a_panel_such_a_point_stands_hollow_in_a_gap_too_and_is_not_compared():
    lacking = points((90.0, 50.0, 60.0)).assign(without=["Teams", "", ""])
    figure = small(Panel("direct", "Direct", lacking))
    line, ends, hollow = ([one is not None for one in trace["y"]] for trace in figure["data"][:3])
    assert (line, ends, hollow) == ([False, True, True, False], [True, False], [True, False, False, False])
    assert figure["data"][2]["marker"]["symbol"] == "circle-open"
    assert figure["data"][2]["hovertext"][0].endswith("<br>without Teams")
    assert any("+10.00 points" in label for label in figure["data"][-1]["text"])
    words = small_multiples_in_words([Panel("direct", "Direct", lacking)], PERCENT).replace("\u00a0", " ")
    assert "Direct: 50.00 % to 60.00 %" in words


def test_a_panel_whose_last_point_lacks_a_part_is_not_compared():
    panel = replace(one("direct", (50.0, 60.0, 90.0)), is_whole=False)
    labels = [text for trace in small(panel)["data"] for text in trace.get("text", []) if text]
    assert any("not compared" in label for label in labels)
    assert not any("40" in label for label in labels)
    assert "not compared" in small_multiples_in_words([panel], PERCENT)
