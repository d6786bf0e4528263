"""The Renewals page in every situation; what all pages share is in test_overview.py."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from dashboard import formats
from dashboard.components import figures
from dashboard.exports import File
from dashboard.tables import renewals as renewals_tables
from data_access.emulator import Emulator, failing
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SUBSCRIPTIONS
from tests.dashboard.visit import charts, deltas, headings, notes, tables, taken_away, text, tiles, total
from tests.rows import rows_of

PAGE = "renewals"
NORTH, SOUTH = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
NAMES = {NORTH: "Nordwind AB", SOUTH: "<b>Süd</b>"}


def day(days, clock="23:59:59Z"):
    return f"{datetime.now(UTC).date() + timedelta(days=days)}T{clock}"


def subscription(number, end=20, quantity=10, **more):
    """A yearly one of new commerce that renews, with a last day of its term so many days from now."""
    return {
        "id": f"s{number}",
        "offerId": "P:0001:A",
        "offerName": "Office 365 E3",
        "productType": {"id": "OnlineServicesNCE"},
        "quantity": quantity,
        "status": "active",
        "isTrial": False,
        "autoRenewEnabled": True,
        "billingType": "license",
        "billingCycle": "monthly",
        "termDuration": "P1Y",
        "effectiveStartDate": day(end - 364, "00:00:00Z"),
        "commitmentEndDate": day(end, "00:00:00Z"),
        "commitmentEndDateTime": day(end),
        "cancellationAllowedUntilDate": day(end - 357),
        **more,
    }


def seats(enabled=100, assigned=60):
    product = {"id": E3, "name": "Office 365 E3", "skuPartNumber": "ENTERPRISEPACK", "targetType": "User"}
    return {"activeUnits": enabled, "consumedUnits": assigned, "totalUnits": enabled, "productSku": product}


def partner(north=(), south=(), **more):
    """A partner whose customers have these subscriptions; the first one has 40 seats that nobody uses."""
    customers = [
        {"id": tenant, "companyProfile": {"tenantId": tenant, "companyName": NAMES[tenant]}} for tenant in NAMES
    ]
    counts = [{"customerTenantId": tenant.upper(), "productId": E3.upper(), "licensesDeployed": 97} for tenant in NAMES]
    return Partner(
        **{
            "customers": customers,
            "subscriptions": {NORTH.upper(): list(north), SOUTH.upper(): list(south)},
            "seats": {NORTH.upper(): [seats()], SOUTH.upper(): [seats(assigned=95)]},
            "catalog": {("P", "0001"): {"dynamicAttributes": {"provisioningId": E3}}},
            "commercial_deployment": rows_of(COMMERCIAL_DEPLOYMENT, counts),
            **more,
        }
    )


def on(app):
    return tables(app)["renewals_table"]


def test_the_tiles_count_seats_of_what_renews_and_of_what_is_undecided(visit):
    not_decided = {"autoRenewEnabled": False}
    extended = {"scheduledActions": [{"actionType": "RenewToExtendedServiceTerm", "effectiveDate": None}]}
    app = visit(
        Emulator(
            partner(
                [
                    subscription(1, quantity=30),
                    subscription(2, quantity=25),
                    subscription(3, quantity=7, **not_decided),
                    subscription(4, quantity=4, isTrial=True),
                    subscription(5, end=31, quantity=100),
                    subscription(6, end=364, quantity=9),
                    subscription(9, end=-1, quantity=11),
                ],
                [subscription(7, quantity=3), subscription(8, quantity=2, **extended)],
            )
        ),
        page=PAGE,
    )
    # Of the first customer's 55 seats that renew 40 are not assigned, of the second one's 3 all.
    assert tiles(app) == {"Seats that renew": "58", "At risk": "43", "To be decided": "9", "Reducible now": "9"}
    said = text(app).replace("*", "")
    assert "9 seats need a decision until" in said
    assert "58 seats renew, 43 of them are not assigned." in said
    assert "The term of 1 subscription has ended; no answer says yet what became of it." in said
    assert "1 trial" in text(app)
    # And all that ends, whatever becomes of it, without the trial: 62 seats of the first customer, 5 of the second.
    said = "At risk: of what renews. 45 with what ends or is undecided"
    words = "5 of 6 subscriptions together"
    assert total(app, "renewals_table") == (words, {"quantity": "67", "seatsAtRisk": "43", "becomes": said})
    assert deltas(app)["At risk"] == "74 % of what renews"
    assert deltas(app)["Reducible now"] == "9 of them not in the table"


def test_the_first_that_needs_a_decision_may_go_into_the_extended_service_term(visit):
    extended = {"scheduledActions": [{"actionType": "RenewToExtendedServiceTerm", "effectiveDate": None}]}
    undecided = subscription(1, end=8, quantity=7, autoRenewEnabled=False)
    app = visit(Emulator(partner([undecided], [subscription(2, end=3, quantity=2, **extended)])), page=PAGE)
    said = text(app).replace("*", "")
    assert re.search(r"9 seats need a decision until \d+ \w{3} \d{4}, 2 of them within 7 days\. ", said)
    cards = tables(app)["decisions"]
    assert list(cards["customerName"]) == ["<b>Süd</b>", "Nordwind AB"]
    assert list(cards["figures"]) == ["2 seats of Office 365 E3", "7 seats of Office 365 E3"]
    ends, after = (formats.day(datetime.now(UTC) + timedelta(days=days)) for days in (3, 4))
    assert cards["said"][0] == (
        f"Decide by {ends}, 23:59, in 3 days. Paid monthly at about +3\u00a0% from {after}."
        " 2 of them are not assigned to anybody."
    )


def test_of_what_renews_alone_the_last_row_says_what_the_tiles_say(visit):
    rows = [subscription(1, quantity=30), subscription(2, quantity=25)]
    app = visit(Emulator(partner(rows, [subscription(3, quantity=3)])), page=PAGE)
    words, cells = total(app, "renewals_table")
    assert words == "3 subscriptions together"
    assert [cells["quantity"], cells["seatsAtRisk"]] == [tiles(app)["Seats that renew"], tiles(app)["At risk"]]


def test_where_nothing_renews_the_tile_says_of_what_it_is_and_the_last_row_of_what_else(visit):
    rows = [subscription(1, quantity=30, autoRenewEnabled=False)]
    app = visit(Emulator(partner(rows)), page=PAGE)
    assert (tiles(app)["At risk"], deltas(app)["At risk"]) == ("0", "of what renews: nothing here")
    assert total(app, "renewals_table")[1]["seatsAtRisk"] == "30"
    assert total(app, "renewals_table")[1]["becomes"] == "At risk: of what is shown; nothing renews"
    assert "None of what is shown renews." in text(app)


def test_cards_have_the_first_last_day_first_and_the_sentence_names_what_is_most_seats_where_no_card_does(visit):
    open_ones = {"autoRenewEnabled": False, "cancellationAllowedUntilDate": None}
    small, large = subscription(1, 5, 1, **open_ones), subscription(2, 20, 165, **open_ones)
    app = visit(Emulator(partner([small], [large])), page=PAGE)
    assert list(tables(app)["decisions"]["figures"]) == ["1 seat of Office 365 E3", "165 seats of Office 365 E3"]
    assert "The largest decision" not in text(app)
    sooner = [small, *(subscription(number, 5, 2, **open_ones) for number in (3, 4))]
    app = visit(Emulator(partner(sooner, [large])), page=PAGE)
    assert f"The largest decision: 165 seats of Office 365 E3 for <b>Süd</b>, until {said(20)}, 23:59." in text(app)


def test_of_one_day_the_most_seats_come_first_and_three_have_a_card(visit):
    soon = [subscription(number, 5, number, autoRenewEnabled=False) for number in (1, 2, 3, 4)]
    reducible = subscription(5, 20, 9, autoRenewEnabled=False, cancellationAllowedUntilDate=day(2, "10:15:00Z"))
    cards = tables(visit(Emulator(partner([*soon, reducible])), page=PAGE))["decisions"]
    assert [figures.split()[0] for figures in cards["figures"]] == ["9", "4", "3"]
    assert cards["said"][0].startswith(f"Seats can be reduced until {said(2)}, 10:15, in 2 days. Nobody has decided: ")


def test_within_three_days_the_most_seats_come_first_and_their_days_have_names(visit):
    open_ones = {"autoRenewEnabled": False, "cancellationAllowedUntilDate": None}
    small, large, later = (
        subscription(number, days, seats, **open_ones) for number, days, seats in ((1, 0, 12), (2, 1, 165), (3, 3, 300))
    )
    cards = tables(visit(Emulator(partner([small, large, later])), page=PAGE))["decisions"]
    assert [figures.split()[0] for figures in cards["figures"]] == ["165", "12", "300"]
    asked = [said.split(". ")[0] for said in cards["said"]]
    assert asked == ["Decide by tomorrow, 23:59", "Decide by today, 23:59", f"Decide by {said(3)}, 23:59, in 3 days"]


def test_without_anything_to_decide_there_are_no_cards(visit):
    assert "decisions" not in tables(visit(Emulator(partner([subscription(1)])), page=PAGE))


@pytest.mark.parametrize(
    ("outcome", "said", "unsaid", "hidden"),
    [
        ("undecided", "7 seats need a decision", "renew, 0 of them", {"Seats that renew", "At risk"}),
        ("renews", "30 seats renew, 30 of them", "No seat needs", {"To be decided"}),
        ("ends", "1 subscription chosen here until", "0 seats", {"Seats that renew", "At risk", "To be decided"}),
    ],
)
def test_what_a_filter_hides_is_not_said_to_be_nothing(outcome, said, unsaid, hidden, visit):
    ends = {"scheduledActions": [{"actionType": "Cancel", "effectiveDate": None}]}
    kinds = [
        subscription(1, quantity=30),
        subscription(2, quantity=7, autoRenewEnabled=False),
        subscription(3, quantity=5, **ends),
    ]
    app = visit(Emulator(partner(kinds)), {"outcome": outcome}, page=PAGE)
    words = text(app).replace("*", "")
    assert said in words
    assert unsaid not in words
    assert {name for name, figure in tiles(app).items() if figure == "–"} == hidden


def test_the_table_says_what_becomes_of_each_and_until_when(visit):
    ends = {"scheduledActions": [{"actionType": "Cancel", "effectiveDate": day(12, "00:00:00Z")}]}
    older = {"commitmentEndDateTime": None, "productType": {"id": "License"}, "autoRenewEnabled": False}
    app = visit(
        Emulator(
            partner(
                [
                    subscription(1, end=20, quantity=50),
                    subscription(2, end=11, **ends),
                    subscription(3, end=25, cancellationAllowedUntilDate=day(2, "10:15:00.1234567Z")),
                    subscription(4, end=14, **older),
                    subscription(5, end=20, quantity=4, parentSubscriptionId="s2"),
                    subscription(6, end=29, offerId="X:0001:A", offerName="Backup", links=None),
                ]
            )
        ),
        page=PAGE,
    )
    table = on(app)
    assert list(table["act"]) == [
        f"{said(2)}, 10:15",
        f"{said(11)}, 23:59",
        f"before {said(14)}",
        f"{said(20)}, 23:59",
        f"{said(20)}, 23:59",
        f"{said(29)}, 23:59",
    ]
    assert list(table["seatsAtRisk"]) == ["10", "10", "10", "40", "4", "–"]
    assert list(table["becomes"])[1:4] == [
        "Ends: a cancellation is scheduled",
        "Expires: it does not renew by itself",
        f"Renews on {said(21)}",
    ]
    assert notes(app, "renewals_table", "act") == [f"to reduce; ends {said(25)}", *[""] * 5]
    assert notes(app, "renewals_table", "offer") == ["1 year, monthly"] * 6
    said_of_outcomes = notes(app, "renewals_table", "becomes")
    assert said_of_outcomes[0] == ""
    assert said_of_outcomes[4] == "add-on of Office 365 E3 (ends)"
    assert said_of_outcomes[5] == "not matched to a product of Entra ID"
    assert headings(app, "renewals_table")["act"]["label"] == "Last day to act (UTC)"


def said(days):
    date = datetime.now(UTC) + timedelta(days=days)
    return f"{date.day} {date:%b %Y}"


def test_the_link_chooses_horizon_outcome_and_words(visit):
    rows = partner([subscription(1, end=20), subscription(2, end=60), subscription(3, end=70, autoRenewEnabled=False)])
    app = visit(Emulator(rows), {"horizon": "90", "outcome": "renews"}, page=PAGE)
    assert len(on(app)) == 2
    assert tiles(app)["To be decided"] == "–"
    app.query_params["search"] = "süd"
    app.run()
    assert "Nothing ends until" in text(app)
    assert "renewals_table" not in tables(app)


def test_what_ends_in_the_evening_of_the_last_day_that_the_words_name_is_in(visit):
    rows = [subscription(1, end=30, quantity=25, autoRenewEnabled=False), subscription(2, end=30, quantity=6)]
    app = visit(Emulator(partner([*rows, subscription(3, end=31)])), {"horizon": "30"}, page=PAGE)
    assert f"25 seats need a decision until {said(30)}." in text(app).replace("*", "")
    assert (tiles(app)["Seats that renew"], deltas(app)["Seats that renew"]) == ("6", f"until {said(30)}")
    assert len(on(app)) == 2


def test_of_what_is_to_act_on_the_sentence_and_the_tiles_name_the_last_day_to_act(visit):
    undecided = {"autoRenewEnabled": False, "cancellationAllowedUntilDate": None}
    rows = [subscription(1, 30, 7, **undecided), subscription(2, 58, 60, **undecided)]
    app = visit(Emulator(partner([*rows, subscription(3, 20, 10)])), {"horizon": "365", "act": "30"}, page=PAGE)
    words = text(app).replace("*", "")
    assert f"7 seats need a decision until {said(30)}." in words
    assert (
        f"Only what has its last day to act until {said(30)} is counted, of all that ends until {said(365)}." in words
    )
    assert deltas(app)["Seats that renew"] == f"to act on until {said(30)}"
    app.query_params["search"] = "süd"
    app.run()
    assert f"Nothing needs a word until {said(30)} with these filters." in text(app)


def test_a_horizon_and_an_outcome_that_there_are_not_are_said_to_be_ignored(visit):
    app = visit(Emulator(partner([subscription(1)])), {"horizon": "77", "outcome": "zzz"}, page=PAGE)
    assert 'Ignored from the link: horizon "77", outcome "zzz"' in formats.seen(text(app)).replace("\\", "")


def test_a_channel_leaves_out_what_has_none_and_says_so(visit):
    counts = [{"customerTenantId": NORTH.upper(), "productId": E3.upper(), "channel": "direct"}]
    rows = partner([subscription(1)], [subscription(2)], commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, counts))
    app = visit(Emulator(rows), {"channel": "direct"}, page=PAGE)
    assert list(on(app)["customerName"]) == ["Nordwind AB"]
    assert "1 subscription of unknown channel or service left out" in text(app)


def test_a_bar_for_each_week_has_a_part_for_each_outcome(visit):
    app = visit(Emulator(partner([subscription(1, quantity=50), subscription(2, autoRenewEnabled=False)])), page=PAGE)
    drawn = charts(app)["renewals_bars"]["data"]
    assert [(trace["name"], sum(trace["y"])) for trace in drawn] == [
        ("Undecided", 10),
        ("Renews", 50),
        ("Not assigned", 50),
    ]
    outcomes = [trace.get("customdata", [""])[0] for trace in drawn]
    assert outcomes == ["undecided", "renews", ""]  # of which a click chooses one; what is not assigned is no outcome


def test_the_page_of_one_customer_and_its_call_sheet_stand_on_the_same_seats_however_late_they_were_read(
    visit, monkeypatch
):
    taken: list[File] = []
    monkeypatch.setattr(figures, "downloads", taken.extend)
    rows = partner([subscription(1, quantity=30)])
    app = visit(Emulator(rows), page=PAGE)
    rows.seats[NORTH.upper()] = [seats(assigned=95)]
    app.query_params["customer"] = NORTH
    app = app.switch_page("screens/customers.py").run()

    def figures_of_both():
        sheet = [file for file in taken if file.key == "call_sheet"][-1]
        (printed,) = PdfReader(io.BytesIO(sheet.content())).pages
        (on_sheet,) = re.findall(r"Seats at risk\s+(\d+)", printed.extract_text())
        return tables(app)["customer_renewals_table"]["seatsAtRisk"][0], on_sheet

    assert figures_of_both() == ("5", "5")
    assert "the customer's tenant has 5 free" in text(app)
    rows.seats[NORTH.upper()] = [seats(assigned=88)]
    app.button(key="seats_again").click().run()
    assert figures_of_both() == ("12", "12")
    assert "the customer's tenant has 12 free" in text(app)


def test_the_file_has_the_rows_of_the_view_as_they_were_sent(visit, monkeypatch):
    sent = subscription(1, cancellationAllowedUntilDate=day(2, "10:15:00.1234567Z"), tomorrows="field")
    app = visit(Emulator(partner([sent], [subscription(2, quantity=3)])), page=PAGE)
    files = taken_away(app, monkeypatch)
    (exact,) = (table for name, table in files.items() if name.endswith("exact.csv"))
    known = [*SUBSCRIPTIONS.columns, "seatsAtRisk", "notAssigned", "notAssignedFrom", "lastDayToAct", "nextProduct"]
    assert list(exact.columns)[: len(known)] == known
    assert {"tomorrows", "source", "filter"} <= {*exact.columns}
    assert not {"end", "actBy", "service", "channel"} & {*exact.columns}
    first = exact.iloc[0]
    assert first["lastDayToAct"] == sent["cancellationAllowedUntilDate"]
    assert (first["seatsAtRisk"], first["notAssigned"], first["notAssignedFrom"]) == (10, 40, "live")
    assert first["productId"] == E3.upper()
    assert first["filter"] == "horizon = 30 days"


def test_a_customer_that_refuses_its_seats_is_named_and_the_counts_stand_in(visit):
    rows = partner([subscription(1)], [subscription(2)], without_role=[SOUTH.upper()])
    app = visit(Emulator(rows), page=PAGE)
    assert "1 customer does not let us read live seats: <b>Süd</b>" in text(app)
    table = on(app).set_index("customerName")
    assert table.loc["<b>Süd</b>", "seatsAtRisk"] == "3"
    assert notes(app, "renewals_table", "becomes") == [
        {"<b>Süd</b>": "assigned by the commercial counts", "Nordwind AB": ""}[name] for name in table.index
    ]
    assert table.loc["Nordwind AB", "seatsAtRisk"] == "10"


def test_a_customer_that_refuses_its_seats_is_named_and_where_there_are_no_counts_nothing_stands_in(visit):
    rows = partner([subscription(1)], [subscription(2)], without_role=[SOUTH.upper()], commercial_deployment=[])
    said = text(visit(Emulator(rows), page=PAGE))
    assert "Seats not assigned there are not known." in said
    assert "commercial counts" not in said


@pytest.mark.parametrize(
    ("south", "tile", "said", "last"),
    [
        (
            [],
            ("–", "120 without a figure"),
            "120 seats renew; whether they are assigned is not known.",
            ("–", "At risk: not known of what renews"),
        ),
        (
            [subscription(2, quantity=30)],
            ("5", "17 % of 30 known · 120 without a figure"),
            "150 seats renew, 5 of them are not assigned; of 120 that is not known.",
            ("5", "At risk: of what renews; of 120 seats it is not known"),
        ),
    ],
)
def test_what_is_not_known_to_be_assigned_is_said_and_is_not_zero(south, tile, said, last, visit):
    source = partner([subscription(1, quantity=120)], south, without_role=[NORTH.upper()], commercial_deployment=[])
    app = visit(Emulator(source), page=PAGE)
    assert (tiles(app)["At risk"], deltas(app)["At risk"].replace("\u00a0", " ")) == tile
    assert said in text(app).replace("*", "")
    cells = total(app, "renewals_table")[1]
    assert (cells.get("seatsAtRisk", "–"), cells["becomes"]) == last


def test_seats_that_are_read_again_come_before_the_counts_on_the_whole_page_of_the_customer(visit):
    service = Emulator(partner([subscription(1)])).always(failing(500), where=f"{NORTH}/subscribedskus")
    app = visit(service, page=PAGE)
    (row,) = on(app).to_dict("records")
    assert (row["assigned"], row["seatsAtRisk"]) == ("97", "3")
    service.heal()
    app.query_params["customer"] = NORTH.upper()
    app.switch_page("screens/customers.py").run()
    app.button(key="seats_again").click().run()
    assert "60 assigned, 40 free to assign" in text(app).replace("*", "")
    (row,) = tables(app)["customer_renewals_table"].to_dict("records")
    assert (row["assigned"], row["seatsAtRisk"]) == ("60", "10")
    assert "by the commercial counts" not in str(row)


def test_where_no_seats_can_be_read_the_page_says_why(visit):
    emulator = Emulator(partner([subscription(1)])).always(failing(403), where="/subscribedskus")
    app = visit(emulator, page=PAGE)
    assert "Live seats cannot be read." in text(app)
    assert list(on(app)["seatsAtRisk"]) == ["3"]


def test_a_customer_whose_subscriptions_cannot_be_read_is_named(visit):
    emulator = Emulator(partner([subscription(1)], [subscription(2)]))
    app = visit(emulator.always(failing(500), where=f"{SOUTH}/subscriptions"), page=PAGE)
    assert "The subscriptions of 1 customer could not be read, and are in no figure: <b>Süd</b>." in text(app).replace(
        "*", ""
    )
    assert list(on(app)["customerName"]) == ["Nordwind AB"]


def test_a_customer_that_left_is_said_to_have_left_and_not_to_be_read_later(visit):
    emulator = Emulator(partner([subscription(1)], [subscription(2)])).always(failing(404), where=SOUTH)
    app = visit(emulator, page=PAGE)
    assert "1 customer has left: Microsoft does not know it any more: <b>Süd</b>." in text(app).replace("*", "")
    assert "could not be read" not in text(app)
    app.query_params["customer"] = SOUTH
    app.switch_page("screens/customers.py").run()
    assert "could not be read: it has left, and Microsoft does not know it any more." in text(app)
    assert "This customer has left: Microsoft does not know it any more." in text(app)
    assert "Try again later" not in text(app)


def test_the_page_of_a_customer_that_refuses_its_subscriptions_does_not_say_that_none_ends(visit):
    emulator = Emulator(partner([subscription(1)])).always(failing(403), where=f"{SOUTH}/subscriptions")
    app = visit(emulator, page=PAGE)
    app.query_params["customer"] = SOUTH
    app.switch_page("screens/customers.py").run()
    assert "What ends within a year?" in text(app)
    assert "The subscriptions of this customer could not be read: it refuses." in text(app)
    assert "No subscription of this customer ends" not in text(app)


def test_without_the_commercial_counts_the_page_stands_on_live_seats(visit):
    emulator = Emulator(partner([subscription(1)])).always(failing(403), where="/commercial/")
    app = visit(emulator, page=PAGE)
    assert "The commercial counts cannot be read" in text(app)
    assert list(on(app)["seatsAtRisk"]) == ["10"]


def test_without_the_right_to_list_customers_the_page_says_so_and_tries_again(visit):
    emulator = Emulator(partner([subscription(1)])).next(failing(403), where="/v1/customers", times=99)
    app = visit(emulator, page=PAGE)
    assert "Not permitted" in text(app)
    assert "one call per customer" in text(app)
    emulator.heal()
    next(button for button in app.button if button.label == "Try again").click().run()
    assert not app.exception
    assert len(on(app)) == 1


def test_without_a_subscription_that_is_what_it_says(visit):
    app = visit(Emulator(partner()), page=PAGE)
    assert "There are no subscriptions" in text(app)
    assert "MS-CorrelationId" in text(app)


def test_hostile_names_are_names(visit):
    app = visit(Emulator(partner([subscription(1, offerName="![x](http://evil) :red[x]")])), page=PAGE)
    assert list(on(app)["offer"]) == ["![x](http://evil) :red[x]"]


@pytest.mark.usefixtures("as_reader")
def test_a_reader_sees_no_customer_here(visit):
    app = visit(Emulator(partner([subscription(1)])), page=PAGE)
    assert "renewals_table" not in tables(app)
    assert "Nordwind" not in text(app)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Asia/Kathmandu", "Asia/Kathmandu"),
        (None, "UTC"),
        ("Mars/Base", "UTC"),
        ("../etc/passwd", "UTC"),
        ("\0", "UTC"),
    ],
)
def test_times_are_in_the_zone_of_the_browser_if_there_is_such_a_zone(name, zone):
    assert renewals_tables.zone(name) == zone
