"""The catalogue of products: one call for each SKU that subscriptions name, for its product in Entra and its title."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import pandas as pd

from data_access import formats
from data_access.clouds import COUNTRY
from data_access.errors import BadRequest, NotPermitted, PartnerCenterError, SignInError, Unavailable, Unreadable
from data_access.partner_center import products
from data_access.partner_center.answers import Answer, Progress, Step
from data_access.partner_center.client import Client
from data_access.partner_center.each_customer import Read
from data_access.partner_center.products import Entry, Offer, Titles

#: So many SKUs without an answer: the catalogue is down, and the others are not asked.
_MOST_FAILURES = 3
_UNKNOWN = Entry("", "")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of products before subscriptions are read.

    `skus` are what the catalogue said, by `Offer.key`; `titles` the products of each customer's commercial rows
    and seats; `country` is that of the catalogue where a subscription names none.
    """

    skus: Mapping[str, Entry] = field(default_factory=dict)
    titles: Titles = field(default_factory=dict)
    country: str = COUNTRY

    def seen_in(self, tables: Iterable[pd.DataFrame]) -> Known:
        """The same, with the products in these tables of commercial counts or live seats too."""
        titles = {**self.titles}
        for key, ids in products.titles(tables).items():
            titles[key] = titles.get(key, frozenset()) | ids
        return replace(self, titles=titles)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the catalogue said of each SKU by `Offer.key`; nothing in the entry of one that it does not have."""

    found: Mapping[str, Entry]
    error: PartnerCenterError | None = None  # why not all were asked, or not all answered


def ask(
    client: Client,
    offers: Iterable[Offer | None],
    known: Mapping[str, Entry],
    country: str,
    progress: Progress,
    *,
    following: Iterable[Offer] = (),
) -> Asked:
    """Ask for each SKU of these offers that is not `known`, once; `country` is for those that name none.

    Of the offers `following` the title has to be known as well. A SKU that is not sold in one country is asked for in
    the next one that an offer names. Raises SignInError.
    """
    titled = {key for key, entry in known.items() if entry.title is not None}
    unknown = [offer for offer in offers if offer and offer.key not in known]
    untitled = [offer for offer in following if offer.key not in titled]
    wanted: dict[str, list[Offer]] = {}
    for offer in dict.fromkeys([*unknown, *untitled]):
        wanted.setdefault(offer.key, []).append(offer)
    if not wanted:
        return Asked({})
    progress(Step(f"Catalogue of products: {formats.number(len(wanted), 'SKU')}"))
    asking = _Asking(client, country)
    with ThreadPoolExecutor(client.parallel, thread_name_prefix="sku") as pool:
        list(pool.map(asking.ask, wanted.values()))
    if isinstance(asking.error, SignInError):
        raise asking.error
    return Asked({key: _kept(entry, known.get(key)) for key, entry in asking.found.items()}, asking.error)


def with_products(client: Client, read: Read, known: Known, progress: Progress) -> tuple[Answer, Asked]:
    """The subscriptions that were read, each with its `productId`, and what the catalogue said that was not known."""
    following = products.next_offers(read.answer.frame, read.offers)
    asked = ask(client, read.offers, known.skus, known.country, progress, following=following)
    skus = {**known.skus, **asked.found}
    table = products.matched(read.answer.frame, read.offers, skus, known.titles)
    return replace(read.answer, frame=table, titles=products.titles_of(skus)), asked


def _kept(entry: Entry, before: Entry | None) -> Entry:
    """What the catalogue says now, with the product that it said before where it says none any more."""
    return entry if entry.product or before is None else entry._replace(product=before.product)


class _Asking:
    def __init__(self, client: Client, country: str) -> None:
        self._client, self._country = client, country
        self._stop = threading.Event()
        self._failures = 0
        self.found: dict[str, Entry] = {}
        self.error: PartnerCenterError | None = None

    def ask(self, offers: list[Offer]) -> None:
        """Ask for one SKU in each country in which it is offered, until one tells."""
        if self._stop.is_set():
            return
        found = _UNKNOWN
        try:
            for country in dict.fromkeys(offer.country or self._country for offer in offers):
                found = self._in_country(offers[0], country) or found
                if found.product:
                    break
        except (NotPermitted, SignInError) as error:
            self._give_up(error)
            return
        except (Unavailable, Unreadable) as error:
            self._failures += 1
            self.error = self.error or error
            if self._failures >= _MOST_FAILURES:
                self._give_up(error)
            return
        self.found[offers[0].key] = found

    def _in_country(self, offer: Offer, country: str) -> Entry | None:
        path = products.SKU_PATH.format(product=quote(offer.product, safe=""), sku=quote(offer.sku, safe=""))
        try:
            return products.entry(self._client.document(path, {"country": country}, self._stop))
        except BadRequest:
            return None  # 404 and 400013, 400018: it is not in this country's catalogue

    def _give_up(self, error: PartnerCenterError) -> None:
        if not self._stop.is_set():
            self._stop.set()
            self.error = error
