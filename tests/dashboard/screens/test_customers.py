"""The call list in every situation; what all pages share is in test_overview.py."""

import io

import pytest
from pypdf import PdfReader

from dashboard.components import figures
from dashboard.view_models import call_sheet
from data_access.emulator import Emulator, answer, failing, gateway
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, DEPLOYMENT
from tests.dashboard.screens.nordwind import (
    NORTH,
    PAGE,
    PARTNER,
    ROWS,
    SOUTH,
    collected,
    customers_on,
    lost_lately,
    shown_in_the_end,
)
from tests.dashboard.visit import bar, headings, tables, taken_away, text, tiles, wait_for
from tests.rows import rows_of

MORE = {"licensesSold": 100, "licensesDeployed": 107}
USE = Partner(
    commercial_deployment=ROWS,
    commercial_usage=rows_of(COMMERCIAL_USAGE, [{"customerTenantId": NORTH, "licenseActive": 20}]),
)


def test_the_largest_gap_comes_first(visit):
    app = visit(Emulator(PARTNER), page=PAGE)
    assert customers_on(app) == ["<b>Süd</b>", "Nordwind AB"]
    assert tiles(app)["Not deployed"] == "185"
    assert "185 licenses sold to 2 customers are not deployed" in text(app).replace("*", "")


def test_who_has_all_deployed_is_not_counted_with_those_who_have_not(visit):
    had = [{"customerTenantId": NORTH}, {"customerTenantId": SOUTH, "licensesDeployed": 100, "licensesSold": 100}]
    app = visit(Emulator(Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, had))), page=PAGE)
    assert "sold to 1 customer are not deployed" in text(app).replace("*", "")


def test_where_the_overview_says_another_figure_the_page_says_which_and_fetches_nothing_for_it(visit):
    rows = rows_of(
        COMMERCIAL_DEPLOYMENT, [{"licensesDeployed": 60}, {"productName": "B"} | MORE, {"channel": "direct"}]
    )
    sent = [{"licensesSold": 150, "proratedDeploymentPercent": 90}, {"channel": "direct"}]
    emulator = Emulator(Partner(commercial_deployment=rows, deployment=rows_of(DEPLOYMENT, sent)))
    link = {"channel": "reseller"}
    app = visit(emulator, link, page=PAGE)
    assert tiles(app)["Not deployed"] == "40"
    assert "The *Overview* says" not in text(app)
    assert tiles(app.switch_page("screens/overview.py").run())["Not deployed"] == "≈ 15"
    app.switch_page("screens/customers.py").run()
    assert "The *Overview* says **≈ 15** not deployed" in text(app)
    app.query_params["below"] = "50"
    assert "The *Overview* says" not in text(app.run())


def test_above_the_list_stands_the_order_that_is_shown(visit):
    assert "The customers with most licenses not deployed come first." in text(visit(Emulator(PARTNER), page=PAGE))
    sorted_by = text(visit(Emulator(PARTNER), {"column": "deploymentPercent"}, page=PAGE))
    assert "Sorted by *Deployment %*, from lowest to highest." in sorted_by
    assert "come first" not in sorted_by


def test_who_is_to_be_called_first_has_the_most_licenses_and_so_many(visit):
    said = text(visit(Emulator(PARTNER), page=PAGE)).replace("*", "")
    assert "Call these first: they have the most of them, 185 together." in said


def test_filters_of_the_link_hold_here_too(visit):
    app = visit(Emulator(PARTNER), {"channel": "direct"}, page=PAGE)
    assert customers_on(app) == ["Nordwind AB"]
    assert tiles(app)["Licenses sold"] == "100"


def test_a_service_is_the_same_on_every_page_however_it_is_spelled(visit):
    partner = Partner(
        deployment=rows_of(DEPLOYMENT, [{"serviceName": "Brand-New"}, {}]),
        commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{"serviceCode": "BRAND-NEW", "licensesSold": 7}, {}]),
    )
    app = visit(Emulator(partner), {"service": "brand-new"}, page=PAGE)
    assert len(app.multiselect(key="service").options) == 2
    assert tiles(app)["Licenses sold"] == "7"


