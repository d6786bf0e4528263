"""The benchmark of the calls about customers: `collect` beside reading alone, from answers that are ready."""

from __future__ import annotations

import io
import json
import resource
import tempfile
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from data_access import Client
from data_access.auth.credentials import Ready
from data_access.history import live
from data_access.history.history import History
from data_access.history.store import Store
from data_access.partner_center import each_customer
from data_access.partner_center.catalog import CUSTOMERS, SEATS, SUBSCRIPTIONS

_PROMISED = 1.30
_PAGE = 500  # customers


def run(rounds: int, customers: int, subscriptions: int) -> None:
    """Read subscriptions and seats of so many customers, with and without keeping them, and print how long it took."""
    reading, keeping = [], []
    for _ in range(rounds):
        reading.append(_timed(customers, subscriptions, keep=False))
        keeping.append(_timed(customers, subscriptions, keep=True))
    alone, kept = min(reading), min(keeping)
    print(f"\n{customers:,} customers, {subscriptions} subscriptions each, and seats, answers from memory in no time:")
    print(f"read {alone:.1f} s, kept as well {kept:.1f} s")
    print(f"collect / read alone: {kept / alone:.2f} (promised: at most {_PROMISED:.2f})")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"most memory of this process: {peak // 1024:,} MB")


def _timed(customers: int, subscriptions: int, *, keep: bool) -> float:
    service = _InNoTime(customers, subscriptions)
    begun = time.perf_counter()
    with Client("https://bench.invalid", Ready("any"), adapter=service) as client:
        listed = client.fetch(CUSTOMERS, keep_raw=keep)
        if not keep:
            for collection in (SEATS, SUBSCRIPTIONS):
                each_customer.read(client, collection, each_customer.listed(listed), _quiet)
            return time.perf_counter() - begun
        with tempfile.TemporaryDirectory() as folder:
            history = History(Store(folder), "bench")
            reading = live.Reading(client, history, "US", _now)
            history.append(listed)
            for collection in (SEATS, SUBSCRIPTIONS):
                history.append(reading.of_each(collection, listed, None)(_quiet))
            reading.end()
            return time.perf_counter() - begun


def _now() -> datetime:
    return datetime.now(UTC)


def _quiet(_: object) -> None:
    """Show no progress."""


class _InNoTime(HTTPAdapter):
    """A service inside this process whose answers are ready."""

    def __init__(self, customers: int, subscriptions: int) -> None:
        super().__init__()
        tenants = [str(uuid.UUID(int=number)) for number in range(customers)]
        self._lists = {str(start): self._list(tenants, start) for start in range(0, customers, _PAGE)}
        self._subscriptions = {tenant: _subscriptions(tenant, subscriptions) for tenant in tenants}
        self._seats = {tenant: _seats(number) for number, tenant in enumerate(tenants)}

    def _list(self, tenants: list[str], start: int) -> bytes:
        page = tenants[start : start + _PAGE]
        items = [
            {"id": one, "companyProfile": {"tenantId": one, "domain": "x.example", "companyName": f"Customer {one}"}}
            for one in page
        ]
        token = {"headers": [{"key": "MS-ContinuationToken", "value": str(start + _PAGE)}]}
        links = {"next": token} if start + _PAGE < len(tenants) else {}
        return _body(items, links=links)

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        path = request.path_url.partition("?")[0].strip("/").split("/")
        if path[-1] == "customers":
            body = self._lists[request.headers.get("MS-ContinuationToken", "0")]
        elif path[-1] == "subscriptions":
            body = self._subscriptions[path[2]]
        elif path[-1] == "subscribedskus":
            body = self._seats[path[2]]
        else:
            body = b'{"dynamicAttributes":{"provisioningId":"3b555118-da6a-4418-894f-7df1e2096870"}}'
        raw = urllib3.HTTPResponse(io.BytesIO(body), {"Content-Type": "application/json"}, 200, preload_content=False)
        return self.build_response(request, raw)


def _body(items: list[dict[str, Any]], **more: Any) -> bytes:
    return b"\xef\xbb\xbf" + json.dumps({"totalCount": len(items), "items": items, **more}).encode()


def _subscriptions(tenant: str, number: int) -> bytes:
    """The recorded subscription of December 2025, as many times, each with what is its own."""
    return _body(
        [
            {
                "id": str(uuid.uuid5(uuid.UUID(tenant), str(one))),
                "offerId": f"CFQ7TTC0{one:04}:0001:CFQ7TTC0LV18",
                "offerName": f"Microsoft 365 Product {one}",
                "friendlyName": f"Microsoft 365 Product {one}",
                "productType": {"id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE"},
                "quantity": 15 + one,
                "unitType": "Licenses",
                "hasPurchasableAddons": False,
                "creationDate": "2025-12-01T21:06:38.6311747Z",
                "effectiveStartDate": "2025-12-01T00:00:00Z",
                "commitmentEndDate": "2026-11-30T00:00:00Z",
                "commitmentEndDateTime": "2026-11-30T23:59:59Z",
                "cancellationAllowedUntilDate": "2025-12-08T21:07:21.6267203Z",
                "billingCycleEndDate": "2025-12-31T00:00:00Z",
                "status": "active",
                "autoRenewEnabled": bool(one % 2),
                "isTrial": False,
                "billingType": "license",
                "billingCycle": "monthly",
                "termDuration": "P1Y",
                "termLifeCycleState": "GA",
                "isMicrosoftProduct": True,
                "partnerId": "6851353",
                "additionalPartnerIds": [],
                "contractType": "subscription",
                "links": {"sku": {"uri": f"/products/CFQ7TTC0{one:04}/skus/0001?country=US", "method": "GET"}},
                "publisherName": "Microsoft Corporation",
                "orderId": "2d4b6ed0cc56",
                "attributes": {"objectType": "Subscription"},
            }
            for one in range(number)
        ]
    )


def _seats(number: int) -> bytes:
    """Six live products, as recorded."""
    return _body(
        [
            {
                "availableUnits": 4,
                "activeUnits": number + one,
                "consumedUnits": number,
                "suspendedUnits": 0,
                "totalUnits": number + one,
                "warningUnits": 0,
                "productSku": {
                    "id": str(uuid.UUID(int=one + 1)),
                    "name": f"Microsoft 365 Product {one}",
                    "skuPartNumber": f"M365_{one}",
                    "targetType": "User",
                    "licenseGroupId": "group1",
                },
                "servicePlans": [{"displayName": f"Plan {plan}", "serviceName": "EXCHANGE"} for plan in range(8)],
                "capabilityStatus": "Enabled",
            }
            for one in range(6)
        ]
    )
