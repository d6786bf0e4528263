"""One browser for all journeys, and as few servers as they can share: each costs seconds to start."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from tests.browser import app, partners

_SIZE: ViewportSize = {"width": 1366, "height": 900}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with app.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def sample() -> Iterator[str]:
    """A dashboard with nothing configured."""
    with app.dashboard() as address:
        yield address


@pytest.fixture(scope="session")
def hostile() -> Iterator[str]:
    """A dashboard whose services and channels bear the names in `partners`."""
    with app.dashboard_of(Emulator(partners.hostile())) as address:
        yield address


@pytest.fixture(scope="session")
def hostile_customers() -> Iterator[str]:
    """A dashboard whose customers and products bear the names in `partners`."""
    with app.dashboard_of(Emulator(partners.hostile_customers())) as address:
        yield address


class Live(NamedTuple):
    """A dashboard and the service behind it, healthy until a test orders otherwise."""

    address: str
    service: Emulator


@pytest.fixture(scope="session")
def _live() -> Iterator[Live]:
    rows = [partners.row("o365", "direct", 26.16, 1_234), partners.row("crm", "reseller", 33.3333, 77)]
    service = Emulator(Partner(deployment=rows))
    patience = {"PARTNER_CENTER_TRIES": "2", "PARTNER_CENTER_RETRY_SECONDS": "3"}
    with app.dashboard_of(service, **patience) as address:
        yield Live(address, service)


@pytest.fixture
def live(_live: Live) -> Iterator[Live]:
    yield _live
    _live.service.heal()


class Visitors:
    """People with a browser window each; whoever opens an address has a session of their own on the server.

    A window serves all tests, as it has to compile Streamlit's scripts only once.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._windows: dict[str, tuple[Page, app.Witness]] = {}

    def open(
        self,
        address: str,
        who: str = "account manager",
        color_scheme: app.Scheme = "light",
        chart: str = "services_chart",
        size: ViewportSize = _SIZE,
    ) -> Page:
        """Someone opens this address in a window of this size and sees the chart."""
        page = self._window(who)
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=color_scheme)
        app.visit(page, address, chart)
        app.settle(page)
        return page

    def at(self, address: str, sign: str, who: str = "account manager", size: ViewportSize = _SIZE) -> Page:
        """Someone opens this address in a window of this size and sees what the selector `sign` finds."""
        page = self._window(who)
        page.set_viewport_size(size)
        page.goto(address)
        page.locator(sign).first.wait_for(state="attached")
        return page

    def _window(self, who: str) -> Page:
        if who not in self._windows:
            page = self._browser.new_context(viewport=_SIZE).new_page()
            self._windows[who] = page, app.Witness(page)
        return self._windows[who][0]

    @property
    def witnesses(self) -> list[app.Witness]:
        return [witness for _, witness in self._windows.values()]

    def leave(self) -> None:
        """Let nothing of one test be seen by the next."""
        for page, witness in self._windows.values():
            page.goto("about:blank")
            page.set_viewport_size(_SIZE)
            page.emulate_media(media="null")  # a window that was told to be a screen would print as one
            witness.forget()


@pytest.fixture(scope="session")
def _visitors(browser: Browser) -> Visitors:
    return Visitors(browser)


@pytest.fixture
def visitors(_visitors: Visitors) -> Iterator[Visitors]:
    """Opens pages; whatever the journey was, nothing foreign was asked, no dialog came, the console is silent."""
    yield _visitors
    seen = [(witness.foreign, witness.dialogs, witness.complaints) for witness in _visitors.witnesses]
    _visitors.leave()
    assert seen == [([], [], [])] * len(seen)
