"""What is different between two dates: new, gone, changed; and why the percentage moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_access import texts
from data_access.measures import core, customers
from data_access.measures.unread_rows import Absence

#: The levels at which two dates are compared, each with the columns that tell its rows apart.
LEVELS = {
    "service": ["service"],
    "customer": [customers.CUSTOMER],
    "product": [*customers.PRODUCT],
    "customer and product": [customers.CUSTOMER, *customers.PRODUCT],
}
_COMPARED = ("licensesSold", "licensesDeployed", "undeployed", "overDeployed", "deploymentPercent")
_COUNTED = _COMPARED[:-1]
_BITS = 52  # of a number of double precision, beside the first

Numbers = npt.NDArray[np.float64]


class Status(StrEnum):
    """What became of a row. A row without licenses sold or deployed counts as absent."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    SAME = "same"
    UNREAD = "unread"  # the later answer does not tell what it is, or not all of it; see `but_unread`

    @property
    def word(self) -> str:
        """What a page calls it."""
        return Absence.UNREAD.value if self is Status.UNREAD else self.value


@dataclass(frozen=True, slots=True)
class Why:
    """How the percentage moved, in percent points: after − before = change = deployed + sold, exactly.

    `deployed` is the part that comes from licenses deployed, `sold` the part that comes from licenses sold. Where
    nothing was sold on one of the dates, its percentage and all that compares are None.
    """

    before: float | None
    after: float | None
    change: float | None
    deployed: float | None
    sold: float | None


def compare(before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str], labels: Sequence[str] = ()) -> pd.DataFrame:
    """One row per value of `keys` that was there on either date, in their order.

    `before`, `after`: tables of `measures.grouped` by `keys`, with its `labels`. Columns: the keys, the labels (as they
    are after, or were), status (`Status`), then three columns, `…Before`, `…After` and `…Change`, for each of
    licensesSold (int64), licensesDeployed, undeployed, overDeployed (float64, 0 where absent) and deploymentPercent
    (float64, NaN where there is none); deployedEffect and soldEffect (float64, percent points, NaN where nothing was
    sold on one of the dates): the row's share in the change of the percentage of all rows together, see `Effects`.
    """
    before, after = alike(before, after, keys)
    table = before.merge(after, on=list(keys), how="outer", suffixes=("Before", "After"))
    table = table.sort_values(list(keys), ignore_index=True, na_position="last")
    for name in labels:
        table[name] = table[f"{name}After"].fillna(table[f"{name}Before"])
    for name in _COUNTED:
        both = [f"{name}Before", f"{name}After"]
        table[both] = table[both].fillna(0).astype("int64" if name == "licensesSold" else "float64")
    for name in _COMPARED:
        table[f"{name}Change"] = table[f"{name}After"] - table[f"{name}Before"]
    table["status"] = _status(table)
    figures = [f"{name}{when}" for name in _COMPARED for when in ("Before", "After", "Change")]
    return among(table[[*keys, *labels, "status", *figures]])


def is_there(table: pd.DataFrame, when: str = "") -> pd.Series:
    """Which rows of `compare` have licenses `Before` or `After`; without `when`, which of a table of measures have."""
    return (table[f"licensesSold{when}"] > 0) | (table[f"licensesDeployed{when}"] > 0)


def but_unread(table: pd.DataFrame, is_unread: pd.Series) -> pd.DataFrame:
    """The rows of `compare`, those that the later answer does not tell, or not all of them, marked as `Status.UNREAD`.

    Nothing is known of what became of them: their changes and effects are NaN, and so are their figures after where
    there are none. Effects of the others are shares in the change of these alone.
    """
    if not is_unread.any():
        return table
    is_nothing = is_unread & ~is_there(table, "After")
    blank = {f"{name}After": is_nothing for name in _COMPARED} | {f"{name}Change": is_unread for name in _COMPARED}
    table = table.assign(status=table["status"].mask(is_unread, str(Status.UNREAD)))
    for name, where in blank.items():
        table[name] = table[name].astype("float64").mask(where)
    return among(table)


def with_nothing_before(table: pd.DataFrame, further: pd.DataFrame) -> pd.DataFrame:
    """The rows of `compare`, and `further` ones of its keys that have no figures on either date: for `but_unread`."""
    counted = {f"{name}{when}": 0 for name in _COUNTED for when in ("Before", "After", "Change")}
    of_nothing = further.assign(status=str(Status.SAME), **counted)
    dtypes = {name: table[name].dtype for name in counted}
    return pd.concat([table, of_nothing.astype(dtypes)], ignore_index=True)


