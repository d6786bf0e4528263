"""A program that keeps, renames and deletes views, killed within one operation after the other: nothing is half."""

import os
import subprocess
import sys
import time
from pathlib import Path

from data_access.history.store import Store
from data_access.history.views import Views
from tests.lakes import files, lake
from tests.programs import KILLED

KILLS = int(os.environ.get("FAULT_KILLS", "200")) // 10
ROOT = Path(__file__).parents[2]
VIEWS = 30
#: Does what each line of its standard input says, and repeats the line when it is done.
_PROGRAM = """
import sys
from data_access.history.store import Store
from data_access.history.views import Views
views = Views(Store(sys.argv[1]))
for line in sys.stdin:
    operation, number = line.split()
    key = next((view.key for view in views.of("ann") if view.name.endswith(f" {number}")), "")
    if operation == "save":
        views.save("ann", f"old {number}", "trends", {})
    elif operation == "rename":
        views.rename("ann", key, f"new {number}")
    else:
        views.delete("ann", key)
    print(line, end="", flush=True)
"""
OPERATIONS = [
    (operation, number)
    for number in range(VIEWS)
    for operation in ("save", "rename", *(["delete"] if number % 3 == 0 else []))
]


def names_after(operations):
    """The names of the views that these operations leave."""
    names: set[str] = set()
    for operation, number in operations:
        names -= {f"old {number}", f"new {number}"}
        names |= {"save": {f"old {number}"}, "rename": {f"new {number}"}, "delete": set()}[operation]
    return names


def test_killed_within_any_operation_it_is_done_or_not_and_all_before_it_are(tmp_path):
    length = 0.0  # seconds that an operation took
    for number in range(KILLS):
        folder, killed_in = tmp_path / f"{number}", number * 11 % len(OPERATIONS)  # soon in each of the three
        with subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as program:
            assert program.stdin
            assert program.stdout

            def begin(operation, to=program.stdin):
                to.write(" ".join(map(str, operation)) + "\n")
                to.flush()

            for done in OPERATIONS[:killed_in]:
                started = time.monotonic()
                begin(done)
                assert program.stdout.readline().split() == [*map(str, done)]
                length = time.monotonic() - started
            begin(OPERATIONS[killed_in])
            time.sleep(length * (number % 5) / 5)  # the instant of the kill
            program.kill()
            said = len(program.stdout.read().splitlines())
        assert program.returncode == KILLED
        names = [view.name for view in Views(Store(str(folder))).of("ann")]
        assert len(names) == len({*names})
        possible = [names_after(OPERATIONS[: killed_in + done]) for done in range(said, 2)]
        assert {*names} in possible
        assert lake(folder).verify().findings == ()
        left = [path for path in files(folder) if not path.endswith(".tmp")]
        assert len(left) <= len(names) + 1, "a kill leaves one file more at most"
