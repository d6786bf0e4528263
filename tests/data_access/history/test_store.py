"""The store: addresses that cannot be used, and what messages show of an address."""

import contextlib
import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from data_access import HistoryError
from data_access.history.leftovers import GRACE
from data_access.history.store import Store
from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import Clock, fetched, files, lake


@pytest.mark.parametrize("url", ["nowhere://x/y", "file://host/x"])
def test_an_address_that_is_none_is_said(url):
    with pytest.raises(HistoryError, match="HISTORY_URL"):
        lake(url)


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "raw").write_text("")
    with pytest.raises(HistoryError, match="cannot be used"):
        lake(tmp_path).append(fetched(DEPLOYMENT, [{}]))


@pytest.mark.parametrize("below", ["", "/account"])
def test_a_file_is_no_folder(below, tmp_path):
    (tmp_path / "history").write_text("")
    with pytest.raises(HistoryError, match="Not a directory"):
        lake(f"{tmp_path}/history{below}")


def test_the_keys_in_an_address_are_not_shown():
    assert Store("s3://key:hush@bucket/x?region=us-east-1").name == "s3://bucket/x"


@pytest.mark.parametrize(
    "address",
    [
        "s3://KEY:wJalr/SECRET@bucket/history",
        "ftp://KEY:SECRET@host/history",
        "s3://bucket/history?secret_key=SECRET",
        "nothing://SECRET@[bad",
    ],
)
def test_an_address_is_told_without_its_keys(address):
    with pytest.raises(HistoryError) as error:
        Store(address)
    assert "SECRET" not in str(error.value)
    assert "KEY" not in str(error.value)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_files_and_folders_are_for_their_owner_alone_whatever_the_umask(umask, tmp_path):
    before = os.umask(umask)
    try:
        lake(tmp_path / "new" / "account").append(fetched(DEPLOYMENT, [{}]))
    finally:
        os.umask(before)
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.rglob("*")}
    assert modes == {(True, 0o700), (False, 0o600)}


def refusing_folders(number):
    """An `os.fsync` of a file system that answers so where a folder is to be synced."""
    sync = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        sync(handle)

    return fsync


def test_a_file_that_goes_while_its_folder_is_listed_hides_no_other(tmp_path, monkeypatch):
    history = lake(tmp_path)
    for sold in range(5):
        history.append(fetched(DEPLOYMENT, [{"licensesSold": sold}]))
    before, scan = lake(tmp_path).snapshots(DEPLOYMENT), os.scandir
    drafts = [
        tmp_path / f"small/deployment/.{number:08}-20261124T063000Z-0a1b2c3d-0123456789abcdef.parquet.1a2b3c4d.tmp"
        for number in range(50)
    ]

    @contextlib.contextmanager
    def scanned(folder):
        with scan(folder) as entries:
            there = list(entries)
        if Path(folder) == drafts[0].parent:
            for draft in drafts:
                draft.unlink(missing_ok=True)  # it got its name
        yield iter(there)

    for draft in drafts:
        draft.write_bytes(b"PAR1")
    monkeypatch.setattr(os, "scandir", scanned)  # or the moment would be left to chance
    assert lake(tmp_path).snapshots(DEPLOYMENT) == before


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_sync_folders_keeps_a_history(number, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refusing_folders(number))  # as 9p and others do
    lake(tmp_path).append(fetched(DEPLOYMENT, [{}]))
    assert len(lake(tmp_path).snapshots(DEPLOYMENT)) == 1


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_folder_that_fails_to_sync_is_an_error(number, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refusing_folders(number))  # as 9p and others do
    with pytest.raises(HistoryError, match=os.strerror(number)):
        lake(tmp_path).append(fetched(DEPLOYMENT, [{}]))


@pytest.mark.parametrize("number", [5, 32])
def test_a_file_that_another_process_holds_open_is_left_for_the_next_time(number, tmp_path, monkeypatch):
    for sold in (1, 2, 3):
        at = datetime(2026, 10, sold, tzinfo=UTC)
        lake(tmp_path).append(fetched(DEPLOYMENT, [{"licensesSold": sold}], at))
    unlink, before = Path.unlink, files(tmp_path)

    def refused(*_, **__):
        error = PermissionError(errno.EACCES, "used by another process")
        error.winerror = number  # type: ignore[attr-defined]  # as on Windows
        raise error

    clock = Clock(datetime.now(UTC) + 2 * GRACE)
    history = lake(tmp_path, clock)
    monkeypatch.setattr(Path, "unlink", refused)  # root may remove anything
    history.prune(history.old(1))
    assert set(before) <= set(files(tmp_path))
    assert not lake(tmp_path).verify().findings, "no record without its files"
    monkeypatch.setattr(Path, "unlink", unlink)
    history = lake(tmp_path, clock)
    history.prune(history.old(1))
    assert len(files(tmp_path)) == 3
    assert not lake(tmp_path).verify().findings


def test_a_file_that_may_not_be_removed_is_an_error(tmp_path, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", refused)  # root may remove anything
    with pytest.raises(HistoryError, match=os.strerror(errno.EACCES)):
        Store(str(tmp_path)).delete("small/deployment/x")


def test_a_full_disk_says_how_much_is_needed_and_prune_removes_nothing(tmp_path, monkeypatch):
    for sold in (1, 2, 3):
        at = datetime(2026, 10, sold, tzinfo=UTC)
        lake(tmp_path).append(fetched(DEPLOYMENT, [{"licensesSold": sold}], at))
    before, history = files(tmp_path), lake(tmp_path)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)  # as on a full disk
    with pytest.raises(HistoryError, match=r"No space left on device: the next file alone takes \d+ kB"):
        history.prune(history.old(1))
    assert files(tmp_path) == before


def test_nothing_is_written_through_a_link(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "small").symlink_to(elsewhere)
    with pytest.raises(HistoryError, match=r"small/usage in .* is a link"):
        Store(str(tmp_path / "history")).put("small/usage/1-0.parquet", pa.py_buffer(b"x"))
    assert not list(elsewhere.iterdir())
