"""Saved views and mutes in a real browser: by mouse and by keyboard, wide and on a phone, whatever they are called."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from data_access.emulator import Emulator
from tests import bookkeeping
from tests.bookkeeping import FOREIGN, NAMES
from tests.browser import app
from tests.browser.app import Witness

PHONE: ViewportSize = {"width": 390, "height": 844}
LAPTOP: ViewportSize = {"width": 1366, "height": 900}
HOSTILE = "<img src=x onerror=alert(1)> **x** $1$"
_SLOW = 30_000  # milliseconds in which a busy machine draws a page anew


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard of four customers, with a history of its own."""
    folder: Path = tmp_path_factory.mktemp("views")
    with app.dashboard_of(Emulator(bookkeeping.partner()), HISTORY_URL=str(folder)) as address:
        yield address


@pytest.fixture(params=[LAPTOP, PHONE], ids=["laptop", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=request.param)
    page = context.new_page()
    witness = Witness(page)
    yield page
    assert (witness.foreign, witness.dialogs, witness.complaints) == ([], [], [])
    context.close()


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def open_menu(page: Page, name: str) -> None:
    """By keyboard, which goes on in it."""
    button = page.get_by_role("button", name=name).first
    button.focus()
    page.keyboard.press("Enter")


def test_a_view_is_kept_opened_and_deleted_by_keyboard(address: str, page: Page) -> None:
    app.visit(page, f"{address}/customers?sort=name", "customers_chart")
    app.settle(page)
    open_menu(page, "Views")
    expect(page.get_by_label("Keep this view as")).to_be_focused()
    page.keyboard.insert_text(HOSTILE)
    page.keyboard.press("Enter")
    view = page.get_by_role("link", name=HOSTILE)
    expect(view).to_be_visible(timeout=_SLOW)
    assert fits(page)
    app.visit(page, address)
    app.settle(page)
    open_menu(page, "Views")
    expect(view).to_be_visible(timeout=_SLOW)
    view.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/customers?sort=name", timeout=_SLOW)
    app.settle(page)
    open_menu(page, "Views")
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("A saved view is a page with its filters")).to_be_visible(timeout=_SLOW)
    expect(view).to_have_count(0)


def test_a_customer_is_muted_from_the_own_page_and_heard_of_again(address: str, page: Page) -> None:
    app.visit(page, f"{address}/customers?customer={FOREIGN}", "products_chart")
    app.settle(page)
    expect(page.get_by_role("heading", name="What to say")).to_be_visible(timeout=_SLOW)
    open_menu(page, "Mute")
    page.get_by_label("Reason").fill(HOSTILE)
    page.keyboard.press("Tab")
    year = page.get_by_role("spinbutton", name="year, Until")
    for _ in range(5):  # a field that is drawn anew meanwhile takes no keys
        app.settle(page)
        year.focus()
        page.keyboard.type(f"{datetime.now(UTC) + timedelta(days=30):%Y%m%d}")
        page.keyboard.press("Tab")
        app.settle(page)
        if year.inner_text().isdigit():
            break
    page.get_by_role("button", name="Mute this").click()  # which the calendar of a typed day does not cover
    expect(page.get_by_text(f": {HOSTILE}. Set on").first).to_be_visible(timeout=_SLOW)
    expect(page.get_by_role("heading", name="What to say")).to_have_count(0)
    assert fits(page)
    app.visit(page, f"{address}/customers", "customers_chart")
    expect(page.get_by_text("1 muted, until")).to_be_visible(timeout=_SLOW)
    expect(page.locator(".st-key-calls").get_by_text(NAMES[FOREIGN])).to_have_count(0)
    app.visit(page, f"{address}/customers?customer={FOREIGN}", "products_chart")
    page.get_by_role("button", name="End the mute").click()
    expect(page.get_by_role("heading", name="What to say")).to_be_visible(timeout=_SLOW)
