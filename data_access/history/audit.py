"""The audit: who signed in, what was looked at and what was taken away, in files beside the snapshots.

    audit/date=<day>/<id>-<checksum>.parquet

Each file holds some entries, whole or not at all; a damaged one is left out and named by `verify`. No snapshot depends
on them. A day's files may be put into one: an entry that is in two files meanwhile counts once, by its id.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.history import layout
from data_access.history.record_files import Format, RecordFiles
from data_access.history.store import Store

FOLDER = layout.AUDIT
#: What people do, as `Entry.action` has it.
SIGNED_IN, SIGNED_OUT, LOOKED, REFUSED, TOOK, MUTED = "sign-in", "sign-out", "look", "refused", "file", "mute"
_LOOSE = 32  # files of one writer and day before it puts them together
_COLUMNS: dict[str, pa.DataType] = {
    "time": pa.timestamp("ms", "UTC"),
    "action": pa.string(),
    "person": pa.string(),
    "personId": pa.string(),
    "page": pa.string(),
    "filters": pa.string(),
    "file": pa.string(),
    "rows": pa.int64(),
    "detail": pa.string(),
}
COLUMNS = tuple(_COLUMNS)
_ID = "id"
_SCHEMA = pa.schema({**_COLUMNS, _ID: pa.string()})


def _dumped(entries: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    pq.write_table(entries, sink)
    return sink.getvalue()


def _loaded(content: pa.Buffer) -> pa.Table:
    try:
        return pq.read_table(pa.BufferReader(content), partitioning=None).select(_SCHEMA.names).cast(_SCHEMA)
    except (pa.ArrowException, KeyError) as error:
        raise ValueError from error


_PARQUET = Format("parquet", _dumped, _loaded)


def _new_id() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person did, under the names of COLUMNS; `time` in UTC. `person` is a sign-in name, empty without one."""

    time: datetime
    action: str
    person: str = ""
    personId: str = ""  # noqa: N815 - a column's name
    page: str = ""
    filters: str = ""
    file: str = ""
    rows: int | None = None
    detail: str = ""
    id: str = field(default_factory=_new_id)


class Audit:
    """The audit in one account's folder, for any number of threads and programs."""

    def __init__(self, folder: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._clock = folder, clock
        self._files = RecordFiles(folder, FOLDER, _PARQUET, clock)
        self._lock = threading.Lock()
        self._own: dict[date, list[str]] = {}  # the files that this writer may put together

    def append(self, entries: Iterable[Entry]) -> None:
        """Write entries. Raises HistoryError where they cannot be written; those of another day may then be there."""
        by_day: dict[date, list[dict[str, Any]]] = {}
        for entry in entries:
            by_day.setdefault(entry.time.astimezone(UTC).date(), []).append(asdict(entry))
        with self._lock:
            for day, rows in by_day.items():
                own = self._own.setdefault(day, [])
                own.append(self._of(day).put(pa.Table.from_pylist(rows, _SCHEMA), taken=own))
                if len(own) > _LOOSE:
                    own[:] = self._merged(day, own)

    def read(self, since: date) -> pd.DataFrame:
        """The entries from a day on, the oldest first: COLUMNS; `time` is in UTC, `rows` may be missing.

        Raises HistoryError where they cannot be read.
        """
        paths = [path for path, day in self._listed() if day >= since]
        table = _once(self._files.read(paths).values())
        entries = table.sort_by([("time", "ascending"), (_ID, "ascending")]).drop_columns(_ID)
        frame: pd.DataFrame = entries.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        return frame

    def compact(self) -> None:
        """Put the files of each day that is over into one. Raises HistoryError where that cannot be written."""
        today = self._clock().date()
        by_day: dict[date, list[str]] = {}
        for path, day in self._listed():
            by_day.setdefault(day, []).append(path)
        for day, paths in by_day.items():
            if day < today and len(paths) > 1:
                self._merged(day, paths)

    def forget(self, keep_days: int) -> int:
        """Remove what is older than so many days, today not counted; returns how many files."""
        first = first_day(self._clock().date(), keep_days)
        return sum(self._files.delete(path) for path, day in self._listed() if day < first)

    def _listed(self) -> list[tuple[str, date]]:
        return [(path, _day(path)) for path in self._files.paths()]

    def _of(self, day: date) -> RecordFiles[pa.Table]:
        return RecordFiles(self._store, f"{FOLDER}/date={day}", _PARQUET, self._clock)

    def _merged(self, day: date, paths: Sequence[str]) -> list[str]:
        """Put files into one and remove them, but for those that cannot be read; returns the paths that are left."""
        tables = self._files.read(paths)
        return [self._of(day).replace(tables, _once(tables.values()))] if len(tables) > 1 else list(tables)


def first_day(today: date, keep_days: int) -> date:
    """The first day that is kept: so many whole days before today."""
    return today - timedelta(days=keep_days)


def _once(tables: Iterable[pa.Table]) -> pa.Table:
    """The entries of these tables, each once."""
    entries = pa.concat_tables([_SCHEMA.empty_table(), *tables])
    places = dict(zip(entries[_ID].to_pylist(), range(entries.num_rows), strict=True))
    return entries.take(pa.array(sorted(places.values()), pa.int64()))


def _day(path: str) -> date:
    return date.fromisoformat(path.split("/")[1].removeprefix("date="))
