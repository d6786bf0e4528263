"""The Changes page in every situation; what all pages share is in test_pages.py."""

import dataclasses
from datetime import timedelta
from functools import partial

import pytest

from dashboard import formats
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.dashboard.visit import charts, headings, tables, taken_away, text, tiles, total
from tests.lakes import NOW, fetched

NORTH, SOUTH = "AAAAAAAA-0000-4000-8000-000000000001", "BBBBBBBB-0000-4000-8000-000000000002"
CRM, TEAMS = {"serviceName": "crm"}, {"serviceName": "teams"}
DAY = timedelta(days=1)


def services(days_ago, *changes):
    """Partner deployment as it was so many days ago."""
    return partial(
        fetched,
        DEPLOYMENT,
        [{"processedDateTime": "2026-11-01T00:00:00Z"} | one for one in changes],
        NOW - days_ago * DAY,
    )


def customers(days_ago, *changes):
    """The commercial counts, likewise."""
    return partial(fetched, COMMERCIAL_DEPLOYMENT, [*changes], NOW - days_ago * DAY)


#: 100 of 200 sold, then 180 of 320: teams is new, crm is gone, o365 has sold and deployed more.
BEFORE = services(28, {}, CRM)
AFTER = services(
    0, {"licensesSold": 220, "processedDateTime": "2026-11-20T00:00:00Z"}, TEAMS | {"proratedDeploymentPercent": 70}
)
NAMED = (
    {"customerTenantId": NORTH, "customerName": "Nordwind <b>AB</b>"},
    {"customerTenantId": SOUTH, "customerName": "Süd", "serviceCode": "crm"},
)
COUNTS = (customers(28, *NAMED), customers(0, NAMED[0] | {"licensesDeployed": 90}, NAMED[1]))


def said(app):
    return text(app).replace("*", "")


def rows(app):
    return tables(app)["changes_table"]


def test_two_dates_and_why_the_percentage_moved(look_back):
    app = look_back([BEFORE, AFTER])
    assert "rose from 50.00 % to 56.25 % between 27 Oct 2026 and 24 Nov 2026: +6.25 points" in said(app)
    assert "1 new, 1 gone, 1 changed" in said(app)
    assert tiles(app) == {
        "Licenses sold": "+120",
        "Licenses deployed": "≈ +80",
        "Not deployed": "≈ +40",
        "Deployment %": "+6.25 points",
    }
    shown = rows(app)
    effects = shown[["deployedEffect", "soldEffect"]].map(lambda text: float(text.replace("−", "-").replace("±", "")))
    assert effects.sum().sum() == pytest.approx(6.25, abs=0.011)
    assert dict(zip(shown["title"], shown["status"], strict=True)) == {
        "Teams": "New",
        "Dynamics 365": "Gone",
        "Microsoft 365": "Changed",
    }
    assert charts(app)


@pytest.mark.parametrize("link", [{}, {"status": "changed"}])
def test_the_last_row_is_of_all_rows_and_says_what_the_tiles_say(link, look_back):
    app = look_back([BEFORE, AFTER], link)
    words, cells = total(app, "changes_table")
    assert words == "3 services together"
    assert [cells["licensesSoldBefore"], cells["licensesSoldAfter"]] == ["200", "320"]
    assert [cells["deploymentPercentBefore"], cells["deploymentPercentAfter"]] == ["50.00 %", "56.25 %"]
    moved = [cells[f"{name}Change"] for name in ("licensesSold", "licensesDeployedEstimated", "undeployed")]
    shown = tiles(app)
    assert moved == [shown[name].removeprefix("≈ ") for name in ("Licenses sold", "Licenses deployed", "Not deployed")]
    assert f"{cells['deploymentPercentChange']} points" == shown["Deployment %"]


