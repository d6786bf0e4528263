"""When no figures are shown, because people who are not asked to sign in would see them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import config

from dashboard.security import exposure, streamlit_internals
from dashboard.security.exposure import SignIn
from dashboard.security.middleware import Gate
from dashboard.security.roles import Ended
from data_access import SettingsError, load_settings

ROOT = Path(__file__).parents[3]
LIVE = {"PARTNER_CENTER_ACCESS_TOKEN": "x"}
NOT_CONFIGURED = SignIn(secrets_files=list)
OPEN = {"DANGER_SHOW_FIGURES_TO_ANYONE_WITHOUT_SIGN_IN": "true"}


async def _figures(_request):
    return PlainTextResponse("secret figures")


async def _socket(websocket):
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def call():
    """A caller who reaches the server at an address, under a name."""

    def call(address="127.0.0.1", sign_in=NOT_CONFIGURED, **headers):
        app = Starlette(routes=[Route("/", _figures), WebSocketRoute("/_stcore/stream", _socket)])
        return TestClient(Gate(app, [""], sign_in, Ended()), base_url=f"http://{address}", headers=headers)

    return call


@pytest.fixture
def secrets_file(tmp_path):
    """The operator's file of secrets, in which Streamlit finds no table."""
    return tmp_path / "secrets.toml"


@pytest.fixture
def sign_in(secrets_file):
    """What the dashboard makes of that file."""
    return SignIn(secrets_files=lambda: [secrets_file], seconds=0)


# Without a sign-in


@pytest.mark.parametrize("address", ["0.0.0.0", "::", None, "192.0.2.7", "localhost.example.com"])
def test_real_figures_are_served_to_this_machine_alone(monkeypatch, address):
    exposure.check_address(address, NOT_CONFIGURED)  # the sample
    for name, value in LIVE.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="no sign-in"):
        exposure.check_address(address, NOT_CONFIGURED)
    for own in ("127.0.0.1", "::1", "[::1]", "localhost"):
        exposure.check_address(own, NOT_CONFIGURED)
    for name, value in OPEN.items():
        monkeypatch.setenv(name, value)
    exposure.check_address(address, NOT_CONFIGURED)


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"Host": "evil.example:8501"}),
        ("127.0.0.1", {"Host": "licenses.example.com"}),
        ("127.0.0.1", {"Host": ""}),
        ("127.0.0.1", {"Host": "[::1"}),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}),
    ],
    ids=["another address", "rebinding", "a proxy", "no name", "no address", "forwarded", "forwarded too"],
)
def test_a_call_from_elsewhere_is_refused_however_it_came(call, monkeypatch, address, headers):
    caller = call(address, **headers)
    assert caller.get("/").status_code == 200  # the sample
    for name, value in LIVE.items():
        monkeypatch.setenv(name, value)
    assert caller.get("/").status_code == 403
    with pytest.raises(WebSocketDisconnect), caller.websocket_connect("/_stcore/stream"):
        pass
    for name, value in OPEN.items():
        monkeypatch.setenv(name, value)
    assert caller.get("/").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        *("Forwarded", "Forwarded-For", "X-Forwarded", "X-Forwarded-For", "X-Real-IP", "X-Client-IP", "Via"),
        *("CF-Connecting-IP", "True-Client-IP", "X-Cluster-Client-IP", "X-Envoy-External-Address"),
        *("X-Original-Forwarded-For", "X-Original-Host", "X-Azure-ClientIP", "Fastly-Client-IP"),
    ],
)
def test_a_call_that_a_proxy_hands_on_does_not_come_from_this_machine(header):
    def request(*headers):
        scope = {"type": "http", "client": ("127.0.0.1", 1), "http_version": "1.1"}
        return HTTPConnection(scope | {"headers": [(b"host", b"127.0.0.1"), *headers]})

    assert exposure.is_from_this_machine(request())
    assert not exposure.is_from_this_machine(request((header.lower().encode(), b"203.0.113.9")))


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501"])
def test_this_machine_has_three_names(call, monkeypatch, host):
    for name, value in LIVE.items():
        monkeypatch.setenv(name, value)
    assert call(Host=host).get("/").status_code == 200


# A sign-in that was meant


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf[auth]\nredirect_uri = 'x'",
        b"[auth]",
        b"[Auth]\nredirect_uri = 'x'",
        b"[auth\nredirect_uri = 'x'",
        b"auth = 1",
        "[auth]\nname = 'é'".encode("latin-1"),
    ],
    ids=["byte order mark", "empty", "misspelt", "broken", "no table", "another encoding"],
)
def test_a_table_that_streamlit_does_not_read_lets_nobody_in(call, secrets_file, sign_in, content):
    secrets_file.write_bytes(content)
    answer = call(sign_in=sign_in).get("/")
    assert answer.status_code == 403
    assert "figures" not in answer.text
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        sign_in.check()


def test_a_file_without_such_a_table_is_no_trouble(call, secrets_file, sign_in):
    secrets_file.write_bytes(b"[partner_center]\npartner_center_tries = 3")
    assert call(sign_in=sign_in).get("/").status_code == 200
    secrets_file.unlink()
    assert call(sign_in=sign_in).get("/").status_code == 200


def test_files_are_read_once_in_a_while(secrets_file, monkeypatch):
    read = []

    def noted(what, result):
        read.append(what)
        return result

    monkeypatch.setattr(streamlit_internals, "sign_in_table", lambda: noted("table", {}))  # tells when
    sign_in = SignIn(secrets_files=lambda: noted("files", [secrets_file]))
    for _ in range(100):
        sign_in.check()
        assert not sign_in.is_configured
    assert sorted(read) == ["files", "table"]


