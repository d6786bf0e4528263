"""Two hundred kills; `make faults`. The everyday tests have a handful of them."""

import os
from datetime import UTC, datetime, timedelta

from data_access import catalog, history
from data_access.lake import GRACE, History
from tests.kill import killing

KILLS = int(os.environ.get("FAULT_KILLS", "200"))


def test_killed_at_any_instant_nothing_is_lost_and_nothing_half_visible(tmp_path, capsys):
    count = killing.kill(tmp_path, KILLS, seed=2026)
    assert not count.wrong
    assert count.killed >= KILLS
    assert count.reads > KILLS / 4
    (account,) = tmp_path.iterdir()
    after = History(history.Store(str(account)), "test")
    shown = [one for collection in catalog.WITHOUT_CUSTOMER for one in after.snapshots(collection)]
    assert {one.id for one in shown} >= count.seen
    assert len(shown) >= count.finished
    verified = after.verify(reread=True)
    assert not verified.findings
    files = sum(1 for path in account.rglob("*") if path.is_file())
    assert after.sweep() == 0, "what has just been written may belong to a run that goes on"
    later = History(history.Store(str(account)), "test", clock=lambda: datetime.now(UTC) + GRACE + timedelta(hours=1))
    swept = later.sweep()
    assert not later.verify(reread=True).findings
    assert [one for collection in catalog.WITHOUT_CUSTOMER for one in later.snapshots(collection)] == shown
    left = sum(1 for path in account.rglob("*") if path.is_file())
    assert (
        left
        == files - swept
        == len(list((account / "runs").iterdir())) + len(list((account / "small").rglob("*.parquet"))) + 2 * len(shown)
    )
    with capsys.disabled():
        print(
            f"\n{count.killed} kills, {count.finished} runs that ended, {count.reads} reads meanwhile: {len(shown)}"
            f" snapshots, all whole; {swept} leftovers swept"
        )
