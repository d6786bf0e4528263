"""What another account of the machine wrote: files and folders that this one may not read."""

import contextlib
import os

_NOBODY = 65534


@contextlib.contextmanager
def unreadable(folder, *denied):
    """Act as an account that owns all below a folder, and yet may not read some of it."""
    as_root = os.geteuid() == 0
    if as_root:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)
    for path in denied:
        path.chmod(0)
        if as_root:
            os.chown(path, 0, 0)
    if as_root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if as_root:
            os.seteuid(0)
