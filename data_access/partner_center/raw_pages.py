"""Raw pages: answers kept byte for byte, so that a corrected parser can read old answers again.

One Parquet file per fetch, a row per page: `start` (int64, rows before it), `rows` (int64, how many of its rows count),
`address`, `requestId` (string), `body` (binary, as received). Any engine opens it; it is compressed with zstd.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.partner_center import frames, protocol, wire
from data_access.partner_center.catalog import Collection
from data_access.partner_center.protocol import Received

_SCHEMA = pa.schema(
    {
        "start": pa.int64(),
        "rows": pa.int64(),
        "address": pa.string(),
        "requestId": pa.string(),
        "body": pa.large_binary(),
    }
)
_ZSTD_LEVEL = 1  # a tenth of the size, in a fraction of the time that the page took to arrive


class Pages:
    """Pages of one answer in any order, compressed as they arrive. Not safe for several threads at a time."""

    def __init__(self) -> None:
        self.address = self.request_id = ""  # of the first page
        self._file = pa.BufferOutputStream()
        self._writer = pq.ParquetWriter(
            self._file,
            _SCHEMA,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        )

    def add(self, start: int, rows: int, received: Received) -> None:
        """Add one page: `rows` of its rows count, after `start` others."""
        page = [[start], [rows], [received.address], [received.request_id], [received.body]]
        if start == 0:
            self.address, self.request_id = received.address, received.request_id
        self._writer.write_table(pa.table(page, schema=_SCHEMA))

    def file(self, about: Mapping[str, str]) -> pa.Buffer:
        """The finished Parquet file with `about` in its metadata. To be called once."""
        self._writer.add_key_value_metadata(about)
        self._writer.close()
        return self._file.getvalue()


@dataclass(frozen=True, eq=False)
class Reread:
    """A kept answer, read by the parser of today."""

    frame: pd.DataFrame
    set_aside: tuple[wire.SetAside, ...]


def joined(parts: Iterable[Pages]) -> Pages:
    """Several answers as one; positions go on counting from one to the next."""
    result, before = Pages(), 0
    for part in parts:
        rows_so_far = before
        for start, rows, received in pages(part.file({})):
            result.add(before + start, rows, received)
            rows_so_far = before + start + rows
        before = rows_so_far
    return result


def pages(file: pa.Buffer) -> list[tuple[int, int, Received]]:
    """The pages of a file in their order, each with `start` and `rows`. Raises `pa.ArrowException` for another file."""
    rows = pq.read_table(pa.BufferReader(file), page_checksum_verification=True).to_pylist()
    rows.sort(key=lambda row: row["start"])
    return [(row["start"], row["rows"], Received(row["address"], row["requestId"], row["body"])) for row in rows]


def reread(collection: Collection, file: pa.Buffer) -> Reread:
    """Read a kept answer again, from its bytes to the frame.

    Raises one of the family in `errors` where a body cannot be understood.
    """
    tables: list[pd.DataFrame] = []
    set_aside: list[wire.SetAside] = []
    for start, rows, received in pages(file):
        arrived = protocol.page(200, {}, received.body).rows[:rows]
        readable, unreadable = wire.read(collection.row, arrived)
        table = frames.frame(collection, readable)
        customer = collection.customer_in(received.address)
        tables.append(frames.of_customer(table, customer) if customer else table)
        set_aside += [wire.SetAside(start + row.position, row.reason) for row in unreadable]
    frame, _ = frames.once(collection, tables or [frames.frame(collection, [])])
    return Reread(frame, tuple(set_aside))
