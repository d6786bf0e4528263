"""The benchmark of clicks: from a click to the redrawn chart in a real browser, beside Dash and a naive script."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Page

from bench import lake
from bench.rivals.serving import dash
from data_access import Settings, history
from data_access.emulator import DEMO_TOKEN, Emulator, sample, serving
from data_access.emulator.sample import Partner
from data_access.history.snapshot import Owner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.browser import app

CHANNELS = ("direct", "reseller")
_WARM_UP = 4  # clicks at most

# Quiet means that nothing inside the chart has changed for a while; the last change is the end of the redraw.
MEASURE = """async ([channel, key]) => {
    const chart = document.querySelector(`.st-key-${key}`);
    const button = [...document.querySelectorAll('.st-key-channel :is(button, label)')]
        .find(b => b.textContent.trim().toLowerCase() === channel);
    return await new Promise(resolve => {
        let last = 0, begun = 0;
        const seen = new MutationObserver(() => { last = performance.now() });
        seen.observe(chart, {subtree: true, childList: true, attributes: true, characterData: true});
        const timer = setInterval(() => {
            const now = performance.now();
            if ((last && now - last > 400) || now - begun > 8000) {
                clearInterval(timer); seen.disconnect(); resolve(last - begun);
            }
        }, 25);
        begun = performance.now();
        button.click();
    });
}"""

CLICK = """channel => [...document.querySelectorAll('.st-key-channel :is(button, label)')]
    .find(b => b.textContent.trim().toLowerCase() === channel).click()"""


@dataclass
class Subject:
    """One page under measurement."""

    name: str
    page: Page
    server: psutil.Process
    chart: str = "services_chart"
    clicks: list[float] = field(default_factory=list)  # milliseconds
    cpu: float = 0  # milliseconds of the server per click
    messages: float = 0  # that the server sends per click
    _received: int = 0

    def listen(self) -> None:
        """Count the messages that come over the page's socket; to be called before the page is opened."""
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._count))

    def _count(self, _frame: object) -> None:
        self._received += 1

    def click(self, channel: str) -> None:
        self.page.bring_to_front()
        self.clicks.append(self.page.evaluate(MEASURE, [channel, self.chart]))

    def count_cpu(self, clicks: int, at_rest: float) -> None:
        """The server's processor time per click, less what the same server uses in `at_rest` seconds without one."""
        self.page.bring_to_front()
        begun, before = time.monotonic(), self._cpu()
        self.page.wait_for_timeout(1000 * at_rest)
        idle = (self._cpu() - before) / (time.monotonic() - begun)
        begun, before, received = time.monotonic(), self._cpu(), self._received
        for number in range(clicks):
            self.page.evaluate(CLICK, CHANNELS[number % 2])
            self.page.wait_for_timeout(300)
        self.cpu = (self._cpu() - before - idle * (time.monotonic() - begun)) / clicks
        self.messages = (self._received - received) / clicks

    def _cpu(self) -> float:
        return float(sum(self.server.cpu_times()[:2])) * 1000

    @property
    def median(self) -> float:
        return statistics.median(self.clicks)


