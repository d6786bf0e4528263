"""One customer's live seats on its page."""

from data_access.emulator import Emulator, failing
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.dashboard.visit import notes, tables, text
from tests.rows import rows_of

NORTH = "AAAAAAAA-0000-4000-8000-000000000001"
LINK = {"customer": NORTH}


def sku(number, enabled, assigned, **more):
    product = {"id": f"{number:08}-0000-4000-8000-000000000001", "name": f"Product {number}"}
    return {"activeUnits": enabled, "consumedUnits": assigned, "totalUnits": enabled, "productSku": product, **more}


def emulator(*rows, **more):
    counts = rows_of(COMMERCIAL_DEPLOYMENT, [{"customerTenantId": NORTH, "customerName": "Nordwind AB"}])
    return Emulator(Partner(commercial_deployment=counts, seats={NORTH: list(rows)}, **more))


def calls(service):
    return [request.target for request in service.requests if "subscribedskus" in request.target]


def test_the_tenants_seats_stand_beside_the_analytics_with_their_time(visit):
    service = emulator(
        sku(1, 10, 4, warningUnits=2),
        sku(2, 50, 20, suspendedUnits=3),
        sku(3, 5, 7),
        sku(4, 10_000, 8),
    )
    app = visit(service, LINK, page="customers")
    said = text(app).replace("*", "")
    assert "65 seats are enabled, 31 assigned, 36 free to assign." in said
    assert "Left out: 1 free or trial product." in said
    assert "read just now" in said
    table = tables(app)["live_seats_table"]
    assert list(table["productName"]) == ["Product 2", "Product 1", "Product 3", "Product 4"]
    assert list(table["freeToAssign"]) == ["30", "6", "0", "–"]
    assert list(table["warningUnits"])[:2] == ["–", "2"]
    assert notes(app, "live_seats_table", "productName") == ["", "", "", "free or trial, in no sum"]
    assert len(calls(service)) == 1


def test_a_click_reads_this_one_customer_again(visit):
    service = emulator(sku(1, 10, 4))
    app = visit(service, LINK, page="customers")
    service.source.seats[NORTH][:] = [sku(1, 10, 9)]
    app.button(key="seats_again").click().run()
    assert not app.exception
    assert "9 assigned" in text(app).replace("*", "")
    assert len(calls(service)) == 2


def test_a_customer_that_refuses_is_told_apart_from_one_without_seats(visit):
    app = visit(emulator(sku(1, 10, 4), without_role=[NORTH]), LINK, page="customers")
    assert "does not let us read live seats. It takes a role there" in text(app)
    assert "live_seats_table" not in tables(app)
    assert "This tenant has no licenses" in text(visit(emulator(), LINK, page="customers"))


def test_the_last_good_seats_stay_while_the_service_fails(visit):
    service = emulator(sku(1, 10, 4))
    app = visit(service, LINK, page="customers")
    service.always(failing(500), where="/subscribedskus")
    app.button(key="seats_again").click().run()
    assert "these are the last good figures" in text(app)
    assert list(tables(app)["live_seats_table"]["consumedUnits"]) == ["4"]


def test_all_customers_together_need_no_live_seats(visit):
    service = emulator(sku(1, 10, 4))
    visit(service, page="customers")
    assert not calls(service)
