"""The engines that work out the measures over the history's files: DuckDB in this process, or an Apache Spark cluster.

Both run the same definitions (`measures`, `trends.by_snapshot`) and give the same tables, bit by bit. Pages ask an
engine only for what the history's summary cannot tell: one customer, one product, two dates side by side.
"""

from __future__ import annotations

import logging
import os
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
from pyarrow import dataset, fs

from data_access import measures, temporary, texts
from data_access.books import Customers
from data_access.errors import EngineError, SettingsError
from data_access.measures import Facts, customers, trends
from data_access.partner_center import frames
from data_access.partner_center.catalog import Collection
from data_access.selection import Selection
from data_access.settings import Settings

log = logging.getLogger(__name__)

Lazy = nw.LazyFrame[Any]

#: The columns of the rows that are asked, with Spark's names of their types; others are not read from files of facts.
_ORIGIN = {"snapshot": "string", "fetchedAt": "timestamp"}
_FACTS = _ORIGIN | {
    "service": "string",
    "channel": "string",
    "processedDateTime": "timestamp",
    "licensesSold": "bigint",
    "licensesDeployed": "double",
    "undeployed": "double",
    "overDeployed": "double",
}
#: Spark's names for the dtypes of a live collection.
_KINDS = {"str": "string", "Int64": "bigint", "boolean": "boolean"}
_OF_ESTIMATES = {"proratedDeploymentPercent": "double"}
_OF_COUNTS = dict.fromkeys([customers.CUSTOMER, "customerName", "productName", "productId"], "string")
_KNOWN_OF_COUNTS = {*_FACTS, *_OF_COUNTS, measures.service_of(estimated=False)}
_NAMING = (customers.CUSTOMER, "customerName")
_EVERYTHING = Selection()
_ADVICE = "Try again; if it goes on, the log tells the operator more."
_PATTERN = frozenset("*?[")  # characters that make a pattern of a file's name for DuckDB


