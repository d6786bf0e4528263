"""What every answer of the server carries."""

import base64
import hashlib
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import streamlit
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import server
from data_access import history
from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import sample_of

ROOT = Path(__file__).parents[2]
PAGE = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()


def test_the_policy_lets_in_streamlits_own_inline_script_and_no_other():
    script = PAGE.split(b"<script>")[1].split(b"</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    policy = server.content_security_policy(PAGE)
    assert f"'sha256-{digest}'" in policy
    assert "script-src 'self' 'unsafe" not in policy


def test_the_policy_names_no_foreign_host():
    assert "http" not in server.content_security_policy(PAGE)


def test_the_fonts_are_our_own():
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    client = TestClient(Starlette(routes=server.ROUTES))
    fonts = {face["url"]: client.get(face["url"]).content for face in theme["fontFaces"]}
    assert {content[:4] for content in fonts.values()} == {b"wOF2"}
    assert {Path(url).name for url in fonts} == {file.name for file in server.FONTS.glob("*.woff2")}
    for use in ("font", "headingFont"):
        assert theme[use].split(",")[0] in {face["family"] for face in theme["fontFaces"]}


def test_the_samples_history_is_there_before_the_first_visitor(tmp_path, monkeypatch):
    settings = sample_of(tmp_path, datetime.now(UTC) - timedelta(days=8))
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    server._prepare_sample_history()
    assert len(history.open(settings).snapshots(DEPLOYMENT)) == 2, "the week that has passed since"
