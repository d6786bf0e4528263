"""A collection of many customers: several at a time, refusals counted, a second try, and parts that outlive a run."""

import json
import threading
from dataclasses import replace

import pyarrow as pa
import pytest

from data_access import Client, errors, fetch_seats
from data_access.auth.credentials import Ready
from data_access.partner_center import each_customer, protocol, raw_pages, sku_catalogue
from data_access.partner_center.answers import Step
from data_access.partner_center.catalog import CUSTOMERS, SEATS, SUBSCRIPTIONS
from data_access.partner_center.each_customer import Customer
from data_access.partner_center.products import Entry
from data_access.partner_center.retry import RetryPolicy
from data_access.partner_center.sku_catalogue import Known
from tests.partner import (
    ALFA,
    BRAVO,
    CHARLIE,
    NAMES,
    Answer,
    Partner,
    customer,
    problem,
    refused,
    serving,
    sku,
    subscription,
)

ONCE = RetryPolicy(tries=1, budget=5, timeout=2, first_wait=0.01)
ALL = (ALFA, BRAVO, CHARLIE)
COPILOT = "3B555118-DA6A-4418-894F-7DF1E2096870"


def quiet(_):
    """Show no progress."""


@pytest.fixture
def partner():
    return Partner(
        [customer(tenant) for tenant in ALL],
        {tenant: [subscription(id=f"{tenant[0]}{number}") for number in range(2)] for tenant in ALL},
        {ALFA: [sku(), sku(productSku={"id": "x", "name": "Visio"})], BRAVO: [], CHARLIE: [sku()]},
        {"CFQ7TTC0MM8R/001P": COPILOT.lower()},
    )


@pytest.fixture
def client(partner):
    with serving(partner) as url, Client(url, Ready("secret"), ONCE) as client:
        yield client


@pytest.fixture
def customers(client):
    return each_customer.listed(client.fetch(CUSTOMERS))


def tenants(rows):
    return [tenant[0].lower() for tenant in rows]


# The list of customers


def body(items, **more):
    return 200, {}, b"\xef\xbb\xbf" + json.dumps({"items": items, **more}).encode()


def headers(**more):
    return [{"Key": key, "Value": value} for key, value in more.items()]


def pages(*several):
    """A trouble that gives these pages one after the other."""
    return lambda number: several[number - 1]


def test_the_list_is_read_by_its_token_page_by_page(client, partner):
    partner.page = 2
    found = client.fetch(CUSTOMERS)
    assert list(found.frame["customerName"]) == [NAMES[tenant] for tenant in ALL]
    assert found.missing == 0
    first, second = partner.calls
    assert first.query == {"size": "500"}
    assert second.query == {"size": "500", "seekOperation": "Next"} | {"size": "2"}
    assert second.headers["ms-continuationtoken"] == "2"


@pytest.mark.parametrize(
    ("link", "query"),
    [
        ({"uri": "/customers?size=7&seekOperation=Next"}, {"size": "7", "seekOperation": "Next"}),
        ({"uri": "/v1/customers?skip=1"}, {"skip": "1"}),
        ({"uri": "customers?skip=1", "headers": None}, {"skip": "1"}),
        ({"URI": "https://elsewhere.invalid/v1/customers?skip=1"}, {"skip": "1"}),
        ("/customers?skip=1", {"skip": "1"}),
        ({"headers": headers(**{"ms-continuationtoken": "abc"})}, {"seekOperation": "Next"}),
        ({"uri": None, "headers": {"MS-ContinuationToken": "abc"}}, {"seekOperation": "Next"}),
    ],
)
def test_a_link_of_any_form_leads_on_and_the_token_stays_at_home(link, query, client, partner):
    partner.troubles["/v1/customers"] = pages(
        body([customer(ALFA)], links={"next": link}), body([customer(BRAVO)], links={})
    )
    assert len(client.fetch(CUSTOMERS).frame) == 2
    assert [call.path for call in partner.calls] == ["/v1/customers"] * 2
    assert partner.calls[1].query == query


