"""Two dates of the history side by side, ready to show; each view worked out once for all who look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa

from dashboard import formats, tables
from dashboard.cache import remembered
from dashboard.charts import base, contributions, palette
from dashboard.feeds import Feeds
from data_access import Selection, Timeline, titles
from data_access.datasets import comparison
from data_access.datasets.comparison import Asked, Differences
from data_access.measures import changes, customers
from data_access.measures.changes import Status, Why

#: With ten thousand customers and all their products, one of these is a hundred megabytes.
_remembered = partial(remembered, results=8)
_TITLE_LENGTH, _CUSTOMER_LENGTH, _PRODUCT_LENGTH, _CHANNEL_LENGTH = 30, 14, 22, 12  # characters, in the margin
_SEARCHED = ("customerName", customers.CUSTOMER, "productName")


@dataclass(frozen=True, slots=True)
class Moved:
    """One measure at both dates."""

    before: float
    after: float


@dataclass(frozen=True, eq=False)
class Picture:
    """What the page of changes shows. `number` counts all rows within the search, whatever became of them."""

    why: Why
    sums: Mapping[str, Moved]  # licensesSold, licensesDeployed, undeployed
    counts: Mapping[str, int]  # how many rows there are of each status
    number: int
    up: tuple[str, float]  # title and percent points of the row that lifted the percentage most; 0.0 where none did
    down: tuple[str, float]
    estimated: bool
    figure: go.Figure
    words: str
    table: pd.DataFrame  # every row with every column, those first that moved the percentage most

    def rows(self, statuses: tuple[str, ...]) -> pd.DataFrame:
        """The rows to which one of these things happened, as files hold them: columns of `changes.compare`, `named`."""
        return tables.named(self.table[self.table["status"].isin(statuses)], self.estimated)


@dataclass(frozen=True, eq=False)
class Listed:
    """The table below the chart."""

    rows: pa.Table
    columns: dict[str, Any]
    statuses: tuple[str, ...]


@_remembered
def picture(feeds: Feeds, past: Timeline, asked: Asked, selection: Selection, *, search: str, dark: bool) -> Picture:
    """Both dates at one level; `search` is for levels that can be searched.

    Raises one of the family in `errors` where the history's files cannot be read.
    """
    compared = _compared(feeds, past, asked, selection)
    table, estimated = compared.table, compared.estimated
    searched = [name for name in _SEARCHED if name in table]
    if search and searched:
        table = changes.among(customers.matching(table, search, searched))
    table = contributions.in_order(table)
    net = table["deployedEffect"] + table["soldEffect"]
    drawn = contributions.bars(table, _titled(table.head(base.MOST_BARS)))
    return Picture(
        changes.why(table),
        {
            name: Moved(float(table[f"{name}Before"].sum()), float(table[f"{name}After"].sum()))
            for name in ("licensesSold", "licensesDeployed", "undeployed")
        },
        {status: int((table["status"] == status).sum()) for status in Status},
        len(table),
        _first(table, net, net > 0),
        _first(table, net, net < 0),
        estimated,
        contributions.figure(drawn, estimated, palette.of(dark)),
        contributions.in_words(drawn, f"{asked.level}s"),
        table,
    )


@_remembered
def listed(shown: Picture, statuses: tuple[str, ...]) -> Listed:
    """The rows of a picture to which one of these things happened."""
    rows = tables.compared(shown.rows(statuses))
    return Listed(
        pa.Table.from_pandas(rows, preserve_index=False), tables.columns(rows, estimated=shown.estimated), statuses
    )


@_remembered
def _compared(feeds: Feeds, past: Timeline, asked: Asked, selection: Selection) -> Differences:
    return comparison.compare(past, lambda: feeds.engine(past), asked, selection)


def _titled(table: pd.DataFrame) -> pd.DataFrame:
    """With what each row is called, the same in short, and the key that a click on it gives."""
    parts: list[tuple[pd.Series, int]] = []
    if customers.CUSTOMER in table:
        parts.append((table["customerName"].fillna(table[customers.CUSTOMER]), _CUSTOMER_LENGTH))
    if "productName" in table:
        parts.append((table["productName"].fillna("(no name)"), _PRODUCT_LENGTH))
        if len(parts) == 1:
            parts.append((table["channel"].map(titles.channel_title).str.lower(), _CHANNEL_LENGTH))
    if not parts:
        parts.append((table["service"].map(titles.service_title), _TITLE_LENGTH))
    elif len(parts) == 1:
        parts = [(parts[0][0], _TITLE_LENGTH)]
    whole = [text for text, _ in parts]
    short = [text.map(lambda one, length=length: formats.shortened(one, length)) for text, length in parts]
    key = table[customers.CUSTOMER if customers.CUSTOMER in table else "service"]
    return table.assign(key=key, title=_joined(whole), label=_joined(short))


def _joined(parts: list[pd.Series]) -> pd.Series:
    return pd.Series([" · ".join(row) for row in zip(*parts, strict=True)], index=parts[0].index, dtype="str")


def _first(table: pd.DataFrame, net: pd.Series, wanted: pd.Series) -> tuple[str, float]:
    """What the first of the wanted rows is called, and what it did."""
    if not wanted.any():
        return "", 0.0
    place = int(wanted.to_numpy().argmax())
    return str(_titled(table.iloc[[place]])["title"].iloc[0]), float(net.iloc[place])
