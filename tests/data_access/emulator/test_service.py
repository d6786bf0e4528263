"""The emulator from outside, over HTTP: the published bodies to the byte, every refusal, every page."""

import http.client
import itertools
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import UUID

import pytest
import requests

from data_access import emulator as service
from data_access.emulator import DEMO_TOKEN, Emulator, Endless, documented, serving
from data_access.emulator.sample import Partner
from tests.data_access.emulator.asking import (
    BOM,
    COMMERCIAL,
    DEPLOYMENT,
    GUID,
    PUBLISHED_CUSTOMER,
    ROWS,
    SAMPLE,
    USAGE,
    get,
    value,
)
from tests.waiting import until

# What is right


@pytest.mark.parametrize(
    ("path", "length"),
    [
        (DEPLOYMENT, 487),
        (USAGE, 1156),
        (PUBLISHED_CUSTOMER + "deployment", 1012),
        (PUBLISHED_CUSTOMER + "usage", 1726),
    ],
)
def test_the_published_bodies_have_the_published_lengths(base_url, path, length):
    answer = get(base_url + path)
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(length) == str(len(answer.content))
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.content.startswith(BOM + b'{"totalCount":')
    assert list(value(answer)) == ["totalCount", "items", "attributes"]


@pytest.mark.parametrize("noun", ["deployment", "usage"])
@pytest.mark.parametrize("prefix", ["/v1", "/partner/v1"])
@pytest.mark.parametrize("end", ["", "/"])
def test_the_published_commercial_rows_are_at_every_published_address(base_url, noun, prefix, end):
    answer = get(f"{base_url}{prefix}/analytics/commercial/{noun}/license{end}")
    assert answer.content.startswith(BOM + b'{"Value":[{"processedDateTime":')
    assert list(value(answer)) == ["Value", "@nextLink", "TotalCount"]
    assert value(answer)["TotalCount"] == 2
    assert value(answer)["@nextLink"] is None


def test_an_account_may_have_only_some_of_the_addresses():
    with serving(Emulator(SAMPLE, prefixes=["/partner/v1"], path_ends=["/"])) as base_url:
        assert get(f"{base_url}/partner{COMMERCIAL}/").status_code == 200
        assert get(f"{base_url}/partner{COMMERCIAL}").status_code == 404
        assert get(f"{base_url}{COMMERCIAL}/").status_code == 404
        assert get(base_url + DEPLOYMENT).status_code == 200


def test_a_body_is_the_rows_and_nothing_else(address):
    assert value(get(address + DEPLOYMENT))["items"] == SAMPLE.deployment
    assert value(get(address + USAGE))["items"] == SAMPLE.usage
    customer = ROWS[0]["customerTenantId"]
    for noun, rows in (("deployment", SAMPLE.customer_deployment), ("usage", SAMPLE.customer_usage)):
        found = value(get(f"{address}/v1/customers/{customer}/analytics/licenses/{noun}"))
        assert found["items"] == rows(customer)
        assert found["totalCount"] == len(rows(customer))


def test_any_rows_can_be_served():
    hostile = [{"channel": "<b>&amp;\u2028", "licensesSold": None}, 7, "row", []]
    with serving(Emulator(Partner(deployment=hostile, commercial_deployment=hostile))) as base_url:
        assert value(get(base_url + DEPLOYMENT))["items"] == hostile
        assert value(get(base_url + COMMERCIAL))["Value"] == hostile


def test_the_request_is_echoed_and_the_answer_identified(address):
    asked = {"MS-RequestId": GUID, "MS-CorrelationId": "ae3b8c36-348b-46bc-9a60-398f973153ff"}
    headers = get(address + DEPLOYMENT, **asked).headers
    assert {name: headers[name] for name in asked} == asked
    assert {"MS-CV", "MS-ServerId", "Date", "Request-Context"} <= set(headers)


def test_ids_are_made_up_where_none_are_sent(address):
    headers = get(address + DEPLOYMENT).headers
    assert UUID(headers["MS-RequestId"]) != UUID(headers["MS-CorrelationId"])


def test_who_names_no_type_gets_utf_16(address):
    answer = get(address + DEPLOYMENT, Accept=None)
    assert answer.content.startswith(b"\xff\xfe")
    assert json.loads(answer.content.decode("utf-16"))["items"] == SAMPLE.deployment


