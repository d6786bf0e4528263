"""How the service speaks: what each answer means, where the token may go, how long to wait."""

import json
import uuid
from datetime import date

import pytest

from data_access import errors
from data_access.partner_center import protocol
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from data_access.partner_center.protocol import Query

BOM = b"\xef\xbb\xbf"
IDS = {"MS-RequestId": "r-1", "MS-CorrelationId": "c-1"}


def body(document) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "document",
    [
        {"totalCount": 2, "items": [1, 2], "attributes": {"objectType": "Collection"}},
        {"Value": [1, 2], "@nextLink": None, "TotalCount": 2},
        {"value": [1, 2], "nextLink": None, "totalCount": 2},
    ],
)
@pytest.mark.parametrize("encode", [body, lambda d: BOM + body(d), lambda d: json.dumps(d).encode("utf-16")])
def test_every_envelope_and_encoding_is_read(document, encode):
    found = protocol.page(200, {}, encode(document))
    assert (found.rows, found.total) == ([1, 2], 2)


@pytest.mark.parametrize(
    ("sent", "total"),
    [
        (5, 5),
        ("5", 5),
        (" 5 ", 5),
        ("0", 0),
        (-1, -1),
        ("-1", -1),
        (None, None),
        (True, None),
        (1e3, None),
        ("", None),
        ("5.0", None),
        ("five", None),
        ("٥", None),
        ("9" * 5000, None),
    ],
)
def test_a_total_counts_as_a_number_or_as_text(sent, total):
    assert protocol.page(200, {}, body({"Value": [1, 2], "TotalCount": sent})).total == total


@pytest.mark.parametrize(
    ("document", "rows", "total"),
    [
        ({"totalCount": 0, "items": None}, [], 0),
        ({"Value": None, "@nextLink": None, "TotalCount": 0}, [], 0),
        ({"Value": None, "TotalCount": 3}, [], 3),  # rows that were announced and did not come: the answer counts them
        ({"items": None, "value": [1]}, [1], None),
    ],
)
def test_null_is_a_list_without_rows(document, rows, total):
    found = protocol.page(200, {}, body(document))
    assert (found.rows, found.total) == (rows, total)


@pytest.mark.parametrize(
    "content",
    [b"", b"  ", b"\xff\xfe{", b"[" * 100_000, b"9" * 5_000, body([1]), body("x"), body(None), body(7)]
    + [body({"items": rows}) for rows in (dict[str, object](), "x", 3, False)]
    + [body({"rows": []})],
)
def test_what_is_no_collection_is_refused(content):
    with pytest.raises(errors.Unreadable):
        protocol.page(200, {}, content)


@pytest.mark.parametrize("cut", [1, 2, 20, 40])
def test_an_answer_that_breaks_off_is_worth_another_try(cut):
    whole = BOM + body({"totalCount": 2, "items": [{"serviceName": "crm"}, {"serviceName": "o365"}]})
    with pytest.raises(errors.Unavailable, match="breaks off"):
        protocol.page(200, {}, whole[:-cut])


@pytest.mark.parametrize(
    ("status", "content", "error", "code"),
    [
        (401, b"", errors.SignInError, 3),
        (401, body({"code": 900421, "description": "MFA"}), errors.SignInError, 3),
        (403, body({"message": "The supplied role does not have the rights"}), errors.NotPermitted, 4),
        (403, body({"message": "This resource can't be accessed by application credentials."}), errors.NotPermitted, 4),
        (400, body({"code": 2000, "description": "Tenant Id must be a GUID."}), errors.BadRequest, 2),
        (404, body({"code": "1000"}), errors.BadRequest, 2),
        (405, b"", errors.BadRequest, 2),
        (408, b"", errors.Unavailable, 5),
        (429, body({"statusCode": 429, "message": "Rate limit is exceeded."}), errors.Throttled, 5),
        (500, body({"code": 800003}), errors.Unavailable, 5),
        (502, b"<html>Bad gateway</html>", errors.Unavailable, 5),
        (503, b"", errors.Unavailable, 5),
        (204, b"", errors.Unreadable, 6),
        (302, b"", errors.Unreadable, 6),
    ],
)
def test_each_status_is_its_own_error(status, content, error, code):
    with pytest.raises(error) as raised:
        protocol.page(status, IDS, content)
    assert raised.value.exit_code == code
    assert raised.value.details.status == status
    assert (raised.value.details.request_id, raised.value.details.correlation_id) == ("r-1", "c-1")
    assert raised.value.message.endswith(".")
    assert raised.value.advice.endswith(".")


PAGE = b"<!doctype html><html><title>Web site blocked by your company</title></html>"


@pytest.mark.parametrize(
    ("status", "headers", "content"),
    [
        *((status, {"Content-Type": "text/html"}, PAGE) for status in (200, 302, 400, 401, 403, 404, 451, 502, 503)),
        (403, {"Content-Type": "text/html", **IDS}, PAGE),  # it repeats what it was sent
        (200, {}, b" <HTML>sign in here</HTML>"),
        (403, {"Content-Type": "text/plain"}, b"RBAC: access denied"),
        *((status, {"Content-Length": "0", "Server": "gateway"}, b"") for status in (302, 400, 401, 403, 404, 405)),
        (403, {}, b" \r\n"),
        (404, {}, body({"rule": 7})),
        (403, {}, body({})),
        (403, {}, body({"error": "blocked by policy"})),
        (401, {}, body({"error": {"rule": 7}})),
        (401, {"WWW-Authenticate": "Negotiate"}, b"Access denied"),
        (407, {"Proxy-Authenticate": "Basic", **IDS}, b""),
    ],
)
def test_what_has_nothing_of_microsofts_came_from_something_in_between(status, headers, content):
    with pytest.raises(errors.Intercepted) as raised:
        protocol.page(status, headers, content)
    assert raised.value.exit_code == 5
    assert raised.value.message == "Something between here and Partner Center refused the call."
    assert raised.value.details.status == status
    assert "Ask a Partner Center administrator" not in raised.value.advice
    assert ("ry again later" in raised.value.advice) is (status >= 500)


