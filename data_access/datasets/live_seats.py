"""Live seats in the form of deployment figures, for an account whose analytics are empty.

Enabled seats stand for licenses sold, assigned ones for deployed. They are of each tenant as it was last read, also
where it cannot be read now, whoever sold them; products that are free or on trial are left out and counted.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pandas as pd

from data_access import measures
from data_access.datasets.deployment import Deployment, LiveFigures
from data_access.datasets.renewals import Renewals
from data_access.measures import Facts, free_products
from data_access.partner_center import frames
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, CUSTOMERS, SEATS, SUBSCRIPTIONS

#: What the figures are called in files. Their columns are those of the commercial counts.
COLLECTION = replace(COMMERCIAL_DEPLOYMENT, name="live-seats", title=SEATS.title, page=SEATS.page)
_UNKNOWN = "unknown"
#: The product of a row that says of none: a code of a service, which these figures stand on, is never missing.
_NO_NAME = "(no name)"


def deployment(data: Renewals) -> Deployment:
    """The deployment figures of the live seats: a row per customer and product. A product stands for its service."""
    answer = data.answer(SEATS) or replace(data.answers[0], collection=SEATS, frame=frames.frame(SEATS, []))
    seats = answer.frame
    free = free_products.is_free(seats, data.rows(SUBSCRIPTIONS), data.rows(COMMERCIAL_DEPLOYMENT))
    rows = _as_counts(seats[~free].reset_index(drop=True), data)
    # What was left out did come: it is not missing.
    announced = answer.missing + len(rows) + len(answer.set_aside)
    shaped = replace(answer, collection=COLLECTION, frame=rows, pages=None, announced=announced)
    unread = data.names(SEATS.name), data.names(SEATS.name, with_reading=True)
    live = LiveFigures(data.seats_read_at, free_products.number(seats[free]), *map(len, unread))
    return Deployment(shaped, measures.facts(COLLECTION, rows), live=live)


def facts_of(seats: pd.DataFrame) -> Facts:
    """The facts of live seats alone, such as those of a customer of whom Microsoft's counts have nothing."""
    known = seats.reset_index(drop=True).reindex(columns=[*SEATS.columns])
    return measures.facts(COLLECTION, _shaped(known.astype(frames.dtypes(SEATS, SEATS.columns)), pd.NaT, None))


def _as_counts(seats: pd.DataFrame, data: Renewals) -> pd.DataFrame:
    """The rows of live seats with the columns of the commercial counts, each with the channel of its customer."""
    customers = data.rows(CUSTOMERS)
    relations = (
        None if customers is None else customers.drop_duplicates("customerTenantId").set_index("customerTenantId")
    )
    channels = seats["customerTenantId"].map(relations["relationshipToPartner"]) if relations is not None else None
    earlier = {one.tenant: one.last_read for one in data.unread if one.collection == SEATS.name and one.last_read}
    read_at = [earlier.get(tenant, data.seats_read_at) for tenant in seats["customerTenantId"]]
    return _shaped(seats, read_at, channels)


def _shaped(seats: pd.DataFrame, read_at: object, channels: pd.Series | None) -> pd.DataFrame:
    """The rows of live seats, read at these times, with the columns of the commercial counts."""
    named = (seats[name].where(seats[name].str.strip() != "") for name in ("productName", "skuPartNumber", "productId"))
    products = reduce(pd.Series.fillna, named).fillna(_NO_NAME)
    columns = {
        "processedDateTime": pd.Series(read_at, seats.index, dtype=frames.INSTANT),
        "serviceCode": products,
        "serviceName": products,
        "channel": _UNKNOWN if channels is None else channels.astype("str").fillna(_UNKNOWN),
        "customerTenantId": seats["customerTenantId"],
        "customerName": seats["customerName"],
        "productId": seats["productId"],
        "productName": products,
        "licensesDeployed": seats["consumedUnits"].fillna(0).astype("int64"),
        "licensesSold": seats["activeUnits"].fillna(0).astype("int64"),
    }
    table = pd.DataFrame(columns, index=seats.index)
    return table.astype({name: frames.DTYPES.get(name, "str") for name in columns})
