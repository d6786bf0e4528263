"""`call-sheet`: call sheets of one customer or several as one PDF, from the history."""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from data_access.call_sheet import content, document, records
from data_access.commands import arguments, terminal
from data_access.datasets import timeline
from data_access.digest import plan_file
from data_access.errors import SettingsError
from data_access.file_kinds import follow, is_no_file
from data_access.history import engines
from data_access.history.mutes import Mutes
from data_access.partner_center.answers import Step
from data_access.settings import load

HELP = "write a customer's call sheet as PDF"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--customer",
        type=arguments.tenant,
        metavar="ID",
        action="append",
        required=True,
        help="tenant id of the customer; once more for each further one",
    )
    command.add_argument("--out", metavar="FILE", type=Path, help="the file to write; without it to stdout")


def run(options: argparse.Namespace) -> bytes:
    settings = load()
    plan = plan_file.read(settings)
    with terminal.progress("sheets") as progress:
        past = timeline.fetch(settings, None, progress)
        engine = engines.connect(settings, past.history.files)
        muted = (*plan.mutes, *Mutes(past.history.store).all())
        now = datetime.now(UTC)
        holding = tuple(mute for mute in muted if mute.holds(now))
        live = records.live_of(past.history)
        tenants = options.customer
        found = records.of_customers(settings, past, engine, tenants, live=live, mutes=holding, spares=plan.spares)
        known = []
        for each in found:
            known.append(each)
            progress(Step("Reading customers for call sheets", len(known), len({*tenants})))
        progress(Step("Writing call sheets"))
        pdf = document.pdf(content.sheets(known, root=settings.public_url))
    if options.out is None:
        return pdf
    _write(options.out, pdf)
    terminal.say(f"The call sheet was written to {options.out}.")
    return b""


def _write(file: Path, content: bytes) -> None:
    """Write a whole file or none; what is there and is no file, such as a device, is written to, and stays.

    Raises SettingsError where it cannot be written.
    """
    try:
        if is_no_file(file):
            with os.fdopen(os.open(file, os.O_WRONLY), "wb") as opened:
                opened.write(content)
        else:
            _replace(follow(file), content)
    except OSError as error:
        raise SettingsError(
            f"The call sheet cannot be written to {file}: {error.strerror}.", "Let --out name another file."
        ) from None


def _replace(file: Path, content: bytes) -> None:
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".call-sheet-")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink()
        raise
