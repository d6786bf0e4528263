"""Answers without rows: what Microsoft does not send any more is not gone, and its last figures stay to be told."""

from __future__ import annotations

from datetime import date

from data_access import formats
from data_access.measures.core import Total


def said(since: date | None, last: date | None = None, total: Total | None = None) -> str:
    """Since when answers have no rows; and of when the last figures are, and what they are, where there were any."""
    words = f"Microsoft's answers have no rows since {formats.day(since)}."
    if last is None or total is None:
        return words
    percent = formats.percent(total.percent, as_sent=False)
    figures = f"{formats.number(total.sold, 'license')} sold, {percent} of them deployed"
    return f"{words} The last figures are of {formats.day(last)}: {figures}."
