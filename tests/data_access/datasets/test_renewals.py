"""What the Renewals page stands on, read from the emulator, and what of it some customers' account manager sees."""

from datetime import date

import pytest

from data_access import connection
from data_access.books import NOBODY, Customers
from data_access.datasets import renewals as dataset
from data_access.emulator.sample import Partner, partner
from data_access.errors import PartnerCenterError
from data_access.measures import renewals
from data_access.partner_center.catalog import SEATS, SUBSCRIPTIONS
from tests.data_access.emulator.asking import SAMPLE


def fetched(source=SAMPLE):
    with connection.invented(source) as client:
        return dataset.fetch(client, lambda _: None)


@pytest.fixture(scope="module")
def data():
    return fetched()


def test_every_subscription_is_matched_or_says_that_it_is_not(data):
    rows = data.subscriptions
    assert len(rows) == sum(map(len, SAMPLE.subscriptions.values()))
    unmatched = rows[rows["productId"].isna()]
    assert {*unmatched["offerName"]} == {"Azure Plan", "Lantern Backup for Microsoft 365"}
    assert unmatched["seatsAtRisk"].isna().all()


def test_what_is_not_assigned_adds_up_to_the_seats_of_the_tenants(data):
    spare = {
        (tenant, row["productSku"]["id"].upper()): max(row["activeUnits"] - row["consumedUnits"], 0)
        for tenant, rows in SAMPLE.seats.items()
        if tenant not in SAMPLE.without_role
        for row in rows
    }
    live = data.subscriptions[data.subscriptions["notAssignedFrom"] == "live"]
    each = live.drop_duplicates(["customerTenantId", "productId"])
    assert len(each) > 300
    for tenant, product, found in zip(each["customerTenantId"], each["productId"], each["notAssigned"], strict=True):
        assert found == spare[tenant, product]
    renewing = live[renewals.counted(live)]
    assert renewals.seats_at_risk(renewing) <= sum(spare.values())


def test_the_commercial_counts_stand_in_for_a_customer_that_refuses(data):
    (refusing,) = SAMPLE.without_role
    (unread,) = data.unread
    assert (unread.tenant, unread.collection, unread.refused) == (refusing, "seats", True)
    assert data.names("seats") == [unread.name]
    own = data.subscriptions[data.subscriptions["customerTenantId"] == refusing]
    assert set(own["notAssignedFrom"].dropna()) == {"commercial"}


def test_services_and_channels_are_those_of_the_counts(data):
    assert set(data.channels) <= {row["channel"] for row in SAMPLE.commercial_deployment}
    assert set(data.services) <= {row["serviceCode"] for row in SAMPLE.commercial_deployment}
    assert data.processed == (None, None)
    assert data.customers == 40


def test_a_book_has_no_trace_of_another_customer(data):
    own = data.subscriptions["customerTenantId"].iloc[0]
    part = dataset.of_customers(data, Customers(frozenset([own])))
    assert set(part.subscriptions["customerTenantId"]) == {own}
    assert part.customers == 1
    assert part.unread == ()
    assert all(set(answer.frame["customerTenantId"]) <= {own} for answer in part.answers)
    assert all(answer.pages is None and not answer.of_customers.unread for answer in part.answers)
    assert dataset.of_customers(data, NOBODY).subscriptions.empty


def test_a_partner_without_customers_has_no_subscriptions():
    found = fetched(partner(as_of=date(2026, 3, 31), customers=0))
    assert found.subscriptions.empty
    assert renewals.totals(found.subscriptions, found.read_at, 30) == renewals.Totals(*[0] * 8)


def test_without_one_readable_customer_there_is_an_error():
    with pytest.raises(PartnerCenterError):
        fetched(Partner(customers=SAMPLE.customers[:3]))


def test_seats_alone_are_kept_for_pages_that_stand_on_them():
    found = fetched(Partner(customers=SAMPLE.customers[:3], seats=SAMPLE.seats))
    assert found.subscriptions.empty
    assert list(found.troubles) == [SUBSCRIPTIONS.name]
    assert len(found.answer(SEATS).frame) > 10
