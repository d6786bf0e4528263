"""The chart of the Data health page: the age of each service's figures, and when the next ones are expected."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dashboard import formats
from dashboard.charts import base, rows
from dashboard.charts.base import Finished, mark, written
from dashboard.charts.palette import Palette
from dashboard.charts.rows import Column, Panel, Rows
from data_access.measures.health import Timing

_DAY = 86_400  # seconds
_TOLD = (Timing.LATE, Timing.ON_TIME)  # what has a usual age
_WORDS = {
    Timing.LATE: "late",
    Timing.ON_TIME: "on time",
    Timing.GONE: "gone",
    Timing.UNREAD: "not read",
    Timing.UNCERTAIN: "not read",
}
_ROOM = 1.05
_DOT = 11  # pixels
_NARROW_NAME = 22  # characters


def figure(table: pd.DataFrame, palette: Palette) -> Finished:
    """One dot per service at the age of its figures in days, and the band in which its next ones are expected.

    `table`: the columns of `health.services` with `title`, the first row on top. Behind the band a service is late.
    """
    usual = ((table["expectedBy"] - table["processedDateTime"]).dt.total_seconds() / _DAY).where(
        table["timing"].isin(_TOLD)
    )
    band = {
        "type": "bar",
        "orientation": "h",
        "name": "expected",
        "base": base.numbers(usual),
        "x": base.numbers(table["cadenceDays"].where(usual.notna())),
        "marker": {"color": palette.unknown},
    }
    late = [timing == Timing.LATE for timing in table["timing"]]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "name": "age",
        "x": base.numbers(table["ageDays"]),
        "marker": {"size": _DOT, "color": [palette.worse if is_late else palette.bar for is_late in late]},
    }
    most = max([1.0, *table["ageDays"], *(usual + table["cadenceDays"]).dropna()]) * _ROOM
    key = [f"<span style='color:{palette.bar}'>●</span> age", f"{mark(palette.unknown)} next figures expected"]
    if any(late):
        key.append(f"<span style='color:{palette.worse}'>●</span> late")
    panel = Panel("Days since Microsoft processed it", "   ".join(key), [band, dots], {"range": [0, most]})
    ages = [formats.number(round(age), "day") for age in table["ageDays"]]
    words = [_timing(row) for row in _rows(table)]
    titles = [*table["title"]]
    return rows.figure(
        Rows(
            names=[base.title_label(title) for title in titles],
            short=[base.title_label(title, _NARROW_NAME) for title in titles],
            keys=titles,
            hover=_hover(table),
            figures=Column([formats.day(processed) for processed in table["processedDateTime"]]),
            columns=(Column(ages, "Age"), Column(_marked(words, late, palette))),
            narrow=[f"{age}  {word}" for age, word in zip(ages, _marked(words, late, palette), strict=True)],
        ),
        [panel],
        palette,
    )


def _marked(words: list[str], late: list[bool], palette: Palette) -> list[str]:
    return [
        f"<b style='color:{palette.worse}'>{word}</b>" if is_late else word
        for word, is_late in zip(words, late, strict=True)
    ]


def in_words(table: pd.DataFrame) -> str:
    """The text alternative of the chart."""
    late = table[table["timing"] == Timing.LATE]
    ages = "; ".join(
        f"{row.title}: {formats.number(round(row.ageDays), 'day')}, {_timing(row)}" for row in _rows(table)
    )
    return (
        f"Age of the figures of {formats.number(len(table), 'service')} in days, against what is usual; {len(late)}"
        f" {formats.are(len(late))} late. {ages}."
    )


def _timing(row: Any) -> str:
    return _WORDS.get(row.timing, formats.NOTHING)


def _rows(table: pd.DataFrame) -> Any:
    return table.itertuples()


def _hover(table: pd.DataFrame) -> list[str]:
    return [
        f"<b>{written(row.title)}</b>"
        f"<br>Processed {formats.day(row.processedDateTime)}, {formats.number(round(row.ageDays), 'day')} ago"
        + (
            f"<br>Usually new every {formats.number(round(row.cadenceDays), 'day')}, and here"
            f" {formats.number(round(row.delayDays), 'day')} later"
            f"<br>Next one expected by {formats.day(row.expectedBy)}, late after {formats.day(row.lateAfter)}"
            if row.timing in _TOLD
            else f"<br>{row.timing.capitalize()}"
        )
        for row in _rows(table)
    ]
