"""The main chart as a description: what is where, and in which words."""

import json
import re

import pandas as pd
import pytest

from dashboard.charts.bars import deployment, in_words, usage
from dashboard.charts.palette import LIGHT
from data_access import measures
from data_access.partner_center.catalog import DEPLOYMENT
from tests.dashboard.charts.hostile import HOSTILE
from tests.dashboard.charts.legible import PALETTES
from tests.rows import facts_of


def table_of(changes):
    table = measures.by(facts_of(DEPLOYMENT, changes), ["service"])
    return table.assign(title=table["service"])


def figure_with(table, target=80.0, palette=LIGHT):
    return deployment(table, target, True, palette, key="service")


def figure_of(changes, target=80.0, palette=LIGHT):
    return figure_with(table_of(changes), target, palette).to_dict()


def column(figure, axis):
    """The texts of a column, from top to bottom."""
    return figure["layout"][axis]["ticktext"]


def marks(figure):
    """The bars by their names."""
    return {trace["name"]: trace for trace in figure["data"] if trace["type"] == "bar"}


def test_both_panels_show_the_same_services_in_the_same_order():
    bars = marks(figure_of([{"serviceName": name} for name in ("a", "b", "c")]))
    assert {tuple(bar["customdata"]) for bar in bars.values()} == {("a", "b", "c")}
    assert {tuple(bar["y"]) for bar in bars.values()} == {(2, 1, 0)}
    assert [bar["xaxis"] for bar in bars.values()] == ["x", "x", "x2", "x2"]


def test_deployed_and_not_deployed_make_up_what_was_sold():
    bars = marks(json.loads(figure_with(table_of([{"licensesSold": 200}])).to_json()))
    assert bars["deployed"]["x"] == [100.0]
    assert bars["not deployed"]["x"] == [100.0]


def test_the_bar_ends_at_the_percentage_and_the_rest_up_to_the_target_is_missing():
    changes = [
        {"serviceName": "low", "proratedDeploymentPercent": 70.0},
        {"serviceName": "high", "proratedDeploymentPercent": 85.0},
        {"serviceName": "none", "licensesSold": 0, "proratedDeploymentPercent": 0.0},
    ]
    figure = figure_of(changes)
    percents = dict(zip(marks(figure)["percent"]["customdata"], marks(figure)["percent"]["x"], strict=True))
    missing = dict(zip(marks(figure)["missing"]["customdata"], marks(figure)["missing"]["x"], strict=True))
    assert percents == {"low": 70.0, "high": 85.0, "none": None}
    assert missing == {"low": 10.0, "high": 0.0, "none": None}


#: Five services below the target of 80, one above it: name, licenses sold, percent; 1,000 sold at 85 % leave 150.
SOME = [("a", 100, 50.0), ("b", 400, 50.0), ("c", 200, 50.0), ("d", 10, 50.0), ("e", 300, 50.0), ("top", 1000, 85.0)]


def test_the_few_with_most_to_deploy_below_the_target_stand_out_by_colour_and_by_bold_texts():
    changes = [
        {"serviceName": name, "licensesSold": sold, "proratedDeploymentPercent": percent}
        for name, sold, percent in SOME
    ]
    table = table_of(changes)
    figure = figure_with(table).to_dict()
    expected = [service in ("b", "e", "c") for service in table["service"]]
    fills = {"missing": "rgba(0,0,0,0)", "not deployed": LIGHT.undeployed}
    for part, fill in fills.items():
        colours = [LIGHT.action if matters else fill for matters in expected]
        assert marks(figure)[part]["marker"]["color"] == colours
    assert marks(figure)["percent"]["marker"]["color"] == LIGHT.bar
    for axis in ("yaxis2", "yaxis3", "yaxis5"):
        assert ["<b>" in text for text in column(figure, axis)] == expected
    assert "most to deploy" in figure["layout"]["annotations"][1]["text"]


