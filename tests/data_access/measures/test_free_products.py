"""Which live seats are free or on trial."""

import pandas as pd
import pytest

from data_access.measures.free_products import REVIEWED, is_free, number

E3 = "6FD2C87F-B296-42F0-B197-1E91E994B900"
FLOW = next(product for product, name in REVIEWED.items() if name == "FLOW_FREE")


def seats(product=E3, total=10_000):
    return pd.DataFrame({"customerTenantId": ["AA"], "productId": [product], "totalUnits": pd.array([total], "Int64")})


def subscriptions(*trials, customer="AA", product=E3):
    number = len(trials)
    ids = {"customerTenantId": [customer] * number, "productId": pd.array([product] * number, "str")}
    return pd.DataFrame({**ids, "isTrial": pd.array(trials, "boolean")})


def counts(customer="AA", product=E3):
    return pd.DataFrame({"customerTenantId": [customer], "productId": [product]})


@pytest.mark.parametrize(
    ("live", "bought", "commercial", "free"),
    [
        (seats(), None, None, True),
        (seats(total=9_999), None, None, False),
        (seats(total=None), None, None, False),
        (seats(), subscriptions(False), None, False),
        (seats(), subscriptions(None), None, False),
        (seats(), subscriptions(False, customer="BB"), None, True),
        (seats(), subscriptions(False, product=E3.lower()), None, False),
        (seats(), subscriptions(False, product=None), None, True),
        (seats(), None, counts(), False),
        (seats(), None, counts("BB"), True),
        (seats(total=25), subscriptions(True), None, True),
        (seats(total=25), subscriptions(True), counts(), True),
        (seats(total=25), subscriptions(True, False), None, False),
        (seats(FLOW, total=5), subscriptions(False, product=FLOW), counts(product=FLOW), True),
        (seats(FLOW.lower(), total=5), None, None, True),
    ],
)
def test_what_nobody_pays_for_is_known_by_its_number_its_trials_or_the_list(live, bought, commercial, free):
    assert list(is_free(live, bought, commercial)) == [free]


def test_a_product_in_several_rows_of_one_customer_is_one_that_is_left_out():
    other = seats().assign(customerTenantId="BB")
    nameless = seats(None)
    assert number(pd.concat([seats(), seats(E3.lower(), total=25), seats(FLOW), other, nameless, nameless])) == 5
    assert number(seats().head(0)) == 0


def test_without_seats_none_is_free():
    assert is_free(seats().head(0)).empty
