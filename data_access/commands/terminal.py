"""What is said beside the result: notes and progress, on stderr."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from tqdm import tqdm

from data_access.partner_center.client import Progress, Step


def say(text: str) -> None:
    """Print a line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """A bar where someone is looking; for a log, lines that say more than how many rows have come."""
    if not sys.stderr.isatty():
        yield lambda step: None if step.rows else say(step.text)
        return
    with tqdm(unit=" rows", unit_scale=True, leave=False, file=sys.stderr) as bar:

        def show(step: Step) -> None:
            bar.total = step.total
            bar.set_description_str("" if step.rows else step.text, refresh=False)
            bar.update(step.rows - bar.n)

        yield show
