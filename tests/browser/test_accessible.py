"""No page keeps anybody out, in any of its states: axe-core finds nothing, in both themes and at both widths."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from data_access.emulator import failing
from tests.browser import app
from tests.browser.accessible import violations
from tests.browser.test_journeys import STREAMLITS_OWN

SIZES = ((1366, 900), (390, 844))
#: A theme changes colours alone, so that the other one is asked for what colours decide; that takes half as long.
SCHEMES: tuple[tuple[app.Scheme, dict[str, object]], ...] = (("light", {}), ("dark", {"runOnly": ["color-contrast"]}))
_ALERT = "[data-testid=stAlert]"


@dataclass(frozen=True)
class State:
    """A page in one state: its address, and what is on it once it is drawn."""

    path: str
    sign: str

    def __str__(self) -> str:
        return self.path or "overview"


STATES = [
    State("?channel=direct&service=o365&service=crm&channel=nowhere", ".st-key-services_chart .point"),
    State("?channel=advisor&service=yammer", "h1"),
    State("trends?channel=direct", ".st-key-trends_parts_chart .point"),
    State("trends?service=o365&range=1y&measure=sold", ".st-key-trends_chart .point"),
    State("changes?channel=direct&column=-licensesSoldAfter", ".st-key-changes_table tbody tr"),
    State("changes?level=customer&search=gmbh", ".st-key-changes_table tbody tr"),
    State("changes?level=product&search=nothing", _ALERT),
    State("customers?search=gmbh&column=-licensesSold", ".st-key-customers_table tbody tr"),
    State("customers?search=nobody", _ALERT),
    State("customers?customer=nobody", "[data-testid=stCode]"),
    State("renewals?horizon=90", ".st-key-renewals_chart .point"),
    State("usage?channel=direct&service=o365", ".st-key-usage_chart .point"),
    State("health", ".st-key-health_chart .point"),
    State("status", ".st-key-status_calls"),
]


#: What waits for its next figures is pale for a moment; that is no state of a page.
_NOT_PALE = "[data-stale] { opacity: 1 !important; transition: none !important; }"


def found(page: Page) -> list[tuple[str, str, str, str]]:
    """What keeps people out: where, the rule, the element, and what is wrong with it."""
    findings = []
    page.add_style_tag(content=_NOT_PALE)
    for scheme, rules in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            app.settle(page)
            findings += [
                (f"{scheme} {width}", rule["id"], node["html"][:150], node["failureSummary"])
                for rule in violations(page, exclude=[*STREAMLITS_OWN.values()], options=rules)
                for node in rule["nodes"]
            ]
    return findings


@pytest.mark.parametrize("state", STATES, ids=str)
def test_a_page_keeps_nobody_out(state, sample, visitors):
    page = visitors.at(f"{sample}/{state.path}", state.sign)
    assert found(page) == []


def test_one_customer_keeps_nobody_out(sample, visitors):
    page = visitors.at(f"{sample}/customers?search=gmbh", ".st-key-customers_table tbody tr a")
    identity = page.locator(".st-key-customers_table tbody a").first.get_attribute("data-id")
    assert identity
    page = visitors.at(f"{sample}/customers?customer={identity.removeprefix('row ')}", ".st-key-history_chart .point")
    assert found(page) == []


def test_an_error_keeps_nobody_out(live, visitors):
    live.service.always(failing(403, 900150, "The role does not have the rights for this operation."))
    page = visitors.at(f"{live.address}/usage", ".st-key-trouble")
    assert found(page) == []
