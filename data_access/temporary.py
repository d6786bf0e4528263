"""The folder for temporary files, which a read-only container may not have."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator


def folder() -> str | None:
    """The folder, as TMPDIR and the platform name it; None where none can be written."""
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def assumed() -> Iterator[None]:
    """Import a library that asks for the folder at its import, for parts of it that this program does not use."""
    if folder() is not None:
        yield
        return
    tempfile.tempdir = os.curdir
    try:
        yield
    finally:
        tempfile.tempdir = None
