"""Two dates side by side, and whether figures can be trusted: what is on screen, in the link, and in the file."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import app
from tests.browser.test_journeys import link, number

CHANGES, HEALTH = "changes_chart", "health_chart"


def choose(page: Page, key: str, option: int) -> None:
    """Choose from a list, by the place of the option in it; one that is drawn anew while it is open takes no click."""
    app.settle(page)
    if not page.locator(f".st-key-{key}").is_visible():
        page.locator(".st-key-dates button:visible").click()  # one more stands by for touch
    page.locator(f".st-key-{key} [data-baseweb=select], .st-key-{key} [role=combobox]").first.click()
    before = page.url
    page.get_by_role("option").nth(option).click()
    expect(page).not_to_have_url(before)
    app.settle(page)


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def click_second_bar(page: Page) -> None:
    """The first one is all together."""
    bars = page.locator(f".st-key-{CHANGES} .barlayer .trace.bars").first.locator(".point path")
    second = bars.nth(1)
    second.scroll_into_view_if_needed()
    box = second.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_two_dates_a_level_and_what_became_of_rows_stand_in_the_link(sample, visitors):
    page = visitors.open(f"{sample}/changes", chart=CHANGES)
    by_default = app.figures(page)
    choose(page, "until", 8)
    choose(page, "since", 6)
    expect(page).to_have_url(re.compile("since=.*until=|until=.*since="))
    page.get_by_role("radio", name="Products").or_(page.get_by_text("Products", exact=True)).first.click()
    expect(page).to_have_url(re.compile("level=product"))
    app.settle(page)
    app.click_pill(page, "Direct")
    assert {"since", "until", "level", "channel"} == set(link(page))
    chosen, rows = app.figures(page), app.labels(page, CHANGES)
    assert chosen != by_default

    colleague = visitors.open(page.url, who="colleague", chart=CHANGES)
    assert app.figures(colleague) == chosen
    assert app.labels(colleague, CHANGES) == rows


@pytest.mark.parametrize("query", ["", "?range=4w", "?since=2026-08-30"])
def test_why_leads_from_trends_to_changes_in_one_click_with_the_same_points(query, sample, visitors):
    page = visitors.open(f"{sample}/trends{query}", chart="trends_chart")
    said = page.get_by_text(re.compile("points (in|since) ")).first.inner_text()
    found = re.search(r"[+−]\d+\.\d\d(?= points (in|since) )", said)
    assert found, said
    page.get_by_role("link", name="Why?").click()
    app.wait_for_chart(page, CHANGES)
    app.settle(page)
    expect(page.locator(".st-key-kpi_deployment_percent [data-testid=stMetricValue]")).to_contain_text(found.group())


def chosen(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} button").and_(page.locator("[aria-checked=true], [aria-pressed=true]"))


def test_back_shows_what_was_chosen_though_its_words_have_changed(sample, visitors):
    page = visitors.open(f"{sample}/changes?level=customer&status=changed", chart=CHANGES)
    customers = chosen(page, "status").inner_text()
    page.locator(".st-key-level").get_by_text("Services", exact=True).click()
    expect(chosen(page, "status")).not_to_have_text(customers)
    page.go_back()
    expect(chosen(page, "status")).to_have_text(customers)
    expect(chosen(page, "level")).to_have_text("Customers")


def test_the_file_adds_up_to_what_is_on_screen(sample, visitors):
    page = visitors.open(
        f"{sample}/changes?level=customer&channel=direct&status=changed&status=same&range=4w", chart=CHANGES
    )
    name, content = app.download(page, "export_csv_exact")
    rows = read(content)
    assert re.fullmatch(r"license-changes_[\d-]+_channel-direct-compared-customer-.*_sample_exact\.csv", name)
    for measure, tile in (("licensesSold", "kpi_licenses_sold"), ("licensesDeployed", "kpi_licenses_deployed")):
        moved = sum(float(row[f"{measure}Change"]) for row in rows)
        assert abs(moved) == number(app.figure(page, tile))
    effects = sum(float(row["deployedEffect"]) + float(row["soldEffect"]) for row in rows)
    # The tile adds up with the two percentages below it, which are rounded.
    hundredths = number(app.figure(page, "kpi_deployment_percent"))
    assert abs(abs(effects) * 100 - hundredths) < 1.01
    assert {row["filter"] for row in rows} == {rows[0]["filter"]}
    assert "since = " in rows[0]["filter"]


def test_a_click_on_a_service_filters_to_it(sample, visitors):
    page = visitors.open(f"{sample}/changes", chart=CHANGES)
    click_second_bar(page)
    expect(page).to_have_url(re.compile("service="))
    app.settle(page)
    assert len(app.labels(page, CHANGES)) == 2  # all together, and the service


def test_a_click_on_a_customer_opens_its_page(sample, visitors):
    page = visitors.open(f"{sample}/changes?level=customer&channel=direct", chart=CHANGES)
    click_second_bar(page)
    app.wait_for_chart(page, "products_chart")
    expect(page).to_have_url(re.compile("/customers.*customer="))
    assert link(page)["channel"] == ["direct"]
    assert "level" not in link(page)
    page.go_back()
    app.wait_for_chart(page, CHANGES)
    assert link(page)["level"] == ["customer"]


def test_what_was_looked_at_can_be_opened_and_taken_away(sample, visitors):
    page = visitors.open(f"{sample}/health", chart=HEALTH)
    _, content = app.download(page, "export_checks_exact")
    checks = read(content)
    assert len(checks) == page.locator("[class*=st-key-check_]").count()
    over = page.locator(".st-key-check_over")
    over.locator("summary").click()
    over.locator(".license-table tbody tr").first.wait_for()
    app.settle(page)
    _, content = app.download(page, "export_over_exact")
    rows = read(content)
    assert rows
    assert all(float(row["licensesDeployed"]) > float(row["licensesSold"]) for row in rows)
    assert f"Show {len(rows)} rows" in over.inner_text()
