"""Which product a subscription is of: the key that joins it to seats and to the commercial counts.

`productId` there is Entra's id of the product. A subscription has an offer, `product:sku:availability`, whose SKU says
it in `dynamicAttributes.provisioningId`. Sources: the Partner Center pages "Get a SKU by ID" and "Get all of a
customer's subscriptions", and Microsoft's list "Product names and service plan identifiers for licensing".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd

from data_access import texts
from data_access.partner_center import renewal

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


class Entry(NamedTuple):
    """What the catalogue says of a SKU: Entra's id of its product, in capitals, and its title; empty where it does not.

    The title is None where nobody kept it.
    """

    product: str
    title: str | None


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


def next_offers(subscriptions: pd.DataFrame, offers: Sequence[Offer | None]) -> list[Offer]:
    """What subscriptions become at their end, where that is another SKU; `offers` are what they were sold as."""
    found = []
    for own, action in zip(offers, renewal.next_actions(subscriptions), strict=True):
        following = offer({"offerId": action.next_term.product})
        if following and not (own and own.key == following.key):
            found.append(replace(following, country=own.country if own else ""))
    return found


def entry(sku: Mapping[str, Any]) -> Entry:
    """What a SKU of the catalogue says."""
    attributes = texts.field(sku, "dynamicAttributes")
    product = _text(texts.field(attributes, "provisioningId")) if isinstance(attributes, Mapping) else ""
    return Entry(texts.identifier(product), _text(texts.field(sku, "title")))


def titles_of(skus: Mapping[str, Entry]) -> dict[str, str]:
    """The titles of SKUs by `Offer.key`, of those that have one."""
    return {key: each.title for key, each in skus.items() if each.title}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) and texts.is_whole(value) else ""


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
    subscriptions: pd.DataFrame, offers: Sequence[Offer | None], skus: Mapping[str, Entry], known: Titles
) -> pd.DataFrame:
    """The subscriptions with their `productId`: by the catalogue (`skus`, by `Offer.key`), or else by title.

    Missing where neither tells, or a title has several products.
    """

    def product(offer: Offer | None, tenant: str, title: object) -> str | None:
        if offer and (found := skus.get(offer.key)) and found.product:
            return found.product
        same = known.get((tenant, evened(title)), frozenset()) if isinstance(title, str) else set()
        return next(iter(same)) if len(same) == 1 else None

    rows = zip(offers, subscriptions["customerTenantId"], subscriptions["offerName"], strict=True)
    return subscriptions.assign(productId=pd.Series([product(*row) for row in rows], dtype="str"))