def test_a_newest_answer_without_rows_is_said_and_older_dates_are_compared(look_back):
    app = look_back([BEFORE, AFTER, partial(fetched, DEPLOYMENT, [], NOW + DAY)])
    assert "Microsoft's answers have no rows since 25 Nov 2026. What is compared is older." in said(app)
    assert "between 27 Oct 2026 and 24 Nov 2026" in said(app)
    assert "have no rows" not in said(look_back([BEFORE, AFTER]))


def test_what_cancels_out_is_no_move(look_back):
    twice = {"licensesSold": 200}
    app = look_back([BEFORE, services(0, twice, CRM | twice)])
    assert "Deployment % is 50.00 % at both dates, 27 Oct 2026 and 24 Nov 2026: ±0.00 points" in said(app)


def test_what_the_later_answer_lacks_is_said_first(look_back):
    lost = "Not in the answer of 24 Nov 2026: Dynamics 365 (100 licenses sold on 1 Nov 2026)."
    assert said(look_back([BEFORE, AFTER])).index(lost) < said(look_back([BEFORE, AFTER])).index("Deployment % rose")
    own = [NAMED[0], NAMED[0] | {"productName": "Visio", "serviceCode": "crm", "channel": "direct"}]
    counts = [BEFORE, AFTER, customers(28, *own, NAMED[1]), customers(0, own[0])]
    at = {level: said(look_back(counts, {"level": level})) for level in ("customer", "product", "customer-and-product")}
    assert "24 Nov 2026: Dynamics 365 (200 licenses sold on 9 Oct 2026), Süd (100 licenses" in at["customer"]
    assert "Not in the answer of 24 Nov 2026: " in at["product"]
    assert "Visio · direct (100 licenses sold on 9 Oct 2026)" in at["product"]
    assert "Visio (100 licenses sold on 9 Oct 2026)" in at["customer-and-product"]


#: Of 24 Nov: Alpha has more, nobody could read Zeta's row, and two rows of those that were announced did not come.
UNREAD = [
    {"customerTenantId": "A", "customerName": "Alpha", "licensesDeployed": 60},
    {"customerTenantId": "E", "customerName": "Epsilon", "licensesSold": 53, "licensesDeployed": 42},
    {"customerTenantId": "Z", "customerName": "Zeta", "licensesSold": -5},
]
_READ = [
    UNREAD[0] | {"licensesDeployed": 50},
    UNREAD[1],
    UNREAD[1] | {"productName": "PROJECT P3", "productId": "P3", "licensesSold": 54, "licensesDeployed": 1},
    UNREAD[2] | {"licensesSold": 120},
    {"customerTenantId": "C", "customerName": "Gamma", "licensesSold": 80},
]
_UNREAD = [
    BEFORE,
    AFTER,
    customers(28, *_READ),
    lambda: dataclasses.replace(fetched(COMMERCIAL_DEPLOYMENT, UNREAD, NOW), announced=len(UNREAD) + 2),
]


def test_what_could_not_be_read_is_not_called_gone_and_moves_nothing(look_back, monkeypatch):
    app = look_back(_UNREAD, {"level": "customer"})
    told = said(app)
    assert "Could not be read in the answer of 24 Nov 2026: Zeta (120 licenses sold on 9 Oct 2026)." in told
    assert (
        "Not among the rows of the answer of 24 Nov 2026 that could be read: Gamma (80 licenses sold on 9 Oct 2026),"
        " Epsilon · Project P3 (54 licenses sold on 9 Oct 2026)."
    ) in told
    assert "4 customers: 1 changed, 3 could not be read. What could not be read, or not as a whole, is in" in told
    assert "gone" not in told.lower()
    assert "Deployment % rose from 50.00 % to 60.00 %" in told, "Alpha alone"
    assert tiles(app)["Licenses sold"] == "±0"
    shown = rows(app).set_index("customerName")
    assert dict(shown["status"]) == {
        "Alpha": "Changed",
        "Epsilon": "Could not be read",
        "Gamma": "Could not be read",
        "Zeta": "Could not be read",
    }
    assert [*shown.loc["Zeta", ["licensesSoldBefore", "licensesSoldAfter", "licensesSoldChange", "soldEffect"]]] == [
        "120",
        formats.NOTHING,
        formats.NOTHING,
        formats.NOTHING,
    ]
    assert shown.loc["Epsilon", "deploymentPercentAfter"] == "79.25\u00a0%", "what is left"
    assert shown.loc["Epsilon", "deploymentPercentChange"] == formats.NOTHING
    assert total(app, "changes_table")[0] == "1 customer together"
    (pills,) = (group for group in app.button_group if group.key == "status")
    assert pills.options == ["Changed 1", "Could not be read 3"]
    file = exact(app, monkeypatch).set_index("customerName")
    assert dict(file["status"]) == {"Alpha": "changed", "Epsilon": "unread", "Gamma": "unread", "Zeta": "unread"}


