"""A disk on which one operation of a program fails, or at which the program dies: the n-th in one folder."""

from __future__ import annotations

import builtins
import errno
import io
import os
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

from pyarrow import fs

#: The operations of `os` that take a path first, those that take an open file, and those that only read.
_BY_PATH = ("open", "mkdir", "chmod", "replace", "unlink", "scandir")
_BY_FILE = ("fchmod", "fsync")
_READING = ("scandir", "get_file_info", "open_input_file")


class Died(BaseException):
    """The program is dead: it does nothing to the disk any more, in none of its threads."""


class Disk:
    """Counts the operations below a folder; number `at` fails with `failure`, an errno, or kills where that is None.

    What only reads does not fail for want of space, and death before it is death after what was written before: it
    counts for other failures alone. Of the listings between two changes one counts: a program ends where it cannot
    list, whichever folder it was.
    """

    def __init__(self, folder: Path, at: int, failure: int | None) -> None:
        self.done = 0
        self.failed = ""
        self._folder, self._at, self._failure = str(folder), at, failure
        self._dead = self._has_listed = False
        self._lock = threading.Lock()

    @property
    def failed_reading(self) -> bool:
        return self.failed in _READING

    @contextmanager
    def used(self):
        """Let this process, Arrow's reads of whole files included, use this disk."""
        with ExitStack() as stack:
            for name in (*_BY_PATH, *_BY_FILE):
                stack.enter_context(mock.patch.object(os, name, self._operation(name)))
            stack.enter_context(mock.patch.object(builtins, "open", self._open()))
            stack.enter_context(mock.patch.object(fs, "LocalFileSystem", self._file_system()))
            yield

    def step(self, operation: str) -> None:
        with self._lock:
            if self._dead:
                raise Died
            if operation in _READING and self._failure in {None, errno.ENOSPC}:
                return
            if operation == "scandir" and self._has_listed:
                return
            self._has_listed = operation == "scandir" or (self._has_listed and operation in _READING)
            self.done += 1
            if self.done == self._at:
                self.failed = operation
                if self._failure is None:
                    self._dead = True
                    raise Died
                raise OSError(self._failure, os.strerror(self._failure))

    def _is_here(self, path) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self._folder)

    def _operation(self, name):
        real = getattr(os, name)

        def operation(first, *more, **options):
            if name in _BY_FILE or self._is_here(first):
                self.step(name)
            return real(first, *more, **options)

        return operation

    def _open(self):
        real, disk = builtins.open, self

        class Written(io.FileIO):
            def write(self, content):
                disk.step("write")
                return super().write(content)

        def opened(path, mode="r", *more, **options):
            if "x" in mode and self._is_here(path):
                return io.BufferedWriter(Written(path, mode.replace("b", ""), opener=options.get("opener")))
            return real(path, mode, *more, **options)

        return opened

    def _file_system(self):
        disk = self

        class Local(fs.LocalFileSystem):  # type: ignore[misc]  # Arrow ships no types
            def open_input_file(self, path):
                disk.step("open_input_file")
                return super().open_input_file(path)

            def get_file_info(self, about):
                disk.step("get_file_info")
                return super().get_file_info(about)

        return Local
