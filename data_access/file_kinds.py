"""Whether an operator names a file: to read a pipe is to wait for who writes to it, and a device has no end."""

from __future__ import annotations

import stat
from pathlib import Path


def is_no_file(path: Path) -> bool:
    """Whether something else than a file is there, at the end of all links; nothing at all is left to who opens it."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False