def test_a_table_that_disappears_while_it_runs_lets_nobody_in(call, configure, sign_in):
    configure()
    assert sign_in.is_configured
    st.secrets.merge_programmatic_secrets({"auth": {}})
    assert not sign_in.table
    assert sign_in.is_configured
    assert call(sign_in=sign_in).get("/").status_code == 403


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ({"entra": {}}, "client_id"),
        ({"entra": {"client_id": "x", "client_secret": "y"}}, "server_metadata_url"),
        ({"redirect_uri": ""}, "redirect_uri"),
        ({"cookie_secret": ""}, "cookie_secret"),
        ({"cookie_secret": "x" * 40}, "cookie_secret"),
        ({"cookie_secret": "short-but-with-many"}, "cookie_secret"),
        ({"cookie_secret": "at least 32 random characters, which these are not"}, "cookie_secret"),
    ],
)
def test_half_a_configuration_is_none(configure, sign_in, section, names):
    configure(**section)
    with pytest.raises(SettingsError, match=names):
        sign_in.check()


def test_one_provider_may_stand_in_the_table_itself(configure, sign_in):
    configure(entra=None, client_id="x", client_secret="y", server_metadata_url="https://login/x")
    sign_in.check()
    assert sign_in.provider[0] is None


# As a program


@pytest.mark.program
@pytest.mark.parametrize(
    ("flags", "secrets"),
    [(["--server.address=0.0.0.0"], ""), ([], "\ufeff[auth]\nredirect_uri = 'x'\n")],
    ids=["open to the network", "a sign-in that does not work"],
)
def test_the_program_does_not_start_where_it_would_expose_figures(tmp_path, flags, secrets):
    file = tmp_path / "secrets.toml"
    file.write_text(secrets, encoding="utf-8")
    command = [sys.executable, "-m", "streamlit", "run", "--server.headless=true", "--server.port=0"]
    done = subprocess.run(
        [*command, f"--secrets.files={file}", "--browser.serverAddress=localhost", *flags],
        cwd=ROOT,
        env={**os.environ, "PARTNER_CENTER_ACCESS_TOKEN": "hush-hush"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == SettingsError.exit_code
    assert "The settings need attention" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stdout + done.stderr


HERE = "127.0.0.1:8501"


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        (f"http://{HERE}", HERE, True),
        ("https://LICENSES.example", "licenses.example", True),
        ("http://[::1]:8501", "[::1]:8501", True),
        ("http://127.0.0.1:9999", HERE, False),
        ("http://localhost:8501", HERE, False),
        ("http://evil.example", HERE, False),
        (f"http://{HERE}.evil.example", HERE, False),
        ("null", HERE, False),
        ("null", "", False),
        ("", HERE, False),
        ("http://[bad", HERE, False),
        ("https://licenses.example", "licenses.example:443", True),
        ("https://licenses.example:8443", "licenses.example:8443", True),
        ("https://licenses.example:8443", "licenses.example", False),
        ("https://licenses.example:99999", "licenses.example:99999", False),
        ("ftp://licenses.example", "licenses.example", False),
    ],
)
def test_a_page_is_ours_at_the_host_that_it_asks_and_at_no_other(origin, host, is_own):
    assert exposure.is_own_origin(origin, host, NOT_CONFIGURED) is is_own


def test_or_at_the_address_that_people_are_told(monkeypatch, configure):
    def own(origin):
        return exposure.is_own_origin(origin, "upstream:8501", SignIn(secrets_files=list))

    addresses = ["https://public.example", "https://entra.example:444"]
    assert not any(map(own, addresses))
    monkeypatch.setenv("PUBLIC_URL", "https://Public.example/licenses")
    configure(redirect_uri="https://entra.example:444/oauth2callback")
    sign_in = SignIn(secrets_files=list, seconds=0)
    assert all(exposure.is_own_origin(address, "upstream:8501", sign_in) for address in addresses)
    assert exposure.is_own_origin("https://public.example:443", "upstream:8501", sign_in), "the usual port"
    assert not exposure.is_own_origin("http://public.example", "public.example", sign_in), "people come by https"
    assert not exposure.is_own_origin("https://entra.example", "upstream:8501", sign_in), "another port"
    monkeypatch.setenv("PUBLIC_URL", "nonsense")
    assert not exposure.is_own_origin("https://public.example", "upstream:8501", sign_in), "and no error"


def test_settings_are_not_read_for_each_socket(monkeypatch):
    read = []

    def settings():
        read.append(1)
        return load_settings()

    monkeypatch.setattr(exposure, "load_settings", settings)  # counts the calls
    sign_in = SignIn(secrets_files=list, seconds=60)
    assert not any(exposure.is_own_origin("https://evil.example", HERE, sign_in) for _ in range(50))
    assert len(read) == 1


def test_or_where_streamlit_is_told_to_be_unless_that_is_this_machine():
    before = st.get_option("browser.serverAddress")
    try:
        for named, is_own in (("licenses.example", True), ("localhost", False), ("127.0.0.1", False)):
            config.set_option("browser.serverAddress", named)
            port = st.get_option("browser.serverPort")
            for address in (f"https://{named}", f"http://{named}", f"http://{named}:{port}"):
                assert exposure.is_own_origin(address, "upstream:8501", NOT_CONFIGURED) is is_own
            for other in (9999, port + 1):
                assert not exposure.is_own_origin(f"https://{named}:{other}", "upstream:8501", NOT_CONFIGURED)
    finally:
        config.set_option("browser.serverAddress", before)
