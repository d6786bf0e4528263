"""Notes and progress on stderr, beside the result on stdout."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from tqdm import tqdm

from data_access.partner_center.client import Progress, Step


def say(text: str) -> None:
    """Print a line for the user, in one piece: others may be printed at the same moment."""
    print(f"{text}\n", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """Progress as a bar on a terminal; in a log, a line for each step but the mere counts of rows."""
    if not sys.stderr.isatty():
        yield lambda step: None if step.rows else say(step.text)
        return
    with tqdm(unit=" rows", unit_scale=True, leave=False, file=sys.stderr) as bar:

        def show(step: Step) -> None:
            bar.total = step.total
            bar.set_description_str("" if step.rows else step.text, refresh=False)
            bar.update(step.rows - bar.n)

        yield show
