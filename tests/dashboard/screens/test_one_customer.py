"""The page of one customer: its products, its year, what it lost, and the way to the next one."""

from datetime import UTC, datetime
from functools import partial

import pytest

from data_access.emulator import Emulator, sample
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.dashboard.screens.nordwind import NORTH, PAGE, PARTNER, SOUTH, collected, customers_on, lost_lately
from tests.dashboard.visit import charts, deltas, tables, taken_away, text, tiles, wait_for
from tests.lakes import fetched
from tests.rows import rows_of


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_a_link_by_id_opens_the_customer_with_its_products(spelled, visit):
    app = visit(Emulator(PARTNER), {"customer": spelled(NORTH)}, page=PAGE)
    assert app.title[0].value == "Nordwind AB"
    assert list(tables(app)["products_table"]["productName"]) == ["B", "Office 365 Enterprise E3"]
    assert tiles(app)["Licenses sold"] == "200"


def test_licenses_are_sold_in_products_that_have_some_and_the_table_has_the_others_too(visit):
    sent = [
        {"customerTenantId": NORTH, "productName": "A", "licensesSold": 10, "licensesDeployed": 4},
        {"customerTenantId": NORTH, "productName": "B", "licensesSold": 0, "licensesDeployed": 0},
        {"customerTenantId": NORTH, "productName": "C", "licensesSold": 0, "licensesDeployed": 3},
    ]
    partner = Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, sent))
    app = visit(Emulator(partner), {"customer": NORTH}, page=PAGE)
    assert deltas(app)["Licenses sold"] == "in 1 product"
    assert set(tables(app)["products_table"]["productName"]) == {"A", "B", "C"}


def test_from_a_customer_back_to_all(visit):
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE)
    next(button for button in app.button if button.label == "Back to all customers").click().run()
    assert len(customers_on(app)) == 2


def test_from_one_customer_to_the_next_of_the_list(visit):
    link = {"customer": SOUTH, "column": "customerName"}
    app = visit(Emulator(PARTNER), link, page=PAGE)
    assert "1 of 2" in text(app)
    assert app.button(key="previous_customer").disabled
    app.button(key="next_customer").click().run()
    assert app.title[0].value == "Nordwind AB"
    assert "2 of 2" in text(app)
    assert app.button(key="next_customer").disabled
    assert app.query_params["column"] == "customerName"


def test_a_customer_that_the_list_does_not_have_stands_alone(visit):
    app = visit(Emulator(PARTNER), {"customer": NORTH, "below": "10"}, page=PAGE)
    assert app.title[0].value == "Nordwind AB"
    assert "of 2" not in text(app)


def history_of(app):
    """The points of the line, as sent to the browser."""
    return [chart["data"][0]["y"] for key, chart in charts(app).items() if key == "history_line"]


def test_a_customer_has_a_history(visit):
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE, past=collected(40, 44, 48, 50, 52))
    assert "Improving: +12.00 points since 1 Sep 2026, to 52.00 %." in text(app).replace("*", "")
    assert "No date for 80 %: fewer than" in text(app).replace("\u00a0", " ").replace("*", "")
    assert history_of(app) == [[40, 44, 48, 50, 52]]


@pytest.mark.parametrize(
    ("left", "why", "last"),
    [
        (
            [{"customerTenantId": SOUTH}],
            "What is shown here is not in the newest answer that was collected, of ",
            "The last figure is of 8 Sep 2026: 45.00",
        ),
        (
            [],
            "Microsoft's answers have no rows since 22 Sep 2026.",
            "The last figures are of 8 Sep 2026: 100 licenses sold, 45.00",
        ),
    ],
)
def test_a_customer_that_is_not_in_the_newest_answer_has_no_figure_now(left, why, last, visit):
    gone = partial(fetched, COMMERCIAL_DEPLOYMENT, left, datetime(2026, 9, 22, tzinfo=UTC))
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE, past=[*collected(40, 45), gone])
    assert why in text(app)
    assert last in text(app)
    assert "rose" not in text(app)
    assert "No date for 80" in text(app)


@pytest.mark.parametrize("page", ["overview", "customers", "usage"])
def test_pages_without_rows_say_what_the_last_answer_had_and_a_customer_keeps_its_past(page, visit):
    app = visit(Emulator(Partner()), {"customer": NORTH}, page=page, past=collected(40, 45))
    (said,) = [one.value for one in app.warning if "no rows" in one.value]
    assert "The last figures are of 8 Sep 2026: 200 licenses sold, 23.00" in said
    assert said.startswith("**Microsoft's answers have no rows since ")
    if page == "customers":
        assert history_of(app) == [[40, 45]]


