"""Collections fetched whole: every row once and in order, whatever the service does between its pages."""

import gc
import itertools
import socket
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_access import Client, errors
from data_access.auth.credentials import Ready
from data_access.emulator import (
    DEMO_TOKEN,
    Emulator,
    Endless,
    answer,
    closed,
    failing,
    growing,
    not_json,
    repeating,
    reset,
    serving,
    shaped,
    slow,
    throttled,
    truncated,
)
from data_access.emulator.sample import Partner
from data_access.partner_center import client, reading
from data_access.partner_center.answers import Step
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from data_access.partner_center.retry import RetryPolicy
from tests.data_access.partner_center.paged import PATIENCE, names, numbered, of, page_of
from tests.examples import examples
from tests.rows import DEFAULTS, rows_of
from tests.threads import end_of_pages

# Any total, any pages, any envelope


@pytest.fixture(scope="module")
def service():
    """An emulator at its address, for all examples: starting one for each would take most of the time."""
    emulator = Emulator(Partner())
    with serving(emulator) as address:
        yield emulator, address


@pytest.fixture(scope="module")
def hosts():
    """Every host that was looked up meanwhile."""
    asked = set()

    def look_up(host, *arguments, **more):
        asked.add(host)
        return looked_up(host, *arguments, **more)

    looked_up = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)  # names of no real server
        yield asked


LINKS = ["null", "absent", "relative", "rooted", "absolute", "foreign", "garbage"]
TOTALS = ["all", "page", "absent", "zero", "negative"]
FAILURES = {
    "reset": (reset(), errors.Unavailable),
    "reset in the body": (reset(after=10), errors.Unavailable),
    "closed": (closed(), errors.Unavailable),
    "truncated": (truncated(), errors.Unavailable),
    "500": (failing(500), errors.Unavailable),
    "429": (throttled("0"), errors.Throttled),
    "401": (answer(401), errors.SignInError),
    "404": (answer(404), errors.BadRequest),
    "no JSON": (not_json(), errors.Unreadable),
}


@dataclass(frozen=True)
class Manner:
    """How a service divides its rows into pages, and what it says of it."""

    rows: int
    sizes: list[int]  # of its pages, again and again
    link: str
    total: str
    failure: str | None = None
    after: int = 0  # so many right answers; then it fails for good

    @property
    def promised(self):
        """The rows that there are by what it says: where it counts but the page and names no next one, that is all."""
        silent = (self.total == "page" and self.link in ("null", "absent")) or (
            self.total not in ("all", "page") and self.link == "null"
        )
        return names(min(self.rows, self.sizes[0]) if silent else self.rows)


MANNERS = st.builds(
    Manner,
    st.integers(0, 100),
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
    st.sampled_from(LINKS),
    st.sampled_from(TOTALS),
    st.none() | st.sampled_from([*FAILURES]),
    st.integers(0, 30),
)


@examples(12)
@given(MANNERS)
@example(Manner(200, [7], "relative", "all"))
@example(Manner(200, [50, 1, 80], "foreign", "page"))
@example(Manner(7, [3, 3, 1], "absent", "absent"))
@example(Manner(90, [10], "absolute", "all", "401", after=4))
def test_every_row_comes_once_and_in_order_or_there_is_an_error(service, hosts, manner):
    emulator, address = service
    emulator.heal().requests.clear()
    emulator.source = Partner(commercial_deployment=numbered(manner.rows))
    emulator.page_limit = itertools.cycle(manner.sizes)
    emulator.next_link, emulator.total_count = manner.link, manner.total
    trouble, error = FAILURES.get(manner.failure, (None, None))
    if trouble:
        emulator.next(lambda right: right, manner.after).always(trouble)
    failed = None
    with Client(address, Ready(DEMO_TOKEN), RetryPolicy(tries=1)) as client:
        try:
            found = client.fetch(COMMERCIAL_DEPLOYMENT)
        except errors.PartnerCenterError as raised:
            failed = raised
        end_of_pages()
    asked = len(emulator.requests)
    assert (type(failed) if failed else None) is (error if asked > manner.after else None)
    if failed:  # others may have been under way, and an address that is not found has three other spellings
        assert asked <= manner.after + 4 + 3
    else:
        assert list(found.frame["productName"]) == manner.promised
        assert found.missing == 0
        assert asked <= manner.rows + 2
    assert hosts <= {urlsplit(address).hostname}


