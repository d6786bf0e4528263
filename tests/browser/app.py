"""The dashboard as a visitor's browser meets it: a server of its own, a Chromium, and words for what is on the page."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import playwright.sync_api
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from data_access.emulator import DEMO_TOKEN, Emulator, serving

ROOT = Path(__file__).parents[2]
HOST = "localhost"  # the same name everywhere, as for a sign-in that trusts one origin
Scheme = Literal["light", "dark"]
TILES = ("kpi_licenses_sold", "kpi_licenses_deployed", "kpi_deployment_percent", "kpi_undeployed")
_CHROMIUM_ARGUMENTS = [
    *("--no-sandbox", "--disable-quic", "--disable-background-networking", "--no-first-run"),
    "--disable-gpu",  # where there is none, to play one takes an eighth of the time
]
#: What `dashboard.formats.plain` puts into a text and nobody sees: what holds a link apart, and directions of writing.
INVISIBLE = str.maketrans("", "", "\u2060\u2068\u2069")
#: Has a page add up, as `window.shifts`, how its layout shifts without a click, as in Cumulative Layout Shift.
WATCH_SHIFTS = """
window.shifts = 0;
new PerformanceObserver(list => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifts += shift.value;
}).observe({type: 'layout-shift', buffered: true});
"""
_START = 90  # seconds a server may take until it answers: the first one makes the sample's year of history


@contextmanager
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def server(script: Path, flags: str = "", log: Path | None = None, /, **settings: str) -> Iterator[tuple[str, int]]:
    """Streamlit serving a script from its own folder, with our settings as given: its address and process id.

    It runs with the Python that runs the tests, or with the one that DASHBOARD_PYTHON names.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PARTNER_CENTER_")}
    fixed = f"--server.address 127.0.0.1 --server.port {port} --server.headless true --browser.gatherUsageStats false"
    written = log.open("wb") if log else None
    process = subprocess.Popen(
        [
            os.environ.get("DASHBOARD_PYTHON", sys.executable),
            *f"-m streamlit run {script.name} {fixed} {flags}".split(),
        ],
        cwd=script.parent,
        env=inherited | settings,
        stdout=written or subprocess.DEVNULL,
        stderr=written,
    )
    try:
        _wait_until_healthy(process, f"http://{HOST}:{port}/_stcore/health")
        yield f"http://{HOST}:{port}", process.pid
    finally:
        process.terminate()
        process.wait()
        if written:
            written.close()


@contextmanager
def dashboard(flags: str = "", log: Path | None = None, /, **settings: str) -> Iterator[str]:
    """The dashboard with these settings; yields its address. Without settings it shows the sample."""
    with server(ROOT / "streamlit_app.py", flags, log, **settings) as (address, _):
        yield address


@contextmanager
def dashboard_of(emulator: Emulator, **settings: str) -> Iterator[str]:
    """A server whose Partner Center is this emulator."""
    with (
        serving(emulator) as service,
        dashboard(PARTNER_CENTER_BASE_URL=service, PARTNER_CENTER_ACCESS_TOKEN=DEMO_TOKEN, **settings) as address,
    ):
        yield address


def _wait_until_healthy(process: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address):
                return
        except OSError:
            time.sleep(0.1)  # it tells nobody when it is ready
    raise RuntimeError(f"The dashboard did not start: exit code {process.poll()}.")


def visit(page: Page, address: str, chart: str = "services_chart") -> Page:
    """Open an address and wait until the chart is drawn."""
    page.goto(address)
    wait_for_chart(page, chart)
    return page


def wait_for_chart(page: Page, chart: str = "services_chart") -> None:
    # Plotly's groups have no box of their own, so Playwright would never call them visible.
    drawn = (".js-plotly-plot .barlayer .point", ".js-plotly-plot .scatterlayer .point", ".license-table tbody td")
    places = ", ".join(f".st-key-{chart} {part}" for part in drawn)
    page.locator(places).first.wait_for(state="attached")


def settle(page: Page) -> None:
    """Wait until the script has ended and the chart has stopped changing."""
    page.wait_for_function(_SETTLED, polling=50)