def test_where_all_have_reached_the_target_nothing_stands_out():
    figure = figure_of([{"proratedDeploymentPercent": 80.0}])
    assert LIGHT.action not in json.dumps(figure_with(table_of([{"proratedDeploymentPercent": 80.0}])).spec)
    assert "<b>" not in column(figure, "yaxis2")[0]


def test_numbers_stand_in_columns_and_none_is_no_number():
    changes = [
        {"serviceName": "most", "licensesSold": 12_345, "proratedDeploymentPercent": 50.0},
        {"serviceName": "none", "licensesSold": 10, "proratedDeploymentPercent": 100.0},
    ]
    figure = figure_of(changes)
    assert column(figure, "yaxis4") == ["12,345", "10"]
    assert [re.sub("<.*?>", "", text) for text in column(figure, "yaxis5")] == ["≈\u00a06,172", ""]
    titles = [note["text"] for note in figure["layout"]["annotations"][2:]]
    assert titles == ["Sold", "Not deployed"]


def test_a_narrow_screen_says_percentage_and_what_is_to_go():
    figure = json.loads(figure_with(table_of([{"licensesSold": 200, "proratedDeploymentPercent": 50.0}])).spec)
    (text,) = figure["narrow"]["layout"]["yaxis3"]["ticktext"]
    assert re.sub("<.*?>", "", text).split() == ["≈", "100", "to", "go", "50.00", "%"]


def test_the_target_line_stands_at_the_target():
    (line,) = figure_of([{}], target=65)["layout"]["shapes"]
    assert (line["x0"], line["x1"]) == (65, 65)


def test_over_deployment_is_within_the_axis_and_nothing_sold_has_no_percentage():
    figure = figure_of(
        [
            {"serviceName": "over", "proratedDeploymentPercent": 180.0},
            {"serviceName": "none", "licensesSold": 0, "proratedDeploymentPercent": 0.0},
        ]
    )
    assert figure["layout"]["xaxis"]["range"][1] >= 180
    assert dict(zip(marks(figure)["percent"]["customdata"], column(figure, "yaxis3"), strict=True))["none"] == "–"


def test_the_hover_has_the_exact_figures_and_the_services_own_date():
    hover = figure_of([{"licensesSold": 474, "proratedDeploymentPercent": 26.16}])["data"][0]["hovertext"][0]
    for expected in ("26.16\u00a0%", "Sold 474", "≈\u00a0124", "Not deployed ≈\u00a0350", "9 Oct 2026"):
        assert expected in hover


def test_services_of_the_same_title_keep_rows_of_their_own():
    table = table_of([{"serviceName": "a"}, {"serviceName": "b"}])
    table["title"] = "Same"
    bars = marks(figure_with(table).to_dict())
    assert {tuple(bar["y"]) for bar in bars.values()} == {(1, 0)}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_and_short(name):
    figure = figure_of([{"serviceName": name}])
    bars = figure["data"][0]
    for text in (column(figure, "yaxis2")[0], bars["hovertext"][0]):
        assert not re.search(r"<(?!/?b>|br>)", text)
        assert "<b>x</b>" not in text
    assert len(column(figure, "yaxis2")[0]) < 100
    assert bars["customdata"] == [name]


def test_those_who_cannot_see_it_are_told_what_it_says():
    table = table_of([{"serviceName": f"s{place}", "proratedDeploymentPercent": 12.5 + place} for place in range(9)])
    words = in_words(table, table["deploymentPercent"], "deployment percentage of services", 80)
    for place in range(9):
        assert f"s{place}: {12.5 + place:.2f}\u00a0%" in words
    assert "9 are below the target of 80 percent" in words


@pytest.mark.parametrize("changes", [[], [{"licensesSold": 0, "proratedDeploymentPercent": 0.0}]])
def test_nothing_to_draw_is_drawn_all_the_same(changes):
    assert {len(bar["x"]) for bar in marks(figure_of(changes)).values()} == {len(changes)}