@pytest.mark.parametrize(
    "links",
    [
        {}, {"links": None}, {"links": []}, {"links": {"next": None}}, {"links": {"next": {}}}, {"links": {"next": 7}},
        {"links": {"next": {"uri": "http://[", "headers": [None, 7]}}},
        {"links": {"next": {"headers": headers(**{"MS-ContinuationToken": "a\r\nHost: b"})}}},
        {"links": {"next": {"uri": "/customers?x=\ud800"}}},
    ],
)  # fmt: skip
def test_without_a_link_that_leads_anywhere_the_list_is_over(links, client, partner):
    partner.troubles["/v1/customers"] = lambda _: body([customer(ALFA)], **links)
    assert len(client.fetch(CUSTOMERS).frame) == 1
    assert len(partner.calls) == 1


def test_a_token_in_the_envelope_leads_on(client, partner):
    partner.troubles["/v1/customers"] = pages(body([customer(ALFA)], continuationToken="abc"), body([customer(BRAVO)]))
    assert len(client.fetch(CUSTOMERS).frame) == 2
    assert partner.calls[1].headers["ms-continuationtoken"] == "abc"


def test_a_list_that_never_ends_is_refused(client, partner):
    link = {"uri": "/customers?size=500", "headers": headers(**{"MS-ContinuationToken": "same"})}
    partner.troubles["/v1/customers"] = lambda _: body([customer(ALFA)], totalCount=9, links={"next": link})
    with pytest.raises(errors.Unreadable, match="again and again"):
        client.fetch(CUSTOMERS)


@pytest.mark.parametrize("token", ["{}", "same"])
def test_nor_does_a_list_end_at_a_page_that_came_before_and_leads_on(token, client, partner):
    """As where something in between drops the token: each answer is the first page, of the size that it announces."""

    def first_page(number):
        link = {"uri": "/customers?size=2", "headers": headers(**{"MS-ContinuationToken": token.format(number)})}
        return body([customer(ALFA), customer(BRAVO)], totalCount=2, links={"next": link})

    partner.troubles["/v1/customers"] = first_page
    with pytest.raises(errors.Unreadable, match="again and again") as refused:
        client.fetch(CUSTOMERS)
    assert "MS-ContinuationToken" in refused.value.advice
    assert refused.value.exit_code == 6


def test_a_customer_is_there_once_and_under_its_own_spelling(client, partner):
    upper = customer(BRAVO.upper())
    partner.customers = [customer(ALFA), upper, customer(ALFA.upper(), relationshipToPartner="advisor")]
    found = each_customer.listed(client.fetch(CUSTOMERS))
    assert found == [Customer(ALFA, "Alfa Ltd"), Customer(BRAVO.upper(), BRAVO.upper())]


# Each customer


def test_every_row_says_whose_it_is_in_the_order_of_the_customers(client, customers):
    found = each_customer.read(client, SEATS, customers, quiet).answer
    assert tenants(found.frame["customerTenantId"]) == ["a", "a", "c"]
    assert list(found.frame["customerName"]) == ["Alfa Ltd", "Alfa Ltd", "Charlie Ltd"]
    assert tenants(found.of_customers.empty) == ["b"]
    assert found.of_customers.unread == ()
    assert list(found.frame.columns)[: len(SEATS.columns)] == SEATS.columns
    assert client.outcomes["seats"].rows == 3


def test_who_refuses_and_who_has_left_is_counted_and_the_rest_is_read(client, partner, customers):
    partner.troubles = {ALFA: refused(403), BRAVO: refused(404, 60003)}
    found = each_customer.read(client, SEATS, customers, quiet).answer
    assert tenants(found.frame["customerTenantId"]) == ["c"]
    assert tenants(found.of_customers.refused) == ["a"]
    assert tenants(found.of_customers.gone) == ["b"]
    assert found.of_customers.failure is None
    assert len(partner.paths("subscribedskus")) == 3, "nobody who refuses is asked twice"


def test_who_breaks_off_is_tried_again_after_all_others(client, partner, customers):
    partner.troubles[f"{ALFA}/subscribedskus"] = refused(503, times=1)
    found = each_customer.read(client, SEATS, customers, quiet).answer
    assert tenants(found.frame["customerTenantId"]) == ["a", "a", "c"], "in their order all the same"
    assert partner.paths("subscribedskus")[-1].startswith(f"/v1/customers/{ALFA}")
    assert found.of_customers.unread == ()


