"""Visits to the dashboard."""

from threading import Event

import pytest

from dashboard import exposure, gate
from dashboard.access import Ended
from tests.dashboard import visit as visits

AUTH = {
    "redirect_uri": "http://testserver/oauth2callback",
    "cookie_secret": "0123456789abcdef0123456789abcdef",
    "entra": {"client_id": "the-app", "client_secret": "its-secret", "server_metadata_url": "https://login/x"},
}


@pytest.fixture(autouse=True)
def configure(monkeypatch):
    """People's sign-in is not configured, until this says how; nobody has signed out yet."""

    def configure(**section):
        monkeypatch.setattr(exposure, "get_secrets_auth_section", lambda: {**AUTH, **section})

    monkeypatch.setattr(exposure, "get_secrets_auth_section", dict)
    monkeypatch.setattr(exposure, "_configured_once", Event())
    monkeypatch.setattr(exposure, "_files", set)
    monkeypatch.setattr(gate, "ended", Ended())
    return configure


@pytest.fixture
def visit(serve, monkeypatch):
    """Open a page on an emulator, or on the sample where there is none."""

    def visit(emulator=None, link=None, page="", **settings):
        if emulator is not None:
            settings |= visits.live(serve(emulator))
        return visits.opened(settings, link or {}, page, monkeypatch)

    return visit
