"""Why a percentage moved, as a description of a figure: what is drawn, what is written, and what it adds up to."""

import json
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import formats
from dashboard.charts import base, contributions
from dashboard.charts.palette import LIGHT
from data_access import measures
from data_access.measures import changes
from data_access.measures.changes import Why
from data_access.partner_center.catalog import DEPLOYMENT
from tests.dashboard.charts.hostile import HOSTILE
from tests.rows import facts_of

DECIMALS = 2


def compared(before, after):
    """Two dates by service, each as {name: (sold, percent)}."""

    def table(rows):
        changed = [
            {"serviceName": name, "licensesSold": sold, "proratedDeploymentPercent": percent}
            for name, (sold, percent) in rows.items()
        ]
        return measures.by(facts_of(DEPLOYMENT, changed), ["service"])

    found = changes.compare(table(before), table(after), ["service"])
    return contributions.in_order(found.assign(title=found["service"], label=found["service"]))


def test_on_a_narrow_screen_no_line_at_zero_crosses_the_texts_above_the_bars():
    drawn = drawn_of(compared({"o365": (100, 50)}, {"o365": (100, 60)}))
    narrow = contributions.figure(drawn, False, LIGHT, key="service").narrow
    assert narrow["layout"]["xaxis"]["zeroline"] is False


def drawn_of(table):
    return contributions.bars(table, table.head(contributions.number_drawn(table)), key="service")


MANY = compared({f"s{n:02}": (100 + n, 50) for n in range(40)}, {f"s{n:02}": (110 + n, 50 + n / 2) for n in range(40)})


def figure(table, *, estimated=False, palette=LIGHT):
    return json.loads(contributions.figure(drawn_of(table), estimated, palette, key="service").to_json())


def texts(figure, axis):
    """The texts of a column, from top to bottom."""
    return figure["layout"][axis]["ticktext"]


def test_what_moved_it_most_comes_first():
    table = compared({"a": (100, 50), "b": (100, 50), "c": (100, 50)}, {"a": (100, 51), "b": (100, 20), "c": (100, 60)})
    assert list(table["title"]) == ["b", "c", "a"]


def test_the_rows_add_up_to_the_first_one_however_many_there_are():
    drawn = drawn_of(MANY)
    assert len(drawn) == base.MOST_BARS + 2
    assert drawn["title"].iloc[0] == "All together"
    assert drawn["title"].iloc[-1] == "15 others"
    for name in ("deployedEffect", "soldEffect", "licensesSoldChange"):
        assert drawn[name].iloc[1:].sum() == pytest.approx(drawn[name].iloc[0], abs=1e-9)
    why = changes.why(MANY)
    assert drawn["deploymentPercentBefore"].iloc[0] == pytest.approx(why.before)
    assert drawn["deploymentPercentAfter"].iloc[0] == pytest.approx(why.after)


def test_a_bar_is_the_net_of_both_causes_and_its_colour_and_its_sign_are_the_direction():
    table = compared({"a": (100, 50), "b": (100, 50)}, {"a": (200, 40), "b": (100, 90)})
    drawn = figure(table)
    (bar,) = [trace for trace in drawn["data"] if trace["type"] == "bar"]
    nets = dict(zip(bar["customdata"], bar["x"], strict=True))
    assert nets[""] == pytest.approx(nets["a"] + nets["b"])
    assert (nets["a"] < 0, nets["b"] > 0) == (True, True)
    colours = dict(zip(bar["customdata"], bar["marker"]["color"], strict=True))
    assert (colours["a"], colours["b"]) == (LIGHT.worse, LIGHT.better)
    signs = dict(zip(bar["customdata"], texts(drawn, "yaxis3"), strict=True))
    assert ("−" in signs["a"], "+" in signs["b"]) == (True, True)


def test_rows_that_hardly_moved_it_are_one_row_but_never_one_alone():
    moved = {f"s{n:02}": (100, 50 + (20 - n) / 10) for n in range(20)}  # by 0.1 to 2 points of 1/20 each
    table = compared({f"s{n:02}": (100, 50) for n in range(20)}, moved)
    assert contributions.number_drawn(table) == 11  # 2.0 … 1.0 points of a twentieth are 0.1 … 0.05
    assert drawn_of(table)["title"].iloc[-1] == "9 others"
    still = compared({f"s{n:02}": (100, 50) for n in range(9)}, {f"s{n:02}": (100, 50) for n in range(9)})
    assert contributions.number_drawn(still) == 9
    assert contributions.number_drawn(MANY) == base.MOST_BARS


