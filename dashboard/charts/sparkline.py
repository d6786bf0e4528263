"""A small line for a tile."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd

from dashboard.charts.palette import Palette

_SIZE = (176, 44)  # pixels, as browser/tiles.css draws it
_LEAST_SPAN = 0.04  # of the highest figure: less movement than that looks like little


def sparkline(dates: pd.Series, values: pd.Series, palette: Palette) -> str:
    """A small line as a `data:` address of an SVG picture; "" for fewer than two figures.

    Its scale runs from the lowest to the highest figure, and spans at least `_LEAST_SPAN` of the highest.
    """
    known = values.notna()
    dates, values = dates[known], values[known].astype("float64")
    if len(values) < 2:
        return ""
    low, high = values.min(), values.max()
    short = max(high * _LEAST_SPAN, 1e-9) - (high - low)
    if short > 0:
        low, high = low - short / 2, high + short / 2
    wide, deep = _SIZE
    across = (dates - dates.iloc[0]) / (dates.iloc[-1] - dates.iloc[0]) * (wide - 6) + 2
    down = deep - 3 - (values - low) / (high - low) * (deep - 6)
    points = " ".join(f"{x:.0f},{y:.1f}" for x, y in zip(across, down, strict=True))
    x, _, y = points.rpartition(" ")[2].partition(",")
    picture = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{wide}' height='{deep}'>"
        f"<polyline points='{points}' fill='none' stroke='{palette.deployed}' stroke-width='2'/>"
        f"<circle cx='{x}' cy='{y}' r='3' fill='{palette.deployed}'/></svg>"
    )
    return f"data:image/svg+xml,{quote(picture)}"
