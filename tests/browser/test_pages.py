"""From page to page, and from all customers to one: what is on screen, and what stands in the link."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import app
from tests.browser.partners import EVIL, HOSTILE_NAMES
from tests.browser.test_journeys import link, number

CUSTOMERS, PRODUCTS, TRENDS, PANELS = "customers_chart", "products_chart", "trends_chart", "trends_parts_chart"


def go_to(page: Page, title: str, chart: str) -> None:
    page.get_by_role("link", name=title, exact=True).click()
    app.wait_for_chart(page, chart)
    app.settle(page)


def click_row(page: Page, row: int) -> None:
    """Click a name in the table."""
    page.locator(".st-key-customers_table tbody tr").nth(row).get_by_role("link").click()


def test_filters_go_along_from_page_to_page(sample, visitors):
    page = visitors.open(f"{sample}/?channel=direct&target=70")
    expect(page).to_have_title("Overview · Partner License Insights")
    sold = app.figure(page, "kpi_licenses_sold")
    go_to(page, "Customers", CUSTOMERS)
    expect(page).to_have_title("Customers · Partner License Insights")
    assert link(page) == {"channel": ["direct"], "target": ["70"]}
    assert app.figure(page, "kpi_licenses_sold") == sold
    app.click_pill(page, "Reseller")
    go_to(page, "Overview", "services_chart")
    assert link(page) == {"channel": ["direct", "reseller"], "target": ["70"]}


def test_back_leads_through_pages_and_their_choices_and_a_reload_stays(sample, visitors):
    page = visitors.open(f"{sample}/?sort=name")
    app.click_pill(page, "Direct")
    go_to(page, "Trends", TRENDS)
    pick(page, "range", "12 months")
    page.reload()
    app.wait_for_chart(page, TRENDS)
    chosen = page.locator("[aria-checked=true], [aria-pressed=true]")
    expect(chosen.get_by_text("12 months")).to_have_count(1)
    assert link(page) == {"channel": ["direct"], "range": ["1y"], "sort": ["name"]}
    for title, channels, query in (
        ("Trends", 1, {"channel": ["direct"], "sort": ["name"]}),
        ("Overview", 1, {"channel": ["direct"], "sort": ["name"]}),
        ("Overview", 0, {"sort": ["name"]}),
    ):
        page.go_back()
        expect(page).to_have_title(f"{title} · Partner License Insights")
        expect(page.locator(".st-key-channel").locator(chosen)).to_have_count(channels)
        expect(chosen.get_by_text("12 months")).to_have_count(0)
        assert link(page) == query
    expect(page.locator(".st-key-sort").locator(chosen)).to_have_text("Name")


@pytest.mark.parametrize(
    ("address", "way", "there"),
    [
        ("renewals?channel=direct&horizon=365&search=a", "Customers", CUSTOMERS),
        ("customers?below=90&channel=direct", "Renewals", "renewals_chart"),
        ("trends?channel=direct&measure=sold", "Why?", "changes_chart"),
        ("changes?channel=direct&level=customer&status=changed", "bar", PRODUCTS),
    ],
)
def test_the_way_to_another_page_is_one_step_and_back_leads_to_the_same_link(address, way, there, sample, visitors):
    chart = f"{address.partition('?')[0]}_chart"
    page = visitors.open(f"{sample}/{address}", chart=chart)
    app.settle(page)
    if way == "bar":
        page.locator(f".st-key-{chart} .chart-parts button").nth(1).press("Enter")
    else:
        page.get_by_role("link", name=way, exact=True).click()
    app.wait_for_chart(page, there)
    app.settle(page)
    assert link(page)["channel"] == ["direct"]
    assert link(page).keys() <= {"channel", "customer"}
    page.go_back()
    app.wait_for_chart(page, chart)
    app.settle(page)
    assert page.url == f"{sample}/{address}"


def test_a_page_that_the_server_does_not_open_is_loaded_as_any_other(sample, visitors):
    page = visitors.open(f"{sample}/?channel=direct")
    page.evaluate("() => { window.isHere = true; window.WebSocket.prototype.send = () => {} }")
    page.get_by_role("link", name="Trends", exact=True).click()
    app.wait_for_chart(page, TRENDS)
    assert not page.evaluate("window.isHere")
    assert link(page) == {"channel": ["direct"]}


def test_a_search_stands_in_the_link_and_finds_the_same_for_others(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart=CUSTOMERS)
    field = page.get_by_role("searchbox", name="Search").or_(page.get_by_label("Search", exact=True)).first
    field.fill("gmbh")
    field.press("Enter")
    expect(page).to_have_url(re.compile("search=gmbh"))
    app.settle(page)
    found = app.figure(page, "kpi_licenses_sold")
    colleague = visitors.open(page.url, who="colleague", chart=CUSTOMERS)
    assert app.figure(colleague, "kpi_licenses_sold") == found


@pytest.mark.parametrize("way", ["card", "row"])
def test_a_click_opens_a_customer_by_id_and_back_leads_to_all(way, sample, visitors):
    page = visitors.open(f"{sample}/customers", chart=CUSTOMERS)
    all_sold = app.figure(page, "kpi_licenses_sold")
    if way == "card":
        page.locator(".st-key-calls").get_by_role("link").first.click()
    else:
        click_row(page, 0)
    expect(page).to_have_url(re.compile("customer="))
    app.wait_for_chart(page, PRODUCTS)
    app.settle(page)
    (identity,) = link(page)["customer"]
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", identity)
    name, sold = page.locator("h1").inner_text(), app.figure(page, "kpi_licenses_sold")
    expect(page).to_have_title(f"{name} · Partner License Insights")
    assert number(sold) < number(all_sold)
    expect(page.locator(".st-key-history_chart")).to_contain_text("Is it changing?")
    assert app.download(page, "export_history")[0].startswith("license-customer-history_")

    colleague = visitors.open(page.url, who="colleague", chart=PRODUCTS)
    assert (colleague.locator("h1").inner_text(), app.figure(colleague, "kpi_licenses_sold")) == (name, sold)

    page.go_back()
    app.wait_for_chart(page, CUSTOMERS)
    app.settle(page)
    assert app.figure(page, "kpi_licenses_sold") == all_sold


def test_the_file_of_every_row_adds_up_to_the_tiles(sample, visitors):
    page = visitors.open(f"{sample}/customers?channel=direct", chart=CUSTOMERS)
    name, content = app.download(page, "export_rows")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    assert re.fullmatch(r"license-commercial-deployment_.*_channel-direct_sample_exact\.csv", name)
    assert sum(int(row["licensesSold"]) for row in rows) == number(app.figure(page, "kpi_licenses_sold"))
    _, content = app.download(page, "export_csv")
    customers = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert {row["customerTenantId"] for row in rows} == {row["customerTenantId"] for row in customers}


def pick(page: Page, choice: str, value: str) -> None:
    """Choose in one of the controls above a chart."""
    before = page.url
    page.locator(f".st-key-{choice}").get_by_text(value, exact=True).click()
    expect(page).not_to_have_url(before)
    app.settle(page)


def test_a_trend_is_the_same_for_whoever_opens_its_link(sample, visitors):
    parts = ("kpi_deployment_percent", "kpi_deployed_per_week", "kpi_target_reached", TRENDS, "trends_parts_chart")
    page = visitors.open(f"{sample}/trends?channel=direct", chart=PANELS)
    for choice, value in (("range", "12 months"), ("measure", "Not deployed"), ("by", "Channel"), ("order", "Name")):
        pick(page, choice, value)
    assert link(page) == {
        "channel": ["direct"],
        "range": ["1y"],
        "measure": ["undeployed"],
        "by": ["channel"],
        "order": ["name"],
    }
    seen = [page.locator(f".st-key-{part}").inner_text() for part in parts]
    colleague = visitors.open(page.url, who="colleague", chart=TRENDS)
    app.settle(colleague)
    assert [colleague.locator(f".st-key-{part}").inner_text() for part in parts] == seen


def test_a_click_on_a_panel_shows_it_alone(sample, visitors):
    page = visitors.open(f"{sample}/trends", chart=PANELS)
    points = page.locator(f".st-key-{PANELS} .scatterlayer .point")
    points.first.scroll_into_view_if_needed()
    box = points.first.bounding_box()
    assert box, "the panels have no points"
    page.mouse.click(box["x"] + 1, box["y"] + 1)
    expect(page).to_have_url(re.compile("service="))
    expect(page.get_by_text("there is nothing to compare")).to_be_visible()


def test_by_keyboard_alone_a_panel_is_found_read_and_shown_alone(sample, visitors):
    page = visitors.open(f"{sample}/trends", chart=PANELS)
    parts = page.locator(f".st-key-{PANELS} .chart-parts button")
    page.locator(f".st-key-{PANELS} .st-key-order").get_by_role("radio").or_(
        page.locator(f".st-key-{PANELS} .st-key-order button")
    ).last.focus()
    page.keyboard.press("Tab")
    expect(parts.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(parts.nth(1)).to_be_focused()
    expect(parts.nth(1)).to_have_accessible_name(re.compile(r"^\w.*: [\d.]+\s%"))
    panel = page.locator(f".st-key-{PANELS} .js-plotly-plot").bounding_box()
    framed = parts.nth(1).bounding_box()
    assert panel
    assert framed
    assert panel["x"] <= framed["x"] < framed["x"] + framed["width"] <= panel["x"] + panel["width"] + 8
    service = parts.nth(1).get_attribute("data-key")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"service={service}"))


def test_the_file_of_a_trend_ends_where_the_tile_stands(sample, visitors):
    page = visitors.open(f"{sample}/trends?range=6m", chart=TRENDS)
    name, content = app.download(page, "export_csv_exact")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    assert re.fullmatch(r"license-trends-by-service_.*_range-6-months-collection-deployment_sample_exact\.csv", name)
    whole = [float(row["deploymentPercent"]) for row in rows if row["line"] == "all together"]
    assert f"{whole[-1]:.2f}\u00a0%" == app.figure(page, "kpi_deployment_percent").replace(" ", "\u00a0")
    assert len({row["service"] for row in rows}) - 1 == 20


def test_customers_may_call_themselves_anything(hostile_customers, visitors):
    page = visitors.open(f"{hostile_customers}/customers", chart=CUSTOMERS)
    assert page.locator(".st-key-customers_table tbody tr").count() == len(HOSTILE_NAMES)
    _, content = app.download(page, "export_csv")
    cells = [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row]
    assert len(cells) > len(HOSTILE_NAMES)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    for place in range(len(HOSTILE_NAMES)):
        address = f"{hostile_customers}/customers?customer=aaaaaaaa-0000-4000-8000-{place:012}"
        page = visitors.open(address, chart=PRODUCTS)
        shown = page.locator("h1").inner_text().translate(app.INVISIBLE)
        assert " ".join(shown.split()) == " ".join(HOSTILE_NAMES[place].split())
    links = "[...document.querySelectorAll('a')].map(a => a.getAttribute('href') || a.getAttribute('xlink:href'))"
    assert not [target for target in page.evaluate(links) if EVIL in (target or "")]
