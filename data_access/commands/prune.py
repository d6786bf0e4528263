"""`prune`: remove old snapshots for good."""

from __future__ import annotations

import argparse

from data_access import formats, history
from data_access.commands import jobs, terminal
from data_access.settings import load

_MOST_DAYS = 36_500  # a hundred years: a date before the year 1 cannot be worked out

HELP = "remove snapshots that are older than a number of days"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--keep-days", type=int, required=True, metavar="N", help="the days to keep, today not counted"
    )
    command.add_argument("--yes", action="store_true", help="do it; without this, only say what would go")


def run(options: argparse.Namespace) -> bytes:
    if not 1 <= options.keep_days <= _MOST_DAYS:
        options.complain(f"--keep-days takes a number from 1 to {_MOST_DAYS}")
    settings = load()
    account_history = history.open_begun(settings)
    terminal.say_each(account_history.notices)
    old = account_history.old(options.keep_days)
    sizes = {file.path: file.size for snapshot in old for file in snapshot.files}
    without_record = account_history.leftovers.old_answers(options.keep_days)
    sizes |= {file.path: file.size for file in without_record}
    size = sum(size for path, size in sizes.items() if not account_history.store.is_linked(path))  # such a file stays
    if options.yes:
        with jobs.recorded(account_history, "prune"):
            account_history.prune(old)
            account_history.leftovers.sweep(options.keep_days)
    elif sizes:
        terminal.say("Nothing was removed; add --yes to do it.")
    counted = formats.number(len(old), "snapshot")
    if old:
        counted += f", the oldest of {min(snapshot.day for snapshot in old)}"
    if without_record:
        counted += f", {formats.number(len(without_record), 'file')} without a snapshot"
    return f"{counted}, {formats.number(size, 'byte')} {'removed' if options.yes else 'to remove'}\n".encode()