def test_one_connection_serves_many_requests(address):
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}", "Accept": "application/json"}
    for method, status in (("GET", 200), ("HEAD", 405), ("POST", 405), ("GET", 200)):
        connection.request(method, DEPLOYMENT, body=b"ignored" if method == "POST" else None, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == status
        assert bool(body) is (method != "HEAD")
    connection.close()


def test_without_a_network_it_answers_the_same(address):
    target = COMMERCIAL + "?top=3&skip=2"
    reply = Emulator(SAMPLE).respond("GET", target, {"authorization": f"bearer {DEMO_TOKEN}", "ACCEPT": "*/*"})
    assert (reply.status, reply.body) == (200, get(address + target).content)


def test_everything_asked_is_remembered(emulator, base_url):
    get(base_url + DEPLOYMENT, **{"MS-RequestId": GUID})
    get(base_url + "/nowhere")
    first, second = emulator.requests
    assert (first.method, first.target, first.headers["MS-RequestId"]) == ("GET", DEPLOYMENT, GUID)
    assert (second.target, second.at > first.at) == ("/nowhere", True)
    assert DEMO_TOKEN not in repr(first)


def test_many_may_ask_at_once(emulator, base_url):
    emulator.next(service.failing(503), times=7)
    with ThreadPoolExecutor(8) as pool:
        found = Counter(pool.map(lambda _: get(base_url + DEPLOYMENT).status_code, range(40)))
    assert found == {503: 7, 200: 33}
    assert len(emulator.requests) == 40


def test_nothing_is_printed(address, capfd):
    get(address + DEPLOYMENT)
    get(address + "/nowhere")
    assert capfd.readouterr() == ("", "")


def test_stopped_means_stopped():
    slow_usage = Emulator(documented()).always(service.slow(60), where="/usage")
    with requests.Session() as session, ThreadPoolExecutor(1) as pool:
        with serving(slow_usage) as base_url:
            session.get(base_url + DEPLOYMENT, timeout=5)
            late = pool.submit(get, base_url + USAGE)
            until(lambda: len(slow_usage.requests) == 2)
        assert isinstance(late.exception(), requests.ConnectionError)
        with pytest.raises(requests.ConnectionError):
            session.get(base_url + DEPLOYMENT, timeout=5)


def test_a_port_is_taken_once(address):
    with pytest.raises(OSError, match="in use"), serving(Emulator(), urlsplit(address).port):
        raise AssertionError("served twice")


# Who may ask


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("fine", 200, None),
        ("expired", 401, 400),
        ("no-mfa", 401, 900421),
        ("no-role", 403, 900150),
        ("app-only", 403, None),
    ],
)
def test_a_token_is_judged_by_its_kind(kind, status, code):
    with serving(Emulator(documented(), tokens={"secret": kind})) as base_url:
        answer = get(base_url + DEPLOYMENT, token="secret")
    assert answer.status_code == status
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)
    if status != 200:
        assert not answer.content.startswith(BOM)
        assert json.loads(answer.content).get("code") == code
    if kind == "app-only":
        assert answer.json() == {"message": "This resource can't be accessed by application credentials."}
    assert "secret" not in answer.text


@pytest.mark.parametrize(("token", "code"), [("", 800001), ("another", 400)])
def test_without_a_known_token_nobody_is_admitted(address, token, code):
    answer = get(address + DEPLOYMENT, token=token)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("OAuth realm=urn:cpsvc:cpid:")


def test_only_bearer_tokens_count(address):
    assert get(address + DEPLOYMENT, token="", Authorization=f"Basic {DEMO_TOKEN}").json()["code"] == 800001


# What may be asked


def test_a_customer_is_named_by_a_guid(address):
    answer = get(f"{address}/v1/customers/contoso/analytics/licenses/deployment")
    published = (
        b'{"code":2000,"description":"Tenant Id must be a GUID.","data":[],"source":"PartnerApiServiceControllers"}'
    )
    assert (answer.status_code, answer.content) == (400, published)


def test_a_stranger_is_not_found(address):
    answer = get(f"{address}/v1/customers/{GUID}/analytics/licenses/usage")
    assert answer.status_code == 404
    assert list(answer.json()) == ["code", "description", "data", "source"]


@pytest.mark.parametrize("path", ["/", "/v1", DEPLOYMENT + "/", "/partner" + DEPLOYMENT, COMMERCIAL + "s", "/%00"])
def test_other_addresses_are_not_found(address, path):
    assert get(address + path).status_code == 404


def test_an_address_may_be_beyond_reading(emulator):
    assert emulator.respond("GET", "http://[", {}).status == 400


def test_a_request_id_must_be_a_guid(address):
    assert get(address + DEPLOYMENT, **{"MS-RequestId": "42"}).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_it_can_only_be_read(address, method):
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    assert requests.request(method, address + DEPLOYMENT, headers=headers, timeout=5).status_code == 405


# Pages


def pages(base_url, path, limit=50):
    """Follow the links as RFC 3986 says a client should."""
    url = base_url + path
    for _ in range(limit):
        page = value(get(url))
        yield page
        if not page.get("@nextLink"):
            return
        url = urljoin(url, page["@nextLink"])
    raise AssertionError("the links never end")


