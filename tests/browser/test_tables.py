"""Tables by mouse, by keyboard and by touch: sorted over all rows, in the link, and readable at any width."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import app
from tests.browser.partners import HOSTILE_NAMES
from tests.browser.test_journeys import link, number
from tests.waiting import until

_CUT_OFF = """table => [...table.querySelectorAll('td, th')]
    .filter(cell => cell.scrollWidth > cell.clientWidth + 1).length"""
_TOO_WIDE = """() => [...document.querySelectorAll('.license-table .scroller')]
    .map(table => table.scrollWidth - table.clientWidth).filter(more => more > 0)"""
_CUT = """() => [...document.querySelectorAll('[data-testid=stMetric] *')]
    .filter(part => part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== 'visible')
    .map(part => part.textContent)"""
PHONE = {"width": 390, "height": 844}


def table(page: Page, key: str = "customers_table") -> Locator:
    found = page.locator(f".st-key-{key} .license-table")
    found.locator("tbody tr").first.wait_for()
    return found


def column(page: Page, label: str, key: str = "customers_table") -> list[str]:
    """The texts of one column, from top to bottom."""
    return table(page, key).locator(f"tbody td[data-label='{label}']").all_inner_texts()


def heading(page: Page, label: str) -> Locator:
    return table(page).get_by_role("columnheader", name=label, exact=True)


def sort(page: Page, label: str) -> None:
    before = page.url
    heading(page, label).get_by_role("button").click()
    expect(page).not_to_have_url(before)
    drawn(page)


def drawn(page: Page) -> None:
    expect(table(page)).not_to_have_attribute("aria-busy", "true")
    app.settle(page)


def percents(texts: list[str]) -> list[float]:
    return [float(text.removesuffix("\u00a0%")) for text in texts]


def test_a_sort_covers_all_rows_and_stands_in_the_link(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    first = percents(column(page, "Deployment %"))
    sort(page, "Deployment %")  # the lowest first, where something is to be done
    assert link(page) == {"column": ["deploymentPercent"]}
    lowest = percents(column(page, "Deployment %"))
    assert lowest == sorted(lowest)
    assert lowest[0] < min(first)  # it was on another page
    expect(heading(page, "Deployment %")).to_have_attribute("aria-sort", "ascending")
    colleague = visitors.open(page.url, who="colleague", chart="customers_chart")
    assert percents(column(colleague, "Deployment %")) == lowest


def test_back_from_a_customer_of_the_second_page_leads_to_the_second_page(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    table(page).get_by_role("button", name="Next page of Customers").click()
    expect(page).to_have_url(re.compile("page=2"))
    drawn(page)
    names = column(page, "Customer")
    table(page).get_by_role("link", name=names[3]).first.click()
    expect(page).to_have_url(re.compile("customer="))
    app.wait_for_chart(page, "products_chart")
    page.go_back()
    app.wait_for_chart(page, "customers_chart")
    drawn(page)
    assert column(page, "Customer") == names


def test_a_filter_begins_at_the_first_page_of_its_rows(sample, visitors):
    page = visitors.open(f"{sample}/customers?page=2&column=-licensesSold", chart="customers_chart")
    app.click_pill(page, "Direct")
    assert link(page) == {"channel": ["direct"], "column": ["-licensesSold"]}


def test_a_name_is_a_link_that_can_be_opened_beside_and_copied(sample, visitors):
    page = visitors.open(f"{sample}/customers?channel=direct&column=licensesSold", chart="customers_chart")
    name = table(page).get_by_role("link").first
    address = name.evaluate("link => link.href")
    with page.context.expect_page() as opened:
        name.click(modifiers=["ControlOrMeta"])
    beside = opened.value
    assert beside.url == address
    expect(beside.locator("h1")).to_have_text(name.inner_text())
    beside.close()
    assert "customer=" not in page.url
    name.click()
    expect(page).to_have_url(address)


def test_selecting_and_tabbing_open_nothing(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    before = page.url
    cell = table(page).locator("tbody td.number").first
    cell.dblclick()
    assert page.evaluate("getSelection().toString()").strip() in cell.inner_text()
    heading(page, "Customer").get_by_role("button").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
    app.settle(page)
    assert page.url == before
    assert page.evaluate("document.activeElement.tagName") == "A"


def test_by_keyboard_alone_a_table_is_sorted_turned_and_opened(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    heading(page, "Sold").get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("column=-licensesSold"))
    drawn(page)
    assert page.evaluate("document.activeElement.textContent").startswith("Sold")  # focus stays where it was
    expect(table(page).get_by_role("status")).to_have_text(re.compile(r"Sorted by Sold, descending\. 1–50 of "))
    table(page).get_by_role("button", name="Next page of Customers").focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("page=2"))
    drawn(page)
    page.keyboard.press("Tab")  # from the top of the table into it
    assert page.evaluate("document.activeElement.closest('th') !== null")
    table(page).get_by_role("link").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("customer="))


def test_the_help_of_a_column_is_there_for_pointer_keyboard_and_reader(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    button, tip = heading(page, "Sold").get_by_role("button"), table(page).locator(".tip")
    expect(button).to_have_accessible_description(re.compile("Sum of the licenses sold"))
    heading(page, "Sold").hover()
    expect(tip).to_be_visible()
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    heading(page, "Not deployed").get_by_role("button").focus()
    page.keyboard.press("Tab")
    expect(tip).to_contain_text("Sum of the licenses sold")
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_a_name_is_text_and_turns_nothing_round(hostile_customers, visitors):
    page = visitors.open(f"{hostile_customers}/customers", chart="customers_chart")
    names = column(page, "Customer")
    assert len(names) == len(HOSTILE_NAMES)
    assert table(page).locator("tbody :is(b, img, script, a[href^='http://evil'])").count() == 0
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", "".join(names))


def test_the_heading_stays_in_sight(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    table(page).locator("tbody tr").nth(40).scroll_into_view_if_needed()
    seen = """heading => {
        const { left, top } = heading.getBoundingClientRect()
        return heading.contains(document.elementFromPoint(left + 20, top + 15))
    }"""
    assert heading(page, "Customer").evaluate(seen)


def test_a_service_opens_to_its_channels_by_mouse_and_keyboard_and_stays_open_in_another_order(sample, visitors):
    page = visitors.open(sample)
    services = table(page, "overview_table")
    parts = services.locator("tbody tr.part:visible")
    expect(parts).to_have_count(0)
    name = services.locator("tbody tr").first.locator("td").first.inner_text()
    opener = services.get_by_role("button", name=f"Channels of {name}", exact=True)
    opener.click()
    expect(parts).to_have_count(4)
    expect(opener).to_have_attribute("aria-expanded", "true")
    sold = parts.locator("td[data-label=Sold]").all_inner_texts()
    whole = services.locator("tbody tr").first.locator("td[data-label=Sold]").inner_text()
    assert sum(map(number, sold)) == number(whole)
    services.get_by_role("columnheader", name="Service").get_by_role("button").click()
    expect(page).to_have_url(re.compile("column=title"))
    expect(parts).to_have_count(4)
    opener.focus()
    page.keyboard.press("Enter")
    expect(parts).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "chart"),
    [
        ("", "services_chart"),
        ("customers", "customers_chart"),
        ("usage", "usage_chart"),
        ("trends", "trends_chart"),
        ("changes", "changes_chart"),
        ("changes?level=customer", "changes_chart"),
        ("health", "health_chart"),
    ],
)
def test_tables_and_tiles_fit_a_laptop_and_a_small_screen_and_on_a_phone_rows_are_cards(path, chart, sample, visitors):
    page = visitors.open(f"{sample}/{path}", chart=chart)
    page.locator(".license-table tbody tr").first.wait_for()
    app.settle(page)
    assert page.evaluate(_TOO_WIDE) == []
    page.set_viewport_size({"width": 820, "height": 900})
    app.settle(page)
    assert page.evaluate(_CUT) == []
    page.set_viewport_size(PHONE)
    # The last one, or where several are last, the one whose order the link has.
    found = page.locator(".st-key-health_table .license-table" if path == "health" else ".license-table").last
    found.locator("tbody tr").first.wait_for()
    app.settle(page)
    assert found.evaluate(_CUT_OFF) == 0
    assert found.evaluate("table => table.scrollWidth <= table.clientWidth")
    found.get_by_role("combobox", name=re.compile("^Sort .* by$")).select_option(index=1)
    expect(page).to_have_url(re.compile("column="))


def test_the_reasons_to_call_stand_below_their_customer_at_every_width(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    expect(heading(page, "Not used")).to_be_visible(timeout=30_000)  # it comes by itself
    for width, height in ((1366, 90), (1180, 110), (1024, 110), (820, 110)):  # a name and three lines of reasons
        page.set_viewport_size({"width": width, "height": 900})
        expect(table(page), str(width)).to_have_class(re.compile("stacked"))
        app.settle(page)
        row = table(page).locator("tbody tr").first
        whole, name, why = (
            part.bounding_box() for part in (row, *map(row.locator, ("td:first-child", "td[data-label=Why]")))
        )
        assert whole
        assert whole["height"] < height, width
        assert name
        assert why
        assert why["y"] >= name["y"] + name["height"], width
        assert page.evaluate(_TOO_WIDE) == [], width


def test_a_table_with_columns_out_of_sight_says_so(sample, visitors):
    page = visitors.open(f"{sample}/changes", chart="changes_chart")
    sign = page.locator(".license-table .aside").first
    page.set_viewport_size({"width": 820, "height": 900})
    expect(sign).to_be_hidden()  # the last figures stand below their rows
    page.add_style_tag(content=".license-table td { min-width: 10rem !important }")  # too many letters to a cell
    page.set_viewport_size({"width": 800, "height": 900})
    expect(sign).to_be_visible()


def test_between_phone_and_laptop_the_name_stays_while_the_rest_scrolls_aside(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    page.add_style_tag(content=".license-table td { min-width: 16rem !important }")  # too many letters to a cell
    page.set_viewport_size({"width": 760, "height": 900})
    scroller = table(page).locator(".scroller")
    expect(scroller).to_have_attribute("tabindex", "0")
    scroller.focus()
    before = table(page).locator("tbody td").first.bounding_box()
    scroller.evaluate("region => { region.scrollLeft = 1000 }")
    assert scroller.evaluate("region => region.scrollLeft") > 0
    assert table(page).locator("tbody td").first.bounding_box() == before


def test_the_numbers_of_a_column_add_up_to_its_tile(sample, visitors):
    page = visitors.open(f"{sample}/customers?search=gmbh", chart="customers_chart")
    assert sum(map(number, column(page, "Sold"))) == number(app.figure(page, "kpi_licenses_sold"))


@pytest.mark.parametrize(
    ("path", "key", "height"),
    [
        ("changes", "changes_table", 45),
        ("changes?level=customer", "changes_table", 65),
        ("changes?level=customer-and-product", "changes_table", 95),
        ("renewals", "renewals_table", 75),
        ("customers", "customers_table", 80),
    ],
)
def test_on_a_small_laptop_a_table_needs_no_scrolling_aside_and_its_rows_are_low(path, key, height, sample, visitors):
    page = visitors.open(f"{sample}/{path}", chart=key.replace("table", "chart"))
    page.set_viewport_size({"width": 1024, "height": 900})
    app.settle(page)
    scroller = table(page, key).locator(".scroller")
    expect(scroller).to_have_attribute("tabindex", "-1")
    average = scroller.evaluate(
        "region => region.querySelector('tbody').offsetHeight / region.querySelectorAll('tbody tr').length"
    )
    assert average <= height


def test_on_paper_texts_have_the_width_that_figures_leave(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    page.set_viewport_size({"width": 1046, "height": 720})  # A4 across, within its margins
    page.emulate_media(media="print")
    cells = table(page).locator("tbody tr").first.locator("td")
    widths = cells.evaluate_all("cells => cells.map(cell => cell.offsetWidth)")
    assert widths[-1] > sum(widths) * 0.45
    fits = "cells => cells.every(cell => cell.scrollWidth <= cell.clientWidth)"
    assert cells.evaluate_all(fits)


def test_on_a_phone_a_table_begins_with_a_few_rows_and_a_button_shows_the_others(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    page.set_viewport_size(PHONE)
    rows = table(page).locator("tbody tr:visible")
    expect(rows).to_have_count(8)
    expect(table(page).locator("tfoot tr")).to_be_visible()
    of_all = "cell => getComputedStyle(cell, '::before').content"
    assert table(page).locator("tfoot td").first.evaluate(of_all) == '"Of all: "'
    others = table(page).get_by_role("button", name="Show 42 more rows")
    ninth = table(page).get_by_role("link").nth(8)
    others.focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(50)
    expect(others).to_be_hidden()
    expect(ninth).to_be_focused()
    page.emulate_media(media="print")
    expect(rows).to_have_count(50)
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1366, "height": 900})
    page.reload()
    expect(rows).to_have_count(50)
    expect(others).to_be_hidden()


@pytest.mark.parametrize(
    ("path", "key", "lines"), [("audit", "audit_table", 3), ("customers?customer={one}", "products_table", 5)]
)
def test_on_a_phone_short_texts_share_a_line_and_a_name_stands_on_one(path, key, lines, sample, visitors):
    page = visitors.at(f"{sample}/customers", ".st-key-customers_table tbody tr a")
    one = page.locator(".st-key-customers_table tbody a").first.get_attribute("data-id").removeprefix("row ")
    page = visitors.at(f"{sample}/{path.format(one=one)}", "h1", size=PHONE)
    rows = table(page, key).locator("tbody tr")

    def has_rows() -> bool:
        page.reload()  # the audit is written every few seconds, and its page shows what was there
        app.settle(page)
        return rows.count() > 0

    until(has_rows)
    lines_of_each = (
        "rows => rows.map(row => [...row.cells].filter(cell => cell.checkVisibility())).filter(cells => cells.length)"
        ".map(cells => new Set(cells.map(cell => cell.getBoundingClientRect().bottom)).size)"
    )
    # Of all rows, since the audit begins with what was looked at last, whose filters may take lines of their own.
    assert min(rows.evaluate_all(lines_of_each)) == lines


def test_a_day_and_what_it_has_to_add_take_two_lines(sample, visitors):
    page = visitors.open(f"{sample}/renewals", chart="renewals_chart")
    days = table(page, "renewals_table").locator("td:has(.note)[data-label^='Last day to act']")
    assert days.count() > 1
    for day in days.all():
        box = day.locator("> span").bounding_box()
        assert box
        assert box["height"] < 48
    at_risk = table(page, "renewals_table").get_by_role("columnheader", name="At risk").bounding_box()
    assert at_risk
    assert at_risk["height"] < 45
