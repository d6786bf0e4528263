"""`compact` and `prune` killed at instants that are spread evenly over their run, alone and beside a `collect`."""

import os
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from data_access.emulator import serving
from data_access.partner_center.catalog import LIVE, WITHOUT_CUSTOMER
from tests.kill import histories
from tests.programs import KILLED, Programs

KILLS = int(os.environ.get("FAULT_KILLS", "200")) // 8  # for each of the four
COMMANDS = {"compact": ["compact"], "prune": ["prune", "--keep-days", str(histories.KEEP_DAYS), "--yes"]}
KEPT = len(WITHOUT_CUSTOMER + LIVE)  # by a run of `collect`


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    with serving(histories.Counting()) as url:
        yield histories.settings_of(url, tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def written(settings):
    return histories.write(settings)


@pytest.mark.parametrize("beside", [None, ["collect"]], ids=["alone", "beside collect"])
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_any_instant_nothing_is_lost_or_doubled(command, beside, settings, written, tmp_path):
    before = histories.digest(written)
    old = before - histories.digest(histories.pruned(written, tmp_path / "pruned", histories.KEEP_DAYS))
    environment = histories.environment(settings) | {"HISTORY_URL": str(tmp_path)}
    codes: Counter[int] = Counter()
    with Programs() as program, Programs() as other:

        def run(seconds):
            """Run the command on a copy of the history, and kill it after so long; returns code, length and folder."""
            copy = histories.copied(written, tmp_path)
            if beside:
                other.start(beside, environment)
            (tmp_path / "stderr").write_text("")
            program.start(COMMANDS[command], environment, tmp_path / "stderr")
            begun = time.monotonic()
            with ThreadPoolExecutor(1) as waiting:
                end = waiting.submit(program.end)
                if seconds is not None:
                    time.sleep(seconds)  # the instant of the kill
                    program.kill()
                code = end.result()
            length = time.monotonic() - begun
            codes[code] += 1
            complaint = (tmp_path / "stderr").read_text()
            assert code in {0, KILLED} or (code == 2 and beside and "at the same moment" in complaint), complaint
            assert not beside or other.end() == 0
            return code, length, copy

        _, shortest, copy = run(None)
        shutil.rmtree(copy)
        for number in range(KILLS):
            code, length, copy = run(shortest * (number + 0.5) / KILLS)
            shortest = shortest if code == KILLED else min(shortest, length)
            after = histories.digest(copy)
            lost, new = before - after, after - before
            assert new.total() == (KEPT if beside else 0), new
            assert lost <= (old if command == "prune" else Counter()), lost
            assert lost == old or command != "prune" or code == KILLED or beside
            assert histories.rows_are_those_of_the_records(copy)
            histories.tidied(copy)
            assert histories.digest(copy) == after
            shutil.rmtree(copy)
    assert codes[KILLED] > KILLS / 4
