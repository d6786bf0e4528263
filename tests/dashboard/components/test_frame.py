"""The bar at the top of every page: what it draws, for whom, and what Clear takes away."""

import json

import pytest

from dashboard.sitemap import PAGES
from data_access.emulator import Emulator, gateway
from tests.dashboard.visit import text


def widgets(app):
    kinds = ("button_group", "multiselect", "number_input")
    return {widget.key for kind in kinds for widget in app.get(kind)}


def tools(app):
    """What frame.js is told."""
    (data,) = [json.loads(each.proto.json) for each in app.get("bidi_component") if "frame_tools" in each.proto.id]
    return data


@pytest.mark.parametrize("page", [page.address for page in PAGES])
def test_each_page_has_the_product_the_other_pages_and_its_link(visit, page):
    app = visit(page=page)
    assert "**Partner License Insights**" in [element.value for element in app.markdown]
    assert len(app.get("page_link")) == len(PAGES)
    assert tools(app)["page"] == page


@pytest.mark.parametrize(
    ("page", "drawn"),
    [
        ("", {"channel", "service", "target"}),
        ("customers", {"channel", "service", "target"}),
        ("changes", {"channel", "service"}),
        ("health", set()),
        ("status", set()),
    ],
)
def test_the_bar_has_those_filters_that_the_page_follows(visit, page, drawn):
    app = visit(page=page)
    assert widgets(app) & {"channel", "service", "target"} == drawn


def test_the_bar_stays_where_the_figures_do_not_come(visit):
    app = visit(Emulator().always(gateway(503)))
    assert len(app.get("page_link")) == len(PAGES)
    assert "channel" not in widgets(app)


def test_clear_takes_all_filters_away_those_too_that_nobody_knows_and_nothing_else(visit):
    app = visit(link={"channel": ["direct", "nowhere"], "target": "70", "sort": "name", "service": "?", "utm": "x"})
    assert tools(app)["chosen"] == 3
    app.button(key="clear").click().run()
    assert {*app.query_params} == {"sort", "utm"}
    assert app.session_state["channel"] == []
    assert app.number_input(key="target").value == 80
    assert "Ignored" not in text(app)
    assert "The link asks for" not in text(app)


def test_without_a_filter_there_is_nothing_to_clear(visit):
    app = visit(link={"channel": "", "sort": "name"})
    assert "clear" not in [button.key for button in app.button]
    assert tools(app)["chosen"] == 0


@pytest.mark.parametrize(
    ("settings", "begins"),
    [({"PUBLIC_URL": "https://dash.contoso.com/"}, "https://dash.contoso.com"), ({}, "")],
)
def test_links_begin_with_the_address_that_people_use(visit, settings, begins):
    assert tools(visit(**settings))["publicUrl"] == begins


def test_each_page_and_each_customer_has_a_heading_of_its_own(visit):
    keys = [tools(visit(page=page.address))["heading"] for page in PAGES]
    keys.append(tools(visit(link={"customer": "someone"}, page="customers"))["heading"])
    assert len({*keys}) == len(PAGES) + 1
