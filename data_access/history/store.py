"""The store: files that are there whole or not at all, in a folder or in an object store, named after their checksum.

`<name>-<checksum>.<kind>`: a file that is torn, cut short or changed no longer fits its name. A file is written once,
under a name of its own, and is never changed, so that readers and writers need no lock.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import math
import os
import posixpath
import re
import secrets
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from pyarrow import fs

from data_access.errors import HistoryError, StoreUnanswered
from data_access.history import layout, permissions
from data_access.history.patience import SECONDS, Allowance, Hanging, Patience

_CHECKSUM = 16  # hexadecimal digits of the SHA-256 in a name
_HALF_WRITTEN = ".tmp"
_THREADS = 16  # that read or write side by side, which is what an object store is good at
_FEW = 8  # files that are not worth a thread
_NUMBER = re.compile(r"(?:[a-z]+-)?(\d{8})-")  # the beginning of every file's name
#: The answers of folders that cannot be synced at all: 9p, older CIFS, some FUSE.
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
_HELD = (5, 32)  # Windows' ERROR_ACCESS_DENIED and ERROR_SHARING_VIOLATION
_FULL = (errno.ENOSPC, errno.EDQUOT)
_BLOCK = 4096  # bytes; a disk gives whole ones
_GONE = (FileNotFoundError, NotADirectoryError)
#: Bytes; no file of the history has more of which no record says how many it has.
LARGEST = 2**28
#: What is said of a pipe, a device or a folder, which is not opened: to read a pipe is to wait for who writes to it.
NO_FILE = "is no file that can be read"

P = TypeVar("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file in a listing: its path below the store's root, its size in bytes, when it was last written (UTC)."""

    path: str
    size: int
    written: datetime


class Wrong(Enum):
    """The kinds of what is wrong with a file; all but a damaged one may be what was written."""

    DAMAGED = "is not what was written"
    MISPLACED = "belongs elsewhere"
    DENIED = "may not be read by this account of the machine"


class Damaged(Exception):
    """A file is not what was written."""

    wrong = Wrong.DAMAGED


class Denied(Damaged):
    """A file may not be read by this account of the machine."""

    wrong = Wrong.DENIED


