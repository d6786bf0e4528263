"""Without a folder for temporary files the program starts, and works."""

import importlib
import sys
import tempfile

import pytest

from data_access import temporary
from data_access.history.engines import DuckDB


@pytest.fixture
def nowhere(monkeypatch):
    def refuse():
        if tempfile.tempdir is None:
            raise FileNotFoundError("No usable temporary directory found")
        return tempfile.tempdir

    monkeypatch.setattr(tempfile, "tempdir", None)  # which outlives the test
    monkeypatch.setattr(tempfile, "gettempdir", refuse)  # as where no folder can be written


def test_the_folder_is_the_platforms(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", None)  # which outlives the test
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert temporary.folder() == str(tmp_path)


@pytest.mark.usefixtures("nowhere")
def test_or_there_is_none():
    assert temporary.folder() is None


@pytest.mark.usefixtures("nowhere")
def test_a_library_that_asks_for_it_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "portalocker.utils")
    with temporary.assumed():
        assert importlib.import_module("portalocker.utils").Lock
    assert temporary.folder() is None


@pytest.mark.usefixtures("nowhere")
def test_duckdb_answers():
    engine = DuckDB()
    assert engine._connection.execute("SELECT 1").fetchone() == (1,)
    engine._connection.close()
