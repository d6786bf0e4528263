"""Of one range there is one change: *Trends* says of each service, and of all, what *Changes* says."""

import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from dashboard.filters import dates
from dashboard.filters.dates import Dates
from dashboard.filters.parameters import TrendsFilters
from dashboard.view_models.trends import trends_view
from data_access import Settings, open_timeline
from data_access.datasets import comparison
from data_access.datasets.comparison import Comparison
from data_access.measures import changes
from data_access.partner_center.catalog import DEPLOYMENT
from tests.dashboard.weeks import FIRST, timeline
from tests.lakes import fetched

pytestmark = pytest.mark.program

RANGES = [
    TrendsFilters(range="4w"),
    TrendsFilters(range="3m"),
    TrendsFilters(range="all"),
    TrendsFilters(range="3m", channel=("reseller",)),
    TrendsFilters(range="4w", dates=Dates(until=(FIRST + timedelta(days=60)).date())),
    TrendsFilters(dates=Dates((FIRST + timedelta(days=11)).date(), (FIRST + timedelta(days=44)).date())),
]
SERVICES = ("crm", "o365", "teams", "spo")


def at_random(seed):
    """Answers of some months, of services that Microsoft processes days before, each when it likes to; one is new."""
    choose = random.Random(seed)
    figures: dict[str, dict[str, Any]] = {}
    answers, at = [], FIRST
    for number in range(24):
        for service in SERVICES:
            begins = service == "spo" and number < 16
            if not begins and (service not in figures or choose.random() < 0.5):
                lag = timedelta(days=choose.randint(0, 9), hours=choose.randint(0, 20))
                last = figures.get(service, {}).get("processedDateTime", "")
                figures[service] = {
                    "serviceName": service,
                    "proratedDeploymentPercent": round(choose.uniform(10, 90), 2),
                    "licensesSold": choose.randint(50, 500),
                    "processedDateTime": max((at - lag).isoformat(), last),
                }
        answers.append(partial(fetched, DEPLOYMENT, [*figures.values()], at))
        at += timedelta(days=choose.choice([1, 3, 7]))
    return answers


def both(past, filters):
    """By service, and of all (""): percent points by *Trends* and by *Changes*; and the day that they begin with."""
    days = [*comparison.days_of(past, past.collection)]
    since, until = dates.compared(filters.dates, days, filters.range, comparison.common_days(past))
    asked = Comparison("service", since, until)
    table = comparison.compare(past, pytest.fail, asked, filters.selection).table
    moved = (table["deploymentPercentAfter"] - table["deploymentPercentBefore"]).set_axis(table["service"])
    found = trends_view(past, filters, False)
    by_trends = {line.key: line.change for line in (found.whole, *found.lines)}
    by_changes = {"": changes.why(table).change, **moved.dropna()}
    return by_trends, by_changes, since


def same(past, filters):
    by_trends, by_changes, since = both(past, filters)
    assert {key for key, change in by_trends.items() if change} <= {*by_changes}
    for key, expected in by_changes.items():
        change = by_trends.get(key)
        if change is None:  # what was not processed in the range has no line, and has not moved
            assert expected == 0
            continue
        assert change.percent == pytest.approx(expected, abs=1e-6)
        assert change.since.date() == since


@pytest.fixture(scope="module", params=range(4))
def past(request, tmp_path_factory):
    return timeline(tmp_path_factory.mktemp("past"), at_random(request.param))


@pytest.mark.parametrize("filters", RANGES, ids=str)
def test_trends_says_of_each_service_and_of_all_what_changes_says(past, filters):
    same(past, filters)


@pytest.fixture(scope="module")
def sample():
    return open_timeline(Settings(), None, lambda _: None)  # the year that is made once for all tests


@pytest.mark.parametrize("filters", RANGES[:3], ids=str)
def test_and_so_it_is_in_the_sample(sample, filters):
    same(sample, filters)
