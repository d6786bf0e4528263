"""One version, in pyproject.toml."""

import tomllib
from pathlib import Path

import pytest

from data_access.__main__ import main

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_command_line_says_it_on_stdout(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    said = capsys.readouterr()
    version = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]
    assert (ended.value.code, said.out, said.err) == (0, f"partner-license-insights {version}\n", "")
