"""Every trouble that can be ordered, as a client meets it over HTTP."""

import gzip
import http.client
import json
import time
from urllib.parse import urlsplit

import pytest
import requests
import urllib3

from data_access import emulator as service
from data_access.emulator import DEMO_TOKEN, documented, serving
from tests.data_access.emulator.asking import (
    BOM,
    COMMERCIAL,
    DEPLOYMENT,
    GUID,
    USAGE,
    get,
    value,
)


def test_throttling_is_the_gateways_to_the_byte(emulator, base_url):
    emulator.next(service.throttled())
    answer = get(base_url + DEPLOYMENT)
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Content-Length"]) == (429, "57", "84")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."}


def test_a_failing_service_says_so_in_the_documented_form(emulator, base_url):
    emulator.next(service.failing(502, 7, "Broken."))
    answer = get(base_url + DEPLOYMENT, **{"MS-RequestId": GUID})
    assert (answer.status_code, answer.headers["MS-RequestId"]) == (502, GUID)
    assert answer.content == b'{"code":7,"description":"Broken.","data":[],"source":"PartnerFD"}'


def test_a_gateway_answers_html_and_knows_no_request(emulator, base_url):
    emulator.next(service.gateway())
    answer = get(base_url + DEPLOYMENT)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")
    assert answer.text.startswith("<html>")
    assert "MS-RequestId" not in answer.headers


def test_an_answer_can_be_late(emulator, base_url):
    emulator.next(service.slow(0.2)).next(service.slow(5))
    start = time.monotonic()
    assert get(base_url + DEPLOYMENT).status_code == 200
    assert time.monotonic() - start >= 0.2
    with pytest.raises(requests.ReadTimeout):
        requests.get(base_url + DEPLOYMENT, timeout=(5, 0.05))


def test_a_connection_can_break(emulator, base_url):
    emulator.next(service.reset())
    with pytest.raises(requests.ConnectionError) as broken:
        get(base_url + DEPLOYMENT)
    assert "ConnectionResetError" in str(broken.value)
    assert get(base_url + DEPLOYMENT).status_code == 200


def test_a_connection_can_break_in_the_middle_of_the_body(emulator, base_url):
    emulator.next(service.reset(after=10))
    with get(base_url + DEPLOYMENT, stream=True) as found:
        assert (found.status_code, found.headers["Content-Length"]) == (200, "487")
        assert found.raw.read(10) == BOM + b'{"total'
        with pytest.raises(urllib3.exceptions.ProtocolError, match="ConnectionResetError"):
            found.raw.read(1)


def test_a_connection_can_be_closed_without_a_word(emulator, base_url):
    emulator.next(service.closed())
    with pytest.raises(requests.ConnectionError, match="without response"):
        get(base_url + DEPLOYMENT)
    assert get(base_url + DEPLOYMENT).status_code == 200


@pytest.mark.parametrize(("head", "pause"), [(False, 0.05), (True, 0.001)], ids=["the body", "from the first byte on"])
def test_an_answer_can_drip(emulator, base_url, head, pause):
    emulator.next(lambda right: service.dripping(pause, head=head)(service.answer(200, body=b"slowly")(right)))
    begun = time.monotonic()
    with get(base_url + DEPLOYMENT, stream=True) as answer:
        assert (time.monotonic() - begun > 0.2) is head
        assert answer.raw.read(1) == b"s"
        assert answer.content == b"lowly"
    assert time.monotonic() - begun > 0.2


def test_a_body_can_end_too_soon(emulator, base_url):
    emulator.next(service.truncated())
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=5)
    connection.request("GET", DEPLOYMENT, headers={"Authorization": f"Bearer {DEMO_TOKEN}", "Accept": "*/*"})
    with pytest.raises(http.client.IncompleteRead) as broken:
        connection.getresponse().read()
    connection.close()
    assert (len(broken.value.partial), broken.value.expected) == (477, 10)


def test_an_answer_can_be_compressed(emulator, base_url):
    emulator.next(service.zipped())
    with get(base_url + DEPLOYMENT, stream=True) as answer:
        sent = answer.raw.read(decode_content=False)
    assert (answer.headers["Content-Encoding"], answer.headers["Content-Length"]) == ("gzip", str(len(sent)))
    assert gzip.decompress(sent) == get(base_url + DEPLOYMENT).content


