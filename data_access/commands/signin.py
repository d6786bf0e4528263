"""`sign-in`: the operator signs in once, and `collect` and the dashboard renew that sign-in from then on."""

from __future__ import annotations

import argparse

from data_access import connection
from data_access.auth import interactive
from data_access.commands import terminal
from data_access.settings import load

HELP = "obtain and keep the sign-in that collect and the dashboard renew"


def describe(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    command.add_argument(
        "--device-code", action="store_true", help="sign in with a browser on another machine, by a code"
    )


def run(options: argparse.Namespace) -> bytes:
    """Have the operator sign in, store it, and return the account's name."""
    settings = load()
    stored = connection.stored(settings)
    method = interactive.by_device_code if options.device_code else interactive.by_browser
    account = stored.keep(method(settings.registration, terminal.say))
    file = settings.partner_center_sign_in_file
    protection = (
        "encrypted" if stored.encrypted else "not encrypted: this platform offers no vault. Only you can read it"
    )
    terminal.say(f"Signed in as {account.username}. Kept in {file}, {protection}.")
    terminal.say(f"It is renewed with each use, and lapses on {account.lapses:%Y-%m-%d} if there is none.")
    if settings.partner_center_access_token is not None:
        terminal.say("PARTNER_CENTER_ACCESS_TOKEN is set and goes first; take it away to use this sign-in.")
    return f"{account.username}\n".encode()
