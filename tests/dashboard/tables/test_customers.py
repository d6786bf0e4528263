"""The tables of customers and of one customer's products hold what the measures give."""

from datetime import date

import pandas as pd

from dashboard.tables.columns import Order
from dashboard.tables.customers import PRODUCTS, file, on_screen, uncounted_on_screen
from data_access import measures
from data_access.measures import call_list, customers
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.rows import WHO_AND_WHAT, facts_of

FACTS = facts_of(COMMERCIAL_DEPLOYMENT, [{}, {"productName": "B", "channel": "direct"}])


MEASURED = [
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
CALLED = ["changeSince", "deploymentPercentChange", "unused", "nextRenewal", "why", "whatToSay", "subscriptionsReadAt"]


def filed(**known):
    return file(
        call_list.prepared(FACTS).assign(why=pd.Series([["one", "two"]]), said=pd.Series([["One.", "Two."]]), **known)
    )


def test_the_file_of_customers_has_every_measure_and_behind_them_why_to_call_and_what_to_say():
    renewal = pd.Series(pd.to_datetime(["2026-12-05T23:59:59Z"]))
    rows = filed(since=pd.Timestamp("2026-08-09"), deploymentPercentChange=-2.5, unused=3.0, nextEnd=renewal)
    assert list(rows) == [*MEASURED, *CALLED]
    (row,) = rows[CALLED].to_dict("records")
    assert (row["why"], row["whatToSay"]) == ("one; two", "One. Two.")
    assert (row["deploymentPercentChange"], row["unused"]) == (-2.5, 3.0)
    assert [row[name].isoformat() for name in ("changeSince", "nextRenewal")] == [
        "2026-08-09T00:00:00+00:00",
        "2026-12-05T23:59:59+00:00",
    ]


def test_the_file_of_customers_has_the_same_columns_where_little_is_known():
    rows = filed()
    assert list(rows) == [*MEASURED, *CALLED]
    unknown = ["changeSince", "deploymentPercentChange", "unused", "nextRenewal", "subscriptionsReadAt"]
    assert rows[unknown].isna().all(axis=None)


def listed(since=None, **more):
    """The call list as the page has it, with what is known besides."""
    rows = call_list.prepared(FACTS).assign(why=pd.Series([["one"]]), **more)
    return on_screen(rows, measures.total(FACTS), Order("undeployed", descending=True), since)


def test_the_call_list_has_the_columns_whose_figures_are_at_hand():
    always = ["customerName", "deploymentPercent", "undeployed", "licensesSold"]
    assert [column.name for column in listed().columns] == [*always, "why"]
    full = listed(date(2026, 8, 28), deploymentPercentChange=[1.5], points=[[1.0]], unused=[3.0])
    assert [column.name for column in full.columns] == [*always, "deploymentPercentChange", "unused", "why"]
    assert {column.label for column in full.columns} >= {"± since 28 Aug"}
    assert full.rows["customerTenantId"].to_pylist() == [WHO_AND_WHAT["customerTenantId"]]


def test_the_last_row_says_what_it_sums():
    assert listed().total.words == "1 customer together"
    assert listed().total.figures["undeployed"] == 100
    assert "unused" not in listed().total.figures
    assert listed(unused=[3.0]).total.figures["unused"] == 3


def test_products_are_shown_with_their_services_title():
    rows = customers.by_product(FACTS).assign(title="Microsoft 365")
    assert {*PRODUCTS.select(rows)} == {*rows} - {"service"}
    assert list(PRODUCTS.select(rows))[:3] == ["productName", "title", "channel"]


def test_nobody_who_is_not_in_the_figures_is_an_empty_table():
    instants = pd.Series([], dtype="datetime64[us, UTC]")
    nobody = pd.DataFrame(
        {
            "customerTenantId": pd.Series([], dtype="str"),
            "customerName": pd.Series([], dtype="str"),
            **dict.fromkeys(("subscriptions", "activeUnits", "consumedUnits"), pd.Series([], dtype="Int64")),
            **dict.fromkeys(("nextEnd", "subscriptionsReadAt"), instants),
            "nextEndDay": pd.Series([], dtype="datetime64[us]"),
            "nextEndIsBefore": pd.Series([], dtype="boolean"),
            "subscriptionsAreEarlier": pd.Series([], dtype="bool"),
        }
    )
    assert uncounted_on_screen(nobody).number == 0