def test_a_passing_failure_of_any_page_is_waited_out(connect):
    def fetch(failure, page):
        trouble, _ = FAILURES[failure]
        emulator = of(numbered(9), page_limit=2).next(trouble, where=f"skip={page}")
        return list(connect(emulator, PATIENCE).fetch(COMMERCIAL_DEPLOYMENT).frame["productName"])

    passing = [failure for failure, (_, error) in FAILURES.items() if issubclass(error, errors.Unavailable)]
    with ThreadPoolExecutor(32) as pool:  # most of it is waiting
        found = [pool.submit(fetch, failure, page) for failure in passing for page in (0, 2, 8)]
    assert [each.result() for each in found] == [names(9)] * len(found)


# When the collection changes while it is read


def add_a_row(emulator):
    """Trouble that leaves the answer as it is, while the source grows behind it."""

    def add(right):
        emulator.source = Partner(commercial_deployment=numbered(len(emulator.source.commercial_deployment) + 1))
        return right

    return add


def fetched(client):
    steps: list[Step] = []
    return client.fetch(COMMERCIAL_DEPLOYMENT, progress=steps.append), [step.text for step in steps]


def test_a_row_that_is_added_while_pages_are_read_is_among_them(connect):
    emulator = of(numbered(30), page_limit=1)
    emulator.next(add_a_row(emulator), where="skip=5")
    found, told = fetched(connect(emulator, PATIENCE))
    assert list(found.frame["productName"]) == names(31)
    assert (found.announced, found.missing) == (31, 0)
    (again,) = (text for text in told if "again" in text)
    assert again == "The number of rows changed from 30 to 31 while they were read; reading it again from the start"
    assert sum(page_of(asked) == 0 for asked in emulator.requests) == 2


@pytest.mark.parametrize("page", [1, 3, 6])
def test_a_total_that_is_wrong_once_costs_one_more_reading(page, connect):
    emulator = of(numbered(7), page_limit=1).next(growing(), where=f"skip={page}")
    found, told = fetched(connect(emulator, PATIENCE))
    assert list(found.frame["productName"]) == names(7)
    assert sum("again" in text for text in told) == 1


def test_a_total_that_goes_on_changing_is_given_up(connect):
    emulator = of(numbered(7), page_limit=1).always(growing())
    told = []
    with pytest.raises(errors.Unavailable, match="a second time") as raised:
        connect(emulator, PATIENCE).fetch(COMMERCIAL_DEPLOYMENT, progress=lambda step: told.append(step.text))
    assert sum("again" in text for text in told) == 1
    end_of_pages()
    assert sum(page_of(asked) == 0 for asked in emulator.requests) == 2
    assert raised.value.details.correlation_id == emulator.requests[0].headers["MS-CorrelationId"]


# When the service divides its rows anew for each page


def divided(*pages):
    """An emulator whose pages are these products, wherever they begin; it announces so many as come."""
    rows = [numbered(1, number)[0] for page in pages for number in page]
    emulator = of(rows, page_limit=itertools.cycle([len(page) for page in pages]))
    return emulator, len(rows)


def read_in_order(pages, total_count, connect):
    """What is found in these pages, asked for in order, what was told meanwhile, and how many rows there are."""
    emulator, announced = divided(*pages)
    emulator.total_count = total_count
    return *fetched(connect(emulator, RetryPolicy(parallel=1))), announced


@pytest.mark.parametrize(
    ("pages", "total_count"),
    [
        (([0, 1, 2, 3, 4], [3, 5, 6]), "all"),  # in the middle
        (([0, 1, 2, 3], [0, 4, 5, 6]), "page"),  # at both starts
        (([0, 1, 2, 3], [3, 4, 5, 6]), "absent"),  # at the boundary
        (([0, 1, 2], [3, 4, 5], [6, 0]), "zero"),  # far apart
        (([0, 1, 2, 3, 4, 5, 6], [0]), "negative"),  # alone
        (([0, 1, 2, 3, 4, 5, 6], [6]), "all"),
    ],
)
def test_a_row_on_two_pages_is_read_again_and_then_counted_once(pages, total_count, connect):
    found, told, announced = read_in_order(pages, total_count, connect)
    assert list(found.frame["productName"]) == names(7)
    assert found.twice == 1
    assert found.missing == (1 if total_count == "all" else 0)
    assert [text for text in told if "again" in text] == [
        "Rows that came on two pages: 1; reading it again from the start"
    ]
    assert announced == 8


