"""The table of rows that could not be read, for every page."""

from __future__ import annotations

from dashboard.tables.columns import Column, Kind, Table, text

SET_ASIDE = Table((Column("position", "Row", Kind.ORDINAL), text("reason", "Reason")))
