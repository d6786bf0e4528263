"""The bar at the top of every page: what it draws, for whom, and what Clear takes away."""

from datetime import UTC, datetime
from functools import partial

import pytest

from dashboard.sitemap import PAGES
from data_access.emulator import Emulator, gateway
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, DEPLOYMENT
from tests.dashboard.visit import bar, charts, taken_away, text, tiles
from tests.lakes import fetched
from tests.rows import rows_of


def widgets(app):
    kinds = ("button_group", "multiselect", "number_input")
    return {widget.key for kind in kinds for widget in app.get(kind)}


@pytest.mark.parametrize("page", [page.address for page in PAGES])
def test_each_page_has_the_product_the_other_pages_and_its_link(visit, page):
    app = visit(page=page)
    assert [each["title"] for each in bar(app)["pages"]] == [each.title for each in PAGES]
    assert bar(app)["page"] == page


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
    assert len(bar(app)["pages"]) == len(PAGES)
    assert "channel" not in widgets(app)


def test_clear_takes_all_filters_away_those_too_that_nobody_knows_and_nothing_else(visit):
    app = visit(link={"channel": ["direct", "nowhere"], "target": "70", "sort": "name", "service": "?", "utm": "x"})
    app.button(key="clear").click().run()
    assert {*app.query_params} == {"sort", "utm"}
    assert app.session_state["channel"] == []
    assert app.number_input(key="target").value == 80
    assert "Ignored" not in text(app)
    assert "The link asks for" not in text(app)


def test_the_bar_knows_what_goes_along_and_what_is_cleared_of_any_link(visit):
    data = bar(visit())
    assert {"channel", "service", "target"} <= {*data["shared"]} & {*data["cleared"]}
    assert {"asof", "book", "since", "until"} <= {*data["shared"]} - {*data["cleared"]}
    assert "search" in {*data["cleared"]} - {*data["shared"]}


@pytest.mark.parametrize(
    ("settings", "begins"),
    [({"PUBLIC_URL": "https://dash.contoso.com/"}, "https://dash.contoso.com"), ({}, "")],
)
def test_links_begin_with_the_address_that_people_use(visit, settings, begins):
    assert bar(visit(**settings))["publicUrl"] == begins


def test_each_page_and_each_customer_has_a_heading_of_its_own(visit):
    keys = [bar(visit(page=page.address))["heading"] for page in PAGES]
    keys.append(bar(visit(link={"customer": "someone"}, page="customers"))["heading"])
    assert len({*keys}) == len(PAGES) + 1


# A day that the link pins

WEEKS = [datetime(2026, 9, day, 6, 30, tzinfo=UTC) for day in (1, 8, 15)]
SOLD = (100, 200, 300)
NOW = Partner(
    deployment=rows_of(DEPLOYMENT, [{"licensesSold": 400}]),
    commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{"licensesSold": 400, "licensesDeployed": 1}]),
    commercial_usage=rows_of(COMMERCIAL_USAGE, [{}]),
)
PAST = [
    partial(fetched, collection, [{"licensesSold": sold, "licensesDeployed": 1} if has_licenses else {}], at)
    for at, sold in zip(WEEKS, SOLD, strict=True)
    for collection, has_licenses in ((DEPLOYMENT, True), (COMMERCIAL_DEPLOYMENT, True), (COMMERCIAL_USAGE, False))
]


@pytest.mark.parametrize("page", ["", "customers", "usage"])
@pytest.mark.parametrize(("day", "sold"), [("2026-09-01", "100"), ("2026-09-10", "200"), (None, "400")])
def test_a_pinned_day_shows_what_was_known_then(visit, monkeypatch, page, day, sold):
    app = visit(Emulator(NOW), {"asof": day} if day else {}, page=page, past=PAST)
    assert tiles(app)["Licenses sold"] == sold
    assert ("As known on" in text(app)) is bool(day)
    files = taken_away(app, monkeypatch)
    sources = {source for file in files.values() for source in file["source"]}
    assert {f", as known on {day}" in source for source in sources} == {bool(day)}


def test_trends_and_changes_end_with_the_pinned_day(visit):
    app = visit(Emulator(NOW), {"asof": "2026-09-10"}, page="changes", past=PAST)
    assert app.selectbox(key="until").options == ["8 Sep 2026"]
    app = visit(Emulator(NOW), {"asof": "2026-09-10"}, page="trends", past=PAST)
    assert "1 Sep 2026 to 8 Sep 2026" in text(app) or len(charts(app)) > 0


def test_a_pinned_day_leads_back_to_now(visit):
    app = visit(Emulator(NOW), {"asof": "2026-09-10", "channel": "direct"}, past=PAST)
    app.button(key="unpin").click().run()
    assert [*app.query_params] == ["channel"]
    assert tiles(app)["Licenses sold"] == "400"
    assert "As known on" not in text(app)


def test_the_link_can_be_copied_with_the_newest_day_of_the_history_or_without_the_one_it_has(visit):
    offered = bar(visit(Emulator(NOW), past=PAST))
    assert "newest figures" in offered["copied"]
    assert [each["pinned"] for each in offered["links"]] == ["2026-09-15"]
    pinned = bar(visit(Emulator(NOW), {"asof": "2026-09-01"}, past=PAST))
    assert "1 Sep 2026" in pinned["copied"]
    assert [each["pinned"] for each in pinned["links"]] == [""]


def test_without_a_history_no_day_can_be_pinned(visit):
    app = visit(Emulator(NOW), {"asof": "2026-09-01"})
    assert bar(app)["links"] == []
    assert "1 Sep 2026 cannot be shown. These are the newest figures." in text(app)
    assert tiles(app)["Licenses sold"] == "400"


def test_a_collection_that_was_not_kept_by_then_says_so(visit):
    app = visit(Emulator(NOW), {"asof": "2026-09-01"}, page="customers", past=PAST[:1])
    assert "nothing of Commercial licenses deployment that far back" in text(app)
    assert not tiles(app)


def test_a_book_holds_for_a_pinned_day_too(visit):
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    app = visit(page="customers", link={"asof": today}, LOCAL_BOOK="ann@partner.example")
    assert "As known on" in text(app)
    assert "45 customers" in text(app)
