"""The tables and files of the Data health page: services by age, the checks, and the rows behind each check."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from dashboard.tables.columns import Kind, OnScreen, Table, count, days, instant, percent, signed, text
from dashboard.tables.common import (
    AS_OF,
    CHANNEL,
    COLLECTION,
    CUSTOMER_NAME,
    DEPLOYED,
    FETCHED_AT,
    MEASURED,
    PRODUCT,
    SERVICE,
    SOLD,
    TENANT_ID,
    TITLE,
)
from data_access import titles
from data_access.partner_center.catalog import COLLECTIONS


def date_in(collection: str) -> str:
    """The name of the column with a service's processing date in another collection than the pages' own."""
    return f"{collection} {AS_OF.name}"


_SERVICE = text(SERVICE.name, TITLE.label, told=titles.service_title)
_NAMES = (CUSTOMER_NAME, PRODUCT)
_OTHER_DATES = tuple(instant(date_in(name), f"{collection.title} (UTC)") for name, collection in COLLECTIONS.items())
_AGE = days("ageDays", "Days old", decimals=0)
_DATES = count("dates", "Dates known")
_CADENCE = days("cadenceDays", "Usually every … days", decimals=0)
_DELAY = days("delayDays", "Seen … days later")
_EXPECTED = instant("expectedBy", "Next one by (UTC)")
_LATE_AFTER = instant("lateAfter", "Late after (UTC)")
_TIMING = text("timing", "Timing")

#: What a reader asks of a service's age, in days; the file has all that is known.
SERVICES = Table(
    (
        TITLE,
        _TIMING,
        *(
            column if column.kind is not Kind.INSTANT else replace(column, kind=Kind.DAY)
            for column in (AS_OF, _AGE, _CADENCE, _EXPECTED, _LATE_AFTER)
        ),
    )
)
SERVICES_FILE = Table((SERVICE, AS_OF, _AGE, _DATES, _CADENCE, _DELAY, _EXPECTED, _LATE_AFTER, _TIMING, *_OTHER_DATES))
CHECKS_FILE = Table(
    (
        text("check", "Check"),
        text("question", "Question"),
        text("result", "Result"),
        text("finding", "Finding"),
        text("advice", "What to do"),
    )
)
#: The tables of the rows behind each check, by its key, for the page and for the file.
BEHIND = {
    "late": Table((COLLECTION, _SERVICE, AS_OF, _AGE, _DATES, _CADENCE, _DELAY, _EXPECTED, _LATE_AFTER, _TIMING)),
    "collected": Table(
        (
            COLLECTION,
            instant("lastRead", "Last read (UTC)"),
            text("state", "Now"),
            instant("lastFailure", "Failed last (UTC)"),
            text("failure", "Why"),
            text("status", "Status"),
            text("code", "Code"),
            text("requestId", "MS-RequestId"),
            text("correlationId", "MS-CorrelationId"),
        )
    ),
    "read": Table(
        (
            COLLECTION,
            FETCHED_AT,
            count("announced", "Announced"),
            count("rows", "Rows read"),
            count("setAside", "Set aside"),
            count("missing", "Missing"),
            text("complete", "Complete", told={"True": "yes", "False": "no"}.__getitem__),
            text("reason", "Reason"),
        )
    ),
    "customers": Table((CUSTOMER_NAME,)),
    "lost": Table(
        (
            COLLECTION,
            instant("since", "Before, fetched (UTC)"),
            count("customersBefore", "Customers before"),
            count("customersAfter", "Customers now"),
            count("licensesBefore", "Licenses before"),
            count("licensesAfter", "Licenses now"),
            count("rowsBefore", "Rows before"),
            count("rowsAfter", "Rows now"),
        )
    ),
    "absent": Table((TENANT_ID, CUSTOMER_NAME, SOLD, DEPLOYED, AS_OF)),
    "over": Table((TENANT_ID, _SERVICE, CHANNEL, PRODUCT, CUSTOMER_NAME, *MEASURED)),
    "fit": Table(
        (
            _SERVICE,
            CHANNEL,
            percent("deploymentPercentSent", "% sent", as_sent=True),
            percent("deploymentPercentCounted", "% counted"),
            signed("difference", "Points apart", decimals=3),
            count("licensesSoldSent", "Sold, with %"),
            count("licensesSoldCounted", "Sold, with counts"),
            instant("processedDateTimeSent", "% as of (UTC)"),
            instant("processedDateTimeCounted", "Counts as of (UTC)"),
        )
    ),
    "files": Table((text("notice", "Left out"),)),
}


def on_screen(check: str, rows: pd.DataFrame) -> OnScreen:
    """The rows behind a check, names first; a customer's id stands there only in place of a name that is missing."""
    if TENANT_ID.name in rows:
        names = rows[CUSTOMER_NAME.name].fillna(rows[TENANT_ID.name])
        rows = rows.assign(**{CUSTOMER_NAME.name: names}).drop(columns=TENANT_ID.name)
    columns = BEHIND[check].columns
    first = [column for column in _NAMES if column in columns]
    return Table((*first, *(column for column in columns if column not in first))).on_screen(rows)
