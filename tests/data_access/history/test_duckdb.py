"""DuckDB inside this process, and choosing an engine."""

import sys
import threading

import duckdb
import pytest
from pyarrow import fs

from data_access import Settings, SettingsError, measures
from data_access.history.engines import DuckDB, connect
from tests.data_access.history.test_engines import BEGIN, same
from tests.engines import counted, estimated, keep


def test_it_is_the_default():
    assert isinstance(connect(Settings()), DuckDB)


def test_spark_without_an_address_is_an_error_that_names_the_setting():
    with pytest.raises(SettingsError, match="SPARK_REMOTE"):
        connect(Settings(analytics_engine="spark"))


def test_spark_that_is_not_installed_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql.connect.session", None)
    with pytest.raises(SettingsError, match="pyspark is not installed"):
        connect(Settings(analytics_engine="spark", spark_remote="sc://127.0.0.1:1"))


def test_files_of_an_object_store_are_read_where_they_are(tmp_path):
    """Whatever pyarrow can open: here a file system with a root of its own stands for one."""
    facts = counted(0)
    path = keep(tmp_path, facts, 0, BEGIN)
    store = fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())
    result = DuckDB(store).grouped([path.removeprefix(f"{tmp_path}/")], ["service"])
    same(result, measures.by(facts, ["service"]))


def test_a_folder_may_be_called_like_a_pattern(tmp_path):
    """`[b]` means b in a pattern, and there is such a folder."""
    path, _ = (keep(tmp_path / folder, estimated(day), 0, BEGIN) for day, folder in enumerate(("a[b]", "ab")))
    same(DuckDB().grouped([path], ["service"], estimated=True), measures.by(estimated(0), ["service"]))


def test_a_folder_may_be_called_like_a_column(tmp_path):
    path = keep(tmp_path / "service=x", counted(0), 0, BEGIN)
    same(DuckDB().grouped([path], ["service"]), measures.by(counted(0), ["service"]))


def test_nothing_is_loaded_at_run_time(tmp_path):
    engine = DuckDB()
    engine.grouped([keep(tmp_path, counted(0), 0, BEGIN)], ["service"])
    loaded = engine._connection.sql("SELECT install_mode FROM duckdb_extensions() WHERE loaded").fetchall()
    assert {mode for (mode,) in loaded} == {"STATICALLY_LINKED"}
    with pytest.raises(duckdb.Error):
        engine._connection.sql("SELECT * FROM 'https://127.0.0.1:1/x.parquet'")


def test_any_number_of_threads_may_ask(tmp_path):
    facts, engine, results = counted(0), DuckDB(), []
    path = keep(tmp_path, facts, 0, BEGIN)

    def ask():
        results.append(engine.grouped([path], ["service", "channel"]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(threads)
    for table in results:
        same(table, measures.by(facts, ["service", "channel"]))
