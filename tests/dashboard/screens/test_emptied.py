"""Microsoft's analytics have no rows any more, so pages stand on live seats: nobody and nothing is called gone."""

import io
from datetime import timedelta
from functools import partial

import pytest
from pypdf import PdfReader

from dashboard.components import figures
from dashboard.exports import File
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, DEPLOYMENT
from tests.dashboard.screens.nordwind import NORTH, SOUTH
from tests.dashboard.visit import tables, text, wait_for
from tests.lakes import NOW, fetched
from tests.rows import rows_of

PRODUCT = "aaaaaaaa-0000-4000-8000-000000000001"
SINCE = "Microsoft's answers have no rows since 24 Nov 2026. The last figures are of 9 Oct 2026: 200 licenses sold"
NORD = {"customerTenantId": NORTH, "customerName": "Nordwind AB", "productId": PRODUCT, "licensesDeployed": 90}
SUED = {"customerTenantId": SOUTH, "customerName": "Süd", "productName": "Visio Plan 2", "licensesDeployed": 90}


def emptied(visit, link=None, page="customers", *, is_kept=True):
    """A page on the seats of one customer; the analytics had that one and another until a week ago."""
    sku = {"id": PRODUCT, "name": "Microsoft 365 E3"}
    partner = Partner(
        customers=[{"id": NORTH, "companyProfile": {"tenantId": NORTH, "companyName": "Nordwind AB"}}],
        seats={NORTH: [{"activeUnits": 160, "consumedUnits": 80, "totalUnits": 160, "productSku": sku}]},
        subscriptions={NORTH: []},
    )
    kept = [(COMMERCIAL_DEPLOYMENT, [NORD, SUED]), (DEPLOYMENT, [{"licensesSold": 200}]), (COMMERCIAL_USAGE, [NORD])]
    past = [partial(fetched, *each, NOW - timedelta(weeks=week)) for week in (12, 2, 1) for each in kept]
    if is_kept:
        past += [partial(fetched, collection, [], NOW) for collection, _ in kept]
    app = visit(Emulator(partner), link, page=page, past=past)
    return wait_for(app, lambda app: "Looking back" not in text(app) and "Opening the history" not in text(app))


@pytest.mark.parametrize("link", [{}, {"customer": NORTH}, {"customer": SOUTH}])
def test_live_seats_are_not_compared_with_analytics_of_former_days(link, visit):
    app = emptied(visit, link)
    said = text(app).replace("*", "")
    assert SINCE in said
    shown = said + str({key: table.to_dict() for key, table in tables(app).items()})
    for word in ("Not in the newest answer", "any more", "Bought", "Fell", "What became"):
        assert word not in shown, word
    assert "Microsoft has no licenses for this customer" not in said
    if not link:
        assert "80 licenses of Microsoft 365 E3 are not deployed" in shown
        assert "deploymentPercentChange" not in tables(app)["customers_table"]


@pytest.mark.parametrize("page", ["", "customers"])
@pytest.mark.parametrize("is_kept", [True, False])
def test_pages_on_live_seats_say_since_when_the_analytics_have_no_rows(page, is_kept, visit):
    said = text(emptied(visit, page=page, is_kept=is_kept)).replace("*", "")
    assert "These figures are live seats" in said
    assert "Microsoft's answers have no rows since" in said
    assert "The last figures are of 9 Oct 2026: 200 licenses sold, 90.00 % of them deployed." in said or page == ""


def test_data_health_calls_nobody_absent_whom_an_answer_without_rows_does_not_have(visit):
    app = emptied(visit, page="health")
    said = text(app).replace("*", "")
    assert "absent on" not in said
    assert "Commercial licenses deployment has no rows any more: from 2 to 0 customers" in said, "it is told in numbers"


def test_usage_says_since_when_a_collection_has_no_rows(visit):
    use = rows_of(COMMERCIAL_USAGE, [NORD])
    past = [
        partial(fetched, COMMERCIAL_DEPLOYMENT, rows, NOW + timedelta(days=day)) for day, rows in ((0, [NORD]), (1, []))
    ]
    said = text(visit(Emulator(Partner(commercial_usage=use)), page="usage", past=past)).replace("*", "")
    assert (
        "Microsoft returned no rows for Commercial licenses deployment. Microsoft's answers have no rows since 25 Nov"
        in said
    )


def test_a_call_sheet_stands_on_the_last_analytics_whatever_the_page_stands_on(visit, monkeypatch):
    taken: list[File] = []
    monkeypatch.setattr(figures, "downloads", taken.extend)  # AppTest takes no file
    app = emptied(visit, page="usage")  # which fetches what the sheet says of use
    app.query_params["customer"] = NORTH
    app.switch_page("screens/customers.py").run()
    sheet = next(file for file in taken if file.key == "call_sheet")
    words = " ".join(PdfReader(io.BytesIO(sheet.content())).pages[0].extract_text().split())
    assert "Microsoft's answers have no rows since 24 Nov 2026; Figures of 9 Oct 2026" in words
    assert "no figures of use since 24 Nov 2026" in words
    assert "Licenses sold 100" in words
    for word in ("Not in the newest answer", "any more"):
        assert word not in words
