"""The emulated service: which requests it admits, and its answer to each."""

from __future__ import annotations

import json
import math
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from data_access.emulator import tenants
from data_access.emulator.messages import REFUSALS, Refusal, Reply, Request, Trouble, as_json, identity, problem
from data_access.emulator.queries import COUNTS, fitting, grouped, number
from data_access.emulator.sample import Partner, partner
from data_access.emulator.troubles import throttled

DEMO_TOKEN = "sample"  # noqa: S105 - public on purpose
"""The bearer token that an emulator accepts by default."""

MOST_ROWS = 10_000
"""Documented default and maximum of `top`."""

TokenKind = Literal["fine", "expired", "no-mfa", "no-role", "app-only"]

# The customer of the published example requests, whose own published bodies do not carry the GUID.
_PUBLISHED_CUSTOMER = "4D3CF487-70F4-4E1E-9FF1-B2BFCE8D9F04"
_FIELDS = ("serviceCode", "serviceName", "channel", "customerTenantId", "customerName", "productId", "productName")
_USAGE_FIELDS = ("workloadCode", "workloadName", *_FIELDS)
_MINUTE = 60.0
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(eq=False, repr=False)
class Emulator:
    """The service: which requests it admits, and its answer to each.

    The rows come from `source`, by default an invented partner as of today. All settings from `prefixes` to
    `ignore_case` are about the two commercial collections. Each setting may be changed between two requests.
    """

    source: Partner = field(default_factory=lambda: partner(as_of=datetime.now(UTC).date()))
    _: KW_ONLY
    tokens: Mapping[str, TokenKind] = field(default_factory=lambda: {DEMO_TOKEN: "fine"})
    """The kind of each known bearer token."""
    others: Literal[TokenKind, "unknown"] = "unknown"
    """The kind of every other bearer token."""
    prefixes: Sequence[str] = ("/v1", "/partner/v1")
    path_ends: Sequence[str] = ("", "/")
    page_limit: int | Iterator[int] = MOST_ROWS
    """The most rows in one answer, even where `top` is more; an iterator gives the limit of each answer in turn."""
    ignored: Collection[str] = ()
    """Query parameters, in lower case, that the service ignores."""
    next_link: Literal["null", "absent", "relative", "rooted", "absolute", "foreign", "garbage"] = "relative"
    """The form of `@nextLink` where there is more: relative is the last part of the path with the query."""
    total_count: Literal["all", "page", "absent", "zero", "negative"] = "all"
    """What `TotalCount` is: the number of rows of the query or of the answer, or nothing of use."""
    counts_as_text: bool = False
    """Whether the counts of grouped rows are strings, as in the sibling collection of subscriptions."""
    ignore_case: bool = False
    """Whether a filter's values match in any case, as the documented `serviceCode eq 'O365'` suggests."""
    calls_per_minute: int | None = None
    """How many calls are answered in any 60 seconds; those beyond are throttled. None: as many as come."""
    clock: Callable[[], float] = time.monotonic
    """The seconds by which minutes are measured and requests are stamped."""
    requests: list[Request] = field(default_factory=list, init=False)
    """The last thousand requests."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[tuple[Trouble, str]] = []
        self._lasting: list[tuple[Trouble, str]] = []
        self._answered: deque[float] = deque()

    def next(self, trouble: Trouble, times: int = 1, where: str = "") -> Emulator:
        """Spoil the next `times` answers to requests whose target contains `where`, after those already ordered."""
        with self._lock:
            self._queue += [(trouble, where)] * times
        return self

    def always(self, trouble: Trouble, where: str = "") -> Emulator:
        """Spoil every answer that the queue leaves alone; of two orders that fit, the later counts."""
        with self._lock:
            self._lasting.insert(0, (trouble, where))
        return self

    def heal(self) -> Emulator:
        """Take back all orders."""
        with self._lock:
            self._queue.clear()
            self._lasting.clear()
        return self

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Reply:
        """Answer a request, given its method, its path and query (or whole URL) and its headers."""
        request = Request(method, target, dict(headers), self.clock())
        with self._lock:
            self.requests[:] = [*self.requests[-999:], request]
            trouble = self._ordered(target) or self._too_many(request.at)
        given = {name.lower(): value for name, value in headers.items()}
        try:
            status, value = 200, self._value(method, target, given)
        except Refusal as refusal:
            status, value = refusal.args
        reply = as_json(status, value, as_utf16="accept" not in given)
        reply = replace(reply, headers={**reply.headers, **identity(given)})
        return trouble(reply) if trouble else reply

    def _ordered(self, target: str) -> Trouble | None:
        for position, (trouble, where) in enumerate(self._queue):
            if where in target:
                del self._queue[position]
                return trouble
        return next((trouble for trouble, where in self._lasting if where in target), None)

    def _too_many(self, now: float) -> Trouble | None:
        if self.calls_per_minute is None:
            return None
        while self._answered and now - self._answered[0] >= _MINUTE:
            self._answered.popleft()
        if len(self._answered) >= self.calls_per_minute:
            return throttled(str(max(math.ceil(_MINUTE - now + self._answered[0]), 1)) if self._answered else "60")
        self._answered.append(now)
        return None

    def _value(self, method: str, target: str, given: Mapping[str, str]) -> Any:
        try:
            url = urlsplit(target)
        except ValueError as error:
            raise Refusal(400, problem(800002, "The address cannot be read.")) from error
        match = self._route(url.path)
        if match is None or match.lastgroup is None:
            raise Refusal(404, problem(1000, "There is nothing at this address."))
        if method != "GET":
            raise Refusal(405, {"message": "Only GET is supported here."})
        today = match.lastgroup in ("customers", "today", "sku")
        self._admit(given, alone=today and match["today"] != tenants.NEEDS_A_PERSON)
        if today:
            return tenants.answer(self.source, match, _options(url.query), given)
        noun = match[match.lastgroup]
        if match.lastgroup == "commercial":
            absolute = url._replace(scheme=url.scheme or "http", netloc=url.netloc or given.get("host", "localhost"))
            return self._commercial(noun, absolute)
        rows = self._of_customer(noun, match["id"]) if match["id"] is not None else getattr(self.source, noun)
        return {"totalCount": len(rows), "items": list(rows), "attributes": {"objectType": "Collection"}}

    def _route(self, path: str) -> re.Match[str] | None:
        prefixes, ends = ("|".join(map(re.escape, texts)) for texts in (self.prefixes, self.path_ends))
        return re.fullmatch(
            r"/v1(?:\.0)?/analytics/licenses/(?P<partner>deployment|usage)"  # the Swagger knows both versions
            r"|/v1(?:\.0)?/customers/(?P<id>[^/]*)/analytics/licenses/(?P<customer>deployment|usage)"
            f"|(?:{prefixes})/analytics/commercial/(?P<commercial>deployment|usage)/license(?:{ends})"
            f"|{tenants.ADDRESSES}",
            path,
        )

    def _admit(self, given: Mapping[str, str], *, alone: bool) -> None:
        """Refuse a request without a token that will do; some calls an application may make `alone`."""
        bearer = re.fullmatch(r"bearer +(\S+) *", given.get("authorization", ""), re.IGNORECASE)
        kind = self.tokens.get(bearer[1], self.others) if bearer else "missing"
        if kind != "fine" and not (alone and kind == "app-only"):
            raise Refusal(*REFUSALS[kind])
        if "ms-requestid" in given and not _GUID.fullmatch(given["ms-requestid"]):
            raise Refusal(400, problem(800002, "MS-RequestId must be a GUID."))

    def _of_customer(self, noun: str, customer: str) -> Sequence[Any]:
        if not _GUID.fullmatch(customer):
            raise Refusal(400, problem(2000, "Tenant Id must be a GUID.", "PartnerApiServiceControllers"))
        rows_of = self.source.customer_deployment if noun == "deployment" else self.source.customer_usage
        try:
            return rows_of(customer)
        except KeyError as error:
            raise Refusal(404, problem(60003, "There is no such tenant.")) from error

    def _commercial(self, noun: str, url: SplitResult) -> dict[str, Any]:
        """Answer *Get licenses deployment information* and *Get licenses usage information*.

        `processedDateTime` is read as "processed on that day". Without it every row is answered: the source holds the
        latest rows alone.
        """
        rows = self.source.commercial_deployment if noun == "deployment" else self.source.commercial_usage
        fields = _FIELDS if noun == "deployment" else _USAGE_FIELDS
        query = parse_qsl(url.query)
        options = {name.lower(): value for name, value in query if name.lower() not in self.ignored}
        try:
            top, skip = number(options.get("top", str(MOST_ROWS)), least=1), number(options.get("skip", "0"), least=0)
            if "processeddatetime" in options:
                day = date.fromisoformat(options["processeddatetime"][:10]).isoformat()
                rows = [row for row in rows if str(row.get("processedDateTime")).startswith(day)]
            if "filter" in options:
                fits = fitting(options["filter"], fields, str.casefold if self.ignore_case else str)
                rows = [row for row in rows if fits(row)]
            if "groupby" in options:
                rows = grouped(rows, [name.strip() for name in options["groupby"].split(",")], fields)
        except (ValueError, RecursionError) as error:
            raise Refusal(400, problem(3000, f"Invalid query: {error}.")) from error
        page = list(rows[skip : skip + min(top, self._limit(), MOST_ROWS)])
        if self.counts_as_text and "groupby" in options:
            page = [{name: str(value) if name in COUNTS else value for name, value in row.items()} for row in page]
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


def _options(query: str) -> dict[str, str]:
    return {name.lower(): value for name, value in parse_qsl(query)}


@dataclass(frozen=True)
class Endless(Sequence[Any]):
    """Rows without an end, served like any others: `row` makes each from its position."""

    row: Callable[[int], Any]

    def __len__(self) -> int:
        return sys.maxsize

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self.row(position) for position in range(sys.maxsize)[index]]
        return self.row(index)


def documented() -> Partner:
    """Return the rows of the published sample bodies, with the customer of the published example requests.

    The body of *Get licenses usage information* is published without its end; its two rows are whole. Subscriptions and
    seats are as they were recorded by others, in 2025 and before, with ids in place of masked ones.
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
        customers=bodies["customers"]["items"],
        subscriptions={_PUBLISHED_CUSTOMER: bodies["subscriptions"]["items"]},
        seats={_PUBLISHED_CUSTOMER: bodies["seats"]["items"]},
        catalog={(bodies["sku"]["productId"], bodies["sku"]["id"]): bodies["sku"]},
    )


def demonstration() -> Emulator:
    """An invented partner as of today, for any token; the name of each kind of token is a token of that kind."""
    return Emulator(tokens={kind: kind for kind in get_args(TokenKind)}, others="fine")
