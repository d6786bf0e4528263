"""The protocol of Partner Center: addresses, headers, parameters, envelopes and errors. No network.

Sources: the Partner Center pages "Partner Center REST headers", "Partner Center REST error codes", "API throttling
guidance" and the pages named in `catalog`. How long to wait before another attempt is in `retry`.
"""

from __future__ import annotations

import codecs
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pydantic_core import from_json

from data_access import formats, texts, titles
from data_access.errors import (
    ApplicationAlone,
    BadRequest,
    Details,
    Intercepted,
    NotPermitted,
    PartnerCenterError,
    SignInError,
    Throttled,
    Unavailable,
    Unreadable,
)
from data_access.foreign_text import identifier, printable
from data_access.partner_center.catalog import CUSTOMERS, Collection
from data_access.partner_center.retry import may_pass, retry_after_seconds, seconds_in_words

VERSION = "0.1.0"
LOCALE = "en-US"
PAGE_ROWS = 10_000  # default and maximum of `top`
CUSTOMERS_A_PAGE = 500  # maximum of `size` of the list of customers
LARGEST_PAGE = 32 * 2**20  # bytes; 10,000 rows of the commercial calls take some 5 MB, with long names twice that
LARGEST_ERROR = 64 * 2**10  # bytes; the documented bodies have some hundred

_PROXY_ASKS, _TOO_MANY = 407, 429  # HTTP statuses

_ROWS = ("items", "value")  # three envelopes: items, Value, value
_LINKS = ("@nextlink", "nextlink")
#: The header of a page after the first one, and the field of an envelope that may hold its value.
CONTINUATION = "MS-ContinuationToken"
_CONTINUATION_FIELD = CONTINUATION.lower().removeprefix("ms-")
_HEADER_VALUE = re.compile(r"[!-~]+( +[!-~]+)*")
_WHOLE_NUMBER = re.compile(r"\s*-?\d{1,18}\s*", re.ASCII)
#: Headers of Partner Center alone. The ids of a request it repeats; so may anything that shows a page of HTML.
_OWN_HEADERS = ("MS-CV", "MS-ServerId", "Request-Context")
_REPEATED_HEADERS = ("MS-RequestId", "MS-CorrelationId")
_OWN_CHALLENGE = "urn:cpsvc"  # in WWW-Authenticate
#: Fields of an error body in any of the known shapes. `error` alone, as a word, is what any server may write.
_ERROR_FIELDS = frozenset({"code", "errorcode", "errorname", "description", "message", "error_description"})
_DESCRIPTION_LENGTH = 1024  # "REST error codes" promises no more

Headers = Mapping[str, str]


def new_id() -> str:
    return str(uuid.uuid4())


def headers(request_id: str, correlation_id: str) -> dict[str, str]:
    """The headers of one request, but for `Authorization`."""
    return {
        # Without Accept the service has been seen to answer in UTF-16.
        "Accept": "application/json",
        "X-Locale": LOCALE,
        "MS-RequestId": request_id,
        "MS-CorrelationId": correlation_id,
        "MS-PartnerCenter-Application": titles.PRODUCT,
    }


def address(base_url: str, path: str, customer: str | None = None) -> str:
    return base_url.rstrip("/") + path.format(customer=None if customer is None else quote(customer, safe=""))


@dataclass(frozen=True, slots=True)
class Query:
    """What to fetch of a collection. `customer` is a tenant id; the rest is for the commercial calls alone."""

    customer: str | None = None
    filter: str = ""  # statements such as channel eq 'reseller', joined by and/or
    groupby: tuple[str, ...] = ()  # the counts are then added up over all other fields
    processed: date | None = None  # an earlier processing date; the latest one is the default


def parameters(collection: Collection, query: Query, skip: int = 0, top: int = PAGE_ROWS) -> dict[str, str]:
    """The query parameters of one page; the legacy calls take none ("Get licenses deployment information")."""
    if collection is CUSTOMERS:
        return {"size": str(min(top, CUSTOMERS_A_PAGE))}
    if not collection.paged:
        return {}
    values = {"top": str(top), "skip": str(skip)}
    of_customer = f"customerTenantId eq '{query.customer.upper()}'" if query.customer else ""
    if query.filter or of_customer:
        values["filter"] = (
            f"({query.filter}) and {of_customer}" if query.filter and of_customer else query.filter or of_customer
        )
    if query.groupby:
        values["groupby"] = ",".join(query.groupby)
    if query.processed:
        values["processedDateTime"] = f"{query.processed}T00:00:00"
    return values


