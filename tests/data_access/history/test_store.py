"""The store: addresses that cannot be used, and what messages show of an address."""

import errno
import os
import stat

import pytest

from data_access import HistoryError, Settings, history
from data_access.history.store import Store
from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import fetched, lake


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
        history.open(Settings(history_url=address, partner_center_access_token="x")).snapshots("deployment")
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


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_sync_folders_keeps_a_history(number, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refusing_folders(number))
    lake(tmp_path).append(fetched(DEPLOYMENT, [{}]))
    assert len(lake(tmp_path).snapshots(DEPLOYMENT)) == 1


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_folder_that_fails_to_sync_is_an_error(number, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", refusing_folders(number))
    with pytest.raises(HistoryError, match=os.strerror(number)):
        lake(tmp_path).append(fetched(DEPLOYMENT, [{}]))
