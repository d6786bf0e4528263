"""What the tenants say now, and what the analytics said some days ago: the difference, by customer and product."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pandas as pd

from data_access import texts
from data_access.measures import free_products
from data_access.measures.customers import CUSTOMER
from data_access.measures.free_products import PRODUCT
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows

_KEY = [CUSTOMER, PRODUCT]
_COUNTS = ("licensesSold", "licensesDeployed", "activeUnits", "consumedUnits")
_NAMES = ("customerName", "productName")


def differences(
    seats: pd.DataFrame,
    counts: pd.DataFrame,
    subscriptions: pd.DataFrame | None = None,
    unread: Collection[str] = (),
    counts_unread: UnreadRows = ALL_READ,
) -> pd.DataFrame:
    """One row per customer and product in either of them: both pairs of counts (int64), and soldChange, deployedChange.

    A product that one of them does not have counts as none there. `isKnown` (bool) is false where the analytics may
    have it, or more of it: `counts_unread` is what they do not tell. Left out are free products and trials, on both
    sides, and the customers in `unread`, of which nobody knows the seats now. The largest differences come first.
    """
    is_free = free_products.is_free(seats, subscriptions, counts)
    paid = seats[~is_free & ~seats[CUSTOMER].isin(unread)]
    counts = counts[~_is_of(counts, seats[is_free]) & ~counts[CUSTOMER].isin(unread)]
    sides = [
        _added_up(counts, ["licensesSold", "licensesDeployed"]),
        _added_up(paid, ["activeUnits", "consumedUnits"]),
    ]
    both = pd.concat(sides, axis=1).reindex(columns=[*_COUNTS]).fillna(0).astype("int64").reset_index(names=_KEY)
    table = both.assign(
        **{name: _first(name, counts, paid, both) for name in _NAMES},
        soldChange=both["activeUnits"] - both["licensesSold"],
        deployedChange=both["consumedUnits"] - both["licensesDeployed"],
        isKnown=_is_known(both, counts, counts_unread),
    )
    size = table["soldChange"].abs() + table["deployedChange"].abs()
    return table.loc[size.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def left_out(
    seats: pd.DataFrame, counts: pd.DataFrame, subscriptions: pd.DataFrame | None = None, unread: Collection[str] = ()
) -> int:
    """How many products at customers the analytics count and the tenants have free of charge or on trial alone."""
    free = seats[free_products.is_free(seats, subscriptions, counts) & ~seats[CUSTOMER].isin(unread)]
    rows = counts[_is_of(counts, free)]
    return len({*_keys(rows)})


def _is_of(counts: pd.DataFrame, seats: pd.DataFrame) -> pd.Series:
    """Whether each row of the counts is of a customer and product of these seats."""
    wanted = {*_keys(seats)}
    return pd.Series([key in wanted for key in _keys(counts)], index=counts.index, dtype=bool)


def _is_known(both: pd.DataFrame, counts: pd.DataFrame, unread: UnreadRows) -> list[bool]:
    """Whether the analytics tell all of each row."""
    counted = {*_keys(counts)}
    why = unread.why(pd.DataFrame({name: texts.keys(both[name].astype("str")) for name in _KEY}))
    return [
        absence is Absence.GONE or (key in counted and absence is not Absence.UNREAD)
        for key, absence in zip(_keys(both), why, strict=True)
    ]


def _keys(table: pd.DataFrame) -> Iterable[tuple[str, str]]:
    return zip(table[CUSTOMER].astype("str"), free_products.identities(table[PRODUCT]), strict=True)


def _added_up(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    rows = table[[CUSTOMER, *names]].assign(**{PRODUCT: free_products.identities(table[PRODUCT])})
    rows = rows.astype({CUSTOMER: "str", **dict.fromkeys(names, "Int64")})
    return rows.groupby(_KEY, sort=True)[names].sum()


def _first(name: str, counts: pd.DataFrame, seats: pd.DataFrame, both: pd.DataFrame) -> pd.Series:
    """What the analytics call a customer or a product, or else what the tenant does."""
    by = CUSTOMER if name == "customerName" else PRODUCT
    named = pd.concat([table[[by, name]].astype("str") for table in (counts, seats)]).dropna()
    known = named.assign(**{by: free_products.identities(named[by])}).drop_duplicates(by).set_index(by)[name]
    return both[by].map(known)