def test_who_breaks_off_twice_has_failed_and_is_no_customer_without_rows(client, partner, customers):
    partner.troubles[f"{BRAVO}/"] = refused(503)
    found = each_customer.read(client, SEATS, customers, quiet).answer
    assert tenants(found.of_customers.failed) == ["b"]
    assert found.of_customers.empty == ()
    assert isinstance(found.of_customers.failure, errors.Unavailable)
    assert len(found.frame) == 3


NO_COLLECTION: Answer = (200, {}, b'{"x":1}')


@pytest.mark.parametrize("status", [400, 402, 405, 406, 408, 409, 410, 412, 418, 422, 429, 500, 503, 200])
def test_any_other_answer_of_one_customer_is_a_failure_of_it_and_not_that_it_has_left(
    status, client, partner, customers
):
    partner.troubles[f"{BRAVO}/"] = (lambda _: NO_COLLECTION) if status == 200 else refused(status, 2000)
    found = each_customer.read(client, SEATS, customers, quiet).answer
    whose = found.of_customers
    assert (whose.refused, whose.gone, tenants(whose.failed)) == ((), (), ["b"])
    assert tenants(found.frame["customerTenantId"]) == ["a", "a", "c"]
    assert whose.failure
    assert whose.failure.exit_code == 5
    assert whose.failure.details.status == status
    assert len([path for path in partner.paths("subscribedskus") if BRAVO in path]) == 2
    if status in (400, 409):
        assert f"(HTTP status {status}, code 2000)" in whose.failure.message


def test_who_answers_rightly_at_the_second_try_has_not_failed(client, partner, customers):
    partner.troubles[f"{BRAVO}/"] = refused(409, times=1)
    found = each_customer.read(client, SEATS, customers, quiet).answer
    assert found.of_customers.unread == ()
    assert tenants(found.of_customers.empty) == ["b"]


def test_customers_whose_requests_are_not_accepted_are_no_service_that_is_down(client, partner):
    many = [Customer(f"{number:08x}{ALFA[8:]}") for number in range(60)]
    partner.seats = {one.tenant: [sku()] for one in many}
    partner.troubles["subscribedskus"] = lambda number: problem(400, 2000) if number <= 30 else None
    read = each_customer.read(client, SEATS, many, quiet)
    assert read.whole
    assert len(read.answer.frame) == 60


@pytest.mark.parametrize(
    ("troubles", "code"),
    [
        ({ALFA: refused(403), BRAVO: refused(400), CHARLIE: refused(403)}, 5),
        ({ALFA: refused(403), BRAVO: refused(404), CHARLIE: lambda _: NO_COLLECTION}, 5),
        ({ALFA: refused(403), BRAVO: refused(403), CHARLIE: refused(403)}, 4),
        ({ALFA: refused(403), BRAVO: refused(404), CHARLIE: refused(403)}, 4),
        ({ALFA: refused(404), BRAVO: refused(404), CHARLIE: refused(404)}, 2),
        ({ALFA: refused(403), BRAVO: refused(503), CHARLIE: refused(403)}, 5),
        ({ALFA: refused(401)}, 3),
    ],
)
def test_where_nobody_can_be_read_that_is_the_error(troubles, code, client, partner, customers):
    partner.troubles = {f"{tenant}/": trouble for tenant, trouble in troubles.items()}
    with pytest.raises(errors.PartnerCenterError) as error:
        each_customer.read(client, SEATS, customers, quiet)
    assert error.value.exit_code == code
    assert client.outcomes["seats"].error is error.value
    if code != 3:  # of the sign-in, and of nobody else
        named = {tenant for whose in error.value.unread.values() for tenant in whose}
        assert named == {tenant.upper() for tenant in ALL}
        assert tenants(error.value.unread["refused"]) == [
            tenant[0] for tenant in ALL if troubles[tenant](1) != NO_COLLECTION and troubles[tenant](1)[0] == 403
        ]


