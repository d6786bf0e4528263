"""The command line: results on stdout, everything else on stderr; exit codes as in `errors`."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from data_access.commands import COMMANDS, terminal
from data_access.errors import PartnerCenterError, SettingsError

INTERRUPTED = 130  # as shells have it


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s")
    with _noticing_interrupts() as interrupts:
        try:
            output: bytes = options.run(options)
        except BaseException as error:
            # Where it strikes inside a library, that may make an error of its own of it.
            if interrupts:
                terminal.say("Interrupted.")
                return INTERRUPTED
            if not isinstance(error, PartnerCenterError):
                raise
            terminal.say(f"{error.title}: {error}")
            for label, fact in error.facts.labelled().items():
                terminal.say(f"  {label}: {fact}")
            return error.exit_code
    try:
        # In one piece and only now, so that a failure leaves stdout empty.
        sys.stdout.buffer.write(output)  # as bytes, since Windows would write its own code page, and \n as \r\n
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        terminal.say(f"The result cannot be written: {error.strerror}.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SettingsError.exit_code
    return 0


@contextlib.contextmanager
def _noticing_interrupts() -> Iterator[list[int]]:
    """Fills the list when somebody presses Ctrl-C, which otherwise does what it always does."""
    interrupts: list[int] = []

    def notice(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, notice)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def parser() -> argparse.ArgumentParser:
    """All commands."""
    found = argparse.ArgumentParser(
        prog="python -m data_access", description="Licence analytics from Microsoft Partner Center."
    )
    commands = found.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        described = commands.add_parser(name, help=command.HELP)
        command.describe(described)
        described.set_defaults(run=command.run, complain=described.error)
    return found


if __name__ == "__main__":
    exit_code = main()
    if exit_code:
        os._exit(exit_code)  # requests under way may wait for the network much longer than a person does
    sys.exit(exit_code)
