"""The link and the widgets say the same, whichever of them was changed, and from page to page."""

from datetime import date

import pytest
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy
from streamlit.testing.v1 import AppTest

from dashboard.filters.parameters import ChangesFilters, CustomersFilters, OverviewFilters, TrendsFilters
from tests.dashboard.filters import pages
from tests.dashboard.filters.pages import choose, click, filters, follow, link, run, unknown
from tests.dashboard.visit import tiles

CODES = (["direct", "indirect", "reseller"], ["crm", "o365", "teams"])
DAYS = [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1), date(2026, 11, 8)]


def opened(page=OverviewFilters, link=None, codes=CODES, without=()):
    return pages.opened(page, link or {}, codes, DAYS, without)


@pytest.mark.parametrize(
    ("page", "key", "held", "texts", "asked"),
    [
        (OverviewFilters, "channel", ["direct"], ["direct"], {"channel": ("direct",)}),
        (OverviewFilters, "service", ["teams", "crm"], ["crm", "teams"], {"service": ("crm", "teams")}),
        (OverviewFilters, "sort", "name", ["name"], {"sort": "name"}),
        (OverviewFilters, "target", 72.5, ["72.5"], {"target": 72.5}),
        (CustomersFilters, "search", "gmbh", ["gmbh"], {"search": "gmbh"}),
        (TrendsFilters, "range", "1y", ["1y"], {"range": "1y"}),
        (ChangesFilters, "level", "product", ["product"], {"level": "product"}),
        (ChangesFilters, "status", ["new"], ["new"], {"status": ("new",)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_choice_stands_in_the_link_which_shows_others_the_same(page, key, held, texts, asked):
    app = opened(page)
    usual = app.session_state[key]
    choose(app, key, held)
    assert link(app) == {key: texts}
    assert filters(app) == page(**asked)

    colleague = opened(page, link(app))
    assert filters(colleague) == page(**asked)
    assert colleague.session_state[key] == (sorted(held) if isinstance(held, list) else held)

    choose(app, key, usual)
    assert link(app) == {}
    assert filters(app) == page()


def dates(app):
    return app.selectbox(key="since").value, app.selectbox(key="until").value


def test_the_date_that_is_compared_by_default_follows_the_other_one():
    app = opened(ChangesFilters)
    assert dates(app) == ("2026-09-01", "2026-11-08")
    choose(app, "until", "2026-10-01")
    assert link(app) == {"until": ["2026-10-01"]}
    assert dates(app) == ("2026-09-01", "2026-10-01")


def test_a_date_beyond_the_other_one_changes_places_with_it():
    app = opened(ChangesFilters, {"since": "2026-11-01"})
    choose(app, "until", "2026-10-01")
    assert link(app) == {"since": ["2026-10-01"], "until": ["2026-11-01"]}
    assert dates(app) == ("2026-10-01", "2026-11-01")


def test_the_same_choices_make_the_same_link_in_whatever_order_they_come():
    values = {"target": 70.0, "channel": ["reseller", "direct"]}
    for order in ([*values], [*reversed(values)]):
        app = opened(link={"utm": "x"})
        for key in order:
            choose(app, key, values[key])
        assert [*link(app).items()] == [("channel", ["direct", "reseller"]), ("target", ["70"]), ("utm", ["x"])]


def test_widgets_follow_the_link_back():
    app = opened(link={"channel": "direct"})
    choose(app, "channel", ["direct", "reseller"])
    follow(app, {"channel": "direct"})
    run(app)
    assert app.session_state["channel"] == ["direct"]
    assert filters(app) == OverviewFilters(channel=("direct",))


def test_a_widget_keeps_the_order_in_which_its_options_were_chosen():
    app = opened()
    choose(app, "service", ["teams", "crm"])
    assert app.session_state["service"] == ["teams", "crm"]


def test_a_choice_that_is_not_drawn_stays_in_the_link():
    not_drawn = {"sort": ["name"], "target": ["70"], "range": ["3m"], "utm": ["x"]}
    app = opened(link=not_drawn, without=("sort", "target"))
    assert filters(app) == OverviewFilters(sort="name", target=70.0)
    choose(app, "channel", ["direct"])
    assert filters(app) == OverviewFilters(channel=("direct",), sort="name", target=70.0)
    assert link(app) == {"channel": ["direct"], **not_drawn}


def test_of_quick_clicks_none_is_lost():
    app = opened()
    choose(app, "channel", ["direct"])
    follow(app, {})  # the browser sends the next click before it has the link of this one
    choose(app, "sort", "name")
    assert link(app) == {"channel": ["direct"], "sort": ["name"]}
    follow(app, {})
    click(app, "crm")
    assert filters(app) == OverviewFilters(channel=("direct",), service=("crm",), sort="name")


def test_a_click_that_was_overtaken_leaves_the_browser_with_no_older_link_and_widget(monkeypatch):
    written, write = [], QueryParamsProxy.from_dict

    def note(proxy, link):
        written.append(link)
        write(proxy, link)

    monkeypatch.setattr(QueryParamsProxy, "from_dict", note)  # AppTest shows the last link alone
    app = opened()
    click(app, "crm")
    assert written == [{"service": ["crm"]}]
    follow(app, {})  # the browser sends the next click before it has the link and the widget of this one
    app.session_state["service"] = []
    click(app, "crm")
    assert written == [{"service": ["crm"]}, {}], "though the link that came with the click says the same"
    assert app.multiselect(key="service").proto.set_value, "and the widget is told so, too"
    click(app, "teams")
    follow(app, {"service": ["teams"]})
    run(app)
    assert not app.multiselect(key="service").proto.set_value


def test_a_click_shows_one_alone_and_a_second_one_all():
    app = opened(link={"service": ["crm", "o365"]})
    for service, alone in (("o365", ["o365"]), ("teams", ["teams"]), ("teams", [])):
        click(app, service)
        assert link(app).get("service", []) == app.session_state["service"] == alone


def test_what_a_link_asks_for_in_vain_is_named_until_it_is_chosen_anew():
    app = opened(link={"channel": ["nowhere", "direct"], "sort": "sideways", "target": "x" * 99, "range": "forever"})
    long = f'target "{"x" * 39}…"'
    assert unknown(app) == ['channel "nowhere"', 'sort "sideways"', long]
    choose(app, "sort", "name")
    assert unknown(app) == ['channel "nowhere"', long]
    choose(app, "channel", ["reseller"])
    assert unknown(app) == [long]
    assert link(app)["range"] == ["forever"]  # of another page


def test_what_is_not_for_a_user_cannot_be_asked_for():
    app = opened(ChangesFilters, {"level": "customer"})
    assert filters(app).level == "service"
    assert app.session_state["controls"].closed == {"level"}
    assert unknown(app) == []
    assert app.button_group(key="level").options == ["Services", "Products"]


def test_newer_data_may_have_what_the_link_asks_for_or_have_it_no_longer():
    channels = ["direct", "reseller"]
    app = opened(link={"channel": ["direct", "advisor"]}, codes=(channels, CODES[1]))
    assert unknown(app) == ['channel "advisor"']
    channels[0] = "advisor"
    run(app)
    assert unknown(app) == ['channel "direct"']
    assert filters(app) == OverviewFilters(channel=("advisor",))
    assert app.session_state["channel"] == ["advisor"]


# From page to page, in the dashboard


@pytest.mark.parametrize("page", ["changes", "customers", "usage", "trends"])
def test_filters_go_along_and_clicks_go_on_after_a_page_that_draws_fewer_of_them(visit, page):
    app = visit(link={"channel": ["reseller"], "sort": ["name"], "target": ["70"]})
    app.switch_page(f"screens/{page}.py").run()
    assert app.session_state["channel"] == ["reseller"]
    for channels in (["direct"], ["indirect"], ["direct", "indirect"], []):
        app.button_group(key="channel").set_value(channels).run()
        assert not app.exception, channels
    app.switch_page("screens/overview.py").run()
    app.button_group(key="channel").set_value(["direct"]).run()
    assert not app.exception
    assert (app.session_state["sort"], app.session_state["target"]) == ("name", 70)


def test_a_search_that_finds_nobody_can_be_followed_by_another(visit):
    app = visit(page="customers")
    for words in ("nobody", "nobody else", "gmbh"):
        app.text_input(key="search").set_value(words).run()
        assert not app.exception
    assert tiles(app)


#: A page with the choices, and what stands for a chart that has a service and a channel in spellings of its own.
PAGE = """
import streamlit as st
from dashboard.filters import link
from dashboard.filters.parameters import CHANNEL, SERVICE, OverviewFilters

link.enter("page")
controls = link.follow(OverviewFilters, (["direct", "reseller"], ["exo", "o365"]))
controls.bar()
st.button("service", on_click=controls.only(SERVICE), args=("EXO ",))
st.button("channel", on_click=controls.only(CHANNEL), args=("DIRECT",))
st.write(controls.filters.selection.sentence())
"""


def test_a_click_on_a_chart_filters_however_the_chart_spells_it():
    app = AppTest.from_string(PAGE).run()
    assert app.markdown[0].value == "none"
    app.button[0].click().run()
    app.button[1].click().run()
    assert app.markdown[0].value == "channel = direct; service = exo"
    app.button[0].click().run()
    app.button[1].click().run()
    assert app.markdown[0].value == "none"
