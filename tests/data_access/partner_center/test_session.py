"""One call over real HTTP: every status with every body at every pace, and what comes of it by rule.

The rules are those of the Partner Center pages "REST headers", "REST error codes" and "API throttling guidance" and of
the family in `errors`; nothing here is taken from the code.
"""

import gzip
import json
import threading
import time
import tracemalloc
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

import pytest

from data_access import Answer, Client, Query, connection, errors
from data_access.auth.credentials import Ready
from data_access.emulator import (
    DEMO_TOKEN,
    Emulator,
    Reply,
    answer,
    closed,
    documented,
    dripping,
    gateway,
    redirected,
    reset,
    slow,
)
from data_access.emulator.sample import Partner
from data_access.errors import BadRequest, Intercepted, NotPermitted, SignInError, Throttled, Unavailable, Unreadable
from data_access.partner_center import protocol
from data_access.partner_center.catalog import CUSTOMER_DEPLOYMENT, DEPLOYMENT
from data_access.partner_center.retry import RetryPolicy
from tests.ports import free_port
from tests.rows import rows_of

EXIT_CODES = {BadRequest: 2, SignInError: 3, NotPermitted: 4, Unavailable: 5, Throttled: 5, Unreadable: 6}
ROWS = [
    {
        "customerName": "Zoë's",
        "productName": "E3",
        "serviceName": "o365",
        "channel": "reseller",
        "licensesDeployed": 1,
        "licensesSold": 2,
    }
]
LIMIT = 2**20  # bytes; stands in for protocol.LARGEST_PAGE
NEW, SAME = "another MS-RequestId", "the same MS-RequestId"


# The table: statuses, bodies, paces


@dataclass(frozen=True)
class Status:
    """A status, the error that it is whatever its body says, and whether it is worth asking again."""

    number: int
    comes_to: type[errors.PartnerCenterError] | None
    again: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def waiting(number, comes_to, retry_after, *, again):
    return Status(number, comes_to, again, {"Retry-After": retry_after})


HERE, ELSEWHERE = {"Location": "?moved"}, {"Location": "http://localhost:1/"}
STATUSES = {
    "200": Status(200, None),
    "204": Status(204, Unreadable),
    "301 to the same host": Status(301, None, headers=HERE),
    "302 to the same host": Status(302, None, headers=HERE),
    "307 to the same host": Status(307, None, headers=HERE),
    "301 to another host": Status(301, Unreadable, headers=ELSEWHERE),
    "302 to another host": Status(302, Unreadable, headers=ELSEWHERE),
    "302 to nowhere": Status(302, Unreadable),
    "400": Status(400, BadRequest),
    "401": Status(401, SignInError),
    "403": Status(403, NotPermitted),
    "404": Status(404, BadRequest),
    "405": Status(405, BadRequest),
    "408": Status(408, Unavailable, again=True),
    "429": Status(429, Throttled, again=True),
    "429 for no time": waiting(429, Throttled, "0", again=True),
    "429 beyond the budget": waiting(429, Throttled, "57", again=False),
    "429 until long ago": waiting(429, Throttled, "Wed, 21 Oct 2015 07:28:00 GMT", again=True),
    "429 until tomorrow": waiting(429, Throttled, formatdate(time.time() + 86_000, usegmt=True), again=False),
    "429 for a while": waiting(429, Throttled, "a while", again=True),
    "500": Status(500, Unavailable, again=True),
    "501": Status(501, Unavailable, again=True),
    "502": Status(502, Unavailable, again=True),
    "503": Status(503, Unavailable, again=True),
    "503 beyond the budget": waiting(503, Unavailable, "57", again=False),
    "504": Status(504, Unavailable, again=True),
}

RIGHT = json.dumps({"totalCount": 1, "items": ROWS}, ensure_ascii=False).encode()
ZIPPED = gzip.compress(RIGHT)
GZIP = {"Content-Encoding": "gzip"}
REFUSAL = b'{"code":3000,"description":"It could not be found.","data":[],"source":"PartnerFD"}'

