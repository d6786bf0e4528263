"""The age of each service as a figure: what is where, and how late is told."""

import pandas as pd

from dashboard.charts import freshness, palette
from data_access.measures.health import Timing
from tests.dashboard.timings import services


def test_late_is_told_by_more_than_its_colour():
    table = services(o365=Timing.LATE, crm=Timing.ON_TIME, new=Timing.UNKNOWN)
    drawn = freshness.figure(table, palette.LIGHT).to_dict()
    age, usual, late = drawn["data"]
    assert ["▾ late" in label for label in usual["y"]] == [False, False, True]
    assert age["x"] == [10.0, 10.0, 10.0]
    assert usual["x"][1:] == [8.0, 8.0]
    assert late["x"][1:] == [15.0, 15.0]
    assert "1 are late" in freshness.in_words(table)


def test_what_is_not_in_the_newest_answer_is_called_gone_and_has_nothing_usual():
    table = services(o365=Timing.GONE)
    drawn = freshness.figure(table, palette.LIGHT).to_dict()
    age, usual, late = drawn["data"]
    assert usual["y"][0].strip(" \u200b\u2060").endswith("gone")
    assert "Not in the newest answer" in age["hovertext"][0]
    assert pd.isna([usual["x"][0], late["x"][0]]).all()


def test_no_services_are_an_empty_figure():
    drawn = freshness.figure(services(), palette.LIGHT).to_dict()
    assert [len(mark["x"]) for mark in drawn["data"]] == [0, 0, 0]