def test_the_total_can_grow_while_pages_are_asked_for(emulator, base_url):
    emulator.always(service.growing())
    assert [value(get(base_url + COMMERCIAL))["TotalCount"] for _ in range(3)] == [3, 4, 5]
    assert value(get(base_url + DEPLOYMENT))["totalCount"] == 2


def test_a_page_can_be_sent_again_and_again(emulator, base_url):
    emulator.next(service.repeating(), times=3)
    found = [value(get(f"{base_url}{COMMERCIAL}?top=1&skip={skip}"))["Value"] for skip in (1, 0, 0, 0)]
    second, first = documented().commercial_deployment[1], documented().commercial_deployment[0]
    assert found == [[second], [second], [second], [first]]


@pytest.mark.parametrize("odd", [[], "deployed", None, 5, {"items": {"0": {}}, "totalCount": 1}, {"items": 5}])
def test_sound_json_can_have_any_shape(emulator, base_url, odd):
    emulator.next(service.shaped(odd))
    assert value(get(base_url + DEPLOYMENT)) == odd


def test_an_error_may_be_only_a_message(emulator, base_url):
    emulator.next(service.shaped({"message": "No."}, 403))
    answer = get(base_url + DEPLOYMENT)
    assert (answer.status_code, answer.content) == (403, b'{"message":"No."}')


def test_what_is_called_json_may_not_be(emulator, base_url):
    emulator.next(service.not_json())
    with pytest.raises(json.JSONDecodeError):
        value(get(base_url + DEPLOYMENT))


def test_callers_can_be_sent_elsewhere(emulator, base_url):
    emulator.next(service.redirected("https://example.invalid/", 307))
    answer = get(base_url + DEPLOYMENT)
    assert (answer.status_code, answer.headers["Location"]) == (307, "https://example.invalid/")


def test_any_answer_can_be_given(emulator, base_url):
    emulator.next(service.answer(418, {"Content-Type": "text/plain", "X-Teapot": "short"}, b"stout"))
    answer = get(base_url + DEPLOYMENT)
    assert (answer.status_code, answer.headers["X-Teapot"], answer.content) == (418, "short", b"stout")


def test_troubles_that_need_a_connection_are_told_without_one(emulator):
    emulator.next(service.slow(3)).next(service.reset()).next(service.truncated(4))
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}", "Accept": "application/json"}
    late, broken, short = (emulator.respond("GET", DEPLOYMENT, headers) for _ in range(3))
    assert (late.status, late.delay, len(late.body)) == (200, 3, 487)
    assert (broken.reset, broken.body) == (True, b"")
    assert (short.headers["Content-Length"], len(short.body)) == ("487", 483)


def test_troubles_come_in_the_order_they_were_ordered(emulator, base_url):
    emulator.always(service.failing(500))
    emulator.next(service.throttled("1"), times=2).next(service.gateway(504))
    assert [get(base_url + DEPLOYMENT).status_code for _ in range(5)] == [429, 429, 504, 500, 500]
    emulator.next(service.gateway()).heal()
    assert get(base_url + DEPLOYMENT).status_code == 200


def test_trouble_can_be_kept_to_one_place(emulator, base_url):
    emulator.always(service.failing(500), where="/usage").next(service.throttled(), where="/usage")
    assert [get(base_url + path).status_code for path in (DEPLOYMENT, USAGE, USAGE, DEPLOYMENT)] == [200, 429, 500, 200]


def test_trouble_also_meets_those_who_would_be_refused(emulator, base_url):
    emulator.next(service.throttled())
    assert [get(base_url + DEPLOYMENT, token="").status_code for _ in range(2)] == [429, 401]


def test_the_demonstration_takes_any_token_and_shows_what_becomes_of_bad_ones():
    with serving(service.demonstration()) as base_url:
        statuses = {
            token: get(base_url + DEPLOYMENT, token=token).status_code
            for token in ("anything", "", "expired", "no-mfa", "no-role", "app-only")
        }
    assert statuses == {"anything": 200, "": 401, "expired": 401, "no-mfa": 401, "no-role": 403, "app-only": 403}
