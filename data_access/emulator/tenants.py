"""The calls about customers as they are today: their list, one's subscriptions and live seats, and a SKU.

*Get a list of customers* is read page by page: each page but the last hands over a token for the next.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from data_access.emulator.messages import REFUSALS, Refusal, problem
from data_access.emulator.queries import number
from data_access.emulator.sample import Partner

ADDRESSES = (
    r"/v1(?:\.0)?/(?P<customers>customers)"
    r"|/v1(?:\.0)?/customers/(?P<tenant>[^/]*)/(?P<today>subscriptions|subscribedskus)"
    r"|/v1(?:\.0)?/products/(?P<product>[^/]*)/skus/(?P<sku>[^/]*)"
)
"""The addresses as a pattern, in which the last group that fits names the call."""

NEEDS_A_PERSON = "subscribedskus"
"""The one of these calls that is not answered to an application alone."""

MOST_CUSTOMERS = 500
"""Documented maximum of `size`."""

_NEXT = "ms-continuationtoken"


def answer(source: Partner, match: re.Match[str], options: Mapping[str, str], given: Mapping[str, str]) -> Any:
    """Answer a request whose path fits `ADDRESSES`: its query, with names in lower case, and its headers, likewise."""
    if match["customers"]:
        return _customers(source, options, given)
    return _of_customer(source, match["tenant"], match["today"]) if match["today"] else _sku(source, match, options)


def _customers(source: Partner, options: Mapping[str, str], given: Mapping[str, str]) -> dict[str, Any]:
    try:
        size = min(number(options.get("size", str(MOST_CUSTOMERS)), least=1), MOST_CUSTOMERS)
        start = 0
        if options.get("seekoperation", "").lower() == "next":
            # The page after is asked for without a size: the token knows it.
            start, size = _position(given[_NEXT])
    except (ValueError, KeyError) as error:
        raise Refusal(400, problem(2004, "The page that was asked for does not exist.")) from error
    page, total = list(source.customers[start : start + size]), len(source.customers)
    links: dict[str, Any] = {"self": _link("/customers?size=" + str(size))}
    if start + size < total:
        links["next"] = _link("/customers?seekOperation=Next", **{"MS-ContinuationToken": _token(start + size, size)})
    attributes = {"objectType": "Collection"}
    return {"totalCount": total, "items": page, "links": links, "attributes": attributes}


def _link(uri: str, **headers: str) -> dict[str, Any]:
    return {"uri": uri, "method": "GET", "headers": [{"key": key, "value": value} for key, value in headers.items()]}


def _token(start: int, size: int) -> str:
    return base64.b64encode(f"customers {start} {size} >>?".encode()).decode()


def _position(token: str) -> tuple[int, int]:
    """Where the page of a token starts, and its size; ValueError for a token that was not given out here."""
    try:
        _, start, size, _ = base64.b64decode(token, validate=True).decode().split()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("no token of these") from error
    return number(start, least=1), number(size, least=1)


def _of_customer(source: Partner, tenant: str, noun: str) -> dict[str, Any]:
    rows_of = source.subscriptions if noun == "subscriptions" else source.seats
    if tenant.upper() not in rows_of:
        raise Refusal(404, problem(60003, "There is no such tenant."))
    if noun == NEEDS_A_PERSON and tenant.upper() in source.without_role:
        raise Refusal(*REFUSALS["no-role"])
    rows = list(rows_of[tenant.upper()])
    return {"totalCount": len(rows), "items": rows, "attributes": {"objectType": "Collection"}}


def _sku(source: Partner, match: re.Match[str], options: Mapping[str, str]) -> Any:
    product, sku = match["product"], match["sku"]
    if not re.fullmatch("[A-Za-z]{2}", options.get("country", "")):
        raise Refusal(400, problem(400004, "The country is missing, or is none."))
    if not any(known == product for known, _ in source.catalog):
        raise Refusal(404, problem(400013, "There is no such product."))
    if (product, sku) not in source.catalog:
        raise Refusal(404, problem(400018, "There is no such SKU."))
    return source.catalog[product, sku]
