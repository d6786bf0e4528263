"""A program that keeps, renames and deletes views, killed at instants that are spread over its run: nothing is half."""

import os
import subprocess
import sys
import time
from pathlib import Path

from data_access.history.store import Store
from data_access.history.views import Views
from tests.lakes import files, lake

KILLS = int(os.environ.get("FAULT_KILLS", "200")) // 10
ROOT = Path(__file__).parents[2]
VIEWS = 30
#: Says on its standard output what it has done, when it is done.
_PROGRAM = f"""
import sys
from data_access.history.store import Store
from data_access.history.views import Views
views = Views(Store(sys.argv[1]))
print("begun", flush=True)
for number in range({VIEWS}):
    views.save("ann", f"old {{number}}", "trends", {{}})
    key = next(view.key for view in views.of("ann") if view.name == f"old {{number}}")
    views.rename("ann", key, f"new {{number}}")
    print("kept", number, flush=True)
    if number % 3 == 0:
        views.delete("ann", key)
        print("deleted", number, flush=True)
"""


def test_killed_at_any_instant_what_was_said_to_be_kept_is_there_and_what_was_deleted_is_not(tmp_path):
    longest, killed = None, 0
    for number in range(KILLS + 1):
        folder = tmp_path / f"{number}"
        with subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as program:
            out = program.stdout
            assert out
            assert out.readline() == "begun\n"
            begun = time.monotonic()
            if longest:
                time.sleep(longest * (number - 0.5) / KILLS)
                program.kill()
            said = [line.split() for line in out.read().splitlines()]
        longest = longest or time.monotonic() - begun
        killed += program.returncode != 0
        names = [view.name for view in Views(Store(str(folder))).of("ann")]
        kept = {f"new {number}" for what, number in said if what == "kept"}
        deleted = {f"new {number}" for what, number in said if what == "deleted"}
        assert len(names) == len({*names})
        assert {*names} >= kept - deleted - _last(said)
        assert not deleted & {*names}
        assert lake(folder).verify().findings == ()
        left = [path for path in files(folder) if not path.endswith(".tmp")]
        assert len(left) <= len(names) + 1, "a kill leaves one file more at most"
    assert killed > KILLS / 2


def _last(said):
    """The view that was kept last: it may be deleted, and not said to be."""
    return {f"new {number}" for what, number in said[-1:] if what == "kept"}
