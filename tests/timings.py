"""Services, each on time, late or unknown, as `health.services` gives them."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from data_access.measures.health import Timing

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def services(**timings):
    """The table, with titles; all of them are ten days old."""
    rows = [
        (code, NOW - 10 * DAY, 10.0, 5, 7.0, 1.0, NOW - 2 * DAY, NOW + 5 * DAY, timing)
        if timing is not Timing.UNKNOWN
        else (code, NOW - 10 * DAY, 10.0, 2, None, None, None, None, timing)
        for code, timing in timings.items()
    ]
    instants = ("processedDateTime", "expectedBy", "lateAfter")
    names = ["service", "processedDateTime", "ageDays", "dates", "cadenceDays", "delayDays", *instants[1:], "timing"]
    table = pd.DataFrame(rows, columns=names)
    for name in instants:
        table[name] = pd.to_datetime(table[name], utc=True)
    return table.assign(title=table["service"])
