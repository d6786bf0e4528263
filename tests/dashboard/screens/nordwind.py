"""Nordwind and Süd, two customers with a past, for the pages about customers."""

from datetime import UTC, datetime, timedelta
from functools import partial

from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.dashboard.visit import tables, text, wait_for
from tests.lakes import fetched
from tests.rows import rows_of

NORTH, SOUTH = "AAAAAAAA-0000-4000-8000-000000000001", "BBBBBBBB-0000-4000-8000-000000000002"
ROWS = rows_of(
    COMMERCIAL_DEPLOYMENT,
    [
        {"customerTenantId": NORTH, "customerName": "Nordwind AB", "licensesDeployed": 60},
        {"customerTenantId": NORTH, "customerName": "Nordwind AB", "productName": "B", "channel": "direct"},
        {"customerTenantId": SOUTH, "customerName": "<b>Süd</b>", "licensesDeployed": 5, "serviceCode": "crm"},
    ],
)
PARTNER = Partner(commercial_deployment=ROWS, deployment=rows_of(DEPLOYMENT, [{}]))
PAGE = "customers"


def customers_on(app):
    return list(tables(app)["customers_table"]["customerName"])


def collected(*deployed):
    """What was collected of Nordwind, week by week from the first of September on."""
    days = [datetime(2026, 9, 1, tzinfo=UTC) + timedelta(weeks=week) for week in range(len(deployed))]
    return [
        partial(
            fetched,
            COMMERCIAL_DEPLOYMENT,
            [
                {
                    "customerTenantId": NORTH,
                    "licensesSold": 100,
                    "licensesDeployed": number,
                    "processedDateTime": day.isoformat(),
                },
                {"customerTenantId": SOUTH, "licensesDeployed": 1, "processedDateTime": day.isoformat()},
            ],
            day,
        )
        for day, number in zip(days, deployed, strict=True)
    ]


def shown_in_the_end(app, key):
    """A table once the history has been looked at: a page does not wait for it, and people look again."""
    return tables(wait_for(app, lambda app: "deploymentPercentChange" in tables(app)[key]))[key].iloc[0]


def lost_lately(visit, link=None):
    """A page over figures of now, which lack a product of Nordwind's and the whole of Süd."""
    had = [{"customerTenantId": NORTH}, {"customerTenantId": NORTH, "productName": "VISIO PLAN 2", "licensesSold": 20}]
    before = [*had, {"customerTenantId": SOUTH, "customerName": "Süd", "licensesSold": 30}]
    now = [{"customerTenantId": NORTH, "licensesDeployed": 99}]
    past = [
        partial(fetched, COMMERCIAL_DEPLOYMENT, rows, datetime(2026, 9, day, tzinfo=UTC))
        for day, rows in ((1, before), (20, before), (22, now))
    ]
    partner = Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, now))
    return until_known(visit(Emulator(partner), link, page=PAGE, past=past))


def until_known(app):
    """The page once it is known how customers moved."""
    return wait_for(
        app, lambda app: "Looking back three months" not in text(app) and "Not in the newest answer" in text(app)
    )
