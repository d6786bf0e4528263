"""`compact`: fewer, larger files; nothing that can be read changes."""

from __future__ import annotations

import argparse

from data_access import history
from data_access.settings import load

HELP = "put the small files of the history together, and remove what was kept twice or left behind"


def describe(command: argparse.ArgumentParser) -> None:
    """It has no options."""


def run(options: argparse.Namespace) -> bytes:  # noqa: ARG001 - as every command
    kept = history.open(load())
    before, after = kept.compact()
    return f"{before:,} small files became {after:,}; {kept.sweep():,} files that nothing needs were removed\n".encode()
