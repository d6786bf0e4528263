"""Answers that were collected a week apart: percentages by service, for what looks back."""

from datetime import UTC, datetime, timedelta
from functools import partial

from data_access import open_timeline
from data_access.partner_center.catalog import DEPLOYMENT
from data_access.settings import load
from tests import lakes
from tests.lakes import fetched

FIRST = datetime(2026, 8, 1, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def rows(day, percents, sold=100):
    """Rows of one day: percent by service, in the channel reseller."""
    processed = day.isoformat()
    return [
        {
            "serviceName": service,
            "proratedDeploymentPercent": percent,
            "licensesSold": sold,
            "processedDateTime": processed,
        }
        for service, percent in percents.items()
    ]


def weeks(*percents, sold=100, every=1):
    """An answer a week, from the first of August on, or after so many weeks each."""
    days = [FIRST + number * every * WEEK for number in range(len(percents))]
    return [
        partial(fetched, DEPLOYMENT, rows(day, found, sold), day) for day, found in zip(days, percents, strict=True)
    ]


RISING = [{"o365": 50.0 + 2 * week, "crm": 40.0} for week in range(6)]


def slowly(count, every=1):
    """So many answers, in which one service of two rises by a point each time."""
    return weeks(*({"o365": 50.0 + number, "crm": 40.0} for number in range(count)), every=every)


UNDATED = [{"o365": 40.0 + week, "crm": 10.0} for week in range(4)]


def undated(percents, sold=1000):
    """An answer a week after those of `UNDATED`, in which Microsoft gives no processing dates."""
    sent = [row | {"processedDateTime": "0001-01-01T00:00:00"} for row in rows(FIRST, percents, sold)]
    return partial(fetched, DEPLOYMENT, sent, FIRST + timedelta(weeks=4))


def in_channels(week, *left_out):
    """An answer of a week: Microsoft 365 at 50 % in one channel and 90 % in the other, without those left out."""
    day = FIRST + week * WEEK
    sent = [
        *(row | {"channel": "reseller"} for row in rows(day, {"o365": 50.0 - week / 5}, 1000)),
        *(row | {"channel": "direct"} for row in rows(day, {"o365": 90.0}, 1000)),
        *(row | {"channel": "reseller"} for row in rows(day, {"crm": 20.0}, 300)),
    ]
    there = [row for row in sent if (row["serviceName"], row["channel"]) not in left_out]
    return partial(fetched, DEPLOYMENT, there, day)


GONE = [*weeks(*RISING), partial(fetched, DEPLOYMENT, rows(FIRST, {"crm": 42.0, "exo": 1.0}), FIRST + 6 * WEEK)]
EMPTY = [*weeks(*RISING), partial(fetched, DEPLOYMENT, [], FIRST + 6 * WEEK)]


def account(tmp_path):
    """Whose history is what was kept, where the sample would have a year made for it."""
    return {"HISTORY_URL": str(tmp_path), "PARTNER_CENTER_ACCESS_TOKEN": "x"}


def timeline(tmp_path, answers):
    lakes.keep(account(tmp_path), answers)
    return open_timeline(load(account(tmp_path)), None, lambda _: None)


def of_each_day(tmp_path, *answers):
    """A history of services sold a thousand times each: percentages by service, by day of November 2026."""
    kept = []
    for day, percents in answers:
        at = datetime(2026, 10, 31, tzinfo=UTC) + timedelta(days=day)
        kept.append(partial(fetched, DEPLOYMENT, rows(at, percents, 1000), at))
    return timeline(tmp_path, kept)


BACK = [
    (-6, {"o365": 60.0, "crm": 20.0}),
    (1, {"o365": 60.5}),
    *((day, {"o365": 61.1 + number, "crm": 21.1 + number}) for number, day in enumerate((8, 15, 22, 27))),
]
