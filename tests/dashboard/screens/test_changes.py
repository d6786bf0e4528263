"""The Changes page in every situation; what all pages share is in test_overview.py."""

import re
from functools import partial

import pytest

from dashboard import formats
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.dashboard.screens.two_dates import (
    AFTER,
    BEFORE,
    COUNTS,
    CRM,
    DAY,
    NAMED,
    customers,
    exact,
    rows,
    said,
    services,
)
from tests.dashboard.visit import charts, drawn_tiles, headings, text, tiles, total
from tests.lakes import NOW, fetched


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


def test_the_answer_has_how_far_and_what_moved_it_and_the_rest_stands_below_the_tiles(look_back):
    app = look_back([BEFORE, AFTER])
    (answer,) = [each.value.replace("*", "") for each in app.markdown if each.value.startswith("Deployment %")]
    assert re.search(r"\+6\.25 points\. \S.* lifted it most \(\+[\d.]+\), .* lowered it most \(−[\d.]+\)\.$", answer)
    below = [each.value.replace("*", "") for each in app.caption if "Deploying gave" in each.value]
    assert len(below) == 1
    assert "3 services: 1 new, 1 gone, 1 changed." in below[0]
    assert [each.value for each in app.header if "services" in each.value] == ["3 services"]


def test_of_one_row_alone_nothing_is_said_to_have_moved_most(look_back):
    app = look_back([services(28, {}), services(0, {"proratedDeploymentPercent": 60.0})])
    assert "Deployment % rose from" in said(app)
    assert "most" not in next(each.value for each in app.markdown if each.value.startswith("Deployment %"))


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


def test_products_are_counted_and_not_their_rows(look_back):
    own, direct = NAMED[0], NAMED[0] | {"channel": "direct"}
    app = look_back(
        [customers(28, own, direct), customers(0, own, direct | {"licensesDeployed": 60})], {"level": "product"}
    )
    assert "1 product in 2 rows, by service and channel: 1 changed, 1 same." in said(app)
    assert total(app, "changes_table")[0] == "2 rows together"
    assert "The bars show each row's part." in said(app)


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
    (tile,) = (tile for tile in drawn_tiles(look_back(sold)) if tile.label == "Licenses deployed")
    assert tile.context.replace("\u00a0", " ") == "≈ 10 → 22"  # 10.4 → 21.6
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
    assert tiles(app)["Deployment %"] == "–"
    assert {"export_xlsx", "export_csv", "export_csv_exact"} <= {button.key for button in app.get("download_button")}


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
    assert not tiles(app)


@pytest.mark.usefixtures("as_reader")
def test_who_does_not_operate_the_dashboard_gets_no_commands(look_back):
    app = look_back([])
    assert "Ask the operator to run collect daily" in text(app).replace("`", "")
    assert not app.code


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
    assert not tiles(app)
