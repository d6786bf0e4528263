"""Losses: whether the newest answer of a collection lacks rows, licenses or customers that were there before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_access import texts
from data_access.errors import HistoryError
from data_access.history.snapshot import Snapshot, of_customers
from data_access.history.store import Damaged, Store
from data_access.measures import customers, health, parts
from data_access.measures.health import Amounts
from data_access.measures.parts import Part
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows
from data_access.partner_center.catalog import COLLECTIONS

#: For so long at least a loss is said, however often the same answer comes: Microsoft processes once a week.
_SAID_FOR = timedelta(days=7)
_SOLD = "licensesSold"
_LICENSES = (_SOLD, "licensesDeployed")


def loss(
    folder: Store,
    snapshots: Sequence[Snapshot],
    summary: pa.Table,
    unread_of: Callable[[Snapshot], UnreadRows],
    found_again: Mapping[str, datetime],
) -> health.Loss | None:
    """What the newest of a collection's snapshots lost, where that is more than is usual; see `health.lost_since`.

    Back-fills and readings of a part of the customers do not count, nor do the rows of customers that refuse in one of
    two answers: they are not gone. The customers of both answers are counted where there is a loss and their rows can
    be read. `unread_of`: see `History.unread`. `found_again`: see `Standing`.
    """
    whole = [each for each in snapshots if each.backfill_date is None and not each.failed_customers]
    licenses = _licenses(summary)
    answers = [Amounts(each.rows, None if licenses is None else licenses.get(each.id, 0)) for each in whole]
    if whole and (again := found_again.get(whole[-1].id)) and again - whole[-1].fetched_at >= _SAID_FOR:
        answers.append(answers[-1])  # an answer of its own, which lost nothing more

    def comparable(then: int, now: int) -> tuple[Amounts, Amounts]:
        pair = [whole[min(position, len(whole) - 1)] for position in (then, now)]
        refusing = _refusing(folder, *pair)
        before, after = (_without(folder, each, refusing) for each in pair)
        return before or answers[then], after or answers[now]

    since = health.lost_since(answers, comparable)
    if since is None:
        return None
    refusing = _refusing(folder, whole[since], whole[-1])
    before, after = (
        replace(amounts, customers=_customers(folder, each, refusing))
        for amounts, each in zip(comparable(since, len(answers) - 1), (whole[since], whole[-1]), strict=True)
    )
    unread = unread_of(whole[-1])
    told = unread if whole[-1].rows else ALL_READ  # where nothing is left, all is gone
    gone = _gone(whole[since], whole[-1], told)
    of_channels = _of_channels(summary, whole[since], whole[-1], told)
    return health.Loss(
        whole[since].fetched_at,
        before,
        after,
        is_first=sum(bool(answer.rows) for answer in answers[:-1]) == 1,
        gone=tuple(code for code, why in gone if why is Absence.GONE),
        of_channels=tuple(part for part, why in of_channels if why is Absence.GONE),
        in_doubt=tuple(
            (why, part)
            for part, why in (*((Part(code, ""), why) for code, why in gone), *of_channels)
            if why is not Absence.GONE
        ),
        unread=unread.in_words,
        refusing=len(refusing),
    )


def _refusing(folder: Store, before: Snapshot, after: Snapshot) -> frozenset[str]:
    """The customers that refuse in one of two answers alone, by tenant id in capitals.

    They are known of live collections; a file that cannot be read tells of none.
    """
    if not COLLECTIONS[after.collection].live or not (before.unread_customers or after.unread_customers):
        return frozenset()
    try:
        then, now = (
            frozenset(of_customers(folder.read_sound(each.facts, size=each.facts_size)).refused)
            for each in (before, after)
        )
    except (FileNotFoundError, Damaged, HistoryError):
        return frozenset()
    return then ^ now


def _without(folder: Store, snapshot: Snapshot, refusing: Set[str]) -> Amounts | None:
    """What an answer of a live collection has of other customers than these; None where there are none of them."""
    if not refusing:
        return None
    whose = _rows(folder, snapshot, [])[customers.CUSTOMER]
    is_refusing = pc.is_in(whose, pa.array([*refusing], whose.type))
    return Amounts(len(whose) - int(pc.sum(is_refusing).as_py() or 0))


def _gone(before: Snapshot, after: Snapshot, unread: UnreadRows) -> list[tuple[str, Absence]]:
    """The services that are not there, all of them where nothing is left, each with why."""
    there = {texts.key(code) for code in after.as_of}
    gone = sorted((code for code in before.as_of if texts.key(code) not in there), key=texts.order)
    why = parts.why(pd.DataFrame({"service": gone}, dtype="str"), ["service"], unread)
    return [*zip(gone, why, strict=True)]


def _of_channels(
    summary: pa.Table, before: Snapshot, after: Snapshot, unread: UnreadRows
) -> list[tuple[Part, Absence]]:
    """What is not there of services that are left, with why; none in a collection without services."""
    if not {*parts.OF_COMPANY} <= {*summary.column_names}:
        return []
    counted = [_SOLD] if _SOLD in summary.column_names else []
    then, now = (
        summary.filter(pc.equal(summary["snapshot"], each.id)).select([*parts.OF_COMPANY, *counted]).to_pandas()
        for each in (before, after)
    )
    if not counted:  # use is not sold; what has a row was there
        then = then.assign(**{_SOLD: 1})
    left = {part.key.name for part in parts.of(now, parts.OF_COMPANY)}
    lost = parts.lost(then, now, parts.OF_COMPANY, unread=unread).dropna(subset=[parts.OF_COMPANY[0]])
    named = zip(*(lost[name].astype("str") for name in (*parts.OF_COMPANY, parts.WHY)), strict=True)
    found = {Part(name, channel): Absence(why) for name, channel, why in named}
    return sorted(((part, why) for part, why in found.items() if part.key.name in left), key=lambda pair: pair[0].key)


def _licenses(summary: pa.Table) -> dict[str, int] | None:
    """The licenses sold by snapshot; None in a collection that does not count them."""
    if _SOLD not in summary.column_names:
        return None
    sums = summary.group_by("snapshot").aggregate([(_SOLD, "sum")])
    return dict(zip(sums["snapshot"].to_pylist(), sums["licensesSold_sum"].to_pylist(), strict=True))


def _customers(folder: Store, snapshot: Snapshot, refusing: Set[str] = frozenset()) -> int | None:
    """How many customers have licenses, or rows where these are not counted; None where that cannot be read.

    Those that are `refusing` are not counted.
    """
    licenses = [name for name in _LICENSES if name in COLLECTIONS[snapshot.collection].columns]
    try:
        rows = _rows(folder, snapshot, licenses)
    except (FileNotFoundError, Damaged, HistoryError):
        return None
    if customers.CUSTOMER not in rows.column_names:
        return None
    if licenses:
        rows = rows.filter(reduce(pc.or_, (pc.greater(rows[name], 0) for name in licenses)))
    return len({*rows[customers.CUSTOMER].unique().to_pylist()} - {None, *refusing})


def _rows(folder: Store, snapshot: Snapshot, columns: Sequence[str]) -> pa.Table:
    """Whose the rows of a snapshot are, with these columns, as far as its file has them."""
    content = folder.read_sound(snapshot.facts, size=snapshot.facts_size)
    file = pq.ParquetFile(pa.BufferReader(content))
    there = [name for name in (customers.CUSTOMER, *columns) if name in file.schema_arrow.names]
    return file.read(columns=there)
