"""A file on a share that hangs: whoever opens it waits until the share is back."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from pyarrow import fs

from data_access.history.store import Store


@contextmanager
def hanging(file: Path) -> Iterator[None]:
    """Let this file hang, and be gone afterwards; nobody waits for it any more then."""
    file.unlink(missing_ok=True)
    os.mkfifo(file)  # opening it waits for somebody to write
    seen = fs.FileInfo(str(file), fs.FileType.File, mtime_ns=1, size=1)  # as a share tells from memory
    try:
        with mock.patch.object(Store, "infos", lambda _, paths: [seen for _ in paths]):
            yield
    finally:
        with open(file, "wb"):  # noqa: PTH123 - whoever waited goes on
            pass
        for thread in threading.enumerate():
            if thread.name == "store":
                thread.join(10)
        file.unlink()
