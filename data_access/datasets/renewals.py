"""What the Renewals page stands on: the subscriptions, with what is not assigned of their products.

Live seats come before the commercial counts: they are true now, and the counts some days old. The counts fill in where
a customer's seats cannot be read, and say which service and channel a product is of. This order holds wherever both
could give a figure; see docs/decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

import pandas as pd

from data_access import measures
from data_access.books import Customers
from data_access.datasets import live
from data_access.errors import PartnerCenterError
from data_access.measures import renewals
from data_access.partner_center import frames
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SEATS, SUBSCRIPTIONS, Collection
from data_access.partner_center.client import Answer, Client, OfCustomers, Progress


@dataclass(frozen=True, slots=True)
class Unread:
    """A customer of whom a collection could not be read: it refused, or did not answer."""

    tenant: str
    name: str | None
    collection: str
    refused: bool


@dataclass(frozen=True, eq=False)
class Renewals:
    """The subscriptions as `renewals.judged` gives them, with service and channel where they are known.

    `seats_read_at` is None where no live seats could be read, `counts_as_of` likewise of the commercial counts. Why is
    in `troubles`, by the name of the collection. `answers` are what this was made of, the list of customers first.
    """

    subscriptions: pd.DataFrame
    read_at: datetime
    seats_read_at: datetime | None = None
    counts_as_of: datetime | None = None
    customers: int = 0
    unread: tuple[Unread, ...] = ()
    troubles: Mapping[str, PartnerCenterError] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()

    @property
    def processed(self) -> tuple[datetime | None, datetime | None]:
        """None: these are no analytics, which Microsoft processes; they are true when they are read."""
        return None, None

    @cached_property
    def channels(self) -> list[str]:
        return sorted(self.subscriptions["channel"].dropna().unique())

    @cached_property
    def services(self) -> list[str]:
        """The codes of the services."""
        return sorted(self.subscriptions["service"].dropna().unique())

    def answer(self, collection: Collection) -> Answer | None:
        """What was read of a collection; None where it could not be."""
        return next((answer for answer in self.answers if answer.collection is collection), None)

    def names(self, collection: str) -> list[str]:
        """The customers of whom a collection could not be read, by name, or by tenant id where it is unknown."""
        return [one.name or one.tenant for one in self.unread if one.collection == collection]


def fetch(client: Client, progress: Progress) -> Renewals:
    """Read customers, seats and subscriptions, one customer after the other, and the commercial counts.

    Raises one of the family in `errors` where the customers cannot be listed, or neither could be read of any of them.
    """
    found = live.fetch(client, progress)
    if found.subscriptions is None and found.seats is None:
        raise found.troubles[SUBSCRIPTIONS.name]
    try:
        counts = client.fetch(COMMERCIAL_DEPLOYMENT, progress=progress)
    except PartnerCenterError as error:
        troubles = {**found.troubles, COMMERCIAL_DEPLOYMENT.name: error}
        return put_together(found.customers, found.subscriptions, found.seats, None, troubles)
    return put_together(found.customers, found.subscriptions, found.seats, counts, found.troubles)


def of_customers(data: Renewals, customers: Customers) -> Renewals:
    """The same of some customers, without a trace of another one."""
    if customers.is_everybody:
        return data
    answers = tuple(
        replace(answer.part(customers.rows(answer.frame)), of_customers=OfCustomers()) for answer in data.answers
    )
    return replace(
        data,
        subscriptions=customers.rows(data.subscriptions),
        customers=len(answers[0].frame),
        unread=tuple(one for one in data.unread if one.tenant in customers),
        answers=answers,
    )


def put_together(
    customers: Answer,
    subscriptions: Answer | None,
    seats: Answer | None,
    counts: Answer | None,
    troubles: Mapping[str, PartnerCenterError] = MappingProxyType({}),
) -> Renewals:
    """Everything the page needs, worked out once for each fetch; None for what could not be read."""
    facts = measures.facts(counts.collection, counts.frame).frame if counts else None
    read = subscriptions.frame if subscriptions else frames.frame(SUBSCRIPTIONS, [])
    table = renewals.judged(read, seats.frame if seats else None, facts)
    return Renewals(
        renewals.with_service(table, facts),
        (subscriptions or customers).fetched_at,
        seats.fetched_at if seats else None,
        facts["processedDateTime"].max() if facts is not None and len(facts) else None,
        len(customers.frame),
        _unread(customers.frame, subscriptions, seats),
        troubles,
        tuple(answer for answer in (customers, subscriptions, seats, counts) if answer),
    )


def _unread(customers: pd.DataFrame, subscriptions: Answer | None, seats: Answer | None) -> tuple[Unread, ...]:
    names = dict(zip(customers["customerTenantId"], customers["customerName"], strict=True))

    def of(answer: Answer | None, collection: str) -> Sequence[Unread]:
        if answer is None:
            return ()
        refused = set(answer.of_customers.refused)
        return [
            Unread(tenant, names.get(tenant) or None, collection, tenant in refused)
            for tenant in answer.of_customers.unread
        ]

    return (*of(subscriptions, SUBSCRIPTIONS.name), *of(seats, SEATS.name))
