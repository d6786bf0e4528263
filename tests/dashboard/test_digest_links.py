"""Each link of a digest opens the page that shows what its line counts: the same number, for the person it went to."""

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from data_access import formats, history, load_settings
from data_access.__main__ import main
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.history.run_log import Failure, Run, Tried
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, USAGE
from tests import lakes
from tests.dashboard import visit as visits
from tests.dashboard.visit import deltas, tables, text, tiles
from tests.rows import rows_of

ANN, ROOT = "ann@partner.example", "https://licenses.partner.example"
TENANTS = [str(UUID(int=number << 96 | 1)).upper() for number in range(1, 17)]
*OWN, CALM, MUTED, FOREIGN = TENANTS
NAMES = {tenant: f"Customer {number:02} <b>" for number, tenant in enumerate(TENANTS)}
E3 = str(UUID(int=7)).upper()
NOW = datetime.now(UTC)
PLAN = f"""
[[person]]
name = "{ANN}"
operator = true
[[rule]]
below = 80
service = "O365"
[[mute]]
customer = "{MUTED}"
reason = "migration"
until = {(NOW + timedelta(days=60)).date()}
[[spare]]
customer = "{OWN[0]}"
product = "{E3}"
seats = 10
"""


def counts(week):
    """What each customer has: more is deployed each week, but at those where nothing changes or renews."""
    at = NOW - timedelta(weeks=1 - week)
    deployed: dict[str, int] = {tenant: 40 + 5 * week + number for number, tenant in enumerate(TENANTS)} | {CALM: 100}
    row: dict[str, Any] = {"productId": E3, "processedDateTime": f"{at:%Y-%m-%dT00:00:00}", "licensesSold": 100}
    named = [row | {"customerTenantId": tenant, "customerName": NAMES[tenant]} for tenant in TENANTS]
    return [each | {"licensesDeployed": deployed[str(each["customerTenantId"])]} for each in named]


def subscription(tenant, days, *, renews):
    end = NOW + timedelta(days=days)
    return {
        "id": f"s-{tenant}-{days}",
        "offerId": "P:0001:A",
        "offerName": "Office 365 E3",
        "productType": {"id": "OnlineServicesNCE"},
        "quantity": 100,
        "status": "active",
        "isTrial": False,
        "autoRenewEnabled": renews,
        "billingType": "license",
        "termDuration": "P1Y",
        "effectiveStartDate": f"{end - timedelta(days=364):%Y-%m-%dT%H:%M:%SZ}",
        "commitmentEndDateTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
    }


def partner():
    """What is undecided and near is in reach; what renews by itself and is all assigned is not, nor what ends later."""
    sku = {"id": E3, "name": "Office 365 E3", "skuPartNumber": "ENTERPRISEPACK", "targetType": "User"}
    used = {tenant: 100 if tenant == CALM else 90 for tenant in TENANTS}
    return Partner(
        customers=[
            {"id": tenant, "companyProfile": {"tenantId": tenant, "companyName": NAMES[tenant]}} for tenant in TENANTS
        ],
        subscriptions={
            tenant: [subscription(tenant, 20, renews=tenant in (CALM, OWN[0])), subscription(tenant, 200, renews=False)]
            for tenant in TENANTS
        },
        seats={
            tenant: [{"activeUnits": 100, "consumedUnits": used[tenant], "totalUnits": 100, "productSku": sku}]
            for tenant in TENANTS
        },
        catalog={("P", "0001"): {"dynamicAttributes": {"provisioningId": E3}}},
        commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, counts(1)),
    )


@pytest.fixture
def digest(serve_again, tmp_path, configure, claims, monkeypatch, capsys):  # noqa: PLR0917
    """Opens the page to which a line of a digest leads, as the person sees it who got it."""
    (tmp_path / "books.csv").write_text(
        "customerTenantId,person,from,until\n"
        + "".join(f"{tenant},{ANN},,\n" for tenant in TENANTS if tenant != FOREIGN)
        + f"{FOREIGN},ben@partner.example,,\n"
    )
    (tmp_path / "digest.toml").write_text(PLAN)
    settings = {
        "HISTORY_URL": str(tmp_path / "history"),
        "BOOKS_FILE": str(tmp_path / "books.csv"),
        "DIGEST_FILE": str(tmp_path / "digest.toml"),
        **visits.live(serve_again(Emulator(partner()))),
    }
    week_ago = NOW - timedelta(weeks=1)
    answers = [partial(lakes.fetched, COMMERCIAL_DEPLOYMENT, counts(0), week_ago)]
    lakes.keep(settings, answers)
    for name, value in {**settings, "PUBLIC_URL": ROOT, "ACCESS_TENANTS": visits.TENANT}.items():
        monkeypatch.setenv(name, value)
    assert main(["collect"]) == 0
    failed = Tried(at=NOW, failure=Failure(title="Down", message="Usage is down.", advice="Wait.", exit_code=5))
    history.open(load_settings(settings)).record(Run(started=NOW, outcomes={USAGE.name: failed}))
    capsys.readouterr()
    assert main(["digest", "--all", "--dry-run"]) == 0
    printed = capsys.readouterr().out.replace("\u00a0", " ")
    lines = dict(re.findall(rf"^(?:- )?(.+)\n *({re.escape(ROOT)}/\S*)$", printed, re.MULTILINE))
    configure()
    claims.update(visits.claims("operator", preferred_username=ANN, oid=ANN))

    def opened(line):
        (link,) = [link for said, link in lines.items() if re.fullmatch(line, said)]
        address = urlsplit(link)
        return visits.opened(settings, parse_qs(address.query), address.path.strip("/"), monkeypatch, claims)

    return opened


def shown(app):
    return [header.value for header in app.header]


def test_a_list_that_is_cut_leads_to_the_page_that_has_as_many_as_it_says(digest):
    for noun, heading in (
        ("13 subscriptions with a last day to act in reach", "13 subscriptions"),
        ("14 customers out of their band", "14 customers"),
        ("14 customers that differ", "14 customers"),
    ):
        app = digest(rf"and \d+ \w+ more. All {noun} are on the page \w+")
        assert heading in shown(app)


def test_a_line_leads_to_the_page_that_has_its_figures(digest):
    app = digest(r"Customer 04 <b>: Office 365 E3, 100 seats, 10 of them not assigned; undecided, act until .+")
    for _ in range(40):
        if "customer_renewals_table" in tables(app):  # it is read from the history meanwhile
            break
        app.run()
    (row, *_) = tables(app)["customer_renewals_table"].to_dict("records")
    assert (row["quantity"], row["assigned"]) == ("100", "90")
    assert row["act"].startswith(formats.day(NOW + timedelta(days=20)))
    app = digest(r"Customer 01 <b>: 54 licenses not deployed, .+")
    assert tiles(app)["Not deployed"] == "54"
    app = digest(r"Customer 02 <b>: 47.00 % of Microsoft 365 deployed, below 80 %")
    assert tiles(app)["Deployment %"] == "47.00 %"
    app = digest(r"Customer 03 <b>: sold ±0, deployed \+5, not deployed −5 \(43.00 % .+, 48.00 % now\)")
    assert list(tiles(app).values())[:3] == ["±0", "+5", "−5"]
    assert "43.00 → 48.00 %" in deltas(app).values()
    assert "Usage is down." in text(digest(".*Usage is down..*"))