# What is sent, with which headers, and the error that it is with status 200.
BODIES = {
    "right": (RIGHT, {}, None),
    "right after a byte order mark": (b"\xef\xbb\xbf" + RIGHT, {}, None),
    "right in UTF-16": (RIGHT.decode().encode("utf-16"), {}, None),
    "right in gzip": (ZIPPED, GZIP, None),
    "empty": (b"", {}, Unreadable),
    "HTML": (b"<html><body>Sign in</body></html>", {"Content-Type": "text/html"}, Unreadable),
    "JSON that breaks off": (RIGHT[:-20], {}, Unavailable),
    "less than announced": (RIGHT, {"Content-Length": "1000"}, Unavailable),
    "a list": (b"[1, 2, 3, 4, 5]", {}, Unreadable),
    "a text": (b'"licenses deployment"', {}, Unreadable),
    "rows that are no list": (b'{"items": {"0": {}}, "totalCount": 1}', {}, Unreadable),
    "no rows": (b'{"totalCount": 1, "rows": []}', {}, Unreadable),
    "a documented error": (REFUSAL, {}, Unreadable),
    "an error that is a message": (b'{"message": "The role does not have the rights."}', {}, Unreadable),
    "corrupt gzip": (ZIPPED[:-8] + bytes(8), GZIP, Unreadable),
    "a bomb in gzip": (gzip.compress(bytes(8 * LIMIT)), GZIP, Unreadable),
}


@dataclass(frozen=True)
class Pace:
    """What befalls an answer on its way, how much of it comes, and what it is tried with."""

    befalls: Callable[[Reply], Reply]
    comes: Literal["all", "head", "nothing"]
    patience: RetryPolicy
    tries: int = 2  # for which there is time
    statuses: Iterable[str] = tuple(STATUSES)
    bodies: Iterable[str] = ("right", "right in gzip")


def unanswered(befalls, patience, tries=2):
    """Where no answer comes, what it would have been cannot matter."""
    return Pace(befalls, "nothing", patience, tries, statuses=["200"], bodies=["right"])


LONG = RetryPolicy(tries=2, budget=20, timeout=10, first_wait=0.02)
SHORT = RetryPolicy(tries=2, budget=20, timeout=0.7, first_wait=0.02)
ONCE = RetryPolicy(tries=2, budget=3, timeout=3, first_wait=0.02)
QUICK = {
    "prompt": Pace(lambda reply: reply, "all", LONG, bodies=BODIES),
    "late": Pace(slow(0.05), "all", LONG, bodies=("right", "right in gzip", "empty", "a documented error")),
    "reset in the body": Pace(reset(after=1), "head", LONG),
    "reset": unanswered(reset(), LONG),
    "closed": unanswered(closed(), LONG),
}
ENDLESS = {
    "silent": unanswered(slow(60), SHORT),
    "silent in the head": unanswered(dripping(60, head=True), SHORT),
    "silent in the body": Pace(dripping(60), "head", SHORT),
    "dripping": unanswered(dripping(0.2, head=True), ONCE, tries=1),
    "dripping in the body": Pace(dripping(0.2), "head", ONCE, tries=1),
}
PACES = {**QUICK, **ENDLESS}


@dataclass(frozen=True)
class Outcome:
    """What is seen from both ends of a call."""

    comes_to: type[errors.PartnerCenterError] | None
    status: int | None  # among the details of the error
    requests: int
    second: str = ""  # the id of the second request, if there was one


def expected(status, body, pace):
    """The rules. None but a passing trouble is asked again, and only while there is time."""
    status, (_, _, comes_to), pace = STATUSES[status], BODIES[body], PACES[pace]
    if pace.comes != "nothing" and status.number != 200:
        if status.headers is HERE:
            return Outcome(None, None, 2, SAME)
        tries = pace.tries if status.again else 1
        return Outcome(status.comes_to, status.number, tries, NEW if tries == 2 else "")
    if pace.comes != "all" or body == "less than announced":
        return Outcome(Unavailable, None, pace.tries, SAME if pace.tries == 2 else "")
    if comes_to is Unavailable:
        return Outcome(comes_to, 200, 2, NEW)
    return Outcome(comes_to, 200 if comes_to else None, 1)


def trouble(status, body, pace):
    """The emulator's trouble that answers so."""
    status, (content, headers, _), pace = STATUSES[status], BODIES[body], PACES[pace]
    given = {"Content-Length": str(len(content)), **headers, **status.headers}
    return lambda right: pace.befalls(Reply(status.number, {**right.headers, **given}, content))


