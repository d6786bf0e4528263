"""Spare licenses: how many of those not deployed may stay so, by product and customer, and are no reason to call."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from data_access import formats, titles
from data_access.measures.customers import CUSTOMER
from data_access.mutes import Spare

_PRODUCT = "productId"


def allowed(spares: Sequence[Spare], table: pd.DataFrame) -> pd.Series:
    """How many may be spare of the product of each row with a customer and a product, int64."""
    most = pd.Series(0, index=table.index, dtype="int64")
    for spare in spares if _PRODUCT in table else ():
        same = (table[CUSTOMER] == spare.customer) & (table[_PRODUCT] == spare.product)
        most = most.mask(same & (most < spare.seats).fillna(False), spare.seats)
    return most


def within(spares: Sequence[Spare], table: pd.DataFrame) -> pd.Series:
    """How many of the licenses of each row that are not deployed (`undeployed`) are spare, float64.

    A product that a customer has in several rows is allowed so many in all.
    """
    most = allowed(spares, table)
    if not most.any():
        return pd.Series(0.0, index=table.index)
    keys = [table[name].astype("str") for name in (CUSTOMER, _PRODUCT)]
    until = table["undeployed"].groupby(keys).cumsum()
    taken = pd.concat([until, most], axis=1).min(axis=1)
    before = pd.concat([until - table["undeployed"], most], axis=1).min(axis=1)
    return taken - before


def said(spares: Sequence[Spare], table: pd.DataFrame) -> str:
    """Which products of one customer have spare licenses that are allowed, in words; empty where none has."""
    rows = table.assign(allowed=allowed(spares, table), within=within(spares, table))
    rows = rows[rows["within"] > 0].groupby("productName", observed=True).agg({"within": "sum", "allowed": "first"})
    named = (
        f"{formats.count(row['within'])} of {titles.product_title(str(name))} within your allowance of"
        f" {formats.count(row['allowed'])}"
        for name, row in rows.iterrows()
    )
    listed = "; ".join(named)
    return f"Not deployed and no reason to call: {listed}." if listed else ""
