"""Pages that are asked for side by side wait together, as long as the service tells them to."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from data_access.emulator import (
    Emulator,
    documented,
    failing,
    slow,
    throttled,
)
from data_access.emulator.sample import Partner
from data_access.errors import SignInError, Throttled
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from data_access.partner_center.retry import RetryPolicy
from tests.rows import rows_of
from tests.threads import end_of_pages

LONG = RetryPolicy(tries=2, budget=20, timeout=10, first_wait=0.02)


def page_of(asked):
    return int(asked.target.partition("skip=")[2].partition("&")[0])


def right(reply):
    return reply


@pytest.fixture
def pages():
    """A service with nine pages, of which four are asked for at a time: after the first come 1, 2, 3 and 4."""
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"productName": f"P{number}"} for number in range(9)])
    return Emulator(Partner(commercial_deployment=rows), page_limit=1)


@pytest.fixture
def at_once(pages):
    """Order what becomes of these four, each after some seconds from when all of them have been asked for."""

    def at_once(*troubles):
        all_asked = threading.Barrier(len(troubles))

        def order(trouble, seconds):
            def befall(reply):
                all_asked.wait(10)
                return slow(seconds)(trouble(reply))

            return befall

        for page, (trouble, seconds) in enumerate(troubles, start=1):
            pages.next(order(trouble, seconds), where=f"skip={page}")

    return at_once


@pytest.mark.program
def test_one_page_that_is_throttled_holds_all_of_them_back(pages, at_once, connect):
    at_once((right, 0.2), (throttled("1"), 0), (right, 0.2), (right, 0.2))
    found = connect(pages, LONG).fetch(COMMERCIAL_DEPLOYMENT)
    assert list(found.frame["productName"]) == [f"P{number}" for number in range(9)]
    assert {page_of(asked) for asked in pages.requests[:5]} == {0, 1, 2, 3, 4}
    (told,) = (asked.at for asked in pages.requests[:5] if page_of(asked) == 2)
    assert all(asked.at >= told + 1 for asked in pages.requests[5:])
    assert sorted(map(page_of, pages.requests[5:])) == [2, 5, 6, 7, 8]


@pytest.mark.program
def test_of_several_waits_the_longest_counts(pages, at_once, connect):
    at_once((throttled("1"), 0), (throttled("1"), 0.2), (throttled("0"), 0.3), (right, 0.1))
    assert len(connect(pages, LONG).fetch(COMMERCIAL_DEPLOYMENT).frame) == 9
    (asked_for,) = (asked.at for asked in pages.requests[:5] if page_of(asked) == 2)
    assert all(asked.at >= asked_for + 0.2 + 1 for asked in pages.requests[5:])


def test_a_wait_beyond_the_budget_ends_the_fetch_and_the_next_one_at_once(pages, connect):
    pages.next(throttled("57"), where="skip=2")
    client = connect(pages, LONG)
    begun = time.monotonic()
    for fetch in (1, 2):
        with pytest.raises(Throttled) as raised:
            client.fetch(COMMERCIAL_DEPLOYMENT)
        assert raised.value.details.retry_after in range(51, 58)
        assert str(raised.value).endswith("Try again in 57 seconds."), fetch
    assert time.monotonic() - begun < 5
    end_of_pages()
    assert sum(page_of(asked) == 0 for asked in pages.requests) == 1


@pytest.mark.program
def test_two_fetches_of_one_client_wait_together(connect):
    emulator = Emulator(documented()).next(throttled("1"))
    client = connect(emulator, LONG)
    waiting = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.fetch, DEPLOYMENT, progress=lambda _: waiting.set())
        assert waiting.wait(5)
        client.fetch(DEPLOYMENT)
        first.result()
    told, *others = (asked.at for asked in emulator.requests)
    assert len(others) == 2
    assert min(others) >= told + 1


def test_fetches_side_by_side_make_no_noise(pages, connect, caplog):
    pages.always(slow(0.02))
    client = connect(pages, LONG)
    with ThreadPoolExecutor(3) as pool:
        fetches = [pool.submit(client.fetch, COMMERCIAL_DEPLOYMENT) for _ in range(3)]
    assert [len(fetch.result().frame) for fetch in fetches] == [9, 9, 9]
    assert [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"] == []


def test_nobody_asks_on_once_a_fetch_has_failed(pages, at_once, connect):
    at_once((failing(401), 0.3), (throttled("1"), 0), (failing(503), 0), (right, 0.4))
    with pytest.raises(SignInError):
        connect(pages, LONG).fetch(COMMERCIAL_DEPLOYMENT)
    end_of_pages()
    assert sorted(map(page_of, pages.requests)) == [0, 1, 2, 3, 4]
