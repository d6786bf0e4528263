"""Which subscriptions need a word now: their last day to act is near, and something can still be decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import pandas as pd

from data_access.measures import outcomes, renewals, spare
from data_access.mutes import Spare

#: How far ahead a last day to act is in reach, in days.
DAYS = 30


def last_day(now: datetime) -> date:
    """The last of the days in reach, see `renewals.last_day`."""
    return renewals.last_day(now, DAYS)


def needs_a_word(table: pd.DataFrame, now: datetime, spares: Sequence[Spare] = ()) -> pd.Series:
    """Marks the rows of `renewals.at` that need a word.

    One that renews by itself and whose seats are all assigned needs none, nor does one whose spare seats are allowed.
    One of no product that can be matched needs one: of its seats nothing is known.
    """
    is_near = renewals.is_near(table["actBy"], now, DAYS)
    is_unused = (table["seatsAtRisk"] > spare.allowed(spares, table)).fillna(True).astype(bool)
    return renewals.counted(table) & is_near & (is_unused | (table["renewalOutcome"] != outcomes.RENEWS))
