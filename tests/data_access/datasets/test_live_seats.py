"""Live seats in the form of deployment figures."""

from datetime import date

import pytest

from data_access import connection, measures
from data_access.books import Customers
from data_access.datasets import deployment, live_seats, renewals
from data_access.emulator.sample import Partner, partner

INVENTED = partner(as_of=date(2026, 3, 31), customers=12)
#: The same partner, of which the analytics know nothing.
UNKNOWN = Partner(
    customers=INVENTED.customers,
    subscriptions=INVENTED.subscriptions,
    seats=INVENTED.seats,
    catalog=INVENTED.catalog,
    without_role=INVENTED.without_role,
)


@pytest.fixture(scope="module")
def data():
    with connection.invented(UNKNOWN) as client:
        return renewals.fetch(client, lambda _: None)


@pytest.fixture(scope="module")
def figures(data):
    return live_seats.deployment(data)


def paid(source=UNKNOWN):
    """The rows that are no million of free seats and no trial, of the customers that can be read."""
    trials: set[tuple[str, str]] = set()
    bought: set[tuple[str, str]] = set()
    for tenant, rows in source.subscriptions.items():
        for row in rows:
            (trials if row["isTrial"] else bought).add((tenant, row["offerName"]))
    for tenant, rows in source.seats.items():
        for row in rows:
            key = tenant, row["productSku"]["name"]
            if tenant not in source.without_role and row["totalUnits"] < 10_000 and key not in trials - bought:
                yield row


def test_enabled_seats_stand_for_sold_and_assigned_ones_for_deployed(figures):
    total = measures.total(figures.facts)
    assert total.sold == sum(row["activeUnits"] for row in paid())
    assert total.deployed == sum(row["consumedUnits"] for row in paid())
    assert total.percent == pytest.approx(100 * total.deployed / total.sold)
    assert not figures.estimated


def test_free_and_trial_products_are_left_out_and_counted(figures):
    readable = sum(len(rows) for tenant, rows in UNKNOWN.seats.items() if tenant not in UNKNOWN.without_role)
    assert figures.live.left_out == readable - len(list(paid())) > 0
    assert figures.answer.missing == 0, "they did come"
    assert figures.live.unread == 1
    assert not figures.facts.frame["productName"].str.contains("Free").any()


def test_a_product_stands_for_its_service_and_the_relationship_for_the_channel(figures):
    rows = figures.facts.frame
    assert (rows["service"] == rows["productName"]).all()
    assert set(figures.channels) <= {"reseller", "advisor"}
    assert figures.processed == (None, None)
    assert figures.newest == figures.live.read_at


def test_a_book_has_no_trace_of_another_customer(data):
    own = UNKNOWN.customers[0]["id"].upper()
    part = live_seats.deployment(renewals.of_customers(data, Customers(frozenset([own]))))
    assert set(part.facts.frame["customerTenantId"]) == {own}
    assert part.answer.is_part


def test_the_company_figures_say_nothing_of_customers(figures):
    whole = deployment.without_customers(figures)
    assert measures.total(whole.facts) == measures.total(figures.facts)
    assert not {"customerTenantId", "customerName"} & {*whole.facts.frame, *whole.answer.frame}
    assert whole.live == figures.live


def test_where_no_seats_can_be_read_there_are_no_figures():
    refusing = Partner(customers=INVENTED.customers, subscriptions=INVENTED.subscriptions)
    with connection.invented(refusing) as client:
        found = live_seats.deployment(renewals.fetch(client, lambda _: None))
    assert found.is_empty
    assert found.newest is None


@pytest.mark.parametrize(
    "product", [None, {}, {"id": None, "name": None}, {"name": "", "id": " "}, "text", 7, [{"id": "A"}]]
)
def test_a_row_that_says_of_no_product_counts_and_takes_nothing_else_away(product):
    row = {"activeUnits": 5, "consumedUnits": 2}
    (tenant,) = list(INVENTED.seats)[:1]
    known = {"id": "a1", "name": "Alpha"}
    seats = [{**row, "productSku": product}, {**row, "productSku": known}, row]
    source = Partner(customers=INVENTED.customers[:1], seats={tenant: seats}, subscriptions={tenant: []})
    with connection.invented(source) as client:
        found = live_seats.deployment(renewals.fetch(client, lambda _: None))
    assert found.services == ["(no name)", "Alpha"]
    assert (measures.total(found.facts).sold, measures.total(found.facts).deployed) == (15, 6)


def test_names_that_are_missing_are_made_up_for():
    seats = [
        {"activeUnits": 5, "consumedUnits": None, "productSku": {"id": "a1", "skuPartNumber": "PART"}},
        {"activeUnits": None, "consumedUnits": 2, "productSku": {"id": "a2"}},
    ]
    (tenant,) = list(INVENTED.seats)[:1]
    source = Partner(customers=INVENTED.customers[:1], seats={tenant: seats}, subscriptions={tenant: []})
    with connection.invented(source) as client:
        rows = live_seats.deployment(renewals.fetch(client, lambda _: None)).facts.frame
    assert list(rows["productName"]) == ["PART", "A2"]
    assert list(rows["licensesSold"]) == [5, 0]
    assert list(rows["licensesDeployed"]) == [0, 2]