def test_what_one_customer_refuses_is_no_word_on_the_collection(client, partner, customers):
    partner.troubles = {ALFA: refused(403), BRAVO: refused(404, 60003)}
    with pytest.raises(errors.NotPermitted):
        fetch_seats(client, ALFA)
    assert not client.outcomes["seats"].failed
    each_customer.read(client, SEATS, customers, quiet)
    for tenant in (ALFA, BRAVO):
        with pytest.raises(errors.PartnerCenterError):
            fetch_seats(client, tenant)
        assert client.outcomes["seats"].rows == 1, "what was known of the others holds"
    partner.troubles = {ALFA: refused(503)}
    with pytest.raises(errors.Unavailable):
        fetch_seats(client, ALFA)
    assert client.outcomes["seats"].failed
    partner.troubles = {"subscribedskus": refused(403)}
    with pytest.raises(errors.NotPermitted):
        each_customer.read(client, SEATS, customers, quiet)
    with pytest.raises(errors.NotPermitted):
        fetch_seats(client, ALFA)
    assert client.outcomes["seats"].failed, "all refuse, and not this one alone"


def test_a_token_of_no_person_is_refused_once_and_not_by_each_customer(client, partner, customers):
    message = json.dumps({"message": "This resource can't be accessed by application credentials."}).encode()
    partner.troubles["subscribedskus"] = lambda _: (403, {}, message)
    many = [*customers, *(Customer(f"{number:08x}{ALFA[8:]}") for number in range(200))]
    with pytest.raises(errors.ApplicationAlone):
        each_customer.read(client, SEATS, many, quiet)
    assert len(partner.paths("subscribedskus")) < 20


def test_where_the_service_is_down_the_others_are_not_tried(client, partner):
    many = [Customer(f"{number:08x}{ALFA[8:]}") for number in range(300)]
    partner.seats = {one.tenant: [sku()] for one in many}
    partner.troubles["subscribedskus"] = lambda number: None if number <= 50 else problem(503, 1)
    read = each_customer.read(client, SEATS, many, quiet)
    assert not read.whole
    assert len(read.answer.frame) == 50
    assert len(read.answer.of_customers.failed) == 250
    assert len(partner.paths("subscribedskus")) < 50 + each_customer.MOST_FAILURES + 40


@pytest.mark.program
def test_a_limit_that_is_reached_half_way_is_waited_for(partner):
    limited = problem(429, 0, {"Retry-After": "2"})
    partner.troubles["subscribedskus"] = lambda number: limited if number in (2, 3) else None
    hasty = RetryPolicy(tries=2, budget=1, timeout=1)
    with serving(partner) as url, Client(url, Ready("secret"), replace(hasty, parallel=1)) as client:
        found = each_customer.read(client, SEATS, [Customer(tenant) for tenant in ALL], quiet).answer
    assert found.of_customers.unread == ()
    assert partner.calls[-1].at - partner.calls[0].at >= 2


def test_a_limit_from_the_first_call_on_is_not_waited_for_longer_than_a_call_may_take(partner):
    partner.troubles["subscribedskus"] = refused(429, headers={"Retry-After": "300"})
    with serving(partner) as url, Client(url, Ready("secret"), ONCE) as client, pytest.raises(errors.Throttled):
        each_customer.read(client, SEATS, [Customer(tenant) for tenant in ALL], quiet)


def test_progress_says_how_many_of_how_many(client, customers):
    told: list[Step] = []
    each_customer.read(client, SEATS, customers, told.append)
    assert [step.text for step in told] == ["3 of 3 customers"]


def test_several_are_asked_at_a_time(client, partner, customers):
    together = threading.Barrier(3, timeout=5)
    partner.troubles["subscribedskus"] = lambda _: together.wait() and None
    each_customer.read(client, SEATS, customers, quiet)
    assert not together.broken


def test_rows_that_cannot_be_read_are_set_aside_by_their_position(client, partner, customers):
    partner.seats[CHARLIE] = [sku(activeUnits=-1), sku()]
    found = each_customer.read(client, SEATS, customers, quiet).answer
    assert [(row.position, row.reason) for row in found.set_aside] == [(3, "activeUnits is negative")]


