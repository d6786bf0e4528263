"""Visits to the dashboard."""

import itertools
from contextlib import ExitStack, suppress
from datetime import UTC, datetime

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

from dashboard import audit
from dashboard.security import exposure
from data_access import history
from data_access.emulator import Emulator, serving
from data_access.emulator.sample import Partner
from data_access.history.audit import Entry
from data_access.settings import load
from tests import lakes
from tests.dashboard import visit as visits

AUTH = {
    "redirect_uri": "http://testserver/oauth2callback",
    "cookie_secret": "0123456789abcdef0123456789abcdef",
    "entra": {"client_id": "the-app", "client_secret": "its-secret", "server_metadata_url": "https://login/x"},
}


@pytest.fixture(autouse=True, scope="session")
def no_components_of_others():
    """Streamlit looks for components in every installed package with each AppTest, for a second; ours are in none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda *_, **__: [])
        yield


@pytest.fixture(autouse=True, scope="session")
def sample_history(tmp_path_factory):
    """Two weeks in place of the sample's year: pages need no more, and to make the whole of it takes seconds."""
    folder = tmp_path_factory.getbasetemp() / "history"
    lakes.keep({"HISTORY_URL": str(folder)}, lakes.weekly(2, datetime.now(UTC)))


@pytest.fixture(autouse=True)
def configure(monkeypatch):
    """People's sign-in is not configured, nor was it meant to be, until this says how; a value of None is left out.

    The table is given to Streamlit as `st.App(secrets=…)` gives it.
    """

    def configure(**changes):
        table = {name: value for name, value in {**AUTH, **changes}.items() if value is not None}
        st.secrets.merge_programmatic_secrets({"auth": table})

    monkeypatch.setattr(exposure, "SIGN_IN", exposure.SignIn(secrets_files=list))
    st.secrets.merge_programmatic_secrets({"auth": {}})
    yield configure
    st.secrets.merge_programmatic_secrets({"auth": {}})


@pytest.fixture
def claims():
    """What the sign-in says of the person who opens pages, where one is configured."""
    return {}


def pytest_collection_modifyitems(items):
    """A test that draws pages is marked for it: each of them opens one as somebody, whose claims it has."""
    for item in items:
        if "claims" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.program)


class Noted(list[Entry]):
    """What is noted for the audit, which is written nowhere."""

    standing = audit.Standing()
    note = list.append


@pytest.fixture(autouse=True)
def noted(monkeypatch):
    """What the audit would have: no test leaves a thread behind that writes."""
    found = Noted()
    monkeypatch.setattr(audit, "RECORDER", found)
    return found


#: The ports of this process's emulators: that of the first in a test, of the second, and so on.
_PORTS: list[int] = []


@pytest.fixture
def serve_again():
    """Serve an emulator until the test ends, at the address that the emulator of an earlier test had, if it is free.

    An account is known by the address, so that its history can be that of the earlier test.
    """
    with ExitStack() as stack:
        numbers = itertools.count()

        def serve_again(emulator):
            number = next(numbers)
            with suppress(IndexError, OSError):
                return stack.enter_context(serving(emulator, _PORTS[number]))
            url = stack.enter_context(serving(emulator))
            _PORTS[number : number + 1] = [int(url.rpartition(":")[2])]
            return url

        yield serve_again


@pytest.fixture
def visit(claims, serve_again, monkeypatch, tmp_path):
    """Open a page on an emulator, or on the sample where there is none; `past` is what was collected before."""

    def visit(emulator=None, link=None, page="", past=(), **settings):
        if emulator is not None:
            # Accounts are told apart by their addresses, and a test's port may have been another one's.
            settings = {"HISTORY_URL": str(tmp_path), **visits.live(serve_again(emulator)), **settings}
        lakes.keep(settings, past)
        return visits.opened(settings, link or {}, page, monkeypatch, claims)

    return visit


@pytest.fixture
def look_back(claims, serve_again, monkeypatch, tmp_path):
    """Open a page over an account's history, which holds what these give, and what `more` does to it."""

    def look_back(answers, link=None, page="changes", more=lambda _: None):
        settings = {**visits.live(serve_again(Emulator(Partner()))), "HISTORY_URL": str(tmp_path)}
        lakes.keep(settings, answers)
        more(history.open(load(settings)))
        return visits.opened(settings, link or {}, page, monkeypatch, claims)

    return look_back


@pytest.fixture
def as_reader(configure, claims, monkeypatch):
    """The person who opens pages has signed in, and may see figures by service and channel."""
    configure()
    monkeypatch.setenv("ACCESS_TENANTS", visits.TENANT)
    claims.update(visits.claims("reader"))
