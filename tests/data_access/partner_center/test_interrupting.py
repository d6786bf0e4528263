"""Ctrl-C while a collection is fetched."""

import signal
import sys
import time

import pytest

from data_access.emulator import (
    DEMO_TOKEN,
    answer,
    slow,
    throttled,
)
from tests.data_access.partner_center.paged import numbered, of
from tests.programs import Programs
from tests.waiting import until


def interrupted(program, folder, address, emulator, after):
    """Run the command line, press Ctrl-C once so many requests have come, and return how it ended and how soon."""
    environment = {"PARTNER_CENTER_BASE_URL": address, "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN}
    folder.mkdir()
    program.start(["fetch", "commercial-deployment"], environment, folder / "stderr", folder / "stdout")
    until(lambda: len(emulator.requests) >= after)
    program.kill(signal.SIGINT)
    begun = time.monotonic()
    code = program.end()
    return code, (folder / "stdout").read_text(), (folder / "stderr").read_text(), time.monotonic() - begun


@pytest.mark.program
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
def test_ctrl_c_ends_the_program_at_once_whatever_it_waits_for(serve, tmp_path):
    waits = {
        "slow pages": (of(numbered(40), page_limit=1).next(lambda right: right).always(slow(20)), 5),
        "the first page": (of(numbered(40)).always(slow(20)), 1),
        "the next try": (of(numbered(40)).always(answer(503, {"Retry-After": "20"})), 1),
        "throttling": (of(numbered(40), page_limit=1).next(lambda right: right).always(throttled("20")), 2),
    }
    with Programs() as program:
        for wait, (emulator, after) in waits.items():
            code, stdout, stderr, seconds = interrupted(program, tmp_path / wait, serve(emulator), emulator, after)
            assert (code, stdout) == (130, ""), stderr
            assert "Interrupted." in stderr.splitlines()
            assert "Traceback" not in stderr
            assert seconds < 15, wait  # of 20 that it would have waited