def test_every_row_is_a_file_of_what_was_sent(visit, monkeypatch):
    sent = [
        {
            "channel": "Reseller",
            "serviceCode": "O365",
            "productName": "OFFICE 365 E3",
            "customerTenantId": NORTH.lower(),
        },
        {"channel": "reseller", "serviceCode": "o365", "productName": "Office 365  e3 ", "customerTenantId": NORTH},
    ]
    app = visit(Emulator(Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, sent))), page=PAGE)
    files = [table for name, table in taken_away(app, monkeypatch).items() if name.startswith("license-customers")]
    assert {product for table in files if "products" in table for product in table["products"]} == {1}
    (rows,) = (
        table
        for name, table in taken_away(app, monkeypatch).items()
        if name.startswith("license-commercial-deployment")
    )
    assert rows[list(sent[0])].to_dict("records") == sent


def test_names_are_in_the_order_of_letters_and_found_however_they_are_spelled(visit):
    names = ["Zebra GmbH", "adesso SE", "Ärztehaus Nord", "Mu\u0308ller AG", "Müller  GmbH"]
    partner = Partner(
        commercial_deployment=rows_of(
            COMMERCIAL_DEPLOYMENT,
            [{"customerName": name, "customerTenantId": f"{number}"} for number, name in enumerate(names)],
        )
    )
    app = visit(Emulator(partner), {"sort": "name"}, page=PAGE)
    assert customers_on(app) == ["adesso SE", "Ärztehaus Nord", "Mu\u0308ller AG", "Müller GmbH", "Zebra GmbH"]
    app.text_input(key="search").set_value("MU\u0308LLER").run()
    assert customers_on(app) == ["Mu\u0308ller AG", "Müller GmbH"]


def test_a_search_leaves_those_who_fit(visit):
    app = visit(Emulator(PARTNER), page=PAGE)
    app.text_input(key="search").set_value("nord").run()
    assert customers_on(app) == ["Nordwind AB"]
    assert tiles(app)["Licenses sold"] == "200"
    app.text_input(key="search").set_value("nobody").run()
    assert "No customer fits" in text(app)


def test_those_to_call_first_stand_above_with_what_to_say(visit):
    app = visit(Emulator(PARTNER), page=PAGE)
    calls = tables(app)["calls"].to_dict("records")
    assert [call["customerName"] for call in calls] == ["<b>Süd</b>", "Nordwind AB"]
    assert calls[0]["figures"] == "95 not deployed · 5.00\u00a0% deployed"
    assert calls[0]["said"] == "95 licenses of Office 365 Enterprise E3 are not assigned to anybody."
    assert tables(app)["customers_table"]["why"][0] == ["95 licenses of Office 365 Enterprise E3 are not deployed"]


def test_where_all_is_deployed_there_is_nobody_to_call(visit):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"licensesDeployed": 100}])
    app = visit(Emulator(Partner(commercial_deployment=rows)), page=PAGE)
    assert "Every license sold here is deployed." in text(app)
    assert "calls" not in tables(app)


@pytest.mark.parametrize(
    ("link", "left", "said"),
    [
        ({"below": "55"}, ["<b>Süd</b>"], "below = 55"),
        ({"below": "55.0001"}, ["<b>Süd</b>", "Nordwind AB"], "below = 55.0001"),
        ({"atleast": "91"}, ["<b>Süd</b>"], "atleast = 91"),
        ({"atleast": "90"}, ["<b>Süd</b>", "Nordwind AB"], "atleast = 90"),
        ({"below": "60", "service": "o365"}, ["Nordwind AB"], "service = o365; below = 60"),
        ({"below": "60", "atleast": "95"}, ["<b>Süd</b>"], "below = 60; atleast = 95"),
    ],
)
def test_two_thresholds_leave_those_below_and_those_with_enough(link, left, said, visit, monkeypatch):
    app = visit(Emulator(PARTNER), link, page=PAGE)
    assert customers_on(app) == left
    for name, table in taken_away(app, monkeypatch).items():
        assert set(table["filter"]) == {said}, name
        assert set(table["customerName"]) == set(left), name


def test_thresholds_that_leave_nobody_say_so_and_are_in_the_widgets(visit, monkeypatch):
    app = visit(Emulator(PARTNER), {"below": "5"}, page=PAGE)
    assert "No customer fits" in text(app)
    assert app.number_input(key="below").value == 5
    assert tiles(app)["Licenses sold"] == "0"
    assert tiles(app)["Deployment %"] == "–"
    assert {"export_xlsx", "export_csv", "export_csv_exact"} <= {button.key for button in app.get("download_button")}
    for name, table in taken_away(app, monkeypatch).items():
        assert table.empty, name
        assert "customerTenantId" in table, name
    app.number_input(key="below").set_value(None).run()
    assert len(customers_on(app)) == 2


