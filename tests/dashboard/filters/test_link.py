"""Filters on the way from page to page."""

import pytest


@pytest.mark.parametrize("page", ["changes", "customers", "usage", "trends"])
def test_clicks_go_on_after_a_page_that_draws_fewer_choices(visit, page):
    app = visit(link={"sort": ["name"], "target": ["70"]})
    app.switch_page(f"screens/{page}.py").run()
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
    assert app.metric
