"""Tables as CSV: exact for machines, disarmed for Excel."""

from __future__ import annotations

import csv

import pandas as pd

from data_access import frames

_BOM = "\ufeff"  # without it Excel takes UTF-8 for the machine's own code page
#: What makes a spreadsheet take a text for a formula (CWE-1236; OWASP ASVS 1.2.10), full-width forms included.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def exact(table: pd.DataFrame) -> str:
    """CSV that a program reads back unchanged: raw numbers, instants in ISO 8601 UTC, empty where there is no value."""
    text = frames.as_text(table)
    # The csv module leaves a lone carriage return unquoted, and readers take it for the end of the row.
    returns = any(
        "\r" in str(name) or (_is_text(column) and column.str.contains("\r", regex=False).any())
        for name, column in text.items()
    )
    return text.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL)


def excel(table: pd.DataFrame) -> bytes:
    """CSV that opens in Excel with accents right and no formula executed.

    Text that Excel would run is preceded by an apostrophe, in headers and cells; numbers are left alone.
    """
    text = frames.as_text(table)
    disarmed = text.copy()
    for name, column in text.items():
        if _is_text(column):
            disarmed[name] = column.map(_disarmed, na_action="ignore")
    disarmed.columns = pd.Index([_disarmed(str(name)) for name in text.columns])
    return (_BOM + disarmed.to_csv(index=False, lineterminator="\r\n")).encode("utf-8")


def _is_text(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.StringDtype)


def _disarmed(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text