def test_where_nothing_could_be_read_that_is_why_there_is_no_percentage(look_back):
    told = said(look_back(_UNREAD, {"level": "customer", "search": "zeta"}))
    assert "Nothing here could be read on both dates, so there is no percentage to compare. 1 customer: 1 could" in told


def test_a_product_that_could_not_be_read_is_not_called_gone(look_back):
    shown = rows(look_back(_UNREAD, {"level": "customer-and-product"}))
    assert {*shown["status"]} == {"Changed", "Could not be read"}
    told = said(look_back(_UNREAD, {"level": "product"}))
    assert "In the answer of 24 Nov 2026, 1 row could not be read, 2 rows did not come. A product is the sum of" in told


def test_parts_and_customers_that_are_lost_have_the_processing_date_of_the_later_of_two_answers(look_back):
    """An answer of 17 Nov that Microsoft processed on the 16th, as it did the one of the day before."""
    date = {"processedDateTime": "2026-11-16T00:00:00"}
    north, beta = NAMED[0] | date, {"customerName": "Beta", "serviceCode": "ems", "productName": "EMS E5"} | date
    history = [
        customers(8, north, beta | {"licensesSold": 59}),
        customers(7, north, beta | {"licensesSold": 62}),
        customers(0, north | {"processedDateTime": "2026-11-24T00:00:00"}),
    ]
    told = said(look_back(history, {"level": "customer", "since": "2026-11-17"}))
    assert "(62 licenses sold on 16 Nov 2026), Beta (62 licenses sold on 16 Nov 2026)." in told


def test_a_channel_that_a_service_lost_is_said(look_back):
    direct = {"channel": "direct", "licensesSold": 40}
    lost = "Not in the answer of 24 Nov 2026: Microsoft 365 through Direct (40 licenses sold on 1 Nov 2026)."
    assert lost in said(look_back([services(28, {}, direct), services(0, {})]))
    assert lost not in said(look_back([services(28, {}, direct), services(0, {}, direct)]))
    assert lost not in said(look_back([services(28, {}, direct), services(0, {})], {"channel": "reseller"}))
    since = {"since": str((NOW - 14 * DAY).date()), "until": str(NOW.date())}
    back = said(look_back([services(28, {}, direct), services(14, {}), services(0, {}, direct)], since))
    assert "Not in the answer of 10 Nov 2026: Microsoft 365 through Direct (40 licenses sold on" in back
    assert "So it counts as new." in back


def test_what_the_earlier_answer_lacks_although_it_was_there_before_is_said(look_back):
    link = {"since": str((NOW - 14 * DAY).date()), "until": str(NOW.date())}
    app = look_back([BEFORE, services(14, {}), services(0, {}, CRM | {"proratedDeploymentPercent": 60})], link)
    assert (
        "Not in the answer of 10 Nov 2026: Dynamics 365 (100 licenses sold on 1 Nov 2026). So it counts as new."
    ) in said(app)
    assert "So it counts as new" not in said(look_back([BEFORE, AFTER]))