def use_of(**changes):
    """One service as `usage.by_service` has it, with a title."""
    row = {
        "service": "o365",
        "title": "Microsoft 365",
        "licensesSold": 100.0,
        "used": 40.0,
        "unused": 20.0,
        "noUsageFigures": 10.0,
        "undeployed": 30.0,
        "overDeployed": 0.0,
        "licensesActive": 45.0,
        "licensesQualified": 90.0,
        "usagePercent": 50.0,
        "processedDateTime": pd.Timestamp("2026-10-09", tz="UTC"),
        "windowEnd": pd.Timestamp("2026-10-08", tz="UTC"),
    }
    return pd.DataFrame([row | changes])


def use_figure(table, palette=LIGHT):
    return usage(table, 80, palette, key="service")


def parts_of(figure):
    return {name: part["x"] for name, part in marks(figure.to_dict()).items() if name != "percent"}


NAN = float("nan")
NOT_SOLD = dict.fromkeys(["licensesSold", "used", "unused", "noUsageFigures", "undeployed", "overDeployed"], NAN)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"used": [40], "not used": [20], "no usage figures": [10], "not deployed": [30]}),
        (
            {"used": 80.0, "unused": 40.0, "noUsageFigures": 0.0, "undeployed": 80.0, "licensesSold": 200.0},
            {"used": [40], "not used": [20], "not deployed": [40]},
        ),
        ({"used": NAN, "unused": NAN, "noUsageFigures": 70.0}, {"no usage figures": [70], "not deployed": [30]}),
        (NOT_SOLD, {"active": [50], "not active": [50]}),
    ],
    ids=["all", "every product has figures", "nobody counts use", "nobody counts licenses"],
)
def test_a_hundred_licenses_are_split_into_what_is_known_of_them(changes, expected):
    assert parts_of(use_figure(use_of(**changes))) == expected


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_the_parts_stand_in_the_order_of_the_key_each_in_its_colour_and_its_numbers_in_columns(palette):
    figure = use_figure(use_of(), palette).to_dict()
    parts = [part for name, part in marks(figure).items() if name != "percent"]
    key = figure["layout"]["annotations"][1]["text"]
    colours = [part["marker"]["color"] for part in parts]
    assert colours[1] == [palette.action], "what is not used of the service that has the most"
    assert "most not used" in key
    colours[1] = palette.unused
    places = [key.index(f"color:{colour}") for colour in (*colours, palette.action)]
    assert places == sorted(places)
    assert len({*colours}) == len(colours)
    narrow = json.loads(use_figure(use_of(), palette).spec)["narrow"]["layout"]["annotations"]
    assert "<b>bold</b>: most not used" in " ".join(note["text"] for note in narrow)
    assert [column(figure, axis) for axis in ("yaxis4", "yaxis5", "yaxis6")] == [["<b>20</b>"], ["30"], ["100"]]
    assert [note["text"] for note in figure["layout"]["annotations"][2:]] == ["Not used", "Not deployed", "Sold"]


def test_no_licenses_at_all_are_no_parts():
    nothing = dict.fromkeys(["licensesSold", "used", "unused", "noUsageFigures", "undeployed"], 0.0)
    assert {tuple(part) for part in parts_of(use_figure(use_of(**nothing))).values()} == {(0.0,)}


def test_the_hover_names_both_dates_and_every_part():
    hover = use_figure(use_of(overDeployed=5.0)).to_dict()["data"][0]["hovertext"][0]
    for expected in ("50.00", "Deployed, not used 20", "Not deployed 30", "Over-deployed 5", "9 Oct", "8 Oct"):
        assert expected in hover


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_services_are_text_here_too(name):
    figure = use_figure(use_of(title=name)).to_dict()
    assert "<b>x</b>" not in column(figure, "yaxis2")[0]
    assert not re.search(r"<(?!/?b>|br>)", figure["data"][0]["hovertext"][0])


def test_no_use_to_draw_is_drawn_all_the_same():
    figure = usage(use_of().head(0), 80, LIGHT, key="service").to_dict()
    assert {len(bar["x"]) for bar in marks(figure).values()} == {0}
