"""What options of several commands take: a date, and a customer by tenant id."""

from __future__ import annotations

import argparse
import uuid
from datetime import date


def day(text: str) -> date:
    """A date, for `type` of an option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("takes a date such as 2026-10-14") from None


def tenant(text: str) -> str:
    """A tenant id in its usual form, likewise."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise argparse.ArgumentTypeError("takes a tenant id such as 0112a436-b14e-4888-967b-ca4bb2cf1234") from None
