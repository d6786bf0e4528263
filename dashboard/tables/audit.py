"""The table of the Audit page, and of its file: one row for each thing that a person did."""

from __future__ import annotations

import pandas as pd

from dashboard.tables.columns import Column, Kind, OnScreen, Table, count, text

_IDS = "personId"

ENTRIES = Table(
    (
        Column("time", "When (UTC)", Kind.INSTANT_WITH_SECONDS, width=160),
        text("person", "Who"),
        text("action", "Did"),
        text("page", "Page"),
        text("filters", "Filters", help="Without the order and the page of a table; the files have the whole link."),
        text("file", "File"),
        count("rows", "Rows"),
        text("detail", "Detail"),
        text(_IDS, "Tenant and object id"),
    )
)


def on_screen(entries: pd.DataFrame) -> OnScreen:
    """The entries in the page's words; what none of them has, and ids, are in the files alone."""
    seen = entries.drop(columns=_IDS)
    return ENTRIES.on_screen(seen.mask(seen == ""))