def test_where_filters_together_leave_nobody_it_is_said_what_each_leaves_alone(visit):
    app = visit(Emulator(PARTNER), {"below": "50", "atleast": "96", "search": "nord"}, page=PAGE)
    alone = "1 found by the search, 1 below 50 %, 0 with at least 96 licenses not deployed"
    assert f"No customer fits. Each filter alone leaves: {alone}. Change or remove one." in text(app)


def test_where_filters_leave_nobody_each_can_be_taken_away_by_a_button_that_says_what_is_left(visit):
    app = visit(Emulator(PARTNER), {"below": "50", "atleast": "96"}, page=PAGE)
    labels = {name: app.button(key=f"remove_{name}").label for name in ("below", "atleast")}
    assert labels == {
        "below": 'Remove "below 50\u00a0%" · 0 customers',
        "atleast": 'Remove "at least 96" · 1 customer',
    }
    app.button(key="remove_atleast").click().run()
    assert {*app.query_params} == {"below"}
    assert app.number_input(key="atleast").value is None
    assert len(customers_on(app)) == 1


def test_the_list_says_how_each_customer_moved_since_a_day_and_why_to_call(visit):
    was = collected(*range(80, 67, -1))
    now = rows_of(COMMERCIAL_DEPLOYMENT, [{"customerTenantId": NORTH, "customerName": "Nord", "licensesDeployed": 60}])
    app = visit(Emulator(Partner(commercial_deployment=now)), page=PAGE, past=was)
    row = shown_in_the_end(app, "customers_table")
    assert row["deploymentPercentChange"] == "−20.0"
    assert "Fell 20.00 points since 1 Sep 2026" in row["why"]
    assert headings(app, "customers_table")["deploymentPercentChange"]["label"] == "± since 1 Sep"
    app = visit(Emulator(Partner(commercial_deployment=now)), {"customer": NORTH}, page=PAGE, past=was)
    wait_for(app, lambda app: "fell from" in text(app))
    assert "assigned fell from 80.00 % on 1 Sep 2026 to 60.00 %." in text(app).replace("\u2060", "")


def test_the_files_of_the_list_say_why_to_call_and_what_to_say_at_once(visit, monkeypatch):
    was = collected(*range(80, 67, -1))
    now = rows_of(COMMERCIAL_DEPLOYMENT, [{"customerTenantId": NORTH, "customerName": "Nord", "licensesDeployed": 60}])
    app = visit(Emulator(Partner(commercial_deployment=now)), page=PAGE, past=was)
    files = [table for name, table in taken_away(app, monkeypatch).items() if name.startswith("license-customers")]
    assert len(files) == 2  # one for Excel, and one for programs
    for table in files:
        (row,) = table.to_dict("records")
        assert "Fell 20.00 points since 1 Sep 2026" in row["why"]
        assert "40 licenses of " in row["whatToSay"]
        assert row["changeSince"].startswith("2026-09-01")
        assert row["deploymentPercentChange"] == -20
        assert list(table)[-2:] == ["source", "filter"]


def test_what_a_person_takes_can_be_had_as_a_workbook(visit, monkeypatch):
    found: set[str] = set()
    # AppTest takes no file.
    monkeypatch.setattr(figures, "downloads", lambda files: found.update(file.key for file in files))
    visit(Emulator(PARTNER), page=PAGE)
    assert found >= {"export_xlsx", "export_rows_xlsx"}
    visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE, past=collected(40, 45))
    assert found >= {"call_sheet", "export_history_xlsx"}


def test_a_customer_that_the_newest_answer_lacks_is_named_and_a_lost_product_is_a_reason(visit):
    app = lost_lately(visit)
    assert "Not in the newest answer: Süd (30 licenses sold on 9 Oct 2026)." in text(app).replace("*", "")
    row = tables(app)["customers_table"].iloc[0]
    assert "Not in the newest answer: Visio Plan 2 (20 licenses sold on 9 Oct 2026)" in str(row["why"])
    assert row.get("deploymentPercentChange", "–") == "–", "it is not the same sum any more"


