"""The benchmark of first visits: from an empty cache to the drawn chart, beside Dash and a naive script."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from playwright.sync_api import Browser

from bench.rivals.serving import dash
from data_access.emulator import DEMO_TOKEN, Emulator, sample, serving
from tests.browser import app

#: A line of 20 Mbit/s and 40 ms, as Chromium simulates it: bytes a second, and milliseconds.
SLOW_LINE = {"offline": False, "latency": 40, "downloadThroughput": 20e6 / 8, "uploadThroughput": 20e6 / 8}


@dataclass
class Page:
    """A page under measurement."""

    name: str
    address: str
    seconds: list[float] = field(default_factory=list)
    bytes: int = 0
    shift: float = 0  # of the layout, as in Cumulative Layout Shift

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def visit(self, browser: Browser, line: dict[str, Any] | None = None) -> float:
        """Seconds until the chart is drawn, for a browser that was never here."""
        visitor = browser.new_context(viewport={"width": 1366, "height": 900})
        page = visitor.new_page()
        page.add_init_script(app.WATCH_SHIFTS)
        protocol = visitor.new_cdp_session(page)
        protocol.send("Network.enable")
        sizes: list[float] = []
        protocol.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        if line:
            protocol.send("Network.emulateNetworkConditions", line)
        begun = time.monotonic()
        app.visit(page, self.address)
        seconds = time.monotonic() - begun
        page.wait_for_timeout(1000)
        self.bytes, self.shift = int(sum(sizes)), float(page.evaluate("window.shifts"))
        visitor.close()
        return seconds


def run(rounds: int) -> None:
    """Visit the pages in turns and print what it took."""
    with ExitStack() as stack:
        browser = stack.enter_context(app.chromium())
        service = stack.enter_context(serving(Emulator(sample.partner(as_of=date(2026, 11, 1)))))
        settings = {"PARTNER_CENTER_BASE_URL": service, "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN}
        history = stack.enter_context(tempfile.TemporaryDirectory())

        def streamlit(script: str) -> str:
            return stack.enter_context(app.server(app.ROOT / script, HISTORY_URL=history, **settings))[0]

        ours = Page("Overview", streamlit("streamlit_app.py"))
        naive = Page("naive", streamlit("bench/rivals/naive.py"))
        same = Page("same page in Dash", stack.enter_context(dash(**settings))[0])
        for number in range(rounds + 1):  # the first visit of each server is none of a browser's
            for page in (ours, naive, same):
                seconds = page.visit(browser)
                if number:
                    page.seconds.append(seconds)
        slow = [ours.visit(browser, SLOW_LINE) for _ in range(rounds)]
    print(f"\n{'first visit, until the chart is drawn':44}{'median':>9}{'bytes':>12}{'layout shift':>15}")
    for page in (ours, naive, same):
        print(f"{page.name:44}{page.median * 1000:6.0f} ms{page.bytes / 1e6:9.1f} MB{page.shift:15.3f}")
    print(f"Overview / same page in Dash: {ours.median / same.median:.2f} (promised: at most 1.30)")
    print(f"Overview / naive: {ours.median / naive.median:.2f} (promised: at most 1.00)")
    print(f"bytes of the Overview: {ours.bytes / 1e6:.1f} MB (promised: at most 3)")
    print(f"layout shift of the Overview: {ours.shift:.3f} (promised: at most 0.1)")
    print(f"on a line of 20 Mbit/s and 40 ms: {statistics.median(slow):.1f} s (promised: at most 2.2)")
