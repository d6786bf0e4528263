"""Two dates of the history that the Changes page puts side by side, and what it says of them."""

from datetime import timedelta
from functools import partial

from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.dashboard.visit import tables, taken_away, text
from tests.lakes import NOW, fetched

NORTH, SOUTH = "AAAAAAAA-0000-4000-8000-000000000001", "BBBBBBBB-0000-4000-8000-000000000002"
CRM, TEAMS = {"serviceName": "crm"}, {"serviceName": "teams"}
DAY = timedelta(days=1)


def services(days_ago, *changes):
    """Partner deployment as it was so many days ago."""
    return partial(
        fetched,
        DEPLOYMENT,
        [{"processedDateTime": "2026-11-01T00:00:00Z"} | one for one in changes],
        NOW - days_ago * DAY,
    )


def customers(days_ago, *changes):
    """The commercial counts, likewise."""
    return partial(fetched, COMMERCIAL_DEPLOYMENT, [*changes], NOW - days_ago * DAY)


#: 100 of 200 sold, then 180 of 320: teams is new, crm is gone, o365 has sold and deployed more.
BEFORE = services(28, {}, CRM)
AFTER = services(
    0, {"licensesSold": 220, "processedDateTime": "2026-11-20T00:00:00Z"}, TEAMS | {"proratedDeploymentPercent": 70}
)
NAMED = (
    {"customerTenantId": NORTH, "customerName": "Nordwind <b>AB</b>"},
    {"customerTenantId": SOUTH, "customerName": "Süd", "serviceCode": "crm"},
)
COUNTS = (customers(28, *NAMED), customers(0, NAMED[0] | {"licensesDeployed": 90}, NAMED[1]))


def said(app):
    return text(app).replace("*", "")


def rows(app):
    return tables(app)["changes_table"]


def exact(app, monkeypatch):
    (found,) = (table for name, table in taken_away(app, monkeypatch).items() if name.endswith("exact.csv"))
    return found
