"""The small line in a tile."""

from urllib.parse import unquote

import pandas as pd

from dashboard.charts.palette import DARK, LIGHT
from dashboard.charts.sparkline import sparkline

DAYS = pd.to_datetime(["2026-09-01", "2026-10-01", "2026-11-01"], utc=True)


def test_the_spark_rises_where_the_figures_do():
    picture = unquote(sparkline(pd.Series(DAYS), pd.Series([50.0, 55.0, 60.0]), DARK))
    heights = [float(pair.split(",")[1]) for pair in picture.split("points='")[1].split("'")[0].split()]
    assert heights == sorted(heights, reverse=True)
    assert DARK.deployed in picture


def test_one_figure_makes_no_spark():
    assert sparkline(pd.Series(DAYS[:1]), pd.Series([50.0]), LIGHT) == ""