@pytest.mark.parametrize("page_limit", [len(ROWS) // 3, len(ROWS) - 1, len(ROWS), 10_000])
@pytest.mark.parametrize(
    ("form", "start"), [("relative", "license?"), ("rooted", COMMERCIAL + "?"), ("absolute", "http://127.0.0.1:")]
)
def test_links_lead_to_every_row_once(form, start, page_limit):
    with serving(Emulator(SAMPLE, next_link=form, page_limit=page_limit)) as base_url:
        found = list(pages(base_url, COMMERCIAL))
    assert [row for page in found for row in page["Value"]] == ROWS
    assert {page["TotalCount"] for page in found} == {len(ROWS)}
    assert all(page["@nextLink"].startswith(start) for page in found[:-1])
    assert found[-1]["@nextLink"] is None


def test_a_link_keeps_the_rest_of_the_question():
    question = "?groupby=productName,channel&filter=channel%20ne%20%27a%26b%27&top=7"
    with serving(Emulator(SAMPLE)) as base_url:
        whole = value(get(base_url + COMMERCIAL + question.replace("&top=7", "")))
        found = list(pages(base_url, COMMERCIAL + question))
    assert len(found) > 2
    assert [row for page in found for row in page["Value"]] == whole["Value"]
    assert parse_qs(urlsplit(found[0]["@nextLink"]).query)["skip"] == ["7"]


@pytest.mark.parametrize("form", ["null", "absent"])
def test_where_links_are_missing_skip_leads_to_every_row_once(form):
    found: list[dict[str, object]] = []
    total = 1
    with serving(Emulator(SAMPLE, next_link=form, page_limit=200)) as base_url:
        while len(found) < total:
            page = value(get(f"{base_url}{COMMERCIAL}?top=10000&skip={len(found)}"))
            assert ("@nextLink" in page) is (form == "null")
            found += page["Value"]
            total = page["TotalCount"]
    assert found == ROWS


def test_beyond_the_end_there_is_nothing(address):
    page = value(get(f"{address}{COMMERCIAL}?skip=999999"))
    assert (page["Value"], page["@nextLink"], page["TotalCount"]) == ([], None, len(ROWS))


def test_the_total_may_be_that_of_the_page():
    with serving(Emulator(SAMPLE, total_count="page")) as base_url:
        assert value(get(f"{base_url}{COMMERCIAL}?top=5"))["TotalCount"] == 5


@pytest.mark.parametrize(
    ("kind", "total"), [("zero", {"TotalCount": 0}), ("negative", {"TotalCount": -1}), ("absent", {})]
)
def test_the_total_may_be_of_no_use(kind, total):
    with serving(Emulator(SAMPLE, total_count=kind)) as base_url:
        page = value(get(f"{base_url}{COMMERCIAL}?top=5"))
    assert {name: found for name, found in page.items() if name == "TotalCount"} == total
    assert page["Value"] == ROWS[:5]


def test_each_page_may_have_a_size_of_its_own():
    with serving(Emulator(SAMPLE, page_limit=itertools.cycle([7, 1, 300]))) as base_url:
        found = list(pages(base_url, COMMERCIAL))
    assert [len(page["Value"]) for page in found[:4]] == [7, 1, 300, 7]
    assert [row for page in found for row in page["Value"]] == ROWS


@pytest.mark.parametrize(("form", "start"), [("foreign", "https://elsewhere.invalid/"), ("garbage", "http://[?")])
def test_a_link_may_lead_astray(form, start):
    with serving(Emulator(SAMPLE, page_limit=5, next_link=form)) as base_url:
        assert value(get(base_url + COMMERCIAL))["@nextLink"].startswith(start)
        assert value(get(f"{base_url}{COMMERCIAL}?skip={len(ROWS) - 5}"))["@nextLink"] is None


@pytest.mark.parametrize(
    ("ignored", "rows"), [(["skip"], ROWS[:5]), (["top"], ROWS[3:10]), (["top", "skip"], ROWS[:7])], ids=str
)
def test_what_is_asked_may_be_ignored(ignored, rows):
    with serving(Emulator(SAMPLE, ignored=ignored, page_limit=7)) as base_url:
        assert value(get(f"{base_url}{COMMERCIAL}?top=5&skip=3"))["Value"] == rows


def test_rows_may_never_end():
    source = Partner(commercial_deployment=Endless(lambda number: {"productName": f"P{number}"}))
    with serving(Emulator(source, page_limit=2)) as base_url:
        page = value(get(f"{base_url}{COMMERCIAL}?skip=1000000000"))
    assert [row["productName"] for row in page["Value"]] == ["P1000000000", "P1000000001"]
    assert page["@nextLink"] is not None
    assert source.commercial_deployment[3] == {"productName": "P3"}


@pytest.mark.parametrize("query", ["top=0", "top=ten", "skip=-1", "top=1.5", "processedDateTime=yesterday"])
def test_pages_and_days_must_make_sense(address, query):
    assert get(f"{address}{COMMERCIAL}?{query}").status_code == 400
