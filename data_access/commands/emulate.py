"""`emulate`: serves the sample partner under Partner Center's addresses."""

from __future__ import annotations

import argparse
import contextlib
import threading

from data_access import emulator
from data_access.commands import terminal
from data_access.errors import SettingsError

HELP = "serve the sample partner as Partner Center would"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument("--port", type=int, required=True)


def run(options: argparse.Namespace) -> bytes:
    try:
        with emulator.serving(emulator.demonstration(), options.port) as address:
            terminal.say(f"Partner Center, emulated, on {address}; Ctrl-C ends it. To look at it, set")
            terminal.say(f"  PARTNER_CENTER_BASE_URL={address}")
            terminal.say(f"  PARTNER_CENTER_ACCESS_TOKEN={emulator.DEMO_TOKEN}")
            terminal.say(
                "Any token will do; expired, no-mfa, no-role and app-only show what the service says to such tokens."
            )
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
    except (OSError, OverflowError):
        raise SettingsError(f"Port {options.port} cannot be used.", "Choose another one with --port.") from None
    return b""
