"""What can happen to a file, and to a program that writes one."""

import os

from data_access.history import index
from data_access.history.store import Store

FLIP = 40  # a place within the first page of any of the files


class KilledBeforeCommit(Store):
    """A store whose program is killed when all of a snapshot is written but the file that makes it visible."""

    def put(self, path, content):
        if path.startswith(index.FOLDER):
            raise KeyboardInterrupt
        super().put(path, content)


def truncated(path):
    path.write_bytes(path.read_bytes()[:-10])


def flipped(path):
    octets = bytearray(path.read_bytes())
    octets[FLIP] ^= 1
    path.write_bytes(octets)


def emptied(path):
    path.write_bytes(b"")


def torn(path):
    octets = path.read_bytes()
    path.write_bytes(octets[: len(octets) // 2] + bytes(len(octets) - len(octets) // 2))


def gone(path):
    path.unlink()


def piped(path):
    """Whoever opens it waits for one who writes to it."""
    path.unlink()
    os.mkfifo(path)


def huge(path):
    os.truncate(path, 2**32)


DAMAGES = [truncated, flipped, emptied, torn, piped, huge, gone]
