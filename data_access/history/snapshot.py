"""What one fetch leaves behind: its facts, the same in small, and what the snapshot says of itself.

Plain functions from an answer to tables; where they are kept is for `history`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from data_access import measures
from data_access.measures import Facts
from data_access.partner_center import catalog, frames
from data_access.partner_center.catalog import Collection
from data_access.partner_center.wire import SetAside

FORMAT = 1  # of the files; a reader leaves alone what is newer than itself

_DEPLOYMENTS = (catalog.DEPLOYMENT, catalog.COMMERCIAL_DEPLOYMENT)
_TEXT = pa.string()
_INSTANT = pa.timestamp("us", "UTC")
#: What is told of each row beside Microsoft's own: which snapshot it is of, and when that was fetched.
_ORIGIN = {"snapshot": _TEXT, "fetchedAt": _INSTANT}
_SMALL_KEYS = {"service": _TEXT, "serviceName": _TEXT, "channel": _TEXT}
_SMALL_DEPLOYMENT = pa.schema(
    {
        **_ORIGIN,
        **_SMALL_KEYS,
        "processedDateTime": _INSTANT,
        "licensesSold": pa.int64(),
        "licensesDeployed": pa.float64(),
        "undeployed": pa.float64(),
        "overDeployed": pa.float64(),
        "lowestPercent": pa.float64(),
        "highestPercent": pa.float64(),
        "rows": pa.int64(),
        "estimated": pa.bool_(),
    }
)
_SMALL_USAGE = pa.schema(
    {
        **_ORIGIN,
        **_SMALL_KEYS,
        "workloadName": _TEXT,
        "processedDateTime": _INSTANT,
        "licensesActive": pa.int64(),
        "licensesQualified": pa.int64(),
        "proratedLicensesUsagePercent": pa.float64(),
        "rows": pa.int64(),
    }
)
#: By what facts are sorted, as far as they have it: one customer's rows stand together.
_ORDER = ("customerTenantId", "service", "serviceCode", "serviceName", "workloadName", "channel", "productName")


_ROW_GROUP = 2**16  # rows; one customer's are found without reading the others


class File(BaseModel):
    """A file below the account's folder, and what it is when it is whole."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int  # bytes
    checksum: str  # SHA-256


class Month(File):
    """A file with the facts of so many snapshots of one month, by customer."""

    snapshots: int


