"""`audit`: print who signed in, what was looked at and what was taken away."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from data_access import csv_files, history
from data_access.commands import arguments
from data_access.history import audit
from data_access.partner_center import frames
from data_access.settings import load

HELP = "say who signed in, looked at and took away what"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--since", type=arguments.day, metavar="DATE", help="from YYYY-MM-DD on; otherwise all that is kept"
    )
    command.add_argument("--format", choices=("csv", "json"), default="csv")


def run(options: argparse.Namespace) -> bytes:
    settings = load()
    kept = audit.first_day(datetime.now(UTC).date(), settings.audit_days)
    entries = history.open_audit(settings).read(max(kept, options.since or kept))
    if options.format == "csv":
        return csv_files.exact(entries)
    return f"{json.dumps(frames.records(entries), ensure_ascii=False, indent=2)}\n".encode()
