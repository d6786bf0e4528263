"""A snapshot: the record of one fetch, its facts, and their summary by service and channel.

Models and plain functions from an answer to tables; `draft` makes files of them, `history` writes those.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from data_access import measures, texts
from data_access.history import layout
from data_access.measures import Facts, customers
from data_access.partner_center import catalog, frames
from data_access.partner_center.answers import Answer, OfCustomers
from data_access.partner_center.catalog import Collection
from data_access.partner_center.wire import SetAside

#: The key of the metadata of a file of live facts that holds the customers without rows.
_OF_CUSTOMERS = "customers"
_KINDS = ("empty", "refused", "gone", "failed")  # the fields of `OfCustomers` that it holds
#: What other calls tell of a row, by collection.
_FROM_ELSEWHERE = {
    catalog.SUBSCRIPTIONS.name: ("customerName", "productId"),
    catalog.SEATS.name: ("customerName",),
}
FORMAT = 1  # of the files; a reader leaves newer ones alone
#: The key of a file's metadata that holds the records of its snapshots.
RECORDS = "snapshots"

_DEPLOYMENTS = (catalog.DEPLOYMENT, catalog.COMMERCIAL_DEPLOYMENT)
_TEXT = pa.string()
_INSTANT = pa.timestamp("us", "UTC")
#: The columns that go before Microsoft's own: the snapshot of the row, and when that was fetched.
_ORIGIN = {"snapshot": _TEXT, "fetchedAt": _INSTANT}
_SUMMARY_KEYS = {"service": _TEXT, "serviceName": _TEXT, "channel": _TEXT}
_SUMMARY_DEPLOYMENT = pa.schema(
    {
        **_ORIGIN,
        **_SUMMARY_KEYS,
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
#: There are no services and channels in it, and products are judged with more than one collection.
_SUMMARY_LIVE = pa.schema({**_ORIGIN, "customers": pa.int64(), "rows": pa.int64()})
_SUMMARY_USAGE = pa.schema(
    {
        **_ORIGIN,
        **_SUMMARY_KEYS,
        "workloadName": _TEXT,
        "processedDateTime": _INSTANT,
        "licensesActive": pa.int64(),
        "licensesQualified": pa.int64(),
        "proratedLicensesUsagePercent": pa.float64(),
        "rows": pa.int64(),
    }
)
#: The columns by which facts are sorted, as far as they have them: one customer's rows stand together.
_ORDER = ("customerTenantId", "service", "serviceCode", "serviceName", "workloadName", "channel", "productName")
_ROW_GROUP = 2**16  # rows; one customer's are found without reading the others


class File(BaseModel):
    """A file below the account's folder, with its size and checksum when it is whole."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int  # bytes
    checksum: str  # SHA-256

    def fields(self, name: str) -> dict[str, Any]:
        """The fields of a record that describe this file, such as `raw`, `raw_size` and `raw_checksum`."""
        return {name: self.path, f"{name}_size": self.size, f"{name}_checksum": self.checksum}


class Month(File):
    """A file with the facts of a whole month, sorted by customer; `snapshots` is how many it has the rows of."""

    snapshots: int


