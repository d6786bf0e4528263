"""When nothing is shown to anybody, because it would be shown to everybody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dashboard.security import exposure
from dashboard.security.middleware import Gate
from data_access import SettingsError

ROOT = Path(__file__).parents[3]
LIVE = {"PARTNER_CENTER_ACCESS_TOKEN": "x"}
OPEN = {"DANGER_SHOW_FIGURES_TO_ANYONE_WITHOUT_SIGN_IN": "true"}


async def _figures(_request):
    return PlainTextResponse("secret figures")


async def _socket(websocket):
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def call():
    """A call that comes in at an address, under a name."""

    def call(address="127.0.0.1", **headers):
        app = Starlette(routes=[Route("/", _figures), WebSocketRoute("/_stcore/stream", _socket)])
        return TestClient(Gate(app, [""]), base_url=f"http://{address}", headers=headers)

    return call


@pytest.fixture
def write(monkeypatch, tmp_path):
    """The operator's file of secrets, of which Streamlit makes nothing."""

    def write(content):
        file = tmp_path / "secrets.toml"
        file.write_bytes(content)
        monkeypatch.setattr(exposure, "_files", lambda: {file})
        return file

    return write


# Without a sign-in


@pytest.mark.parametrize("address", ["0.0.0.0", "::", None, "192.0.2.7", "localhost.example.com"])
def test_real_figures_are_served_to_this_machine_alone(monkeypatch, address):
    exposure.check_address(address)  # the sample
    for name, value in LIVE.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="no sign-in"):
        exposure.check_address(address)
    for own in ("127.0.0.1", "::1", "[::1]", "localhost"):
        exposure.check_address(own)
    for name, value in OPEN.items():
        monkeypatch.setenv(name, value)
    exposure.check_address(address)


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"Host": "evil.example:8501"}),
        ("127.0.0.1", {"Host": "licenses.example.com"}),
        ("127.0.0.1", {"Host": ""}),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}),
    ],
    ids=["another address", "rebinding", "a proxy", "no name", "forwarded", "forwarded too"],
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
def test_a_table_that_streamlit_does_not_read_lets_nobody_in(call, write, content):
    write(content)
    answer = call().get("/")
    assert answer.status_code == 403
    assert "figures" not in answer.text
    with pytest.raises(SettingsError, match=r"secrets\.toml"):
        exposure.check_sign_in()


def test_a_file_without_such_a_table_is_no_trouble(call, write):
    file = write(b"[partner_center]\npartner_center_tries = 3")
    assert call().get("/").status_code == 200
    file.unlink()
    assert call().get("/").status_code == 200


def test_a_table_that_disappears_while_it_runs_lets_nobody_in(call, configure, monkeypatch):
    configure()
    assert exposure.sign_in_is_configured()
    monkeypatch.setattr(exposure, "get_secrets_auth_section", dict)
    assert exposure.sign_in_is_configured()
    assert call().get("/").status_code == 403


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
def test_half_a_configuration_is_none(configure, section, names):
    configure(**section)
    with pytest.raises(SettingsError, match=names):
        exposure.check_sign_in()


def test_one_provider_may_stand_in_the_table_itself(configure):
    configure(entra=None, client_id="x", client_secret="y", server_metadata_url="https://login/x")
    exposure.check_sign_in()
    assert exposure.provider(exposure.section())[0] is None


# As a program


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