class Snapshot(BaseModel):
    """One fetch of one collection, as it is kept. Paths are below the account's folder."""

    model_config = ConfigDict(frozen=True)

    id: str  # in the order of keeping, whatever the clock said
    collection: str
    day: date  # the day it speaks of: that of the fetch, or the one that was asked for
    fetched_at: datetime  # UTC
    asked: date | None = None  # the processing date that was asked for, in a back-fill
    rows: int
    announced: int | None
    missing: int
    set_aside: int
    reasons: Mapping[str, int] = {}  # why rows were set aside, and how many
    unread_customers: int = 0  # in a collection per customer: for whom the account may not read it
    as_of: Mapping[str, datetime | None]  # newest processing date of each service, UTC
    estimated: bool  # whether licensesDeployed is calculated from a percentage
    rows_checksum: str  # the same for the same rows in any order
    facts: str
    facts_size: int  # bytes
    facts_checksum: str  # SHA-256 of the file
    raw: str
    raw_size: int
    raw_checksum: str
    source: str
    address: str
    request_id: str
    correlation_id: str
    filter: str  # of the call: none, as every row is asked for
    instead: str | None = None  # the snapshot with the same rows whose file was found damaged
    month: Month | None = None  # that has its facts too
    format: int = Field(le=FORMAT)
    program: str

    @property
    def files(self) -> list[File]:
        """All that is kept of it beside its rows by service and channel."""
        return [
            File(path=self.facts, size=self.facts_size, checksum=self.facts_checksum),
            File(path=self.raw, size=self.raw_size, checksum=self.raw_checksum),
            *([self.month] if self.month else []),
        ]

    @property
    def processed(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest processing date of its services; (None, None) where none is known."""
        known = [instant for instant in self.as_of.values() if instant is not None]
        return (min(known), max(known)) if known else (None, None)


def folded(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with texts as categories: each is then compared, hashed, sorted and written once, and not row by row."""
    texts = [name for name, dtype in frame.dtypes.items() if dtype == "str" and name != "serviceName"]
    return frame.astype(dict.fromkeys(texts, "category"))


def facts(collection: Collection, frame: pd.DataFrame) -> Facts:
    """The rows as they are kept: for the two deployment collections `measures.facts`, for the others the frame.

    Identities are categories, rows are sorted by customer, then service, workload, channel and product.
    """
    if collection in _DEPLOYMENTS:
        kept = measures.facts(collection, frame)
    else:
        taken = {name: f"{name} (as sent)" for name in _ORIGIN if name in frame}
        found = frame.rename(columns=taken)
        kept = Facts(found.assign(**measures.identities(found)))
    rows = kept.frame
    return kept.of(rows.sort_values([name for name in _ORDER if name in rows], kind="stable", ignore_index=True))


def table(facts: Facts, snapshot: str, fetched_at: datetime) -> pa.Table:
    """Facts as they stand in the file: `snapshot`, `fetchedAt`, then the columns of `facts`."""
    found = facts.frame
    found = found.rename(columns={name: f"{name} (as sent)" for name in _ORIGIN if name in found})
    found = found.assign(serviceName=found["serviceName"].astype("category"))
    own = pa.Table.from_pandas(found, preserve_index=False).replace_schema_metadata()
    origin = {"snapshot": snapshot, "fetchedAt": fetched_at}
    columns = [pa.repeat(pa.scalar(origin[name], kind), own.num_rows) for name, kind in _ORIGIN.items()]
    columns += [_as_text(column) if column.null_count == len(column) else column for column in own.columns]
    return pa.table(columns, names=[*_ORIGIN, *own.column_names])


def small(collection: Collection, facts: Facts, snapshot: str, fetched_at: datetime) -> pa.Table:
    """The same by service and channel (and workload): a few dozen rows, whatever the number of customers.

    Deployment collections: `snapshot`, `fetchedAt`, then `measures.summary`. Usage: service, serviceName, channel,
    workloadName, processedDateTime (the newest), licensesActive, licensesQualified (null where only a percentage is
    sent), proratedLicensesUsagePercent (row by row as sent; null for counts), rows (how many facts).
    """
    if "licensesSold" in facts.frame:
        made, schema = _small_deployment(collection, facts), _SMALL_DEPLOYMENT
    else:
        made, schema = _small_usage(collection, facts.frame), _SMALL_USAGE
    made = made.assign(snapshot=snapshot, fetchedAt=pd.Timestamp(fetched_at))
    made = made.reindex(columns=schema.names)
    return pa.Table.from_pandas(frames.plain(made), schema=schema, preserve_index=False).replace_schema_metadata()


def small_schema(collection: Collection) -> pa.Schema:
    """The columns of `small`."""
    return _SMALL_DEPLOYMENT if "licensesSold" in collection.columns else _SMALL_USAGE


def parquet(parts: Iterable[pa.Table], about: Mapping[str, str]) -> pa.Buffer:
    """A file of these rows, one or more tables of the same columns, with `about` in its metadata."""
    file, writer = pa.BufferOutputStream(), None
    for rows in parts:
        # Without the schema of Arrow: any engine is to find plain texts, and no dictionaries of ours.
        writer = writer or pq.ParquetWriter(
            file, rows.schema, compression="zstd", store_schema=False, write_page_checksum=True
        )
        writer.write_table(rows, row_group_size=_ROW_GROUP)
    if writer is None:
        raise ValueError("no table to write")
    writer.add_key_value_metadata(about)
    writer.close()
    return file.getvalue()


def as_of(facts: Facts) -> dict[str, datetime | None]:
    """The newest processing date of each service, by its code."""
    found = facts.frame
    newest = found.groupby(_service(found), observed=True)["processedDateTime"].max()
    return {str(code): None if pd.isna(instant) else instant.to_pydatetime() for code, instant in newest.items()}


def checksum(frame: pd.DataFrame) -> str:
    """The same for the same rows, in whatever order they came; SHA-256 in hexadecimal digits."""
    each = pd.util.hash_pandas_object(frame, index=False).sort_values().to_numpy()
    return hashlib.sha256("\n".join(frame.columns).encode() + b"\0" + each.astype("<u8").tobytes()).hexdigest()


def reasons(set_aside: Sequence[SetAside]) -> dict[str, int]:
    """How often each reason was given."""
    return dict(Counter(row.reason for row in set_aside))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts of which there are none, as texts: a file with a column of no type does not go with the others."""
    categories = pa.types.is_dictionary(column.type) and pa.types.is_null(column.type.value_type)
    return pa.chunked_array([pa.nulls(len(column), _TEXT)]) if categories else column


def _service(found: pd.DataFrame) -> str:
    return next(name for name in ("service", "serviceCode", "serviceName") if name in found)


def _small_deployment(collection: Collection, facts: Facts) -> pd.DataFrame:
    if collection in _DEPLOYMENTS:
        return measures.summary(facts)
    rows = facts.frame
    counted = measures.row_by_row(nw.from_native(rows, eager_only=True), estimated=False)  # per customer, with counts
    return measures.summary(Facts(counted.to_native().assign(service=rows[_service(rows)])))


def _small_usage(collection: Collection, found: pd.DataFrame) -> pd.DataFrame:
    named = found.assign(service=found[_service(found)])
    if "proratedLicensesUsagePercent" in collection.columns:  # never added up: row by row, as sent
        return named.assign(rows=1)
    if "workloadCode" in named:
        named = named.assign(
            workloadName=named["workloadName"].astype("str").fillna(named["workloadCode"].astype("str"))
        )
    keys = ["service", "workloadName", "channel"]
    made = measures.activity_by(named, keys)
    groups = frames.plain(named[[*keys, "serviceName"]]).groupby(keys, dropna=False)["serviceName"]
    about = groups.agg(serviceName="min", rows="size").reset_index()
    return made.merge(about, on=keys)
