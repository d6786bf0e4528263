"""Files that are there whole or not at all, in a folder or in an object store, each named after its own checksum.

`<name>-<checksum>.<kind>`: a file that is torn, cut short or changed no longer fits its name. Files are written once
under a name that nobody else uses and are never changed, so that readers and writers have no lock to share.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import posixpath
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from pyarrow import fs

from data_access.errors import HistoryError

_CHECKSUM = 16  # hexadecimal digits of the SHA-256 in a name
_HALF_WRITTEN = ".tmp"
_AT_A_TIME = 16  # files read side by side, which is what an object store is good at
_FEW = 8  # files that are not worth a thread
_NUMBER = re.compile(r"(?:[a-z]+-)?(\d{8})-")  # how a name begins, whatever kind of file it is of
_GONE = (FileNotFoundError, NotADirectoryError)

P = TypeVar("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a listing: its path below the store's root, its size in bytes, when it was last written (UTC)."""

    path: str
    size: int
    written: datetime


class Damaged(Exception):
    """A file is not what was written."""


def checksum(content: pa.Buffer) -> str:
    """The SHA-256 of the bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sealed(stem: str, kind: str, content: pa.Buffer) -> str:
    """The name of a file with this content."""
    return f"{stem}-{checksum(content)[:_CHECKSUM]}.{kind}"


def new_id(taken: Iterable[str], at: datetime, further: int = 0) -> str:
    """A name for a file, without its checksum: it sorts after all those `taken`, nobody else uses it, it says when.

    `taken` are paths. `further`: how many more names are being given at the same time.
    """
    numbers = [int(found[1]) for path in taken if (found := _NUMBER.match(posixpath.basename(path)))]
    number = max(numbers, default=0) + 1 + further
    return f"{number:08}-{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def stem(path: str) -> str:
    """What a file was called before its checksum was added."""
    return posixpath.basename(path).rpartition("-")[0]


def check(path: str, content: pa.Buffer, written: str | None = None) -> None:
    """Raise Damaged where a file does not fit its name, or the whole checksum `written` where that is known."""
    short = posixpath.basename(path).rpartition("-")[2].partition(".")[0]
    found = checksum(content)
    if found[:_CHECKSUM] != short or (written is not None and found != written):
        raise Damaged("is not what was written: its checksum differs")


class Store:
    """The files below one address: a folder, or `s3://bucket/folder`, `gs://…`, `abfs://…` as pyarrow reads them."""

    def __init__(self, url: str) -> None:
        """Open the address; nothing is written yet.

        Raises HistoryError where it is none.
        """
        with understood(url):
            if "://" in url:
                self.files, self.root = fs.FileSystem.from_uri(url)
            else:
                self.files, self.root = fs.LocalFileSystem(), Path(url).absolute().as_posix()
            if self.is_local and any(place.is_file() for place in (Path(self.root), *Path(self.root).parents)):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))  # Arrow would find nothing there
        self.url = url

    @property
    def name(self) -> str:
        """The address as it may be shown."""
        return _without_secrets(self.url)

    @property
    def is_local(self) -> bool:
        return isinstance(self.files, fs.LocalFileSystem)

    def full(self, path: str) -> str:
        """The path as `self.files` takes it."""
        return posixpath.join(self.root, path)

    def put(self, path: str, content: pa.Buffer) -> None:
        """Write a file; whoever lists or reads sees all of it or nothing, whatever becomes of this program.

        Raises HistoryError where it cannot be written, and then leaves nothing behind.
        """
        with understood(self.url):
            if self.is_local:
                _put_locally(Path(self.full(path)), content)
            else:
                # One object; it appears when the upload ends, and not before.
                with self.files.open_output_stream(self.full(path)) as stream:
                    stream.write(content)

    def put_all(self, files: Mapping[str, pa.Buffer]) -> None:
        """Write several files side by side: most of the time goes into waiting until they are safe.

        Raises HistoryError where one cannot be written; others may then be there.
        """
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="history") as pool:
            for _ in pool.map(self.put, files.keys(), files.values()):
                pass

    def read(self, path: str) -> pa.Buffer:
        """A file's content.

        Raises FileNotFoundError where there is none, Damaged where the disk or the store cannot read it.
        """
        try:
            with self.files.open_input_file(self.full(path)) as file:
                return file.read_buffer()
        except _GONE:
            raise FileNotFoundError(path) from None
        except OSError as error:
            raise Damaged(f"cannot be read: {_reason(error)}") from None

    def read_all(self, paths: Sequence[P], read: Callable[[P], T]) -> list[T]:
        """What `read` makes of each path, in their order."""
        if len(paths) <= _FEW:
            return [read(path) for path in paths]
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="history") as pool:
            return list(pool.map(read, paths))

    def finished(self, folder: str) -> list[Found]:
        """Every finished file below a folder, by path; none where there is no such folder.

        Raises HistoryError where it cannot be listed.
        """
        return [found for found in self._listed(folder) if not found.path.endswith(_HALF_WRITTEN)]

    def infos(self, paths: Sequence[str]) -> list[fs.FileInfo]:
        """What the file system says of each path.

        Raises HistoryError where it cannot be asked.
        """
        with understood(self.url):
            found: list[fs.FileInfo] = self.files.get_file_info([self.full(path) for path in paths])
            return found

    def delete(self, path: str) -> None:
        """Remove a file; that it is gone already is no error."""
        with understood(self.url), contextlib.suppress(*_GONE):
            self.files.delete_file(self.full(path))

    def abandoned(self, folder: str, before: datetime) -> Iterator[str]:
        """Half-written files below a folder that nobody has written to since `before`."""
        return (
            found.path
            for found in self._listed(folder)
            if found.path.endswith(_HALF_WRITTEN) and found.written < before
        )

    def _listed(self, folder: str) -> list[Found]:
        where = fs.FileSelector(self.full(folder), recursive=True, allow_not_found=True)
        with understood(self.url):
            infos = self.files.get_file_info(where)
        start = len(self.root.rstrip("/")) + 1
        return sorted(
            (
                Found(info.path[start:], info.size, info.mtime or datetime.max.replace(tzinfo=UTC))
                for info in infos
                if info.type == fs.FileType.File
            ),
            key=lambda found: found.path,
        )


def _put_locally(path: Path, content: pa.Buffer) -> None:
    new_folders = [path.parent, *path.parent.parents]
    new_folders = new_folders[: next(place for place, folder in enumerate(new_folders) if folder.exists()) + 1]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_HALF_WRITTEN}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or a power cut may keep the new name and lose what it names
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    for folder in new_folders:
        _sync(folder)


def _sync(folder: Path) -> None:
    if sys.platform == "win32":  # has no such thing for folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def understood(url: str) -> Iterator[None]:
    """What libraries say of a place that cannot be used, in words."""
    try:
        yield
    except (OSError, pa.ArrowException, NotImplementedError) as error:
        raise HistoryError(
            f"The history at {_without_secrets(url)} cannot be used: {_reason(error, url)}.",
            "Check HISTORY_URL, the space left there, and whether this account may read and write it.",
        ) from None


def _without_secrets(url: str) -> str:
    """An address may bear keys, before the @ and after the ?."""
    scheme, separator, rest = url.partition("://")
    return scheme + separator + rest.partition("?")[0].rpartition("@")[2] if separator else url


def _reason(error: Any, url: str = "") -> str:
    """The library's words without the address, which it may quote with its keys."""
    said = str(error.strerror) if isinstance(error, OSError) and error.strerror else str(error)
    said = said.partition("\n")[0].partition(". Detail")[0].rstrip(".")
    kept, _, after = url.rpartition("@")
    for secret in (url, kept.partition("://")[2], after.partition("?")[2]):
        said = said.replace(secret, "…") if secret else said
    return re.sub(r"\S*://\S*", "…", said)
