"""The table of one customer's live seats."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard.tables.columns import OnScreen, Order, Table, count, signed
from dashboard.tables.common import CUSTOMER_NAME, PRODUCT, TENANT_ID

FREE_TO_ASSIGN, _NOTE = "freeToAssign", "note"
SEATS = Table(
    (
        replace(PRODUCT, note=_NOTE),
        count("activeUnits", "Enabled", help="Seats of the tenant that can be assigned, whoever sold them."),
        count("consumedUnits", "Assigned"),
        count(FREE_TO_ASSIGN, "Free to assign", help="Enabled and not assigned to anybody."),
        count("warningUnits", "In grace", help="Their term is over; they still work for some time."),
        count("suspendedUnits", "Suspended", help="They do not work any more."),
    ),
    (_NOTE,),
)

#: The columns of `live_difference.differences`.
DIFFERENCES = Table(
    (
        CUSTOMER_NAME,
        PRODUCT,
        count("licensesSold", "Sold", help="By the commercial counts."),
        count("activeUnits", "Enabled now"),
        signed("soldChange", "± Enabled"),
        count("licensesDeployed", "Deployed", help="By the commercial counts."),
        count("consumedUnits", "Assigned now"),
        signed("deployedChange", "± Assigned"),
    ),
    (TENANT_ID.name,),
)


def on_screen(seats: pd.DataFrame, free: pd.Series) -> OnScreen:
    """The rows of *seats*, those with the most free to assign first; `free` marks free products and trials."""
    spare = (seats["activeUnits"].fillna(0) - seats["consumedUnits"].fillna(0)).clip(lower=0)
    rows = seats.assign(
        productName=seats["productName"].fillna(seats["skuPartNumber"]).fillna(seats["productId"]),
        warningUnits=seats["warningUnits"].mask(seats["warningUnits"] == 0),
        suspendedUnits=seats["suspendedUnits"].mask(seats["suspendedUnits"] == 0),
        **{FREE_TO_ASSIGN: spare.where(~free), _NOTE: free.map({True: "free or trial, in no sum", False: None})},
    )
    rows = rows.assign(_free=free).sort_values(["_free", FREE_TO_ASSIGN], ascending=[True, False], kind="stable")
    return SEATS.on_screen(rows, order=Order(FREE_TO_ASSIGN, descending=True))
