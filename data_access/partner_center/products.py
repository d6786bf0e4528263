"""Which product a subscription is of: the key that joins it to seats and to the commercial counts.

`productId` there is Entra's id of the product. A subscription has an offer, `product:sku:availability`, whose SKU says
it in `dynamicAttributes.provisioningId`. Sources: the Partner Center pages "Get a SKU by ID" and "Get all of a
customer's subscriptions", and Microsoft's list "Product names and service plan identifiers for licensing".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data_access import texts

SKU_PATH = "/v1/products/{product}/skus/{sku}"
_IN_LINK = re.compile(r"/products/([^/?]+)/skus/([^/?]+)(?:\?(?:.*&)?country=([A-Za-z]{2})\b)?")
_IN_OFFER = re.compile(r"([^:/?\s]+):([^:/?\s]+)(?::[^:]*)?")
_MARKS = re.compile("[®™©]")

#: Titles that Microsoft changed, in the form that `evened` gives them, with what each has been since. Products that
#: exist side by side under both brands, such as Office 365 E3 and Microsoft 365 E3, are two.
RENAMED = {
    "office 365 enterprise e1": "office 365 e1",
    "office 365 enterprise e3": "office 365 e3",
    "office 365 enterprise e5": "office 365 e5",
    "office 365 business essentials": "microsoft 365 business basic",
    "office 365 business premium": "microsoft 365 business standard",
    "office 365 business": "microsoft 365 apps for business",
    "office 365 proplus": "microsoft 365 apps for enterprise",
    "microsoft 365 business": "microsoft 365 business premium",
    "azure active directory premium p1": "microsoft entra id p1",
    "azure active directory premium p2": "microsoft entra id p2",
    "office 365 advanced threat protection (plan 1)": "microsoft defender for office 365 (plan 1)",
    "office 365 advanced threat protection (plan 2)": "microsoft defender for office 365 (plan 2)",
    "microsoft cloud app security": "microsoft defender for cloud apps",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a subscription was sold as: a SKU of a product, and the country of the offer where it is said."""

    product: str
    sku: str
    country: str = ""

    @property
    def key(self) -> str:
        """What tells SKUs apart."""
        return f"{self.product}:{self.sku}".upper()


def offer(row: Mapping[str, Any]) -> Offer | None:
    """The offer of a subscription, from `links.sku.uri` or else from `offerId`; None for a legacy one."""
    link: Any = row
    for step in ("links", "sku", "uri"):
        link = texts.field(link, step) if isinstance(link, Mapping) else None
    if isinstance(link, str) and texts.is_whole(link) and (found := _IN_LINK.search(link)):
        return Offer(found[1], found[2], (found[3] or "").upper())
    sent = row.get("offerId")
    if isinstance(sent, str) and texts.is_whole(sent) and (found := _IN_OFFER.fullmatch(sent.strip())):
        return Offer(found[1], found[2])
    return None


def provisioning_id(sku: Mapping[str, Any]) -> str:
    """The id of the product that a SKU of the catalogue gives, in capitals; empty where it gives none."""
    attributes = texts.field(sku, "dynamicAttributes")
    found = texts.field(attributes, "provisioningId") if isinstance(attributes, Mapping) else None
    return texts.identifier(found) if isinstance(found, str) and texts.is_whole(found) else ""


def evened(title: str) -> str:
    """What the titles of one product have in common: case, spaces, marks, and brands that Microsoft changed."""
    plain = texts.key(_MARKS.sub("", title))
    return RENAMED.get(plain, plain)


Titles = Mapping[tuple[str, str], frozenset[str]]
"""The ids of products by tenant id and evened title."""


def titles(tables: Iterable[pd.DataFrame]) -> Titles:
    """The products of each customer in these tables of commercial counts or live seats."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for table in tables:
        named = table[["customerTenantId", "productName", "productId"]].dropna().drop_duplicates()
        for tenant, title, product in named.itertuples(index=False):
            if product.strip():
                found[texts.identifier(tenant), evened(title)].add(texts.identifier(product))
    return {key: frozenset(ids) for key, ids in found.items()}


def matched(
    subscriptions: pd.DataFrame, offers: Sequence[Offer | None], skus: Mapping[str, str], known: Titles
) -> pd.DataFrame:
    """The subscriptions with their `productId`: by the catalogue (`skus`, by `Offer.key`), or else by title.

    Missing where neither tells, or a title has several products.
    """

    def product(offer: Offer | None, tenant: str, title: object) -> str | None:
        if offer and (found := skus.get(offer.key)):
            return found
        same = known.get((tenant, evened(title)), frozenset()) if isinstance(title, str) else set()
        return next(iter(same)) if len(same) == 1 else None

    rows = zip(offers, subscriptions["customerTenantId"], subscriptions["offerName"], strict=True)
    return subscriptions.assign(productId=pd.Series([product(*row) for row in rows], dtype="str"))
