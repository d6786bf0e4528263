"""What strangers get from each address, where people land after signing in, and what may not be exposed."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dashboard import gate
from dashboard.access import Ended, Person, Role
from dashboard.gate import ASKED, REFUSED, Gate
from data_access import SettingsError

ROOT = Path(__file__).parents[2]
TENANT = "05bbed59-1f63-4ee2-bdfc-0411a0252cd9"
OPEN = ["/", "/customers", "/status", "/static/js/x.js", "/fonts/x.woff2", "/_stcore/health", "/_stcore/host-config"]
CLOSED = [
    "/media/abc.csv",
    "/_stcore/metrics",
    "/_stcore/upload_file/1/2",
    "/app/static/x",
    "/elsewhere",
    "/_stcore/new",
]


async def _answer(request):
    if request.url.path == "/oauth2callback":
        response = RedirectResponse("/", 302)
        response.set_cookie("_streamlit_user", "x")
        return response
    return PlainTextResponse("secret figures")


async def _socket(websocket):
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def configured(monkeypatch):
    """Sign-in is configured as given."""

    def configured(**section):
        found = {"redirect_uri": "http://testserver/oauth2callback", **section}
        monkeypatch.setattr(gate, "get_secrets_auth_section", lambda: found)

    monkeypatch.setattr(gate, "ended", Ended())
    monkeypatch.setenv("ACCESS_TENANTS", TENANT)
    configured()
    return configured


@pytest.fixture
def browser():
    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", _socket), Route("/{path:path}", _answer)])
    return TestClient(Gate(app), follow_redirects=False)


def cookie(role="manager", oid="1", **claims):
    found = {
        "is_logged_in": True,
        "tid": TENANT,
        "oid": oid,
        "sub": oid,
        "exp": time.time() + 3600,
        "roles": [role],
        **claims,
    }
    return {"_streamlit_user": create_signed_value(get_cookie_secret(), "_streamlit_user", json.dumps(found)).decode()}


def person(oid="1", role=Role.MANAGER):
    return Person("x", "x", (TENANT, oid), role)


# Strangers


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("path", OPEN)
def test_strangers_get_what_it_takes_to_be_asked_who_they_are(browser, path):
    assert browser.get(path).status_code == 200


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize(
    "cookies",
    [
        {},
        {"_streamlit_user": "forged"},
        cookie(exp=time.time() - 1),
        cookie(tid="another"),
        cookie(role="unlisted"),
        {name: value[:-3] + "abc" for name, value in cookie().items()},
    ],
    ids=["nobody", "forged", "over", "foreign", "unlisted", "tampered"],
)
def test_strangers_get_nothing_else(browser, path, cookies):
    browser.cookies.update(cookies)
    answer = browser.get(path)
    assert answer.status_code in (401, 404)
    assert "figures" not in answer.text


@pytest.mark.usefixtures("configured")
def test_the_socket_is_open_since_the_page_asks_there(browser):
    with browser.websocket_connect("/_stcore/stream"):
        pass


# People


@pytest.mark.usefixtures("configured")
def test_metrics_are_the_operators(browser):
    browser.cookies.update(cookie("manager"))
    assert browser.get("/_stcore/metrics").status_code == 401
    browser.cookies.update(cookie("operator"))
    assert browser.get("/_stcore/metrics").status_code == 200


@pytest.mark.usefixtures("configured")
def test_a_file_is_for_whom_it_was_made(browser):
    gate.belongs(b"a,b\n", "text/csv", "x.csv", person("1"))
    path = f"/media/{gate.file_id(b'a,b' + bytes([10]), 'text/csv', 'x.csv')}.csv"
    browser.cookies.update(cookie(oid="2"))
    assert browser.get(path).status_code == 401
    browser.cookies.update(cookie(oid="1"))
    assert browser.get(path).status_code == 200


@pytest.mark.usefixtures("configured")
def test_a_cookie_is_worth_nothing_after_signing_out(browser):
    mine = cookie("operator", nonce="n")
    browser.cookies.update(mine)
    assert browser.get("/_stcore/metrics").status_code == 200
    browser.get("/auth/logout")
    browser.cookies.update(mine)
    assert browser.get("/_stcore/metrics").status_code == 401


# There and back


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "asked",
    ["/", "/customers", "/customers?channel=direct&channel=reseller&target=70", "/?service=a%26b", "/usage?x=%C3%A9"],
)
def test_a_sign_in_leads_back_to_the_link_that_was_asked_for(browser, asked):
    browser.get("/auth/login", headers={"Referer": f"http://testserver{asked}"})
    answer = browser.get("/oauth2callback?code=1&state=2")
    assert answer.headers["location"] == asked
    assert ASKED not in browser.cookies


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("referer", "there"),
    [
        ("https://evil.example/steal", "/"),
        ("http://testserver//evil.example/x", "/x"),
        ("http://testserver/\\evil.example", "/evil.example"),
        ("http://testserver/\\\\/evil.example", "/evil.example"),
        ("http://testserver/a\tb", "/ab"),
    ],
)
def test_and_to_no_other_site(browser, referer, there):
    browser.get("/auth/login", headers={"Referer": referer})
    assert browser.get("/oauth2callback?code=1").headers["location"] == there


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("error=access_denied&error_description=AADSTS65004: User declined.", "AADSTS65004"),
        ("error=access_denied", "access_denied"),
        ("error=<script>", None),
        ("code=1", None),
    ],
)
def test_why_a_sign_in_failed_is_kept_for_the_page(browser, query, kept):
    browser.get(f"/oauth2callback?{query}")
    assert browser.cookies.get(REFUSED) == kept


@pytest.mark.parametrize(
    ("address", "secure"), [("https://licenses.example.com", True), ("http://localhost:8501", False)]
)
def test_cookies_are_secure_where_people_come_over_https(browser, configured, address, secure):
    configured(redirect_uri=f"{address}/oauth2callback")
    cookies = browser.get("/oauth2callback?code=1&error=x").headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all(("; Secure" in cookie) is secure for cookie in cookies)


# Without a sign-in


@pytest.mark.parametrize(
    ("address", "environment", "fine"),
    [
        ("127.0.0.1", {"PARTNER_CENTER_ACCESS_TOKEN": "x"}, True),
        ("::1", {"PARTNER_CENTER_ACCESS_TOKEN": "x"}, True),
        ("localhost", {"PARTNER_CENTER_ACCESS_TOKEN": "x"}, True),
        ("0.0.0.0", {}, True),
        ("0.0.0.0", {"PARTNER_CENTER_ACCESS_TOKEN": "x"}, False),
        ("::", {"PARTNER_CENTER_ACCESS_TOKEN": "x"}, False),
        (None, {"PARTNER_CENTER_ACCESS_TOKEN": "x"}, False),
        ("192.0.2.7", {"PARTNER_CENTER_ACCESS_TOKEN": "x"}, False),
        ("localhost.example.com", {"PARTNER_CENTER_ACCESS_TOKEN": "x"}, False),
        (
            "0.0.0.0",
            {"PARTNER_CENTER_ACCESS_TOKEN": "x", "DANGER_SHOW_FIGURES_TO_ANYONE_WITHOUT_SIGN_IN": "true"},
            True,
        ),
    ],
)
def test_real_figures_are_shown_to_this_machine_alone(monkeypatch, address, environment, fine):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if fine:
        gate.check_address(address)
    else:
        with pytest.raises(SettingsError, match="no sign-in"):
            gate.check_address(address)


def test_a_call_that_comes_in_elsewhere_is_refused_however_the_server_was_started(browser, monkeypatch):
    monkeypatch.setenv("PARTNER_CENTER_ACCESS_TOKEN", "x")
    elsewhere = TestClient(browser.app, base_url="http://192.0.2.7")
    assert elsewhere.get("/").status_code == 403
    with pytest.raises(WebSocketDisconnect), elsewhere.websocket_connect("/_stcore/stream"):
        pass
    here = TestClient(browser.app, base_url="http://127.0.0.1")
    assert here.get("/").status_code == 200


def test_the_program_does_not_start_where_it_would_expose_figures():
    command = [sys.executable, "-m", "streamlit", "run", "--server.headless=true", "--server.port=0"]
    done = subprocess.run(
        [*command, "--server.address=0.0.0.0", "--browser.serverAddress=localhost"],
        cwd=ROOT,
        env={**os.environ, "PARTNER_CENTER_ACCESS_TOKEN": "hush-hush"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == SettingsError.exit_code
    assert "no sign-in is configured" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stdout + done.stderr