def test_of_two_channels_that_were_lost_the_one_that_is_back_is_named(look_back):
    link = {"since": str((NOW - 14 * DAY).date()), "until": str(NOW.date())}
    both = services(28, {}, CRM | {"licensesSold": 370}, CRM | {"licensesSold": 270, "channel": "direct"})
    again = CRM | {"processedDateTime": "2026-11-20T00:00:00Z"}
    told = said(look_back([both, services(14, {}), services(0, {}, again)], link))
    assert "10 Nov 2026: Dynamics 365 through Reseller (370 licenses sold on 1 Nov 2026). So it counts as new." in told
    told = said(look_back([both, services(14, {}), services(0, {}, again, again | {"channel": "direct"})], link))
    assert "10 Nov 2026: Dynamics 365 (640 licenses sold on 1 Nov 2026). So it counts as new." in told


def test_products_are_counted_and_not_their_rows(look_back):
    own, direct = NAMED[0], NAMED[0] | {"channel": "direct"}
    app = look_back(
        [customers(28, own, direct), customers(0, own, direct | {"licensesDeployed": 60})], {"level": "product"}
    )
    assert "1 product in 2 rows, by service and channel: 1 changed, 1 same." in said(app)
    assert total(app, "changes_table")[0] == "2 rows together"
    assert "The bars show each row's part." in said(app)


def exact(app, monkeypatch):
    (found,) = (table for name, table in taken_away(app, monkeypatch).items() if name.endswith("exact.csv"))
    return found


def test_estimates_are_called_so_in_table_and_file(look_back, monkeypatch):
    app = look_back([BEFORE, AFTER])
    assert "licensesDeployedEstimatedChange" in rows(app)
    assert not {"licensesDeployedChange", "licensesDeployedAfter"} & {*rows(app)}
    columns = headings(app, "changes_table")
    assert columns["licensesDeployedEstimatedChange"]["label"] == formats.about("Deployed")
    assert columns["licensesDeployedEstimatedAfter"]["label"] == formats.about("Deployed")
    file = exact(app, monkeypatch)
    assert [name for name in file if name.startswith("licensesDeployed")] == [
        "licensesDeployedEstimatedBefore",
        "licensesDeployedEstimatedAfter",
        "licensesDeployedEstimatedChange",
    ]
    assert set(file["filter"].str.rpartition("; ")[2]) == {"collection = deployment"}


def test_a_tiles_change_is_the_difference_of_the_figures_beside_it(look_back):
    sold = [
        services(days, {"licensesSold": sold, "proratedDeploymentPercent": 10}) for days, sold in ((28, 104), (0, 216))
    ]
    (tile,) = (metric for metric in look_back(sold).metric if metric.label == "Licenses deployed")
    assert tile.delta.replace("\u00a0", " ") == "≈ 10 → 22"  # 10.4 → 21.6
    assert tile.value.replace("\u00a0", " ") == "≈ +12"


def test_what_goes_up_and_down_is_written_in_the_table_as_in_the_tiles(look_back):
    app = look_back([services(28, {}), services(0, {"licensesSold": 90, "proratedDeploymentPercent": 60})])
    shown = rows(app)
    assert list(shown["licensesSoldChange"]) == ["−10"] == [tiles(app)["Licenses sold"]]
    assert list(shown["deploymentPercentChange"]) == ["+10.00"]


def test_the_table_has_both_dates_and_no_status_where_all_have_the_same(look_back):
    assert "status" in rows(look_back([BEFORE, AFTER]))
    found = rows(look_back([services(28, CRM), services(0, CRM | {"licensesSold": 110})]))
    assert {"licensesSoldBefore", "licensesSoldAfter", "licensesSoldChange"} <= {*found}
    assert "status" not in found


