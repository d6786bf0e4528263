"""`collect`: all that the account can read, appended to the history."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime

from data_access import connection, history
from data_access.commands import terminal
from data_access.history import collect
from data_access.partner_center.catalog import COLLECTIONS
from data_access.settings import load

HELP = "fetch all that the account can read and append it to the history"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--customers", action="store_true", help="the collections per customer too: two calls for each"
    )
    command.add_argument(
        "--since",
        type=_past,
        metavar="DATE",
        help="also the commercial figures of earlier processing dates, back to YYYY-MM-DD",
    )


def run(options: argparse.Namespace) -> bytes:
    settings = load()
    history.prepare_sample(settings)
    kept = history.open(settings)
    for notice in kept.notices:
        terminal.say(notice)
    if settings.is_sample:
        terminal.say(f"{connection.SAMPLE}: neither a token nor an app registration is set.")
    with connection.connect(settings) as client, terminal.progress() as progress:
        report = collect.run(client, kept, progress, customers=options.customers, since=options.since)
    text = "".join(f"{line}\n" for line in lines(report))
    if report.failure:
        terminal.say(text.rstrip())
        raise report.failure
    return text.encode()


def lines(report: collect.Report) -> list[str]:
    """A line for each collection that was tried."""
    found = []
    for name in COLLECTIONS:
        if one := report.kept.get(name):
            about = one.snapshot
            what = f"{about.rows:,} rows"
            what += f", the same as on {about.fetched_at:%Y-%m-%d %H:%M} UTC" if one.again else " kept"
            left_out = {
                "set aside": about.set_aside,
                "missing": about.missing,
                "customers not to be read": about.unread_customers,
            }
            what += "".join(f", {number:,} {label}" for label, number in left_out.items() if number)
            found.append(f"{name}: {what}")
        if error := report.errors.get(name):
            found.append(f"{name}: not read: {error.message}")
        if done := report.back_fills.get(name):
            found.append(f"{name}: {done.days:,} earlier days kept{f'; {done.ended}' if done.ended else ''}")
    return found


def _past(text: str) -> date:
    """A day that is not still to come."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("takes a date such as 2026-10-14") from None
    if day > datetime.now(UTC).date():
        raise argparse.ArgumentTypeError(f"takes a date of the past, and {day} is still to come")
    return day
