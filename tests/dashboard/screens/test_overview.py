"""Every page in every situation: no exception, and the one thing that the situation promises."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import streamlit as st

from data_access import connect, history, load_settings
from data_access.emulator import DEMO_TOKEN, Emulator, answer, failing, gateway, not_json, shaped, slow, throttled
from data_access.emulator.sample import Partner
from data_access.history import collect
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests import lakes
from tests.dashboard.visit import (
    TENANT,
    bar,
    charts,
    deltas,
    drawn_tiles,
    headings,
    live,
    opened,
    parts,
    tables,
    taken_away,
    text,
    tiles,
    wait_for,
)
from tests.rows import rows_of

ROWS = rows_of(
    DEPLOYMENT,
    [
        {"proratedDeploymentPercent": 26.16, "licensesSold": 474},
        {"proratedDeploymentPercent": 90.0, "licensesSold": 100, "channel": "direct"},
        {"proratedDeploymentPercent": 10.0, "licensesSold": 1000, "channel": "direct", "serviceName": "crm"},
    ],
)


def test_the_sample_is_shown_and_called_so(visit):
    app = visit()
    assert bar(app)["source"] == "Sample data"
    assert len(tiles(app)) == 4
    assert charts(app)
    assert len(tables(app)["overview_table"]) == 20
    assert len(parts(app, "overview_table")) == 80


def test_the_answer_leads_on_to_whom_to_call_and_to_what_moved_with_the_filters_of_the_page(visit):
    links = [link.proto for link in visit(link={"channel": "direct"}).get("page_link")]
    onward = {link.label: (link.page, link.query_string) for link in links}
    assert onward["Whom to call"] == ("customers", "channel=direct")
    assert onward["What rose and fell"] == ("changes", "channel=direct")


@pytest.mark.parametrize(("page", "shown"), [("", True), ("health", True), ("status", False), ("audit", False)])
def test_the_choice_of_a_book_is_where_it_changes_something(page, shown, visit):
    assert ("book" in [box.key for box in visit(page=page).selectbox]) is shown


@pytest.mark.parametrize(("page", "title"), [("", "Overview"), ("trends", "Trends"), ("health", "Data health")])
def test_a_tab_of_the_browser_says_which_page_it_is(page, title, visit, monkeypatch):
    titles = []
    # AppTest hides it.
    monkeypatch.setattr(st, "set_page_config", lambda page_title=None, **_: titles.append(page_title))
    visit(page=page)
    assert titles[-1] == f"{title} · Partner License Insights"


def test_live_figures_are_not_called_sample(visit):
    assert bar(visit(Emulator(Partner(deployment=ROWS))))["source"] != "Sample data"


def test_the_tiles_show_the_totals(visit):
    assert tiles(visit(Emulator(Partner(deployment=ROWS)))) == {
        "Licenses sold": "1,574",
        "Licenses deployed": "≈ 314",
        "Deployment %": "19.95 %",
        "Not deployed": "≈ 1,260",
    }


@pytest.mark.parametrize(("percent", "said"), [(79.96, "79.96 % deployed"), (80.04, "80 % deployed")])
def test_what_misses_the_target_is_not_rounded_up_to_it(percent, said, visit):
    sold = rows_of(DEPLOYMENT, [{"proratedDeploymentPercent": percent, "licensesSold": 1000}])
    assert said in text(visit(Emulator(Partner(deployment=sold)))).replace("*", "").replace("\u00a0", " ")


@pytest.mark.parametrize("percent", [26.16, 33.3333])
def test_one_service_in_one_channel_shows_exactly_the_percent_that_was_sent(percent, visit):
    rows = rows_of(DEPLOYMENT, [{"proratedDeploymentPercent": percent, "licensesSold": 77}, {"channel": "direct"}])
    app = visit(Emulator(Partner(deployment=rows)), {"channel": "reseller", "service": "o365"})
    assert tiles(app)["Deployment %"] == f"{percent} %"
    assert f"{percent}\xa0%" in str(charts(app)).encode().decode("unicode_escape")


def test_a_link_is_a_filter_in_any_case(visit):
    app = visit(
        Emulator(Partner(deployment=ROWS)), {"channel": ["DIRECT", "reseller"], "service": "CRM", "target": "95"}
    )
    assert tiles(app)["Licenses sold"] == "1,000"
    assert set(app.session_state["channel"]) == {"direct", "reseller"}
    assert app.session_state["target"] == 95


SPELLED = [("O365", "Reseller"), ("o365", "reseller"), ("STRASSE", "Direct"), ("straße", "direct "), ("Straße", "x")]


def test_files_hold_what_was_sent_and_the_page_one_spelling(visit, monkeypatch):
    sent = [{"serviceName": service, "channel": channel} for service, channel in SPELLED]
    app = visit(Emulator(Partner(deployment=rows_of(DEPLOYMENT, sent))), {"service": ["O365", "STRAßE"]})
    assert {*tables(app)["overview_table"]["title"]} == {"Microsoft 365", "straße"}
    assert {*parts(app, "overview_table")["title"]} == {"Reseller", "Direct", "x"}
    assert tiles(app)["Licenses sold"] == "500"
    assert "in 2 services" in deltas(app).values()
    assert app.multiselect(key="service").options == ["Microsoft 365 (o365)", "straße"]
    assert app.button_group(key="channel").options == ["Direct", "Reseller", "x"]
    for file in taken_away(app, monkeypatch).values():
        assert sorted(zip(file["serviceName"], file["channel"], strict=True)) == sorted(SPELLED)


def test_a_filter_changes_the_figures(visit):
    app = visit(Emulator(Partner(deployment=ROWS)))
    app.multiselect(key="service").set_value(["crm"]).run()
    assert tiles(app)["Licenses sold"] == "1,000"
    app.multiselect(key="service").set_value([]).run()
    assert tiles(app)["Licenses sold"] == "1,574"


@pytest.mark.parametrize(
    ("link", "left_out"),
    [
        ({"channel": ["nowhere", "direct"], "service": "nothing"}, ['channel "nowhere"', 'service "nothing"']),
        ({"service": "<script>alert(1)</script>"}, ["<script>alert(1)</script>"]),
        ({"channel": ["x"] * 500}, ['channel "x"']),
        ({"sort": "sideways", "target": ["many", "-1"]}, ['sort "sideways"', 'target "many"', 'target "-1"']),
        ({"target": ["nan", "1e999"]}, ['target "nan"', 'target "1e999"']),
        ({"channel": "", "other": "kept"}, []),
    ],
)
def test_a_bad_link_is_harmless_and_says_what_it_left_out(link, left_out, visit):
    app = visit(Emulator(Partner(deployment=ROWS)), link)
    assert tiles(app)["Licenses sold"] == ("1,100" if "direct" in link.get("channel", ()) else "1,574")
    said = text(app)
    assert [part for part in left_out if part not in said] == []
    assert ("Ignored from the link" in said) is bool(left_out)


def test_no_licenses_sold_is_no_percent(visit):
    rows = rows_of(DEPLOYMENT, [{"licensesSold": 0, "proratedDeploymentPercent": 0.0}])
    assert tiles(visit(Emulator(Partner(deployment=rows))))["Deployment %"] == "–"


def test_filters_that_exclude_each_other_leave_a_page(visit):
    app = visit(Emulator(Partner(deployment=ROWS)), {"channel": "reseller", "service": "crm"})
    assert tiles(app)["Licenses sold"] == "0"
    assert "Remove one" in text(app)
    assert tiles(app)["Deployment %"] == "–"


def test_no_rows_is_a_state_of_its_own(visit):
    app = visit(Emulator(Partner()))
    assert "Microsoft returned no rows" in text(app)
    assert not tiles(app)


def test_commercial_counts_stand_in_and_are_called_counted(visit):
    app = visit(Emulator(Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{}]))))
    assert "commercial counts" in text(app)
    assert tiles(app)["Licenses deployed"] == "50"


def test_rows_set_aside_are_counted_with_their_reasons(visit):
    app = visit(Emulator(Partner(deployment=[*ROWS, {"serviceName": "x"}])))
    assert "1 of 4 rows could not be read" in text(app)
    assert tiles(app)["Licenses sold"] == "1,574"


@pytest.mark.parametrize(
    ("trouble", "title"),
    [
        (answer(401), "Sign-in needed"),
        (failing(401, 900421, "MFA"), "Sign-in needed"),
        (failing(403, 900150, "role"), "Not permitted"),
        (shaped({"message": "This resource can't be accessed by application credentials."}, 403), "Not permitted"),
        (throttled("57"), "Partner Center asks us to wait"),
        (failing(503), "Partner Center is not answering"),
        (gateway(), "Something stands in between"),
        (not_json(), "The answer cannot be understood"),
        (shaped([]), "The answer cannot be understood"),
        (answer(404), "Partner Center did not accept the request"),
    ],
)
def test_trouble_without_data_is_a_sentence_and_facts(trouble, title, visit):
    emulator = Emulator(Partner(deployment=ROWS))
    emulator.always(trouble)
    app = visit(emulator)
    assert title in text(app)
    assert "HTTP status" in text(app)
    assert DEMO_TOKEN not in text(app).split()
    assert [button.label for button in app.button] == ["Try again"]


@pytest.mark.parametrize("page", ["", "customers", "usage"])
def test_who_comes_first_waits_and_then_sees_the_page(page, visit):
    rows = {"deployment": ROWS, "commercial_deployment": rows_of(COMMERCIAL_DEPLOYMENT, [{}])}
    app = visit(Emulator(Partner(**rows)).always(slow(0.6)), page=page)  # the page looks every quarter of a second
    assert len(tiles(app)) == 4
    assert len(app.title) == 1


def test_trying_again_finds_what_has_come_back(visit):
    emulator = Emulator(Partner(deployment=ROWS))
    emulator.always(gateway())
    app = visit(emulator)
    emulator.heal()
    app.button[0].click().run()
    assert tiles(app)["Licenses sold"] == "1,574"


def test_the_last_good_figures_stay_with_their_age(visit):
    emulator = Emulator(Partner(deployment=ROWS))
    app = visit(emulator)
    emulator.always(gateway())
    next(button for button in app.button if button.label == "Refresh").click().run()
    wait_for(app, lambda app: app.warning)
    assert "last good figures, fetched just now" in text(app)
    assert tiles(app)["Licenses sold"] == "1,574"


@pytest.mark.parametrize("page", ["", "customers", "usage"])
def test_after_a_start_the_collected_figures_stand_in_for_a_service_that_is_not_there(page, visit):
    collected = lakes.weekly(2, datetime.now(UTC) - timedelta(days=3), [{"licensesSold": 200, "licensesDeployed": 50}])
    app = visit(Emulator(Partner()).always(failing(503)), page=page, past=collected)
    assert "last good figures, fetched 3 days ago" in text(app)
    assert len(tiles(app)) == 4


@pytest.mark.usefixtures("as_reader")
def test_who_does_not_operate_the_dashboard_is_told_no_settings_when_microsoft_is_down(visit):
    collected = lakes.weekly(2, datetime.now(UTC) - timedelta(days=3), [{"licensesSold": 200, "licensesDeployed": 50}])
    app = visit(Emulator(Partner()).always(failing(503)), past=collected)
    assert "It is tried again by itself." in text(app)


def test_wrong_settings_are_explained(visit):
    app = visit(PARTNER_CENTER_BASE_URL="http://partner.example", PARTNER_CENTER_ACCESS_TOKEN="x")
    assert "PARTNER_CENTER_BASE_URL" in text(app)


def test_a_file_of_certificates_that_is_not_there_is_named(visit):
    app = visit(REQUESTS_CA_BUNDLE="/nowhere")
    assert "REQUESTS_CA_BUNDLE names /nowhere, which is not there." in text(app)


def test_a_registration_without_a_sign_in_is_explained(visit):
    app = visit(**{f"PARTNER_CENTER_{name}": TENANT for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET")})
    assert "Sign-in needed" in text(app)


def test_unknown_services_channels_and_fields_are_shown(visit):
    rows = rows_of(DEPLOYMENT, [{"serviceName": "brand-new", "channel": "carrier pigeon", "region": "EMEA"}])
    app = visit(Emulator(Partner(deployment=rows)))
    assert list(tables(app)["overview_table"]["title"]) == ["brand-new"]
    shown = parts(app, "overview_table")
    assert list(shown["title"]) == ["carrier pigeon"]
    assert list(shown["region"]) == ["EMEA"]
    assert app.session_state["channel"] == []


OURS = (
    "service",
    "title",
    "serviceCode",
    "licensesDeployed",
    "licensesDeployedEstimated",
    "deploymentPercent",
    "undeployed",
)


def test_unknown_fields_that_bear_our_names_are_kept_beside_ours(visit):
    theirs = {name: f"their {name}" for name in OURS}
    app = visit(Emulator(Partner(deployment=rows_of(DEPLOYMENT, [theirs]))))
    (row,) = parts(app, "overview_table").to_dict("records")
    assert {name: row[f"{name} (as sent)"] for name in OURS} == theirs
    assert tiles(app)["Deployment %"] == "50.00 %"


def test_unknown_fields_that_other_tables_know_keep_their_name_and_are_text_at_the_end(visit):
    sent = {
        "region": "EMEA",
        "state": "open",
        "licensesSoldChange": 12,
        "asOf": "2026-10-09",
        "dates": 3,
        "difference": "none",
        "usagePercent": 50.5,
        "customerName": "Nordwind",
    }
    app = visit(Emulator(Partner(deployment=rows_of(DEPLOYMENT, [sent]))))
    table = parts(app, "overview_table")
    assert list(table)[-len(sent) :] == list(sent)
    assert {name: table[name][0] for name in sent} == {name: str(value) for name, value in sent.items()}
    heads = headings(app, "overview_table")
    assert {name: heads[name]["label"] for name in sent} == {name: name for name in sent}
    assert not any(heads[name]["numeric"] for name in sent)


def test_services_of_one_title_can_be_told_apart(visit):
    rows = rows_of(DEPLOYMENT, [{"serviceName": "crm"}, {"serviceName": "Dynamics 365"}])
    app = visit(Emulator(Partner(deployment=rows)))
    assert len(set(app.multiselect(key="service").options)) == 2


def test_many_services_are_all_in_the_table(visit):
    rows = rows_of(DEPLOYMENT, [{"serviceName": f"s{number}"} for number in range(100)])
    app = visit(Emulator(Partner(deployment=rows)))
    assert "of 100 services" in text(app)
    first = tables(app)["overview_table"]["title"]
    second = tables(visit(Emulator(Partner(deployment=rows)), {"page": "2"}))["overview_table"]["title"]
    assert {*first, *second} == {f"s{number}" for number in range(100)}


# Live seats, where the analytics are empty

NORTH, SOUTH = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"


def tenants(**more):
    """A partner of whom the analytics know nothing, with the seats of two customers."""

    def sku(product, enabled, assigned, total=None):
        return {
            "activeUnits": enabled,
            "consumedUnits": assigned,
            "totalUnits": total or enabled,
            "productSku": {"id": f"{product}-0000-4000-8000-000000000001", "name": f"Product {product[0]}"},
        }

    names = {NORTH: "Nordwind AB", SOUTH: "Südstern KG"}
    return Partner(
        **{
            "customers": [
                {"id": tenant, "companyProfile": {"tenantId": tenant, "companyName": name}}
                for tenant, name in names.items()
            ],
            "seats": {
                NORTH.upper(): [sku("aaaaaaaa", 30, 12), sku("ffffffff", 10_000, 4)],
                SOUTH.upper(): [sku("aaaaaaaa", 10, 12), sku("bbbbbbbb", 20, 5)],
            },
            "subscriptions": {NORTH.upper(): [], SOUTH.upper(): []},
            **more,
        }
    )


def test_where_the_analytics_are_empty_the_page_stands_on_live_seats(visit):
    app = visit(Emulator(tenants()))
    figures = tiles(app)
    assert figures["Licenses sold"] == "60"
    assert figures["Deployment %"] == "48.33 %"
    said = text(app).replace("*", "")
    assert "These figures are live seats" in said
    assert "Left out: 1 of free products" in said
    assert "2 of 2 products are below the 80 % target" in said
    assert "Microsoft returned no rows" not in said
    assert headings(app, "overview_table")["title"]["label"] == "Product"
    behind = next(tile.explanation for tile in drawn_tiles(app) if tile.label == "Licenses sold")
    assert "the sum of seats that are enabled" in behind
    assert "1 product that is free or on trial" in behind
    assert "at the processing date" not in behind


def test_a_customer_that_refuses_is_missing_from_live_seats_and_counted(visit):
    app = visit(Emulator(tenants(without_role=[SOUTH.upper()])))
    assert tiles(app)["Licenses sold"] == "30"
    assert "1 customer could not be read and is in no figure: Südstern KG." in text(app)


@pytest.mark.parametrize("status", [403, 503])
def test_live_seats_as_they_were_last_read_count_and_the_page_says_whose(status, visit):
    emulator = Emulator(tenants())
    app = visit(emulator)
    emulator.always(failing(status), where=f"{SOUTH}/subscribedskus")
    next(button for button in app.button if button.label == "Refresh").click().run()
    said = text(wait_for(app, lambda app: "could not be read" in text(app)))
    assert tiles(app)["Licenses sold"] == "60"
    assert "1 customer could not be read now; the last reading before counts: Südstern KG." in said
    assert "read just now or, where that failed, the last time before." in said


@pytest.mark.parametrize("page", ["", "customers"])
def test_live_seats_are_as_old_as_their_reading_however_often_the_history_is_looked_at(
    page, claims, serve_again, monkeypatch, tmp_path
):
    settings = {**live(serve_again(Emulator(tenants()))), "HISTORY_URL": str(tmp_path)}
    known = load_settings(settings)
    earlier = datetime.now(UTC) - timedelta(hours=2, minutes=5)
    with connect(known) as client:
        collect.run(client, history.open(known), lambda _: None, country="US", clock=lambda: earlier)
    app = opened(settings, {}, page, monkeypatch, claims)
    assert "Fetched 2 hours ago" in text(app)


def test_figures_of_microsoft_come_before_live_seats(visit):
    emulator = Emulator(tenants(deployment=rows_of(DEPLOYMENT, [{"licensesSold": 7}])))
    app = visit(emulator)
    assert tiles(app)["Licenses sold"] == "7"
    assert not [request for request in emulator.requests if "subscribedskus" in request.target]


def test_the_customers_page_stands_on_live_seats_too(visit):
    app = visit(Emulator(tenants()), page="customers")
    assert "These figures are live seats" in text(app).replace("*", "")
    assert sorted(tables(app)["customers_table"]["customerName"]) == ["Nordwind AB", "Südstern KG"]


@pytest.mark.parametrize("product", [None, {"id": None, "name": ""}])
@pytest.mark.parametrize("page", [None, "customers", "renewals", "health"])
def test_live_seats_of_no_product_stand_under_no_name_and_no_page_fails(page, product, visit):
    row = {"activeUnits": 20, "consumedUnits": 2, "productSku": product}
    source = tenants()
    source.seats[NORTH.upper()].append(row)
    link = {"customer": NORTH.upper()} if page == "customers" else {}
    app = visit(Emulator(source), link, page=page)
    if page is None:
        assert tiles(app)["Licenses sold"] == "80"
        assert "(no name)" in str(tables(app)["overview_table"])
    if page == "customers":
        assert "(no name)" in str(tables(app)["products_table"])


def test_where_live_seats_cannot_be_read_either_the_page_says_why(visit):
    app = visit(Emulator(tenants()).always(failing(403), where="/v1/customers"))
    assert "Microsoft returned no rows" in text(app)
    assert "live seats, but they cannot be read" in text(app)


@pytest.mark.usefixtures("as_reader")
def test_a_reader_sees_live_seats_without_customers(visit):
    app = visit(Emulator(tenants(without_role=[SOUTH.upper()])))
    assert tiles(app)["Licenses sold"] == "30"
    assert "1 customer could not be read and is in no figure." in text(app)
    assert not any(name in text(app) + str(tables(app)) for name in ("Nordwind", "Südstern", SOUTH, SOUTH.upper()))


def test_of_a_pinned_day_without_rows_it_is_said_that_live_seats_are_of_now_and_never_that_none_are_kept(look_back):
    answers = [partial(lakes.fetched, collection, []) for collection in (DEPLOYMENT, COMMERCIAL_DEPLOYMENT)]
    said = text(look_back(answers, {"asof": str(lakes.NOW.date())}, ""))
    assert "Microsoft returned no rows" in said
    assert "Live seats, which this page shows where there are no figures, are of now alone. Show what is now." in said
    assert not any(words in said for words in ("none are kept", "Not in the history", "cannot be"))


def test_of_a_pinned_day_without_rows_it_is_said_what_is_not_kept(look_back):
    said = text(look_back([partial(lakes.fetched, DEPLOYMENT, [])], {"asof": str(lakes.NOW.date())}, ""))
    assert "Microsoft returned no rows" in said
    assert "but none are kept" in said
    assert "Not in the history" in said
    assert "cannot be" not in said, "it can be read and has nothing of it"