def test_an_answer_in_two_pages_is_read_to_its_end(client, partner, customers):
    link = {"next": {"uri": "/subscriptions?x=1", "headers": headers(**{"MS-ContinuationToken": "abc"})}}
    rest = {"items": [subscription(id="2")], "totalCount": 1}
    partner.troubles[f"{ALFA}/subscriptions"] = pages(
        body([subscription(id="1")], totalCount=1, links=link), (200, {}, json.dumps(rest).encode())
    )
    found = each_customer.read(client, SUBSCRIPTIONS, customers[:1], quiet).answer
    assert list(found.frame["id"]) == ["1", "2"]


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_what_one_customer_answers_when_it_is_asked_for_alone_says_nothing_of_the_collection(
    status, client, partner, customers
):
    each_customer.read(client, SEATS, customers, quiet)
    partner.troubles[f"{BRAVO}/"] = refused(status)
    with pytest.raises(errors.PartnerCenterError):
        each_customer.read(client, SEATS, customers[1:2], quiet, of_one=True)
    assert client.outcomes["seats"].error is None


def test_pages_of_one_customer_that_never_end_are_no_answer_and_the_others_are_read(client, partner, customers):
    def endless(number):
        return body([subscription(id=str(number))], links={"next": {"uri": f"/subscriptions?page={number}"}})

    partner.troubles[f"{ALFA}/subscriptions"] = endless
    found = each_customer.read(client, SUBSCRIPTIONS, customers, quiet).answer
    assert tenants(found.of_customers.failed) == ["a"]
    assert ALFA not in {*found.frame["customerTenantId"]}
    assert isinstance(found.of_customers.failure, errors.Unavailable)
    assert "goes on sending pages after 100 rows of one customer" in str(found.of_customers.failure)
    assert len(partner.paths(f"{ALFA}/subscriptions")) == 200, "a second try after the first"


# Parts


def test_a_run_goes_on_where_another_stopped(client, partner, customers):
    partner.troubles = {f"{ALFA}/": refused(403), f"{CHARLIE}/": refused(503)}
    parts: list[pa.Buffer] = []
    first = each_customer.read(client, SEATS, customers, quiet, keep=parts.append).answer
    assert tenants(first.of_customers.failed) == ["c"]
    partner.troubles, before = {}, len(partner.paths("subscribedskus"))
    again = each_customer.read(client, SEATS, customers, quiet, known=parts, keep_raw=True).answer
    assert partner.paths("subscribedskus")[before:] == [f"/v1/customers/{CHARLIE}/subscribedskus"]
    assert tenants(again.of_customers.refused) == ["a"]
    assert tenants(again.of_customers.empty) == ["b"]
    assert tenants(again.frame["customerTenantId"]) == ["c"]


def test_what_is_put_together_from_parts_is_what_one_run_reads(client, customers):
    whole = each_customer.read(client, SUBSCRIPTIONS, customers, quiet, keep_raw=True)
    parts: list[pa.Buffer] = []
    each_customer.read(client, SUBSCRIPTIONS, customers[1:], quiet, keep=parts.append)
    resumed = each_customer.read(client, SUBSCRIPTIONS, customers, quiet, keep_raw=True, known=parts)
    assert resumed.answer.frame.equals(whole.answer.frame)
    assert resumed.offers == whole.offers
    for read in (whole, resumed):
        assert read.answer.pages
        rows = raw_pages.reread(SUBSCRIPTIONS, read.answer.pages.file({})).frame
        assert sorted(rows["id"]) == sorted(read.answer.frame["id"])
        assert sorted(rows["customerTenantId"]) == sorted(read.answer.frame["customerTenantId"])


# The catalogue of products


def with_products(client, customers, known=None):
    read = each_customer.read(client, SUBSCRIPTIONS, customers, quiet)
    return sku_catalogue.with_products(client, read, known or Known(), quiet)


def test_each_sku_is_asked_for_once(client, partner, customers):
    answer, asked = with_products(client, customers)
    assert set(answer.frame["productId"]) == {COPILOT}
    assert [(call.path, call.query) for call in partner.calls if "/products/" in call.path] == [
        ("/v1/products/CFQ7TTC0MM8R/skus/001P", {"country": "US"})
    ]
    with_products(client, customers, Known(asked.found))
    assert len(partner.paths("/products/")) == 1