class Engine(ABC):
    """Queries files of facts; `paths` are the history's. Any number of threads may use it."""

    def __init__(self, files: fs.FileSystem | None = None) -> None:
        self._files = files or fs.LocalFileSystem()

    def grouped(
        self,
        paths: Sequence[str],
        keys: Sequence[str],
        *,
        estimated: bool = False,
        labels: Sequence[str] = (),
        selection: Selection = _EVERYTHING,
    ) -> pd.DataFrame:
        """`measures.grouped` over these files; for the figures of one date they are those of one snapshot.

        Raises EngineError where the files cannot be read: they may have been pruned, or Spark does not answer.
        """

        def question(facts: Lazy) -> Lazy:
            return measures.grouped(facts, keys, estimated=estimated, labels=labels)

        table = self.ask(question, paths, estimated=estimated, selection=selection)
        return measures.in_one_spelling(table, keys, estimated=estimated, labels=labels)

    def points(
        self,
        paths: Sequence[str],
        keys: Sequence[str],
        *,
        estimated: bool = False,
        selection: Selection = _EVERYTHING,
    ) -> pd.DataFrame:
        """`trends.points` over these files: for lines that the summary does not have, such as those of products.

        For scripts, through `data_access.connect_engine`, and for the bench; the lines of pages come from the summary.
        Whether one part of a sum has an older date than before is not looked at, as `trends.lines` does.

        Raises EngineError.
        """

        def question(facts: Lazy) -> Lazy:
            return trends.by_snapshot(facts, keys, estimated=estimated)

        table = self.ask(question, paths, estimated=estimated, selection=selection)
        by_snapshot = measures.in_one_spelling(table, [*keys, "snapshot", "fetchedAt"], estimated=estimated)
        return trends.points(by_snapshot[list(table)], keys)

    def customer(self, paths: Sequence[str], tenant: str, selection: Selection = _EVERYTHING) -> Facts:
        """Every row of one customer, as facts for `trends.lines` and `measures.by`; see `customers`."""
        (found,) = self.customers(paths, [tenant], selection).values()
        return found

    def customers(
        self, paths: Sequence[str], tenants: Sequence[str], selection: Selection = _EVERYTHING
    ) -> dict[str, Facts]:
        """The same of several customers, by tenant id in capitals, from one reading of the files.

        The tenant ids may be in any case. Columns: snapshot (str), fetchedAt, service, channel (category),
        processedDateTime, licensesSold (int64), licensesDeployed, undeployed, overDeployed (float64), customerTenantId
        (category), customerName (str), productName (category). Raises EngineError.
        """
        wanted = [*dict.fromkeys(map(texts.identifier, tenants))]

        def question(facts: Lazy) -> Lazy:
            return facts.filter(nw.col(customers.CUSTOMER).is_in(wanted))

        found = self.ask(question, paths, selection=selection)
        found = found.sort_values(["snapshot", *customers.PRODUCT], kind="stable")
        rows_of = dict([*found.groupby(customers.CUSTOMER, sort=False)])
        own = {tenant: rows_of.get(tenant, found.head(0)).reset_index(drop=True) for tenant in wanted}
        return {tenant: Facts(rows.assign(**measures.identities(rows))) for tenant, rows in own.items()}

    def ask(
        self,
        question: Callable[[Lazy], Lazy],
        paths: Sequence[str],
        *,
        estimated: bool = False,
        selection: Selection = _EVERYTHING,
    ) -> pd.DataFrame:
        """Any other query of the rows of these files, in narwhals; texts come as `str`, instants as UTC in µs.

        `estimated`: the files are of partner deployment, with percentages and without customers and products.
        Raises EngineError.
        """
        # The column `service` of the files is a key, and tables are to have a spelling that was sent.
        service = measures.service_of(estimated=estimated)
        columns = {
            service if name == "service" else name: kind
            for name, kind in {**_FACTS, **(_OF_ESTIMATES if estimated else _OF_COUNTS)}.items()
        }

        def answer() -> pd.DataFrame:
            facts = self.scan(list(paths), columns).rename({service: "service"})
            return self.table(question(self._selected(facts, selection)))

        return self._answered(answer)

    def ask_live(self, question: Callable[[Lazy], Lazy], paths: Sequence[str], collection: Collection) -> pd.DataFrame:
        """The same of files of a live collection: its columns, with `snapshot` and `fetchedAt`.

        For scripts that ask how seats or subscriptions were over time; pages show the newest of them alone.

        Raises EngineError.
        """
        columns = _ORIGIN | {name: _KINDS[frames.DTYPES.get(name, "str")] for name in collection.columns}
        return self._answered(lambda: self.table(question(self.scan(list(paths), columns))))

    def _answered(self, answer: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        try:
            return answer()
        except Exception as error:  # noqa: BLE001 - each engine, Arrow and each object store has a family of its own
            # No messages, not even of what caused it: they may hold an address, a path or a row.
            log.warning("The history query failed: %s", type(error).__name__)
            log.debug("Raised by %s:\n%s", _kinds(error), "".join(traceback.format_tb(error.__traceback__)))
            raise EngineError("The history query failed.", _ADVICE) from None

    def table(self, frame: Lazy) -> pd.DataFrame:
        """The rows of a query, worked out."""
        table: pa.Table = frame.collect("pyarrow").to_native()
        types = [pa.timestamp("us", "UTC") if pa.types.is_timestamp(kind) else kind for kind in table.schema.types]
        return frames.plain(table.cast(pa.schema(zip(table.column_names, types, strict=True))).to_pandas())

    def _selected(self, facts: Lazy, selection: Selection) -> Lazy:
        wanted = selection.wanted
        if wanted:  # which spellings there are only the files can tell
            codes = self.table(facts.select(*wanted).unique())
            for column, chosen in wanted.items():
                meant = texts.same(codes[column].dropna().unique(), chosen)
                facts = facts.filter(nw.col(column).is_in(meant))
        return facts

    @abstractmethod
    def scan(self, paths: list[str], columns: dict[str, str]) -> Lazy:
        """The rows of these files, with these columns (names and Spark's types) and no others.

        Capitals in their names count.
        """


class DuckDB(Engine):
    """DuckDB in this process, on the files where they are. It loads no extension at run time and writes nothing."""

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        folder = temporary.folder()
        spill = Path(folder) / f"duckdb-{os.getpid()}" if folder else ""  # made when memory runs out, not before
        alone = dict.fromkeys(("autoinstall_known_extensions", "autoload_known_extensions"), False)
        connection = duckdb.connect(config={**alone, "temp_directory": str(spill)})
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute("SET GLOBAL parquet_metadata_cache = true")  # the history's files never change
        return connection

    def scan(self, paths: list[str], columns: dict[str, str]) -> Lazy:
        cursor = self._connection.cursor()  # a connection serves one thread at a time
        if not paths:
            rows = cursor.from_arrow(arrow_schema(columns).empty_table())
        elif self._can_read(cursor, paths, columns):
            rows = cursor.read_parquet(paths, hive_partitioning=False)
        else:
            files = dataset.dataset(paths, schema=arrow_schema(columns), format="parquet", filesystem=self._files)
            rows = cursor.from_arrow(files)
        return nw.from_native(rows).select(*columns)

    def _can_read(self, cursor: duckdb.DuckDBPyConnection, paths: list[str], columns: dict[str, str]) -> bool:
        """Whether DuckDB itself opens these files and none other, and takes no other column for one of these.

        Capitals in names of columns make no difference to it: of `Service` and `service` it reads the first.
        """
        if not isinstance(self._files, fs.LocalFileSystem) or any(_PATTERN.intersection(path) for path in paths):
            return False
        meant = {name.lower(): name for name in columns}
        names = cursor.execute("SELECT DISTINCT name FROM parquet_schema(?)", [paths]).fetchall()
        return all(meant.get(name.lower(), name) == name for (name,) in names)


class RestrictedEngine(Engine):
    """Another engine that sees the rows of some customers alone; not `named`, it cannot tell whose a row is.

    Files of partner deployment, which name no customer, are seen as they are.
    """

    def __init__(self, engine: Engine, customers: Customers, *, named: bool = True) -> None:
        super().__init__()
        self._engine, self._customers, self._named = engine, customers, named

    def table(self, frame: Lazy) -> pd.DataFrame:
        return self._engine.table(frame)

    def scan(self, paths: list[str], columns: dict[str, str]) -> Lazy:
        rows = self._engine.scan(paths, columns)
        if customers.CUSTOMER not in columns:
            return rows
        if not self._customers.is_everybody:
            tenant = nw.col(customers.CUSTOMER)
            mask = tenant.is_in(sorted(self._customers.ids))
            rows = rows.filter(~mask | tenant.is_null() if self._customers.others else mask)
        if self._named:
            return rows
        if not columns.keys() <= _KNOWN_OF_COUNTS:  # a live collection is about customers in every field
            return rows.filter(nw.col(customers.CUSTOMER).is_in([]))
        return rows.with_columns(nw.lit(None, nw.String).alias(name) for name in _NAMING)


#: How Spark spells what pyarrow calls a kind of store.
_SCHEMES = {"local": "file://", "s3": "s3a://", "gcs": "gs://", "abfs": "abfss://", "hdfs": "hdfs://"}
_TRIES, _WAIT = 4, 500  # of a call that gets no answer from Spark; milliseconds before the second one, then twice that


class Spark(Engine):
    """A Spark cluster, through Spark Connect. Its workers must reach the history at this program's address of it."""

    def __init__(self, remote: str, files: fs.FileSystem | None = None) -> None:
        super().__init__(files)
        try:
            from pyspark.sql.connect.client.retries import DefaultPolicy  # noqa: PLC0415 - an optional package
            from pyspark.sql.connect.session import SparkSession  # noqa: PLC0415
        except ImportError:
            raise SettingsError(
                "ANALYTICS_ENGINE is spark, and pyspark is not installed.",
                "Install it as the manual says, or set ANALYTICS_ENGINE to duckdb.",
            ) from None
        try:
            self._session = SparkSession.builder.remote(remote).create()
        except Exception:  # noqa: BLE001 - pyspark has many errors for it
            raise SettingsError(
                "SPARK_REMOTE is not an address of Spark Connect.", "It looks like sc://host:15002."
            ) from None
        # Spark's own rule is to try for ten minutes.
        patience = DefaultPolicy(max_retries=_TRIES, initial_backoff=_WAIT, backoff_multiplier=2.0)
        self._session.client.set_retry_policies([patience])
        try:
            self._session.conf.set("spark.sql.session.timeZone", "UTC")
            self._session.conf.set("spark.sql.caseSensitive", "true")  # names of columns; fields are Microsoft's
        except Exception as error:  # noqa: BLE001 - gRPC's and Spark's
            self._session.client.set_retry_policies([])  # or closing the session would take as many tries
            log.warning("Spark could not be reached: %s", type(error).__name__)
            raise EngineError("Spark does not answer at the address in SPARK_REMOTE.", _ADVICE) from None

    def scan(self, paths: list[str], columns: dict[str, str]) -> Lazy:
        schema = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        if not paths:
            rows = self._session.createDataFrame([], schema)
        else:
            scheme = _SCHEMES[self._files.type_name]
            rows = self._session.read.schema(schema).parquet(*(f"{scheme}{path}" for path in paths))
        lazy: Lazy = nw.from_native(rows)
        return lazy


def connect(settings: Settings, files: fs.FileSystem | None = None) -> Engine:
    """The engine that the settings name, for files on this file system; make it once and keep it.

    Raises SettingsError where it cannot be had, EngineError where Spark does not answer.
    """
    if settings.analytics_engine == "duckdb":
        return DuckDB(files)
    if settings.spark_remote is None:
        raise SettingsError(
            "ANALYTICS_ENGINE is spark, and SPARK_REMOTE is not set.", "Set it, such as sc://host:15002."
        )
    return Spark(settings.spark_remote, files)


def _kinds(error: BaseException) -> str:
    """The kinds of an error and of those that caused it."""
    chain = [error]
    while cause := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(cause)
    return ", caused by ".join(f"{type(link).__module__}.{type(link).__qualname__}" for link in chain)


def arrow_schema(columns: dict[str, str]) -> pa.Schema:
    """Columns and their kinds, in the words that DuckDB and Spark share, as Arrow has them."""
    kinds = {
        "string": pa.string(),
        "timestamp": pa.timestamp("us", "UTC"),
        "bigint": pa.int64(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
    }
    return pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
