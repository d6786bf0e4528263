"""Which rows with a customer and a product are muted: whole customers, and products at customers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from data_access import mutes
from data_access.measures.customers import CUSTOMER
from data_access.mutes import Mute

_PRODUCT = "productId"


def customers(muting: Sequence[Mute], ids: Sequence[str]) -> dict[str, Mute]:
    """The mute of each of these customers that is muted as a whole, by tenant id."""
    whole = [mute for mute in muting if mute.product is None]
    named = {mute.customer for mute in whole}
    found = {tenant: mutes.of(whole, tenant, None) for tenant in ids if tenant in named}
    return {tenant: mute for tenant, mute in found.items() if mute}


def products(muting: Sequence[Mute], table: pd.DataFrame) -> pd.Series | None:
    """Marks the rows of muted products; None where no mute is about a product."""
    about = [mute for mute in muting if mute.product is not None]
    if not about or _PRODUCT not in table:
        return None
    marked = pd.Series(False, index=table.index)
    for mute in about:
        same = table[_PRODUCT] == mute.product
        marked |= same if mute.customer is None else same & (table[CUSTOMER] == mute.customer)
    return marked


def rows(muting: Sequence[Mute], table: pd.DataFrame) -> pd.Series:
    """Marks the rows of muted customers and of muted products."""
    marked = table[CUSTOMER].isin(customers(muting, list(table[CUSTOMER].unique())))
    return marked if (of_products := products(muting, table)) is None else marked | of_products


def without(muting: Sequence[Mute], table: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not muted."""
    return table[~rows(muting, table)] if muting else table


def of_rows(muting: Sequence[Mute], table: pd.DataFrame) -> list[Mute]:
    """The mute of each row that is muted."""
    silent = table.loc[rows(muting, table), [CUSTOMER, _PRODUCT]]
    found = (
        mutes.of(muting, str(tenant), None if pd.isna(product) else str(product))
        for tenant, product in silent.itertuples(index=False)
    )
    return [mute for mute in found if mute]


def of_one(muting: Sequence[Mute], customer: str, products: Iterable[str]) -> list[Mute]:
    """The mute of each muted line of one customer: of the customer, or else of each of these products."""
    if whole := mutes.of(muting, customer, None):
        return [whole]
    found = (mutes.of(muting, customer, product) for product in sorted({*products}))
    return [mute for mute in found if mute]


def is_about(mute: Mute, customer: str, products: Sequence[str]) -> bool:
    """Whether a mute is about a customer, or about one of its products."""
    return any(mute.covers(customer, product) for product in (None, *products))


def lines(muting: Sequence[Mute], table: pd.DataFrame) -> list[Mute]:
    """The mute of each muted line of these rows: a customer, or a product at one that is not muted itself."""
    whole = customers(muting, list(table[CUSTOMER].unique()))
    found = [*whole.values()]
    if (marked := products(muting, table)) is not None:
        pairs = table.loc[marked & ~table[CUSTOMER].isin(whole), [CUSTOMER, _PRODUCT]].drop_duplicates()
        of = (mutes.of(muting, str(tenant), str(product)) for tenant, product in pairs.itertuples(index=False))
        found += [mute for mute in of if mute]
    return found