def test_a_sku_is_asked_for_in_the_country_of_the_offer(client, partner, customers):
    uri = "/products/CFQ7TTC0MM8R/skus/001P?country=DE"
    partner.subscriptions[ALFA] = [subscription(links={"sku": {"uri": uri}})]
    with_products(client, customers[:1], Known(country="FR"))
    assert [call.query["country"] for call in partner.calls if "/products/" in call.path] == ["DE"]


VISIO = {"product": {"productId": "cfq7ttc0hd33", "skuId": "0002"}}


@pytest.mark.parametrize("is_in_action", [False, True])
def test_of_the_product_that_a_subscription_becomes_the_catalogue_gives_the_title(
    is_in_action, client, partner, customers
):
    action = [{"actionType": "RenewToNewTerm", "instructions": VISIO}]
    told = {"scheduledActions": action} if is_in_action else {"scheduledNextTermInstructions": VISIO}
    uri = "/products/CFQ7TTC0MM8R/skus/001P?country=DE"
    partner.subscriptions[ALFA] = [subscription(links={"sku": {"uri": uri}}, **told)]
    partner.skus["cfq7ttc0hd33/0002"], partner.titles["cfq7ttc0hd33/0002"] = "", "Visio Plan 2"
    answer, asked = with_products(client, customers)
    assert answer.titles == {"CFQ7TTC0HD33:0002": "Visio Plan 2"}
    assert set(answer.frame["productId"]) == {COPILOT}
    assert [call.query for call in partner.calls if "cfq7ttc0hd33" in call.path] == [{"country": "DE"}]
    again, _ = with_products(client, customers, Known(asked.found))
    assert again.titles == answer.titles
    assert len(partner.paths("cfq7ttc0hd33")) == 1


def test_a_title_that_nobody_kept_is_asked_for_where_it_is_needed_and_the_product_stays(client, partner, customers):
    partner.subscriptions[ALFA] = [subscription(scheduledNextTermInstructions=VISIO)]
    known = {"CFQ7TTC0MM8R:001P": Entry(COPILOT, None), "CFQ7TTC0HD33:0002": Entry("V", None)}
    answer, asked = with_products(client, customers, Known(known))
    assert asked.found == {"CFQ7TTC0HD33:0002": Entry("V", "")}, "the catalogue does not have it any more"
    assert answer.titles == {}
    assert len(partner.paths("/products/")) == 1


@pytest.mark.parametrize("product", [{"productId": "CFQ7TTC0MM8R", "skuId": "001p"}, {"productId": "X"}, None])
def test_a_subscription_that_stays_what_it_is_asks_the_catalogue_nothing_more(product, client, partner, customers):
    partner.subscriptions[ALFA] = [subscription(scheduledNextTermInstructions={"product": product})]
    with_products(client, customers)
    assert len(partner.paths("/products/")) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 503])
def test_without_the_catalogue_a_title_tells(status, client, partner, customers):
    partner.troubles["/products/"] = refused(status)
    seats = [sku(productSku={"id": "abc", "name": "MICROSOFT 365 COPILOT BUSINESS"})]
    partner.seats = {ALFA: seats, BRAVO: [], CHARLIE: []}
    known = Known().seen_in([each_customer.read(client, SEATS, customers, quiet).answer.frame])
    answer, asked = with_products(client, customers, known)
    assert list(answer.frame["productId"].fillna("")) == ["ABC", "ABC", "", "", "", ""]
    assert (asked.error is None) is (status in (400, 404))


def test_a_catalogue_that_refuses_is_not_asked_for_every_sku(client, partner, customers):
    partner.troubles["/products/"] = refused(403)
    partner.subscriptions[ALFA] = [subscription(id=str(number), offerId=f"P{number}:S:A") for number in range(200)]
    with_products(client, customers)
    assert len(partner.paths("/products/")) < 20


def test_an_address_is_made_of_a_tenant_id_and_nothing_else():
    made = protocol.address("https://x", SEATS.paths[0], "../../v1/invoices?a=b")
    assert made == "https://x/v1/customers/..%2F..%2Fv1%2Finvoices%3Fa%3Db/subscribedskus"
