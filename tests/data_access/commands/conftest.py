"""Commands, run in this process."""

import pytest

from data_access.__main__ import main
from data_access.emulator import DEMO_TOKEN


@pytest.fixture
def command(emulator, serve, tmp_path, monkeypatch, capsys):
    """Run a command in this process against the emulator; returns code, stdout and stderr."""
    monkeypatch.setenv("PARTNER_CENTER_BASE_URL", serve(emulator))
    monkeypatch.setenv("PARTNER_CENTER_ACCESS_TOKEN", DEMO_TOKEN)
    monkeypatch.setenv("PARTNER_CENTER_TRIES", "1")
    monkeypatch.setenv("HISTORY_URL", str(tmp_path / "history"))

    def run(*arguments):
        try:
            code = main([*arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, *capsys.readouterr()

    return run