class Fetch(BaseModel):
    """The part of a snapshot's record that is known before its files are written.

    Two fields are stored under the names of their first version, `asked` and `instead`: older and newer programs
    read each other's histories.
    """

    model_config = ConfigDict(frozen=True, validate_by_name=True, serialize_by_alias=True)

    id: str  # in the order of keeping, whatever the clock said
    collection: str
    day: date  # of the fetch; in a back-fill the processing date
    fetched_at: datetime  # UTC
    #: In a back-fill the processing date that was requested.
    backfill_date: date | None = Field(default=None, validation_alias="asked", serialization_alias="asked")
    rows: int
    announced: int | None
    missing: int
    set_aside: int
    reasons: Mapping[str, int] = {}  # why rows were set aside, and how many
    twice: int = 0  # rows that came on two pages and were counted once
    unread_customers: int = 0  # in a collection per customer: those that were not read, refusals included
    failed_customers: int = 0  # of these, those that gave no usable answer; who they are is in the facts' file
    as_of: Mapping[str, datetime | None]  # newest processing date of each service, UTC
    estimated: bool  # whether licensesDeployed is calculated from a percentage
    rows_checksum: str  # the same for the same rows in any order
    #: Of a live collection: the same of the rows as its answers alone tell them, without what comes from other calls.
    sent_checksum: str | None = None
    source: str
    #: The name of the account's folder; records of earlier programs, and of folders without an account, have none.
    account: str | None = None
    address: str
    request_id: str
    correlation_id: str
    filter: str  # of the call: none, as every row is requested
    #: The id of the snapshot with the same rows whose facts were found damaged.
    replaces: str | None = Field(default=None, validation_alias="instead", serialization_alias="instead")
    format: int = Field(le=FORMAT)
    program: str
    #: How the rows were made of the answer; see `frames.READING`. Records of earlier programs have none.
    reading: int = 1

    @property
    def told(self) -> Told:
        """What its answer told."""
        return Told(self.rows_checksum, self.missing, self.set_aside)

    @model_serializer(mode="wrap")
    def _as_it_was_stored(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the fields that the record never had."""
        later = {"account", "reading", "twice", "failed_customers", "sent_checksum"}
        return {
            name: value
            for name, value in serialize(self).items()
            if name not in later or value != type(self).model_fields[name].default
        }


class Told(NamedTuple):
    """What makes two answers to one question the same: their rows, and how many did not come or could not be read."""

    rows_checksum: str
    missing: int
    set_aside: int


class Snapshot(Fetch):
    """The record of one fetch of one collection. Paths are below the account's folder."""

    facts: str
    facts_size: int  # bytes
    facts_checksum: str  # SHA-256 of the file
    raw: str
    raw_size: int
    raw_checksum: str
    month: Month | None = None  # the file of its month, which has its facts too

    @classmethod
    def of(cls, fetch: Fetch, facts: File, raw: File) -> Snapshot:
        """The record of a fetch that has these files."""
        return cls(**dict(fetch), **facts.fields("facts"), **raw.fields("raw"))

    @property
    def facts_file(self) -> File:
        return File(path=self.facts, size=self.facts_size, checksum=self.facts_checksum)

    @property
    def raw_file(self) -> File:
        return File(path=self.raw, size=self.raw_size, checksum=self.raw_checksum)

    @property
    def files(self) -> list[File]:
        """Every file of it but the summary."""
        return [self.facts_file, self.raw_file, *([self.month] if self.month else [])]

    @property
    def processed(self) -> tuple[datetime | None, datetime | None]:
        """The oldest and the newest processing date of its services; (None, None) where none is known."""
        known = [instant for instant in self.as_of.values() if instant is not None]
        return (min(known), max(known)) if known else (None, None)


class Owner(BaseModel):
    """The account whose history it is: the name of its folder, and the address that it asks; None for the sample."""

    model_config = ConfigDict(frozen=True)

    account: str
    source: str
    address: str | None

    def owns(self, record: Snapshot) -> bool:
        """Whether the record is of this account, as far as it says; a record without one is known by its address."""
        if record.account is not None:
            return record.account == self.account
        same_place = self.address is None or urlsplit(record.address).netloc == urlsplit(self.address).netloc
        return record.source == self.source and same_place


def misplaced(record: Snapshot, collection: str, owner: Owner | None) -> str:
    """The reason why a record in the folder of this collection is not to be read there; empty where it belongs.

    Its reason follows "it". Without an owner, records of every account belong.
    """
    if record.collection != collection:
        return f"has a record of another collection, {record.collection}"
    if owner is not None and not owner.owns(record):
        return "has a record of another account"
    places = [(record.facts, layout.FACTS), (record.raw, layout.RAW)]
    places += [(record.month.path, layout.MONTHS)] if record.month else []
    if not all(layout.is_of(path, kind, collection) for path, kind in places):
        return "has a record whose files are not in the folders of its collection"
    return ""


def file_paths(snapshots: Iterable[Snapshot]) -> set[str]:
    """The paths of all files of these snapshots."""
    return {file.path for snapshot in snapshots for file in snapshot.files}


def metadata(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The metadata of a file: the records of its snapshots, as far as they are known when it is written."""
    return {RECORDS: json.dumps(list(records), ensure_ascii=False, separators=(",", ":"))}


def folded(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with texts as categories: each text is then compared, hashed, sorted and written once, not by row."""
    texts = [name for name, dtype in frame.dtypes.items() if dtype == "str" and name != "serviceName"]
    return frame.astype(dict.fromkeys(texts, "category"))


def facts(collection: Collection, frame: pd.DataFrame) -> Facts:
    """The rows in the form of a facts file: `measures.facts` for the two deployment collections, else the frame.

    What tells rows apart has one spelling, with what was sent beside it (see `measures.Facts`), and is categories. Rows
    are sorted by customer, then service, workload, channel and product.
    """
    if collection.live:
        return _live(collection, frame)
    result = measures.facts(collection, frame) if collection in _DEPLOYMENTS else _told_apart(collection, frame)
    rows = result.frame
    return result.of(rows.sort_values([name for name in _ORDER if name in rows], kind="stable", ignore_index=True))


def _live(collection: Collection, frame: pd.DataFrame) -> Facts:
    """The rows of a live collection as they are, by customer: ids have one spelling already."""
    rows = frame.rename(columns=measures.clashes(frame, collection.columns, _ORIGIN))
    return Facts(rows.sort_values(customers.CUSTOMER, kind="stable", ignore_index=True))


def _told_apart(collection: Collection, frame: pd.DataFrame) -> Facts:
    """The rows of a collection that is no deployment of the partner's, with `service`, the code that they go by."""
    known = collection.columns
    if collection.per_customer:
        known = [*known, customers.CUSTOMER, measures.as_sent(customers.CUSTOMER)]  # from `frames.of_customer`
    rows = frame.rename(columns=measures.clashes(frame, known, [*_ORIGIN, "service"]))
    code = "serviceCode" if "serviceCode" in known else "serviceName"
    return Facts(measures.told_apart(rows.assign(service=rows[code])))


def table(facts: Facts, snapshot: str, fetched_at: datetime, *, live: bool = False) -> pa.Table:
    """The table of a facts file: `snapshot`, `fetchedAt`, then the columns of `facts`, with the key of each service.

    Of spellings, `facts` have one that came in the same answer: files of two days would not join by it.
    No two of their names differ in capitals alone, which would be one to an engine.
    """
    rows = facts.frame.rename(columns=texts.apart(facts.frame.columns, _ORIGIN))
    if not live:
        rows = rows.assign(
            service=texts.keys(rows["service"]).astype("category"), serviceName=rows["serviceName"].astype("category")
        )
    own = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata()
    origin = {"snapshot": snapshot, "fetchedAt": fetched_at}
    columns = [pa.repeat(pa.scalar(origin[name], kind), own.num_rows) for name, kind in _ORIGIN.items()]
    columns += [_as_text(column) if column.null_count == len(column) else column for column in own.columns]
    return pa.table(columns, names=[*_ORIGIN, *own.column_names])


def summary(collection: Collection, facts: Facts, snapshot: str, fetched_at: datetime) -> pa.Table:
    """The facts by service and channel (and workload): a few dozen rows, whatever the number of customers.

    Live collections: one row with the number of customers that have any, and of rows.
    Deployment collections: `snapshot`, `fetchedAt`, then `measures.summary`. Usage: service, serviceName, channel,
    workloadName, processedDateTime (the newest), licensesActive, licensesQualified (null where only a percentage is
    sent), proratedLicensesUsagePercent (row by row as sent; null for counts), rows (how many facts).
    """
    if collection.live:
        named = facts.frame[customers.CUSTOMER].nunique()
        made, schema = pd.DataFrame({"customers": [named], "rows": [len(facts)]}), _SUMMARY_LIVE
    elif "licensesSold" in collection.columns:  # and not in the frame: Microsoft may send a field of any name
        made, schema = _summary_of_deployment(collection, facts), _SUMMARY_DEPLOYMENT
    else:
        made, schema = _summary_of_usage(collection, facts.frame), _SUMMARY_USAGE
    made = made.assign(snapshot=snapshot, fetchedAt=pd.Timestamp(fetched_at))
    made = made.reindex(columns=schema.names)
    return pa.Table.from_pandas(frames.plain(made), schema=schema, preserve_index=False).replace_schema_metadata()


def summary_schema(collection: Collection) -> pa.Schema:
    """The columns of `summary`."""
    if collection.live:
        return _SUMMARY_LIVE
    return _SUMMARY_DEPLOYMENT if "licensesSold" in collection.columns else _SUMMARY_USAGE


def parquet(parts: Iterable[pa.Table], about: Mapping[str, str], row_group: int = _ROW_GROUP) -> pa.Buffer:
    """A Parquet file of one or more tables of the same columns, with `about` in its metadata."""
    file, writer = pa.BufferOutputStream(), None
    for rows in parts:
        # Without Arrow's own schema: every engine is to read plain texts, not our dictionaries.
        writer = writer or pq.ParquetWriter(
            file, rows.schema, compression="zstd", store_schema=False, write_page_checksum=True
        )
        writer.write_table(rows, row_group_size=row_group)
    if writer is None:
        raise ValueError("no table to write")
    writer.add_key_value_metadata(about)
    writer.close()
    return file.getvalue()


def as_of(collection: Collection, facts: Facts) -> dict[str, datetime | None]:
    """The newest processing date of each service, by its code; none of a live collection, true when it is read."""
    if collection.live:
        return {}
    found = facts.frame
    newest = found.groupby("service", observed=True)["processedDateTime"].max()
    return {str(code): None if pd.isna(instant) else instant.to_pydatetime() for code, instant in newest.items()}


def checksum(frame: pd.DataFrame) -> str:
    """A checksum of the rows that does not depend on their order: SHA-256 in hexadecimal digits."""
    each = pd.util.hash_pandas_object(frame, index=False).sort_values().to_numpy()
    return hashlib.sha256("\n".join(frame.columns).encode() + b"\0" + each.astype("<u8").tobytes()).hexdigest()


def told_by(answer: Answer) -> Told:
    """What an answer tells."""
    return Told(checksum_of(answer), answer.missing, len(answer.set_aside))


def checksum_of(answer: Answer) -> str:
    """The checksum of an answer's rows; of a live collection also of who was not read, whatever the columns' order."""
    if not answer.collection.live:
        return checksum(answer.frame)
    whose = of_customers_metadata(answer.of_customers)[_OF_CUSTOMERS]
    rows = checksum(answer.frame[sorted(answer.frame.columns)])
    return hashlib.sha256(f"{rows}\n{whose}".encode()).hexdigest()


def sent_checksum(collection: Collection, frame: pd.DataFrame) -> str:
    """The checksum of the rows of a live collection without what other calls tell of them."""
    elsewhere = _FROM_ELSEWHERE.get(collection.name, ())
    return checksum(frame[sorted(name for name in frame.columns if name not in elsewhere)])


def of_customers_metadata(whose: OfCustomers) -> dict[str, str]:
    """The customers without rows, for the metadata of a file of live facts."""
    kinds = {kind: getattr(whose, kind) for kind in _KINDS}
    return {_OF_CUSTOMERS: json.dumps(kinds, separators=(",", ":"))}


def of_customers(file: pa.Buffer) -> OfCustomers:
    """The same from a file of facts. Raises `pa.ArrowException` for another file."""
    metadata = pq.read_metadata(pa.BufferReader(file)).metadata or {}
    kinds = json.loads(metadata.get(_OF_CUSTOMERS.encode(), b"{}"))
    empty, refused, gone, failed = (tuple(kinds.get(kind, ())) for kind in _KINDS)
    return OfCustomers(empty, refused, gone, failed)


def reasons(set_aside: Sequence[SetAside]) -> dict[str, int]:
    """How often each reason was given."""
    return dict(Counter(row.reason for row in set_aside))


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of texts without a single text, as text: a column without a type could not be read with the others."""
    categories = pa.types.is_dictionary(column.type) and pa.types.is_null(column.type.value_type)
    return pa.chunked_array([pa.nulls(len(column), _TEXT)]) if categories else column


def _summary_of_deployment(collection: Collection, facts: Facts) -> pd.DataFrame:
    if collection in _DEPLOYMENTS:
        return measures.summary(facts)
    rows = facts.frame
    counted = measures.row_by_row(nw.from_native(rows, eager_only=True), estimated=False)  # per customer, with counts
    return measures.summary(Facts(counted.to_native()))


def _summary_of_usage(collection: Collection, found: pd.DataFrame) -> pd.DataFrame:
    if "proratedLicensesUsagePercent" in collection.columns:  # never added up: row by row, as sent
        known = {"service", *collection.columns}  # Microsoft may send a field under any other name of the summary's
        return found[[name for name in _SUMMARY_USAGE.names if name in known]].assign(rows=1)
    if "workloadCode" in collection.columns:
        found = found.assign(
            workloadName=found["workloadName"].astype("str").fillna(found["workloadCode"].astype("str"))
        )
    keys = ["service", "workloadName", "channel"]
    made = measures.activity_by(found, keys)
    groups = frames.plain(found[[*keys, "serviceName"]]).groupby(keys, dropna=False)["serviceName"]
    about = groups.agg(serviceName="min", rows="size").reset_index()
    return made.merge(about, on=keys)
