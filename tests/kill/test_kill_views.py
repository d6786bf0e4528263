"""Programs that keep views and mutes, killed within one operation after the other, or two at once: nothing is half."""

import os
import subprocess
import sys
import time
from pathlib import Path

from data_access.history.mutes import Mutes
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
#: Mutes a line and keeps a view in each of so many rounds, and says so; in each fourth it takes the mute back.
_ROUNDS = """
import sys
from datetime import date
from data_access.history.mutes import Mutes
from data_access.history.store import Store
from data_access.history.views import Views
from data_access.mutes import Mute
folder, name, first, rounds, *lines = sys.argv[1:]
mutes, views = Mutes(Store(folder)), Views(Store(folder))
for number in range(int(first), int(rounds)):
    mute = Mute(customer=lines[number % len(lines)], reason=f"{name} {number}", until=date(2099, 1, 31))
    mutes.set(mute, name)
    if number % 4 == 3:
        mutes.end(mute)
    assert not views.save(f"{name} {number % 5}", f"view {number}", "trends", {"search": [f"{name} {number}"]})
    print(number, flush=True)
"""
ROUNDS = 100
LINES = [f"0112A436-B14E-4888-967B-CA4BB2CF000{number}" for number in range(3)]
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


def _kept_by(folder, names):
    """The rounds of each of these programs whose views are there; all that is seen is as one of them wrote it."""
    found = {}
    for name in names:
        views = [view for of in range(5) for view in Views(Store(str(folder))).of(f"{name} {of}")]
        found[name] = sorted(int(view.name.removeprefix("view ")) for view in views)
        assert all(view.link == {"search": (f"{name} {view.name.removeprefix('view ')}",)} for view in views)
        assert len({*found[name]}) == len(views)
    return found


def _mutes_of(folder, names):
    """The mutes that hold, which one of these programs set: at most one of each line."""
    held = Mutes(Store(str(folder))).all()
    assert len(held) == len({mute.customer for mute in held})
    for mute in held:
        name, number = mute.reason.split()
        assert mute.by == name in names
        assert mute.customer == LINES[int(number) % len(LINES)]
    return held


def test_of_two_programs_at_once_of_which_one_is_killed_again_and_again_nothing_is_lost_or_half(tmp_path):
    def begun(name, first=0):
        arguments = [sys.executable, "-c", _ROUNDS, str(tmp_path), name, str(first), str(ROUNDS), *LINES]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    kills, done = 0, -1
    with begun("calm") as calm:
        while done < ROUNDS - 1:
            with begun("hasty", done + 1) as hasty:
                assert hasty.stdout
                for line in hasty.stdout:
                    done = int(line)
                    if done % 10 == 4 and kills <= done // 10:  # each ten rounds, within the one that follows
                        time.sleep(0.001 * (kills % 5))
                        hasty.kill()
                        done = max([done, *map(int, hasty.stdout)])
                        kills += 1
            there = _kept_by(tmp_path, ("calm", "hasty"))["hasty"]
            assert {*range(done + 1)} <= {*there} <= {*range(done + 2)}, (
                "what was said to be kept is, and one more may be"
            )
            done = there[-1]
            _mutes_of(tmp_path, ("calm", "hasty"))
        calm.communicate()
    assert (calm.returncode, kills) == (0, ROUNDS // 10)
    assert _kept_by(tmp_path, ("calm", "hasty")) == {name: [*range(ROUNDS)] for name in ("calm", "hasty")}
    for mute in _mutes_of(tmp_path, ("calm", "hasty")):
        Mutes(Store(str(tmp_path))).end(mute)
    assert _mutes_of(tmp_path, ()) == ()
    assert lake(tmp_path).verify().findings == ()
