"""The rivals as servers of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START = 60  # seconds


def dash_python() -> Path:
    """The Python of the environment that has Dash; `make bench` names it."""
    return Path(os.environ.get("DASH_PYTHON", ".venv-dash/bin/python")).absolute()


@contextmanager
def dash(**settings: str) -> Iterator[tuple[str, int]]:
    """The page in Dash with these settings: its address and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(__file__).with_name("dash_page.py")
    process = subprocess.Popen(
        [dash_python(), script.name, str(port)],
        cwd=script.parent,
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address, deadline = f"http://localhost:{port}", time.monotonic() + _START
    try:
        while True:
            try:
                with urllib.request.urlopen(address):
                    break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError(f"The page in Dash did not start: exit code {process.poll()}.") from None
                time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()
