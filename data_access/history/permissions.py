"""Permissions: what of a history this account of the machine may not read, whose it is, and how it is given back.

A command that root runs writes files and folders that are root's alone. They are what was written, and yet the service
cannot read them: that is no damage, and no backup mends it.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

if sys.platform != "win32":
    import pwd

_SUPERUSER = "root"
# By the account that a process acts as, where the system can tell: a file is opened as that one.
_EFFECTIVE = os.access in os.supports_effective_ids


def may_read(path: Path | str, *, is_folder: bool = False) -> bool:
    """Whether this account may read a file, or list a folder and open what is in it."""
    return os.access(path, os.R_OK | os.X_OK if is_folder else os.R_OK, effective_ids=_EFFECTIVE)


def whose(path: Path | str) -> str:
    """Whose a file or a folder is, and who would read it, in words that follow "it"."""
    return f"belongs to {_owner(Path(path))}, and this program runs as {_here()}"


def unreadable(root: Path) -> Iterator[Path]:
    """The folder on the way to `root` that this account may not pass, or the folders and files below it."""
    for folder in reversed(root.parents):
        if not os.access(folder, os.X_OK, effective_ids=_EFFECTIVE):
            yield folder
            return
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if not may_read(folder, is_folder=True):
            if os.path.lexists(folder):
                yield folder
            continue
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False) and not may_read(entry.path):
                    yield Path(entry.path)


def finding(root: Path, denied: Sequence[Path]) -> tuple[str, str]:
    """What in the history at `root` may not be read and whose it is, in a sentence, and what to do.

    `denied` are the files or folders, and not empty.
    """
    paths = [path.relative_to(root).as_posix() if root in path.parents else str(path) for path in denied]
    whole, first = f"The history at {root} may not be read as a whole", whose(denied[0])
    if len(paths) == 1:
        return f"{whole}: {paths[0]} {first}.", _advice(root, denied[0])
    return f"{whole}: {len(paths):,} files or folders, such as {paths[0]}, which {first}.", _advice(root, denied[0])


def _advice(root: Path, denied: Path) -> str:
    """What to do where something in the history at `root` may not be read."""
    if root != denied and root not in denied.parents:
        return f"Run it as {_owner(denied)}, or let HISTORY_URL name a folder that {_here()} may read."
    if (owner := _owner(root)) not in (_here(), _SUPERUSER):
        return f"The history belongs to {owner}: run every command as {owner}."
    return (
        "A command that another user ran has written it. Give it to the user as whom the dashboard runs, as root:"
        f" chown --recursive {_here()} {shlex.quote(str(root))} – and run every command as that user."
    )


def _owner(path: Path) -> str:
    try:
        return _name(path.stat().st_uid)
    except OSError:
        return _name(None)


def _here() -> str:
    return _name(os.geteuid() if sys.platform != "win32" else None)


def _name(number: int | None) -> str:
    """The name of an account of the machine; its number where it has none, as in a container."""
    if number is None or sys.platform == "win32":
        return "another account"
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
