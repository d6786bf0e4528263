"""Customers and their products, for the pages that are about them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from data_access import books, texts
from data_access.measures import core
from data_access.measures.core import Facts

#: One customer; the tenant id is the identity, the name only what it is called.
CUSTOMER = books.CUSTOMER
#: What tells one customer's products apart. The product id is left out: Microsoft does not promise it. Where it comes,
#: `product_names` sees to it that a product has one name in what is compared.
PRODUCT = ["service", "channel", "productName"]


def by_customer(facts: Facts) -> pd.DataFrame:
    """One row per customer: customerTenantId, customerName, products (how many with licenses sold), and the measures.

    `facts`: those of the commercial deployment, or a selection of them.
    """
    table = core.by(facts, [CUSTOMER])
    rows = facts.frame
    sold = rows.loc[rows["licensesSold"] > 0, [CUSTOMER, "productName"]].drop_duplicates()
    products = sold.groupby(CUSTOMER, observed=True, dropna=False).size()
    table.insert(1, "customerName", _names(rows).reindex(table[CUSTOMER]).to_numpy())
    table.insert(2, "products", products.reindex(table[CUSTOMER], fill_value=0).to_numpy())
    return table


def by_product(facts: Facts) -> pd.DataFrame:
    """One row per service, channel and product, with the measures; `facts` as for `by_customer`."""
    return core.by(facts, PRODUCT)


def one(facts: Facts, customer: str) -> Facts:
    """The facts of one customer; a tenant id means the same in capitals and without."""
    return facts.of(facts.frame[facts.frame[CUSTOMER] == texts.identifier(customer)])


def matching(table: pd.DataFrame, search: str, columns: Sequence[str] = ("customerName", CUSTOMER)) -> pd.DataFrame:
    """The rows that contain every word of `search` in one of these columns, however spelled: names or tenant ids."""
    words = texts.key(search).split()
    if not words:
        return table
    searched = pd.Series("", index=table.index)
    for name in columns:
        searched = searched + "\n" + texts.keys(table[name]).fillna("")
    for word in words:
        hits = searched.str.contains(word, regex=False)
        table, searched = table[hits], searched[hits]
    return table


def _names(rows: pd.DataFrame) -> pd.Series:
    """The name of each customer, by tenant id: the first one that it has."""
    return rows.dropna(subset=["customerName"]).drop_duplicates(CUSTOMER).set_index(CUSTOMER)["customerName"]