@dataclass(frozen=True, slots=True)
class Link:
    """What an answer says about the next one: its address as it was sent, and the token that goes into a header."""

    uri: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One page to fetch, which may take several requests."""

    url: str
    parameters: Mapping[str, str]
    correlation_id: str
    continuation: str = ""  # the token of a page after the first one, where it goes by one
    single: bool = False  # whether the answer is one object and no collection

    @property
    def headers(self) -> dict[str, str]:
        """The headers of this call alone."""
        return {CONTINUATION: self.continuation} if self.continuation else {}

    def following(self, link: Link) -> Call:
        """The call for the page that a link names.

        Of its address the parameters alone are taken: it may be relative to the root, to `/v1` or to nothing, or name
        another host, which must not get the token.
        """
        try:
            parameters = dict(parse_qsl(urlsplit(link.uri).query))
        except ValueError:
            parameters = {}
        if link.token and not parameters:
            parameters = {"seekOperation": "Next"}  # "Get a list of customers"
        return replace(self, parameters=parameters or self.parameters, continuation=link.token)

    @property
    def address(self) -> str:
        # %20 as documented, where requests would write +
        return f"{self.url}?{urlencode(self.parameters, quote_via=quote)}" if self.parameters else self.url


def same_origin(url: str, other: str) -> bool:
    """Whether a token meant for `url` may be sent to `other`: same scheme, host and port."""
    return _origin(url) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


@dataclass(frozen=True, slots=True)
class Received:
    """One answer as it arrived: the address and the id of its request, and every byte of its body."""

    address: str
    request_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: its rows as they arrived, and `total`, the service's own count of all rows."""

    rows: list[Any]
    total: int | None
    more: bool | None = None  # whether a next link was sent; None where the envelope has none
    link: Link | None = None  # the next page, in a collection that goes by token
    received: Received | None = None


def page(status: int, answer_headers: Headers, body: bytes, *, single: bool = False) -> Page:
    """The page in an answer; with `single`, the one object that it is as the only row.

    Raises one of the family in `errors` for any answer that is neither.
    """
    if status != 200:
        raise failure(status, answer_headers, body)
    document = _document(answer_headers, body)
    if not isinstance(document, dict):
        raise unreadable("The answer is JSON, but not a collection.", answer_headers)
    if single:
        return Page([document], 1)
    fields = {key.lower(): value for key, value in document.items()}
    sent = [fields[name] for name in _ROWS if name in fields]
    # .NET writes null where a list is empty.
    rows: object = next((rows for rows in sent if rows is not None), [] if sent else None)
    if not isinstance(rows, list):
        raise unreadable("The answer is JSON, but holds no list of rows.", answer_headers)
    more = next((bool(fields[name]) for name in _LINKS if name in fields), None)
    return Page(rows, _total(fields.get("totalcount")), more, _link(fields))


def _link(fields: Mapping[str, Any]) -> Link | None:
    """The next page, by the names of an envelope's fields in small letters; None where there is none.

    The token stands among the headers of the link; the .NET SDK knows a field of the envelope as well.
    """
    links = fields.get("links")
    following = texts.field(links, "next") if isinstance(links, dict) else None
    uri, headers = following, None
    if isinstance(following, dict):
        uri, headers = texts.field(following, "uri"), texts.field(following, "headers")
    address = uri if isinstance(uri, str) and texts.is_whole(uri) else ""
    link = Link(address, _token(headers) or _usable(fields.get(_CONTINUATION_FIELD)))
    return link if link != Link() else None


def _token(headers: object) -> str:
    """The continuation token among the headers of a link: a list of keys and values."""
    for header in headers if isinstance(headers, list) else [headers]:
        if isinstance(header, dict):
            if (token := texts.field(header, CONTINUATION)) is not None:
                return _usable(token)
            name = texts.field(header, "key")
            if isinstance(name, str) and texts.key(name) == texts.key(CONTINUATION):
                return _usable(texts.field(header, "value"))
    return ""


def _usable(token: object) -> str:
    """A token that can stand in a header, or nothing: a line break would begin another header."""
    return token if isinstance(token, str) and _HEADER_VALUE.fullmatch(token) else ""