def test_what_did_not_happen_is_not_offered(look_back):
    app = look_back([services(28, CRM), services(0, CRM | {"licensesSold": 110})])
    assert "status" not in app.session_state["_drawn"]
    crm = [services(28, CRM), services(0, CRM | {"licensesSold": 110}, {"serviceName": "teams"})]
    (pills,) = (group for group in look_back(crm).button_group if group.key == "status")
    assert pills.options == ["New 1", "Changed 1"]
    (chosen,) = (group for group in look_back(crm, {"status": "gone"}).button_group if group.key == "status")
    assert chosen.options == ["New 1", "Gone 0", "Changed 1"]


def test_services_of_one_title_keep_their_codes(look_back):
    assert "service" not in rows(look_back([BEFORE, AFTER]))
    same = {"serviceName": "Dynamics 365"}
    both = [services(28, CRM, same), services(0, CRM | {"licensesSold": 110}, same)]
    assert {*rows(look_back(both, {"status": ["changed", "same"]}))["service"]} == {"crm", "Dynamics 365"}


def test_counts_are_called_counts(look_back, monkeypatch):
    app = look_back([*COUNTS], {"level": "customer"})
    assert "licensesDeployedChange" in rows(app)
    file = exact(app, monkeypatch)
    assert {"licensesDeployedBefore", "licensesDeployedAfter", "licensesDeployedChange"} <= {*file}
    assert set(file["filter"].str.rpartition("; ")[2]) == {"collection = commercial-deployment"}


def test_by_default_it_is_the_newest_date_and_the_one_about_three_months_before(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (120, 93, 20, 0)]
    app = look_back(history)
    assert (app.selectbox(key="since").value, app.selectbox(key="until").value) == ("2026-08-23", "2026-11-24")


def test_any_two_dates_by_link(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 20, 0)]
    app = look_back(history, {"since": "2026-08-26", "until": "2026-11-04"})
    assert tiles(app)["Licenses sold"] == "−70"
    app.selectbox(key="until").set_value("2026-10-24").run()
    assert tiles(app)["Licenses sold"] == "−59"


def test_a_date_without_figures_gives_those_known_on_it_and_says_so(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 0)]
    app = look_back(history, {"since": "2026-10-01"})
    assert app.selectbox(key="since").value == "2026-08-26"
    assert "no figures of 1 Oct 2026 here; these are of 26 Aug 2026" in said(app)


def test_dates_in_the_wrong_order_are_compared_in_the_right_one(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 20, 0)]
    app = look_back(history, {"since": "2026-11-04", "until": "2026-08-26"})
    assert (app.selectbox(key="since").value, app.selectbox(key="until").value) == ("2026-08-26", "2026-11-04")
    assert tiles(app)["Licenses sold"] == "−70"
    assert "names the later date first" in said(app)
    assert "no figures of" not in said(app)
    app.selectbox(key="until").set_value("2026-10-24").run()
    assert (app.query_params["since"], app.query_params["until"]) == ("2026-08-26", "2026-10-24")
    assert tiles(app)["Licenses sold"] == "−59"
    assert "names the later date first" not in said(app)


def test_a_date_beyond_the_other_one_is_compared_with_it(look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 20, 0)]
    app = look_back(history, {"since": "2026-11-04"})
    app.selectbox(key="until").set_value("2026-10-24").run()
    assert (app.selectbox(key="since").value, app.selectbox(key="until").value) == ("2026-10-24", "2026-11-04")
    assert (app.query_params["since"], app.query_params["until"]) == ("2026-10-24", "2026-11-04")


@pytest.mark.parametrize(
    ("link", "with_itself", "compared"),
    [
        ({"since": "2026-11-24", "until": "2026-11-24"}, "24 Nov 2026", "24 Oct 2026"),
        ({"since": "2026-11-24"}, "24 Nov 2026", "24 Oct 2026"),
        ({"until": "2026-08-26"}, "26 Aug 2026", "24 Oct 2026"),
    ],
)
def test_one_date_is_not_compared_with_itself(link, with_itself, compared, look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 0)]
    told = said(look_back(history, link))
    assert f"It takes two dates: {with_itself} is compared with {compared}." in told
    assert "no figures of" not in told


