"""The table and the file of the Changes page: one row per service, customer or product, with both dates."""

from __future__ import annotations

import pandas as pd

from dashboard.tables.columns import OnScreen, Table, signed, text
from dashboard.tables.common import (
    CHANNEL,
    CUSTOMER_NAME,
    DEPLOYED,
    DEPLOYED_CHANGE,
    DEPLOYMENT_PERCENT,
    DEPLOYMENT_PERCENT_CHANGE,
    OVER_DEPLOYED,
    OVER_DEPLOYED_CHANGE,
    PRODUCT,
    SERVICE,
    SOLD,
    SOLD_CHANGE,
    TENANT_ID,
    TITLE,
    UNDEPLOYED,
    UNDEPLOYED_CHANGE,
    at,
    definition,
    without_codes,
)
from data_access import titles
from data_access.measures.changes import Status

_EFFECT_DECIMALS = 4
_STATUS = text("status", "Status")
_EFFECTS = tuple(
    signed(name, label, decimals=_EFFECT_DECIMALS, help=definition(name), helps_on_screen=True)
    for name, label in (("deployedEffect", "From deployed"), ("soldEffect", "From sold"))
)
_CHANGE_OF = {
    SOLD: SOLD_CHANGE,
    DEPLOYED: DEPLOYED_CHANGE,
    UNDEPLOYED: UNDEPLOYED_CHANGE,
    OVER_DEPLOYED: OVER_DEPLOYED_CHANGE,
    DEPLOYMENT_PERCENT: DEPLOYMENT_PERCENT_CHANGE,
}

#: The changes, and the figures of the later date.
CHANGES = Table(
    (
        CUSTOMER_NAME,
        PRODUCT,
        TITLE,
        CHANNEL,
        _STATUS,
        SOLD_CHANGE,
        DEPLOYED_CHANGE,
        UNDEPLOYED_CHANGE,
        DEPLOYMENT_PERCENT_CHANGE,
        *_EFFECTS,
        *(at("After", column, column.label) for column in (SOLD, DEPLOYED, UNDEPLOYED, DEPLOYMENT_PERCENT)),
        SERVICE,
    ),
    behind=(TENANT_ID.name,),
)
#: All columns of `changes.compare`.
CHANGES_FILE = Table(
    (
        TENANT_ID,
        SERVICE,
        CHANNEL,
        PRODUCT,
        CUSTOMER_NAME,
        _STATUS,
        *(
            of_measure
            for column, change in _CHANGE_OF.items()
            for of_measure in (
                at("Before", column, f"{column.label} before"),
                at("After", column, f"{column.label} after"),
                change,
            )
        ),
        *_EFFECTS,
    )
)


def on_screen(compared: pd.DataFrame, estimated: bool) -> OnScreen:
    """The rows of `changes.compare` as the page shows them: the changes, and the later figures."""
    words = {str(status): status.capitalize() for status in Status}
    rows = compared.assign(status=compared["status"].map(words))
    if SERVICE.name in rows:
        services = {code: titles.service_title(code) for code in rows[SERVICE.name].unique()}
        rows = without_codes(rows.assign(title=rows[SERVICE.name].map(services)), SERVICE.name)
    return CHANGES.on_screen(rows, estimated=estimated)
