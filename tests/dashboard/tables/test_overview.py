"""The Overview's table and file, from the two collections that they may stand on."""

import pandas as pd
import pytest

from dashboard.tables import overview
from data_access import Deployment, Selection, fetch_deployment
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import rows_of

ALL = Selection()
SERVICES = pd.DataFrame({"service": ["o365", "crm"], "title": ["Microsoft 365", "Dynamics 365"]})


@pytest.fixture
def deployment_of(connect):
    """What the page stands on, from a partner with these rows."""

    def deployment_of(**rows) -> Deployment:
        return fetch_deployment(connect(Emulator(Partner(**rows))), lambda _: None)

    return deployment_of


@pytest.fixture
def partner(deployment_of):
    changes: list[dict[str, object]] = [
        {"serviceName": "crm", "channel": "reseller", "licensesSold": 0, "proratedDeploymentPercent": 0.0},
        {"serviceName": "o365", "channel": "reseller"},
        {"serviceName": "o365", "channel": "direct", "proratedDeploymentPercent": 120.0},
    ]
    return deployment_of(deployment=rows_of(DEPLOYMENT, [{"region": "EMEA", "dates": 3} | one for one in changes]))


@pytest.fixture
def counts(deployment_of):
    changes = [{"productName": "A"}, {"productName": "B"}, {"serviceCode": "crm"}]
    return deployment_of(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, changes))


def shown(table):
    return dict(
        zip(table.rows.column_names, (column.label.replace("\u00a0", " ") for column in table.columns), strict=True)
    )


def test_partner_deployment_is_an_estimate_and_what_is_unknown_comes_last(partner):
    assert shown(overview.on_screen(partner, ALL, SERVICES)) == {
        "title": "Service",
        "channel": "Channel",
        "licensesSold": "Sold",
        "licensesDeployedEstimated": "≈ Deployed",
        "proratedDeploymentPercent": "Deployment %",
        "undeployed": "≈ Not deployed",
        "overDeployed": "≈ Over-deployed",
        "processedDateTime": "As of (UTC)",
        "region": "region",
        "dates": "dates",
    }


def test_commercial_counts_are_counts(counts):
    assert shown(overview.on_screen(counts, ALL, SERVICES)) == {
        "title": "Service",
        "channel": "Channel",
        "licensesSold": "Sold",
        "licensesDeployed": "Deployed",
        "deploymentPercent": "Deployment %",
        "undeployed": "Not deployed",
        "overDeployed": "Over-deployed",
        "processedDateTime": "As of (UTC)",
    }


def test_every_column_that_microsoft_documents_is_shown():
    assert {*DEPLOYMENT.columns} <= {*overview.PARTNER_DEPLOYMENT.names}


def test_the_page_has_the_order_of_the_chart_and_the_file_that_of_the_codes(partner):
    table = overview.on_screen(partner, ALL, SERVICES).rows
    assert table["title"].to_pylist() == ["Microsoft 365", "Microsoft 365", "Dynamics 365"]
    assert table["channel"].to_pylist() == ["direct", "reseller", "reseller"]
    assert list(overview.rows(partner, ALL)["serviceName"]) == ["crm", "o365", "o365"]


def test_nothing_sold_is_no_percentage_on_the_page_and_what_was_sent_in_the_file(partner):
    on_screen = overview.on_screen(partner, ALL, SERVICES).rows["proratedDeploymentPercent"].to_pylist()
    assert on_screen == [120.0, 50.0, None]
    assert list(overview.rows(partner, ALL)["proratedDeploymentPercent"]) == [0.0, 120.0, 50.0]


def test_a_selection_narrows_both(partner):
    direct = Selection.of(["direct"])
    assert overview.on_screen(partner, direct, SERVICES).rows["channel"].to_pylist() == ["direct"]
    assert list(overview.rows(partner, direct)["channel"]) == ["direct"]
