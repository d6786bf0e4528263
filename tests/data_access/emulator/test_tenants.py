"""The calls about customers as they are today, from outside, over HTTP."""

import pytest

from data_access.emulator import Emulator, documented, failing, serving
from data_access.emulator.sample import Partner
from tests.data_access.emulator.asking import PUBLISHED_CUSTOMER, SAMPLE, get, value

CUSTOMER = SAMPLE.customers[0]["id"]
REFUSING = next(iter(SAMPLE.without_role))


def pages(base_url, query=""):
    """Every page of the customers, as the documentation says to read them."""
    found = value(get(f"{base_url}/v1/customers{query}"))
    yield found
    while "next" in found["links"]:
        following = found["links"]["next"]
        headers = {header["key"]: header["value"] for header in following["headers"]}
        found = value(get(f"{base_url}/v1{following['uri']}", **headers))
        yield found


@pytest.mark.parametrize(("query", "sizes"), [("", [40]), ("?size=15", [15, 15, 10]), ("?SIZE=20", [20, 20])])
def test_tokens_lead_to_every_customer_once(address, query, sizes):
    found = list(pages(address, query))
    assert [len(page["items"]) for page in found] == sizes
    assert [row for page in found for row in page["items"]] == SAMPLE.customers
    assert {page["totalCount"] for page in found} == {40}


def test_a_page_has_five_hundred_customers_at_most():
    many = Partner(customers=[{"id": str(number)} for number in range(1200)])
    with serving(Emulator(many)) as base_url:
        assert [len(page["items"]) for page in pages(base_url, "?size=900")] == [500, 500, 200]


@pytest.mark.parametrize("token", [None, "", "bm9uc2Vuc2U=", "%%%", "Y3VzdG9tZXJzIC0xIDUgPj4/"])
def test_only_a_token_that_was_given_out_leads_on(address, token):
    headers = {} if token is None else {"MS-ContinuationToken": token}
    assert get(f"{address}/v1/customers?seekOperation=Next", **headers).status_code == 400


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_a_size_must_make_sense(address, size):
    assert get(f"{address}/v1/customers?size={size}").status_code == 400


def test_a_customers_subscriptions_and_seats_come_in_one_answer(address):
    for noun, rows in (("subscriptions", SAMPLE.subscriptions), ("subscribedskus", SAMPLE.seats)):
        found = value(get(f"{address}/v1/customers/{CUSTOMER}/{noun}"))
        assert found["items"] == rows[CUSTOMER.upper()]
        assert found["totalCount"] == len(found["items"]) > 5


def test_one_customer_refuses_its_seats_and_nothing_else(address):
    assert get(f"{address}/v1/customers/{REFUSING}/subscribedskus").status_code == 403
    assert get(f"{address}/v1/customers/{REFUSING}/subscriptions").status_code == 200
    assert get(f"{address}/v1/customers/{CUSTOMER}/subscribedskus").status_code == 200


def test_any_customer_can_be_made_to_refuse():
    emulator = Emulator(SAMPLE).always(failing(403), where=f"/{CUSTOMER}/")
    with serving(emulator) as base_url:
        assert get(f"{base_url}/v1/customers/{CUSTOMER}/subscriptions").status_code == 403
        assert get(f"{base_url}/v1/customers/{SAMPLE.customers[1]['id']}/subscriptions").status_code == 200


def test_a_stranger_has_no_subscriptions(address):
    assert get(f"{address}/v1/customers/00000000-0000-0000-0000-000000000000/subscriptions").status_code == 404


def test_the_catalogue_joins_a_subscription_to_its_seats(address):
    subscription = next(row for row in SAMPLE.subscriptions[CUSTOMER.upper()] if row["quantity"] and "links" in row)
    sku = value(get(f"{address}/v1{subscription['links']['sku']['uri']}"))
    seats = {row["productSku"]["id"] for row in SAMPLE.seats[CUSTOMER.upper()]}
    assert sku["dynamicAttributes"]["provisioningId"] in seats
    assert [sku["productId"], sku["id"]] == subscription["offerId"].split(":")[:2]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/products/CFQ7TTC0LH18/skus/0001", 400, 400004),
        ("/v1/products/CFQ7TTC0LH18/skus/0001?country=Utopia", 400, 400004),
        ("/v1/products/CFQ7TTC0NONE/skus/0001?country=US", 404, 400013),
        ("/v1/products/CFQ7TTC0LH18/skus/00ZZ?country=US", 404, 400018),
    ],
)
def test_the_catalogue_says_what_it_does_not_have(base_url, path, status, code):
    answer = get(base_url + path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_recorded_bodies_are_at_their_addresses(base_url):
    customer = PUBLISHED_CUSTOMER.removesuffix("/analytics/licenses/")
    assert value(get(base_url + "/v1/customers"))["items"] == documented().customers
    assert value(get(base_url + customer + "/subscriptions"))["items"][0]["quantity"] == 15
    assert [row["activeUnits"] for row in value(get(base_url + customer + "/subscribedskus"))["items"]] == [5, 1]
    sku = value(get(base_url + "/v1/products/CFQ7TTC0LH18/skus/0001?country=us"))
    assert sku["dynamicAttributes"]["provisioningId"] == "3b555118-da6a-4418-894f-7df1e2096870"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/customers", 200),
        (f"/v1/customers/{CUSTOMER}/subscriptions", 200),
        (f"/v1/customers/{CUSTOMER}/subscribedskus", 403),
        ("/v1/analytics/licenses/deployment", 403),
    ],
)
def test_an_application_alone_may_read_all_but_seats_and_analytics(path, status):
    with serving(Emulator(SAMPLE, tokens={"app": "app-only"})) as base_url:
        assert get(base_url + path, "app").status_code == status


def test_more_calls_than_the_limit_are_throttled_until_the_minute_is_over():
    now = [1000.0]
    emulator = Emulator(SAMPLE, calls_per_minute=3, clock=lambda: now[0])

    def ask():
        reply = emulator.respond("GET", "/v1/customers", {"authorization": "bearer sample", "accept": "*/*"})
        return reply.status, reply.headers.get("Retry-After")

    assert [ask() for _ in range(3)] == [(200, None)] * 3
    now[0] += 20.5
    assert ask() == (429, "40")
    now[0] += 39.5
    assert ask() == (200, None)
    assert [request.at for request in emulator.requests] == [1000.0] * 3 + [1020.5, 1060.0]


def test_where_no_call_is_let_through_the_wait_is_a_minute():
    reply = Emulator(SAMPLE, calls_per_minute=0).respond("GET", "/v1/customers", {})
    assert (reply.status, reply.headers["Retry-After"]) == (429, "60")
