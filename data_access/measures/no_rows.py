"""Answers without rows: what Microsoft does not send any more is not gone, and its last figures stay to be told."""

from __future__ import annotations

from datetime import date

from data_access import formats


def said(since: date | None, last: date | None = None, sold: int = 0, percent: float | None = None) -> str:
    """Since when answers have no rows; and of when the last figures are, and what they are, where there were any."""
    words = f"Microsoft's answers have no rows since {formats.day(since)}."
    if last is None:
        return words
    figures = f"{formats.number(sold, 'license')} sold, {formats.percent(percent, as_sent=False)} of them deployed"
    return f"{words} The last figures are of {formats.day(last)}: {figures}."
