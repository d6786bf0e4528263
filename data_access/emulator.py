"""Partner Center's license analytics, small enough to run in a thread: built from the documentation alone.

`Emulator.respond` decides every answer and touches no network; `serving` puts it behind HTTP. What the
documentation leaves open is a setting of `Emulator`, and every trouble a client can meet can be ordered::

    emulator = Emulator(partner(as_of=date(2026, 3, 31)))
    with serving(emulator) as base_url:
        emulator.next(throttled("2"), times=2).next(reset(), where="/usage")
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import socket
import struct
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, date, datetime
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit
from weakref import WeakSet

from data_access.sample import Partner, partner

DEMO_TOKEN = "sample"  # noqa: S105 - public on purpose
"""The bearer token that an emulator accepts when told of no other."""

MOST_ROWS = 10_000
"""Documented default and maximum of `top`."""

TokenKind = Literal["fine", "expired", "no-mfa", "no-role", "app-only"]

# The customer of the published example requests, whose own published bodies do not carry the GUID.
_PUBLISHED_CUSTOMER = "4D3CF487-70F4-4E1E-9FF1-B2BFCE8D9F04"
_FIELDS = ("serviceCode", "serviceName", "channel", "customerTenantId", "customerName", "productId", "productName")
_USAGE_FIELDS = ("workloadCode", "workloadName", *_FIELDS)
_COUNTS = ("licensesDeployed", "licensesSold", "licenseActive", "licensesActive", "licensesQualified")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Reply:
    """An answer, and what befalls it: sent after `delay` seconds, after which the connection may be `reset`.

    Of status 0 nothing is sent. A body shorter than its Content-Length is sent as it is, and the connection closed
    after it. With pauses, in seconds, the head or the body drips byte by byte.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    reset: bool = False
    head_pause: float = 0.0
    body_pause: float = 0.0


