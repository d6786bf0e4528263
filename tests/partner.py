"""A small Partner Center over HTTP for the calls about customers: any bodies, any refusals, and a memory of the calls.

It shares nothing with the emulator and nothing with what reads its answers.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ALFA, BRAVO, CHARLIE = (f"{digit * 8}-b14e-4888-967b-ca4bb2cf1234" for digit in "abc")
NAMES = {ALFA: "Alfa Ltd", BRAVO: "Bravo Ltd", CHARLIE: "Charlie Ltd"}


Answer = tuple[int, dict[str, str], bytes]
Trouble = Callable[[int], Answer | None]


@dataclass(frozen=True)
class Call:
    """A request as it arrived, and when."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float  # of time.monotonic


@dataclass
class Partner:
    """Customers with their subscriptions and seats. `troubles` answer in place of it, by a part of the path."""

    customers: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seats: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    skus: dict[str, str] = field(default_factory=dict)
    """The `provisioningId` of each `product/sku`."""
    titles: dict[str, str] = field(default_factory=dict)
    """The `title` of each `product/sku`, of those that have one."""
    page: int = 500
    troubles: dict[str, Trouble] = field(default_factory=dict)
    """Each gets the number of the call to that part, from 1, and returns an answer, or None for the right one."""
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def paths(self, part: str = "") -> list[str]:
        return [call.path for call in self.calls if part in call.path]

    def answer(self, call: Call) -> Answer:
        with self._lock:
            self.calls.append(call)
            part = next((part for part in self.troubles if part in call.path), None)
            self._counts[part or ""] += 1
            number = self._counts[part or ""]
        if part is not None and (spoiled := self.troubles[part](number)):
            return spoiled
        value = self._value(call)
        if value is None:
            return problem(404, 60003)
        return 200, {}, b"\xef\xbb\xbf" + json.dumps(value, ensure_ascii=False).encode()

    def _value(self, call: Call) -> Any:
        match call.path.strip("/").split("/"):
            case ["v1", "customers"]:
                start = int(call.headers.get("ms-continuationtoken", "0"))
                size = min(int(call.query.get("size", "100")), self.page)
                return self._listed(start, size)
            case ["v1", "customers", tenant, "subscriptions"] if tenant in self.subscriptions:
                return collection(self.subscriptions[tenant])
            case ["v1", "customers", tenant, "subscribedskus"] if tenant in self.seats:
                return collection(self.seats[tenant])
            case ["v1", "products", product, "skus", sku] if (found := self.skus.get(f"{product}/{sku}")) is not None:
                title = self.titles.get(f"{product}/{sku}")
                return {
                    "id": sku,
                    "productId": product,
                    **({"title": title} if title else {}),
                    "dynamicAttributes": {"provisioningId": found} if found else {},
                }
        return None

    def _listed(self, start: int, size: int) -> dict[str, Any]:
        page = self.customers[start : start + size]
        links: dict[str, Any] = {"self": {"uri": f"/customers?size={size}", "method": "GET", "headers": []}}
        if start + size < len(self.customers):
            headers = [{"key": "MS-ContinuationToken", "value": str(start + size)}]
            links["next"] = {"uri": f"/customers?size={size}&seekOperation=Next", "method": "GET", "headers": headers}
        return {"totalCount": len(page), "items": page, "links": links}


def collection(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}


def problem(status: int, code: int, headers: dict[str, str] | None = None) -> Answer:
    """An answer that is an error of Microsoft's."""
    return (
        status,
        headers or {},
        json.dumps({"code": code, "description": "no", "data": [], "source": "PartnerFD"}).encode(),
    )


def refused(status: int, code: int = 900150, times: int = 10**9, headers: dict[str, str] | None = None) -> Trouble:
    """A trouble: the first `times` calls are refused."""
    return lambda number: problem(status, code, headers) if number <= times else None


def customer(tenant: str, **more: Any) -> dict[str, Any]:
    """A customer as Microsoft sends it."""
    profile = {"tenantId": tenant, "domain": f"{tenant[:4]}.example", "companyName": NAMES.get(tenant, tenant)}
    about = {"id": tenant, "commerceId": "c", "companyProfile": profile, "relationshipToPartner": "reseller"}
    return about | {"attributes": {"objectType": "Customer"}} | more


def subscription(**changes: Any) -> dict[str, Any]:
    """The recorded subscription of December 2025, with changes; a field that is `...` is left out."""
    recorded = {
        "id": "fafebb76-0000-4000-8000-000000000001",
        "offerId": "CFQ7TTC0MM8R:001P:CFQ7TTC0LV18",
        "offerName": "Microsoft 365 Copilot Business",
        "friendlyName": "Copilot",
        "productType": {"id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE"},
        "quantity": 15,
        "unitType": "Licenses",
        "creationDate": "2025-12-01T21:06:38.6311747Z",
        "effectiveStartDate": "2025-12-01T00:00:00Z",
        "commitmentEndDate": "2026-11-30T00:00:00Z",
        "commitmentEndDateTime": "2026-11-30T23:59:59Z",
        "cancellationAllowedUntilDate": "2025-12-08T21:07:21.6267203Z",
        "status": "active",
        "autoRenewEnabled": True,
        "isTrial": False,
        "billingType": "license",
        "billingCycle": "monthly",
        "termDuration": "P1Y",
        "links": {"offer": {"uri": "/v1/offers", "method": "GET", "headers": []}},
        "attributes": {"objectType": "Subscription"},
    }
    return {name: value for name, value in (recorded | changes).items() if value is not ...}


def sku(**changes: Any) -> dict[str, Any]:
    """The recorded live seats of Enterprise Mobility + Security E3, with changes."""
    product = {
        "id": "efccb6f7-5641-4e0e-bd10-b4976e1bf68e",
        "name": "Enterprise Mobility + Security E3",
        "skuPartNumber": "EMS",
        "targetType": "User",
        "licenseGroupId": "group1",
    }
    recorded = {
        "availableUnits": 4,
        "activeUnits": 5,
        "consumedUnits": 1,
        "suspendedUnits": 0,
        "totalUnits": 5,
        "warningUnits": 0,
        "productSku": product | changes.pop("productSku", {}),
        "servicePlans": [],
        "capabilityStatus": "Enabled",
        "attributes": {"objectType": "SubscribedSku"},
    }
    return {name: value for name, value in (recorded | changes).items() if value is not ...}


@contextlib.contextmanager
def serving(partner: Partner) -> Iterator[str]:
    """Serve a partner for as long as the block lasts; yields the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, body = partner.answer(Call(url.path, query, headers, time.monotonic()))
            self.send_response(status)
            sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), "MS-CV": "x.0"} | more
            for name, value in sent.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.close_connection |= sent["Content-Length"] != str(len(body))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Log nothing: the partner keeps the calls."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
