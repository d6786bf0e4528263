"""The six collections of Partner Center's license analytics: their addresses, rows and pages."""

from __future__ import annotations

from dataclasses import dataclass

from data_access import wire


@dataclass(frozen=True, slots=True)
class Collection:
    """One call. `paths` holds every address under which Microsoft documents it, the likelier one first."""

    name: str
    title: str
    paths: tuple[str, ...]
    row: type
    page: str  # its title in Microsoft's documentation

    @property
    def columns(self) -> list[str]:
        """The known columns in the order in which they are printed."""
        return list(self.row.__annotations__)

    @property
    def per_customer(self) -> bool:
        return "{customer}" in self.paths[0]

    @property
    def paged(self) -> bool:
        """Whether the call takes `top`, `skip` and `filter`."""
        return "/commercial/" in self.paths[0]


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
# The pages of the commercial calls give /v1 in the syntax and /partner/v1 in the example; both are in use.
COMMERCIAL_DEPLOYMENT = Collection(
    "commercial-deployment",
    "Commercial licenses deployment",
    ("/v1/analytics/commercial/deployment/license", "/partner/v1/analytics/commercial/deployment/license"),
    wire.CommercialDeployment,
    "Get licenses deployment information",
)
COMMERCIAL_USAGE = Collection(
    "commercial-usage",
    "Commercial licenses usage",
    ("/v1/analytics/commercial/usage/license", "/partner/v1/analytics/commercial/usage/license"),
    wire.CommercialUsage,
    "Get licenses usage information",
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
    )
}
