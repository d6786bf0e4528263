"""How long to wait before a call is repeated, and whether to repeat it."""

import json

import pytest

from data_access.partner_center import protocol, retry

FIRST = retry.RetryPolicy().first_wait


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("57", 57.0),
        ("0", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("soon", None),
        ("-5", None),
        (None, None),
        ("Fri, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("999999999", 86400.0),
    ],
)
def test_retry_after_comes_as_seconds_or_as_a_date(sent, seconds):
    assert retry.retry_after_seconds(sent) == seconds


@pytest.mark.parametrize(
    ("said", "header", "seconds"),
    [
        ("Rate limit is exceeded. Try again in 57 seconds.", None, 57.0),
        ("Rate limit is exceeded. Try again in 1 second.", None, 1.0),
        ("Rate limit is exceeded. Try again in 57 seconds.", "3", 3.0),
        ("Rate limit is exceeded. Try again in 57 seconds.", "Wed, 21 Oct 2015 07:28:00 GMT", 57.0),
        ("Rate limit is exceeded. Try again in 9999999 seconds.", None, 86400.0),
        ("Rate limit is exceeded.", None, None),
    ],
)
def test_without_a_header_the_limit_says_in_words_how_long(said, header, seconds):
    body = json.dumps({"statusCode": 429, "message": said}).encode()
    error = protocol.failure(429, {"Retry-After": header} if header else {}, body)
    assert error.details.retry_after == seconds


def test_the_wait_is_the_services_own_or_grows():
    throttled = protocol.failure(429, {"Retry-After": "57"}, b"")
    down = protocol.failure(503, {}, b"")
    assert retry.wait_before_retry(throttled, 1, FIRST, 0.5) == 57
    assert [retry.wait_before_retry(down, attempt, FIRST, 0) for attempt in (1, 2, 3)] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert retry.wait_before_retry(down, 1, FIRST, 1) == 2 * FIRST
    assert retry.wait_before_retry(protocol.failure(401, {}, b""), 1, FIRST, 0) is None
