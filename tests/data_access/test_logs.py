"""With LOG_FORMAT=json every line on stderr is one JSON object, whoever writes it."""

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data_access import logs, settings
from data_access.__main__ import main
from data_access.emulator import DEMO_TOKEN, Emulator, failing, throttled
from data_access.emulator.sample import Partner
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
SECRET = "eyJhbGciOiJub25lIn0.secret"

#: A program that writes to stderr in all the ways that programs do.
EVERY_WAY = """
import asyncio, logging, sys, threading, traceback, warnings
early = logging.StreamHandler(); early.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
logging.getLogger("early").addHandler(early)
from data_access import logs, settings
logs.start("json")
late = logging.StreamHandler(); late.setFormatter(logging.Formatter("LATE %(message)s"))
logging.getLogger("late").addHandler(late); logging.getLogger("late").propagate = False
logging.getLogger("early").error("one\\nevent")
logging.getLogger("late").warning("two %s", "events", extra={logs.FIELDS: {"request_id": "42"}})
logging.getLogger("nobody's").warning("three")
warnings.warn("old")
print("two lines\\nof text", file=sys.stderr)
sys.stderr.write("in "); sys.stderr.write("parts\\n")
with logs.bound(page="trends"):
    logs.event("said", "error", code=None, status=503)
    logs.bind(request="r1")
    logging.getLogger("late").warning("within")
logs.event("{}"); print('{"time": 1', file=sys.stderr)
try: 1 / 0
except ZeroDivisionError:
    logging.getLogger("late").exception("caught")
    traceback.print_exc()
thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()
sys.stderr.write("no end of line")
raise SystemExit(int(sys.argv[1])) if sys.argv[1] != "1" else ValueError("at the end")
"""


def objects(stderr):
    """What the lines say; a line that is no such object fails."""
    found = [json.loads(line) for line in stderr.splitlines()]
    for line in found:
        assert datetime.fromisoformat(line["time"]).tzinfo is UTC
        assert line["level"] in ("debug", "info", "warning", "error", "critical")
        assert isinstance(line["event"], str)
        assert line["event"]
    return found


@pytest.mark.program
def test_every_way_to_write_gives_objects():
    command = [sys.executable, "-c", EVERY_WAY, "1"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    lines = objects(ended.stderr)
    said = {line["event"]: line for line in lines}
    assert (said["one\nevent"]["level"], said["one\nevent"]["logger"]) == ("error", "early")
    assert (said["two events"]["level"], said["two events"]["request_id"]) == ("warning", "42")
    assert {"two lines", "of text", "in parts", "three", "{}", '{"time": 1', "no end of line"} <= said.keys()
    assert any("UserWarning: old" in event for event in said)
    assert (said["said"]["level"], said["said"]["status"], said["said"]["page"]) == ("error", 503, "trends")
    assert "code" not in said["said"], "what is not known is left out"
    assert (said["within"]["page"], said["within"]["request"]) == ("trends", "r1")
    assert "page" not in said["caught"]
    assert "ZeroDivisionError" in said["caught"]["traceback"]
    assert "ZeroDivisionError" in said["A thread ended by an error: ZeroDivisionError"]["traceback"]
    assert "at the end" in said["The program ended by an error: ValueError"]["traceback"]


#: A program whose libraries quote what they got, as MSAL and urllib3 do.
QUOTING = """
import logging, sys
from data_access import logs
logs.start(sys.argv[1])
logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s")
for library in (*logs.SILENT, *logs.WITHHELD):
    log = logging.getLogger(f"{library}.within")
    log.error("Token response is not in json format: %s", "{'access_token': 'SECRET'")
    try: raise ValueError("SECRET")
    except ValueError: log.exception("Failed to parse headers (url=SECRET)")
logging.getLogger("streamlit.within").error("ours to see")
"""


@pytest.mark.program
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_libraries_of_requests_quote_is_not_written(form):
    command = [sys.executable, "-c", QUOTING, form]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "SECRET" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "msal" not in ended.stderr
    assert "ours to see" in ended.stderr
    for library in logs.WITHHELD:
        assert f"{library} met something: <string>, line" in ended.stderr
        assert f"{library} met something (ValueError): <string>, line" in ended.stderr


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in this process, whose stderr is as `logs.start` leaves it: its exit code, stdout and stderr."""

    def run(*arguments, **given):
        for name, value in {"PARTNER_CENTER_TRIES": "2", **given}.items():
            monkeypatch.setenv(name, value)
        written = io.StringIO()
        monkeypatch.setattr(sys, "stderr", logs.Lines(written))  # put back after the test
        try:
            code = main([*arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, capsys.readouterr().out, written.getvalue()

    return run


NOWHERE = {"PARTNER_CENTER_BASE_URL": "http://localhost:{port}", "PARTNER_CENTER_ACCESS_TOKEN": SECRET}


@pytest.mark.program
@pytest.mark.parametrize(
    ("arguments", "given", "code", "event"),
    [
        (["fetch", "deployment"], {}, 0, "neither a token nor"),
        (["fetch", "nothing"], {}, 2, "error: argument COLLECTION"),
        ([], {}, 2, "the following arguments are required"),
        (["fetch", "customer-usage"], {}, 2, "needs --customer"),
        (["status"], {"PARTNER_CENTER_TRIES": "many"}, 2, "PARTNER_CENTER_TRIES"),
        (["fetch", "deployment"], NOWHERE, 5, "did not answer"),
    ],
)
def test_commands_write_objects(run, arguments, given, code, event):
    port = free_port()
    ended, out, written = run(*arguments, **{name: value.format(port=port) for name, value in given.items()})
    assert ended == code
    assert (out == "") == bool(code)
    lines = objects(written)
    assert any(event in line["event"] for line in lines)
    assert SECRET not in written
    if code:
        assert lines[-1]["level"] == "error"


def test_progress_and_the_ids_of_a_refusal_are_objects_without_microsofts_words(run, serve, tmp_path):
    emulator = Emulator(Partner()).next(throttled("0"))
    emulator.always(failing(400, 1, "Contoso has no such thing"), where="/usage")
    address = {"PARTNER_CENTER_BASE_URL": serve(emulator), "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN}
    ended, _, written = run("collect", **address, HISTORY_URL=str(tmp_path))
    lines = objects(written)
    assert ended == lines[-1]["exit_code"] == 2
    assert lines[-1]["status"] == 400
    assert lines[-1]["correlation_id"]
    assert any("asks us to wait: try 2 of 2" in line["event"] for line in lines), "its progress"
    assert "Contoso" not in written


@pytest.mark.parametrize(("given", "form"), [("json", "json"), (" json ", "json"), ("xml", "text"), ("", "text")])
def test_the_setting_is_read_whatever_is_wrong_with_the_others(given, form, tmp_path):
    environ = {"LOG_FORMAT": given, "PARTNER_CENTER_TRIES": "many"}
    assert settings.log_format(environ, tmp_path / "none.toml") == form
    (tmp_path / "some.toml").write_text('[partner_center]\nlog_format = "json"\npartner_center_tries = "many"\n')
    assert settings.log_format({}, tmp_path / "some.toml") == "json"
    (tmp_path / "some.toml").write_text("not TOML")
    assert settings.log_format({}, tmp_path / "some.toml") == "text"


@pytest.mark.program
def test_the_program_itself_writes_objects():
    command = [sys.executable, "-m", "data_access", "status"]
    environ = {**os.environ, "LOG_FORMAT": "json", "PARTNER_CENTER_TRIES": "many"}
    ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "PARTNER_CENTER_TRIES" in objects(ended.stderr)[0]["event"]
