"""What an operator names as a file: to read a pipe is to wait for who writes to it, and a device has no end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def is_no_file(path: Path) -> bool:
    """Whether something else than a file is there, at the end of all links; nothing at all is left to who opens it."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def follow(path: Path) -> Path:
    """Where the links at a path lead, for what puts a new file in an old one's place: they are to stay.

    Raises OSError where they lead in a circle.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target
