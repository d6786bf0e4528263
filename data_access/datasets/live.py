"""What is true of the customers now: who they are, what they have subscribed to, and their live seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from data_access import texts
from data_access.errors import NotPermitted, PartnerCenterError, Unavailable
from data_access.partner_center import each_customer, sku_catalogue
from data_access.partner_center.answers import Answer, Progress, Step
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, CUSTOMERS, SEATS, SUBSCRIPTIONS, Collection
from data_access.partner_center.client import Client
from data_access.partner_center.each_customer import Customer
from data_access.partner_center.sku_catalogue import Known

#: What is asked for all customers, one after the other; the names of products in the seats help to match subscriptions.
STEPS = (COMMERCIAL_DEPLOYMENT, CUSTOMERS, SEATS, SUBSCRIPTIONS)


@dataclass(frozen=True, eq=False)
class Live:
    """The three collections as they were just read. Which customers an answer lacks is in its `of_customers`.

    `seats` and `subscriptions` are None where not one customer's could be read; why is in `troubles`, by the name of
    the collection.
    """

    customers: Answer
    seats: Answer | None
    subscriptions: Answer | None
    troubles: Mapping[str, PartnerCenterError]


def fetch(client: Client, progress: Progress, known: Known | None = None) -> Live:
    """Read who the customers are, then the seats and subscriptions of each.

    Raises one of the family in `errors` where the customers cannot be listed.
    """
    known = known or Known()
    customers = client.fetch(CUSTOMERS, progress=step_of(CUSTOMERS, progress))
    asked = each_customer.listed(customers)
    answers: dict[str, Answer] = {}
    troubles: dict[str, PartnerCenterError] = {}
    for collection in (SEATS, SUBSCRIPTIONS):
        try:
            answers[collection.name] = fetch_of(client, collection, asked, step_of(collection, progress), known)
        except PartnerCenterError as error:
            troubles[collection.name] = error
            continue
        if collection is SEATS:
            known = known.seen_in([answers[SEATS.name].frame])
    return Live(customers, answers.get(SEATS.name), answers.get(SUBSCRIPTIONS.name), troubles)


def step_of(collection: Collection, progress: Progress) -> Progress:
    """The progress of one of `STEPS`, which says of how many it is which."""
    which = f"Step {STEPS.index(collection) + 1} of {len(STEPS)}, {collection.title.lower()}"

    def tell(step: Step) -> None:
        progress(replace(step, text=f"{which}: {step.text}"))

    return tell


def fetch_seats(client: Client, tenant: str, name: str | None = None) -> Answer:
    """Read the live seats of one customer, for whom the tenant id and the name are known.

    Raises NotPermitted where this customer refuses, an error that `is_unknown` where it has left, or another one of the
    family.
    """
    return each_customer.read(client, SEATS, [Customer(tenant.lower(), name)], lambda _: None, of_one=True).answer


def fetch_of(
    client: Client, collection: Collection, customers: Sequence[Customer], progress: Progress, known: Known
) -> Answer:
    """Read a live collection of these customers, subscriptions with their products.

    Raises one of the family in `errors` where not one customer could be read.
    """
    read = each_customer.read(client, collection, customers, progress)
    if collection is not SUBSCRIPTIONS:
        return read.answer
    return sku_catalogue.with_products(client, read, known, progress)[0]


def listed(client: Client, tenant: str | None, progress: Progress) -> list[Customer]:
    """The customers to ask about: all, or the one with this tenant id, with its name where the list can be read.

    Raises one of the family in `errors` where all are wanted and cannot be listed.
    """
    if tenant is None:
        return each_customer.listed(client.fetch(CUSTOMERS, progress=progress))
    try:
        customers = each_customer.listed(client.fetch(CUSTOMERS, progress=progress))
    except (NotPermitted, Unavailable):
        customers = []
    wanted = texts.identifier(tenant)
    return [next((one for one in customers if one.key == wanted), Customer(tenant))]
