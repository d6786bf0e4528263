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
from tests.dashboard.charts.legible import PALETTES, contrast
from tests.rows import facts_of


def table_of(changes):
    table = measures.by(facts_of(DEPLOYMENT, changes), ["service"])
    return table.assign(title=table["service"])


def figure_with(table, target=80.0, palette=LIGHT):
    return deployment(table, target, True, palette, key="service")


def figure_of(changes, target=80.0, palette=LIGHT):
    return figure_with(table_of(changes), target, palette).to_dict()


def test_both_panels_show_the_same_services_in_the_same_order():
    figure = figure_of([{"serviceName": name} for name in ("a", "b", "c")])
    percents, deployed, undeployed = figure["data"]
    assert percents["customdata"] == deployed["customdata"] == undeployed["customdata"] == ["c", "b", "a"]
    assert (percents.get("xaxis"), deployed["xaxis"], undeployed["xaxis"]) == (None, "x2", "x2")


def test_deployed_and_undeployed_make_up_what_was_sold():
    figure = json.loads(figure_with(table_of([{"licensesSold": 200}])).to_json())
    _, deployed, undeployed = figure["data"]
    assert deployed["x"] == [100.0]
    assert undeployed["x"] == [100.0]


def test_below_target_is_said_by_colour_and_by_sign():
    changes = [
        {"serviceName": "low", "proratedDeploymentPercent": 79.99},
        {"serviceName": "high", "proratedDeploymentPercent": 80.0},
    ]
    bars = figure_of(changes)["data"][0]
    assert bars["marker"]["color"] == [LIGHT.below_target, LIGHT.deployed]
    assert "▾" in bars["y"][0]
    assert "▾" not in bars["y"][1]


def test_the_target_line_stands_at_the_target():
    (line,) = figure_of([{}], target=65)["layout"]["shapes"]
    assert (line["x0"], line["x1"]) == (65, 65)


def test_over_deployment_is_within_the_axis_and_nothing_sold_has_no_bar():
    figure = figure_of(
        [
            {"serviceName": "over", "proratedDeploymentPercent": 180.0},
            {"serviceName": "none", "licensesSold": 0, "proratedDeploymentPercent": 0.0},
        ]
    )
    assert figure["layout"]["xaxis"]["range"][1] >= 180
    assert "–" in next(label for label in figure["data"][0]["y"] if "none" in label)


def test_the_hover_has_the_exact_figures_and_the_services_own_date():
    hover = figure_of([{"licensesSold": 474, "proratedDeploymentPercent": 26.16}])["data"][0]["hovertext"][0]
    for expected in ("26.16\u00a0%", "Sold 474", "≈\u00a0124", "≈\u00a0350", "9 Oct 2026"):
        assert expected in hover


def test_services_of_the_same_title_keep_rows_of_their_own():
    table = table_of([{"serviceName": "a"}, {"serviceName": "b"}])
    table["title"] = "Same"
    left, right, _ = (bars["y"] for bars in figure_with(table).to_dict()["data"])
    assert len(set(left)) == len(set(right)) == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_and_short(name):
    bars = figure_of([{"serviceName": name}])["data"][0]
    for text in (bars["y"][0], bars["hovertext"][0]):
        assert not re.search(r"<(?!/?b>|br>)", text)
        assert "<b>x</b>" not in text
    assert len(bars["y"][0]) < 100
    assert bars["customdata"] == [name]


def test_those_who_cannot_see_it_are_told_what_it_says():
    table = table_of([{"proratedDeploymentPercent": 12.5}])
    words = in_words(table, table["deploymentPercent"], "deployment percentage of services", 80)
    assert "12.50" in words


@pytest.mark.parametrize("changes", [[], [{"licensesSold": 0, "proratedDeploymentPercent": 0.0}]])
def test_nothing_to_draw_is_drawn_all_the_same(changes):
    assert [len(bars["x"]) for bars in figure_of(changes)["data"]] == [len(changes)] * 3


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
    return {part["name"]: part["x"] for part in figure.to_dict()["data"][1:]}


NAN = float("nan")
NOT_SOLD = dict.fromkeys(["licensesSold", "used", "unused", "noUsageFigures", "undeployed", "overDeployed"], NAN)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"used": [40], "not used": [20], "no usage figures": [10], "undeployed": [30]}),
        ({"noUsageFigures": 0.0}, {"used": [40], "not used": [20], "undeployed": [30]}),
        ({"used": NAN, "unused": NAN, "noUsageFigures": 70.0}, {"no usage figures": [70], "undeployed": [30]}),
        (NOT_SOLD, {"active": [45], "not active": [45]}),
    ],
    ids=["all", "every product has figures", "nobody counts use", "nobody counts licenses"],
)
def test_licenses_are_split_into_what_is_known_of_them(changes, expected):
    assert parts_of(use_figure(use_of(**changes))) == expected


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_parts_differ_in_hatching_and_colour_and_are_legible(palette):
    figure = use_figure(use_of(), palette).to_dict()
    markers = [part["marker"] for part in figure["data"][1:]]
    assert len({marker.get("pattern", {}).get("shape", "") for marker in markers}) == len(markers)
    assert len({marker["color"] for marker in markers}) == len(markers)
    for marker in markers:
        assert contrast(marker.get("pattern", {}).get("fgcolor", marker["color"]), palette.background) >= 3
        if "pattern" in marker:
            assert contrast(marker["pattern"]["fgcolor"], marker["color"]) >= 3
    key = figure["layout"]["annotations"][1]["text"]
    assert [mark for mark in "■▩▒▨" if mark in key] == [*"■▩▒▨"]


def test_the_hover_names_both_dates_and_every_part():
    hover = use_figure(use_of(overDeployed=5.0)).to_dict()["data"][0]["hovertext"][0]
    for expected in ("50.00", "Deployed, unused 20", "Undeployed 30", "Over-deployed 5", "9 Oct", "8 Oct"):
        assert expected in hover


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_services_are_text_here_too(name):
    bars = use_figure(use_of(title=name)).to_dict()["data"][0]
    assert "<b>x</b>" not in bars["y"][0]
    assert not re.search(r"<(?!/?b>|br>)", bars["hovertext"][0])


def test_no_use_to_draw_is_drawn_all_the_same():
    assert {len(bars["x"]) for bars in usage(use_of().head(0), 80, LIGHT, key="service").to_dict()["data"]} == {0}
