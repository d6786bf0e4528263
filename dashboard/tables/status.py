"""The tables of the Status page: the last answer of each collection, the content of the history, and the books."""

from __future__ import annotations

import pandas as pd

from dashboard.tables import health
from dashboard.tables.columns import Column, Kind, Table, count, text
from dashboard.tables.common import COLLECTION

CALLS = Table(
    (
        COLLECTION,
        text("answer", "Answer"),
        count("rows", "Rows"),
        Column("askedAt", "Asked (UTC)", Kind.INSTANT_WITH_SECONDS, width=160),
        Column("seconds", "Took", Kind.SECONDS, decimals=2),
        text("code", "Code"),
        text("correlationId", "MS-CorrelationId"),
        text("requestId", "MS-RequestId"),
        text("advice", "Next step"),
    )
)
#: The columns that say something after a failure alone.
_OF_FAILURES = ("code", "correlationId", "requestId", "advice", "lastFailure", "failure", "status")
BOOKS = Table(
    (
        text("person", "Person"),
        count("customers", "Customers today"),
        count("notListed", "Not listed by Microsoft", help="Customers of the book whom no newest answer has."),
    )
)
BOOKS_PROBLEMS = Table((Column("line", "Line", Kind.ORDINAL), text("reason", "Why it cannot be used")))
DIGEST_MISTAKES = Table((Column("line", "Line", Kind.ORDINAL), text("reason", "What it does not find")))
_COLLECTION, *_LAST_RUN = health.BEHIND["collected"].columns
HISTORY = Table((_COLLECTION, count("snapshots", "Snapshots"), *_LAST_RUN))


def without_failures(rows: pd.DataFrame, *, failed: bool) -> pd.DataFrame:
    """The rows as they are where something `failed`, else without the columns that only matter then."""
    return rows if failed else rows.drop(columns=[name for name in _OF_FAILURES if name in rows])
