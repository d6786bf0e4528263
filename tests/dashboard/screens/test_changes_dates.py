"""The dates that the Changes page compares: by default, by link and by choice."""

import pytest

from tests.dashboard.screens.two_dates import AFTER, BEFORE, COUNTS, NAMED, customers, said, services
from tests.dashboard.visit import text, tiles


def test_by_default_it_is_the_newest_date_and_the_one_about_three_months_before(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (120, 93, 20, 0)]
    app = look_back(history)
    assert (app.selectbox(key="since").value, app.selectbox(key="until").value) == ("2026-08-23", "2026-11-24")


def test_any_two_dates_by_link(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 20, 0)]
    app = look_back(history, {"since": "2026-08-26", "until": "2026-11-04"})
    assert tiles(app)["Licenses sold"] == "−70"
    app.selectbox(key="until").set_value("2026-10-24").run()
    assert tiles(app)["Licenses sold"] == "−59"


def test_a_date_without_figures_gives_those_known_on_it_and_says_so(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 0)]
    app = look_back(history, {"since": "2026-10-01"})
    assert app.selectbox(key="since").value == "2026-08-26"
    assert "no figures of 1 Oct 2026 here; these are of 26 Aug 2026" in said(app)


def test_dates_in_the_wrong_order_are_compared_in_the_right_one(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 20, 0)]
    app = look_back(history, {"since": "2026-11-04", "until": "2026-08-26"})
    assert (app.selectbox(key="since").value, app.selectbox(key="until").value) == ("2026-08-26", "2026-11-04")
    assert tiles(app)["Licenses sold"] == "−70"
    assert "names the later date first" in said(app)
    assert "no figures of" not in said(app)
    app.selectbox(key="until").set_value("2026-10-24").run()
    assert (app.query_params["since"], app.query_params["until"]) == ("2026-08-26", "2026-10-24")
    assert tiles(app)["Licenses sold"] == "−59"
    assert "names the later date first" not in said(app)


def test_a_date_beyond_the_other_one_is_compared_with_it(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 20, 0)]
    app = look_back(history, {"since": "2026-11-04"})
    app.selectbox(key="until").set_value("2026-10-24").run()
    assert (app.selectbox(key="since").value, app.selectbox(key="until").value) == ("2026-10-24", "2026-11-04")
    assert (app.query_params["since"], app.query_params["until"]) == ("2026-10-24", "2026-11-04")


@pytest.mark.parametrize(
    ("link", "with_itself", "compared"),
    [
        ({"since": "2026-11-24", "until": "2026-11-24"}, "24 Nov 2026", "24 Oct 2026"),
        ({"since": "2026-11-24"}, "24 Nov 2026", "24 Oct 2026"),
        ({"until": "2026-08-26"}, "26 Aug 2026", "24 Oct 2026"),
    ],
)
def test_one_date_is_not_compared_with_itself(link, with_itself, compared, look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 0)]
    told = said(look_back(history, link))
    assert f"It takes two dates: {with_itself} is compared with {compared}." in told
    assert "no figures of" not in told


def test_one_date_waits_for_a_second_one(look_back):
    app = look_back([AFTER])
    assert "One date so far" in text(app)
    assert "24 Nov 2026" in text(app)


@pytest.mark.parametrize(("page", "link"), [("changes", {}), ("changes", {"level": "customer"}), ("trends", {})])
def test_the_days_of_a_range_are_named_and_the_same_on_every_page(page, link, look_back):
    past = [services(140, {}), *COUNTS, BEFORE, customers(84, *NAMED), services(84, {}), services(91, {}), AFTER]
    app = look_back(past, link | {"range": "3m"}, page=page)
    assert "1 Sep 2026 – 24 Nov 2026" in [popover.proto.popover.label for popover in app.get("popover")]
