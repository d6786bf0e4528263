"""A long history for the benchmark, written by the program: a day at a time, with the counts per customer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_access import Answer, Collection, History
from data_access.emulator import sample
from data_access.history.snapshot import Owner
from data_access.history.store import Store
from data_access.partner_center import frames
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from data_access.partner_center.protocol import Received
from data_access.partner_center.raw_pages import Pages
from data_access.partner_center.wire import read

_SERVICES = ("o365", "crm", "ems", "exo", "spo", "teams", "intune", "pbi", "project")
_CHANNELS = ("reseller", "direct", "indirect", "advisor")
_BEGIN = datetime(2026, 1, 1, 6, tzinfo=UTC)
_GUID = "B14E-4888-967B-CA4BB2CF1234"


def made(folder: str, days: int, customers: int = 0, products: int = 0, owner: Owner | None = None) -> History:
    """A history of so many days, each with about 80 rows by service and channel, and one per customer and product."""
    now = _BEGIN
    history = History(Store(folder), "bench", lambda: now, owner=owner)
    sums = counts(customers, products, days)
    for day in range(days):
        now = _BEGIN + timedelta(days=day)
        history.append(_answer(DEPLOYMENT, _percentages(now.date()), now))
        if customers:
            history.append(_answer(COMMERCIAL_DEPLOYMENT, next(sums), now))
    return history


def tenants(customers: int) -> list[str]:
    """The customers' ids."""
    return [f"{number:08X}-{_GUID}" for number in range(customers)]


def _answer(collection: Collection, frame: pd.DataFrame, at: datetime) -> Answer:
    """The answer as fetched, except for its bytes: one page with the number of rows stands for them."""
    pages = Pages()
    pages.add(0, 0, Received(collection.paths[0], "", json.dumps({"items": [], "rows": len(frame)}).encode()))
    return Answer(collection, frame, (), len(frame), at, "", pages)


def _percentages(day: date) -> pd.DataFrame:
    """Partner deployment of a day; every other service is processed anew each day, the others every week."""
    sent = [
        row
        | {
            "proratedDeploymentPercent": (number * 13 + day.toordinal() / 7) % 100,
            "processedDateTime": f"{day - timedelta(days=day.weekday() * (number % 2))}T00:00:00Z",
        }
        for number, row in enumerate(sample.partner(as_of=date(2026, 11, 1)).deployment)
    ]
    return frames.joined(DEPLOYMENT, [frames.frame(DEPLOYMENT, read(DEPLOYMENT.row, sent)[0])])


def counts(customers: int, products: int, days: int) -> Iterator[pd.DataFrame]:
    """The commercial counts of each day in turn."""
    chance, size = np.random.default_rng(1), customers * products
    customer, product = np.divmod(np.arange(size), max(1, products))
    service, channel = product % len(_SERVICES), customer % len(_CHANNELS)
    sold = chance.integers(1, 200, size)
    deployed = (sold * chance.random(size)).astype("int64")

    def text(values: list[str], codes: npt.NDArray[np.int64]) -> pd.Series[str]:
        return pd.Series(pd.Categorical.from_codes(codes, pd.Index(values))).astype("str")

    known = {
        "serviceCode": text(list(_SERVICES), service),
        "serviceName": text([f"Service {code}" for code in _SERVICES], service),
        "channel": text(list(_CHANNELS), channel),
        "customerTenantId": text(tenants(customers), customer),
        "customerName": text([f"Customer {number}" for number in range(customers)], customer),
        "productId": text([f"{number:08X}-{_GUID}" for number in range(products)], product),
        "productName": text([f"Product {number}" for number in range(products)], product),
    }
    for day in range(days):
        growing = chance.random(size) < 0.05
        deployed = np.where(growing, np.minimum(deployed + 1, sold + 5), deployed)
        # Every second service is processed anew each day, the others every week.
        processed = np.where(service % 2, day, day - day % 7)
        instants = pd.to_datetime(_BEGIN) + pd.to_timedelta(processed, unit="D")
        counted = {"licensesDeployed": deployed.copy(), "licensesSold": sold}
        yield pd.DataFrame({"processedDateTime": instants.as_unit("us"), **known, **counted})
