"""When and how often a call is repeated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from data_access.errors import (
    Unavailable,
)

FIRST_WAIT = 0.5  # seconds, before a call is repeated where the service does not say how long
_LONGEST_WAIT = 24 * 3600.0  # seconds; a date far off is no advice


def wait_before_retry(error: BaseException | None, attempt: int, jitter: float) -> float | None:
    """Seconds to wait after failed attempt number `attempt` (from 1), or None where asking again is of no use.

    The service's own Retry-After goes first; else `FIRST_WAIT`, doubled each time, plus up to as much again (`jitter`,
    0-1).
    """
    if not isinstance(error, Unavailable):
        return None
    if error.facts.retry_after is not None:
        return error.facts.retry_after
    return float(FIRST_WAIT * 2 ** (attempt - 1) * (1 + jitter))


def retry_after_seconds(retry_after: str | None) -> float | None:
    """Retry-After comes as seconds or as a date."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", retry_after, re.ASCII):
        return min(float(retry_after), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    seconds = float((at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return min(max(0.0, seconds), _LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a call that gets no usable answer is tried, and how many are made at a time. Times in seconds."""

    tries: int = 4
    budget: float = 60  # for one call, waiting and answering included
    timeout: float = 25  # of silence
    parallel: int = 4