def known(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of which both dates are known, and which can be compared."""
    return table[table["status"] != Status.UNREAD]


def among(table: pd.DataFrame) -> pd.DataFrame:
    """Some of the rows of `compare`, with deployedEffect and soldEffect as shares in the change of theirs alone."""
    compared = known(table)
    shares = Effects.of(compared)
    deployed, sold = (
        pd.Series(effects, compared.index, dtype="float64").reindex(table.index)
        for effects in ((shares.deployed, shares.sold) if shares else (np.nan, np.nan))
    )
    return table.assign(deployedEffect=deployed, soldEffect=sold)


def why(table: pd.DataFrame) -> Why:
    """Why the percentage of all `known` rows of `compare` together moved; for some of them, add up their effects."""
    table = known(table)
    effects = Effects.of(table)
    if effects is None:
        return Why(_percent(table, "Before"), _percent(table, "After"), None, None, None)
    deployed, sold = float(effects.deployed.sum()), float(effects.sold.sum())
    return Why(effects.before, effects.after, deployed + sold, deployed, sold)


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """For each row its share in the change of the percentage of all rows, from deployed and from sold.

    With D deployed and S sold of all rows together, and d and s of one row,

        deployed effect = Δd × (1/S before + 1/S after) ÷ 2
        sold effect     = Δs × −(D before + D after) ÷ (2 × S before × S after)

    which is what Shapley's rule gives: each cause is counted before and after the other, and the mean is taken. Both
    follow Δd and Δs, so rows add up to groups and groups to the whole.

    All are percent points, rounded to a power of two: fine enough to be invisible, and coarse enough for every sum of
    them to be exact, in any order. What rounding leaves over goes to the largest share.
    """

    before: float  # the percentage of all rows
    after: float
    deployed: Numbers
    sold: Numbers

    @classmethod
    def of(cls, table: pd.DataFrame) -> Effects | None:
        """From the columns of `compare`; None where nothing was sold on one of the dates."""
        sold, deployed = (
            [table[f"{name}{when}"].to_numpy("float64") for when in ("Before", "After")]
            for name in ("licensesSold", "licensesDeployed")
        )
        (s_0, s_1), (d_0, d_1) = ([float(column.sum()) for column in both] for both in (sold, deployed))
        if not (s_0 and s_1):
            return None
        by_deployed = (deployed[1] - deployed[0]) * (50 / s_0 + 50 / s_1)
        by_sold = (sold[1] - sold[0]) * (-50 * (d_0 + d_1) / s_0 / s_1)
        shares, percents = np.concatenate([by_deployed, by_sold]), np.array([d_0 * 100 / s_0, d_1 * 100 / s_1])
        _, exponent = np.frexp(np.abs(shares).sum() + percents.sum())
        step = np.ldexp(1.0, int(exponent) - _BITS)
        shares, percents = (np.rint(numbers / step) * step + 0.0 for numbers in (shares, percents))
        shares[np.argmax(np.abs(shares))] += percents[1] - percents[0] - shares.sum()
        return cls(float(percents[0]), float(percents[1]), shares[: len(table)], shares[len(table) :])


def alike(before: pd.DataFrame, after: pd.DataFrame, keys: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with one spelling of those `keys` that are spelled in more than one way."""
    for name, spelling in core.IDENTITIES.items():
        if name in keys:
            was, is_now = texts.alike(before[name], after[name], spelling=spelling)
            before, after = before.assign(**{name: was.astype("str")}), after.assign(**{name: is_now.astype("str")})
    return before, after


def _status(table: pd.DataFrame) -> pd.Series:
    was, is_now = (is_there(table, when) for when in ("Before", "After"))
    moved = (table["licensesSoldChange"] != 0) | (table["licensesDeployedChange"] != 0)
    status = np.select([~was & is_now, was & ~is_now, moved], [Status.NEW, Status.GONE, Status.CHANGED], Status.SAME)
    return pd.Series(status, index=table.index, dtype="str")


def _percent(table: pd.DataFrame, when: str) -> float | None:
    sold = float(table[f"licensesSold{when}"].sum())
    return float(table[f"licensesDeployed{when}"].sum()) * 100 / sold if sold else None
