"""The tables of customers and of one customer's products hold what the measures give."""

from dashboard.tables.customers import CUSTOMERS, CUSTOMERS_FILE, PRODUCTS
from data_access.measures import customers
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.rows import facts_of

FACTS = facts_of(COMMERCIAL_DEPLOYMENT, [{}, {"productName": "B", "channel": "direct"}])


def test_the_file_of_customers_begins_with_the_tenant_id_and_has_every_measure():
    rows = customers.by_customer(FACTS).assign(title="Test Company")
    assert list(CUSTOMERS_FILE.select(rows)) == [
        "customerTenantId",
        "customerName",
        "products",
        "licensesSold",
        "licensesDeployed",
        "deploymentPercent",
        "undeployed",
        "overDeployed",
        "processedDateTime",
    ]


def test_the_page_shows_the_same_without_the_tenant_id_by_which_a_row_is_opened():
    rows = customers.by_customer(FACTS)
    assert list(CUSTOMERS.select(rows)) == list(rows)[1:]
    assert {*CUSTOMERS.names, *CUSTOMERS.behind} == {*CUSTOMERS_FILE.names} == {*rows}


def test_products_are_shown_with_their_services_title():
    rows = customers.by_product(FACTS).assign(title="Microsoft 365")
    assert list(PRODUCTS.select(rows)) == ["productName", "title", "channel", *list(rows)[3:-1]]
