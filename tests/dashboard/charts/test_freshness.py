"""The age of each service as a figure: what is where, and how late is told."""

from dashboard.charts import freshness, palette
from data_access.measures.health import Timing
from tests.timings import services


def parts(table):
    figure = freshness.figure(table, palette.LIGHT).to_dict()
    band, age = figure["data"][:2]
    return figure, band, age


def test_late_is_told_by_more_than_its_colour():
    table = services(o365=Timing.LATE, crm=Timing.ON_TIME, new=Timing.UNKNOWN)
    figure, band, age = parts(table)
    assert ["late" in word for word in figure["layout"]["yaxis5"]["ticktext"]] == [True, False, False]
    assert [colour == palette.LIGHT.worse for colour in age["marker"]["color"]] == [True, False, False]
    assert age["x"] == [10.0, 10.0, 10.0]
    assert (band["base"], band["x"]) == ([8.0, 8.0, None], [7.0, 7.0, None])
    words = freshness.in_words(table)
    assert "1 is late" in words
    assert all(f"{title}: 10 days" in words for title in table["title"])


def test_one_day_is_a_day():
    words = freshness.in_words(services(o365=Timing.ON_TIME).assign(ageDays=1.0))
    assert ": 1 day, " in words


def test_red_is_in_the_key_only_where_something_is_late():
    for timing, expected in ((Timing.LATE, True), (Timing.ON_TIME, False)):
        figure, _, _ = parts(services(o365=timing))
        assert (palette.LIGHT.worse in figure["layout"]["annotations"][0]["text"]) is expected


def test_what_is_not_in_the_newest_answer_is_called_gone_and_has_nothing_usual():
    figure, band, age = parts(services(o365=Timing.GONE))
    assert figure["layout"]["yaxis5"]["ticktext"] == ["gone"]
    assert "Not in the newest answer" in age["hovertext"][0]
    assert band["base"] == band["x"] == [None]


def test_no_services_are_an_empty_figure():
    _, band, age = parts(services())
    assert [len(band["x"]), len(age["x"])] == [0, 0]