def run(rounds: int, customers: int, products: int, days: int, at_rest: float) -> None:
    """Click through all pages in turns and print what it took; `at_rest`: seconds in which a server is left alone."""
    warm_up = min(_WARM_UP, rounds)
    with ExitStack() as stack:
        browser = stack.enter_context(app.chromium())
        histories = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        long, short = histories / "long", histories / "short"
        everyday = sample.partner(as_of=date(2026, 11, 1))
        # A history belongs to the account of one service, which all pages over it ask.
        services = {kept: stack.enter_context(serving(Emulator(everyday))) for kept in (long, short)}
        recorded = lake.made(str(long), days, customers, products, _owner(services[long]))
        lake.made(str(short), 2, owner=_owner(services[short]))
        in_history = sum(snapshot.rows for snapshot in recorded.snapshots(COMMERCIAL_DEPLOYMENT))

        def opened(
            name: str,
            script: str,
            rows: Partner,
            path: str = "",
            chart: str = "services_chart",
            *,
            history: Path = histories / "none",
        ) -> Subject:
            service = services.get(history) or stack.enter_context(serving(Emulator(rows)))
            settings = _settings(service)
            settings["HISTORY_URL"] = str(_of_account(history, settings))
            address, pid = stack.enter_context(app.server(app.ROOT / script, **settings))
            page = browser.new_page(viewport={"width": 1366, "height": 900})
            subject = Subject(name, page, psutil.Process(pid), chart)
            subject.listen()
            app.visit(page, address + path, chart)
            app.settle(page)
            return subject

        crowd = sample.partner(as_of=date(2026, 11, 1), customers=customers, products=products)
        naive = opened("naive, 80 rows", "bench/rivals/naive.py", everyday)
        address, pid = stack.enter_context(dash(**_settings(stack.enter_context(serving(Emulator(everyday))))))
        tab = browser.new_page(viewport={"width": 1366, "height": 900})
        same = Subject("same page in Dash", app.visit(tab, address), psutil.Process(pid))
        ours = opened("Overview, 80 rows", "streamlit_app.py", everyday)
        large = opened("Overview, 10,000 rows", "streamlit_app.py", Partner(deployment=many_rows(10_000)))
        number = len(crowd.commercial_deployment)
        many = opened(f"Customers, {number:,} rows", "streamlit_app.py", crowd, "/customers", "customers_chart")
        few_trends = opened(
            "Trends, 2 days of 80 rows", "streamlit_app.py", everyday, "/trends", "trends_chart", history=short
        )
        beside = f"{in_history / 1e6:,.1f} M rows of history"
        looking_back = opened(f"Overview, {beside}", "streamlit_app.py", everyday, history=long)
        trends = opened(f"Trends, {beside}", "streamlit_app.py", everyday, "/trends", "trends_chart", history=long)
        subjects = (naive, same, ours, looking_back, large, many, few_trends, trends)
        for number in range(warm_up + rounds):
            for subject in subjects:
                subject.click(CHANNELS[number % 2])
        for subject in subjects:
            del subject.clicks[:warm_up]
            subject.count_cpu(rounds, at_rest)
    heads = f"{'median':>9}{'min':>9}{'max':>9}{'server CPU':>13}{'messages':>11}"
    print(f"\n{'click on a channel to the redrawn chart':44}{heads}")
    for subject in subjects:
        low, high = min(subject.clicks), max(subject.clicks)
        times = f"{subject.median:6.0f} ms{low:6.0f} ms{high:6.0f} ms{subject.cpu:10.1f} ms"
        print(f"{subject.name:44}{times}{subject.messages:11.0f}")
    print(f"{looking_back.name} / same page in Dash: {looking_back.median / same.median:.2f} (promised: at most 1.30)")
    print(f"Overview / naive: {ours.median / naive.median:.2f} (promised: at most 0.50)")
    print(f"Overview at 10,000 rows / at 80: {large.median / ours.median:.2f} (promised: at most 1.30)")
    print(f"{many.name} / Overview: {many.median / ours.median:.2f} (promised: at most 1.50)")
    for page, shorter in ((looking_back, ours), (trends, few_trends)):
        print(f"{page.name} / {shorter.name}: {page.median / shorter.median:.2f} (promised: at most 1.20)")
    print(f"server CPU per click on the Overview: {ours.cpu:.1f} ms (promised: at most 8)")
    print(f"server CPU per click on Trends: {trends.cpu:.1f} ms (promised: at most 12)")


def _settings(service: str) -> dict[str, str]:
    return {"PARTNER_CENTER_BASE_URL": service, "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN}


def _account(settings: dict[str, str]) -> str:
    return history.account(Settings(**{name.lower(): value for name, value in settings.items()}))


def _owner(service: str) -> Owner:
    return Owner(account=_account(_settings(service)), source="bench", address=service)


def _of_account(folder: Path, settings: dict[str, str]) -> Path:
    """The HISTORY_URL under which the account of these settings has the history in `folder`."""
    place = folder.with_name(f"of-{urlsplit(settings['PARTNER_CENTER_BASE_URL']).port}")
    place.mkdir(exist_ok=True)
    account = place / _account(settings)
    if not account.is_symlink():
        account.symlink_to(folder)
    return place


def many_rows(number: int) -> list[dict[str, object]]:
    """Rows of partner deployment, with many services in four channels."""
    return [
        {
            "proratedDeploymentPercent": (number * 37 % 10_000) / 100,
            "licensesSold": number * 91 % 5_000,
            "processedDateTime": "2026-11-01T00:00:00+00:00",
            "serviceName": f"service{number // 4:04}",
            "channel": ("reseller", "direct", "indirect", "advisor")[number % 4],
        }
        for number in range(number)
    ]
