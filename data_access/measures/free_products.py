"""Which live seats are free of charge or on trial: they are kept out of sums, and counted.

Their numbers say nothing: a tenant may have a million seats of a product that costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from data_access import texts
from data_access.measures.customers import CUSTOMER

PRODUCT = "productId"

#: So many seats nobody pays for; a product with as many is free unless something says that it was bought.
MANY = 10_000

#: Products that are never sold, by their part number: reviewed against Microsoft's list *Product names and service plan
#: identifiers for licensing*.
REVIEWED = {
    "A403EBCC-FAE0-4CA2-8C8C-7A907FD6C235": "POWER_BI_STANDARD",
    "F30DB892-07E9-47E9-837C-80727F46FD3D": "FLOW_FREE",
    "710779E8-3D4A-4C88-ADB9-386C958D1FDF": "TEAMS_EXPLORATORY",
    "DCB1A3AE-B33F-4487-846A-A640262FADF4": "POWERAPPS_VIRAL",
    "5B631642-BD26-49FE-BD20-1DAAA972EF80": "POWERAPPS_DEV",
    "1F2F344A-700D-42C9-9427-5CEA1D5D7BA6": "STREAM",
    "6470687E-A428-4B7A-BEF2-8A291AD947C9": "WINDOWS_STORE",
    "8C4CE438-32A7-4AC5-91A6-E22AE08D9C8B": "RIGHTSMANAGEMENT_ADHOC",
    "606B54A9-78D8-4298-AD8B-DF6EF4481C80": "CCIBOTS_PRIVPREV_VIRAL",
}


def is_free(
    seats: pd.DataFrame, subscriptions: pd.DataFrame | None = None, counts: pd.DataFrame | None = None
) -> pd.Series:
    """Whether each row of the live seats is of a free or trial product.

    It is one of the `REVIEWED`; or its only subscriptions at that customer are trials; or it has `MANY` seats, and no
    subscription that is paid and no row of the commercial counts (`counts`) at that customer.
    """
    keys = _keys(seats)
    paid, tried = _bought(subscriptions)
    counted = set() if counts is None else {*_keys(counts)}
    many = seats["totalUnits"].astype("Int64").fillna(0) >= MANY
    return pd.Series(
        [
            product in REVIEWED
            or (key in tried and key not in paid)
            or (is_many and key not in paid and key not in counted)
            for key, is_many in zip(keys, many, strict=True)
            for _, product in [key]
        ],
        index=seats.index,
        dtype=bool,
    )


def number(free: pd.DataFrame) -> int:
    """How many products at customers these rows of live seats are of: one may have several rows."""
    keys = pd.DataFrame({CUSTOMER: free[CUSTOMER].astype("str"), PRODUCT: identities(free[PRODUCT])})
    is_named = keys[PRODUCT].notna()  # of rows that name no product nobody knows whether they are of one
    return len(keys[is_named].drop_duplicates()) + int((~is_named).sum())


def identities(products: pd.Series) -> pd.Series:
    """Ids of products in capitals, as the commercial counts have them; each distinct one is looked at once."""
    return products.astype("str").map(texts.identifiers(products.dropna().unique())).astype("str")


def _keys(table: pd.DataFrame) -> Iterable[tuple[str, str]]:
    return zip(table[CUSTOMER].astype("str"), identities(table[PRODUCT]), strict=True)


def _bought(subscriptions: pd.DataFrame | None) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Customer and product of the subscriptions that are paid, and of those on trial."""
    if subscriptions is None:
        return set(), set()
    known = subscriptions[subscriptions[PRODUCT].notna()]
    trial = known["isTrial"].astype("boolean").fillna(False).astype(bool)
    return {*_keys(known[~trial])}, {*_keys(known[trial])}
