"""The Customers page in every situation; what all pages share is in test_pages.py."""

import pytest

from data_access.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from data_access.emulator import Emulator, answer, failing, gateway
from data_access.sample import Partner
from tests.dashboard.visit import text, tiles
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
    return list(app.dataframe[0].value["customerName"])


def test_the_largest_gap_comes_first(visit):
    app = visit(Emulator(PARTNER), page=PAGE)
    assert customers_on(app) == ["<b>Süd</b>", "Nordwind AB"]
    assert tiles(app)["Undeployed"] == "185"
    assert "185 licenses sold to 2 customers are not deployed" in text(app).replace("*", "")


def test_filters_of_the_link_hold_here_too(visit):
    app = visit(Emulator(PARTNER), {"channel": "direct"}, page=PAGE)
    assert customers_on(app) == ["Nordwind AB"]
    assert tiles(app)["Licenses sold"] == "100"


def test_a_service_is_the_same_on_every_page_however_it_is_spelled(visit):
    partner = Partner(
        deployment=rows_of(DEPLOYMENT, [{"serviceName": "Brand-New"}, {}]),
        commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{"serviceCode": "BRAND-NEW", "licensesSold": 7}, {}]),
    )
    app = visit(Emulator(partner), {"service": "brand-new"}, page=PAGE)
    assert len(app.multiselect(key="service").options) == 2
    assert tiles(app)["Licenses sold"] == "7"


def test_a_search_leaves_those_who_fit(visit):
    app = visit(Emulator(PARTNER), page=PAGE)
    app.text_input(key="search").set_value("nord").run()
    assert customers_on(app) == ["Nordwind AB"]
    assert tiles(app)["Licenses sold"] == "200"
    app.text_input(key="search").set_value("nobody").run()
    assert "No customer fits" in text(app)


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_a_link_by_id_opens_the_customer_with_its_products(spelled, visit):
    app = visit(Emulator(PARTNER), {"customer": spelled(NORTH)}, page=PAGE)
    assert app.title[0].value == "Nordwind AB"
    assert list(app.dataframe[0].value["productName"]) == ["B", "OFFICE 365 ENTERPRISE E3"]
    assert tiles(app)["Licenses sold"] == "200"


def test_from_a_customer_back_to_all(visit):
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE)
    next(button for button in app.button if button.label == "All customers").click().run()
    assert len(customers_on(app)) == 2


def test_a_stranger_is_told_and_not_an_error(visit):
    app = visit(Emulator(PARTNER), {"customer": "<b>x</b>"}, page=PAGE)
    assert "no licenses for this customer" in text(app)


def test_many_customers_come_in_pages(visit):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"customerTenantId": f"T{number:03}"} for number in range(120)])
    app = visit(Emulator(Partner(commercial_deployment=rows)), page=PAGE)
    assert len(customers_on(app)) == 50
    assert "120 customers" in text(app)


@pytest.mark.parametrize(
    ("trouble", "title"),
    [(failing(403, 900150, "role"), "Not permitted"), (answer(404), "did not accept"), (gateway(), "not answering")],
)
def test_where_it_cannot_be_read_the_page_says_what_still_works(trouble, title, visit):
    emulator = Emulator(PARTNER)
    emulator.always(trouble, where="/commercial/")
    app = visit(emulator, page=PAGE)
    assert title in text(app)
    assert "Commercial licenses deployment" in text(app)
    assert "The Overview does not need it" in text(app)


def test_no_rows_is_a_state_of_its_own(visit):
    assert "Microsoft returned no rows" in text(visit(Emulator(Partner()), page=PAGE))


def test_the_sample_has_customers(visit):
    app = visit(page=PAGE)
    assert len(customers_on(app)) == 50
    assert "Sample data" in text(app)
