"""What the sample's customers have today: their subscriptions and live seats, and the catalogue that joins the two.

Everything is made from what the customers bought, so it agrees with the analytics, up to the differences that one meets
in life: the analytics are some days old, seats are bought elsewhere, products come free of charge, and some
subscriptions have nothing to do with licenses. Each is drawn for itself, so that the same seed on another day is the
same subscription, in the same term or a later one.

Field names and spellings are those of the published and recorded bodies. No published body has `scheduledActions` or a
subscription of the older kind; these follow what others have described.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

Row = dict[str, Any]

NO_END = date(9999, 12, 10)
NEW_COMMERCE = "OnlineServicesNCE"
COUNTRIES = ("US", "DE", "SE", "FR", "PL")


class Bought(NamedTuple):
    """One product at one customer through one channel, as the analytics have it."""

    tenant: str
    product_id: str
    product: int
    name: str
    channel: str
    sold: int
    deployed: int


class Term(NamedTuple):
    """A kind of commitment."""

    code: str
    months: int
    billing: str


class Scheduled(NamedTuple):
    """What was decided for the end of the term: the word of an action, if any, and whether it renews by itself."""

    action: str | None
    renews_by_itself: bool


MONTHLY, YEARLY, THREE_YEARS = Term("P1M", 1, "monthly"), Term("P1Y", 12, "monthly"), Term("P3Y", 36, "annual")
YEARLY_AT_ONCE = Term("P1Y", 12, "annual")

NOTHING = Scheduled(None, renews_by_itself=False)

#: Ten subscriptions in a row.
_TERM_OF_TEN = (*[YEARLY] * 4, *[YEARLY_AT_ONCE] * 3, *[MONTHLY] * 2, THREE_YEARS)
#: Twenty subscriptions in a row.
_SCHEDULED_OF_TWENTY = (
    *[Scheduled(None, renews_by_itself=True)] * 8,
    *[Scheduled("RenewToNewTerm", renews_by_itself=True)] * 3,
    *[Scheduled("Cancel", renews_by_itself=False)] * 2,
    # Microsoft turned these to the extended term by itself, and switched on that they renew.
    *[Scheduled("RenewToExtendedServiceTerm", renews_by_itself=True)],
    *[Scheduled("RenewToExtendedServiceTerm", renews_by_itself=False)],
    *[NOTHING] * 4,
    *[Scheduled("Transition", renews_by_itself=True)],
)

#: Free of charge in many tenants, with the ids that Microsoft publishes.
FREE = (
    ("F30DB892-07E9-47E9-837C-80727F46FD3D", "Microsoft Power Automate Free", "FLOW_FREE", 10_000),
    ("A403EBCC-FAE0-4CA2-8C8C-7A907FD6C235", "Microsoft Fabric (Free)", "POWER_BI_STANDARD", 1_000_000),
)
BACKUP = "Lantern Backup for Microsoft 365"
"""Another publisher's product, of which Entra ID knows no seats."""

_BACKUP_NUMBER, _AZURE_NUMBER = 900, 901  # in the place of a product's number
_ADD_ON, _PARENTS = "CALLING PLAN", ("PHONE", "ENTERPRISE E")
_AS_WRITTEN = {
    "Ax": "AX",
    "Bi": "BI",
    "Vcpu": "vCPU",
    "Gb": "GB",
    "Cal": "CAL",
    "Per": "per",
    "For": "for",
    "And": "and",
}