@pytest.mark.parametrize(
    ("pages", "total_count"),
    [
        (([0, 1, 2, 3], [4, 5, 6, 7], [0, 1]), "all"),  # the start of a page as the last one
        (([0, 1, 2, 3], [4, 5, 6, 7], [4, 5]), "page"),
        (([0, 1], [2, 3], [0, 1], [4, 5], [6, 7]), "absent"),  # a whole page
        (([0], [1], [2], [1], [3], [2], [4], [5], [6], [7]), "zero"),  # two pages of one row
        (([0, 1], [2, 3], [4, 5], [6, 7], [6], [7]), "negative"),
    ],
)
def test_rows_on_two_pages_are_counted_once_where_they_make_up_a_page(pages, total_count, connect):
    found, told, _ = read_in_order(pages, total_count, connect)
    assert list(found.frame["productName"]) == names(8)
    assert found.twice == 2
    assert found.missing == (2 if total_count == "all" else 0)
    assert sum("again" in text for text in told) == 1


@pytest.mark.parametrize("late", [10, 20])
@pytest.mark.parametrize("last", [[0], [9], [10], [15], [0, 1], [10, 11]])
def test_a_row_on_two_pages_is_counted_once_whichever_page_arrives_last(last, late, connect):
    sent = numbered(20) + [numbered(1, number)[0] for number in last]
    emulator = of(sent, page_limit=10).always(slow(0.05), where=f"skip={late}&")
    found, told = fetched(connect(emulator, RetryPolicy(parallel=4)))
    assert list(found.frame["productName"]) == names(20)
    assert (found.twice, found.missing) == (len(last), len(last))
    assert sum("again" in text for text in told) == 1


@pytest.mark.parametrize(
    ("pages", "there"),
    [
        (([0, 0, 1], [0, 2, 3]), [0, 0, 1, 2, 3]),
        (([0, 1, 2], [0, 0, 3]), [0, 1, 2, 0, 3]),
        (([0, 1, 2], [3, 0, 0], [0, 0, 0]), [0, 1, 2, 3, 0, 0]),
        (([0, 0, 0], [0, 0, 1], [0, 1, 1]), [0, 0, 0, 1, 1]),
    ],
)
def test_of_equal_rows_there_are_as_many_as_the_most_on_one_page(pages, there, connect):
    emulator, announced = divided(*pages)
    found, _ = fetched(connect(emulator, RetryPolicy(parallel=1)))
    assert list(found.frame["productName"]) == [f"P{number}" for number in there]
    assert found.twice == found.missing == announced - len(there)


def test_a_row_that_is_on_two_pages_once_is_no_news(connect):
    emulator = of(numbered(7), page_limit=4)
    emulator.next(shaped({"Value": numbered(3, 3), "TotalCount": 7}), where="skip=4")
    found, told = fetched(connect(emulator))
    assert (list(found.frame["productName"]), found.twice, found.missing) == (names(7), 0, 0)
    assert sum("again" in text for text in told) == 1


def test_equal_rows_on_one_page_are_two_rows(connect):
    emulator, announced = divided([0, 1, 1, 2], [3, 4, 4])
    found, told = fetched(connect(emulator))
    assert (len(found.frame), found.twice, found.missing, announced) == (7, 0, 0, 7)
    assert not any("again" in text for text in told)


def test_rows_that_differ_anywhere_are_two_rows(connect):
    rows = [{}, {"licensesSold": 101}, {"processedDateTime": None}, {"more": 1}, {"more": 2}, {"channel": "Reseller"}]
    found, _ = fetched(connect(of(rows_of(COMMERCIAL_DEPLOYMENT, rows), page_limit=1)))
    assert (len(found.frame), found.twice) == (6, 0)


# When the service takes no notice of what it is asked


