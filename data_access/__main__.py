"""The command line: results on stdout, everything else on stderr; exit codes as in `errors`."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from data_access import logs, loopback, settings, texts
from data_access.commands import COMMANDS, PRINTING, terminal
from data_access.errors import PartnerCenterError, SettingsError
from data_access.version import NAME, VERSION

INTERRUPTED = 130  # 128 + SIGINT, as in shells
_AGAIN = 0.05  # seconds


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    for name, value in vars(options).items():
        if isinstance(value, str) and not texts.is_whole(value):
            options.complain(f"--{name.replace('_', '-')} holds bytes that are no UTF-8")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s")
    with _noticing_interrupts() as interrupts:
        try:
            _check_folder()
            output: bytes = options.run(options)
        except BaseException as error:
            # A library that is interrupted may raise an error of its own.
            if interrupts:
                terminal.say("Interrupted.")
                return INTERRUPTED
            if not isinstance(error, PartnerCenterError):
                raise
            terminal.complain(error)
            return error.exit_code
    # All of it, and only now: a failure leaves stdout empty.
    if problem := terminal.deliver(output):
        terminal.say(f"The result cannot be written: {problem}.")
        prints = options.command in PRINTING or getattr(options, "dry_run", False)
        return SettingsError.exit_code if prints else 0
    return 0


def _check_folder() -> None:
    """Raise SettingsError where the folder was removed in which the command was started."""
    try:
        Path.cwd()
    except OSError:
        raise SettingsError(
            "The working folder is not there any more.", "Change to the folder of the program, then start again."
        ) from None


@contextlib.contextmanager
def _noticing_interrupts() -> Iterator[list[int]]:
    """Fill the list when the user presses Ctrl-C, which raises KeyboardInterrupt as always."""
    interrupts: list[int] = []

    def notice(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        signal.default_int_handler(number, frame)

    def catch(lost: sys.UnraisableHookArgs) -> None:
        """Raise it again in a moment where it came in a callback or a destructor, which hands nothing on."""
        if isinstance(lost.exc_value, KeyboardInterrupt):
            threading.Timer(_AGAIN, os.kill, (os.getpid(), signal.SIGINT)).start()
        else:
            other(lost)

    before, other = signal.signal(signal.SIGINT, notice), sys.unraisablehook
    sys.unraisablehook = catch
    try:
        yield interrupts
    finally:
        sys.unraisablehook = other
        signal.signal(signal.SIGINT, before)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if not logs.is_json():
            super().error(message)
        logs.event(f"{self.prog}: error: {message}", "error", usage=self.format_usage().strip())
        sys.exit(SettingsError.exit_code)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    result = _Parser(prog="python -m data_access", description="Licence analytics from Microsoft Partner Center.")
    result.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    commands = result.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, command in COMMANDS.items():
        described = commands.add_parser(name, help=command.HELP)
        command.describe(described)
        described.set_defaults(run=command.run, complain=described.error)
    return result


if __name__ == "__main__":
    terminal.secure_streams()
    logs.start(settings.log_format())
    loopback.keep_from_proxies(os.environ)
    exit_code = main()
    if exit_code:
        os._exit(exit_code)  # threads with requests under way may wait for the network for a long time
    sys.exit(exit_code)
