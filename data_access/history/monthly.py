"""The facts of a whole month in one file, sorted by customer: a customer's history is then read from few files.

They are made beside the files of each fetch, which stay as they are, and can be made again at any time.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import dataset, fs

from data_access.history.snapshot import Month, Snapshot
from data_access.measures.customers import CUSTOMER
from data_access.partner_center import catalog

#: Whose facts are asked for one customer's history.
COLLECTIONS = (catalog.COMMERCIAL_DEPLOYMENT,)
_AT_A_TIME = 2**20  # rows that are sorted at a time; some 200 MB in memory


def finished(snapshots: Iterable[Snapshot], today: date) -> dict[date, list[Snapshot]]:
    """Snapshots by the first day of their month, the months that are over and have more than one."""
    found: dict[date, list[Snapshot]] = defaultdict(list)
    for one in snapshots:
        found[first_day(one)].append(one)
    this_month = today.replace(day=1)
    return {month: ones for month, ones in sorted(found.items()) if month < this_month and len(ones) > 1}


def first_day(one: Snapshot) -> date:
    """By which the month of a snapshot is known."""
    return one.day.replace(day=1)


def complete(snapshots: Iterable[Snapshot]) -> set[Month]:
    """The files that are named by every snapshot whose rows they have; `snapshots` are all that there are.

    With another one, the rows of those that do not name it would be read twice. Two programs that write at once can
    leave such a file, until the next `compact`.
    """
    named = Counter(one.month for one in snapshots if one.month)
    return {month for month, number in named.items() if month.snapshots == number}


def merged(files: fs.FileSystem, paths: Sequence[str]) -> Iterator[pa.Table]:
    """The rows of these files of facts, by customer and then by snapshot, a part of the customers at a time.

    A column that not every file has is empty for the others; rows without a customer are left out.
    """
    rows = dataset.dataset(list(paths), format="parquet", filesystem=files)
    rows = rows.replace_schema(pa.unify_schemas([fragment.physical_schema for fragment in rows.get_fragments()]))
    for part in _parts(rows):
        yield rows.to_table(filter=part).sort_by([(CUSTOMER, "ascending"), ("snapshot", "ascending")])


def _parts(rows: dataset.Dataset) -> Iterator[pc.Expression]:
    """What cuts the customers into parts of about equal size, as far as the largest file tells."""
    largest = max(rows.get_fragments(), key=lambda fragment: fragment.count_rows())
    known = largest.to_table(columns=[CUSTOMER])[CUSTOMER].drop_null()
    number = math.ceil(rows.count_rows() / _AT_A_TIME) if len(known) else 1
    cuts = sorted({known[len(known) * place // number].as_py() for place in range(1, number)})
    customer = dataset.field(CUSTOMER)
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        part = customer.is_valid()
        if low is not None:
            part &= customer >= low
        if high is not None:
            part &= customer < high
        yield part
