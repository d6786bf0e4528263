"""What charts of lines are tried with: three dates, and points on them."""

import json

import pandas as pd

from dashboard.charts.lines import Shown

PERCENT = Shown("deploymentPercent", "Deployment %", is_percent=True)
SOLD = Shown("licensesSold", "Licenses sold", is_percent=False)
DAYS = pd.to_datetime(["2026-09-01", "2026-10-01", "2026-11-01"], utc=True)
SPAN = (DAYS[0], DAYS[-1])


def points(percents, sold=(100, 100, 100), days=DAYS):
    figures = {"deploymentPercent": percents, "licensesSold": sold, "without": ""}
    return pd.DataFrame({"asOf": days, "processedDateTime": days, **figures})


def drawn(figure):
    """The figure as the browser gets it."""
    return json.loads(figure.to_json())