def test_many_customers_come_in_pages(visit):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"customerTenantId": f"T{number:03}"} for number in range(120)])
    app = visit(Emulator(Partner(commercial_deployment=rows)), page=PAGE)
    assert len(customers_on(app)) == 50
    assert "120 customers" in text(app)


def sheets_of_the_list(app, monkeypatch):
    """The button for the call sheets of the list, and the pages of its PDF."""
    found = {}
    # AppTest takes no file.
    monkeypatch.setattr(figures, "downloads", lambda files: found.update({file.key: file for file in files}))
    app.run()
    file = found["call_sheets"]
    return file, [page.extract_text() for page in PdfReader(io.BytesIO(file.content())).pages]


def test_the_list_has_a_call_sheet_of_each_customer_in_its_order(visit, monkeypatch):
    file, pages = sheets_of_the_list(visit(Emulator(PARTNER), page=PAGE), monkeypatch)
    assert [SOUTH in pages[0], NORTH in pages[1], len(pages)] == [True, True, 2]
    assert (file.label, file.content().rows) == ("Call sheets", 2)
    assert file.name.endswith(".pdf")


def test_of_a_long_list_the_first_have_a_call_sheet_and_the_button_says_so(visit, monkeypatch):
    monkeypatch.setattr(call_sheet, "MOST", 2)  # a long list takes long to draw
    rows = [{"customerTenantId": f"T{number:03}", "licensesDeployed": number} for number in range(3)]
    partner = Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, rows))
    file, pages = sheets_of_the_list(visit(Emulator(partner), page=PAGE), monkeypatch)
    assert ["T000" in pages[0], "T001" in pages[1], len(pages)] == [True, True, 2]
    assert file.label == "Call sheets of the first 2"
    assert "2 of 3 customers" in file.explanation


@pytest.mark.parametrize(
    ("trouble", "title"),
    [
        (failing(403, 900150, "role"), "Not permitted"),
        (answer(404), "did not accept"),
        (gateway(), "stands in between"),
    ],
)
def test_where_it_cannot_be_read_the_page_says_what_still_works(trouble, title, visit):
    emulator = Emulator(PARTNER)
    emulator.always(trouble, where="/commercial/")
    app = visit(emulator, page=PAGE)
    assert title in text(app)
    assert "Commercial licenses deployment" in text(app)
    assert "The Overview does not need it" in text(app)


@pytest.mark.parametrize("page", ["customers", "usage", "renewals"])
def test_where_nothing_can_be_read_no_page_leads_to_another_that_fails(page, visit):
    emulator = Emulator(PARTNER)
    emulator.always(failing(403, 900150, "role"), where="/")
    app = visit(emulator, page=page)
    assert "The Overview cannot be read either." in text(app)
    assert "The Overview does not need" not in text(app)
    assert "The Overview needs neither" not in text(app)


def test_no_rows_is_a_state_of_its_own(visit):
    app = visit(Emulator(Partner()), page=PAGE)
    assert "Microsoft returned no rows" in text(app)
    assert "would show instead" not in text(app)  # the counts are what it stands on


def test_the_sample_has_customers(visit):
    app = visit(page=PAGE)
    assert len(customers_on(app)) == 50
    assert bar(app)["source"] == "Sample data"


def test_renewals_that_were_collected_are_on_the_list_whoever_has_seen_them_before(visit):
    app = visit(page=PAGE)
    wait_for(app, lambda app: "renewal" in headings(app, "customers_table"))


@pytest.mark.parametrize(("link", "key"), [({}, "customers_table"), ({"customer": NORTH}, "products_table")])
def test_what_is_not_used_comes_though_nobody_opens_usage(link, key, visit):
    app = visit(Emulator(USE), link, page=PAGE)
    wait_for(app, lambda app: "Reading what is used" not in text(app))
    assert "unused" in headings(app, key)


@pytest.mark.parametrize("link", [{}, {"customer": NORTH}])
def test_what_the_page_stands_without_is_said(link, visit):
    emulator = Emulator(USE)
    emulator.always(failing(403, 900150, "The role does not have the rights."), where="/usage")
    app = visit(emulator, link, page=PAGE)
    wait_for(app, lambda app: "Reading what is used" not in text(app))
    assert "Without *Not used*: " in text(app)
    assert "nobody has read the subscriptions since this dashboard started" in text(app)
