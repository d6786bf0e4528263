"""What the server adds to Streamlit's answers, and the fonts that it serves."""

import base64
import hashlib
import re
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard import server, static_files
from dashboard.security.streamlit_internals import INDEX_PAGE
from data_access import history
from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import sample_of

PAGE = INDEX_PAGE.read_bytes()
THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
FONTS = [face["url"] for face in THEME["fontFaces"]]


@pytest.fixture
def browser():
    routes = [*server.ROUTES, Route("/", lambda _: PlainTextResponse("a page"))]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(server.SecurityHeaders)]))


def test_the_policy_lets_in_streamlits_own_inline_script_and_no_other():
    script = PAGE.split(b"<script>")[1].split(b"</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    policy = server.content_security_policy(PAGE)
    assert f"script-src 'self' 'sha256-{digest}';" in policy


def test_the_policy_names_no_foreign_host():
    assert "http" not in server.content_security_policy(PAGE)


@pytest.mark.program
def test_the_samples_history_is_there_before_the_first_visitor(tmp_path, monkeypatch):
    settings = sample_of(tmp_path, datetime.now(UTC) - timedelta(days=8))
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    server.prepare_sample_history()
    assert len(history.open(settings).snapshots(DEPLOYMENT)) == 2, "the week that has passed since"


def test_every_answer_carries_the_policy(browser):
    for path in ("/", "/nowhere"):
        assert browser.get(path).headers["Content-Security-Policy"] == server.content_security_policy(PAGE)
        assert browser.get(path).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", FONTS)
def test_the_theme_takes_its_fonts_from_here(browser, address):
    assert browser.get(f"/{address}").content.startswith(b"wOF2")


def test_every_font_that_is_here_is_used():
    assert {Path(address).name for address in FONTS} == {file.name for file in server.FONTS.glob("*.woff2")}
    for use in ("font", "headingFont"):
        assert THEME[use].split(",")[0] in {face["family"] for face in THEME["fontFaces"]}


def test_only_names_that_stand_for_one_content_are_kept_for_good():
    assert "manifest.json" not in server._SCRIPTS
    assert all(
        name.startswith("static/") or name in (static_files.PLOTLY, static_files.ICON[1:]) for name in server._SCRIPTS
    )
    assert any(name.startswith("static/js/index.") for name in server._SCRIPTS)


def test_the_page_announces_the_scripts_of_all_our_components():
    announced = {Path(link.split(">")[0]).name for link in server._LATER if "bidi-components" in link}
    assert announced == {file.name for file in static_files.BROWSER.glob("*.js")}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize("name", ["page.css", "frame.css", "chart.css", "tiles.css", "table.css", "cards.css"])
def test_no_rule_has_the_browser_look_at_the_page_again_for_each_element_that_comes(name):
    sheet = (static_files.BROWSER / name).read_text(encoding="utf-8")
    assert re.findall(r":has\((?!> |img\)).*", sheet) == []  # children alone, or what comes seldom
    assert {*re.findall(r'\[class\*="(.*?)"\]', sheet)} <= {"st-key-heading_"}  # and nothing below it


def test_a_system_that_gives_no_more_files_starts_all_the_same(monkeypatch):
    def refuse(*_):
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr("resource.getrlimit", lambda _: (256, -1))  # RLIM_INFINITY
    monkeypatch.setattr("resource.setrlimit", refuse)  # as macOS does
    assert server.raise_limit_of_files() == 256