@pytest.mark.parametrize(
    "link",
    [
        {"since": "2026-11-24", "until": "2026-10-24"},
        {"since": "2026-11-24", "until": "2026-11-24"},
        {"since": "yesterday", "until": "2099-01-01", "level": "<b>", "status": "odd"},
    ],
)
def test_odd_links_leave_a_page(link, look_back):
    history = [services(days, {"licensesSold": 100 + days}) for days in (90, 31, 0)]
    app = look_back(history, link)
    assert app.selectbox(key="since").value < app.selectbox(key="until").value
    assert len(rows(app)) == 1


def test_what_the_link_asks_for_in_vain_is_named(look_back):
    link = {"level": ["<b>", "customer"], "since": "yesterday", "until": "2026-13-01", "status": ["odd", "changed"]}
    app = look_back([BEFORE, AFTER, *COUNTS], {**link, "channel": "nowhere"})
    asked = 'channel "nowhere", level "<b>", since "yesterday", until "2026-13-01", status "odd"'
    assert f"Ignored from the link: {asked}" in said(app)
    app.button_group(key="level").set_value("service").run()
    assert 'Ignored from the link: channel "nowhere", since "yesterday", until "2026-13-01", status "odd"' in said(app)


def test_a_level_that_is_left_out_is_named_where_there_is_nothing_to_compare(look_back):
    assert 'Ignored from the link: level "odd"' in said(look_back([AFTER], {"level": "odd"}))


@pytest.mark.parametrize(
    "link", [{}, {"level": "CUSTOMER", "since": "2026-10-27", "until": "2026-11-24", "status": "New"}, {"since": ""}]
)
def test_of_a_link_that_can_be_followed_nothing_is_left_out(link, look_back):
    assert "Ignored from the link" not in said(look_back([BEFORE, AFTER, *COUNTS], link))


def test_a_service_that_was_not_processed_anew_is_named(look_back):
    again = services(0, {"licensesSold": 220}, CRM)
    assert "Microsoft has not updated these services yet: crm, o365." in said(look_back([BEFORE, again]))


def test_what_became_of_rows_can_be_chosen(look_back):
    app = look_back([BEFORE, AFTER], {"status": ["new", "gone"]})
    assert sorted(rows(app)["status"]) == ["Gone", "New"]
    app.button_group(key="status").set_value([]).run()
    assert len(rows(app)) == 3


def test_what_stayed_the_same_is_left_out_until_asked_for(look_back):
    answers = [services(28, {}, CRM), services(0, {"licensesSold": 110}, CRM)]
    app = look_back(answers)
    assert list(rows(app)["title"]) == ["Microsoft 365"]
    app.button_group(key="status").set_value(["same"]).run()
    assert list(rows(app)["title"]) == ["Dynamics 365"]


def test_filters_hold_here_too(look_back):
    app = look_back([BEFORE, AFTER], {"service": "teams"})
    assert "Nothing was sold here on one of the dates" in said(app)
    app = look_back([BEFORE, AFTER], {"service": "O365"})
    assert tiles(app)["Deployment %"] == "±0.00 points"


def test_customers_stand_on_the_counts_and_the_page_says_so(look_back):
    app = look_back([BEFORE, AFTER, *COUNTS], {"level": "customer"})
    assert list(rows(app)["customerName"]) == ["Nordwind <b>AB</b>"]
    assert tiles(app)["Licenses deployed"] == "+40"
    assert "Commercial licenses deployment, licenses deployed counted by Microsoft" in said(app)
    assert "so totals can differ" in said(app)


@pytest.mark.parametrize("level", ["product", "customer-and-product"])
def test_products_are_compared_too(level, look_back):
    app = look_back([*COUNTS], {"level": level})
    assert list(rows(app)["licensesDeployedChange"]) == ["+40"]
    assert "two collections" not in said(app)


