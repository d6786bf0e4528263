"""Names of products over time: a product keeps its id when Microsoft renames it, and is called by its newest name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pandas as pd

from data_access import texts
from data_access.measures.free_products import PRODUCT
from data_access.measures.unread_rows import UnreadRows

_NAME, _ANSWER = "productName", "snapshot"


def as_in(now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """The rows of `then`, with the names that their products have in `now`.

    A product without an id, or whose id is not there now, keeps its name. So does one whose id has several names in one
    answer: such an id does not tell products apart.
    """
    if not {PRODUCT, _NAME} <= {*now} & {*then}:
        return then
    names, old = _names(now), _names(then)
    several = {*names.loc[names.duplicated(PRODUCT), PRODUCT], *old.loc[old.duplicated([PRODUCT, _ANSWER]), PRODUCT]}
    called = {
        product: name for product, name in zip(names[PRODUCT], names[_NAME], strict=True) if product not in several
    }
    distinct = then[[PRODUCT, _NAME]].dropna().drop_duplicates().astype("str")
    new = {
        (product, name): called[product]
        for product, name in zip(distinct[PRODUCT], distinct[_NAME], strict=True)
        if product in called and name != called[product]
    }
    if not new:
        return then
    pairs = zip(then[PRODUCT].astype("str"), then[_NAME].astype("str"), strict=True)
    renamed = pd.Series([new.get(pair, pair[1]) for pair in pairs], index=then.index, dtype="str")
    return then.assign(**{_NAME: renamed})


def as_lately(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of several answers (`snapshot`), each product by the name that it has in the newest answer with it."""
    if not {PRODUCT, _NAME, _ANSWER} <= {*rows}:
        return rows
    if rows[[PRODUCT, _NAME]].drop_duplicates()[PRODUCT].is_unique:
        return rows  # each has one name, as nearly always
    answers = rows[_ANSWER].astype("str")
    newest = answers.groupby(rows[PRODUCT].astype("str")).transform("max")
    return as_in(rows[answers == newest], rows)


def of_unread(unread: UnreadRows, then: pd.DataFrame) -> UnreadRows:
    """What could not be read, each row by the name that its product has in `then`: it may be the one with a new name.

    As in `as_in`, an id with several names does not tell products apart.
    """
    if not unread.rows or not {PRODUCT, _NAME} <= {*then}:
        return unread
    known = then[[PRODUCT, _NAME]].dropna().drop_duplicates().astype("str")
    names: defaultdict[str, set[str]] = defaultdict(set)
    for product, name in zip(texts.keys(known[PRODUCT]), texts.keys(known[_NAME]), strict=True):
        names[product].add(name)
    called = {product: {_NAME: name} for product, (name, *more) in names.items() if not more}
    return replace(unread, rows=tuple({**row, **called.get(row.get(PRODUCT, ""), {})} for row in unread.rows))


def _names(rows: pd.DataFrame) -> pd.DataFrame:
    """The ids and names in each answer, one spelling of each."""
    named = rows.assign(**{_ANSWER: ""} if _ANSWER not in rows else {})[[PRODUCT, _NAME, _ANSWER]]
    named = named.dropna().drop_duplicates().astype("str")
    return named[~named.assign(**{_NAME: texts.keys(named[_NAME])}).duplicated()]