@pytest.mark.parametrize(
    ("total", "limit", "total_count"),
    [(3, 1, "all"), (8, 6, "page"), (7, 3, "absent"), (200, 198, "zero"), (50, 7, "negative")],
)
def test_a_service_that_ignores_skip_is_found_out(total, limit, total_count, connect):
    # Else the last page, which is asked for less, would hold rows that have come before.
    emulator = of(numbered(total), page_limit=limit, ignored=["skip"], total_count=total_count)
    with pytest.raises(errors.Unreadable, match="same page"):
        connect(emulator, PATIENCE).fetch(COMMERCIAL_DEPLOYMENT)


def test_a_service_that_ignores_skip_is_found_out_whatever_the_size_of_its_pages(connect):
    emulator = of(numbered(9), page_limit=itertools.cycle([4, 2, 3]), ignored=["skip"])
    with pytest.raises(errors.Unreadable, match="same page"):
        connect(emulator, PATIENCE).fetch(COMMERCIAL_DEPLOYMENT)


def test_a_service_that_ignores_all_parameters_and_sends_all_is_no_trouble(connect):
    emulator = of(numbered(7), ignored=["top", "skip"])
    assert list(connect(emulator).fetch(COMMERCIAL_DEPLOYMENT).frame["productName"]) == names(7)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("limit", [2, 3, 100])
def test_a_service_that_ignores_top_sends_no_row_twice(limit, connect):
    emulator = of(numbered(7), page_limit=itertools.chain([2], itertools.repeat(limit)), ignored=["top"])
    assert list(connect(emulator).fetch(COMMERCIAL_DEPLOYMENT).frame["productName"]) == names(7)


@pytest.mark.parametrize("total_count", TOTALS)
def test_a_page_that_is_sent_in_place_of_another_once_is_read_again(total_count, connect):
    emulator = of(numbered(9), page_limit=2, total_count=total_count)
    emulator.next(lambda right: right).next(repeating(), times=2)
    found, told = fetched(connect(emulator, RetryPolicy(parallel=1)))
    assert (list(found.frame["productName"]), found.twice, found.missing) == (names(9), 0, 0)
    assert sum("again" in text for text in told) == 1


@pytest.mark.parametrize("total_count", TOTALS)
def test_one_page_without_end_is_stopped_soon(total_count, connect):
    emulator = of(Endless(lambda _: numbered(1)[0]), page_limit=2, total_count=total_count)
    with pytest.raises(errors.Unreadable, match="same page"):
        connect(emulator, RetryPolicy(parallel=2)).fetch(COMMERCIAL_DEPLOYMENT)
    end_of_pages()
    assert len(emulator.requests) <= 24


@pytest.mark.parametrize("total_count", TOTALS)
def test_a_service_that_never_stops_is_stopped(total_count, connect):
    emulator = of(Endless(lambda number: numbered(1, number)[0]), page_limit=2, total_count=total_count)
    with pytest.raises(errors.Unreadable, match="goes on sending"):
        connect(emulator, most_pages=30).fetch(COMMERCIAL_DEPLOYMENT)
    assert len(emulator.requests) <= 31


def test_pages_far_smaller_than_asked_for_have_an_end(connect):
    emulator = of(numbered(100), page_limit=itertools.chain([50], itertools.repeat(1)))
    with pytest.raises(errors.Unreadable, match="goes on sending pages after"):
        connect(emulator, most_pages=20).fetch(COMMERCIAL_DEPLOYMENT)
    end_of_pages()
    assert len(emulator.requests) <= 20


@pytest.mark.program
@pytest.mark.parametrize("total_count", ["all", "absent"])
def test_a_whole_fetch_ends_in_time(total_count, connect):
    emulator = of(numbered(1000), page_limit=1, total_count=total_count).always(slow(0.05))
    begun = time.monotonic()
    with pytest.raises(errors.Unavailable, match=r"answered \d+ pages? with \d+ rows?, and had not come to an end"):
        connect(emulator, RetryPolicy(whole=1)).fetch(COMMERCIAL_DEPLOYMENT)
    assert time.monotonic() - begun < 3


