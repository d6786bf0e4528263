"""What all charts share: labels that are text, short, and of their own, and the room that they need."""

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


def test_equal_labels_become_different_ones_that_look_the_same():
    labels = base.told_apart(["a", "b", "a", "a"])
    assert len(set(labels)) == 4
    assert [label.strip("\u200b") for label in labels] == ["a", "b", "a", "a"]


def test_longer_labels_get_more_room_up_to_a_limit():
    narrow, wide, widest = (base.margin([label]) for label in ("iiii", "WWWW", "W" * 300))
    assert base.margin([]) < narrow < wide < widest == base.margin(["W" * 1000])
    assert base.margin(["<b>iiii</b>"]) == narrow, "marks take no room"
    assert base.margin(["漢字漢字"]) > wide, "and those of wide scripts more"


def test_a_figure_grows_with_its_bars_and_has_room_for_one_at_least():
    assert base.height(0) == base.height(1) < base.height(2)


def test_a_finished_figure_is_written_down_once():
    figure = base.Finished([], base.frame(LIGHT))
    assert figure.spec is figure.spec