def test_a_search_narrows_rows_and_percentage(look_back):
    app = look_back([*COUNTS], {"level": "customer", "search": "nord"})
    assert tiles(app)["Deployment %"] == "+40.00 points"
    app.text_input(key="search").set_value("nobody").run()
    assert "No row fits" in text(app)


def test_services_are_not_searched(look_back):
    assert len(rows(look_back([BEFORE, AFTER], {"search": "nord"}))) == 3


def test_many_customers_come_in_pages(look_back):
    many = [{"customerTenantId": f"T{number:03}"} for number in range(120)]
    answers = [customers(28, *many), customers(0, *({"licensesSold": 101} | one for one in many))]
    app = look_back(answers, {"level": "customer"})
    assert len(rows(app)) == 50
    assert "120 changed" in said(app)


@pytest.mark.usefixtures("as_reader")
def test_a_reader_sees_no_customers(look_back):
    app = look_back([BEFORE, AFTER, *COUNTS], {"level": "customer"})
    assert "Ignored from the link" not in said(app)
    assert "your role does not show" in said(app)
    assert list(app.button_group(key="level").options) == ["Services", "Products"]
    assert "customerName" not in rows(app)


def test_no_history_yet_says_how_to_begin(look_back):
    app = look_back([])
    assert "No history yet" in text(app)
    assert "python -m data_access collect" in text(app)
    assert not app.metric


@pytest.mark.usefixtures("as_reader")
def test_who_does_not_operate_the_dashboard_gets_no_commands(look_back):
    app = look_back([])
    assert "Ask the operator to run collect daily" in text(app).replace("`", "")
    assert not app.code


def test_one_date_waits_for_a_second_one(look_back):
    app = look_back([AFTER])
    assert "One date so far" in text(app)
    assert "24 Nov 2026" in text(app)


def test_a_collection_that_was_never_collected_is_named(look_back):
    app = look_back([BEFORE, AFTER], {"level": "customer"})
    assert "no rows of Commercial licenses deployment" in said(app)


@pytest.mark.parametrize("level", ["service", "customer"])
def test_where_microsoft_never_had_rows_the_page_says_so_and_advises_no_other_comparison(look_back, level):
    app = look_back([services(0), customers(0)], {"level": level})
    assert "The history has no rows of Microsoft's license analytics, so there is nothing to look back on" in said(app)
    assert "Compare services instead" not in said(app)


def test_a_damaged_file_is_named_and_other_dates_still_work(look_back):
    def spoil(kept):
        newest = kept.newest(COMMERCIAL_DEPLOYMENT)
        with open(kept.store.full(newest.facts), "r+b") as file:  # noqa: PTH123
            file.write(b"\0" * 50)

    app = look_back([customers(60, NAMED[0]), *COUNTS], {"level": "customer"}, more=spoil)
    assert "Commercial licenses deployment of 2026-11-24" in said(app)
    app.selectbox(key="until").set_value("2026-10-27").run()
    assert tiles(app)["Licenses sold"] == "+100"


def test_a_history_that_cannot_be_read_says_why(visit, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    app = visit(page="changes", HISTORY_URL=str(tmp_path / "file"))
    assert "HISTORY_URL" in text(app)
    assert not app.metric


@pytest.mark.parametrize(("page", "link"), [("changes", {}), ("changes", {"level": "customer"}), ("trends", {})])
def test_the_days_of_a_range_are_named_and_the_same_on_every_page(page, link, look_back):
    past = [services(140, {}), *COUNTS, BEFORE, customers(84, *NAMED), services(84, {}), services(91, {}), AFTER]
    app = look_back(past, link | {"range": "3m"}, page=page)
    assert "1 Sep 2026 – 24 Nov 2026" in [popover.proto.popover.label for popover in app.get("popover")]
