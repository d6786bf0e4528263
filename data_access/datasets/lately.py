"""How each customer moved in the last three months, and what it lost: a few dates of the history."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from data_access.books import EVERYBODY, Customers
from data_access.datasets import comparison
from data_access.datasets.timeline import Timeline
from data_access.history.engines import Engine, RestrictedEngine
from data_access.history.snapshot import Snapshot
from data_access.measures import Facts, customers, parts, product_names
from data_access.measures.customers import CUSTOMER
from data_access.measures.unread_rows import ALL_READ, UnreadRows
from data_access.partner_center import catalog
from data_access.selection import Selection

MONTHS = 3
POINTS = 7  # of each line, and the figures of now behind them
_SHORTEST = 7  # days; less is no time to move in
_PERCENT = "deploymentPercent"
_PARTS, _LABELS = [CUSTOMER, *parts.OF_CUSTOMER], ["customerName", "productId"]


@dataclass(frozen=True, eq=False)
class Lately:
    """The change of each customer `since` a day: `table` as `call_list.prepared` takes it, by customerTenantId.

    Both are None where the history is shorter than a week. `lost`: the products with licenses sold that customers had
    on one of the dates and that the figures of now do not have, or not through the same channel: customerTenantId,
    customerName, productId, productName, part (what to call it), why (`Absence`; all str), licensesSold (int64),
    processedDateTime (UTC) and snapshot (str) of the last answer that has them, those with most licenses first.
    """

    since: date | None
    table: pd.DataFrame | None
    lost: pd.DataFrame


def moved(
    timeline: Timeline,
    engine: Callable[[], Engine],
    facts: Facts,
    selection: Selection,
    unread: UnreadRows = ALL_READ,
) -> Lately | None:
    """How the customers of `facts`, which are now, moved since `MONTHS` before the newest snapshot, and what they lost.

    `facts`: those of the selection; `unread`: what their answer does not tell. A customer that was not there then had
    nothing. None where the history holds nothing. Raises EngineError where its files cannot be read, SettingsError
    where there is no engine.
    """
    snapshots = comparison.days_of(timeline, catalog.COMMERCIAL_DEPLOYMENT)
    days = spread([*snapshots])
    if not days:
        return None

    def lost_in(answers: Iterable[Snapshot], of: Customers) -> pd.DataFrame:
        files = timeline.history.facts(sorted(answers, key=lambda each: each.id))
        asked = RestrictedEngine(engine(), of)
        then = asked.grouped(files.paths, [*_PARTS, "snapshot"], labels=_LABELS, selection=selection)
        return _lost(then, facts, unread)

    lost = _together(_last(lost_lately(timeline, lost_in)))
    if not _is_long_enough(days):
        return Lately(None, None, lost)
    files = timeline.history.facts(snapshots[day] for day in days)
    then = engine().grouped(files.paths, [CUSTOMER, "snapshot"], selection=selection)
    ids = [snapshots[day].id for day in days]
    known = [identity for identity in ids if identity in {*then["snapshot"]}]
    if not known or known[0] != ids[0]:
        return Lately(None, None, lost)  # the first file is damaged, so nobody can say from where things moved
    changes = _changes(then, known, customers.by_customer(facts).set_index(CUSTOMER))
    return Lately(days[0], changes.assign(since=pd.Timestamp(days[0])), lost)


def lost_lately(timeline: Timeline, lost_in: Callable[[Sequence[Snapshot], Customers], pd.DataFrame]) -> pd.DataFrame:
    """What answers of the last `MONTHS` had of customers and now has none, by the one rule of all that tells of it.

    `lost_in`: what is lost of these customers, as some answers have it, with customerTenantId and snapshot. Some rows
    are of answers before the last one that had any of it.
    """
    snapshots = comparison.days_of(timeline, catalog.COMMERCIAL_DEPLOYMENT)
    kept = timeline.history.snapshots(catalog.COMMERCIAL_DEPLOYMENT)
    whole = [each for each in kept if each.rows and not each.backfill_date]
    # What is lost was in the answer before the newest one, which may be of the same day, or is of one of the days.
    looked_at = {each.id: each for each in [*(snapshots[day] for day in spread([*snapshots])), *whole[-2:]]}
    lost = lost_in([*looked_at.values()], EVERYBODY)
    found = [lost]
    for identity, rows in lost.groupby("snapshot", sort=False):
        if skipped := _skipped(whole, looked_at, str(identity)):
            found.append(lost_in(skipped, Customers(frozenset(rows[CUSTOMER]))))
    return pd.concat(found)


def compared_with(timeline: Timeline) -> Snapshot | None:
    """The answer with which `moved` compares; None where the history is shorter than a week."""
    snapshots = comparison.days_of(timeline, catalog.COMMERCIAL_DEPLOYMENT)
    days = spread([*snapshots])
    return snapshots[days[0]] if days and _is_long_enough(days) else None


def _is_long_enough(days: list[date]) -> bool:
    return (days[-1] - days[0]).days >= _SHORTEST


def spread(days: list[date]) -> list[date]:
    """Some days, spread over the last `MONTHS`; the first is the one that Changes compares with."""
    if not days:
        return []
    whole = days[-1] - (pd.Timestamp(days[-1]) - pd.DateOffset(months=MONTHS)).date()
    wanted = (days[-1] - whole * part // (POINTS - 1) for part in range(POINTS))
    return sorted({comparison.nearest(days, day) or comparison.latest_on_or_before(days, day) for day in wanted})


def _changes(then: pd.DataFrame, ids: list[str], now: pd.DataFrame) -> pd.DataFrame:
    first = then[then["snapshot"] == ids[0]].set_index(CUSTOMER).reindex(now.index)
    percents = then.pivot(index=CUSTOMER, columns="snapshot", values=_PERCENT).reindex(index=now.index, columns=ids)
    lines = percents.assign(now=now[_PERCENT]).to_numpy(dtype="float64")
    return pd.DataFrame(
        {
            "licensesSoldChange": now["licensesSold"] - first["licensesSold"].fillna(0),
            "licensesDeployedChange": now["licensesDeployed"] - first["licensesDeployed"].fillna(0),
            "deploymentPercentChange": now[_PERCENT] - first[_PERCENT],
            "points": [[round(point, 2) for point in line if not math.isnan(point)] for line in lines.tolist()],
        },
        index=now.index,
    )


def _skipped(answers: Sequence[Snapshot], looked_at: Collection[str], last: str) -> list[Snapshot]:
    """The answers between the last one looked at that had something, and the next one looked at, which has it not."""
    following = min((each for each in looked_at if each > last), default=last)
    return [each for each in answers if last < each.id < following]


def _lost(then: pd.DataFrame, now: Facts, unread: UnreadRows) -> pd.DataFrame:
    """The parts that are lost, each as the last answer (`snapshot`) has it."""
    then = product_names.as_in(now.frame, then)
    last = _last(then)
    unread = product_names.of_unread(unread, last)
    return parts.lost(last, now.frame, parts.OF_CUSTOMER, [CUSTOMER], unread)


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """Each part as the last of these answers has it."""
    return rows.sort_values("snapshot", kind="stable").drop_duplicates(_PARTS, keep="last")


def _together(lost: pd.DataFrame) -> pd.DataFrame:
    """`Lately.lost`, from the parts; what has one title is of the last answer that had any of it."""
    newest = lost.groupby([CUSTOMER, parts.TITLE, parts.WHY], observed=True, sort=False)["snapshot"].transform("max")
    lost = parts.together(lost[lost["snapshot"] == newest], [CUSTOMER])
    columns = [
        CUSTOMER,
        *_LABELS,
        "productName",
        parts.TITLE,
        parts.WHY,
        "licensesSold",
        "processedDateTime",
        "snapshot",
    ]
    return lost.reset_index(drop=True)[columns]
