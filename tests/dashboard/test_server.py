"""What every answer of the server carries."""

import base64
import hashlib
from pathlib import Path

import streamlit

from dashboard import server

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
