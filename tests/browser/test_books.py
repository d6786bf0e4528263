"""People with books in real browsers: what reaches one of them, over the socket or as a file, is about their own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from data_access.emulator import DEMO_TOKEN, Emulator
from data_access.emulator import serving as serving_partner_center
from tests import bookkeeping, lakes
from tests.bookkeeping import BOOKS, FOREIGN, HEADER, NAMES, NOBODYS, OWN, PAST, SHARED_ONE
from tests.browser import app
from tests.browser.office import sign_in
from tests.entra import App, Entra, Person, Tenant, serving

ANN = Person("Ann Account", "ann@x", roles=["manager"])
BEN = Person("Ben Books", "ben@x", roles=["manager"])
RITA = Person("Rita Reader", "rita@x", roles=["reader"])
NOT_OF = {ANN.name: (FOREIGN, NOBODYS), BEN.name: (OWN, NOBODYS), RITA.name: tuple(NAMES)}
#: Where people with books, and without, ask for the same; tests/dashboard/books/ walks through every page.
LINKS = ("/", "/changes?level=customer", "/customers", "/renewals", "/customers?book=all")
_SLOW = 30_000  # milliseconds in which a busy machine draws a page anew
_SECRETS = ("its-secret", "hush-0123456789abcdefghijklmnopqrstuv")


class Firm(NamedTuple):
    """A dashboard whose people have books, the file of the books, and the dashboard's log."""

    address: str
    books: Path
    log: Path


@contextmanager
def opened() -> Iterator[Firm]:
    registration = App("Insights", _SECRETS[0], redirect_uris=["http://localhost/oauth2callback"])
    firm = Tenant("x", people=[ANN, BEN, RITA], apps=[registration])
    with tempfile.TemporaryDirectory() as place, serving(Entra([firm])) as entra:
        folder = Path(place)
        (folder / "books.csv").write_text(BOOKS)
        (folder / "secrets.toml").write_text(
            f"""
            [auth]
            redirect_uri = "http://localhost:{{port}}/oauth2callback"
            cookie_secret = "{_SECRETS[1]}"
            [auth.entra]
            client_id = "{registration.client_id}"
            client_secret = "{_SECRETS[0]}"
            server_metadata_url = "{entra.issuer()}/.well-known/openid-configuration"
            """
        )
        with serving_partner_center(Emulator(bookkeeping.partner())) as service:
            settings = {
                "PARTNER_CENTER_BASE_URL": service,
                "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
                "HISTORY_URL": str(folder / "history"),
                "ACCESS_TENANTS": firm.id,
                "BOOKS_FILE": str(folder / "books.csv"),
            }
            lakes.keep({name: value for name, value in settings.items() if name != "ACCESS_TENANTS"}, PAST)
            flags = f"--secrets.files {folder / 'secrets.toml'} --logger.level debug"
            with app.dashboard(flags, folder / "log", **settings, **entra.environment) as address:
                yield Firm(address, folder / "books.csv", folder / "log")


@pytest.fixture(scope="module")
def firm() -> Iterator[Firm]:
    with opened() as firm:
        yield firm


class Desk:
    """A person's browser, and whatever has reached it."""

    def __init__(self, browser: Browser, firm: Firm, person: Person) -> None:
        self.person, self._firm = person, firm
        self.context = browser.new_context(viewport={"width": 1366, "height": 900}, ignore_https_errors=True)
        self.page = self.context.new_page()
        self.received: list[bytes] = []
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._keep))
        self.page.goto(firm.address)
        sign_in(self.page, person)
        expect(self.page.get_by_role("button", name=person.name)).to_be_visible(timeout=_SLOW)

    def go(self, link: str) -> Page:
        self.page.goto(self._firm.address + link)
        expect(self.page.locator("h1").first).to_be_visible(timeout=_SLOW)
        app.settle(self.page)
        return self.page

    def take_everything_away(self) -> None:
        """Click on each file button of the page."""
        for button in self.page.locator("[data-testid=stDownloadButton] button:visible").all():
            with self.page.expect_download() as arriving:
                button.click()
            self.received.append(Path(arriving.value.path()).read_bytes())

    def traces(self) -> list[str]:
        """Whose customers have reached this browser that are not this person's."""
        found: list[str] = bookkeeping.traces(b"\n".join(self.received), *NOT_OF[self.person.name])
        return found

    def _keep(self, frame: bytes | str) -> None:
        self.received.append(frame if isinstance(frame, bytes) else frame.encode())