def checksum(content: pa.Buffer) -> str:
    """The SHA-256 of the bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sealed(stem: str, kind: str, content: pa.Buffer) -> str:
    """The name of a file with this content."""
    return f"{stem}-{checksum(content)[:_CHECKSUM]}.{kind}"


def new_id(taken: Iterable[str], at: datetime, further: int = 0) -> str:
    """A name for a file, without its checksum: unique, with the time in it, and sorted after all those `taken`.

    `taken` are paths. `further`: how many more names are being given at the same time.
    """
    numbers = [int(match[1]) for path in taken if (match := _NUMBER.match(posixpath.basename(path)))]
    number = max(numbers, default=0) + 1 + further
    return f"{number:08}-{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def stem(path: str) -> str:
    """The name of a file without its checksum."""
    return posixpath.basename(path).rpartition("-")[0]


def moment(name: str) -> str:
    """When a file was named, from its path or its name, as `20261120T063000Z`, which sorts by time."""
    return posixpath.basename(name).split("-")[1]


def check(path: str, content: pa.Buffer, expected: str | None = None) -> None:
    """Raise Damaged where a file does not fit its name, or its whole checksum where that is known."""
    short = posixpath.basename(path).rpartition("-")[2].partition(".")[0]
    actual = checksum(content)
    if actual[:_CHECKSUM] != short or (expected is not None and actual != expected):
        raise Damaged("is not what was written: its checksum differs")


class Store:
    """The files below one address: a folder, or `s3://bucket/folder`, `gs://…`, `abfs://…` as pyarrow reads them."""

    def __init__(
        self, url: str, seconds: float = SECONDS, patience: Patience | None = None, *, follows_links: bool = False
    ) -> None:
        """Open the address; nothing is written yet. An operation that takes longer than so many seconds is given up.

        `patience` is one that several stores share. `follows_links`: a file may be read behind a link, as one that an
        operator has mounted is; in the history nothing of ours is a link. Raises HistoryError where it is not an
        address, or a file is in its way.
        """
        self.url, self._patience, self._follows_links = url, patience or Patience(seconds), follows_links
        with understood(url):
            self.files, self.root = self._patience.run(lambda _: _opened(url))

    @property
    def name(self) -> str:
        """The address without its keys, for messages."""
        return _without_secrets(self.url)

    @property
    def is_local(self) -> bool:
        return isinstance(self.files, fs.LocalFileSystem)

    def full(self, path: str) -> str:
        """The path in the form that `self.files` takes."""
        return posixpath.join(self.root, path)

    def put(self, path: str, content: pa.Buffer) -> None:
        """Write a file; a reader sees all of it or nothing, even where this process is killed.

        Raises HistoryError where it cannot be written, or a folder on the way is a link; then it leaves nothing behind.
        """

        def put(allowance: Allowance) -> None:
            allowance.for_bytes(content.size)
            if self.is_local:
                if _is_linked(Path(self.root), posixpath.dirname(path)):
                    raise HistoryError(
                        f"{posixpath.dirname(path)} in {self.name} is a link, and links are not followed.",
                        "Put a folder in its place. To keep a history on another disk, let HISTORY_URL name it.",
                    )
                _put_locally(Path(self.full(path)), content)
            else:
                # One object; it appears when the upload ends, and not before.
                with self.files.open_output_stream(self.full(path)) as stream:
                    stream.write(content)

        with understood(self.url):
            self._patience.run(put)

    def put_all(self, files: Mapping[str, pa.Buffer]) -> None:
        """Write several files side by side, since most of the time is spent waiting until they are safe.

        Raises HistoryError where one cannot be written; others may then be there.
        """
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="history") as pool:
            for _ in pool.map(self.put, files.keys(), files.values()):
                pass

    def read(self, path: str, size: int | None = None) -> pa.Buffer:
        """A file's content; `size` is how many bytes it has, where that is known.

        Raises FileNotFoundError where there is none, Denied where this account may not read it, Damaged where the disk
        or the store cannot, its size is another one or more than `LARGEST`, it is no file or a link leads to it,
        HistoryError where it does not answer.
        """

        def read(allowance: Allowance) -> pa.Buffer:
            if self.is_local and not self._follows_links and _is_linked(Path(self.root), path):
                raise Damaged("is behind a link, which is not followed")
            if self.is_local and not stat.S_ISREG(Path(self.full(path)).stat().st_mode):
                raise Damaged(NO_FILE)
            with self.files.open_input_file(self.full(path)) as file:
                found = file.size()
                if found != size if size is not None else found > LARGEST:
                    expected = f"not {size:,}" if size is not None else "no file of its kind so many"
                    raise Damaged(f"has {found:,} bytes and {expected}")
                allowance.for_bytes(found)
                return file.read_buffer()

        try:
            return self._patience.run(read)
        except _GONE:
            raise FileNotFoundError(path) from None
        except Hanging:
            with understood(self.url):
                raise
        except OSError as error:
            if self.is_local and isinstance(error, PermissionError):
                raise Denied(f"may not be read: it {permissions.whose(self.full(path))}") from None
            raise Damaged(f"cannot be read: {_reason(error)}") from None

    def read_sound(self, path: str, expected: str | None = None, size: int | None = None) -> pa.Buffer:
        """A file's content, once it fits its name, and its size and whole checksum where these are known.

        Raises what `read` does, and Damaged where it does not fit.
        """
        content = self.read(path, size)
        check(path, content, expected)
        return content

    def read_all(self, paths: Sequence[P], read: Callable[[P], T]) -> list[T]:
        """The result of `read` for each path, in their order."""
        if len(paths) <= _FEW:
            return [read(path) for path in paths]
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="history") as pool:
            return list(pool.map(read, paths))

    def finished(self, folder: str) -> list[Listed]:
        """Every finished file of the history below a folder, by path; none where there is no such folder.

        Files that the history did not name and whatever is behind a link are not among them.

        Raises HistoryError where it cannot be listed.
        """
        return [file for file in self._listed(folder) if layout.is_finished(file.path)]

    def strangers(self, folder: str) -> list[tuple[str, str]]:
        """What stands where a folder or a file of the history would be and is none, this folder included, by path.

        Each with what is wrong with it, to follow "it". Raises HistoryError where it cannot be listed.
        """
        if not self.is_local:
            return []
        with understood(self.url):
            return self._patience.run(lambda _: sorted(_strangers(Path(self.root), folder)))

    def denied(self, folders: Sequence[str] = layout.FOLDERS) -> list[str]:
        """The files of the history in these folders that this account of the machine may not read, by path.

        Raises HistoryError where a folder cannot be listed.
        """

        def denied(_: Allowance) -> list[str]:
            root = Path(self.root)
            paths = [path for folder in folders for path, _ in _entries(root, folder) if layout.is_finished(path)]
            return sorted(path for path in paths if not permissions.may_read(root / path) and (root / path).exists())

        if not self.is_local:
            return []
        with understood(self.url):
            return self._patience.run(denied)

    def denial(self, paths: Sequence[str]) -> tuple[str, str]:
        """What to say of files that may not be read, and what to do about it; there is one at least."""
        root = Path(self.root)
        return permissions.finding(root, [root / path for path in paths])

    def infos(self, paths: Sequence[str]) -> list[fs.FileInfo]:
        """The file system's information about each path.

        Raises HistoryError where it cannot be had.
        """

        def ask(allowance: Allowance) -> list[fs.FileInfo]:
            allowance.for_files(len(paths))
            infos: list[fs.FileInfo] = self.files.get_file_info([self.full(path) for path in paths])
            return infos

        with understood(self.url):
            return self._patience.run(ask)

    def delete(self, path: str) -> bool:
        """Remove a file; whether it is gone now. That it was gone already is no error.

        A folder and what is behind a link are left alone; what another process holds open is left for a later sweep.
        """

        def delete(_: Allowance) -> bool:
            if not self.is_local:
                self.files.delete_file(self.full(path))
            elif _is_linked(Path(self.root), path) or Path(self.full(path)).is_dir():
                return False
            else:
                try:
                    Path(self.full(path)).unlink()
                except PermissionError as error:
                    if not _is_held(error):
                        raise
                    return False
            return True

        with understood(self.url), contextlib.suppress(*_GONE):
            return self._patience.run(delete)
        return True

    def is_linked(self, path: str) -> bool:
        """Whether a path leads through a link; what is there is then neither read nor removed."""
        return self.is_local and self._patience.run(lambda _: _is_linked(Path(self.root), path))

    def abandoned(self, folder: str, before: datetime) -> Iterator[str]:
        """The half-written files below a folder that were last written to earlier than `before`."""
        return (
            file.path for file in self._listed(folder) if layout.is_half_written(file.path) and file.written < before
        )

    def _listed(self, folder: str) -> list[Listed]:
        if self.is_local:
            with understood(self.url):
                return self._patience.run(lambda _: sorted(_files(Path(self.root), folder), key=lambda file: file.path))
        selector = fs.FileSelector(self.full(folder), recursive=True, allow_not_found=True)
        with understood(self.url):
            infos = self._patience.run(lambda _: self.files.get_file_info(selector))
        start = len(self.root.rstrip("/")) + 1
        return sorted(
            (
                Listed(info.path[start:], info.size, info.mtime or datetime.max.replace(tzinfo=UTC))
                for info in infos
                if info.type == fs.FileType.File
            ),
            key=lambda file: file.path,
        )


def _opened(url: str) -> tuple[fs.FileSystem, str]:
    """The file system of an address, and the path there."""
    if "://" in url:
        files, root = fs.FileSystem.from_uri(url)
    else:
        files, root = fs.LocalFileSystem(), Path(url).absolute().as_posix()
        root.encode()  # Arrow takes no other path
    local = isinstance(files, fs.LocalFileSystem)
    if local and any(path.is_file() for path in (Path(root), *Path(root).parents)):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))  # Arrow would find nothing there
    return files, root


def _files(root: Path, folder: str) -> Iterator[Listed]:
    """The files below a folder, which is below `root`; no link is followed, so that no other folder is taken for it."""
    for path, entry in _entries(root, folder):
        if entry.is_file(follow_symlinks=False):
            # Another program may rename or remove this one meanwhile; those after it are there all the same.
            with contextlib.suppress(FileNotFoundError):
                about = entry.stat(follow_symlinks=False)
                yield Listed(path, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))


def _strangers(root: Path, folder: str) -> Iterator[tuple[str, str]]:
    linked = "is a link, and links are not followed; HISTORY_URL may name another disk"
    if _is_linked(root, folder):
        yield folder, linked
    for path, entry in _entries(root, folder):
        is_folder, is_file = layout.is_folder(path), layout.is_finished(path)
        if entry.is_symlink() and (is_folder or is_file):
            yield path, linked
        elif is_folder and not entry.is_dir(follow_symlinks=False):
            yield path, "is no folder"
        elif is_file and not entry.is_file(follow_symlinks=False):
            yield path, NO_FILE


def _entries(root: Path, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All that is in a folder and in those of the history below it, with its path below `root`."""
    waiting = [] if _is_linked(root, folder) else [folder]
    while waiting:
        parent = waiting.pop()
        try:
            with os.scandir(root / parent) as scanned:
                entries = list(scanned)
        except FileNotFoundError:
            continue  # none was there, or another program removed it meanwhile
        except NotADirectoryError as error:
            raise NotADirectoryError(error.errno, f"{parent} is a file where a folder belongs") from None
        for entry in entries:
            path = f"{parent}/{entry.name}"
            if entry.is_dir(follow_symlinks=False) and layout.is_folder(path):
                waiting.append(path)
            yield path, entry


