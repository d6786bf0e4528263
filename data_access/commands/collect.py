"""`collect`: append all that the account can read to the history."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime

from data_access import connection, formats, history
from data_access.commands import arguments, status, terminal
from data_access.history import collect
from data_access.partner_center.answers import OfCustomers
from data_access.partner_center.catalog import COLLECTIONS
from data_access.settings import load

HELP = "fetch all that the account can read and append it to the history"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--customers", action="store_true", help="the collections per customer too: two calls for each"
    )
    command.add_argument(
        "--without-customers-calls",
        action="store_true",
        help="without customers, subscriptions and seats, which take two calls for each customer",
    )
    command.add_argument(
        "--quiet",
        action="store_true",
        help="say on stderr what went wrong alone: no progress, and not who refused, which `status` names",
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
    account_history = history.open(settings)
    terminal.say_each(account_history.notices)
    if settings.is_sample:
        terminal.say(connection.SAMPLE_NOTICE)
    with connection.connect(settings) as client, terminal.progress(quiet=options.quiet) as progress:
        report = collect.run(
            client,
            account_history,
            progress,
            customers=options.customers,
            customers_calls=not options.without_customers_calls,
            country=settings.partner_center_country,
            since=options.since,
        )
    if denied := account_history.denied:
        terminal.say(denied)
    if report.unclaimed:
        terminal.say(terminal.unclaimed(report.unclaimed))
    for name, whose in report.of_customers.items():
        for line in terminal.unread(whose, quiet=options.quiet):
            terminal.say(f"{name}: {line}")
    for name, error in report.errors.items():  # whom it befell is what went wrong
        terminal.say_each(f"{name}: {line}" for line in terminal.unread(OfCustomers.named_by(error)))
    text = "".join(f"{line}\n" for line in lines(report))
    if not report.failure:
        for name, loss in report.losses.items():  # again, for an operator who keeps but what went wrong
            terminal.say(f"{name}: {status.in_words(loss)}")
    if failure := report.failure:
        terminal.say(text.rstrip())
        for name, whose in report.of_customers.items():
            if whose.failure is failure:  # of some customers alone: the service does answer
                failure.title = f"{name}: {terminal.title_of_failure(whose)}"
        raise failure
    return text.encode()


def lines(report: collect.Report) -> list[str]:
    """A line for each outcome of each collection that was tried."""
    text = []
    for name in COLLECTIONS:
        if kept := report.kept.get(name):
            snapshot = kept.snapshot
            line = f"{name}: {formats.number(snapshot.rows, 'row')}"
            line += f", the same as on {snapshot.fetched_at:%Y-%m-%d %H:%M} UTC" if kept.again else " kept"
            missing = {
                "set aside": snapshot.set_aside,
                "missing": snapshot.missing,
                "on two pages, counted once": snapshot.twice,
                f"customer{'' if snapshot.unread_customers == 1 else 's'} not read": snapshot.unread_customers,
            }
            text.append(line + "".join(f", {number:,} {label}" for label, number in missing.items() if number))
        if loss := report.losses.get(name):
            text.append(f"{name}: {status.in_words(loss)}")
        if error := report.errors.get(name):
            text.append(f"{name}: not read: {error.message}")
        if back_fill := report.back_fills.get(name):
            reason = f"; {back_fill.ended}" if back_fill.ended else ""
            text.append(f"{name}: {formats.number(back_fill.days, 'earlier day')} kept{reason}")
    return text


def _past(text: str) -> date:
    """A date that is not in the future."""
    day = arguments.day(text)
    if day > datetime.now(UTC).date():
        raise argparse.ArgumentTypeError(f"takes a date of the past, and {day} is still to come")
    return day
