"""The Renewals page in a browser: from the tiles to a customer, the link, the files, zones, and a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import app
from tests.browser.conftest import Visitors
from tests.browser.test_journeys import link, number, rows_of

CHART = "renewals_chart"


def rows(page: Page) -> int:
    """How many subscriptions the table says that it has."""
    said = page.locator(".st-key-renewals_table .range").inner_text()
    return number(said.split()[-1])


def opened(sample: str, visitors: Visitors, query: str = "?horizon=90") -> Page:
    page = visitors.open(f"{sample}/renewals{query}", chart=CHART)
    page.locator(".st-key-renewals_table tbody tr").first.wait_for()
    app.settle(page)
    return page


def test_a_longer_horizon_and_an_outcome_are_a_link(sample, visitors):
    page = opened(sample, visitors)
    renewing, every = number(app.figure(page, "kpi_renewing")), rows(page)
    page.get_by_role("radio", name="365 days").or_(page.get_by_role("button", name="365 days")).click()
    expect(page).to_have_url(re.compile("horizon=365"))
    app.settle(page)
    assert number(app.figure(page, "kpi_renewing")) > renewing
    assert rows(page) > every
    page.locator(".st-key-outcome").get_by_role("button", name="Undecided", exact=True).click()
    expect(page).to_have_url(re.compile("outcome=undecided"))
    app.settle(page)
    assert link(page) == {"horizon": ["365"], "outcome": ["undecided"]}
    assert app.figure(page, "kpi_renewing") == "–"  # it is not in the filter, which is not zero
    undecided = app.figure(page, "kpi_undecided")
    page.reload()
    app.wait_for_chart(page, CHART)
    assert app.figure(page, "kpi_undecided") == undecided != "0"


def test_the_file_holds_what_the_tiles_say(sample, visitors):
    page = opened(sample, visitors)
    name, content = app.download(page, "export_csv_exact")
    assert name.startswith("license-renewals_")
    found = rows_of(content)
    assert len(found) == rows(page)
    renewing = [
        row
        for row in found
        if row["renewalOutcome"] == "renews"
        and row["status"] == "active"
        and row["isTrial"] != "true"
        and row["billingType"] == "license"
    ]
    assert sum(int(row["quantity"]) for row in renewing) == number(app.figure(page, "kpi_renewing"))
    spare = {(row["customerTenantId"], row["productId"]): row["notAssigned"] for row in renewing if row["notAssigned"]}
    wanted = dict.fromkeys(spare, 0)
    for row in renewing:
        key = row["customerTenantId"], row["productId"]
        if key in wanted:
            wanted[key] += int(row["quantity"])
    at_risk = sum(min(quantity, int(spare[key])) for key, quantity in wanted.items())
    assert at_risk == number(app.figure(page, "kpi_at_risk"))


def test_a_name_leads_to_the_customer_and_its_live_seats(sample, visitors):
    page = opened(sample, visitors, "?horizon=30&search=ab")
    first = page.locator(".st-key-renewals_table tbody tr").first.get_by_role("link")
    name = first.inner_text()
    first.click()
    expect(page.locator(".st-key-live_seats")).to_contain_text("Live seats today", timeout=20_000)
    assert page.get_by_role("heading", level=1).inner_text().translate(app.INVISIBLE) == name
    assert link(page).keys() == {"customer"}, "a search for subscriptions is none for customers"
    page.go_back()
    app.wait_for_chart(page, CHART)
    assert link(page) == {"horizon": ["30"], "search": ["ab"]}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles"])
def test_times_are_in_the_zone_of_the_browser(zone, sample, browser):
    with browser.new_context(timezone_id=zone) as context:
        page = app.visit(context.new_page(), f"{sample}/renewals", CHART)
        table = page.locator(".st-key-renewals_table")
        expect(table.locator("thead")).to_contain_text(f"Last day to act ({zone})")
        day = table.locator(f"td[data-label='Last day to act ({zone})'][title]").first
        expect(day).to_have_attribute("title", re.compile(r", \d\d:\d\d UTC$"))


def test_a_phone_shows_all_of_it(sample, visitors):
    page = opened(sample, visitors)
    page.set_viewport_size({"width": 390, "height": 844})
    app.settle(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= 390")
    table = page.locator(".st-key-renewals_table .license-table")
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
