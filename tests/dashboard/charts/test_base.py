"""What all charts share: labels that are text and short, and the room that they need."""

import json
import re

import pytest

from dashboard.charts import base
from dashboard.charts.palette import LIGHT
from tests.dashboard.charts.hostile import HOSTILE


@pytest.mark.parametrize("name", HOSTILE)
def test_a_foreign_name_is_one_short_line_of_text_between_marks_of_direction(name):
    label = base.title_label(name)
    assert (label[0], label[-1]) == ("\u2068", "\u2069")
    assert not re.search(r"[<>\n]", label)
    assert len(label) < 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_foreign_name_is_two_lines_of_text_at_most(name):
    lines = base.wrapped_label(name, 20).split("<br>")
    assert len(lines) <= 2
    for line in lines:
        assert (line[0], line[-1]) == ("\u2068", "\u2069")
        assert not re.search(r"[<>\n]", line)


def test_a_name_is_wrapped_between_words_and_cut_behind_two_lines():
    assert base.wrapped_label("Visio Plan 1", 20) == "\u2068Visio Plan 1\u2069"
    long = base.wrapped_label("Exchange Online Archiving for Exchange Online", 20)
    assert long == "\u2068Exchange Online\u2069<br>\u2068Archiving for…\u2069"


def test_longer_labels_get_more_room_up_to_a_limit():
    narrow, wide, widest = (base.width([label]) for label in ("iiii", "WWWW", "W" * 300))
    assert base.width([]) < narrow < wide < widest == base.width(["W" * 1000])
    assert base.width(["<b>iiii</b>"]) == narrow, "marks take no room"
    assert base.width(["漢字漢字"]) > wide, "and those of wide scripts more"


def test_what_separates_digits_takes_less_room_than_they_do():
    assert base.width(["12,345"], of_numbers=True) < base.width(["123456"], of_numbers=True)


def test_a_finished_figure_is_written_down_once():
    figure = base.Finished([], base.frame(LIGHT))
    assert figure.spec is figure.spec


def test_what_differs_on_a_narrow_screen_goes_to_the_browser_with_the_figure():
    figure = base.Finished([{"type": "bar", "x": [1]}], base.frame(LIGHT), narrow={"layout": {"height": 7}})
    spec = json.loads(figure.spec)
    assert [*spec] == ["data", "layout", "narrow", "medium", "parts"]
    assert spec["narrow"] == {"layout": {"height": 7}}
    assert json.loads(base.Finished([], base.frame(LIGHT)).spec)["narrow"] == {}


def test_what_can_be_clicked_goes_to_the_browser_with_its_figures_in_words():
    parts = [("o365", "Microsoft 365, Sold 12")]
    spec = json.loads(base.Finished([], base.frame(LIGHT), parts=parts).spec)
    assert spec["parts"] == [["o365", "Microsoft 365, Sold 12"]]
    assert base.in_plain_words("<b>&lt;b&gt; &amp; Söhne</b><br>Sold 12") == "<b> & Söhne, Sold 12"
