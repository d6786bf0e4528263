"""`prune`: old snapshots go, for good."""

from __future__ import annotations

import argparse

from data_access import history
from data_access.commands import terminal
from data_access.settings import load

HELP = "remove snapshots that are older than a number of days"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--keep-days", type=int, required=True, metavar="N", help="the days to keep, today not counted"
    )
    command.add_argument("--yes", action="store_true", help="do it; without this, only say what would go")


def run(options: argparse.Namespace) -> bytes:
    if options.keep_days < 1:
        options.complain("--keep-days takes a number from 1 on")
    settings = load()
    history.prepare_sample(settings)
    kept = history.open(settings)
    old = kept.old(options.keep_days)
    size = sum(one.facts_size + one.raw_size for one in old)
    if options.yes:
        kept.prune(old)
    elif old:
        terminal.say("Nothing was removed; add --yes to do it.")
    first = f", the oldest of {min(one.day for one in old)}" if old else ""
    return f"{len(old):,} snapshots{first}, {size:,} bytes {'removed' if options.yes else 'to remove'}\n".encode()
