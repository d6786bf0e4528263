"""`compact`: put the history into fewer, larger files; nothing that can be read changes."""

from __future__ import annotations

import argparse

from data_access import formats, history
from data_access.commands import jobs, terminal
from data_access.settings import load

HELP = "put the small files of the history together, and remove what was kept twice or left behind"


def describe(command: argparse.ArgumentParser) -> None:
    """It has no options."""


def run(options: argparse.Namespace) -> bytes:  # noqa: ARG001 - as every command
    settings = load()
    account_history = history.open_begun(settings)
    terminal.say_each(account_history.notices)
    with jobs.recorded(account_history, "compact"):
        compacted, swept = account_history.compact(), account_history.leftovers.sweep()
        removed = swept.removed + account_history.audit.forget(settings.audit_days)
    if swept.unclaimed:
        terminal.say(terminal.unclaimed(swept.unclaimed))
    clauses = [f"{formats.number(compacted.before, 'small file')} became {compacted.after:,}"]
    if months := compacted.months:
        clauses.append(f"{months:,} {'month was' if months == 1 else 'months were'} put together by customer")
    clauses.append(f"{formats.number(removed, 'file')} that nothing needs {'was' if removed == 1 else 'were'} removed")
    return f"{'; '.join(clauses)}\n".encode()
