"""The command `audit`: the entries that are kept, for people and for programs."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from data_access import history, load_settings
from data_access.__main__ import main
from data_access.history.audit import COLUMNS, Entry

NOW = datetime.now(UTC).replace(microsecond=250_000)


@pytest.fixture
def ask(monkeypatch, tmp_path, capsysbinary):
    """Run the command over what somebody did 400 days, 3 days and 1 minute ago."""
    monkeypatch.setenv("HISTORY_URL", str(tmp_path))
    ago = (timedelta(days=400), timedelta(days=3), timedelta(minutes=1))
    entries = [Entry(NOW - time, "file", "ann", "t/o", "trends", "a=1&b=2", f"{time.days}.csv", 7) for time in ago]
    history.open_audit(load_settings()).append([*entries, Entry(NOW, "look", page="overview")])

    def ask(*arguments):
        code = main(["audit", *arguments])
        return code, capsysbinary.readouterr().out.decode()

    return ask


def test_it_prints_what_is_kept_the_oldest_first(ask):
    code, out = ask()
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert tuple(rows[0]) == COLUMNS
    assert [row["file"] for row in rows] == ["3.csv", "0.csv", ""]
    assert [row["rows"] for row in rows] == ["7", "7", ""]
    assert datetime.fromisoformat(rows[-1]["time"]) == NOW


def test_from_a_day_on(ask):
    _, out = ask("--since", f"{NOW - timedelta(days=2):%Y-%m-%d}", "--format", "json")
    assert [(entry["file"], entry["rows"]) for entry in json.loads(out)] == [("0.csv", 7), ("", None)]


def test_what_is_older_than_it_is_kept_is_not_printed_whatever_is_asked_for(ask, monkeypatch):
    assert "400.csv" not in ask("--since", "2000-01-01")[1]
    monkeypatch.setenv("AUDIT_DAYS", "1000")
    assert "400.csv" in ask("--since", "2000-01-01")[1]


@pytest.mark.usefixtures("ask")
def test_compact_removes_what_is_older(monkeypatch):
    monkeypatch.setenv("AUDIT_DAYS", "2")
    monkeypatch.setenv("PARTNER_CENTER_ACCESS_TOKEN", "x")
    history.open_audit(load_settings()).append([Entry(NOW - timedelta(days=5), "look"), Entry(NOW, "look")])
    assert main(["compact"]) == 0
    assert len(history.open_audit(load_settings()).read(NOW.date() - timedelta(days=900))) == 1


@pytest.mark.parametrize("arguments", [["--since", "yesterday"], ["--format", "xml"]])
def test_what_cannot_be_meant_is_refused(ask, arguments):
    with pytest.raises(SystemExit) as ended:
        ask(*arguments)
    assert ended.value.code == 2
