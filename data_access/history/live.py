"""The live collections in the history: how a run reads them so that the next one can go on, and what they know already.

Who the customers are is read anew each time. The seats and subscriptions of each are kept in parts while the run goes
on. They are removed when it is through; a run that ended early leaves them to the next one of the day.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.errors import DamagedHistory, HistoryError, NotPermitted, PartnerCenterError
from data_access.history.history import History
from data_access.history.parts import Parts
from data_access.history.snapshot import Snapshot
from data_access.history.store import Damaged
from data_access.partner_center import each_customer, frames, sku_catalogue
from data_access.partner_center.answers import Answer, Progress
from data_access.partner_center.catalog import (
    COLLECTIONS,
    COMMERCIAL_DEPLOYMENT,
    CUSTOMERS,
    SEATS,
    SUBSCRIPTIONS,
    Collection,
)
from data_access.partner_center.client import Client
from data_access.partner_center.each_customer import Read
from data_access.partner_center.sku_catalogue import Known

_LOOK_BACK = 30  # snapshots in which a customer's last reading is looked for
_NAMES = ["customerTenantId", "productName", "productId"]  # what tells which product a title is of


class Reading:
    """One run's reading of the collections that take a call for each customer."""

    def __init__(self, client: Client, history: History, country: str, clock: Callable[[], datetime]) -> None:
        self._client, self._history, self._country = client, history, country
        self._parts = Parts(history.store, clock)
        self._tables: list[pd.DataFrame] = []
        self._is_whole = True

    def of_each(self, collection: Collection, customers: Answer, counts: Answer | None) -> Callable[[Progress], Answer]:
        """How to fetch a collection of these customers; `counts` are the commercial ones of the same run, if any."""

        def fetch(tell: Progress) -> Answer:
            read = self._read(collection, customers, tell)
            if collection is not SUBSCRIPTIONS:
                self._tables.append(read.answer.frame)
                return read.answer
            tables = [*self._tables, *([counts.frame] if counts else [])]
            before = known(self._history, self._country).seen_in(tables)
            answer, asked = sku_catalogue.with_products(self._client, read, before, tell)
            self._history.skus.add(asked.found)
            return answer

        return fetch

    def _read(self, collection: Collection, customers: Answer, tell: Progress) -> Read:
        whole, self._is_whole = self._is_whole, False
        try:
            read = each_customer.read(
                self._client,
                collection,
                each_customer.listed(customers),
                tell,
                keep_raw=True,
                known=self._parts.known(collection),
                keep=partial(self._parts.keep, collection),
            )
        except PartnerCenterError as error:
            if isinstance(error, NotPermitted) or error.is_unknown:
                self._is_whole = whole  # all were tried; the next run is to try them again
            raise
        self._is_whole = whole and read.whole
        return read

    def end(self) -> None:
        """Remove the parts, unless the reading ended early: then they are for the next run."""
        if self._is_whole:
            self._parts.remove()


def rows(history: History, snapshot: Snapshot) -> pd.DataFrame:
    """Every row of a snapshot of a live collection, with the columns and dtypes of `frames.frame`, by customer.

    Raises DamagedHistory where its file is not what was written.
    """
    try:
        content = history.store.read_sound(snapshot.facts, size=snapshot.facts_size)
    except (FileNotFoundError, Damaged):
        raise DamagedHistory(
            "A file of the history is not what was written.", "The operator runs: python -m data_access verify."
        ) from None
    table: pd.DataFrame = pq.read_table(pa.BufferReader(content)).drop_columns(["snapshot", "fetchedAt"]).to_pandas()
    return table.astype(frames.dtypes(COLLECTIONS[snapshot.collection], map(str, table.columns)))


def tenants(history: History) -> set[str]:
    """The tenant ids of the newest list of customers; none where there is none that can be read."""
    listed = history.newest(CUSTOMERS)
    if listed:
        with contextlib.suppress(HistoryError, DamagedHistory):
            return set(rows(history, listed)["customerTenantId"])
    return set()


def last_readings(history: History, newest: Snapshot) -> tuple[pd.DataFrame, dict[str, datetime]]:
    """The last reading of each customer, whom the `newest` answer may lack; and when those of other answers were made.

    The instants (UTC) are by tenant id: of the customers that refused or gave no usable answer, as far as they were
    read before, when that was last found to be so. One that has left has no reading any more. Raises DamagedHistory
    where the file of the newest one is not what was written.
    """
    snapshots = history.snapshots(newest.collection)
    earlier = [snapshot for snapshot in snapshots if snapshot.id < newest.id]
    tables, whose = [rows(history, newest)], history.of_customers(newest)
    missing, made = {*whose.refused, *whose.failed}, dict[str, datetime]()
    found_again = history.last_found(newest.collection) if missing else {}
    for snapshot in reversed(earlier[-_LOOK_BACK:]):
        if not missing:
            break
        with contextlib.suppress(FileNotFoundError, Damaged, DamagedHistory):
            then = history.of_customers(snapshot)
            asked = missing.difference(then.unread)
            if not asked:
                continue
            table = rows(history, snapshot)
            table = table[table["customerTenantId"].isin(asked)]
            found = {*table["customerTenantId"], *asked.intersection(then.empty)}
            tables.append(table)
            made |= dict.fromkeys(found, found_again.get(snapshot.id, snapshot.fetched_at))
            missing -= found
    return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0], made


def unread(history: History, collections: Sequence[Collection] = (SUBSCRIPTIONS, SEATS)) -> dict[str, str | None]:
    """The customers whom the newest answers of these live collections lack, each once: the name of each tenant id.

    It is None where it is unknown. Those who are not in the list of customers any more are none. A file that cannot be
    read tells nothing.
    """
    tenants: set[str] = set()
    for collection in collections:
        newest = history.newest(collection)
        if newest and newest.unread_customers:
            with contextlib.suppress(FileNotFoundError, Damaged, HistoryError, pa.ArrowException):
                tenants.update(history.of_customers(newest).unread)
    listed = history.newest(CUSTOMERS) if tenants else None
    if listed:
        with contextlib.suppress(HistoryError, DamagedHistory):
            table = rows(history, listed)
            named = zip(table["customerTenantId"], table["customerName"], strict=True)
            return {tenant: name for tenant, name in named if tenant in tenants}
    return dict.fromkeys(sorted(tenants))


def known(history: History, country: str) -> Known:
    """What the history knows of products: the SKUs of the catalogue, and the titles of the newest counts and seats.

    A file that cannot be read is left out.
    """
    found = [_titles(history, collection) for collection in (COMMERCIAL_DEPLOYMENT, SEATS)]
    tables = [table for table in found if table is not None]
    return Known(history.skus.known(), country=country).seen_in(tables)


def _titles(history: History, collection: Collection) -> pd.DataFrame | None:
    newest = history.newest(collection)
    if newest is None:
        return None
    with contextlib.suppress(FileNotFoundError, Damaged, HistoryError, pa.ArrowException):
        content = history.store.read_sound(newest.facts, size=newest.facts_size)
        table: pd.DataFrame = pq.read_table(pa.BufferReader(content), columns=_NAMES).to_pandas()
        return table
    return None
