"""How each customer moved in the last three months: a few dates of the history, added up by one query."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from data_access.datasets import comparison
from data_access.datasets.timeline import Timeline
from data_access.history.engines import Engine
from data_access.measures import Facts, customers
from data_access.measures.customers import CUSTOMER
from data_access.partner_center import catalog
from data_access.selection import Selection

DAYS = 91
POINTS = 7  # of each line, and the figures of now behind them
_SHORTEST = 7  # days; less is no time to move in
_PERCENT = "deploymentPercent"


@dataclass(frozen=True, eq=False)
class Lately:
    """The change of each customer `since` a day: `table` as `call_list.prepared` takes it, by customerTenantId."""

    since: date
    table: pd.DataFrame


def moved(timeline: Timeline, engine: Callable[[], Engine], facts: Facts, selection: Selection) -> Lately | None:
    """How the customers of `facts`, which are now, moved since some `DAYS` before the newest snapshot.

    `facts`: those of the selection. A customer that was not there then had nothing. None where the history is shorter
    than a week. Raises EngineError where its files cannot be read, SettingsError where there is no engine.
    """
    snapshots = comparison.days_of(timeline, catalog.COMMERCIAL_DEPLOYMENT)
    days = _spread([*snapshots])
    if len(days) < 2 or (days[-1] - days[0]).days < _SHORTEST:
        return None
    files = timeline.history.facts(snapshots[day] for day in days)
    then = engine().grouped(files.paths, [CUSTOMER, "snapshot"], selection=selection)
    ids = [snapshots[day].id for day in days]
    known = [identity for identity in ids if identity in {*then["snapshot"]}]
    if not known or known[0] != ids[0]:
        return None  # the first file is damaged, so nobody can say from where things moved
    changes = _changes(then, known, customers.by_customer(facts).set_index(CUSTOMER))
    return Lately(days[0], changes.assign(since=pd.Timestamp(days[0])))


def _spread(days: list[date]) -> list[date]:
    """Some days, spread over the last `DAYS`."""
    if not days:
        return []
    wanted = (days[-1] - timedelta(days=DAYS * part // (POINTS - 1)) for part in range(POINTS))
    return sorted({comparison.latest_on_or_before(days, day) for day in wanted})


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
