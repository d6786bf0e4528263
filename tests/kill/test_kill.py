"""Two hundred kills of `collect`; `make faults`. The everyday tests have one of them."""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data_access.emulator import serving
from data_access.history.history import History
from data_access.history.leftovers import GRACE_OF_ANSWERS
from data_access.history.store import Store
from data_access.partner_center import catalog
from tests.kill import killing

KILLS = int(os.environ.get("FAULT_KILLS", "200"))


def test_killed_at_any_instant_nothing_is_lost_and_nothing_half_visible(tmp_path, capsys):
    count = killing.kill(tmp_path, KILLS, seed=2026)
    assert not count.wrong
    assert count.killed >= KILLS
    assert count.reads
    (account,) = tmp_path.iterdir()
    after = History(Store(str(account)), "test")
    shown = [one for collection in catalog.COLLECTIONS.values() for one in after.snapshots(collection)]
    assert {one.rows_checksum for one in shown} >= count.seen
    assert len(shown) >= count.finished
    verified = after.verify(reread=True)
    assert not verified.findings
    assert after.leftovers.sweep().removed == 0, "what has just been written may belong to a run that goes on"
    later = History(
        Store(str(account)), "test", clock=lambda: datetime.now(UTC) + GRACE_OF_ANSWERS + timedelta(hours=1)
    )
    swept = later.leftovers.sweep(keep_days=1).removed
    assert not later.verify(reread=True).findings
    assert [one for collection in catalog.COLLECTIONS.values() for one in later.snapshots(collection)] == shown
    after.reload()
    after.compact()
    assert [one for collection in catalog.COLLECTIONS.values() for one in after.snapshots(collection)] == shown
    folders = Counter(path.relative_to(account).parts[0] for path in account.rglob("*") if path.is_file())
    kept = len(catalog.WITHOUT_CUSTOMER + catalog.LIVE)
    whole = {"facts": len(shown), "raw": len(shown), "small": kept, "runs": 1, "skus": 1}
    assert folders == whole, "and nothing else is left"
    with capsys.disabled():
        print(
            f"\n{count.killed} kills, {count.finished} runs that ended, {count.reads} reads meanwhile: {len(shown)}"
            f" snapshots, all whole; {swept} leftovers swept"
        )


@pytest.fixture
def little_disk():
    """A disk of a few hundred kilobytes."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=200k", "none", folder], check=False, capture_output=True
        )
        if mounted.returncode:
            pytest.skip("no disk may be mounted here; the everyday tests limit the size of a file instead")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_a_run_with_a_reason_and_keeps_what_was_there(little_disk):
    with serving(service := killing.Moving()) as url:
        environment = {
            **os.environ,
            "PARTNER_CENTER_BASE_URL": url,
            "PARTNER_CENTER_ACCESS_TOKEN": "any",
            "HISTORY_URL": str(little_disk),
        }
        command = [sys.executable, "-m", "data_access"]
        runs, code = -1, 0
        while not code:
            run = subprocess.run(
                [*command, "collect"], cwd=Path(__file__).parents[2], env=environment, capture_output=True, check=False
            )
            runs, code = runs + 1, run.returncode
        assert (run.returncode, run.stdout, runs > 0) == (2, b"", True)
        assert b"No space left on device" in run.stderr
        assert b"Traceback" not in run.stderr
        check = subprocess.run(
            [*command, "verify", "--reread"],
            cwd=Path(__file__).parents[2],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert (check.returncode, check.stderr) == (0, b"")
    (account,) = little_disk.iterdir()
    kept = History(Store(str(account)), "test")
    assert runs * 4 <= sum(len(kept.snapshots(collection)) for collection in catalog.COLLECTIONS.values())
    assert service.days > runs
    assert not [path for path in account.rglob("*") if path.name.endswith(".tmp")]
