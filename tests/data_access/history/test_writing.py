"""What is written to a history is there whole or not at all."""

import errno
import os
import resource
import shutil
import tempfile
from pathlib import Path

import pytest

from data_access import HistoryError
from data_access.history.store import Store
from data_access.partner_center.catalog import DEPLOYMENT
from tests.data_access.history.keeping import keep, sold
from tests.lakes import files, lake


@pytest.mark.parametrize("folder", ["raw", "facts", "small"])
def test_a_disk_that_fails_leaves_what_was_there_and_nothing_half(folder, tmp_path):
    class Failing(Store):
        def put(self, path, content):
            if path.startswith(folder):
                raise HistoryError("No space left on device.", "")
            super().put(path, content)

    first = keep(tmp_path)
    with pytest.raises(HistoryError):
        lake(tmp_path, store=Failing).append(sold(3))
    assert lake(tmp_path).snapshots(DEPLOYMENT) == [first]
    assert not lake(tmp_path).verify().findings
    assert not lake(tmp_path).append(sold(3)).again


def test_a_file_that_cannot_be_written_to_its_end_leaves_no_trace(tmp_path):
    first = keep(tmp_path)
    before, history, answer = files(tmp_path), lake(tmp_path), sold(3)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(HistoryError) as caught:
            history.append(answer)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.strerror(errno.EFBIG) in caught.value.message
    assert files(tmp_path) == before
    assert lake(tmp_path).snapshots(DEPLOYMENT) == [first]


def test_a_folder_that_may_not_be_written_says_so_and_can_be_read():
    folder = Path(tempfile.mkdtemp())  # not pytest's own, into which another account cannot even look
    try:
        first = keep(folder)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            history = lake(folder)
            assert history.snapshots(DEPLOYMENT) == [first]
            assert not history.verify().findings
            with pytest.raises(HistoryError, match=r"Permission denied.*HISTORY_URL"):
                history.append(sold(3))
        finally:
            if root:
                os.seteuid(0)
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(folder)


def test_a_run_that_a_sweep_took_for_dead_puts_its_files_back(tmp_path):
    class Swept(Store):
        def put(self, path, content):
            super().put(path, content)
            if path.startswith("small"):
                shutil.rmtree(tmp_path / "facts")

    lake(tmp_path, store=Swept).append(sold(3))
    assert not lake(tmp_path).verify().findings
