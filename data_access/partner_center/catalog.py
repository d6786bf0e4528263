"""The catalogue of collections, with addresses and row types: the six calls of Partner Center's license analytics, and
the three that tell of each customer as of now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from data_access.partner_center import wire


@dataclass(frozen=True, slots=True)
class Collection:
    """One call. `paths` holds every address under which Microsoft documents it, the likeliest first."""

    name: str
    title: str
    paths: tuple[str, ...]
    row: type
    page: str  # the title of its page in Microsoft's documentation

    @property
    def columns(self) -> list[str]:
        """The known columns in the order in which they are printed."""
        return list(self.row.__annotations__)

    @property
    def per_customer(self) -> bool:
        return "{customer}" in self.paths[0]

    def customer_in(self, address: str) -> str | None:
        """The customer that an address of this collection names; None for a collection about the whole partner."""
        if not self.per_customer:
            return None
        before, after = self.paths[0].split("{customer}")
        return address.partition(before)[2].partition(after)[0]

    @property
    def live(self) -> bool:
        """Whether it tells of the customers as of now, without services, channels and processing dates."""
        return self in LIVE

    @property
    def by_token(self) -> bool:
        """Whether an answer names the next one by a link with a token; there is no going to any other page."""
        return self.live

    @property
    def paged(self) -> bool:
        """Whether the call takes `top`, `skip`, `filter`, `groupby` and `processedDateTime`."""
        return "/commercial/" in self.paths[0]

    @property
    def groupable(self) -> list[str]:
        """The fields that `groupby` and `filter` take."""
        return [name for name in self.columns if not name.startswith("licenses") and name != "processedDateTime"]

    def grouped_by(self, fields: Sequence[str]) -> Collection:
        """This collection as `groupby` makes it: rows of these fields and the counts. Itself without any."""
        return replace(self, row=wire.grouped(self.row, tuple(fields))) if fields else self


DEPLOYMENT = Collection(
    "deployment",
    "Partner licenses deployment",
    ("/v1/analytics/licenses/deployment",),
    wire.PartnerDeployment,
    "Get partner licenses deployment information",
)
USAGE = Collection(
    "usage",
    "Partner licenses usage",
    ("/v1/analytics/licenses/usage",),
    wire.PartnerUsage,
    "Get partner licenses usage information",
)
CUSTOMER_DEPLOYMENT = Collection(
    "customer-deployment",
    "Customer licenses deployment",
    ("/v1/customers/{customer}/analytics/licenses/deployment",),
    wire.CustomerDeployment,
    "Get customer licenses deployment information",
)
CUSTOMER_USAGE = Collection(
    "customer-usage",
    "Customer licenses usage",
    ("/v1/customers/{customer}/analytics/licenses/usage",),
    wire.CustomerUsage,
    "Get customer licenses usage information",
)


def _commercial(noun: str) -> tuple[str, ...]:
    """Every address of a commercial call: its page has both /v1 with a slash at the end and /partner/v1 without."""
    return tuple(
        f"{prefix}/analytics/commercial/{noun}/license{end}" for end in ("", "/") for prefix in ("/v1", "/partner/v1")
    )


COMMERCIAL_DEPLOYMENT = Collection(
    "commercial-deployment",
    "Commercial licenses deployment",
    _commercial("deployment"),
    wire.CommercialDeployment,
    "Get licenses deployment information",
)
COMMERCIAL_USAGE = Collection(
    "commercial-usage",
    "Commercial licenses usage",
    _commercial("usage"),
    wire.CommercialUsage,
    "Get licenses usage information",
)

CUSTOMERS = Collection("customers", "Customers", ("/v1/customers",), wire.Customer, "Get a list of customers")
SUBSCRIPTIONS = Collection(
    "subscriptions",
    "Subscriptions",
    ("/v1/customers/{customer}/subscriptions",),
    wire.Subscription,
    "Get all of a customer's subscriptions",
)
SEATS = Collection(
    "seats",
    "Live seats",
    ("/v1/customers/{customer}/subscribedskus",),
    wire.Seats,
    "Get a list of available licenses",
)

COLLECTIONS = {
    collection.name: collection
    for collection in (
        DEPLOYMENT,
        USAGE,
        CUSTOMER_DEPLOYMENT,
        CUSTOMER_USAGE,
        COMMERCIAL_DEPLOYMENT,
        COMMERCIAL_USAGE,
        CUSTOMERS,
        SUBSCRIPTIONS,
        SEATS,
    )
}

#: The license analytics of the whole partner, one call each, and those that are asked for customer by customer.
WITHOUT_CUSTOMER = (DEPLOYMENT, USAGE, COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE)
PER_CUSTOMER = (CUSTOMER_DEPLOYMENT, CUSTOMER_USAGE)
#: What is true of the customers now, in the order in which it is read: the list of them, then a call for each.
LIVE = (CUSTOMERS, SUBSCRIPTIONS, SEATS)