def wait_for_other_labels(page: Page, before: list[str], chart: str = "services_chart") -> None:
    """Wait until the rows of the chart are others, or in another order."""
    deadline = time.monotonic() + _START
    while labels(page, chart) == before and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    settle(page)


_SETTLED = """() => {
    const text = [...document.querySelectorAll('.js-plotly-plot, [data-testid=stMetric]')]
        .map(part => part.textContent).join();
    const idle = document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning';
    if (!idle || text !== window.lastLook) { window.lastLook = text; window.since = performance.now(); }
    return performance.now() - window.since > 200;
}"""


def figures(page: Page) -> dict[str, str]:
    """The four tiles as they read: label, figure and the line below it, once their script has come."""
    for tile in TILES:
        page.locator(f".st-key-{tile} [data-testid=stMetricValue]").wait_for()
    return {tile: _one_line(page.locator(f".st-key-{tile}").inner_text()) for tile in TILES}


def figure(page: Page, tile: str) -> str:
    """The large text of one tile, once it is shown."""
    value = page.locator(f".st-key-{tile} [data-testid=stMetricValue]")
    value.wait_for()
    return _one_line(value.inner_text())


_LABELS = """chart => ["y2tick", "y3tick"].map(
    axis => [...document.querySelectorAll(`.st-key-${chart} .${axis} text`)].map(text => text.textContent))"""


def labels(page: Page, chart: str = "services_chart") -> list[str]:
    """What stands to the left of the chart's rows, from top to bottom: service and percentage."""
    names, figures = page.evaluate(_LABELS, chart)  # both of one picture, whatever is drawn meanwhile
    return [f"{name}   {figure}" for name, figure in zip(names, figures, strict=True)]


def bar(page: Page, row: int) -> Locator:
    """The percentage bar of a row, counted from the top."""
    return (
        page.locator(".st-key-services_chart .subplot.xy .barlayer .trace.bars").first.locator(".point path").nth(row)
    )


def click_bar(page: Page, row: int) -> None:
    # Plotly listens on a layer above the bars, so only the place can be clicked, not the bar.
    bar(page, row).scroll_into_view_if_needed()
    box = bar(page, row).bounding_box()
    assert box, f"row {row} of the chart has no bar"
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def pill(page: Page, channel: str) -> Locator:
    return page.locator(".st-key-channel").get_by_role("button", name=channel, exact=True)


def click_pill(page: Page, channel: str) -> None:
    """Choose a channel and wait for its figures."""
    before = page.url
    pill(page, channel).click()
    expect(page).not_to_have_url(before)
    settle(page)


def download(page: Page, key: str) -> tuple[str, bytes]:
    """Click a file button; the file's name and content.

    A page that is drawn anew at the moment of the click takes the file away that was clicked on; people click again.
    """
    button = page.locator(f".st-key-{key} button:visible")
    try:
        with page.expect_download(timeout=15_000) as arriving:
            button.click()
    except playwright.sync_api.TimeoutError:
        with page.expect_download() as arriving:
            button.click()
    return arriving.value.suggested_filename, Path(arriving.value.path()).read_bytes()


def _one_line(text: str) -> str:
    return " ".join(text.split())


class Witness:
    """Remembers what a page asked for, what its console complained of, and which dialogs popped up."""

    def __init__(self, page: Page) -> None:
        self.forget()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.on("dialog", self._dismiss)

    def forget(self) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.dialogs: list[str] = []

    def _listen(self, message: ConsoleMessage) -> None:
        # Opened at another page than the first, Streamlit looks for its server below that page before it finds it.
        if message.type == "error" and "/_stcore/" not in message.location["url"]:
            self.complaints.append(message.text)

    @property
    def foreign(self) -> list[str]:
        """Requests to any other host than the dashboard's; data: and blob: stay in the browser."""
        parts = [(url, urlsplit(url)) for url in self.requests]
        return [url for url, part in parts if part.scheme not in ("data", "blob") and part.hostname != HOST]

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()
