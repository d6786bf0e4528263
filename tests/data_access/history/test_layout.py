"""The layout: files of the history are known by their place and name, and all else is left as it is."""

import os
import shutil
from datetime import UTC, datetime

import pytest

from data_access.history import layout, run_log
from data_access.history.leftovers import GRACE_OF_ANSWERS
from data_access.history.run_log import Run
from data_access.history.store import Store
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.damage import KilledBeforeCommit
from tests.lakes import Clock, fetched, files, lake

NAME = "00000001-20261124T063000Z-0a1b2c3d-0123456789abcdef.parquet"
LATER = Clock(datetime.now(UTC) + 2 * GRACE_OF_ANSWERS)


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        (f"small/deployment/{NAME}", True),
        (f"small/deployment/pack-{NAME}", True),
        (f"facts/deployment/date=2026-11-24/{NAME}", True),
        (f"raw/customer-usage/date=2026-11-24/{NAME}", True),
        (f"months/commercial-deployment/month=2026-11/{NAME}", True),
        (f"runs/{NAME.replace('parquet', 'json')}", True),
        (f"small/{NAME}", False),
        (f"small/elsewhere/{NAME}", False),
        (f"small/deployment/up/{NAME}", False),
        (f"small/deployment/date=2026-11-24/{NAME}", False),
        (f"small/deployment/.{NAME}", False),
        (f"small/deployment/{NAME} (copy)", False),
        (f"small/deployment/{NAME}\n", False),
        (f"facts/deployment/{NAME}", False),
        (f"facts/deployment/date=2026-11-24/pack-{NAME}", False),
        (f"facts/deployment/month=2026-11/{NAME}", False),
        (f"months/deployment/date=2026-11-24/{NAME}", False),
        (f"runs/{NAME}", False),
        ("small/deployment/.DS_Store", False),
        ("elsewhere", False),
        ("", False),
    ],
)
def test_a_file_of_the_history_has_its_place_and_name(path, ours):
    assert layout.is_finished(path) is ours


def test_a_half_written_file_has_the_name_of_a_finished_one_in_it():
    assert layout.is_half_written(f"small/deployment/.{NAME}.1a2b3c4d.tmp")
    for name in (NAME, f"{NAME}.tmp", ".theirs.tmp", f".{NAME}.1a2b3c4d", f".{NAME}.1a2b3c4d.tmp~"):
        assert not layout.is_half_written(f"small/deployment/{name}")


