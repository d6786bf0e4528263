"""`compact`: fewer, larger files; nothing that can be read changes."""

from __future__ import annotations

import argparse

from data_access import history
from data_access.settings import load

HELP = "put the small files of the history together, and remove what was kept twice or left behind"


def describe(command: argparse.ArgumentParser) -> None:
    """It has no options."""


def run(options: argparse.Namespace) -> bytes:  # noqa: ARG001 - as every command
    settings = load()
    history.prepare_sample(settings)
    kept = history.open(settings)
    done = kept.compact()
    said = [f"{done.before:,} small files became {done.after:,}"]
    if done.months:
        said.append(f"{done.months:,} {'month was' if done.months == 1 else 'months were'} put together by customer")
    said.append(f"{kept.sweep():,} files that nothing needs were removed")
    return f"{'; '.join(said)}\n".encode()
