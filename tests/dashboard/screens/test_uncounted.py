"""Customers with subscriptions or live seats of whom Microsoft's counts have nothing: on the list, and their page."""

import csv
import io
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pypdf import PdfReader

from dashboard.components import figures
from dashboard.exports import File
from data_access.emulator import Emulator, failing
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.dashboard.visit import tables, text
from tests.lakes import NOW, fetched
from tests.rows import rows_of

COUNTED, SOLD_ONLY, TENANT_ONLY, NEITHER = (f"{digit * 8}-0000-4000-8000-000000000001" for digit in "ABCD")
NAMES = {COUNTED: "Alfa Ltd", SOLD_ONLY: "Bravo *Ltd*", TENANT_ONLY: "Charlie Ltd", NEITHER: "Delta Ltd"}
VISIO = "c5928f49-12ba-48f7-ada3-0d743a3601d5"


def subscription(number, quantity, **more):
    end = datetime.now(UTC) + timedelta(days=20)
    return {
        "id": f"s{number}",
        "offerName": "Visio Plan 2",
        "productType": {"id": "OnlineServicesNCE"},
        "quantity": quantity,
        "status": "active",
        "billingType": "license",
        "autoRenewEnabled": False,
        "effectiveStartDate": f"{end - timedelta(days=364):%Y-%m-%d}T00:00:00Z",
        "commitmentEndDateTime": f"{end:%Y-%m-%d}T23:59:59Z",
        **more,
    }


def partner(**more):
    product = {"id": VISIO, "name": "Visio Plan 2", "skuPartNumber": "VISIOCLIENT", "targetType": "User"}
    sku = {"activeUnits": 12, "consumedUnits": 5, "totalUnits": 12, "productSku": product}
    customers = [{"id": each, "companyProfile": {"tenantId": each, "companyName": NAMES[each]}} for each in NAMES]
    return Partner(
        **{
            "customers": customers,
            "subscriptions": {
                **{each: [] for each in NAMES},
                COUNTED: [subscription(1, 3)],
                SOLD_ONLY: [subscription(2, 7), subscription(3, 2)],
            },
            "seats": {**{each: [] for each in NAMES}, TENANT_ONLY: [sku], SOLD_ONLY: [sku]},
            "commercial_deployment": rows_of(
                COMMERCIAL_DEPLOYMENT, [{"customerTenantId": COUNTED, "customerName": NAMES[COUNTED]}]
            ),
            **more,
        }
    )


def customers(visit, link=None, past=(), **more):
    """The page Customers once the subscriptions have been read, as somebody sees it who came from Renewals."""
    app = visit(Emulator(partner(**more)), page="renewals", past=past)
    for name, value in (link or {}).items():
        app.query_params[name] = value
    return opened(app)


def opened(app):
    return app.switch_page("screens/customers.py").run()


def test_the_list_says_whom_it_does_not_have_with_what_is_live(visit):
    app = customers(visit)
    assert list(tables(app)["customers_table"]["customerName"]) == ["Alfa Ltd"]
    assert "2 customers have subscriptions or live seats, and nothing in the figures above." in text(app).replace(
        "*", ""
    )
    others = tables(app)["uncounted_table"]
    assert list(others["customerName"]) == ["Bravo *Ltd*", "Charlie Ltd"]
    assert list(others["subscriptions"]) == ["2", "–"]
    assert list(others["activeUnits"]) == ["12", "12"]
    end = datetime.now(UTC) + timedelta(days=20)
    assert list(others["renewal"]) == [f"{end.day} {end:%b %Y}", "–"]
    free = "7 licenses of Visio Plan 2 are not deployed"
    ends, *reasons = others["why"].iloc[0]
    assert ends.startswith("7 seats of Visio Plan 2 end on")
    assert [*reasons, *others["why"].iloc[1]] == [free, free]


def test_the_file_of_the_list_counts_renewals_from_the_moment_of_its_page_as_the_page_does(visit, monkeypatch):
    taken: list[File] = []
    monkeypatch.setattr(figures, "downloads", taken.extend)  # AppTest takes no file
    for days, is_ahead in ((0, True), (30, False)):
        taken.clear()
        moment = datetime.now(UTC) + timedelta(days=days)
        monkeypatch.setattr(figures, "now", lambda moment=moment: moment)
        app = customers(visit)
        assert ("renewal" in tables(app)["customers_table"]) is is_ahead
        _, file = (file for file in taken if file.key == "export_csv_exact")  # the first one is of Renewals
        (row,) = csv.DictReader(io.StringIO(file.content().decode()))
        assert bool(row["nextRenewal"]) is is_ahead
        assert ("Visio Plan 2 end on" in row["why"]) is is_ahead


def test_their_renewals_of_the_older_kind_are_before_the_first_day_that_is_not_paid(visit):
    day = datetime.now(UTC) + timedelta(days=20)
    sent = {"commitmentEndDateTime": None, "commitmentEndDate": f"{day:%Y-%m-%d}T00:00:00Z"}
    older = subscription(2, 7, productType={"id": "OnlineServices"}, **sent)
    app = customers(visit, subscriptions={**{each: [] for each in NAMES}, SOLD_ONLY: [older]})
    assert list(tables(app)["uncounted_table"]["renewal"]) == [f"before {day.day} {day:%b %Y}", "–"]