@pytest.fixture
def account(written, tmp_path):
    """A copy of `written`."""
    return shutil.copytree(written, tmp_path / "account")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A history of two collections, with files that runs left behind, in the folder of its account."""
    folder = tmp_path_factory.mktemp("written") / "account"
    for number in (1, 2):
        lake(folder).append(fetched(DEPLOYMENT, [{"licensesSold": number}]))
        day = datetime(2026, 10, number, tzinfo=UTC)
        lake(folder).append(fetched(COMMERCIAL_DEPLOYMENT, [{"licensesSold": number}], at=day))
    with pytest.raises(KeyboardInterrupt):
        lake(folder, store=KilledBeforeCommit).append(fetched(DEPLOYMENT, [{"licensesSold": 3}]))
    return folder


def seen(folder):
    return {name: lake(folder).summary(name).to_pylist() for name in (DEPLOYMENT, COMMERCIAL_DEPLOYMENT)}


def every_command(folder):
    """Verify, compact, sweep, prune and sweep again, long after all was written."""
    history = lake(folder, LATER)
    assert not history.notices
    assert not history.verify(reread=True).findings
    history.compact()
    assert history.leftovers.sweep().removed == 2, "what the killed run left"
    assert not history.verify(reread=True).findings
    history.prune(history.old(1))
    assert not history.verify(reread=True).findings
    assert [len(history.snapshots(name)) for name in (DEPLOYMENT, COMMERCIAL_DEPLOYMENT)] == [1, 1]


@pytest.mark.parametrize("kind", ["small", "facts", "raw"])
def test_links_to_folders_are_not_followed(kind, account):
    before = seen(account)
    links = [account / kind / "deployment" / name for name in ("up", "top", "own", "other", "rows", "root")]
    targets = ("..", "../..", ".", "../commercial-deployment", "../../facts", "/")
    for link, target in zip(links, targets, strict=True):
        link.symlink_to(target, target_is_directory=True)
    assert seen(account) == before
    every_command(account)
    assert all(link.is_symlink() for link in links)


def test_what_another_account_has_is_neither_read_nor_removed_through_links(account, tmp_path):
    other = shutil.copytree(account, tmp_path / "other")
    theirs = files(other)
    shutil.rmtree(account)
    account.mkdir()
    for kind in ("facts", "small", "raw"):
        (account / kind).symlink_to(other / kind, target_is_directory=True)
    history = lake(account, LATER)
    assert history.is_empty
    history.compact()
    assert history.leftovers.sweep().removed == 0
    assert files(other) == theirs


@pytest.mark.parametrize("linked", ["small", "small/deployment"])
def test_summary_files_behind_a_link_are_said_to_be_there_and_nothing_is_swept(linked, account, tmp_path):
    (account / linked).rename(tmp_path / "another disk")
    (account / linked).symlink_to(tmp_path / "another disk", target_is_directory=True)
    everything = files(account)
    history = lake(account, LATER)
    assert not history.snapshots(DEPLOYMENT)
    sentence = f"{linked} is left out: it is a link, and links are not followed; HISTORY_URL may name another disk."
    assert history.notices == (sentence,)
    assert [finding.path for finding in history.verify().findings] == [linked]
    history.compact()
    assert history.leftovers.sweep().removed == 0, "what they name is needed"
    assert set(files(account)) >= {path for path in everything if path.startswith(("facts/", "raw/"))}


def test_a_link_in_the_place_of_a_file_is_left_where_it_is(account, tmp_path):
    (path,) = {file for file in (account / "small" / "deployment").iterdir() if "00000001" in file.name}
    there = path.rename(tmp_path / "there.parquet")
    path.symlink_to(there)
    history = lake(account, LATER)
    assert len(history.snapshots(DEPLOYMENT)) == 1
    assert [finding.path for finding in history.verify().findings] == [path.relative_to(account).as_posix()]
    history.compact()
    assert history.leftovers.sweep().removed == 0, "its snapshot needs its files"
    assert path.is_symlink()
    assert there.exists()


@pytest.mark.parametrize("kind", ["facts", "raw"])
def test_what_stands_behind_a_link_is_not_read_as_a_file_of_the_history(kind, account, tmp_path):
    path = next(path for path in sorted((account / kind).rglob("*")) if path.is_file())
    path.symlink_to(path.rename(tmp_path / "there"))
    (finding,) = lake(account, LATER).verify().findings
    assert (finding.path, finding.problem) == (
        path.relative_to(account).as_posix(),
        "is behind a link, which is not followed",
    )


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
@pytest.mark.parametrize("kind", ["small", "facts", "raw", "runs"])
def test_a_pipe_or_a_folder_in_the_place_of_a_file_is_named_and_nothing_waits_for_it(kind, make, account):
    run_log.Runs(Store(str(account)), LATER).add(Run(started=datetime.now(UTC)))
    path = next(path for path in sorted((account / kind).rglob("*")) if path.is_file())
    path.unlink()
    make(path)
    history = lake(account, LATER)
    assert history.standing()
    (finding,) = history.verify(reread=True).findings
    assert (finding.path, finding.problem) == (path.relative_to(account).as_posix(), "is no file that can be read")
    history.compact()
    history.leftovers.sweep()
    assert not path.is_file(), "it is somebody else's"


def test_a_file_in_the_place_of_a_collections_folder_is_named(account):
    folder = account / "small" / "deployment"
    shutil.rmtree(folder)
    folder.write_bytes(b"")
    history = lake(account, LATER)
    assert history.notices == ("small/deployment is left out: it is no folder.",)
    assert history.snapshots(COMMERCIAL_DEPLOYMENT)


def test_files_of_others_are_neither_read_nor_damage_nor_deleted(account):
    before = seen(account)
    folders = [folder for folder in account.rglob("*") if folder.is_dir()]
    names = [".DS_Store", "Thumbs.db", ".nfs0000000012ab", "notes.parquet", ".theirs.tmp", "desktop.ini"]
    names += [f".snapshot/hourly.0/{NAME}", f"old/{NAME}"]
    theirs = [folder / name for folder in (account, *folders) for name in names]
    for path in theirs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"theirs")
    assert seen(account) == before
    every_command(account)
    assert [path for path in theirs if not path.exists()] == []
