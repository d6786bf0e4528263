"""The bar at the top of every page: by mouse and by keyboard, wide and narrow, and what it makes of a link."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser import app
from tests.browser.accessible import violations
from tests.browser.test_journeys import STREAMLITS_OWN, focus_by_tab, link

WIDTHS = (1366, 820, 390)
SCHEMES: tuple[app.Scheme, ...] = ("light", "dark")
CHARTS = {"": "services_chart", "customers": "customers_chart", "changes": "changes_chart", "trends": "trends_chart"}
MAIN = "[data-testid=stMain]"
PHONE: ViewportSize = {"width": 390, "height": 844}
#: What a chart does with its part that has the focus when its figure comes anew before it goes.
_DRAWN_ONCE_MORE = """() => {
    const [before, after] = [document.activeElement, document.activeElement.cloneNode(true)]
    before.replaceWith(after)
    after.focus()
}"""
IS_CUT = "place => place.scrollWidth > place.clientWidth || place.scrollHeight > place.clientHeight"


def bar(page: Page) -> Locator:
    return page.locator(".st-key-frame")


def pages(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Pages")


def said(page: Page) -> Locator:
    """What *Copy link* says it did."""
    return page.locator(".frame-panel").get_by_role("status")


def scroll(page: Page, top: int) -> None:
    page.locator(MAIN).evaluate("(main, top) => (main.scrollTop = top)", top)


def top(page: Page) -> int:
    return int(page.locator(MAIN).evaluate("main => Math.round(main.scrollTop)"))


def copied(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def allow_copying(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)


def test_the_bar_stays_on_screen_and_leaves_room_for_the_figures(sample, visitors):
    page = visitors.open(sample)
    box = app.bar(page, 0).bounding_box()
    assert box
    assert box["y"] < 540  # of 900 pixels
    scroll(page, 400)
    expect(bar(page)).to_be_in_viewport()
    assert page.get_by_role("button", name="Copy link").is_visible()


@pytest.mark.parametrize("width", [1366, 390])
@pytest.mark.parametrize("address", ["", "trends", "customers"])
def test_nothing_moves_while_a_page_comes_for_the_first_time(address, width, sample, browser):
    with browser.new_context(viewport={"width": width, "height": 900}) as newcomer:
        page = newcomer.new_page()
        page.add_init_script(app.WATCH_SHIFTS)
        app.visit(page, f"{sample}/{address}", CHARTS[address])
        app.settle(page)
        assert page.evaluate("window.shifts") < 0.1  # as whoever measures pages calls good


def test_what_stands_below_a_part_that_has_not_come_is_hidden_until_then(sample, visitors):
    page = visitors.open(sample)
    below = page.locator(".st-key-overview_table")
    for awaited in (False, True, False):
        page.locator(".st-key-services_chart .chart").evaluate(
            "(chart, awaited) => chart.toggleAttribute('data-awaited', awaited)", awaited
        )
        expect(below).to_be_visible(visible=not awaited)
        # And the rules that do it hold no longer than that: they cost time at each change of the page.
        page.wait_for_function(
            "awaited => document.querySelector('style[data-arriving]').disabled !== awaited", arg=awaited
        )


def test_the_landmark_names_the_page_that_is_shown(sample, visitors):
    page = visitors.open(f"{sample}/trends", chart=CHARTS["trends"])
    current = pages(page).locator("[aria-current=page]")
    expect(current).to_have_text("Trends")
    for title in ("Overview", "Customers", "Changes"):
        pages(page).get_by_role("link", name=title).click()
        expect(page).to_have_title(f"{title} · Partner License Insights")
        expect(current).to_have_count(1)
        expect(current).to_have_text(title)


def test_a_page_begins_at_its_top_with_the_focus_on_its_heading_and_back_where_it_was_left(sample, visitors):
    page = visitors.open(f"{sample}/?channel=direct")
    scroll(page, 500)
    page.wait_for_timeout(100)  # the browser tells of it between two frames
    pages(page).get_by_role("link", name="Customers").click()
    app.wait_for_chart(page, CHARTS["customers"])
    expect(page.locator("h1")).to_be_focused()
    assert top(page) == 0
    page.go_back()
    app.wait_for_chart(page)
    expect(page.locator("h1")).to_be_focused()
    page.wait_for_function(f"() => document.querySelector('{MAIN}').scrollTop === 500")
    assert link(page) == {"channel": ["direct"]}


def test_a_customer_begins_at_the_top_too(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart=CHARTS["customers"])
    scroll(page, 300)
    page.locator(".st-key-customers_table a").nth(3).click()
    app.wait_for_chart(page, "products_chart")
    expect(page.locator("h1")).to_be_focused()
    assert top(page) == 0


def test_back_gives_the_focus_to_the_customer_that_was_opened(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart=CHARTS["customers"])
    customer = page.locator(".st-key-customers_table a").nth(20)
    customer.focus()
    page.keyboard.press("Enter")
    app.wait_for_chart(page, "products_chart")
    page.go_back()
    app.wait_for_chart(page, CHARTS["customers"])
    expect(customer).to_be_focused()
    expect(customer).to_be_in_viewport()


def test_clear_takes_the_filters_out_of_the_link_and_the_widgets(sample, visitors):
    page = visitors.open(f"{sample}/?channel=direct&target=60&sort=name")
    bar(page).get_by_role("button", name="Clear").click()
    expect(page).to_have_url(f"{sample}/?sort=name")
    expect(page.locator(".st-key-target input")).to_have_value("80")
    expect(page.locator(".st-key-channel [aria-pressed=true]")).to_have_count(0)
    expect(bar(page).get_by_role("button", name="Clear")).to_have_count(0)


def test_copy_link_copies_the_view(sample, visitors):
    page = visitors.open(f"{sample}/trends?range=3m", chart=CHARTS["trends"])
    allow_copying(page, sample)
    app.click_pill(page, "Direct")
    page.get_by_role("button", name="Copy link").click()
    expect(said(page)).to_contain_text("copied")
    assert copied(page) == page.url
    page.keyboard.press("Escape")
    expect(said(page)).to_have_count(0)


def test_on_a_phone_what_copy_link_says_is_within_the_window(sample, visitors):
    page = visitors.open(sample, size=PHONE)
    allow_copying(page, sample)
    page.get_by_role("button", name="Copy link").click()
    expect(said(page)).to_contain_text("copied")
    box = page.locator(".frame-panel").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


@pytest.mark.parametrize(
    ("address", "choice"),
    [("changes?level=product", ".st-key-level [role=radiogroup]"), ("audit", ".st-key-days [role=radiogroup]")],
)
def test_on_a_phone_choices_wrap_instead_of_being_cut(address, choice, sample, visitors):
    page = visitors.at(f"{sample}/{address}", choice, size=PHONE)
    assert not page.locator(choice).evaluate(IS_CUT)


def test_what_a_search_looks_through_can_be_read_whole(sample, visitors):
    field = visitors.at(f"{sample}/audit", ".st-key-search input").locator(".st-key-search input")
    room = """field => {
        const pen = document.createElement('canvas').getContext('2d'), look = getComputedStyle(field)
        pen.font = look.font
        const padding = parseFloat(look.paddingLeft) + parseFloat(look.paddingRight)
        return field.clientWidth - padding - pen.measureText(field.placeholder).width
    }"""
    assert field.evaluate(room) >= 0


@pytest.mark.parametrize(
    ("typed", "first"), [("o365", "o365"), ("MIP", "mip"), ("flow", "flow"), ("windows", "win365")]
)
def test_a_service_is_found_by_its_code_and_by_its_name(typed, first, sample, visitors):
    page = visitors.open(sample)
    page.get_by_role("combobox", name="Service").press_sequentially(typed)
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("service="))
    assert link(page) == {"service": [first]}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("customers?below=100&atleast=1000&target=100", 3),
        ("customers?below=1000&atleast=100000&target=1000", 3),
        ("usage?usagetarget=1000", 1),
    ],
)
def test_a_number_that_is_chosen_can_be_read_whole(address, number, width, sample, visitors):
    field = "[data-testid=stNumberInputField]"
    page = visitors.at(f"{sample}/{address}", f".stMain {field}", size={"width": width, "height": 900})
    fields = page.locator(field)
    expect(fields).to_have_count(number)
    if width < 640 and number > 1:
        page.get_by_role("button", name="Filters (3)").click()
    for each in fields.all():
        expect(each).not_to_have_value("")
        each.scroll_into_view_if_needed()
        assert not each.evaluate("field => field.scrollWidth > field.clientWidth"), each.get_attribute("aria-label")


def test_on_a_phone_every_chosen_service_can_be_read(sample, visitors):
    page = visitors.open(f"{sample}/?service=ems&service=o365&service=teams", size=PHONE)
    page.get_by_role("button", name="Filters (1)").click()
    assert not page.get_by_test_id("stMultiSelectTagsContainer").evaluate(IS_CUT)
    below = page.locator(".st-key-target").bounding_box()
    chosen = page.locator(".st-key-service [role=group]").first.bounding_box()
    assert below
    assert chosen
    assert chosen["y"] + chosen["height"] <= below["y"]


def test_on_a_phone_a_question_mark_is_large_enough_for_a_finger(sample, visitors):
    page = visitors.open(sample, size=PHONE)
    box = page.get_by_role("button", name="Help for Licenses sold").bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 24


def test_where_the_browser_does_not_let_pages_copy_the_link_can_be_taken_from_a_field(sample, visitors):
    page = visitors.open(f"{sample}/?channel=direct")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_label("The link", exact=True)
    expect(field).to_have_value(page.url)
    expect(field).to_be_focused()
    assert page.evaluate("getSelection().toString()") == page.url
    page.reload()


def test_the_first_link_leads_past_the_bar(sample, visitors):
    page = visitors.open(sample)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    assert page.url == f"{sample}/"
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Refresh")).to_be_focused()


def test_everything_in_the_bar_can_be_done_by_keyboard_alone(sample, visitors):
    page = visitors.open(sample)
    allow_copying(page, sample)
    focus_by_tab(page, "frame_tools")
    while not page.evaluate("document.activeElement.matches('.frame-tools button')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("copied")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Copy link")).to_be_focused()
    focus_by_tab(page, "channel")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{sample}/?channel=advisor")
    focus_by_tab(page, "clear")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{sample}/")
    expect(page.locator("h1")).to_be_focused()  # the button is gone


def test_a_file_that_is_taken_by_keyboard_leaves_the_focus_on_its_button(sample, visitors):
    page = visitors.open(f"{sample}/customers", chart="customers_chart")
    expect(page.get_by_role("columnheader", name="Not used")).to_be_visible(timeout=30_000)  # nothing follows any more
    button = page.get_by_role("button", name="Excel workbook")
    button.focus()
    with page.expect_download() as arriving:
        page.keyboard.press("Enter")
    arriving.value.path()
    expect(button).to_be_focused()
    app.settle(page)
    expect(button).to_be_focused()


def test_a_panel_that_is_shown_alone_by_keyboard_leads_to_the_top_of_the_page(sample, visitors):
    page = visitors.open(f"{sample}/trends", chart="trends_parts_chart")
    page.locator(".st-key-trends_parts_chart .chart-parts button").first.focus()
    page.keyboard.press("Enter")
    page.evaluate(_DRAWN_ONCE_MORE)
    expect(page.get_by_text("there is nothing to compare")).to_be_visible(timeout=30_000)
    expect(page.locator("h1")).to_be_focused()
    assert top(page) == 0


@pytest.mark.parametrize(("address", "key", "typed"), [("", "service", "teams"), ("customers", "below", "60")])
def test_escape_takes_back_nothing_that_was_chosen(address, key, typed, sample, visitors):
    page = visitors.open(f"{sample}/{address}", chart=CHARTS[address])
    page.locator(f".st-key-{key} input").click()
    page.keyboard.type(typed)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{sample}/{address}?{key}={typed}")
    app.settle(page)
    page.keyboard.press("Escape")
    app.settle(page)
    assert link(page) == {key: [typed]}


def test_a_search_that_is_followed_stays_in_its_field_after_escape(sample, visitors):
    page = visitors.open(f"{sample}/customers?search=gmbh", chart=CHARTS["customers"])
    search = page.locator(".st-key-search input")
    search.click()
    page.keyboard.press("Escape")
    expect(search).to_have_value("gmbh")


def test_the_bar_fits_at_every_width(sample, visitors):
    page = visitors.open(f"{sample}/?channel=direct&service=o365")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_timeout(300)
        assert page.locator(MAIN).evaluate("main => main.scrollWidth - main.clientWidth") <= 0, width
        box = bar(page).bounding_box()
        assert box
        assert box["height"] <= 116, width
        for title in ("Overview", "Status"):
            pages(page).get_by_role("link", name=title).scroll_into_view_if_needed()
            expect(pages(page).get_by_role("link", name=title), str(width)).to_be_in_viewport(ratio=0.9)
        expect(page.get_by_role("button", name="Copy link"), str(width)).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [1024, 1101, 1180])
def test_between_laptop_and_tablet_every_page_has_its_whole_name(width, sample, visitors):
    page = visitors.open(f"{sample}/", size={"width": width, "height": 900})
    assert pages(page).evaluate("pages => pages.scrollWidth - pages.clientWidth") <= 0


def test_a_shade_says_that_there_are_more_pages_than_fit(sample, visitors):
    page = visitors.open(f"{sample}/", size={"width": 940, "height": 900})
    assert pages(page).evaluate("pages => pages.scrollWidth - pages.clientWidth") > 0
    assert "gradient" in pages(page).evaluate("pages => getComputedStyle(pages).backgroundImage")


def test_on_a_phone_the_name_is_whole_and_the_pages_stand_at_the_thumb(sample, visitors):
    page = visitors.open(sample)
    page.set_viewport_size({"width": 390, "height": 844})
    name = page.locator(".frame-product")
    assert name.evaluate("name => name.scrollWidth <= name.clientWidth && name.scrollHeight <= name.clientHeight")
    box, menu = bar(page).bounding_box(), pages(page).bounding_box()
    assert box
    assert menu
    assert box["height"] <= 60
    assert menu["y"] > 780
    scroll(page, 100_000)
    end = page.get_by_text("Partner License Insights 0").bounding_box()
    assert end
    assert end["y"] + end["height"] < menu["y"]  # the last line is not behind the pages


def test_on_a_phone_the_filters_open_in_the_bar(sample, visitors):
    page = visitors.open(f"{sample}/?channel=direct")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(app.pill(page, "Reseller")).to_be_hidden()
    toggle = page.get_by_role("button", name="Filters (1)")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(toggle).to_have_text("Show", use_inner_text=True)
    app.click_pill(page, "Reseller")
    assert link(page) == {"channel": ["direct", "reseller"]}
    page.get_by_role("button", name="Filters (1)").click()
    expect(app.pill(page, "Reseller")).to_be_hidden()


def test_the_bar_keeps_nobody_out(sample, visitors):
    page = visitors.open(f"{sample}/?channel=direct&service=o365")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        fold = page.get_by_role("button", name="Filters (2)")
        if fold.is_visible() and fold.get_attribute("aria-expanded") == "false":
            fold.click()
        page.get_by_role("button", name="Copy link").click()
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(300)
            found = violations(page, include=[".st-key-frame"], exclude=[*STREAMLITS_OWN.values()])
            told = [(each["id"], [node["html"][:150] for node in each["nodes"]]) for each in found]
            assert told == [], (width, scheme)
        page.keyboard.press("Escape")
