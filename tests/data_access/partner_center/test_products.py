"""Which product a subscription is of: by its SKU, or else by a title that one product alone has at that customer."""

import pandas as pd
import pytest

from data_access.partner_center import products
from data_access.partner_center.products import Entry, Offer
from tests.partner import subscription


def link(uri):
    return {"links": {"sku": {"uri": uri, "method": "GET", "headers": []}}}


@pytest.mark.parametrize(
    ("changes", "offer"),
    [
        ({"offerId": "CFQ7TTC0MM8R:001P:CFQ7TTC0LV18"}, Offer("CFQ7TTC0MM8R", "001P")),
        ({"offerId": "CFQ7TTC0MM8R:001P"}, Offer("CFQ7TTC0MM8R", "001P")),
        ({"offerId": "91FD106F-4B2C-4938-95AC-F54F74E9A239"}, None),
        ({"offerId": None}, None),
        ({"offerId": "../x:y/../z"}, None),
        (link("/products/CFQ7TTC0LH18/skus/0001?country=de"), Offer("CFQ7TTC0LH18", "0001", "DE")),
        (link("/v1/products/CFQ7TTC0LH18/skus/0001?a=b&country=AT&c=d"), Offer("CFQ7TTC0LH18", "0001", "AT")),
        ({"offerId": "A:B:C", **link("/products/CFQ7TTC0LH18/skus/0001")}, Offer("CFQ7TTC0LH18", "0001")),
        ({"offerId": "A:B:C", **link("/elsewhere")}, Offer("A", "B")),
        ({"links": None, "offerId": "A:B:C"}, Offer("A", "B")),
        ({"offerId": "A:B:C", **link("/products/\ud800/skus/0001")}, Offer("A", "B")),
        ({"offerId": "A\ud800:B:C"}, None),
    ],
)
def test_an_offer_is_named_by_a_link_or_by_its_id(changes, offer):
    assert products.offer(subscription(**changes)) == offer


@pytest.mark.parametrize(
    ("sku", "product", "title"),
    [
        ({"dynamicAttributes": {"provisioningId": "3b555118-da6a-4418-894f-7df1e2096870"}},
         "3B555118-DA6A-4418-894F-7DF1E2096870", ""),
        ({"DynamicAttributes": {"ProvisioningID": "a"}, "Title": " Visio "}, "A", "Visio"),
        ({"dynamicAttributes": {}, "title": "Visio\ud800"}, "", ""),
        ({"dynamicAttributes": {"provisioningId": "3b555118\ud800"}, "title": "Visio"}, "", "Visio"),
        ({"dynamicAttributes": None, "title": 365}, "", ""),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_a_sku_names_its_product(sku, product, title):
    assert products.entry(sku) == Entry(product, title)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Microsoft 365 Business Basic", "MICROSOFT 365  BUSINESS BASIC", True),
        ("OFFICE 365 BUSINESS ESSENTIALS", "Microsoft 365 Business Basic", True),
        ("Microsoft® 365 E3", "Microsoft 365 E3", True),
        ("Office 365 E3", "Microsoft 365 E3", False),
        ("Office 365 Business Premium", "Microsoft 365 Business Premium", False),
    ],
)
def test_titles_of_one_product_are_evened_out(one, other, same):
    assert (products.evened(one) == products.evened(other)) is same


def test_no_new_title_was_renamed_itself():
    assert not products.RENAMED.keys() & {*products.RENAMED.values()}
    assert all(products.evened(title) == new for title, new in products.RENAMED.items())


def table(*rows):
    return pd.DataFrame(rows, columns=["customerTenantId", "productName", "productId"]).astype("str")


def test_the_catalogue_goes_first_then_a_title_of_the_same_customer_that_is_clear():
    subscriptions = pd.DataFrame(
        {
            "customerTenantId": ["A", "A", "B", "A", "A"],
            "offerName": ["Visio Plan 2", "Visio Plan 2", "Visio Plan 2", "Project Plan 3", None],
            "productId": None,
        }
    )
    offers = [Offer("P", "S"), None, None, Offer("Q", "S"), None]
    known = products.titles(
        [table(("a", "VISIO PLAN 2", "v"), ("A", "Project Plan 3", "p1"), ("A", "project plan 3", "P2"))]
    )
    found = products.matched(subscriptions, offers, {"P:S": Entry("BY-SKU", ""), "Q:S": Entry("", "")}, known)
    assert list(found["productId"].fillna("")) == ["BY-SKU", "V", "", "", ""]
