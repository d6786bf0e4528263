"""A server of its own: how it starts where the history cannot be read, and what other programs learn of it."""

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from dashboard import sitemap
from tests import waiting
from tests.dashboard import visit
from tests.ports import free_port

pytestmark = pytest.mark.program

ROOT = Path(__file__).parents[2]
TOKEN = "0123456789abcdef"


@contextmanager
def started(log, **settings):
    """The dashboard with these settings; yields what asks it for a path."""
    port = free_port()
    flags = f"--server.address 127.0.0.1 --server.port {port} --server.headless true"
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", *flags.split()]
    with log.open("wb") as stderr:
        server = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | settings, stderr=stderr, stdout=subprocess.DEVNULL
        )
        try:
            yield lambda path, **headers: requests.get(f"http://127.0.0.1:{port}/{path}", headers=headers, timeout=30)
        finally:
            server.terminate()
            server.wait()


def until(condition):
    """Wait for a condition, which may fail to connect at first; returns how long it took."""

    def holds():
        with suppress(requests.ConnectionError, requests.Timeout):
            return condition()

    return waiting.until(holds)


def test_it_starts_without_a_history_and_is_ready_soon_after_it_is_back(tmp_path):
    place, log = tmp_path / "history", tmp_path / "log"
    place.write_text("in its way")
    settings = {**visit.live("http://127.0.0.1:1"), "HISTORY_URL": str(place), "LOG_FORMAT": "json"}
    with started(log, **settings, METRICS_TOKEN=TOKEN) as ask:
        until(lambda: ask("livez").text == "ok")
        until(lambda: "history" in ask("readyz").json().get("reason", ""))
        assert ask("readyz").status_code == 503
        assert ask("").status_code == 200
        place.unlink()
        assert until(lambda: ask("readyz").status_code == 200) < 10
        assert ask("metrics").status_code == 401
        metrics = ask("metrics", Authorization=f"Bearer {TOKEN}").text
        assert "license_insights_ready 1.0" in metrics
        for page in sitemap.PAGES:  # or the first failure would be no rise
            assert f'license_insights_failed_runs_total{{page="{page.name}"}} 0.0' in metrics
        ask("trends?service=a-query")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all({"time", "level", "event"} <= line.keys() for line in lines)
    assert [line["event"].partition(":")[0] for line in lines if line["level"] != "info"] == [
        "Not ready",
        "Ready again.",
    ]
    assert TOKEN not in log.read_text()
    assert "a-query" not in log.read_text()


def test_files_of_the_operator_that_are_not_there_are_said_at_the_start(tmp_path):
    missing = {"BOOKS_FILE": str(tmp_path / "books.csv"), "DIGEST_FILE": str(tmp_path / "digest.toml")}
    log = tmp_path / "log"
    with started(log, **missing) as ask:
        until(lambda: ask("livez").text == "ok")
        waiting.until(lambda: all(f"{name} cannot be read: " in log.read_text() for name in missing))


def test_that_its_port_is_taken_is_one_json_object_where_the_unit_or_the_image_starts_it():
    unit = (ROOT / "deploy" / "systemd" / "partner-license-insights.service").read_text()
    (form,) = re.findall(r"^Environment='STREAMLIT_LOGGER_MESSAGE_FORMAT=(.+)'$", unit, re.MULTILINE)
    form = form.replace("%%", "%")  # systemd's own sign
    assert f"STREAMLIT_LOGGER_MESSAGE_FORMAT='{form}'" in (ROOT / "deploy" / "Containerfile").read_text()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
        command += ["--server.headless=true", "--server.address=127.0.0.1"]
        settings = os.environ | {"LOG_FORMAT": "json", "STREAMLIT_LOGGER_MESSAGE_FORMAT": form}
        ended = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60, check=False)
    (line,) = ended.stderr.splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"]) == (f"Port {port} is not available", "ERROR")
    assert said["time"]


def test_settings_that_cannot_be_meant_end_it():
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless", "true"]
    wrong = os.environ | {"PARTNER_CENTER_TRIES": "many", "STREAMLIT_SERVER_PORT": str(free_port())}
    ended = subprocess.run(command, cwd=ROOT, env=wrong, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "PARTNER_CENTER_TRIES" in ended.stderr
    assert "view" not in ended.stdout, "nobody can view it"
    assert "http" not in ended.stdout


def test_once_its_settings_are_right_it_says_where_it_is(tmp_path):
    port, said = free_port(), tmp_path / "stdout"
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless", "true"]
    settings = os.environ | {"STREAMLIT_SERVER_PORT": str(port)}
    with said.open("wb") as stdout:
        server = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=stdout, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}/"
            waiting.until(lambda: address in said.read_text())
        finally:
            server.terminate()
            server.wait()
    assert said.read_text().strip() == f"You can now view Partner License Insights in your browser: {address}"
