"""A month's file: the facts of a whole month, sorted by customer, so that a customer's history is in few files.

It is written beside the files of each fetch, which stay as they are, and can be written anew at any time.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import dataset, fs

from data_access.history import layout
from data_access.history.snapshot import RECORDS, Month, Snapshot, parquet
from data_access.measures.customers import CUSTOMER
from data_access.partner_center import catalog

FOLDER = layout.MONTHS
#: The collections that are read by customer.
COLLECTIONS = (catalog.COMMERCIAL_DEPLOYMENT,)
_ROWS_AT_A_TIME = 2**20  # that are sorted; some 200 MB in memory
#: A book is some customers out of many: what lies between two of them is passed over. Still smaller groups would cost
#: one customer's query more than they save.
_ROW_GROUP = 2**14


def finished(snapshots: Iterable[Snapshot], today: date) -> dict[date, list[Snapshot]]:
    """The snapshots of each month that is over and has more than one, by the month's first day."""
    months: dict[date, list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots:
        months[first_day(snapshot)].append(snapshot)
    this_month = today.replace(day=1)
    return {month: several for month, several in sorted(months.items()) if month < this_month and len(several) > 1}


def first_day(snapshot: Snapshot) -> date:
    """The first day of a snapshot's month."""
    return snapshot.day.replace(day=1)


def complete(snapshots: Iterable[Snapshot]) -> set[Month]:
    """The files that are named by every snapshot whose rows they have; `snapshots` are all that there are.

    With another file, the rows of the snapshots that do not name it would be read twice. Two programs that write at
    once can leave such a file, until the next `compact`.
    """
    named = Counter(snapshot.month for snapshot in snapshots if snapshot.month)
    return {month for month, number in named.items() if month.snapshots == number}


def content(files: fs.FileSystem, paths: Sequence[str], ids: Sequence[str]) -> pa.Buffer:
    """The content of a month's file, made of these files of facts; its metadata name the snapshots."""
    return parquet(merged(files, paths), {RECORDS: json.dumps(list(ids))}, _ROW_GROUP)


def merged(files: fs.FileSystem, paths: Sequence[str], rows_at_a_time: int = _ROWS_AT_A_TIME) -> Iterator[pa.Table]:
    """The rows of these files of facts, by customer and then by snapshot, a part of the customers at a time.

    A column that not every file has is empty for the others; rows without a customer are dropped.
    """
    rows = dataset.dataset(list(paths), format="parquet", filesystem=files)
    rows = rows.replace_schema(pa.unify_schemas([fragment.physical_schema for fragment in rows.get_fragments()]))
    for part in _parts(rows, rows_at_a_time):
        yield rows.to_table(filter=part).sort_by([(CUSTOMER, "ascending"), ("snapshot", "ascending")])


def _parts(rows: dataset.Dataset, rows_at_a_time: int) -> Iterator[pc.Expression]:
    """Filters that cut the customers into parts of about equal size, by the customers of the largest file."""
    largest = max(rows.get_fragments(), key=lambda fragment: fragment.count_rows())
    customers = largest.to_table(columns=[CUSTOMER])[CUSTOMER].drop_null()
    number = math.ceil(rows.count_rows() / rows_at_a_time) if len(customers) else 1
    cuts = sorted({customers[len(customers) * part // number].as_py() for part in range(1, number)})
    customer = dataset.field(CUSTOMER)
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        part = customer.is_valid()
        if low is not None:
            part &= customer >= low
        if high is not None:
            part &= customer < high
        yield part