def outcome(found, requests):
    """What came of a call, once everything that holds for every call has been checked."""
    sent = [{name.lower(): value for name, value in asked.headers.items()} for asked in requests]
    (correlation_id,) = {headers["ms-correlationid"] for headers in sent}
    assert {headers["authorization"] for headers in sent} == {f"Bearer {DEMO_TOKEN}"}
    ids = [headers["ms-requestid"] for headers in sent]
    second = (SAME if ids[0] == ids[1] else NEW) if len(ids) == 2 else ""
    if not isinstance(found, errors.PartnerCenterError):
        assert found.frame["customerName"].tolist() == ["Zoë's"]
        return Outcome(None, None, len(ids), second)
    assert found.exit_code == EXIT_CODES[type(found)]
    if found.details.status is not None:
        assert (found.details.correlation_id, found.details.request_id) == (correlation_id, ids[-1])
    return Outcome(type(found), found.details.status, len(ids), second)


def call(address, patience, customer):
    """What a call comes to, and how long it took."""
    begun = time.monotonic()
    found: Answer | errors.PartnerCenterError
    with Client(address, Ready(DEMO_TOKEN), patience) as client:
        try:
            found = client.fetch(CUSTOMER_DEPLOYMENT, Query(customer))
        except errors.PartnerCenterError as error:
            found = error
    return found, time.monotonic() - begun


@pytest.mark.program
@pytest.mark.parametrize("paces", [QUICK, ENDLESS], ids=["quick", "endless"])
def test_every_status_with_every_body_at_every_pace_ends_as_the_rules_say(paces, serve, monkeypatch):
    # All at once, since most of it is waiting; each in the name of a customer, by which its requests are known.
    monkeypatch.setattr(protocol, "LARGEST_PAGE", LIMIT)  # a page of the real limit takes a second
    situations = {
        (status, body, pace): str(uuid.uuid4())
        for pace in paces
        for status in paces[pace].statuses
        for body in paces[pace].bodies
    }
    emulator = Emulator(Partner(customer_deployments={customer.upper(): ROWS for customer in situations.values()}))
    for (status, body, pace), customer in situations.items():
        order = emulator.next if STATUSES[status].headers is HERE else emulator.always
        order(trouble(status, body, pace), where=customer)
    address = serve(emulator)
    with ThreadPoolExecutor(256) as pool:
        calls = [pool.submit(call, address, PACES[pace].patience, it) for (_, _, pace), it in situations.items()]
    different = {}
    for (situation, customer), ended in zip(situations.items(), calls, strict=True):
        found, seconds = ended.result()
        assert seconds < PACES[situation[-1]].patience.budget + 1, situation
        came = outcome(found, [asked for asked in emulator.requests if customer in asked.target])
        if came != expected(*situation):
            different[situation] = came, expected(*situation)
    assert different == {}


def test_a_compressed_answer_that_drips_without_a_word_ends_with_the_budget(connect):
    endless_name = b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * 1000  # of the file, which gzip tells before what is in it
    emulator = Emulator().always(lambda right: dripping(0.05)(answer(200, GZIP, endless_name)(right)))
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        connect(emulator, RetryPolicy(budget=0.5, timeout=10)).fetch(DEPLOYMENT)
    assert time.monotonic() - begun < 2


