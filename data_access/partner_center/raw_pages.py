"""Raw pages: answers kept byte for byte, so that a corrected parser can read old answers again.

One Parquet file per fetch, a row per page: `start` (int64, rows before it), `rows` (int64, how many of its rows count),
`address`, `requestId` (string), `body` (binary, as received). Any engine opens it; it is compressed with zstd.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access import texts
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
_ROWS_AT_A_TIME = 5_000  # that become a frame
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
        self.add_all([(start, rows, received)])

    def add_all(self, several: Sequence[tuple[int, int, Received]]) -> None:
        """Add several pages, each as in `add`; small ones take less room when they come together."""
        if not several:
            return
        first = several[0][2]
        if several[0][0] == 0 and not self.address:
            self.address, self.request_id = first.address, first.request_id
        pages = [(start, rows, one.address, one.request_id, one.body) for start, rows, one in several]
        self._writer.write_table(pa.table([list(column) for column in zip(*pages, strict=True)], schema=_SCHEMA))

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


def about(file: pa.Buffer) -> dict[str, str]:
    """What `Pages.file` was given about the pages of a file. Raises `pa.ArrowException` for another file."""
    metadata = pq.read_metadata(pa.BufferReader(file)).metadata or {}
    return {name.decode(): value.decode() for name, value in metadata.items()}


def reread(collection: Collection, file: pa.Buffer) -> Reread:
    """Read a kept answer again, from its bytes to the frame.

    Raises one of the family in `errors` where a body cannot be understood.
    """
    tables: list[pd.DataFrame] = []
    set_aside: list[wire.SetAside] = []
    waiting: list[dict[str, Any]] = []  # of a live collection, whose customers have a few rows each
    for start, rows, received in pages(file):
        arrived = protocol.page(200, {}, received.body).rows[:rows]
        readable, unreadable = wire.read(collection.row, arrived)
        set_aside += [replace(row, position=start + row.position) for row in unreadable]
        customer = collection.customer_in(received.address)
        if customer is None:
            tables.append(frames.frame(collection, readable))
        elif collection.live:
            waiting += [row | {"customerTenantId": texts.identifier(customer)} for row in readable]
            if len(waiting) >= _ROWS_AT_A_TIME:
                tables.append(frames.frame(collection, waiting))
                waiting = []
        else:
            tables.append(frames.of_customer(frames.frame(collection, readable), customer))
    if waiting or not tables:
        tables.append(frames.frame(collection, waiting))
    # Of one customer there is one page; an equal row of another customer is another row.
    together = frames.joined(collection, tables) if collection.per_customer else frames.once(collection, tables)[0]
    return Reread(together, tuple(set_aside))