@dataclass(frozen=True)
class Tenants:
    """The customers of the sample on a day: `customers` are id and name of each, `bought` is what they have."""

    seed: int
    day: date
    customers_and_names: Sequence[tuple[str, str]]
    bought: Sequence[Bought]

    @cached_property
    def customers(self) -> list[Row]:
        """*Get a list of customers*."""
        advised = {item.tenant for item in self.bought if item.channel == "advisor"}
        return [
            _customer(tenant, name, "advisor" if tenant in advised else "reseller", Random(tenant))
            for tenant, name in self.customers_and_names
        ]

    @cached_property
    def subscriptions(self) -> dict[str, list[Row]]:
        """By upper-case customer GUID: *Get all of a customer's subscriptions*."""
        return {tenant: [row for _, row in pairs] for tenant, pairs in self._subscriptions.items()}

    @cached_property
    def seats(self) -> dict[str, list[Row]]:
        """By upper-case customer GUID: *Get a list of available licenses*."""
        names = {item.product_id: item.name for item in self.bought}
        deployed: defaultdict[tuple[str, str], int] = defaultdict(int)
        for item in self.bought:
            deployed[item.tenant, item.product_id] += item.deployed
        return {
            tenant: [
                *(
                    _seats(self._random(tenant, product), product, names[product], states, deployed[tenant, product])
                    for product, states in self._by_product(tenant).items()
                ),
                *_free_seats(self._random(tenant, "free")),
            ]
            for tenant, _ in self.customers_and_names
        }

    @cached_property
    def catalog(self) -> dict[tuple[str, str], Row]:
        """By product and SKU: *Get a SKU by ID*."""
        return {
            (_product(item.product), _sku(item.product)): _catalog_entry(item.product, item.product_id, item.name)
            for item in self.bought
        }

    @cached_property
    def without_role(self) -> frozenset[str]:
        """The customer that gives the partner no role by which live seats can be read."""
        return frozenset(tenant for tenant, _ in self.customers_and_names[7:8])

    @cached_property
    def _subscriptions(self) -> dict[str, list[tuple[Bought | None, Row]]]:
        found: dict[str, list[tuple[Bought | None, Row]]] = {tenant: [] for tenant, _ in self.customers_and_names}
        for item in self.bought:
            found[item.tenant] += [(item, row) for row in self._of(item)]
        for position, tenant in enumerate(found):
            found[tenant] += self._others(position, tenant)
            _tie_add_ons([row for _, row in found[tenant]])
        return found

    def _of(self, item: Bought) -> Iterator[Row]:
        """The subscriptions to one product: mostly one, here and there two, or another one on trial."""
        random = self._random(item.tenant, item.product_id, item.channel)
        several, late, trial = random.random(), random.random(), random.random()
        quantity = item.sold + (round(item.sold * 0.1) + 1 if late < 0.06 and item.sold else 0)  # bought this week
        parts = [quantity - quantity // 3, quantity // 3] if several < 0.08 and quantity > 5 else [quantity]
        for number, part in enumerate(parts):
            yield self._subscription(item, part, number)
        if trial < 0.02:
            yield self._trial(item)

    def _others(self, position: int, tenant: str) -> Iterator[tuple[Bought | None, Row]]:
        """Subscriptions of which the analytics know nothing: on trial alone, another publisher's, and Azure."""
        if position % 8 == 3:
            tried = self._random(tenant, "tries").choice(self.bought)
            item = tried._replace(tenant=tenant, channel="", sold=0, deployed=3)
            if not any((other.tenant, other.product_id) == (tenant, item.product_id) for other in self.bought):
                yield item, self._trial(item)
        if position % 9 == 4:
            row = self._subscription(Bought(tenant, "", _BACKUP_NUMBER, BACKUP, "", 0, 0), 20 + position, 0, YEARLY)
            yield None, {**row, "isMicrosoftProduct": False, "publisherName": "Lantern", "status": "active"}
        if position % 6 == 2:
            row = self._subscription(Bought(tenant, "", _AZURE_NUMBER, "Azure plan", "", 0, 0), 1, 0, MONTHLY)
            endless = {"commitmentEndDate": _day(NO_END), "commitmentEndDateTime": _last_second(NO_END)}
            yield None, {**row, **endless, "unitType": "none", "billingType": "usage", "status": "active"}

    def _trial(self, item: Bought) -> Row:
        return {
            **self._subscription(item, 25, 9, MONTHLY),
            "isTrial": True,
            "status": "active",
            **_decided(NOTHING, self.day),
        }

    def _subscription(self, item: Bought, quantity: int, number: int, term: Term | None = None) -> Row:
        """The subscription of this number among those of one product and channel at one customer."""
        random = self._random(item.tenant, item.product_id, item.name, item.channel, str(number))
        status, scheduled, older = (
            _status(quantity, random),
            random.choice(_SCHEDULED_OF_TWENTY),
            random.random() < 0.04,
        )
        term = term or random.choice(_TERM_OF_TEN)
        bought = date(2020, 1, 1) + timedelta(days=random.randrange(1400))
        start, after = _current_term(bought, term.months, self.day)
        country = Random(item.tenant).choice(COUNTRIES)
        new_commerce = {"id": NEW_COMMERCE, "displayName": NEW_COMMERCE}
        row = {
            "id": _guid(random).lower(),
            **_offer(item.product, country),
            "offerName": as_written(item.name),
            "friendlyName": as_written(item.name),
            "productType": new_commerce,
            "quantity": max(quantity, 1),
            "unitType": "Licenses",
            "hasPurchasableAddons": False,
            **_dates(bought, start, after, random),
            "status": status,
            **_decided(scheduled, after),
            "isTrial": False,
            "billingType": "license",
            "billingCycle": term.billing,
            "termDuration": term.code,
            "renewalTermDuration": "",
            "isMicrosoftProduct": True,
            "attentionNeeded": False,
            "actionTaken": False,
            "contractType": "subscription",
            "publisherName": "Microsoft Corporation",
            "orderId": f"{random.getrandbits(48):012x}",
            "attributes": {"objectType": "Subscription"},
        }
        return _of_the_older_kind(row, after, random) if older and term is not MONTHLY else row

    def _by_product(self, tenant: str) -> dict[str, defaultdict[str, int]]:
        """The seats of the subscriptions of each product of a customer, by their status."""
        sums: dict[str, defaultdict[str, int]] = {}
        for item, row in self._subscriptions[tenant]:
            if item is not None and row["status"] != "deleted":
                sums.setdefault(item.product_id, defaultdict(int))[row["status"]] += row["quantity"]
        return sums

    def _random(self, *of: str) -> Random:
        return Random(" ".join((str(self.seed), *of)))


def as_written(name: str) -> str:
    """The name of a product of the analytics, all in capitals there, as an offer has it."""
    return " ".join(_AS_WRITTEN.get(word, word) for word in name.title().split())


def _customer(tenant: str, name: str, relationship: str, random: Random) -> Row:
    label = re.sub("[^a-z0-9]", "", name.lower())[:20] or f"tenant{tenant[:8].lower()}"
    return {
        "id": tenant.lower(),
        "commerceId": _guid(random).lower(),
        "companyProfile": {
            "tenantId": tenant.lower(),
            "domain": f"{label}.onmicrosoft.com",
            "companyName": name,
            "attributes": {"objectType": "CustomerCompanyProfile"},
        },
        "relationshipToPartner": relationship,
        "attributes": {"objectType": "Customer"},
    }


def _status(quantity: int, random: Random) -> str:
    drawn = random.random()
    if not quantity:
        return "deleted"
    return "suspended" if drawn < 0.02 else "expired" if drawn < 0.03 else "active"


def _current_term(bought: date, months: int, day: date) -> tuple[date, date]:
    """The first day of the term that `day` is in, and the first day after it."""
    terms = ((day.year - bought.year) * 12 + day.month - bought.month) // months
    while _months_later(bought, terms * months) > day:
        terms -= 1
    return _months_later(bought, terms * months), _months_later(bought, (terms + 1) * months)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, 28))


