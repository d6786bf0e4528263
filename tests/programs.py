"""Commands in processes forked from one that has imported all they need, so that hundreds can be run and killed."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

KILLED = -signal.SIGKILL  # the exit code of a program that was killed


class Programs:
    """Runs commands, one at a time; to be used with `with`."""

    def __enter__(self) -> Programs:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.programs"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate()

    def start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        stderr: Path | str = os.devnull,
        stdout: Path | str = os.devnull,
    ) -> None:
        """Start a command with these settings beside the environment of this process."""
        self._tell([list(arguments), dict(environment), str(stdout), str(stderr)])
        self._process: int = self._hear()

    def kill(self, by: signal.Signals = signal.SIGKILL) -> None:
        """Send the command a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process, by)

    def end(self) -> int:
        """Wait for the command; returns its exit code."""
        code: int = self._hear()
        return code

    def _tell(self, message: object) -> None:
        assert self._parent.stdin
        self._parent.stdin.write(f"{json.dumps(message)}\n")
        self._parent.stdin.flush()

    def _hear(self):
        assert self._parent.stdout
        return json.loads(self._parent.stdout.readline())


def serve() -> None:
    """Fork a process for each command on stdin; its id and later its exit code go to stdout."""
    import data_access.__main__  # noqa: F401, PLC0415 - what all of them need; this module's users do not

    for line in sys.stdin:
        arguments, environment, *outputs = json.loads(line)
        process = os.fork()
        if not process:
            os.environ |= environment
            for number, output in enumerate(outputs, start=1):
                os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
            sys.argv = ["data_access", *arguments]
            runpy.run_module("data_access", run_name="__main__", alter_sys=True)  # it leaves by itself
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
