"""A person's browser, as far as signing in needs one: it follows the pages and presses their buttons."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from tests.entra.directory import Person
from tests.entra.emulator import Entra


class Page(HTMLParser):
    """The forms' fields and the buttons of a page, by their words."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.status, self.url, self.text = answer.status_code, answer.url, ""
        self.action = ""
        self.fields: dict[str, str] = {}
        self.buttons: dict[str, dict[str, str]] = {}
        self._button: dict[str, str] | None = None
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = urljoin(self.url, given.get("action", ""))
        elif tag == "input" and "value" in given:
            self.fields[given["name"]] = given["value"]
        elif tag == "button":
            self._button = {given["name"]: given["value"]} if "name" in given else {}

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self.buttons[data.strip()] = self._button
            self._button = None
        self.text += data


class Visitor:
    """Holds the cookies of one browser."""

    def __init__(self, entra: Entra) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # in which REQUESTS_CA_BUNDLE would outrank the next line
        self._session.verify = str(entra.ca_bundle)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def open(self, url: str) -> Page | dict[str, str]:
        """Return the page at an address, or the answer that it hands to the application at once."""
        return self._read(self._session.get(url, timeout=5, allow_redirects=False))

    def press(self, page: Page, button: str, **fields: str) -> Page | dict[str, str]:
        """Press a button by its words; what comes back is the next page, or the answer for the application."""
        data = {**page.fields, **fields, **page.buttons[button]}
        return self._read(self._session.post(page.action, data, timeout=5, allow_redirects=False))

    def sign_in(self, url: str, person: Person) -> dict[str, str]:
        """Choose a person on the sign-in page, accept what the application asks for; returns what it is told."""
        answer = self.open(url)
        if isinstance(answer, Page) and person.name in answer.buttons:
            answer = self.press(answer, person.name)
        if isinstance(answer, Page) and "Accept" in answer.buttons:
            answer = self.press(answer, "Accept")
        assert isinstance(answer, dict), answer.text
        return answer

    @staticmethod
    def _read(answer: requests.Response) -> Page | dict[str, str]:
        if answer.is_redirect:
            target = urlsplit(answer.headers["Location"])
            return dict(parse_qsl(target.query or target.fragment))
        page = Page(answer)
        return page.fields if answer.status_code == 200 and "Continue" in page.buttons else page
