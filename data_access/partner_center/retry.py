"""How long and how often a call is repeated, a 429 included.

- The service says how long (`Retry-After`, in seconds or as a date to come; else the words of a 429): exactly that, a
  day at most.
- It does not say: `RetryPolicy.first_wait` plus jitter, doubled at each attempt.
- The call ends with the error as soon as its attempts are used up, or the wait would reach the end of its time budget.

A 429 with Retry-After holds back all threads of a client for those seconds, not only the one that received it:
`session.Session` does that. Source: the Partner Center page "API throttling guidance".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from data_access.errors import Intercepted, Unavailable

_IN_WORDS = re.compile(r"Try again in (\d{1,9}) seconds?\b", re.ASCII)  # "API throttling guidance"
_LONGEST_WAIT = 24 * 3600.0  # seconds; a date far off is no advice


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long one call is tried, how many are made at a time, and when a fetch ends. In seconds."""

    tries: int = 4
    budget: float = 60  # for one call, waiting and answering included
    timeout: float = 25  # of silence
    parallel: int = 4
    first_wait: float = 0.5  # before a call is repeated where the service does not say how long
    whole: float = 1800  # for a whole collection, all its pages included

    def allows_another(self, attempt: int, wait: float, remaining: float) -> bool:
        """Whether attempt number `attempt` (from 1) may be followed by another one after `wait` seconds.

        `remaining` is what is left of the budget, in seconds.
        """
        return attempt < self.tries and wait < remaining


def can_help(error: BaseException | None) -> bool:
    """Whether another attempt may end otherwise. A refusal by something in between is a rule of the network."""
    if isinstance(error, Intercepted):
        return may_pass(error.details.status or 0)
    return isinstance(error, Unavailable)


def may_pass(status: int) -> bool:
    """Whether an HTTP status tells of a trouble that goes away by itself."""
    return status == 408 or status >= 500


def wait_before_retry(error: BaseException | None, attempt: int, first: float, jitter: float) -> float | None:
    """Seconds to wait after failed attempt number `attempt` (from 1), or None where another attempt cannot help.

    `jitter` (0-1) is the random part of the wait: up to as much again, where the service gives no Retry-After.
    """
    if not can_help(error):
        return None
    if isinstance(error, Unavailable) and error.details.retry_after is not None:
        return error.details.retry_after
    return float(first * 2 ** (attempt - 1) * (1 + jitter))


def retry_after_seconds(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for; None without a header, or with one that makes no sense.

    A date that is past is none: it may be of a clock that is behind, and asks for no try at once.
    """
    if header is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", header, re.ASCII):
        return min(float(header), _LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    seconds = float((date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else None


def seconds_in_words(description: str | None) -> float | None:
    """The seconds that the description of a 429 asks for; None where it names none."""
    named = _IN_WORDS.search(description or "")
    return min(float(named[1]), _LONGEST_WAIT) if named else None