def test_the_page_of_a_customer_says_what_it_lost(visit):
    app = lost_lately(visit, {"customer": NORTH})
    said = text(app).replace("*", "")
    lost = "Not in the newest answer: Visio Plan 2 (20 licenses sold on 9 Oct 2026). Without it the sum cannot"
    assert app.warning[0].value.replace("*", "").startswith(lost)
    assert deltas(app)["Deployment %"] == "a part is missing now"
    assert "Microsoft's newest figures have no Visio Plan 2 of yours any more" in said.replace("\\", "")
    assert lost in said
    assert "Improving" not in said
    gone = text(lost_lately(visit, {"customer": SOUTH})).replace("*", "")
    assert "Not in the newest answer: Süd (30 licenses sold on 9 Oct 2026)." in gone


def test_an_answer_without_a_processing_date_is_a_customers_now(visit):
    undated = {"customerTenantId": NORTH, "licensesDeployed": 90, "processedDateTime": "0001-01-01T00:00:00"}
    now = partial(fetched, COMMERCIAL_DEPLOYMENT, [undated], datetime(2026, 9, 22, tzinfo=UTC))
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE, past=[*collected(40, 45), now])
    assert "Improving: +50.00 points since 1 Sep 2026, to 90.00" in text(app).replace("*", "")
    assert "Microsoft gave no processing date for one answer." in text(app)


def test_a_customers_history_is_a_file_that_says_what_it_is(visit, monkeypatch):
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE, past=collected(40, 45))
    files = taken_away(app, monkeypatch)
    (history,) = (table for name, table in files.items() if name.startswith("license-customer-history_2026-09-08_"))
    assert list(history.columns[:2]) == ["line", "service"]
    assert list(history["line"]) == ["all together"] * 2 + ["service"] * 2
    assert list(history["service"].fillna("")) == ["", "", "o365", "o365"]
    assert set(history["filter"]) == {f"customer = {NORTH}; range = 3 months; collection = commercial-deployment"}


def test_the_measure_and_the_filters_hold_in_the_history_too(visit):
    app = visit(Emulator(PARTNER), {"customer": NORTH, "measure": "undeployed"}, page=PAGE, past=collected(40, 45))
    assert history_of(app) == [[60, 55]]
    app = visit(Emulator(PARTNER), {"customer": NORTH, "channel": "direct"}, page=PAGE, past=collected(40, 45))
    assert history_of(app) == []
    assert "has nothing of this customer in this choice" in text(app)


def test_a_customer_that_was_never_collected_or_only_once_is_told_so(visit):
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE, past=collected(40))
    assert "the only processing date here so far" in text(app)
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE)
    assert "Is it changing?" not in text(app)


def test_a_history_that_cannot_be_asked_leaves_the_rest_of_the_page(visit):
    link = {"customer": NORTH}
    app = visit(Emulator(PARTNER), link, page=PAGE, past=collected(40, 45), ANALYTICS_ENGINE="spark")
    assert "SPARK_REMOTE is not set" in text(app)
    assert tiles(app)["Licenses sold"] == "200"


def test_a_history_that_cannot_be_read_is_said_to_be(visit):
    app = visit(Emulator(PARTNER), {"customer": NORTH}, page=PAGE, HISTORY_URL="file://elsewhere/history")
    assert "The history cannot be read" in str(app.get("page_link")[-1].proto)
    assert tiles(app)["Licenses sold"] == "200"


def test_a_stranger_is_told_and_not_an_error(visit):
    app = visit(Emulator(PARTNER), {"customer": "<b>x</b>"}, page=PAGE)
    assert "no licenses for this customer" in text(app)


def test_a_customer_has_what_ends_and_what_is_not_used(visit):
    tenant = sample.partner(as_of=datetime.now(UTC).date()).commercial_deployment[0]["customerTenantId"]
    app = visit(None, {"customer": tenant}, page=PAGE)
    wait_for(app, lambda app: "customer_renewals_table" in tables(app) and "unused" in tables(app)["products_table"])
    renewing, products = tables(app)["customer_renewals_table"], tables(app)["products_table"]
    assert [*renewing.columns[:2]] == ["offer", "act"]
    assert f"The term of {len(renewing)} subscriptions ends." in text(app)
    known = products[products["unused"].str.isdecimal()][["unused", "licensesDeployed"]].astype("int64").sum()
    only = " with figures of use" if known["licensesDeployed"] < int(tiles(app)["Licenses deployed"]) else ""
    assert f"Up to **{known['unused']}** of **{known['licensesDeployed']}** deployed licenses{only} were not used" in (
        text(app)
    )
