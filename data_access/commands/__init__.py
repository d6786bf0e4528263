"""The commands of the command line, a module each: `describe` adds its options, `run` returns what goes to stdout."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Protocol

from data_access.commands import (
    audit,
    books,
    call_sheet,
    collect,
    compact,
    digest,
    emulate,
    fetch,
    prune,
    signin,
    status,
    verify,
)


class Command(Protocol):
    """A module of this package."""

    HELP: str

    def describe(self, command: argparse.ArgumentParser) -> None: ...

    def run(self, options: argparse.Namespace) -> bytes: ...


#: The commands that do nothing but print: without their result nothing was done.
PRINTING = frozenset({"fetch", "status", "books", "call-sheet", "audit"})

COMMANDS: Mapping[str, Command] = {
    "fetch": fetch,
    "sign-in": signin,
    "collect": collect,
    "status": status,
    "verify": verify,
    "compact": compact,
    "prune": prune,
    "books": books,
    "call-sheet": call_sheet,
    "digest": digest,
    "audit": audit,
    "emulate": emulate,
}
