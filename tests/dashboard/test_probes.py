"""What programs get that ask whether the server lives and is ready."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard import server
from dashboard.probes import Probes
from dashboard.readiness import NO_HISTORY, Readiness
from data_access.version import VERSION
from tests.dashboard import visit

READY = Readiness()


@pytest.fixture
def ask():
    """Ask a server that is as ready as this says."""

    def ask(path, readiness=READY, method="GET", base="/"):
        page = Route("/{path:path}", lambda _: PlainTextResponse("a page"))
        probes = Middleware(Probes, base=base, readiness=lambda: readiness)
        return TestClient(Starlette(routes=[page], middleware=[probes])).request(method, path)

    return ask


def test_it_lives_whether_or_not_pages_can_be_served(ask):
    for readiness in (READY, NO_HISTORY):
        answer = ask("/livez", readiness)
        assert (answer.status_code, answer.text, answer.headers["Cache-Control"]) == (200, "ok", "no-store")


def test_it_says_whether_it_is_ready_and_why_not(ask):
    ready, not_ready = ask("/readyz"), ask("/readyz", NO_HISTORY)
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "version": VERSION})
    reason = NO_HISTORY.reason
    assert (not_ready.status_code, not_ready.json()) == (503, {"ready": False, "version": VERSION, "reason": reason})


@pytest.mark.parametrize("path", ["/livez", "/licenses/livez", "/readyz?again=1", "/licenses/readyz"])
def test_probes_are_at_the_root_and_below_the_path_of_the_pages(ask, path):
    assert ask(path, base="/licenses/").text != "a page"


@pytest.mark.parametrize("path", ["/", "/livez/x", "/other/livez", "/readyz.html"])
def test_all_else_is_the_pages(ask, path):
    assert ask(path, base="/licenses/").text == "a page"


def test_they_are_only_read(ask):
    assert ask("/livez", method="HEAD").status_code == 200
    assert ask("/livez", method="POST").status_code == 405


@pytest.mark.parametrize("host", ["10.0.0.7:8501", "licenses.example.com", "localhost"])
def test_the_gate_is_not_in_their_way(configure, monkeypatch, host):
    """Neither for want of a sign-in, nor where real figures are open to this machine alone."""
    for settings in ({"ACCESS_TENANTS": visit.TENANT}, visit.live("http://localhost:1")):
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        if "ACCESS_TENANTS" in settings:
            configure()
        browser = TestClient(Starlette(middleware=server.MIDDLEWARE), headers={"Host": host})
        assert browser.get("/livez").text == "ok"
        assert browser.get("/readyz").json()["version"] == VERSION
