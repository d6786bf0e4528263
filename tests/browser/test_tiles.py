"""Tiles: what is behind a figure comes for the mouse too, stays while it is read, and is text whatever it holds."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.browser import app
from tests.browser.partners import HOSTILE_NAMES


def behind(page: Page):
    return page.locator("[role=tooltip]:popover-open")


def test_what_is_behind_a_figure_comes_and_goes_with_the_mouse(sample, visitors):
    page = visitors.open(sample)
    page.get_by_role("button", name="Help for Not deployed").hover()
    expect(behind(page)).to_contain_text("sold −")
    behind(page).hover()
    page.wait_for_function("() => document.querySelector('.tile-behind:hover') !== null")
    expect(behind(page)).to_be_visible()
    page.get_by_role("button", name="Help for Licenses sold").hover()
    expect(behind(page)).to_contain_text("the sum of licenses sold")
    expect(behind(page)).to_have_count(1)
    page.mouse.move(5, 400)
    expect(behind(page)).to_have_count(0)


def test_a_question_mark_says_what_is_behind_its_figure_to_those_who_cannot_see_it(sample, visitors):
    page = visitors.open(sample)
    mark = page.get_by_role("button", name="Help for Deployment %")
    expect(mark).to_have_accessible_description(re.compile(r"deployed ÷ .* sold × 100"))


def test_what_is_behind_a_figure_is_text_whatever_it_holds(hostile, visitors):
    services = [name for name in HOSTILE_NAMES if "\n" not in name and "\u200b" not in name]
    page = visitors.open(f"{hostile}/?{urlencode({'service': services}, doseq=True)}")
    page.get_by_role("button", name="Help for Licenses sold").focus()
    said = behind(page).inner_text().translate(app.INVISIBLE)
    assert [name for name in services if name not in said] == []
    expect(behind(page).locator("a, img, b, code:has-text('x')")).to_have_count(0)


def test_on_a_phone_the_small_words_of_a_figure_are_whole_and_take_no_more_than_their_own_line(sample, visitors):
    page = visitors.open(f"{sample}/trends", chart="trends_chart", size={"width": 390, "height": 844})
    small = page.locator(".st-key-kpi_deployed_per_week [data-testid=stMetricValue] small")
    expect(small).to_have_text("licenses")
    box = small.bounding_box()
    assert box
    assert box["height"] < 24  # of one line
    value = page.locator(".st-key-kpi_deployed_per_week [data-testid=stMetricValue]").bounding_box()
    assert value
    assert value["height"] < 70  # of a figure and a line of small words