def test_sums_that_would_dwarf_the_rows_are_written():
    drawn = figure(MANY)
    notes = [note["text"] for note in drawn["layout"]["annotations"]]
    assert sum("from deployed," in text for text in notes) == 1  # all together
    bar = drawn["data"][0]
    assert bar["x"][0] is None
    assert max(abs(value) for value in bar["x"][1:]) < drawn["layout"]["xaxis"]["range"][1]


def test_new_and_gone_rows_have_a_percentage_on_one_side():
    drawn = figure(compared({"a": (100, 50), "old": (10, 50)}, {"a": (100, 50), "new": (10, 90)}))
    right = texts(drawn, "yaxis4")
    assert any(label.startswith("– → 90.00") for label in right)
    assert any("50.00 → –" in label for label in right)


@pytest.mark.parametrize("name", HOSTILE)
def test_foreign_text_stays_text(name):
    drawn = figure(compared({name: (100, 50)}, {name: (100, 60)}))
    marks = json.dumps([texts(drawn, "yaxis2"), drawn["data"][0]["hovertext"]])
    assert "<a" not in marks
    assert "<b><b>" not in marks


@pytest.mark.parametrize(("estimated", "said"), [(True, "(≈\u00a0+30)"), (False, "(+30)")])
def test_an_estimates_change_is_an_estimate(estimated, said):
    table = compared({"a": (100, 50)}, {"a": (200, 40)})
    hover = figure(table, estimated=estimated)["data"][0]["hovertext"][-1]
    assert f"Deployed {formats.count(50, estimated)} → {formats.count(80, estimated)} {said}" in hover


def test_words_for_those_who_cannot_see_it():
    table = compared({"a": (100, 50)}, {"a": (200, 40)})
    words = contributions.in_words(drawn_of(table), "services")
    assert "All together: 50.00 → 40.00" in words.replace("\u00a0", " ")
    assert "+22.50 points from deployed and −32.50 from sold" in words


@given(st.floats(0, 200), st.floats(-50, 50), st.floats(-50, 50))
def test_what_is_printed_adds_up(before, deployed, sold):
    change, from_deployed, from_sold = contributions.printed(
        Why(before, before + deployed + sold, deployed + sold, deployed, sold)
    )
    assert round(from_deployed + from_sold, DECIMALS) == change
    assert change == round(round(before + deployed + sold, DECIMALS) - round(before, DECIMALS), DECIMALS)
    assert abs(from_deployed - deployed) < 0.0151


def test_the_parts_of_a_row_in_the_table_add_up_to_its_bar():
    table = pd.DataFrame({"deployedEffect": [0.114, math.nan], "soldEffect": [0.004, math.nan]})  # 0.118, so 0.12
    printed = contributions.parts_printed(table)
    assert list(printed.loc[0]) == [0.12, 0.0]
    assert printed.loc[1].isna().all()
    assert list(contributions.parts_printed(table[:0])) == [*table]


def test_what_the_chart_prints_adds_up_where_rounding_alone_would_not():
    table = compared({"a": (1000, 10.004)}, {"a": (1000, 10.116)})  # 100.04 → 101.16 licenses, +0.112 points
    drawn = figure(table, estimated=True)
    hover = drawn["data"][0]["hovertext"][0]
    assert texts(drawn, "yaxis3")[0] == "<b>+0.12</b>"
    assert "10.00 → 10.12" in hover
    assert "Points of the whole +0.12: +0.12 from deployed, ±0.00 from sold" in hover
    table = compared({"a": (104, 10)}, {"a": (216, 10)})  # 10.4 → 21.6
    hover = figure(table, estimated=True)["data"][0]["hovertext"][-1]
    assert "Deployed ≈ 10 → ≈ 22 (≈ +12)" in hover.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "shown"), [(1.234, "+1.23"), (-0.5, "−0.50"), (0.001, "±0.00"), (-0.001, "±0.00"), (None, "–")]
)
def test_points_bear_their_sign(value, shown):
    assert formats.points(value) == shown


def test_nothing_sold_on_one_date_leaves_no_parts():
    table = compared({"a": (0, 0)}, {"a": (10, 50)})
    assert changes.why(table).change is None
    assert pd.isna(table["deployedEffect"]).all()
