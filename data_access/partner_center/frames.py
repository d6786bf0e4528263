"""From rows to DataFrames: column order, dtypes, and the text form of values. Each is defined here alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from data_access import texts
from data_access.partner_center.catalog import Collection

#: How rows are made of an answer; one more whenever the same bytes give other rows. In the first one, a code that came
#: in several spellings was written in small letters. In the second one, a row on two pages counted as often as on the
#: earlier one. In the third one, live rows had no `attributes`, and some of their fields kept strange capitals. In the
#: fourth one, a live row's date in the year 1 was a date, and one with a space within set its row aside.
READING = 5
INSTANT = "datetime64[us, UTC]"
_COUNT = "int64"
_PERCENT = "float64"
_UNITS = "Int64"  # with missing ones: a customer's call may leave out any of them
_FLAG = "boolean"

#: Every column that is not text. Percents are percent points, 0-100 and beyond, as Microsoft sends them.
DTYPES = {
    "licensesSold": _COUNT,
    "licensesDeployed": _COUNT,
    "licensesActive": _COUNT,
    "licensesQualified": _COUNT,
    "proratedDeploymentPercent": _PERCENT,
    "proratedLicensesUsagePercent": _PERCENT,
    "deploymentPercent": _PERCENT,
    "usagePercent": _PERCENT,
    "processedDateTime": INSTANT,
    **dict.fromkeys(
        ("quantity", "activeUnits", "consumedUnits", "availableUnits", "warningUnits", "suspendedUnits", "totalUnits"),
        _UNITS,
    ),
    **dict.fromkeys(("isTrial", "autoRenewEnabled"), _FLAG),
}

#: Documented fields of the analytics' rows that are about the JSON, not about licenses.
_NOT_DATA = frozenset({"attributes"})


def frame(collection: Collection, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Readable rows of one collection as a DataFrame with stable columns and dtypes.

    Known columns first, in the collection's order, whether or not a row has them: counts `int64`, percents `float64`
    (NaN where none was sent), instants `datetime64[us, UTC]` (NaT likewise), units `Int64` and flags `boolean` (NA
    likewise), everything else `str`. Unknown fields follow in order of appearance, as text; those of a live collection
    with `attributes`, which hold more than the kind of the object there.
    """
    columns = {name: pd.Series(_values(rows, name), dtype=_dtype(name)) for name in collection.columns}
    left_out = frozenset[str]() if collection.live else _NOT_DATA
    known = left_out.union(columns)
    for name in dict.fromkeys(name for row in rows if not row.keys() <= known for name in row if name not in known):
        if texts.key(name) not in left_out:
            columns[str(texts.written(name))] = pd.Series([texts.written(row.get(name)) for row in rows], dtype="str")
    return pd.DataFrame(columns)


def joined(collection: Collection, pages: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The pages of one collection, each made by `frame`, as one table."""
    columns = list(dict.fromkeys(name for page in pages for name in page.columns))
    text = dict.fromkeys(set(columns).difference(collection.columns), "str")
    return pd.concat(
        [page if len(page.columns) == len(columns) else page.reindex(columns=columns).astype(text) for page in pages],
        ignore_index=True,
    )


def once(collection: Collection, pages: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, int]:
    """The pages as one table, without the rows that came on an earlier page already; and how many these were.

    A service that divides its rows anew for each page may send one row on two pages. Equal rows within one page are two
    rows: one answer has them both. So of equal rows there are as many as the most on any one page.
    """
    table = joined(collection, pages)
    if len(pages) == 1:
        return table, 0
    # Much faster than comparing rows. The known columns are those that every page has.
    hashes = np.concatenate([pd.util.hash_pandas_object(rows[collection.columns], index=False) for rows in pages])
    in_order = np.sort(hashes)
    several = in_order[1:][in_order[1:] == in_order[:-1]]
    if not len(several):
        return table, 0
    alike = np.isin(hashes, several)
    rows = pd.DataFrame(
        {
            "same": table[alike].groupby(list(table.columns), dropna=False, sort=False).ngroup(),
            "page": np.repeat(np.arange(len(pages)), [len(rows) for rows in pages])[alike],
        }
    )
    rows["number"] = rows.groupby(["same", "page"]).cumcount()  # on its page, among those that are the same
    again = rows.duplicated(["same", "number"])
    return table.drop(index=list(again.index[again])).reset_index(drop=True), int(again.sum())


def of_customer(table: pd.DataFrame, customer: str) -> pd.DataFrame:
    """The rows of a collection per customer with `customerTenantId` as first column, which Microsoft does not send."""
    table = table.rename(columns={"customerTenantId": "customerTenantId (as sent)"})
    table.insert(0, "customerTenantId", pd.Series([customer.upper()] * len(table), dtype="str"))
    return table


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name) for row in rows]


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with text in place of categories."""
    categories = [name for name, dtype in table.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)]
    return table.assign(**{str(name): table[name].astype("str") for name in categories}) if categories else table


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with instants as ISO 8601 UTC text, for files and for the command line."""
    instants = [name for name in table.columns if isinstance(table[name].dtype, pd.DatetimeTZDtype)]
    return table.assign(**{name: iso(table[name]) for name in instants})


def iso(instants: pd.Series) -> pd.Series:
    """Instants as ISO 8601 UTC text (`2017-03-14T03:25:16.36Z`), missing ones as missing."""
    precise: pd.Series = instants.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S.%f").astype("str")
    short: pd.Series = precise.str.rstrip("0").str.rstrip(".") + "Z"
    return short


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain Python values for JSON; None where there is no value."""
    plain = as_text(table).astype(object)
    return [
        {str(name): value for name, value in row.items()} for row in plain.where(plain.notna(), None).to_dict("records")
    ]


def dtypes(collection: Collection, names: Iterable[str]) -> dict[str, str]:
    """The dtype of each of these columns of a frame of the collection: what it does not know is text."""
    known = frozenset(collection.columns)
    return {name: _dtype(name) if name in known else "str" for name in names}


def _dtype(name: str) -> str:
    return DTYPES.get(name, "str")