def test_a_bomb_is_found_out_before_it_fills_the_memory(connect, monkeypatch):
    monkeypatch.setattr(protocol, "LARGEST_PAGE", LIMIT)  # a page of the real limit takes a second
    bomb = gzip.compress(bytes(64 * LIMIT), 1)
    client = connect(Emulator().always(answer(200, GZIP, bomb)))
    tracemalloc.start()
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        client.fetch(DEPLOYMENT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * LIMIT


@pytest.mark.parametrize(("more", "code"), [(0, "3000"), (1, None)])
def test_the_body_of_an_error_is_read_up_to_a_limit(more, code, connect):
    body = REFUSAL[:-1] + b" " * (protocol.LARGEST_ERROR + more - len(REFUSAL)) + REFUSAL[-1:]
    with pytest.raises(BadRequest) as raised:
        connect(Emulator().always(answer(400, {}, body))).fetch(DEPLOYMENT)
    assert raised.value.details.code == code


def test_an_error_without_end_is_cut_off(connect):
    endless = gzip.compress(bytes(64 * LIMIT), 1)
    client = connect(Emulator().always(answer(403, GZIP, endless)))
    tracemalloc.start()
    with pytest.raises(NotPermitted):
        client.fetch(DEPLOYMENT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * LIMIT


def test_reading_an_answer_counts_in_the_time_of_its_call():
    # In this process nothing but the reading takes time.
    rows = rows_of(DEPLOYMENT, [{}] * 20_000)
    with (
        connection.invented(Partner(deployment=rows), RetryPolicy(budget=0.001)) as client,
        pytest.raises(Unavailable, match="took too long to read"),
    ):
        client.fetch(DEPLOYMENT)


def test_what_something_in_between_refuses_is_not_asked_again(connect):
    for status, requests in ((403, 1), (407, 1), (200, 1), (503, 2)):
        emulator = Emulator().always(gateway(status))
        with pytest.raises(Intercepted) as raised:
            connect(emulator, LONG).fetch(DEPLOYMENT)
        assert len(emulator.requests) == requests
        # It sends no ids; those of the request are what support can search for.
        sent = emulator.requests[-1].headers
        ids = raised.value.details.request_id, raised.value.details.correlation_id
        assert ids == (sent["MS-RequestId"], sent["MS-CorrelationId"])


@contextmanager
def refusing_proxy(status):
    """The address of a proxy that answers every CONNECT with this status."""

    class Refusal(BaseHTTPRequestHandler):
        def do_CONNECT(self):
            self.send_error(status)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()


@pytest.mark.parametrize("status", [403, 407])
def test_a_proxy_that_refuses_to_connect_is_something_in_between(status, monkeypatch):
    with refusing_proxy(status) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with (
            Client("https://partner.invalid", Ready(DEMO_TOKEN), RetryPolicy(tries=2)) as client,
            pytest.raises(Intercepted, match="refused the call") as raised,
        ):
            client.fetch(DEPLOYMENT)
    assert raised.value.details.status == status


def test_a_proxy_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    with (
        Client("https://partner.invalid", Ready(DEMO_TOKEN), RetryPolicy(tries=1)) as client,
        pytest.raises(Unavailable, match="the proxy on the way does not answer"),
    ):
        client.fetch(DEPLOYMENT)


def test_a_service_that_speaks_no_tls_is_not_blamed_for_its_certificate(serve):
    address = serve(Emulator()).replace("http:", "https:")
    with (
        Client(address, Ready(DEMO_TOKEN), RetryPolicy(tries=1)) as client,
        pytest.raises(Unavailable, match="no secure connection"),
    ):
        client.fetch(DEPLOYMENT)


# Redirects


@pytest.mark.parametrize(
    "location",
    [
        "//{elsewhere}/x",
        "http://localhost:{elsewhere_port}/x",
        "https://{here}/x",
        "http://{here}@{elsewhere}/x",
        "http://{elsewhere}\\@{here}/x",
        "http://{here}\\@{elsewhere}/x",
        "http:\\\\{elsewhere}\\x",
        "http://{here}\t.{elsewhere}/x",
        "HTTP://{elsewhere}/x",
        "http://{elsewhere}#@{here}/x",
        "http://{elsewhere}?@{here}/x",
    ],
)
def test_no_spelling_of_another_host_gets_the_token(location, serve, connect):
    emulator, elsewhere = Emulator(documented()), Emulator(documented())
    client = connect(emulator, LONG)
    here, there = (urlsplit(serve(served)).netloc for served in (emulator, elsewhere))
    emulator.next(redirected(location.format(here=here, elsewhere=there, elsewhere_port=there.split(":")[1])))
    with pytest.raises(errors.PartnerCenterError):
        client.fetch(DEPLOYMENT)
    assert elsewhere.requests == []


def test_a_netrc_entry_does_not_replace_the_token_after_a_redirect(connect, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    emulator = Emulator(documented()).next(redirected("/v1/analytics/licenses/deployment?moved"))
    connect(emulator).fetch(DEPLOYMENT)
    assert [asked.headers["Authorization"] for asked in emulator.requests] == ["Bearer sample"] * 2


def test_a_circle_of_redirects_is_left(connect):
    emulator = Emulator().always(redirected("/v1/analytics/licenses/deployment"))
    with pytest.raises(Unreadable, match="in a circle"):
        connect(emulator).fetch(DEPLOYMENT)
    assert len(emulator.requests) < 40


def test_slow_redirects_share_one_budget(connect):
    def onward(right):
        return Reply(302, {**right.headers, "Location": "?again", "Content-Length": "0"}, delay=0.2)

    begun = time.monotonic()
    with pytest.raises(Unavailable):
        connect(Emulator().always(onward), RetryPolicy(tries=2, budget=0.7, timeout=10)).fetch(DEPLOYMENT)
    assert time.monotonic() - begun < 2
