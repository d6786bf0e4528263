"""What every answer of the server carries."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import streamlit

from dashboard import server
from data_access import history
from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import sample_of

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
    assert {file.suffix for file in server.FONTS.iterdir()} == {".woff2", ".txt"}


def test_the_samples_history_is_there_before_the_first_visitor(tmp_path, monkeypatch):
    settings = sample_of(tmp_path, datetime.now(UTC) - timedelta(days=8))
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    server._prepare_sample()
    assert len(history.open(settings).snapshots(DEPLOYMENT)) == 2, "the week that has passed since"