def _dates(bought: date, start: date, after: date, random: Random) -> Row:
    # The window opens when a purchase or renewal is complete, at any time of the day.
    clock = (
        f"{random.randrange(24):02}:{random.randrange(60):02}:{random.randrange(60):02}.{random.randrange(10**7):07}Z"
    )
    last = after - timedelta(days=1)
    return {
        "creationDate": f"{bought}T{clock}",
        "effectiveStartDate": _day(start),
        "commitmentEndDate": _day(last),
        "commitmentEndDateTime": _last_second(last),
        "cancellationAllowedUntilDate": f"{start + timedelta(days=7)}T{clock}",
    }


def _decided(scheduled: Scheduled, on: date) -> Row:
    action = {
        "scheduleType": "TermEnd",
        "actionType": scheduled.action,
        "effectiveDate": _day(on),
        "instructions": None,
    }
    return {"autoRenewEnabled": scheduled.renews_by_itself, "scheduledActions": [action] if scheduled.action else []}


def _of_the_older_kind(row: Row, after: date, random: Random) -> Row:
    """The same as a subscription of the time before new commerce: an offer id, and an end that is not inclusive."""
    newer = ("commitmentEndDateTime", "cancellationAllowedUntilDate", "scheduledActions", "links")
    kept = {name: value for name, value in row.items() if name not in newer}
    older = {"id": "License", "displayName": "License"}
    return {**kept, "offerId": _guid(random), "productType": older, "commitmentEndDate": _day(after)}