@dataclass(frozen=True)
class Asked:
    """One request as it came, and when, in seconds of a clock that only runs forward."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)  # the token is among them
    at: float


Trouble = Callable[[Reply], Reply]
"""Makes of the answer that would have been right the one that is given."""


@dataclass(eq=False, repr=False)
class Emulator:
    """The service: who may ask what, and the answer to it.

    The rows come from `source`, by default an invented partner as of today. All settings from `prefixes` on are about
    the two commercial collections; any may be changed between two requests.
    """

    source: Partner = field(default_factory=lambda: partner(as_of=datetime.now(UTC).date()))
    _: KW_ONLY
    tokens: Mapping[str, TokenKind] = field(default_factory=lambda: {DEMO_TOKEN: "fine"})
    """What each bearer token is."""
    others: Literal[TokenKind, "unknown"] = "unknown"
    """What every other bearer token is."""
    prefixes: Sequence[str] = ("/v1", "/partner/v1")
    path_ends: Sequence[str] = ("", "/")
    page_limit: int | Iterator[int] = MOST_ROWS
    """The most rows in one answer, whatever `top` says; an iterator is asked anew for each answer."""
    ignored: Collection[str] = ()
    """Query parameters, in lower case, that nobody looks at."""
    next_link: Literal["null", "absent", "relative", "rooted", "absolute", "foreign", "garbage"] = "relative"
    """The form of `@nextLink` where there is more: relative is the last part of the path with the query."""
    total_count: Literal["all", "page", "absent", "zero", "negative"] = "all"
    """Whether `TotalCount` counts the rows asked for or those in the answer, or is of no use."""
    counts_as_text: bool = False
    """Whether the counts of grouped rows are strings, as in the sibling collection of subscriptions."""
    ignore_case: bool = False
    """Whether a filter's values match in any case, as the documented `serviceCode eq 'O365'` suggests."""
    requests: list[Asked] = field(default_factory=list, init=False)
    """The last thousand things asked."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[tuple[Trouble, str]] = []
        self._standing: list[tuple[Trouble, str]] = []

    def next(self, trouble: Trouble, times: int = 1, where: str = "") -> Emulator:
        """Spoil so many answers, after those already ordered, to requests whose target contains `where`."""
        with self._lock:
            self._queue += [(trouble, where)] * times
        return self

    def always(self, trouble: Trouble, where: str = "") -> Emulator:
        """Spoil every answer that the queue leaves alone; of two orders that fit, the later counts."""
        with self._lock:
            self._standing.insert(0, (trouble, where))
        return self

    def heal(self) -> Emulator:
        """Take back all orders."""
        with self._lock:
            self._queue.clear()
            self._standing.clear()
        return self

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Reply:
        """Answer a request, given its method, its path and query (or whole URL) and its headers."""
        asked = Asked(method, target, dict(headers), time.monotonic())
        with self._lock:
            self.requests[:] = [*self.requests[-999:], asked]
            trouble = self._ordered(target)
        given = {name.lower(): value for name, value in headers.items()}
        try:
            status, value = 200, self._value(method, target, given)
        except _Refusal as refusal:
            status, value = refusal.args
        reply = _reply(status, value, as_utf16="accept" not in given)
        reply = replace(reply, headers={**reply.headers, **_identity(given)})
        return trouble(reply) if trouble else reply

    def _ordered(self, target: str) -> Trouble | None:
        for place, (trouble, where) in enumerate(self._queue):
            if where in target:
                del self._queue[place]
                return trouble
        return next((trouble for trouble, where in self._standing if where in target), None)

    def _value(self, method: str, target: str, given: Mapping[str, str]) -> Any:
        try:
            url = urlsplit(target)
        except ValueError as error:
            raise _Refusal(400, _problem(800002, "The address cannot be read.")) from error
        match = self._route(url.path)
        if match is None or match.lastgroup is None:
            raise _Refusal(404, _problem(1000, "There is nothing at this address."))
        if method != "GET":
            raise _Refusal(405, {"message": "Only GET is supported here."})
        self._admit(given)
        noun = match[match.lastgroup]
        if match.lastgroup == "commercial":
            whole = url._replace(scheme=url.scheme or "http", netloc=url.netloc or given.get("host", "localhost"))
            return self._commercial(noun, whole)
        rows = self._of_customer(noun, match["id"]) if match["id"] is not None else getattr(self.source, noun)
        return {"totalCount": len(rows), "items": list(rows), "attributes": {"objectType": "Collection"}}

    def _route(self, path: str) -> re.Match[str] | None:
        prefixes, ends = ("|".join(map(re.escape, texts)) for texts in (self.prefixes, self.path_ends))
        return re.fullmatch(
            "/v1/analytics/licenses/(?P<partner>deployment|usage)"
            "|/v1/customers/(?P<id>[^/]*)/analytics/licenses/(?P<customer>deployment|usage)"
            f"|(?:{prefixes})/analytics/commercial/(?P<commercial>deployment|usage)/license(?:{ends})",
            path,
        )

    def _admit(self, given: Mapping[str, str]) -> None:
        bearer = re.fullmatch(r"bearer +(\S+) *", given.get("authorization", ""), re.IGNORECASE)
        kind = self.tokens.get(bearer[1], self.others) if bearer else "missing"
        if kind != "fine":
            raise _Refusal(*_REFUSALS[kind])
        if "ms-requestid" in given and not _GUID.fullmatch(given["ms-requestid"]):
            raise _Refusal(400, _problem(800002, "MS-RequestId must be a GUID."))

    def _of_customer(self, noun: str, customer: str) -> Sequence[Any]:
        if not _GUID.fullmatch(customer):
            raise _Refusal(400, _problem(2000, "Tenant Id must be a GUID.", "PartnerApiServiceControllers"))
        rows_of = self.source.customer_deployment if noun == "deployment" else self.source.customer_usage
        try:
            return rows_of(customer)
        except KeyError as error:
            raise _Refusal(404, _problem(60003, "There is no such tenant.")) from error

    def _commercial(self, noun: str, url: SplitResult) -> dict[str, Any]:
        """Answer *Get licenses deployment information* and *Get licenses usage information*.

        `processedDateTime` is read as "processed on that day"; without it every row is answered, as the source holds
        only the latest ones.
        """
        rows = self.source.commercial_deployment if noun == "deployment" else self.source.commercial_usage
        fields = _FIELDS if noun == "deployment" else _USAGE_FIELDS
        query = parse_qsl(url.query)
        wanted = {name.lower(): value for name, value in query if name.lower() not in self.ignored}
        try:
            top, skip = _number(wanted.get("top", str(MOST_ROWS)), least=1), _number(wanted.get("skip", "0"), least=0)
            if "processeddatetime" in wanted:
                day = date.fromisoformat(wanted["processeddatetime"][:10]).isoformat()
                rows = [row for row in rows if str(row.get("processedDateTime")).startswith(day)]
            if "filter" in wanted:
                fits = _filter(wanted["filter"], fields, str.casefold if self.ignore_case else str)
                rows = [row for row in rows if fits(row)]
            if "groupby" in wanted:
                rows = _grouped(rows, [name.strip() for name in wanted["groupby"].split(",")], fields)
        except (ValueError, RecursionError) as error:
            raise _Refusal(400, _problem(3000, f"Invalid query: {error}.")) from error
        page = list(rows[skip : skip + min(top, self._limit(), MOST_ROWS)])
        if self.counts_as_text and "groupby" in wanted:
            page = [{name: str(value) if name in _COUNTS else value for name, value in row.items()} for row in page]
        link = None
        if self.next_link not in ("null", "absent") and skip + len(page) < len(rows):
            others = [(name, value) for name, value in query if name.lower() not in ("top", "skip")]
            onward = urlencode([*others, ("top", top), ("skip", skip + len(page))], quote_via=quote)
            starts = {
                "relative": url.path.rstrip("/").rpartition("/")[2],
                "rooted": url.path,
                "absolute": f"{url.scheme}://{url.netloc}{url.path}",
                "foreign": f"https://elsewhere.invalid{url.path}",
                "garbage": "http://[",
            }
            link = f"{starts[self.next_link]}?{onward}"
        links = {} if self.next_link == "absent" else {"@nextLink": link}
        totals = {"all": len(rows), "page": len(page), "zero": 0, "negative": -1}
        total = {} if self.total_count == "absent" else {"TotalCount": totals[self.total_count]}
        return {"Value": page, **links, **total}

    def _limit(self) -> int:
        with self._lock:
            return self.page_limit if isinstance(self.page_limit, int) else next(self.page_limit)


@dataclass(frozen=True)
class Endless(Sequence[Any]):
    """Rows without an end, to be served like any others: each is what `row` makes of its position."""

    row: Callable[[int], Any]

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self.row(number) for number in range(sys.maxsize)[place]]
        return self.row(place)


def documented() -> Partner:
    """Return the rows of the published sample bodies, with the customer of the published example requests.

    The body of *Get licenses usage information* is published without its end; its two rows are whole.
    """
    folder = Path(__file__).with_name("documented")
    bodies = {file.stem: json.loads(file.read_text("utf-8")) for file in folder.glob("*.json")}
    return Partner(
        deployment=bodies["deployment"]["items"],
        usage=bodies["usage"]["items"],
        commercial_deployment=bodies["commercial-deployment"]["Value"],
        commercial_usage=bodies["commercial-usage"]["Value"],
        customer_deployments={_PUBLISHED_CUSTOMER: bodies["customer-deployment"]["items"]},
        customer_usages={_PUBLISHED_CUSTOMER: bodies["customer-usage"]["items"]},
    )


# Troubles


def answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Trouble:
    """Answer anything at all instead, keeping the headers that the right answer has and this one does not name."""
    given = {"Content-Length": str(len(body)), **(headers or {})}
    return lambda right: Reply(status, {**right.headers, **given}, body)


def shaped(value: Any, status: int = 200) -> Trouble:
    """Answer sound JSON of any shape: a list, a bare string, `{"items": 5}`, an error that is only a message."""
    reply = _reply(status, value)
    return lambda right: replace(reply, headers={**right.headers, **reply.headers})


def failing(status: int = 500, code: int | str = 800003, description: str = "Unexpected.") -> Trouble:
    """Answer a status with the documented error body: code, description, data, source."""
    return shaped(_problem(code, description), status)


def throttled(retry_after: str = "57") -> Trouble:
    """Answer 429 as the gateway does (*API throttling guidance*), told how to fill in Retry-After."""
    text = f'{{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in {retry_after} seconds." }}'
    return answer(429, {"Content-Type": "application/json", "Retry-After": retry_after}, text.encode())


def gateway(status: int = 503) -> Trouble:
    """Answer a page in HTML from something in front of the service, which knows of no request id."""
    page = b"<html><head><title>Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>"
    headers = {"Content-Type": "text/html", "Content-Length": str(len(page))}
    return lambda _: Reply(status, headers, page)


def slow(seconds: float) -> Trouble:
    """Answer rightly, but late."""
    return lambda right: replace(right, delay=seconds)


def dripping(pause: float, *, head: bool = False) -> Trouble:
    """Answer rightly, but byte by byte with a pause after each: the body, or already the `head`."""
    return lambda right: replace(right, head_pause=pause) if head else replace(right, body_pause=pause)


def reset(after: int | None = None) -> Trouble:
    """Break the connection instead of answering, or after so many bytes of the body."""
    if after is None:
        return lambda _: Reply(0, reset=True)
    return lambda right: replace(right, body=right.body[:after], reset=True)


def closed() -> Trouble:
    """Hang up politely instead of answering."""
    return lambda _: Reply(0)


def truncated(missing: int = 10) -> Trouble:
    """Answer rightly, but leave out the last bytes that Content-Length promises."""
    return lambda right: replace(right, body=right.body[:-missing])


def zipped() -> Trouble:
    """Answer rightly, and compressed."""

    def zip_up(right: Reply) -> Reply:
        body = gzip.compress(right.body)
        headers = {**right.headers, "Content-Encoding": "gzip", "Content-Length": str(len(body))}
        return replace(right, headers=headers, body=body)

    return zip_up


def growing() -> Trouble:
    """Answer rightly, but count in `TotalCount` one row more each time than the time before."""
    more = count(1)

    def grow(right: Reply) -> Reply:
        value = json.loads(right.body)
        if "TotalCount" not in value:
            return right
        reply = _reply(right.status, {**value, "TotalCount": value["TotalCount"] + next(more)})
        return replace(right, headers={**right.headers, **reply.headers}, body=reply.body)

    return grow


def repeating() -> Trouble:
    """Answer the first time rightly, and then the same again, whatever is asked."""
    said: list[Reply] = []

    def repeat(right: Reply) -> Reply:
        said.append(right)
        return said[0]

    return repeat


def not_json() -> Trouble:
    """Answer 200 and call it JSON, which it is not."""
    return answer(200, _JSON, _BOM + b"{nothing of the kind")


def redirected(location: str, status: int = 302) -> Trouble:
    """Send the caller elsewhere."""
    return answer(status, {"Location": location})


# Filter and groupby

_PIECE = re.compile(
    r"\s*(?:(?P<joint>\(|\)|(?:and|or)\b)|(?P<field>\w+)\s+(?P<op>eq|ne)\s+'(?P<text>(?:[^']|'')*)')\s*"
)
_Test = Callable[[Mapping[str, Any]], bool]


def _number(text: str, *, least: int) -> int:
    if (number := int(text)) < least:
        raise ValueError(f"{text} is less than {least}")
    return number


def _filter(text: str, fields: Sequence[str], fold: Callable[[str], str]) -> _Test:
    """Read `field eq|ne 'value'`, joined by and/or and bracketed at will, as a test of a row.

    `and` binds tighter than `or`; a quote inside a value is doubled. Anything else is a ValueError.
    """

    def statement(name: str, value: str, *, equal: bool) -> _Test:
        return lambda row: (fold(str(row.get(name))) == value) is equal

    pieces: deque[str | _Test] = deque()
    end = 0
    while match := _PIECE.match(text, end):
        end = match.end()
        if match["field"] and match["field"] not in fields:
            raise ValueError(f"no filter on {match['field']}")
        value = fold((match["text"] or "").replace("''", "'"))
        pieces.append(match["joint"] or statement(match["field"], value, equal=match["op"] == "eq"))
    test = _joined(pieces)
    if pieces or end < len(text):
        raise ValueError("a part of the filter is not understood")
    return test


def _joined(pieces: deque[str | _Test]) -> _Test:
    """Take from the left what can be read as one test: statements joined by `and`, these joined by `or`."""
    choices: list[list[_Test]] = [[]]
    while True:
        piece = pieces.popleft() if pieces else ""
        if piece == "(":
            piece = _joined(pieces)
            if not pieces or pieces.popleft() != ")":
                raise ValueError("a bracket of the filter is not closed")
        if isinstance(piece, str):
            raise ValueError("the filter lacks a statement")  # noqa: TRY004 - the text is at fault, not the caller
        choices[-1].append(piece)
        if not pieces or pieces[0] not in ("and", "or"):
            return lambda row: any(all(test(row) for test in tests) for tests in choices)
        if pieces.popleft() == "or":
            choices.append([])


def _grouped(rows: Sequence[Any], names: Sequence[str], fields: Sequence[str]) -> list[dict[str, Any]]:
    if unknown := set(names).difference(fields):
        raise ValueError(f"no grouping by {', '.join(sorted(unknown))}")
    sums: defaultdict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts = {name: int(row[name] or 0) for name in _COUNTS if name in row}
        sums[tuple(row.get(name) for name in names)].update(counts)
    return [{**dict(zip(names, key, strict=True)), **counts} for key, counts in sums.items()]


# Bodies and headers


class _Refusal(Exception):
    """An error answer on its way: its status and its body."""


def _problem(code: int | str, description: str, source: str = "PartnerFD") -> dict[str, Any]:
    return {"code": code, "description": description, "data": [], "source": source}


_REFUSALS: Mapping[str, tuple[int, dict[str, Any]]] = {
    "missing": (401, _problem(800001, "There is no partner token in the request.")),
    "unknown": (401, _problem(400, "Access denied: the token is not valid.")),
    "expired": (401, _problem(400, "Access denied: the token has expired.")),
    "no-mfa": (401, _problem(900421, "The token does not show multi-factor authentication.")),
    "no-role": (403, _problem(900150, "The role does not have the rights for this operation.")),
    "app-only": (403, {"message": "This resource can't be accessed by application credentials."}),
}


def _reply(status: int, value: Any, *, as_utf16: bool = False) -> Reply:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Successes begin with a byte order mark, errors do not. Seen in 2016: who names no type gets UTF-16.
    body, headers = (_BOM if status == 200 else b"") + text.encode("utf-8", "replace"), _JSON
    if as_utf16 and status == 200:
        body, headers = b"\xff\xfe" + text.encode("utf-16-le", "replace"), {"Content-Type": "application/json"}
    challenge = {"WWW-Authenticate": f"OAuth realm=urn:cpsvc:cpid:{uuid.uuid4()}"} if status == 401 else {}
    return Reply(status, {"Content-Length": str(len(body)), **headers, **challenge}, body)


def _identity(given: Mapping[str, str]) -> dict[str, str]:
    return {
        "MS-CorrelationId": given.get("ms-correlationid") or str(uuid.uuid4()),
        "MS-RequestId": given.get("ms-requestid") or str(uuid.uuid4()),
        "MS-CV": base64.b64encode(os.urandom(12)).decode() + ".0",
        "MS-ServerId": "102030524",
        "Request-Context": "appId=cid-v1:03ce8ca8-8373-4021-8f25-d5dd45c7b12f",
        "Date": formatdate(usegmt=True),
    }


# HTTP


class _Server(ThreadingHTTPServer):
    # Stopped means stopped: open connections are ended and their threads awaited, delayed answers are dropped.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], emulator: Emulator) -> None:
        self.emulator = emulator
        self.stopping = threading.Event()
        self.connections: WeakSet[socket.socket] = WeakSet()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        self.stopping.set()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that hung up is no news
            super().handle_error(request, client_address)


def _head(version: str, reply: Reply) -> bytes:
    phrase = HTTPStatus(reply.status).phrase if reply.status in set(HTTPStatus) else ""
    lines = [f"{version} {reply.status} {phrase}", *(f"{name}: {value}" for name, value in reply.headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "strict")


class _Handler(BaseHTTPRequestHandler):
    # The standard library's own server: a broken answer needs the bare socket, which a framework keeps to itself.
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "")
        self.rfile.read(int(length) if length.isdigit() else 0)
        reply = self.server.emulator.respond(self.command, self.path, dict(self.headers.items()))
        stopped = reply.delay and self.server.stopping.wait(reply.delay)
        if reply.status and not stopped:
            self._send(_head(self.protocol_version, reply), reply.head_pause)
            if self.command != "HEAD":
                self._send(reply.body, reply.body_pause)
                self.close_connection |= reply.headers.get("Content-Length") != str(len(reply.body))
        if reply.reset or stopped:
            self._break()
        self.close_connection |= not reply.status

    def _send(self, octets: bytes, pause: float) -> None:
        if not pause:
            self.wfile.write(octets)
            return
        for octet in octets:
            self.wfile.write(bytes([octet]))
            if self.server.stopping.wait(pause):
                raise ConnectionAbortedError

    def _break(self) -> None:
        self.close_connection = True
        # Lingering for no time makes closing send a reset rather than a polite end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - the library's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing: the emulator remembers what was asked."""


@contextmanager
def serving(emulator: Emulator, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve in a thread for as long as the block lasts; yields the base URL. Port 0 is any free one."""
    with _Server((host, port), emulator) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def demonstration() -> Emulator:
    """An invented partner as of today, for any token; the name of a kind of token is a token of that kind."""
    return Emulator(tokens={kind: kind for kind in get_args(TokenKind)}, others="fine")
