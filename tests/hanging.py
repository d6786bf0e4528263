"""A file on a share that hangs: whoever asks for it waits until the share is back."""

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
    goes_on, of_the_disk = threading.Event(), Path.stat
    seen = fs.FileInfo(str(file), fs.FileType.File, mtime_ns=1, size=1)  # as a share tells from memory

    def stat(path, **how):
        if path == file:
            goes_on.wait()
        return of_the_disk(path, **how)

    # No disk of a test hangs by itself, and a pipe is no file.
    with (
        mock.patch.object(Store, "infos", lambda _, paths: [seen for _ in paths]),
        mock.patch.object(Path, "stat", stat),
    ):
        try:
            yield
        finally:
            goes_on.set()
            for thread in threading.enumerate():
                if thread.name == "store":
                    thread.join(10)
    file.unlink(missing_ok=True)