def _tie_add_ons(rows: Sequence[Row]) -> None:
    """Give each calling plan the subscription for which it was bought."""
    parents = [row for row in rows if any(name.title() in row["offerName"] for name in _PARENTS)]
    for row in rows:
        if _ADD_ON.title() in row["offerName"] and parents:
            row["parentSubscriptionId"] = parents[0]["id"]


def _seats(random: Random, product: str, name: str, states: Mapping[str, int], deployed: int) -> Row:
    active, suspended = states.get("active", 0), states.get("suspended", 0)
    elsewhere = random.randrange(3, 12) if random.random() < 0.03 else 0
    assigned = deployed + (random.randrange(1, 4) if deployed and random.random() < 0.15 else 0)  # since the analytics
    return _sku_row(
        (product.lower(), as_written(name), re.sub("[^A-Z0-9]+", "_", name).strip("_")),
        active=active + elsewhere,
        assigned=assigned if active + elsewhere + states.get("expired", 0) else 0,
        in_grace=states.get("expired", 0),
        suspended=suspended,
    )


def _free_seats(random: Random) -> Iterator[Row]:
    for product, name, part_number, units in FREE:
        if random.random() < 0.3:
            yield _sku_row((product.lower(), name, part_number), active=units, assigned=random.randrange(40))


def _sku_row(
    product: tuple[str, str, str], *, active: int, assigned: int, in_grace: int = 0, suspended: int = 0
) -> Row:
    identity, name, part_number = product
    return {
        "availableUnits": active - assigned,
        "activeUnits": active,
        "consumedUnits": assigned,
        "suspendedUnits": suspended,
        "totalUnits": active + in_grace + suspended,
        "warningUnits": in_grace,
        "productSku": {
            "id": identity,
            "name": name,
            "skuPartNumber": part_number,
            "targetType": "User",
            "licenseGroupId": "group1",
        },
        "servicePlans": [],
        "capabilityStatus": "Enabled" if active else "Warning" if in_grace else "Suspended",
        "attributes": {"objectType": "SubscribedSku"},
    }


def _catalog_entry(product: int, product_id: str, name: str) -> Row:
    return {
        "id": _sku(product),
        "productId": _product(product),
        "title": as_written(name),
        "description": as_written(name),
        "minimumQuantity": 1,
        "maximumQuantity": 10_000_000,
        "isTrial": False,
        "supportedBillingCycles": ["annual", "monthly"],
        "purchasePrerequisites": [],
        "inventoryVariables": [],
        "provisioningVariables": [],
        "dynamicAttributes": {"isMicrosoftProduct": True, "provisioningId": product_id.lower()},
    }


def _offer(product: int, country: str) -> Row:
    sku = f"/products/{_product(product)}/skus/{_sku(product)}"
    uris = {
        "offer": f"{sku}/availabilities/{_product(product + 500)}",
        "product": f"/products/{_product(product)}",
        "sku": sku,
    }
    links = {name: {"uri": f"{uri}?country={country}", "method": "GET", "headers": []} for name, uri in uris.items()}
    return {"offerId": f"{_product(product)}:{_sku(product)}:{_product(product + 500)}", "links": links}


def _product(number: int) -> str:
    return f"CFQ7TTC0{number * 7919 % 46656:04X}"


def _sku(number: int) -> str:
    return f"{number % 7 + 1:04X}"


def _day(day: date) -> str:
    return f"{day}T00:00:00Z"


def _last_second(day: date) -> str:
    return f"{day}T23:59:59Z"


def _guid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4)).upper()