def test_who_is_listed_and_refuses_its_subscriptions_is_not_shown_as_one_who_has_none(visit):
    refusing = Emulator(partner()).always(failing(403), where=f"{TENANT_ONLY}/subscriptions")
    assert list(tables(opened(visit(refusing, page="renewals")))["uncounted_table"]["renewal"])[1] == "not read"
    refusing = Emulator(partner()).always(failing(403), where=f"{COUNTED}/subscriptions")
    assert list(tables(opened(visit(refusing, page="renewals")))["customers_table"]["renewal"]) == ["not read"]


def test_who_is_not_listed_was_not_asked(visit):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"customerTenantId": each} for each in (COUNTED, "E" + COUNTED[1:])])
    assert [*tables(customers(visit, commercial_deployment=rows))["customers_table"]["renewal"]][1] == "not read"


def test_a_search_finds_them_where_it_finds_nobody_else(visit):
    app = customers(visit, {"search": "bravo"})
    assert "No customer fits." in text(app)
    assert list(tables(app)["uncounted_table"]["customerName"]) == ["Bravo *Ltd*"]


@pytest.mark.parametrize("link", [{"channel": "reseller"}, {"below": "90"}, {"atleast": "1"}])
def test_a_filter_by_what_they_do_not_have_leaves_them_out_and_says_so(link, visit):
    app = customers(visit, link)
    assert "uncounted_table" not in tables(app)
    assert "nothing in the figures above. The filter leaves them out." in text(app)


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_the_page_of_one_stands_on_its_subscriptions_and_seats(spelled, visit, monkeypatch):
    taken: list[File] = []
    monkeypatch.setattr(figures, "downloads", taken.extend)  # AppTest takes no file
    app = customers(visit, {"customer": spelled(SOLD_ONLY)})
    said = text(app).replace("*", "")
    assert "has no licenses for this customer" not in said
    assert app.title[0].value == "Bravo \\*Ltd\\*"
    assert "The figures of this page have no licenses of this customer." in said
    assert "9 seats need a decision." in said
    assert list(tables(app)["customer_renewals_table"]["quantity"]) == ["7", "2"]
    assert "12 seats are enabled, 5 assigned, 7 free to assign." in said
    say = ["7 seats of Visio Plan 2 end on", "7 licenses of Visio Plan 2 are not assigned to anybody."]
    assert all(sentence in said for sentence in ["What to say", *say])
    sheet = next(file for file in taken if file.key == "call_sheet")
    (page,) = PdfReader(io.BytesIO(sheet.content())).pages
    assert "Bravo *Ltd*" in page.extract_text()
    assert all(sentence in " ".join(page.extract_text().split()) for sentence in ["What to say", *say])
    next(button for button in app.button if button.label == "Back to all customers").click().run()
    assert "uncounted_table" in tables(app)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([], "Not in the newest answer"),
        ([{"customerTenantId": NEITHER, "licensesDeployed": None}], "Could not be read in the newest answer"),
    ],
)
def test_the_call_sheet_of_one_who_had_licenses_says_of_when_and_why_there_are_none(sent, said, visit, monkeypatch):
    taken: list[File] = []
    monkeypatch.setattr(figures, "downloads", taken.extend)  # AppTest takes no file
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"customerTenantId": COUNTED}, *sent])
    had = partial(fetched, COMMERCIAL_DEPLOYMENT, [{"customerTenantId": NEITHER}], NOW)
    customers(visit, {"customer": NEITHER}, past=[had], commercial_deployment=rows)
    sheet = next(file for file in taken if file.key == "call_sheet")
    (page,) = PdfReader(io.BytesIO(sheet.content())).pages
    assert f"{said}; last figures of 9 Oct 2026" in " ".join(page.extract_text().split())


def test_a_customer_who_is_listed_and_has_nothing_has_a_page_too(visit):
    app = customers(visit, {"customer": NEITHER})
    assert app.title[0].value == "Delta Ltd"
    assert "No subscription of this customer ends within a year" in text(app)
    assert "This tenant has no licenses" in text(app)


def test_where_the_list_stands_on_live_seats_it_says_whose_are_missing(visit):
    app = customers(visit, commercial_deployment=[])
    assert sorted(tables(app)["customers_table"]["customerName"]) == ["Bravo *Ltd*", "Charlie Ltd"]
    assert list(tables(app)["uncounted_table"]["customerName"]) == ["Alfa Ltd"]
    app.query_params["customer"] = COUNTED
    app.run()
    assert "have no live seats of this customer that somebody pays for" in text(app)


def test_where_live_seats_are_all_there_is_nothing_is_called_analytics(visit):
    said = text(customers(visit, {"customer": TENANT_ONLY}, commercial_deployment=[]))
    assert "This is the tenant now, whoever sold the seats." in said
    assert "the other figures here are Microsoft's analytics" not in said
    beside = customers(visit, {"customer": TENANT_ONLY})
    assert "the other figures here are Microsoft's analytics" not in text(beside)
