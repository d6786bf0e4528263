"""Customers by their tenant id: what they have, what they are called, how they are found."""

import pytest

from data_access import measures
from data_access.measures import customers
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.rows import facts_of

NORTH, SOUTH = "AAAAAAAA-0000-4000-8000-000000000001", "BBBBBBBB-0000-4000-8000-000000000002"


def found_of(*changes):
    return facts_of(COMMERCIAL_DEPLOYMENT, changes)


def north(**changes):
    return {"customerTenantId": NORTH, "customerName": "Nordwind AB", **changes}


def south(**changes):
    return {"customerTenantId": SOUTH, "customerName": "Südkreuz GmbH", **changes}


def test_each_customer_is_one_row_with_its_measures():
    table = customers.by_customer(
        found_of(
            north(productName="A", licensesSold=100, licensesDeployed=60),
            north(productName="B", licensesSold=10, licensesDeployed=15),
            south(productName="A", licensesSold=50, licensesDeployed=50),
        )
    )
    assert list(table["customerName"]) == ["Nordwind AB", "Südkreuz GmbH"]
    assert list(table["products"]) == [2, 1]
    assert list(table["licensesSold"]) == [110, 50]
    assert list(table["undeployed"]) == [40, 0]
    assert list(table["overDeployed"]) == [5, 0]


def test_one_product_does_not_hide_anothers_gap():
    found = found_of(
        north(productName="A", licensesSold=10, licensesDeployed=0),
        north(productName="B", licensesSold=10, licensesDeployed=20),
    )
    (row,) = customers.by_customer(found).itertuples()
    assert (row.deploymentPercent, row.undeployed, row.overDeployed) == (100, 10, 10)


def test_customers_of_the_same_name_stay_apart_and_one_of_two_names_is_one():
    table = customers.by_customer(
        found_of(
            north(customerName="Twin"),
            south(customerName="Twin"),
            south(customerName="Twin, formerly"),
        )
    )
    assert list(table["customerName"]) == ["Twin", "Twin"]
    assert list(table["licensesSold"]) == [100, 200]


def test_a_tenant_id_is_the_same_in_capitals_and_without():
    found = found_of(north(), north(customerTenantId=NORTH.lower()))
    assert len(customers.by_customer(found)) == 1
    assert len(customers.one(found, NORTH.lower())) == 2


def test_a_product_given_back_is_not_counted_as_had():
    table = customers.by_customer(found_of(north(productName="A", licensesSold=0, licensesDeployed=0)))
    assert list(table["products"]) == [0]
    assert table["deploymentPercent"].isna().all()


def test_a_customer_without_a_name_is_there():
    table = customers.by_customer(found_of(north(customerName=None)))
    assert list(table["customerTenantId"]) == [NORTH]
    assert table["customerName"].isna().all()
    assert len(customers.matching(table, NORTH[:8].lower())) == 1


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("", ["Nordwind AB", "Südkreuz GmbH"]),
        ("nord", ["Nordwind AB"]),
        ("GMBH süd", ["Südkreuz GmbH"]),
        ("bbbbbbbb", ["Südkreuz GmbH"]),
        ("nord süd", []),
        ("(", []),
        (".*", []),
    ],
)
def test_a_search_finds_every_word_in_name_or_id(search, names):
    table = customers.by_customer(found_of(north(), south()))
    assert list(customers.matching(table, search)["customerName"]) == names


@pytest.mark.parametrize(
    ("name", "search"),
    [
        ("Müller AG", "Mu\u0308ller"),
        ("Mu\u0308ller AG", "müller"),
        ("Mu\u0308ller AG", "MÜLLER  ag"),
        ("Groß & Klein", "GROSS"),
        ("GROSS & KLEIN", "groß"),
        ("Two  Spaces", "two spaces"),
        ("No\u00a0Break", "no break"),
    ],
)
def test_a_search_finds_a_name_however_it_is_spelled(name, search):
    table = customers.by_customer(found_of(north(customerName=name), south()))
    assert list(customers.matching(table, search)["customerName"]) == [name]


def test_a_product_in_two_spellings_is_counted_once():
    found = found_of(north(productName="E3"), north(productName="e3 "), north(productName="E5"))
    assert list(customers.by_customer(found)["products"]) == [2]


def test_a_customer_has_its_products_by_service_and_channel():
    found = found_of(
        north(productName="A"), north(productName="A", channel="direct"), north(productName="B", serviceCode="crm")
    )
    table = customers.by_product(customers.one(found, NORTH))
    assert [tuple(row) for row in table[["service", "channel", "productName"]].to_numpy()] == [
        ("crm", "reseller", "B"),
        ("o365", "direct", "A"),
        ("o365", "reseller", "A"),
    ]
    assert table["licensesSold"].sum() == measures.total(found).sold


def test_nobody_is_an_empty_table():
    found = found_of(north())
    assert customers.one(found, "x").frame.empty
    assert customers.by_customer(found.of(found.frame.head(0))).empty
