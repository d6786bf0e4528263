"""The Overview's table and file, from the two collections that they may stand on."""

import pytest

from dashboard.tables import overview
from data_access import Deployment, Selection, fetch_deployment, measures
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import rows_of

ALL = Selection()
TITLES = {"o365": "Microsoft 365", "crm": "Dynamics 365"}


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


def on_screen(deployment, selection=ALL):
    """The table, its services in this order."""
    services = measures.by(deployment.facts.selected(selection), ["service"]).set_index("service")
    there = [code for code in TITLES if code in services.index]
    services = services.loc[there].reset_index()
    return overview.on_screen(deployment, selection, services.assign(title=services["service"].map(TITLES)))


def opened(table, column):
    return {service: rows[column].to_pylist() for service, rows in table.parts.items()}


def shown(table):
    return {column.name: column.label.replace("\u00a0", " ") for column in table.columns}


def test_partner_deployment_is_an_estimate_and_what_is_unknown_comes_last(partner):
    assert shown(on_screen(partner)) == {
        "title": "Service",
        "licensesSold": "Sold",
        "licensesDeployedEstimated": "≈ Deployed",
        "proratedDeploymentPercent": "Deployment %",
        "undeployed": "≈ Not deployed",
        "overDeployed": "≈ Over-deployed",
        "processedDateTime": "As of (UTC)",
        "region": "region",
        "dates": "dates",
    }


def test_commercial_counts_are_counts_and_without_what_none_has(counts):
    assert shown(on_screen(counts)) == {
        "title": "Service",
        "licensesSold": "Sold",
        "licensesDeployed": "Deployed",
        "deploymentPercent": "Deployment %",
        "undeployed": "Not deployed",
        "processedDateTime": "As of (UTC)",
    }


def test_every_column_that_microsoft_documents_is_shown():
    assert {*DEPLOYMENT.columns} <= {*overview.PARTNER_DEPLOYMENT.names}


def test_the_page_has_the_order_of_the_chart_and_the_file_that_of_the_codes(partner):
    table = on_screen(partner)
    assert table.rows["title"].to_pylist() == ["Microsoft 365", "Dynamics 365"]
    assert opened(table, "title") == {"o365": ["Direct", "Reseller"], "crm": ["Reseller"]}
    assert list(overview.rows(partner, ALL)["serviceName"]) == ["crm", "o365", "o365"]


def test_nothing_sold_is_no_percentage_on_the_page_and_what_was_sent_in_the_file(partner):
    table = on_screen(partner)
    assert table.rows["proratedDeploymentPercent"].to_pylist() == [85.0, None]
    assert opened(table, "proratedDeploymentPercent") == {"o365": [120.0, 50.0], "crm": [None]}
    assert list(overview.rows(partner, ALL)["proratedDeploymentPercent"]) == [0.0, 120.0, 50.0]


def test_a_service_and_the_last_row_are_the_sums_of_what_they_open_to(partner, counts):
    table = on_screen(partner)
    assert table.rows["licensesSold"].to_pylist() == [200, 0]
    assert opened(table, "licensesSold") == {"o365": [100, 100], "crm": [0]}
    assert table.total.words == "2 services together"
    assert table.total.figures["proratedDeploymentPercent"] == 85.0
    assert table.total.figures["licensesDeployedEstimated"] == 170.0
    assert on_screen(counts).total.figures["deploymentPercent"] == 50.0


def test_a_selection_narrows_both(partner):
    direct = Selection.of(["direct"])
    assert opened(on_screen(partner, direct), "title") == {"o365": ["Direct"]}
    assert list(overview.rows(partner, direct)["channel"]) == ["direct"]
