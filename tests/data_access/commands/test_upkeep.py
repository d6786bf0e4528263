"""`verify`, `prune` and `compact`; and what every command of a history refuses."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data_access import history, load_settings
from data_access.partner_center.catalog import (
    USAGE,
)
from tests.lakes import fetched, files

pytestmark = pytest.mark.program


def test_verify_names_what_is_damaged(command, tmp_path):
    command("collect")
    code, output, _ = command("verify", "--reread")
    assert (code, output.partition(" ")[0]) == (0, "23")
    victim = next((tmp_path / "history").glob("*/raw/usage/**/*.parquet"))
    victim.write_bytes(victim.read_bytes()[:-1])
    code, output, complaint = command("verify")
    assert (code, output) == (6, "")
    assert victim.name in complaint
    assert "1 of 24 files" in complaint, "the record of the run before is one more"
    assert "are not what was written. Pages leave them out and say so. Bring the damaged files back from a backup" in (
        " ".join(complaint.split())
    )


def test_verify_tells_what_is_elsewhere_s_from_what_is_damaged(command, tmp_path):
    command("collect")
    (usage,) = (tmp_path / "history").glob("*/small/usage/*.parquet")
    strange = shutil.copy(usage, usage.parents[1] / "deployment")
    code, _, complaint = command("verify")
    told = " ".join(complaint.split())
    assert (code, "do not belong there. Pages leave them out" in told) == (6, True)
    assert "Move what does not belong there out of this folder" in told
    assert "Bring the damaged files" not in told
    usage.write_bytes(usage.read_bytes()[:-1])
    told = " ".join(command("verify")[2].split())
    assert "are not what was written or do not belong there." in told
    assert "Bring the damaged files" in told
    assert "Move what does not belong there" in told
    usage.unlink()
    Path(strange).rename(usage)
    assert command("verify")[0] == 0


def test_prune_asks_first_and_leaves_the_newest(command, tmp_path):
    command("collect")
    assert command("prune", "--keep-days", "30") == (0, "0 snapshots, 0 bytes to remove\n", "")
    assert command("prune", "--keep-days", "0")[0] == 2
    (account,) = (tmp_path / "history").iterdir()
    long_ago = datetime.now(UTC) - timedelta(days=31)
    for number in (1, 2):
        history.open(load_settings()).append(fetched(USAGE, [{"channel": f"c{number}"}], at=long_ago))
    command("collect")
    before = facts_in(account)
    code, told, asked = command("prune", "--keep-days", "30")
    assert (code, told.startswith(f"2 snapshots, the oldest of {long_ago:%Y-%m-%d}, ")) == (0, True)
    assert told.endswith(" bytes to remove\n")
    assert asked == "Nothing was removed; add --yes to do it.\n"
    assert facts_in(account) == before
    assert command("prune", "--keep-days", "30", "--yes") == (0, told.replace("to remove", "removed"), "")
    assert before - facts_in(account) == {path for path in before if f"date={long_ago:%Y-%m-%d}" in path}
    assert len(facts_in(account)) == len(before) - 2


def test_prune_does_not_count_what_is_behind_a_link_and_stays(command, tmp_path):
    long_ago = datetime.now(UTC) - timedelta(days=31)
    history.open(load_settings()).append(fetched(USAGE, [{"channel": "direct"}], at=long_ago))
    command("collect")
    (account,) = (tmp_path / "history").iterdir()
    size = {name: sum(file.stat().st_size for file in old_in(account / name, long_ago)) for name in ("facts", "raw")}
    assert command("prune", "--keep-days", "30")[1].endswith(f" {size['facts'] + size['raw']:,} bytes to remove\n")
    (account / "facts").rename(tmp_path / "elsewhere")
    (account / "facts").symlink_to(tmp_path / "elsewhere")
    assert command("prune", "--keep-days", "30", "--yes")[1].endswith(f" {size['raw']:,} bytes removed\n")
    assert len(old_in(tmp_path / "elsewhere", long_ago)) == 1


def test_prune_counts_the_old_answers_that_have_no_record(command, tmp_path):
    long_ago = datetime.now(UTC) - timedelta(days=31)
    history.open(load_settings()).append(fetched(USAGE, [{"channel": "direct"}], at=long_ago))
    (account,) = (tmp_path / "history").iterdir()
    theirs = [path for path in files(account) if path.startswith(("facts/", "raw/"))]
    last_week = (datetime.now(UTC) - timedelta(days=7)).timestamp()
    for path in theirs:
        os.utime(account / path, (last_week, last_week))
    size = sum((account / path).stat().st_size for path in theirs)
    shutil.rmtree(account / "small")
    command("collect")
    told = f"0 snapshots, 2 files without a snapshot, {size:,} bytes to remove\n"
    assert command("prune", "--keep-days", "30") == (0, told, "Nothing was removed; add --yes to do it.\n")
    assert command("prune", "--keep-days", "30", "--yes")[1] == told.replace("to remove", "removed")
    assert not {*theirs} & {*files(account)}


def old_in(folder, day):
    return [path for path in folder.rglob("*.parquet") if f"date={day:%Y-%m-%d}" in str(path)]


def facts_in(account):
    return {path for path in files(account) if path.startswith("facts/")}


def test_compact_says_what_it_did(command):
    for _ in range(3):
        command("collect")
    assert command("compact") == (0, "11 small files became 9; 0 files that nothing needs were removed\n", "")


@pytest.mark.parametrize(
    "job", [("verify",), ("compact",), ("prune", "--keep-days", "30"), ("digest",), ("digest", "--dry-run")]
)
def test_a_place_without_a_history_is_2_and_stays_without_one(command, tmp_path, job):
    for arguments in (job, (*job, "--yes") if job[0] == "prune" else job):
        code, output, complaint = command(*arguments)
        assert (code, output) == (2, "")
        assert f"There is no history at {tmp_path / 'history'}/" in " ".join(complaint.split())
        assert not (tmp_path / "history").exists()
    assert command("collect")[0] == 0
    assert command(*job)[0] == 0


@pytest.mark.parametrize("name", ["collect", "status", "verify", "compact"])
def test_a_place_that_cannot_be_used_is_2(name, command, monkeypatch):
    monkeypatch.setenv("HISTORY_URL", "file://elsewhere/bucket")
    code, output, complaint = command(name)
    assert (code, output) == (2, "")
    assert "HISTORY_URL" in complaint


@pytest.mark.parametrize(
    "arguments",
    [["collect", "--since", "soon"], ["collect", "--since", "2199-01-01"], ["prune"], ["status", "--format", "xml"]],
)
def test_bad_usage_is_2(arguments, command):
    assert command(*arguments)[:2] == (2, "")


def test_a_copy_of_another_collections_record_is_named_before_and_after_compact(command, tmp_path):
    command("collect")
    (usage,) = (tmp_path / "history").glob("*/small/usage/*.parquet")
    strange = shutil.copy(usage, usage.parents[1] / "deployment")
    named = f"small/deployment/{usage.name}: has a record of another collection, usage"
    assert named in " ".join(command("verify")[2].split())
    history.open(load_settings()).append(fetched(USAGE, [{"channel": "more"}], at=datetime.now(UTC)))
    assert command("compact")[0] == 0
    assert not usage.exists(), "it is in a pack"
    code, _, told = command("verify")
    assert (code, named in " ".join(told.split()), Path(strange).exists()) == (6, True, True)


@pytest.mark.parametrize("job", [("verify",), ("compact",), ("prune", "--keep-days", "30", "--yes")])
def test_a_file_where_a_folder_belongs_is_named(command, tmp_path, job):
    command("collect")
    (account,) = (tmp_path / "history").iterdir()
    (account / "months").touch()
    code, output, told = command(*job)
    assert (code, output) == (2, "")
    assert "cannot be used: months is a file where a folder belongs." in " ".join(told.split())


@pytest.mark.parametrize("job", [("compact",), ("prune", "--keep-days", "30", "--yes")])
def test_what_is_left_out_is_told_by_each_job(command, tmp_path, job):
    command("collect")
    (account,) = (tmp_path / "history").iterdir()
    place = account / "small" / "deployment"
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    code, _, told = command(*job)
    assert code == 0
    assert "small/deployment is left out: it is a link" in " ".join(told.split())
    assert len(list((tmp_path / "elsewhere").iterdir())) == 1