def _total(sent: object) -> int | None:
    """The number of rows that is announced: a whole number, as such or as text; None where there is none."""
    if isinstance(sent, str) and _WHOLE_NUMBER.fullmatch(sent):
        return int(sent)
    return sent if isinstance(sent, int) and not isinstance(sent, bool) else None


def _document(answer_headers: Headers, body: bytes) -> Any:
    try:
        return from_json(body.removeprefix(codecs.BOM_UTF8))  # success bodies start with this mark
    except ValueError as error:
        broken_off = "EOF" in str(error)
    try:
        return json.loads(body)  # three times slower, but reads UTF-16 and halves of surrogate pairs
    except (ValueError, RecursionError):
        pass
    if is_html(answer_headers, body) and not _is_microsofts(answer_headers, body, {}):
        raise intercepted(answer_headers, 200)
    if broken_off and body.strip():
        raise Unavailable(
            "The answer of Partner Center breaks off in the middle.",
            "Try again later; a proxy in between may be cutting answers short.",
            _details(answer_headers, 200),
        )
    raise unreadable("The answer is not JSON.", answer_headers)


def is_last(received: Page, rows_so_far: int) -> bool:
    """Whether a page ends its collection: TotalCount has been seen to mean the page as well as the whole."""
    if not received.rows:
        return True
    if received.more:
        return False
    if len(received.rows) >= PAGE_ROWS and (received.total or 0) <= len(received.rows):
        return False  # the page is full, and no count goes beyond it: only the next page can tell
    if received.total is None or received.total <= 0:
        return received.more is not None
    return rows_so_far >= received.total


def failure(status: int, answer_headers: Headers, body: bytes) -> PartnerCenterError:
    """The error for an answer other than 200, with the code, description and ids that the service sent.

    An answer without a field of Microsoft's, under no header of theirs, is none of Partner Center's, whatever the
    status says. Without a body it is taken by its status only where that asks for another try (decision 4).
    """
    fields = _error_fields(body)
    foreign = not _is_microsofts(answer_headers, body, fields) and (bool(body.strip()) or not may_pass(status))
    if (foreign or status == _PROXY_ASKS) and status != _TOO_MANY:  # to wait is right, whoever asks for it
        return intercepted(answer_headers, status)
    code, description = _code_and_description(fields)
    details = _details(answer_headers, status, code, description)
    if status == 401 and code == "900421":
        return SignInError(
            "Microsoft asks for a sign-in with multi-factor authentication.",
            "The operator needs to sign in again, and to pass it.",
            details,
        )
    if status == 401:
        return SignInError(
            "Microsoft did not accept the sign-in: it is missing, wrong or has expired.",
            "The operator needs to sign in again.",
            details,
        )
    if status == 403 and "application credentials" in (description or "").lower():
        return ApplicationAlone(
            "The token belongs to an application alone; this call needs a signed-in person.",
            "The operator needs a token of the kind that Microsoft calls App+User.",
            details,
        )
    if status == 403:
        return NotPermitted(
            "The signed-in account may not read this part of Partner Center.",
            "Ask a Partner Center administrator for a role that includes it, such as Admin agent or Sales agent.",
            details,
        )
    if status == _TOO_MANY:
        named = seconds_in_words(description) if details.retry_after is None else details.retry_after
        return throttled(replace(details, retry_after=named))
    if may_pass(status):
        return Unavailable(
            "Partner Center cannot answer at the moment.",
            "Try again later; if it lasts, give the ids to Microsoft support.",
            details,
        )
    if status == 404:
        return BadRequest(
            "Partner Center does not know this address or this customer.",
            "Check PARTNER_CENTER_BASE_URL and the customer id.",
            details,
        )
    if 400 <= status < 500:
        return BadRequest(
            "Partner Center did not accept the request.",
            "Check the settings; the code and description say what it objects to.",
            details,
        )
    return Unreadable(
        f"Partner Center answered with the unexpected status {status}.",
        "Check that PARTNER_CENTER_BASE_URL is the address of the service itself.",
        details,
    )


def throttled(details: Details) -> Throttled:
    """The error for a service that limits the number of requests; says how long to wait, where that is known."""
    wait = f"{details.retry_after:.0f} seconds" if details.retry_after is not None else "a while"
    return Throttled("Partner Center is limiting how often we may ask.", f"Try again in {wait}.", details)


