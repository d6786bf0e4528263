"""The table of the Audit page, and of its file: one row for each thing that somebody did."""

from __future__ import annotations

from dashboard.tables.columns import Column, Kind, Table, count, text

ENTRIES = Table(
    (
        Column("time", "When (UTC)", Kind.INSTANT_WITH_SECONDS, width=160),
        text("person", "Who"),
        text("action", "Did"),
        text("page", "Page"),
        text("filters", "Filters"),
        text("file", "File"),
        count("rows", "Rows"),
        text("detail", "Detail"),
        text("personId", "Tenant and object id"),
    )
)
