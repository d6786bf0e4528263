"""The result on stdout, notes and progress on stderr; both may be closed, full, or a pipe that nobody reads."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tqdm import tqdm

from data_access import foreign_text, formats, logs
from data_access.errors import PartnerCenterError
from data_access.history.leftovers import GRACE_OF_ANSWERS
from data_access.partner_center.answers import OfCustomers, Progress, Step

_MOST_NAMED = 1000  # customers on one line; where the service is down, that may be all
_STANDARD = (0, 1, 2)  # stdin, stdout and stderr


class Notes(io.TextIOWrapper):
    """A stderr that cannot end a command: from the first text on that cannot be written, all are dropped."""

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        raw = io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False))
        super().__init__(raw, encoding, errors="backslashreplace", line_buffering=True)

    def write(self, text: str, /) -> int:
        with self._dropping():
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with self._dropping():
            super().flush()

    @contextlib.contextmanager
    def _dropping(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            _silence(self.fileno())


def secure_streams() -> None:
    """Prepare the standard streams of a program. Call it first.

    A descriptor that was closed is opened on nothing: the next file that is opened, such as one of the history, would
    get its number, and what is written to the stream would go there. `sys.stdout` stays None where it was closed, so
    that `deliver` can say so.
    """
    is_open = sys.stderr is not None
    encoding = sys.stderr.encoding if is_open else "utf-8"
    for descriptor in _STANDARD:
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one
    sys.stderr = Notes(_STANDARD[2], encoding) if is_open else open(os.devnull, "w", encoding=encoding)  # noqa: PTH123, SIM115 - lasts as long as the program


def deliver(result: bytes) -> str:
    """Write the result to stdout; returns why it could not be, or an empty text.

    A reader that leaves early has what it wanted.
    """
    if not result:
        return ""
    if sys.stdout is None:
        return "stdout is closed"
    try:
        sys.stdout.buffer.write(result)  # as bytes, since Windows would write its own code page, and \n as \r\n
        sys.stdout.buffer.flush()
    except OSError as error:
        _silence(sys.stdout.fileno())
        return "" if isinstance(error, BrokenPipeError) else str(error.strerror)
    return ""


def say(text: str) -> None:
    """Print a line for the user."""
    logs.event(text)


def say_each(notices: Iterable[str]) -> None:
    """Print a line for each notice."""
    for notice in notices:
        say(notice)


def complain(error: PartnerCenterError) -> None:
    """Print an error, with the facts for the operator.

    What the service itself said of it, which may name a customer, is for the user at a terminal, and for no log.
    """
    if logs.is_json():
        logs.event(f"{error.title}: {error}", "error", exit_code=error.exit_code, **error.details.for_programs())
        return
    details = error.details if sys.stderr.isatty() else replace(error.details, description=None)
    for line in (f"{error.title}: {error}", *(f"  {label}: {fact}" for label, fact in details.labelled().items())):
        say(line)


def unclaimed(paths: Sequence[str]) -> str:
    """What to say of files of the history that no record names; `paths` are not empty."""
    number = formats.number(len(paths), "file")
    return (
        f"{number} without a snapshot, such as {paths[0]}. A killed run left them, or a record below small/ is lost:"
        f" then bring that back from a backup. Answers stay for {GRACE_OF_ANSWERS.days} days, and longer where the"
        " history has no older record."
    )


def title_of_failure(whose: OfCustomers) -> str:
    """The title of a failure that befell some customers alone, where the service does answer."""
    return f"{formats.number(len(whose.failed), 'customer')} gave no usable answer"


def unread(of_customers: OfCustomers, *, quiet: bool = False) -> list[str]:
    """A line for each reason why customers were not read, with their tenant ids; `quiet`: of failures."""
    as_usual = {
        "refused: this account has no role there": of_customers.refused,
        "left: Partner Center does not know them any more": of_customers.gone,
    }
    reasons = ({} if quiet else as_usual) | {"not read: no usable answer, a second time": of_customers.failed}
    return [
        f"{formats.number(len(tenants), 'customer')} {why}:"
        f" {', '.join(map(foreign_text.printable_id, tenants[:_MOST_NAMED]))}"
        f"{f' and {more:,} more' if (more := len(tenants) - _MOST_NAMED) > 0 else ''}"
        for why, tenants in reasons.items()
        if tenants
    ]


@contextlib.contextmanager
def progress(unit: str = "rows", *, quiet: bool = False) -> Iterator[Progress]:
    """Progress as a bar on a terminal; in a log, a line for each step but the mere counts of rows; none if `quiet`."""
    if quiet:
        yield lambda _: None
        return
    if not sys.stderr.isatty():
        yield lambda step: None if step.rows else say(step.text)
        return
    with tqdm(unit=f" {unit}", unit_scale=True, leave=False, file=sys.stderr) as bar:

        def show(step: Step) -> None:
            bar.total = step.total
            bar.set_description_str("" if step.rows else step.text, refresh=False)
            bar.update(step.rows - bar.n)

        yield show


def _silence(descriptor: int) -> None:
    """Let what is still to be written to a stream go nowhere; Python would fail on it once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