@pytest.fixture
def desk(browser: Browser, firm: Firm) -> Iterator[Callable[[Person], Desk]]:
    desks: list[Desk] = []

    def sit_down(person: Person) -> Desk:
        desks.append(Desk(browser, firm, person))
        return desks[-1]

    yield sit_down
    for each in desks:
        each.context.close()


def test_two_people_who_share_a_customer_get_each_their_own_on_a_warm_cache(desk, firm):
    desks = [desk(ANN), desk(BEN), desk(RITA)]
    for turn, link in enumerate(LINKS):
        for each in desks if turn % 2 else reversed(desks):
            each.go(link)
            each.take_everything_away()
    for each in desks:
        assert len(each.received) > 50
        assert each.traces() == []
    assert bookkeeping.traces(b"\n".join(desks[0].received), OWN, SHARED_ONE) == [NAMES[OWN], NAMES[SHARED_ONE]]
    # The id in the own link is all that one sees of another one's customer.
    desks[1].go(f"/customers?customer={OWN}")
    assert NAMES[OWN].encode() not in b"".join(desks[1].received)
    log = firm.log.read_bytes()
    assert bookkeeping.traces(log, *NAMES) == []


def test_on_a_phone_the_words_of_the_book_begin_on_the_left(desk):
    page = desk(ANN).go("/customers")
    page.set_viewport_size({"width": 390, "height": 844})
    words = page.get_by_text("2 customers today")
    expect(words).to_be_visible(timeout=_SLOW)
    left = page.get_by_role("heading", level=1).bounding_box()["x"]
    assert abs(words.bounding_box()["x"] - left) < 2


def test_who_asks_an_open_page_for_a_file_after_a_hand_over_reads_why_there_is_none_and_what_to_do(desk, firm):
    ann = desk(ANN)
    page = ann.go("/customers")
    button = page.locator(".st-key-export_csv button:visible")
    expect(button).to_be_visible(timeout=_SLOW)
    log = firm.log.stat().st_size
    try:
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 844})
            firm.books.write_text(f"{HEADER}{SHARED_ONE},ann@x,,\n{OWN},ben@x,,\n")
            ann.received.clear()
            button.click()
            said = page.get_by_text("may see has changed since this page was drawn. Reload the page.")
            expect(said).to_be_visible(timeout=_SLOW)
            place = said.bounding_box()
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= width
            assert place["y"] + place["height"] <= 844
            assert bookkeeping.traces(b"\n".join(ann.received), OWN) == []
            firm.books.write_text(BOOKS)
            ann.go("/customers")
            with page.expect_download():
                button.click()
    finally:
        firm.books.write_text(BOOKS)
    assert b"Traceback" not in firm.log.read_bytes()[log:]


def test_a_hand_over_reaches_a_page_that_is_open_and_so_does_a_file_that_breaks(desk, firm):
    ann = desk(ANN)
    page = ann.go("/customers")
    expect(page.get_by_text("2 customers today")).to_be_visible(timeout=_SLOW)
    try:
        firm.books.write_text(f"{HEADER}{SHARED_ONE},ann@x,,\n{OWN},ben@x,,\n")
        ann.received.clear()
        page.get_by_label("Search").first.fill("a")
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 customer today")).to_be_visible(timeout=_SLOW)
        app.settle(page)
        expect(page.get_by_text(NAMES[OWN])).to_have_count(0)
        assert bookkeeping.traces(b"\n".join(ann.received), OWN) == []
        firm.books.write_bytes(b"\xff\xfe broken")
        page.get_by_label("Search").first.fill("b")
        page.keyboard.press("Enter")
        expect(page.get_by_text("cannot be told at the moment, so this page")).to_be_visible(timeout=_SLOW)
        app.settle(page)
        expect(page.get_by_text(NAMES[SHARED_ONE])).to_have_count(0)
        ann.received.clear()
        ann.go("/")
        assert bookkeeping.traces(b"\n".join(ann.received), *NAMES) == []
    finally:
        firm.books.write_text(BOOKS)