def intercepted(answer_headers: Headers, status: int) -> Intercepted:
    """The error for an answer that is not Partner Center's; `status` is that of what answered."""
    later = "Try again later; if it lasts, ask" if may_pass(status) else "Ask"
    return Intercepted(
        "Something between here and Partner Center refused the call.",
        f"{later} those who run the network about its proxy or firewall, and check HTTPS_PROXY and"
        " PARTNER_CENTER_BASE_URL. Neither a role in Partner Center nor another sign-in helps.",
        _details(answer_headers, status),
    )


def redirected(answer_headers: Headers, status: int) -> PartnerCenterError:
    """The error for a redirect to another host, which would receive the token."""
    if not _is_microsofts(answer_headers, b"", {}):
        return intercepted(answer_headers, status)
    return Unreadable(
        "The service redirects to another host, and the token must not go there.",
        "Check PARTNER_CENTER_BASE_URL; a proxy or a sign-in page may stand in between.",
        _details(answer_headers, status),
    )


_TRY_AGAIN = "Check the network, the proxy and PARTNER_CENTER_BASE_URL, then try again."


def no_answer(what: str, advice: str = _TRY_AGAIN) -> PartnerCenterError:
    """The error for a request without an answer; `what` names the cause, such as "it did not answer in time"."""
    return Unavailable(f"Partner Center cannot be reached: {what}.", advice)


def endless(pages: int, rows: int) -> PartnerCenterError:
    """The error for a fetch whose time is over while pages go on coming."""
    return Unavailable(
        f"Partner Center answered {formats.number(pages, 'page')} with {formats.number(rows, 'row')}, and had not come"
        " to an end when the time for a whole fetch was over.",
        "Try again later; if it lasts, give the id to Microsoft support.",
    )


def goes_on(after: str, correlation_id: str) -> PartnerCenterError:
    """The error for pages of which there are more than any collection has; `after`: how many rows, in words."""
    return Unreadable(
        f"The service goes on sending pages after {after}.",
        "Check PARTNER_CENTER_BASE_URL; if it is right, give the id to Microsoft support.",
        Details(correlation_id=correlation_id),
    )


def is_html(answer_headers: Headers, body: bytes) -> bool:
    """Whether an answer is a page for people, by its type or by how it begins."""
    kind = answer_headers.get("Content-Type", "").lower()
    return "html" in kind or body.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"<"


def _is_microsofts(answer_headers: Headers, body: bytes, fields: Mapping[str, Any]) -> bool:
    """Whether anything in an answer tells that Partner Center, and nothing in between, gave it."""
    own = [*_OWN_HEADERS, *(() if is_html(answer_headers, body) else _REPEATED_HEADERS)]
    challenged = _OWN_CHALLENGE in answer_headers.get("WWW-Authenticate", "")
    return challenged or not _ERROR_FIELDS.isdisjoint(fields) or any(answer_headers.get(name) for name in own)


def _error_fields(body: bytes) -> dict[str, Any]:
    """The fields of an error body by their names in small letters; none where it is no JSON object.

    Those of an object called `error`, as Microsoft Graph sends it, stand beside the others.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    fields = _in_small_letters(document)
    return fields | _in_small_letters(fields.get("error"))


def _in_small_letters(document: object) -> dict[str, Any]:
    return {key.lower(): value for key, value in document.items()} if isinstance(document, dict) else {}


def _code_and_description(fields: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Code and description of an error body in any of the known shapes; None where it has none."""
    code = fields.get("code", fields.get("errorcode"))
    description = fields.get("description") or fields.get("message") or fields.get("error_description")
    return (
        identifier(str(code)) if isinstance(code, int | str) else None,
        printable(description)[:_DESCRIPTION_LENGTH] if isinstance(description, str) else None,
    )


def _details(answer_headers: Headers, status: int, code: str | None = None, description: str | None = None) -> Details:
    return Details(
        status=status,
        code=code,
        description=description,
        request_id=identifier(answer_headers.get("MS-RequestId", "")),
        correlation_id=identifier(answer_headers.get("MS-CorrelationId", "")),
        retry_after=retry_after_seconds(answer_headers.get("Retry-After")),
    )


def unreadable(what: str, answer_headers: Headers) -> Unreadable:
    """The error for an answer with status 200 that is no page of rows."""
    return Unreadable(
        what,
        "Check that PARTNER_CENTER_BASE_URL is the address of Partner Center, not of a sign-in page or proxy.",
        _details(answer_headers, 200),
    )
