"""What follows from the records of several customers, worked out for all of them at once: a table costs the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import pandas as pd

from data_access import measures, texts
from data_access.call_sheet.customer import HORIZON, Customer, Ending, Records
from data_access.datasets import lately, live_seats, usage
from data_access.measures import Facts, Total, call_list, changes, customers, muted, outcomes, parts, renewals, trends
from data_access.measures.customers import CUSTOMER
from data_access.partner_center import frames
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_LATELY = round(lately.MONTHS * 365 / 12)  # days: as long as the call list looks back
_BECOMES, _COUNTED, _RENEWS = "becomes", "isCounted", "renews"
_NO_ROWS = pd.DataFrame()
_NOTHING_ENDS = Ending(_NO_ROWS, (), _NO_ROWS.any(), _NO_ROWS.any(), 0, 0)
_NO_LICENSES = Total(0, 0.0, None, 0.0, 0.0)
_NOTHING = measures.facts(COMMERCIAL_DEPLOYMENT, frames.frame(COMMERCIAL_DEPLOYMENT, []))


def customers_of(several: Sequence[Records]) -> list[Customer]:
    """Each customer of records that were read together, in their order."""
    past = _facts(records.deployment for records in several)
    lines = _lines(past, [])
    of_parts = _lines(past, parts.OF_CUSTOMER)
    moved = {
        records.tenant: None if records.absence else trends.change(lines(records.tenant), trends.USUAL_DAYS)
        for records in several
    }
    begun = [
        _rows_of(records, lines(records.tenant), change.since)
        for records in several
        if (change := moved[records.tenant])
    ]
    now = _facts(records.now for records in several)
    totals, of_now = _totals(now), _by_product(now)
    moves = _each(changes.compare(_by_product(_facts(begun)), of_now, [CUSTOMER, *customers.PRODUCT]))
    products, ending, unassigned, uses = _each(of_now), _ending(several), _unassigned(several), _uses(several)
    return [
        Customer(
            **{name: getattr(records, name) for name in Records.__dataclass_fields__},
            line=lines(records.tenant),
            lines=of_parts(records.tenant),
            change=moved[records.tenant],
            total=totals.get(records.tenant, _NO_LICENSES),
            products=products(records.tenant),
            moves=moves(records.tenant),
            ending=None if records.subscriptions is None else ending(records.tenant),
            unassigned=None if records.seats is None else unassigned(records.tenant),
            uses=None if records.use is None else uses(records.tenant),
        )
        for records in several
    ]


def call_lists(several: Sequence[Customer]) -> Callable[[str], tuple[pd.DataFrame, Sequence[str]]]:
    """The row of `call_list.prepared` of each customer and what is said to it, by tenant id.

    Of a customer that the figures have nothing of, its live seats speak, and what ends. There is none of one that is
    muted, or of whom nothing is known.
    """
    told = [
        each
        for each in several
        if (len(each.now.frame) or each.live) and not muted.customers(each.mutes, [each.tenant])
    ]
    if not told:
        return lambda _: (_NO_ROWS, ())
    first, counted = told[0], [each for each in told if len(each.now.frame)]
    others = [each for each in told if not len(each.now.frame)]
    now = _facts(each.now for each in counted)
    live = [live_seats.facts_of(seats) for each in others if (seats := each.seats) is not None and len(seats)]
    table = call_list.prepared(
        _facts([now, *live]),
        _moved(counted, now),
        lost=_together(each.lost(change.since) for each in counted if (change := trends.change(each.line, _LATELY))),
        unused=_unused(now, counted),
        ending=_renewing(told),
        at=_read_at(told),
        mutes=first.mutes,
        spares=first.spares,
        also=[each.tenant for each in others],
    )
    said = call_list.said(table)
    places = {str(tenant): place for place, tenant in enumerate(table[CUSTOMER])}

    def called(tenant: str) -> tuple[pd.DataFrame, Sequence[str]]:
        place = places.get(tenant)
        return (_NO_ROWS, ()) if place is None else (table.iloc[place : place + 1], said[place])

    return called


def _moved(several: Sequence[Customer], now: Facts) -> pd.DataFrame | None:
    """How each customer moved, as `call_list.prepared` takes it, since the answer that the call list compares with."""
    compared = {each.tenant: each.then for each in several if each.then}
    if not compared:
        return None
    before = _totals(_facts(then for _, then in compared.values()))
    after = _totals(now)

    def moves(tenant: str) -> dict[str, object]:
        was, is_now = before.get(tenant, _NO_LICENSES), after[tenant]
        percents = [float("nan") if total.percent is None else total.percent for total in (was, is_now)]
        return {
            "since": pd.Timestamp(compared[tenant][0]),
            "licensesSoldChange": float(is_now.sold - was.sold),
            "licensesDeployedChange": is_now.deployed - was.deployed,
            "deploymentPercentChange": percents[1] - percents[0],
        }

    return pd.DataFrame([moves(tenant) for tenant in compared], index=pd.Index(list(compared)))


def _unused(now: Facts, several: Iterable[Customer]) -> pd.Series | None:
    use = _together(each.use for each in several)
    return None if use is None else usage.unused_of(now, use)


def _renewing(several: Sequence[Customer]) -> pd.DataFrame | None:
    """The subscription of each customer to speak of first, of those that are not muted."""
    subscriptions, read_at = _together(each.subscriptions for each in several), _read_at(several)
    if subscriptions is None or read_at is None:
        return None
    spoken = muted.without(several[0].mutes, subscriptions)
    return renewals.next_renewals(spoken, read_at, call_list.RENEWS_WITHIN, several[0].spares)


def _rows_of(records: Records, line: pd.DataFrame, moment: object) -> Facts:
    """The figures that stand at a moment of the line."""
    snapshot = line.loc[line[trends.AS_OF] == moment, "snapshot"].iloc[-1]
    frame = records.deployment.frame
    return records.deployment.of(frame[frame["snapshot"] == snapshot])


def _lines(facts: Facts, keys: Sequence[str]) -> Callable[[str], pd.DataFrame]:
    return _each(trends.lines(facts, [CUSTOMER, *keys]))


def _by_product(facts: Facts) -> pd.DataFrame:
    return measures.by(facts, [CUSTOMER, *customers.PRODUCT])


def _ending(several: Sequence[Records]) -> Callable[[str], Ending]:
    """The subscriptions of each customer that end soon, by tenant id."""
    subscriptions, read_at = _together(each.subscriptions for each in several), _read_at(several)
    if subscriptions is None or read_at is None:
        return lambda _: _NOTHING_ENDS
    table = renewals.in_order(renewals.within(subscriptions, read_at, HORIZON)).reset_index(drop=True)
    table[_BECOMES], table[_COUNTED] = outcomes.becomes(table), renewals.counted(table)
    table[_RENEWS] = table[_COUNTED] & (table["renewalOutcome"] == outcomes.RENEWS)
    every, renewing = (renewals.seats_at_risk_of_each(table[table[mark]]) for mark in (_COUNTED, _RENEWS))
    rows = _each(table)

    def ending(tenant: str) -> Ending:
        own = rows(tenant)
        at_risk = (int(of_each.get(tenant, 0)) for of_each in (every, renewing))
        return Ending(own, list(own[_BECOMES]), own[_COUNTED], own[_RENEWS], *at_risk)

    return ending


def _unassigned(several: Sequence[Records]) -> Callable[[str], pd.DataFrame]:
    return _each(renewals.not_assigned(_together(each.seats for each in several), None))


def _uses(several: Sequence[Records]) -> Callable[[str], pd.DataFrame]:
    def alike(use: pd.DataFrame) -> pd.DataFrame:
        (workloads,) = texts.alike(usage.workload_titles(use))  # one row however it is spelled, as on Usage
        return use.assign(workloadName=workloads.astype("str"))

    use = _together(alike(each.use) for each in several if each.use is not None)
    return (lambda _: _NO_ROWS) if use is None else _each(measures.activity_by(use, [CUSTOMER, "workloadName"]))


def _read_at(several: Iterable[Records]) -> datetime | None:
    """When subscriptions were read, which is the same of all."""
    return next((each.live.read_at for each in several if each.live), None)


def _totals(facts: Facts) -> Mapping[str, Total]:
    rows = measures.by(facts, [CUSTOMER]).to_dict("records")
    return {
        str(row[CUSTOMER]): Total(
            int(row["licensesSold"]),
            float(row["licensesDeployed"]),
            None if pd.isna(row["deploymentPercent"]) else float(row["deploymentPercent"]),
            float(row["undeployed"]),
            float(row["overDeployed"]),
        )
        for row in rows
    }


def _each(table: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    """The rows of each customer, by tenant id."""
    found = {
        str(tenant): own.drop(columns=CUSTOMER).reset_index(drop=True)
        for tenant, own in table.groupby(CUSTOMER, observed=True, sort=False)
    }
    nothing = table[:0].drop(columns=CUSTOMER)
    return lambda tenant: found.get(tenant, nothing)


def _facts(several: Iterable[Facts]) -> Facts:
    """The rows of several facts of one source."""
    given = list(several)
    rows = _together(facts.frame for facts in given)
    return _NOTHING if rows is None else given[0].of(rows)


def _together(tables: Iterable[pd.DataFrame | None]) -> pd.DataFrame | None:
    """The rows of all tables; None where there is no table."""
    given = [table for table in tables if table is not None]
    filled = [table for table in given if len(table)] or given[:1]
    return pd.concat(filled, ignore_index=True) if filled else None