def _is_linked(root: Path, path: str) -> bool:
    """Whether a part of the path below `root` is a link."""
    steps = [root.joinpath(*Path(path).parts[: depth + 1]) for depth in range(len(Path(path).parts))]
    return any(step.is_symlink() for step in steps)


def _put_locally(path: Path, content: pa.Buffer) -> None:
    new_folders = [path.parent, *path.parent.parents]
    new_folders = new_folders[: next(depth for depth, folder in enumerate(new_folders) if folder.exists()) + 1]
    for folder in reversed(new_folders[:-1]):
        _make_private(folder)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_HALF_WRITTEN}")
    try:
        with open(draft, "xb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or a power cut may keep the new name and lose what it names
        try:
            draft.replace(path)
        except PermissionError as error:
            # The name has the checksum in it: a file that is there and held open is this one.
            if not (_is_held(error) and path.is_file()):
                raise
            draft.unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        if error.errno in _FULL:
            kilobytes = math.ceil(content.size / _BLOCK) * _BLOCK // 1000 + 1
            raise OSError(
                error.errno, f"{os.strerror(error.errno)}: the next file alone takes {kilobytes:,} kB"
            ) from None
        raise
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    for folder in new_folders:
        _sync(folder)


def _is_held(error: OSError) -> bool:
    """Whether Windows refused because another process has the file open."""
    return getattr(error, "winerror", None) in _HELD


def _make_private(folder: Path) -> None:
    """Make a folder for this account of the machine alone, whatever the umask; one that is there stays as it is."""
    with contextlib.suppress(FileExistsError):  # a folder that another thread has made; a file in the way fails below
        folder.mkdir(0o700)
        folder.chmod(0o700)


def _private(path: str, flags: int) -> int:
    """Open a new file for this account of the machine alone, whatever the umask."""
    handle = os.open(path, flags, 0o600)
    if sys.platform != "win32":
        os.fchmod(handle, 0o600)
    return handle


def _sync(folder: Path) -> None:
    if sys.platform == "win32":  # cannot do this for folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(handle)


@contextlib.contextmanager
def understood(url: str) -> Iterator[None]:
    """Turn the libraries' errors about an address that cannot be used into HistoryError."""
    try:
        yield
    except (OSError, UnicodeEncodeError, pa.ArrowException, NotImplementedError) as error:
        if isinstance(error, PermissionError) and (denied := _denied(url)):
            raise denied from None
        family = StoreUnanswered if isinstance(error, Hanging) else HistoryError
        raise family(
            f"The history at {_without_secrets(url)} cannot be used: {_reason(error, url)}.",
            "Check HISTORY_URL, the space left there, and whether this account may read and write it.",
        ) from None


def _denied(url: str) -> HistoryError | None:
    """The error where something in a folder may not be read, with its name, its owner and the cure."""
    root = Path(url).absolute()
    denied = [] if "://" in url else list(permissions.unreadable(root))
    # There is none where a folder may be read and not be written.
    return HistoryError(*permissions.finding(root, denied)) if denied else None


def _without_secrets(url: str) -> str:
    """The address without the keys that may stand before its @ and after its ?."""
    scheme, separator, rest = url.partition("://")
    return scheme + separator + rest.partition("?")[0].rpartition("@")[2] if separator else url


def _reason(error: Any, url: str = "") -> str:
    """The library's message without the address, which it may quote with its keys."""
    if isinstance(error, UnicodeEncodeError):
        return "its path holds bytes that are no UTF-8"
    message = str(error.strerror) if isinstance(error, OSError) and error.strerror else str(error)
    message = message.partition("\n")[0].partition(". Detail")[0].rstrip(".")
    before, _, after = url.rpartition("@")
    for secret in (url, before.partition("://")[2], after.partition("?")[2]):
        message = message.replace(secret, "…") if secret else message
    return re.sub(r"\S*://\S*", "…", message)
