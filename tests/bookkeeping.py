"""A partner with four customers and two people who share one of them, and traces of customers in what is sent."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    COMMERCIAL_USAGE,
    DEPLOYMENT,
    USAGE,
    WITHOUT_CUSTOMER,
)
from tests import lakes
from tests.rows import rows_of

HEADER = "customerTenantId,person,from,until\n"
OWN, SHARED_ONE, FOREIGN, NOBODYS = (str(UUID(int=number << 96 | 1)).upper() for number in (0xA0, 0xB0, 0xF00D, 0xE0))
NAMES = {OWN: "Ownly Ltd", SHARED_ONE: "Sharing AB", FOREIGN: "Strangers GmbH", NOBODYS: "Orphans SA"}
BOOKS = f"{HEADER}{OWN},ann@x,,\n{SHARED_ONE},ann@x,,\n{SHARED_ONE},ben@x,,\n{FOREIGN},ben@x,,\n"
SOLD = {OWN: 1_000, SHARED_ONE: 200, FOREIGN: 70_007, NOBODYS: 30_003}
NOW = datetime.now(UTC)


def customers_rows(at, part):
    """A row per customer, with other licenses deployed and sold at other times, and one that is over-deployed."""
    return [
        {
            "customerTenantId": tenant,
            "customerName": NAMES[tenant],
            "productName": f"PRODUCT {tenant[6:8]}",
            "processedDateTime": f"{at:%Y-%m-%dT%H:%M:%S}",
            "licensesSold": sold,
            "licensesDeployed": sold * part // 100 if tenant != SHARED_ONE else sold + 5,
            "licenseActive": sold // 4,
            "licensesQualified": sold,
            "customerDomain": f"{tenant.lower()}.example",  # a field of tomorrow
        }
        for tenant, sold in SOLD.items()
    ]


def of(rows, *left_out):
    return [{name: value for name, value in row.items() if name not in left_out} for row in rows]


def everything(at, part):
    """What each collection holds, by collection."""
    rows = customers_rows(at, part)
    return {
        COMMERCIAL_DEPLOYMENT: of(rows, "licenseActive", "licensesQualified"),
        COMMERCIAL_USAGE: of(rows, "licensesSold", "licensesDeployed"),
        DEPLOYMENT: [{"processedDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}", "licensesSold": sum(SOLD.values())}],
        USAGE: [{"processedDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"}],
    }


PAST = [
    partial(lakes.fetched, collection, everything(at, part)[collection], at)
    for at, part in ((NOW - timedelta(days=60), 30), (NOW - timedelta(days=30), 40), (NOW, 50))
    for collection in WITHOUT_CUSTOMER
]


def _customer(tenant):
    return {"id": tenant, "companyProfile": {"tenantId": tenant, "companyName": NAMES[tenant]}}


def _subscription(tenant):
    end = NOW + timedelta(days=20)
    return {
        "id": f"subscription-of-{tenant}",
        "offerId": "P:0001:A",
        "offerName": f"Product {tenant[6:8]}",
        "productType": {"id": "OnlineServicesNCE"},
        "quantity": SOLD[tenant],
        "status": "active",
        "isTrial": False,
        "autoRenewEnabled": True,
        "billingType": "license",
        "termDuration": "P1Y",
        "effectiveStartDate": f"{end - timedelta(days=364):%Y-%m-%dT%H:%M:%SZ}",
        "commitmentEndDateTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
    }


def _seats(tenant):
    sku = {"id": str(UUID(int=9)), "name": f"Product {tenant[6:8]}", "skuPartNumber": "SKU", "targetType": "User"}
    return {"activeUnits": SOLD[tenant], "consumedUnits": SOLD[tenant] // 2, "totalUnits": 9, "productSku": sku}


def partner(**changes):
    now = {collection: rows_of(collection, rows) for collection, rows in everything(NOW, 50).items()}
    held = {
        "deployment": now[DEPLOYMENT],
        "usage": now[USAGE],
        "commercial_deployment": now[COMMERCIAL_DEPLOYMENT],
        "commercial_usage": now[COMMERCIAL_USAGE],
        "customers": [_customer(tenant) for tenant in NAMES],
        "subscriptions": {tenant: [_subscription(tenant)] for tenant in NAMES},
        "seats": {tenant: [_seats(tenant)] for tenant in NAMES},
    }
    return Partner(**{**held, **changes})


def traces(content, *tenants):
    """The names of those of these customers of which there is a trace in some bytes."""
    lowered = content.lower()
    return [
        NAMES[tenant]
        for tenant in tenants
        if any(sign.lower().encode() in lowered for sign in (tenant, NAMES[tenant], tenant.replace("-", "")))
    ]