def test_pages_without_end_end_after_half_an_hour_as_the_manual_says(connect, monkeypatch):
    emulator = of(Endless(lambda number: numbered(1, number)[0]), page_limit=2, total_count="absent")
    began = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: began + 20 * len(emulator.requests))  # each page takes 20 s
    for module in (client, reading):
        monkeypatch.setattr(module, "time", clock)  # half an hour passes in it
    with pytest.raises(errors.Unavailable, match="answered 91 pages with 182 rows, and had not come to an end"):
        connect(emulator).fetch(COMMERCIAL_DEPLOYMENT)
    assert len(emulator.requests) == 91
    assert reading.MOST_PAGES == 10_000, "the other limit that the manual names"


def test_no_answer_at_all_within_that_time_is_no_fetch_without_an_end(connect):
    emulator = of(numbered(1000), page_limit=1).always(slow(1))
    with pytest.raises(errors.Unavailable, match="did not answer in time"):
        connect(emulator, RetryPolicy(whole=0.3)).fetch(COMMERCIAL_DEPLOYMENT)


@pytest.mark.parametrize(("announced", "requests"), [(8, 2), (5_000, 30), (10**15, 2)])
def test_more_rows_announced_than_there_are_cost_few_requests_and_are_counted(announced, requests, connect):
    class Boastful(list[object]):
        def __len__(self):
            return announced

    emulator = of(Boastful(numbered(7)))
    found = connect(emulator, PATIENCE).fetch(COMMERCIAL_DEPLOYMENT)
    assert list(found.frame["productName"]) == names(7)
    assert (found.announced, found.missing) == (announced, announced - 7)
    end_of_pages()
    assert len(emulator.requests) <= requests


@pytest.mark.parametrize(
    ("link", "total_count"), [("null", "page"), ("absent", "page"), ("null", "zero"), ("null", "absent")]
)
def test_a_page_as_long_as_can_be_is_not_taken_for_the_last_one(link, total_count, connect):
    # Here nothing says that there is more; that no page is longer than 10,000 rows is documented.
    emulator = of([{}] * 10_000 + numbered(3), next_link=link, total_count=total_count)
    found = connect(emulator, PATIENCE).fetch(COMMERCIAL_DEPLOYMENT)
    assert list(found.frame["productName"]) == names(3)
    assert len(found.set_aside) == 10_000


# Progress


def test_progress_grows_up_to_the_total(connect):
    one_at_a_time = threading.Lock()
    steps: list[Step] = []

    def progress(step):
        assert one_at_a_time.acquire(blocking=False)
        steps.append(step)
        time.sleep(0.001)  # others would come in between
        one_at_a_time.release()

    emulator = of(numbered(60), page_limit=1)
    connect(emulator).fetch(COMMERCIAL_DEPLOYMENT, progress=progress)
    rows = [step.rows for step in steps]
    assert rows == sorted(rows)
    assert {step.total for step in steps} == {60}
    assert (steps[0].text, steps[-1].text) == ("1 of 60 rows", "60 of 60 rows")


def test_progress_that_knows_no_total_grows_all_the_same(connect):
    steps: list[Step] = []
    emulator = of(numbered(7), page_limit=3, total_count="absent")
    connect(emulator).fetch(COMMERCIAL_DEPLOYMENT, progress=steps.append)
    assert [(step.text, step.rows, step.total) for step in steps[:3]] == [
        ("3 rows", 3, None),
        ("6 rows", 6, None),
        ("7 rows", 7, None),
    ]


# Memory


@pytest.mark.program
def test_raw_pages_are_let_go_as_soon_as_they_are_read(connect):
    def besides_the_frame(pages):
        client = connect(of(numbered(pages * rows), page_limit=rows), RetryPolicy(parallel=2))
        gc.collect()
        tracemalloc.start()
        found = client.fetch(COMMERCIAL_DEPLOYMENT)
        gc.collect()
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found.frame) == pages * rows
        return peak - held

    rows = 200
    page = sys.getsizeof(DEFAULTS[COMMERCIAL_DEPLOYMENT.name]) * rows  # at the very least
    # The least of three: on a busy machine more pages may be under way at the same moment.
    most, fewest = (min(besides_the_frame(pages) for _ in range(3)) for pages in (16, 8))
    assert most - fewest < 8 * page
