"""Photographs of every page state: `python -m tests.browser.screenshots [folder] [--only word]`.

With `--readme docs/overview.png` it takes the picture for the README instead.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, ViewportSize

from data_access import Answer, Settings, history
from data_access.emulator import (
    DEMO_TOKEN,
    Emulator,
    TokenKind,
    Trouble,
    failing,
    gateway,
    sample,
    serving,
    shaped,
    slow,
    throttled,
)
from data_access.emulator.sample import Partner
from data_access.history.run_log import Failure, Run, Tried
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT, USAGE
from tests.browser import app, partners
from tests.browser.office import MIA, OLAF, RITA, UMA, opened, sign_in
from tests.lakes import fetched

AT_ONCE = 2  # servers; each has a browser of its own
WIDTHS = (1366, 820, 390)
SCHEMES: tuple[app.Scheme, ...] = ("light", "dark")
_FIRST_LOOK = 500  # pixels of height, before the page's own is known
_README_HEIGHT = 1100
_QUICK = {"PARTNER_CENTER_TRIES": "1"}
_TROUBLE = ".st-key-trouble"
_NOTE = "[data-testid=stAlert]"
_DOOR = ".st-key-closed"

Server = Callable[[], AbstractContextManager[str]]


def _nothing(_page: Page) -> None:
    """Most pages need no preparation."""


@dataclass(frozen=True)
class State:
    """A page worth a picture: its server, what must be on it, and what is done before the picture is taken."""

    server: Server
    sign: str = "services_chart"  # the key of a chart, or a CSS selector
    query: str = ""
    before: Callable[[Page], None] = _nothing  # once per server, after the first visit
    enter: Callable[[Page], None] = _nothing  # likewise, before it: at the closed door

    def photograph(self, browser: Browser, name: str, folder: Path) -> None:
        with self.server() as address:
            page = browser.new_page(ignore_https_errors=True)
            page.goto(f"{address}/{self.query}")
            self.enter(page)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": _FIRST_LOOK})
                    self._visit(page, f"{address}/{self.query}")
                    if (scheme, width) == (SCHEMES[0], WIDTHS[0]):
                        self.before(page)
                    _show_all(page, width)
                    page.screenshot(path=folder / f"{name}-{scheme}-{width}.png")

    def _visit(self, page: Page, address: str) -> None:
        if self.sign.endswith("_chart"):
            app.visit(page, address, self.sign)
            app.settle(page)
        else:
            page.goto(address)
            page.locator(self.sign).first.wait_for()
            for details in page.locator("[data-testid=stExpander] summary").all():
                details.click()
            page.wait_for_timeout(500)  # what comes after the sign, fonts included


def _show_all(page: Page, width: int) -> None:
    """Make the window as high as the page, since the page scrolls inside it."""
    height = page.locator("[data-testid=stMain]").evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(height, 400)})
    page.wait_for_timeout(300)  # the chart follows the width


def states() -> dict[str, State]:
    """Every state under the name of its pictures."""
    invented = sample.partner(as_of=datetime.now(UTC).date())
    a_customer = invented.commercial_deployment[0]["customerTenantId"]
    last_good = Emulator(invented)
    return {
        "sample": State(app.dashboard),
        "sample-filtered": State(app.dashboard, query="?channel=direct&service=o365&service=crm&service=teams"),
        "sample-nothing-sold": State(app.dashboard, query="?channel=advisor&service=yammer"),
        "sample-odd-link": State(app.dashboard, query="?channel=nowhere&service=nothing&service=&target=lots"),
        "customers": State(app.dashboard, "customers_chart", "customers"),
        "customers-filtered": State(app.dashboard, "customers_chart", "customers?channel=direct&search=gmbh"),
        "customers-nobody": State(app.dashboard, _NOTE, "customers?search=nobody"),
        "customers-no-permission": _troubled(
            failing(403, 900150, "The role does not have the rights for this operation."),
            where="/commercial/",
            sign=_TROUBLE,
            query="customers",
        ),
        "customer": State(app.dashboard, "products_chart", f"customers?customer={a_customer}"),
        "customer-unknown": State(app.dashboard, "[data-testid=stCode]", "customers?customer=nobody"),
        "renewals": State(app.dashboard, "renewals_chart", "renewals?horizon=90"),
        "renewals-filtered": State(app.dashboard, "renewals_chart", "renewals?horizon=365&outcome=undecided"),
        "renewals-no-permission": _troubled(
            failing(403, 900150, "The role does not have the rights for this operation."),
            where="/v1/customers",
            sign=_TROUBLE,
            query="renewals",
        ),
        "usage": State(app.dashboard, "usage_chart", "usage"),
        "usage-filtered": State(app.dashboard, "usage_chart", "usage?channel=direct&service=o365&service=crm"),
        "usage-no-permission": _troubled(
            failing(403, 900150, "The role does not have the rights for this operation."),
            where="/usage",
            sign=_TROUBLE,
            query="usage",
        ),
        "trends": State(app.dashboard, "trends_chart", "trends"),
        "trends-sold-by-channel": State(app.dashboard, "trends_chart", "trends?measure=sold&by=channel&range=3m"),
        "trends-one-date": State(lambda: _past(_weeks_of_services(1)), "trends_chart", "trends"),
        "trends-few-dates": State(lambda: _past(_weeks_of_services(2)), "trends_chart", "trends"),
        "trends-one-service": State(app.dashboard, "trends_chart", "trends?service=o365&target=79&range=6m"),
        "changes": State(app.dashboard, "changes_chart", "changes"),
        "changes-products": State(app.dashboard, "changes_chart", "changes?level=product&since=2026-01-01"),
        "changes-customers": State(app.dashboard, "changes_chart", "changes?level=customer&status=changed"),
        "changes-everything": State(
            app.dashboard, "changes_chart", "changes?level=customer-and-product&channel=direct&search=gmbh"
        ),
        "changes-same": State(app.dashboard, "changes_chart", "changes?status=gone"),
        "health": State(app.dashboard, "health_chart", "health"),
        "health-not-well": State(_troubled_past, "health_chart", "health"),
        "changes-one-date": State(lambda: _past(_weeks_of_services(1)), ".st-key-one_date", "changes"),
        "changes-new-and-gone": State(_troubled_past, "changes_chart", "changes?level=customer"),
        "changes-swapped": State(app.dashboard, "changes_chart", "changes?since=2026-11-01&until=2026-03-01"),
        "history-unreadable": State(partial(app.dashboard, HISTORY_URL="file://elsewhere/history")),
        "no-history": State(_of(Emulator(invented)), ".st-key-no_history", "changes"),
        "first-load": _troubled(slow(50), sign="[data-testid=stProgress]"),
        "no-rows": State(_of(Emulator(Partner())), ".st-key-no_rows"),
        "no-rows-nor-commercial": _troubled(
            failing(403, 900150, "The role does not have the rights for this operation."),
            Emulator(Partner()),
            where="/commercial/",
            sign=".st-key-trouble_commercial",
        ),
        "commercial-stands-in": State(_of(Emulator(Partner(commercial_deployment=invented.commercial_deployment)))),
        "some-unreadable": State(_of(Emulator(partners.partly_unreadable()))),
        "sign-in-needed": _refused("expired"),
        "mfa-missing": _refused("no-mfa"),
        "no-permission": _refused("no-role"),
        "app-only": _refused("app-only"),
        "closed": State(_office, _DOOR),
        "closed-cancelled": State(_office, _DOOR, enter=_cancel),
        "closed-unlisted": State(_office, _DOOR, enter=partial(sign_in, person=UMA)),
        "signed-in": State(_office, enter=partial(sign_in, person=MIA)),
        "signed-in-not-for-role": State(_office, _NOTE, "customers", enter=partial(sign_in, person=RITA)),
        "status": State(_office, ".st-key-status_calls", "status", _test_connection, partial(sign_in, person=OLAF)),
        "status-sample": State(app.dashboard, ".st-key-status_calls", "status"),
        "throttled": _troubled(throttled("57"), sign=_TROUBLE),
        "down-without-data": _troubled(gateway(503), sign=_TROUBLE),
        "down-with-last-good": State(_of(last_good), before=partial(_lose_service, last_good)),
        "wrong-shape": _troubled(shaped({"items": 5}), sign=_TROUBLE),
        "hostile-names": State(_of(Emulator(partners.hostile()))),
        "settings-error": State(partial(app.dashboard, PARTNER_CENTER_BASE_URL="ftp://x"), _TROUBLE),
        "one-service": State(_of(Emulator(Partner(deployment=[partners.row("o365", "reseller", 26.16, 1_234)])))),
        "hundred-services": State(_of(Emulator(partners.many_services(100)))),
    }


@contextmanager
def _office() -> Iterator[str]:
    with opened() as office:
        yield office.address


def _cancel(page: Page) -> None:
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name="Cancel").click()
    page.locator(_DOOR).wait_for()


def _test_connection(page: Page) -> None:
    page.get_by_role("button", name="Test connection").click()
    page.get_by_text("collections were asked").wait_for()


def _weeks_of_services(*days_ago: int) -> list[Answer]:
    """Partner deployment as it was fetched on these days; one service has stopped, and in the end a row is broken."""

    def day(ago: int) -> str:
        return f"{datetime.now(UTC) - timedelta(days=ago):%Y-%m-%dT00:00:00Z}"

    return [
        fetched(
            DEPLOYMENT,
            [
                {"processedDateTime": day(ago + 1), "licensesSold": 400 - ago},
                {"processedDateTime": day(max(ago, 40) + 1), "serviceName": "crm", "licensesSold": 80},
                *([{"licensesSold": "many"}] if ago == min(days_ago) else []),
            ],
            datetime.now(UTC) - timedelta(days=ago),
        )
        for ago in days_ago
    ]


def _troubled_past() -> AbstractContextManager[str]:
    """A history with something wrong in every respect."""
    before, after = (datetime.now(UTC) - timedelta(days=days) for days in (28, 1))
    names = ["Nordwind AB", "Süd & Söhne", "<b>Fett</b>", "=1+1"]
    customers = [{"customerTenantId": f"T{place}", "customerName": name} for place, name in enumerate(names)]
    now = [
        customers[0] | {"licensesDeployed": 130},
        *customers[2:],
        {"customerTenantId": "T9", "customerName": "Neu Oy"},
    ]
    failed = Failure(
        title="Not permitted",
        message="The account is not allowed to read this.",
        advice="Ask for the role.",
        exit_code=4,
        status=403,
        code="900150",
        request_id="5c3b8a50-0000-4000-8000-000000000001",
    )
    answers = [
        *_weeks_of_services(62, 55, 48, 41, 29, 22, 15, 8, 1),
        fetched(COMMERCIAL_DEPLOYMENT, customers, before),
        fetched(COMMERCIAL_DEPLOYMENT, now, after),
    ]
    return _past(answers, Run(started=after, outcomes={USAGE.name: Tried(at=after, failure=failed)}))


@contextmanager
def _past(answers: Iterable[Answer], run: Run | None = None) -> Iterator[str]:
    """A dashboard of an account whose history holds these answers."""
    with TemporaryDirectory() as folder, serving(Emulator(Partner())) as service:
        settings = {
            "PARTNER_CENTER_BASE_URL": service,
            "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN,
            "HISTORY_URL": folder,
        }
        kept = history.open(Settings(**{name.lower(): value for name, value in settings.items()}))
        for answer in answers:
            kept.append(answer)
        if run:
            kept.record(run)
        with app.dashboard(**settings) as address:
            yield address


def _of(emulator: Emulator) -> Server:
    return partial(app.dashboard_of, emulator, **_QUICK)


def _refused(kind: TokenKind) -> State:
    return State(_of(Emulator(tokens={DEMO_TOKEN: kind})), _TROUBLE)


def _troubled(
    trouble: Trouble, emulator: Emulator | None = None, where: str = "", *, sign: str, query: str = ""
) -> State:
    return State(_of((emulator or Emulator()).always(trouble, where)), sign, query)


def _lose_service(service: Emulator, page: Page) -> None:
    service.always(gateway(503))
    page.get_by_role("button", name="Refresh").click()
    page.get_by_text("These are the last good figures").wait_for()
    app.settle(page)


def take(folder: Path, only: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {name: state for name, state in states().items() if only in name}
    queue = list(wanted.items())[::-1]

    def work() -> None:
        with app.chromium() as browser:
            while queue:
                name, state = queue.pop()
                state.photograph(browser, name, folder)
                print(name, file=sys.stderr)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for worker in [pool.submit(work) for _ in range(AT_ONCE)]:
            worker.result()


def take_for_readme(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with app.chromium() as browser, app.dashboard() as address:
        size: ViewportSize = {"width": WIDTHS[0], "height": _README_HEIGHT}
        page = browser.new_page(viewport=size, device_scale_factor=1, color_scheme="light")
        app.visit(page, address)
        app.settle(page)
        page.screenshot(path=file)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?", type=Path, default=app.ROOT / "screenshots")
    options.add_argument("--only", default="", help="take only the states with this in their name")
    options.add_argument("--readme", type=Path, metavar="FILE", help="take the README's picture instead")
    chosen = options.parse_args()
    if chosen.readme:
        take_for_readme(chosen.readme)
    else:
        take(chosen.folder, chosen.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
