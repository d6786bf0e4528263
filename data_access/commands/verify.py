"""`verify`: compare every file of the history with its checksum."""

from __future__ import annotations

import argparse

from data_access import formats, history
from data_access.commands import jobs, terminal
from data_access.errors import DamagedHistory, HistoryError
from data_access.history.history import History
from data_access.history.store import Wrong
from data_access.settings import load

HELP = "check every file of the history against its checksum"

_PROBLEMS = {
    Wrong.DAMAGED: "are not what was written",
    Wrong.MISPLACED: "do not belong there",
    Wrong.DENIED: "may not be read",
}
_ADVICE = {
    Wrong.DAMAGED: "Bring the damaged files back from a backup, or leave them: the next `collect` keeps newer figures"
    " anew. Nothing is lost with those below months/: `compact` makes them anew.",
    Wrong.MISPLACED: "Move what does not belong there out of this folder; a backup does not help.",
}


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--reread", action="store_true", help="read the raw answers again too, with the parser of today, and compare"
    )


def run(options: argparse.Namespace) -> bytes:
    settings = load()
    account_history = history.open_begun(settings)
    with jobs.recorded(account_history, "verify"):
        return _checked(account_history, reread=options.reread)


def _checked(account_history: History, *, reread: bool) -> bytes:
    verified = account_history.verify(reread=reread)
    if verified.unclaimed:
        terminal.say(terminal.unclaimed(verified.unclaimed))
    if verified.findings:
        address = account_history.store.name
        for finding in verified.findings:
            terminal.say(f"{finding.path}: {finding.problem}")
        kinds = {finding.wrong for finding in verified.findings}
        advice = {**_ADVICE, Wrong.DENIED: account_history.denied}
        family = HistoryError if kinds == {Wrong.DENIED} else DamagedHistory  # what may not be read may be sound
        raise family(
            f"{len(verified.findings):,} of {formats.number(verified.files, 'file')} in {address}"
            f" {' or '.join(words for kind, words in _PROBLEMS.items() if kind in kinds)}.",
            " ".join(["Pages leave them out and say so.", *(advice[kind] for kind in _PROBLEMS if kind in kinds)]),
        )
    if verified.outgrown:
        terminal.say(
            f"Answers that an earlier version of this program read otherwise: {verified.outgrown:,}. Their rows stay as"
            " they were."
        )
    files, size = formats.number(verified.files, "file"), formats.number(verified.bytes, "byte")
    return f"{files}, {size}: every one is what was written.\n".encode()