@pytest.mark.parametrize(
    ("status", "headers", "content", "error"),
    [
        (403, {"MS-CV": "UGInjBojP0y0mAqo.0", "Content-Type": "text/html"}, PAGE, errors.NotPermitted),
        (401, {"WWW-Authenticate": "OAuth realm=urn:cpsvc:cpid:1"}, b"", errors.SignInError),
        (403, IDS, b"", errors.NotPermitted),
        (404, {}, body({"code": 60003}), errors.BadRequest),
        (401, {}, body({"error": "invalid_grant", "error_description": "AADSTS70002"}), errors.SignInError),
        (403, {}, body({"error": {"code": "Forbidden", "message": "No."}}), errors.NotPermitted),
        (403, {}, body({"message": "The supplied role does not have the rights"}), errors.NotPermitted),
        (401, {"MS-CorrelationId": "c-1"}, b"", errors.SignInError),
        (404, {"MS-RequestId": "r-1", "Content-Length": "0"}, b"", errors.BadRequest),
        (404, {"MS-ServerId": "102030524"}, b"", errors.BadRequest),
        (503, {}, b"", errors.Unavailable),  # to try again is right, whoever asks for it
        (200, {"Request-Context": "appId=cid-v1:1"}, PAGE, errors.Unreadable),
        (429, {"Retry-After": "3"}, PAGE, errors.Throttled),  # to wait is right, whoever asks for it
    ],
)
def test_one_thing_of_microsofts_is_enough(status, headers, content, error):
    with pytest.raises(error) as raised:
        protocol.page(status, headers, content)
    assert not isinstance(raised.value, errors.Intercepted)


def test_an_error_within_an_error_is_read_as_one():
    failure = protocol.failure(401, {}, body({"error": {"code": 900421, "message": "Pass MFA."}}))
    assert failure.message == "Microsoft asks for a sign-in with multi-factor authentication."
    assert (failure.details.code, failure.details.description) == ("900421", "Pass MFA.")


def test_a_redirect_to_another_host_may_be_a_sign_in_page():
    assert isinstance(protocol.redirected({}, 302), errors.Intercepted)
    assert isinstance(protocol.redirected(IDS, 302), errors.Unreadable)


def test_mfa_role_and_application_tokens_are_told_apart():
    said = {
        protocol.failure(status, IDS, body(document)).message
        for status, document in [
            (401, {}),
            (401, {"code": 900421}),
            (403, {"code": 900150}),
            (403, {"message": "This resource can't be accessed by application credentials."}),
        ]
    }
    assert len(said) == 4


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://a.example/x", True),
        ("https://a.example:443/", True),
        ("http://a.example/", False),
        ("https://a.example:444/", False),
        ("https://b.example/", False),
        ("https://a.example.evil.example/", False),
        ("https://user@b.example/", False),
    ],
)
def test_the_token_stays_at_its_origin(other, same):
    assert protocol.same_origin("https://a.example/v1", other) is same


def test_headers_are_those_that_the_documentation_names():
    sent = protocol.headers(protocol.new_id(), protocol.new_id())
    assert sent["Accept"] == "application/json"
    assert sent["X-Locale"] == "en-US"
    assert sent["MS-PartnerCenter-Application"]
    for name in ("MS-RequestId", "MS-CorrelationId"):
        assert uuid.UUID(sent[name])
    assert sent["MS-RequestId"] != sent["MS-CorrelationId"]


def test_only_the_commercial_calls_take_parameters():
    query = Query(
        "0112a436-b14e-4888-967b-ca4bb2cf1234",
        "channel eq 'direct' or channel eq 'advisor'",
        ("channel", "serviceCode"),
        date(2018, 10, 14),
    )
    assert protocol.parameters(DEPLOYMENT, query) == {}
    assert protocol.parameters(COMMERCIAL_DEPLOYMENT, query, 10_000, 500) == {
        "top": "500",
        "skip": "10000",
        "filter": "(channel eq 'direct' or channel eq 'advisor')"
        " and customerTenantId eq '0112A436-B14E-4888-967B-CA4BB2CF1234'",
        "groupby": "channel,serviceCode",
        "processedDateTime": "2018-10-14T00:00:00",
    }
    assert protocol.parameters(COMMERCIAL_DEPLOYMENT, Query()) == {"top": "10000", "skip": "0"}


def test_what_the_service_says_is_made_fit_for_a_terminal():
    said = {"code": "x" * 100, "description": "a\x1b[2Jb\ud800c"}
    details = protocol.failure(400, {"MS-RequestId": "Bearer secret"}, json.dumps(said).encode()).details
    assert (details.code, details.request_id, details.description) == (None, None, "a [2Jb c")


@pytest.mark.parametrize(
    ("rows", "total", "more", "so_far", "last"),
    [
        ([], 5, True, 0, True),
        ([1], 5, None, 1, False),
        ([1], 5, None, 5, True),
        ([1], 1, True, 1, False),
        ([1], -5, True, 1, False),
        ([1], 0, None, 1, False),
        ([1], None, None, 1, False),
        ([1], None, False, 1, True),
        ([1], 5, False, 1, False),
    ],
)
def test_a_page_is_the_last_when_link_and_total_agree(rows, total, more, so_far, last):
    assert protocol.is_last(protocol.Page(rows, total, more), so_far) is last
