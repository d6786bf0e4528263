"""The Usage page in every situation; what all pages share is in test_overview.py."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from dashboard import feeds
from dashboard.filters.parameters import UsageFilters
from dashboard.view_models.usage import usage_view
from data_access import csv_files, fetch_usage
from data_access.emulator import Emulator, answer, failing, gateway
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, DEPLOYMENT, USAGE
from tests.dashboard.visit import bar, charts, deltas, notes, parts, tables, text, tiles, total, wait_for
from tests.lakes import NOW, fetched
from tests.rows import rows_of

PAGE = "usage"
COUNTS, PERCENTS, LICENSES = "/commercial/usage", "/analytics/licenses/usage", "/commercial/deployment"
CRM = {"serviceCode": "crm", "channel": "direct"}
#: Sold 100 twice and deployed 50 twice; 30 and 10 active in the most active workload.
PARTNER = Partner(
    commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{}, CRM]),
    commercial_usage=rows_of(
        COMMERCIAL_USAGE,
        [{}, {"workloadName": "SharePoint", "licenseActive": 20}, CRM | {"licenseActive": 10, "workloadName": "CRM"}],
    ),
    usage=rows_of(USAGE, [{}, {"serviceName": "crm", "workloadName": "CRM", "channel": "direct"}]),
)


def spoiled(trouble, *wheres):
    emulator = Emulator(PARTNER)
    for where in wheres:
        emulator.always(trouble, where=where)
    return emulator


def said(app):
    return text(app).replace("*", "")


def test_the_two_kinds_of_waste_are_told_apart(visit):
    app = visit(Emulator(PARTNER), page=PAGE)
    assert tiles(app) == {
        "Licenses sold": "200",
        "Not deployed": "100",
        "Deployed, not used": "60",
        "Usage %": "20.00 %",
    }
    assert "Up to 60 of 100 deployed licenses are not used (60 %). 100 more were sold and are not deployed." in said(
        app
    )
    assert "Dynamics 365 has the most: up to 40 not used, 50 not deployed." in said(app)
    assert charts(app)


def test_what_misses_the_target_is_rounded_up_to_it_nowhere(visit):
    counts = rows_of(COMMERCIAL_USAGE, [{"licenseActive": 799_968, "licensesQualified": 1_000_000}])
    for partner in (Partner(commercial_usage=counts), replace(PARTNER, commercial_usage=counts)):
        app = visit(Emulator(partner), {"usagetarget": "80"}, page=PAGE)
        assert tiles(app)["Usage %"] == "79.99 %"
        assert "80.00" not in said(app) + str(tables(app)["usage_table"])


def test_used_says_within_which_days(visit):
    assert "Used means active in the 28 days before 8 Oct 2026." in said(visit(Emulator(PARTNER), page=PAGE))


def test_services_whose_days_differ_are_said_to(visit):
    rows = rows_of(COMMERCIAL_USAGE, [{}, CRM | {"processedDateTime": "2026-10-11T00:00:00"}])
    app = visit(Emulator(Partner(commercial_usage=rows)), page=PAGE)
    assert (
        "Used means active in the 28 days before the date of the figures (8 Oct 2026 to 11 Oct 2026, by service)."
        in said(app)
    )


def test_the_table_has_the_counts_and_the_percentages_as_they_were_sent(visit):
    app = visit(Emulator(PARTNER), page=PAGE)
    shown = tables(app)["usage_table"]
    assert list(shown["title"]) == ["Dynamics 365", "Microsoft 365", "Microsoft 365"]
    assert list(shown["workloadName"]) == ["CRM", "Exchange", "SharePoint"]
    assert list(shown["licensesActive"]) == ["10", "30", "20"]
    assert list(shown["usagePercent"]) == ["10.00\u00a0%", "30.00\u00a0%", "20.00\u00a0%"]
    assert notes(app, "usage_table", "usagePercent") == [
        "Partner Center: 40.00 %",
        "Partner Center: 40.00 %",
        "",
    ]
    assert not {"partnerProcessedDateTime", "proratedLicensesUsagePercent", "channel"} & {*shown}


def test_a_workload_opens_to_its_channels_and_has_the_ratio_of_their_sums(visit):
    exchange = {"licenseActive": 30, "licensesQualified": 100}
    counts = [exchange, exchange | {"channel": "direct", "licenseActive": 0, "licensesQualified": 20}]
    partner = Partner(
        commercial_usage=rows_of(COMMERCIAL_USAGE, counts),
        usage=rows_of(USAGE, [{"channel": "direct", "proratedLicensesUsagePercent": 7.5}]),
    )
    app = visit(Emulator(partner), page=PAGE)
    (whole,) = tables(app)["usage_table"].to_dict("records")
    assert (whole["licensesActive"], whole["licensesQualified"], whole["usagePercent"]) == ("30", "120", "25.00\u00a0%")
    channels = parts(app, "usage_table")
    assert list(channels["title"]) == ["Direct", "Reseller"]
    assert list(channels["usagePercent"]) == ["0.00\u00a0%", "30.00\u00a0%"]
    assert notes(app, "usage_table", "usagePercent") == [""]


def test_the_last_row_is_the_ratio_of_the_sums_which_the_tile_says_too(visit):
    app = visit(Emulator(PARTNER), page=PAGE)
    assert total(app, "usage_table") == (
        "All workloads together",
        {"licensesActive": "60", "licensesQualified": "300", "usagePercent": tiles(app)["Usage %"]},
    )


def test_filters_hold_here_too(visit):
    app = visit(Emulator(PARTNER), {"service": "CRM"}, page=PAGE)
    assert tiles(app)["Deployed, not used"] == "40"
    app.multiselect(key="service").set_value(["o365"]).run()
    assert tiles(app)["Deployed, not used"] == "20"


def test_filters_that_exclude_each_other_leave_a_page(visit):
    app = visit(Emulator(PARTNER), {"service": "crm", "channel": "reseller"}, page=PAGE)
    assert "Remove one" in text(app)
    assert set(tiles(app).values()) == {"–"}


def test_no_rows_is_a_state_of_its_own(visit):
    app = visit(Emulator(Partner()), page=PAGE)
    assert "Microsoft returned no rows" in text(app)
    assert text(app).count("MS-CorrelationId") == 3
    assert not tiles(app)


def test_partner_percentages_alone_are_shown_and_not_added_up(visit):
    app = visit(Emulator(Partner(usage=PARTNER.usage)), page=PAGE)
    assert set(tiles(app).values()) == {"–"}
    assert "Microsoft returned no rows for Commercial licenses usage" in said(app)
    assert list(tables(app)["usage_table"]["proratedLicensesUsagePercent"]) == ["40.00\u00a0%"] * 2
    assert not charts(app)


@pytest.mark.parametrize("trouble", [failing(403, 900150, "role"), answer(404), gateway()])
@pytest.mark.parametrize(
    ("where", "title", "shown"),
    [
        (COUNTS, "Commercial licenses usage", ["200", "100", "–", "–"]),
        (PERCENTS, "Partner licenses usage", ["200", "100", "60", "20.00 %"]),
        (LICENSES, "Commercial licenses deployment", ["–", "–", "–", "20.00 %"]),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_is_shown(where, title, shown, trouble, visit):
    app = visit(spoiled(trouble, where), page=PAGE)
    assert f"{title} cannot be read." in said(app)
    assert "HTTP status" in text(app)
    assert list(tiles(app).values()) == shown
    assert charts(app)
    assert len(tables(app)["usage_table"]) == (2 if where == COUNTS else 3)


def test_without_any_figures_of_use_the_page_says_what_still_works(visit):
    app = visit(spoiled(answer(403), COUNTS, PERCENTS), page=PAGE)
    assert "Not permitted" in text(app)
    assert "The Overview needs neither" in text(app)
    assert not tiles(app)


def test_the_last_good_figures_of_one_collection_stay_with_their_age(visit):
    emulator = Emulator(PARTNER)
    app = visit(emulator, page=PAGE)
    emulator.always(gateway(), where=LICENSES)
    feed = app.session_state[feeds._ENTERED].usage
    feed.refresh()
    assert feed.wait(20)
    app.run()
    assert "The figures of Commercial licenses deployment are the last good ones, fetched just now" in said(app)
    assert tiles(app)["Deployed, not used"] == "60"


def test_what_is_deployed_without_usage_figures_is_never_called_unused_and_in_no_share_of_it(visit):
    partner = Partner(
        commercial_deployment=PARTNER.commercial_deployment, commercial_usage=PARTNER.commercial_usage[:1]
    )
    app = visit(Emulator(partner), page=PAGE)
    assert tiles(app)["Deployed, not used"] == "20"
    assert "Up to 20 of 50 deployed licenses with figures of use are not used (40 %)." in said(app)
    assert "50 more are deployed without such figures. 100 more were sold and are not deployed." in said(app)
    assert deltas(app)["Deployed, not used"] == "≤ 40.00 % of deployed with figures"


def test_use_without_deployment_is_said(visit):
    partner = Partner(
        commercial_deployment=PARTNER.commercial_deployment[:1], commercial_usage=PARTNER.commercial_usage
    )
    words = "For 1 product, counted once for each customer, service and channel, Microsoft sends usage figures and no"
    assert f"{words} deployment figures: it counts in usage % alone." in said(visit(Emulator(partner), page=PAGE))


def test_where_no_use_was_sent_none_is_shown(visit):
    partner = Partner(
        commercial_deployment=PARTNER.commercial_deployment, commercial_usage=PARTNER.commercial_usage[:1]
    )
    app = visit(Emulator(partner), {"service": "crm"}, page=PAGE)
    assert tiles(app) == {"Licenses sold": "100", "Not deployed": "50", "Deployed, not used": "–", "Usage %": "–"}
    assert "how many of the others are used cannot be counted" in said(app)


def test_rows_set_aside_are_counted_by_collection(visit):
    partner = Partner(
        commercial_deployment=[*PARTNER.commercial_deployment, {}],
        commercial_usage=[*PARTNER.commercial_usage, {}, {}],
        usage=[*PARTNER.usage, {}],
    )
    app = visit(Emulator(partner), page=PAGE)
    assert "2 of 5 rows of Commercial licenses usage could not be read" in said(app)
    assert "1 of 3 rows of Partner licenses usage could not be read" in said(app)
    assert "1 of 3 rows of Commercial licenses deployment could not be read" in said(app)
    assert tiles(app)["Licenses sold"] == "200"


def test_the_sample_is_shown_and_called_so(visit):
    app = visit(page=PAGE)
    assert bar(app)["source"] == "Sample data"
    assert len(app.get("download_button")) == 3


# What the page takes from its view model, where no page is needed


def model_of(connect, partner, filters=UsageFilters()):  # noqa: B008 - a frozen value
    return usage_view(fetch_usage(connect(Emulator(partner)), lambda _: None), filters, False)


@pytest.mark.parametrize(("sort", "order"), [("gap", "cba"), ("percent", "cab"), ("sold", "bca"), ("name", "abc")])
def test_the_order_is_that_of_the_control(sort, order, connect):
    figures = {"a": (100, 0, 90, 100), "b": (300, 300, 290, 300), "c": (120, 120, 50, 1000)}
    sold = [{"serviceCode": code, "licensesSold": n, "licensesDeployed": m} for code, (n, m, *_) in figures.items()]
    active = [{"serviceCode": code, "licenseActive": n, "licensesQualified": m} for code, (*_, n, m) in figures.items()]
    partner = Partner(
        commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, sold), commercial_usage=rows_of(COMMERCIAL_USAGE, active)
    )
    model = model_of(connect, partner, UsageFilters(sort=sort))
    bars = model.figure.to_dict()["data"][0]
    assert "".join(bars["customdata"]) == order
    assert "".join(model.on_screen.rows["title"].to_pylist()).lower() == order


def test_most_not_used_goes_by_what_is_not_used_and_without_it_by_what_is_not_deployed(connect):
    sold = [
        {"serviceCode": code, "licensesSold": 100, "licensesDeployed": deployed}
        for code, deployed in (("a", 60), ("b", 50))
    ]
    active = [
        {"serviceCode": code, "licenseActive": active, "licensesQualified": 60}
        for code, active in (("a", 0), ("b", 50))
    ]
    partner = Partner(
        commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, sold), commercial_usage=rows_of(COMMERCIAL_USAGE, active)
    )
    model = model_of(connect, partner)
    assert "".join(model.figure.to_dict()["data"][0]["customdata"]) == "ab"
    assert model.largest_gap == ("a", 40.0, 60.0)
    without = model_of(connect, replace(partner, commercial_usage=[]))
    assert "".join(without.figure.to_dict()["data"][0]["customdata"]) == "ba"


def test_the_file_has_microsofts_names_and_whole_numbers(connect):
    content = csv_files.exact(model_of(connect, PARTNER).workloads).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [*rows[0]] == [
        "serviceCode",
        "workloadName",
        "channel",
        "licensesActive",
        "licensesQualified",
        "usagePercent",
        "proratedLicensesUsagePercent",
        "processedDateTime",
        "partnerProcessedDateTime",
    ]
    assert [row["licensesActive"] for row in rows] == ["10", "30", "20"]
    assert rows[2]["proratedLicensesUsagePercent"] == rows[2]["partnerProcessedDateTime"] == ""


def test_a_percentage_of_other_days_has_its_own_date_on_screen(connect):
    usage = rows_of(USAGE, [{"processedDateTime": "2026-10-01T00:00:00Z"}])
    model = model_of(connect, Partner(commercial_usage=PARTNER.commercial_usage, usage=usage))
    assert "Partner window ends (UTC)" in [column.label for column in model.on_screen.columns]


def test_what_the_figures_of_use_have_lost_is_said_and_no_target_is_reached_without_it(visit):
    full = {"licenseActive": 100}
    counts, percents = [full, CRM | {"licenseActive": 10}], [{}, {"serviceName": "crm", "channel": "direct"}]
    kept = [(COMMERCIAL_USAGE, counts), (USAGE, percents)]
    past = [partial(fetched, *each, NOW - timedelta(weeks=week)) for week in (3, 2, 1) for each in kept]
    now = Partner(commercial_usage=rows_of(COMMERCIAL_USAGE, counts[:1]), usage=rows_of(USAGE, percents[:1]))
    app = visit(Emulator(now), past=past, page=PAGE)
    wait_for(app, lambda app: "Not in the newest answer" in said(app))
    for collection in (COMMERCIAL_USAGE, USAGE):
        assert f"Not in the newest answer of {collection.title}: Dynamics 365 (last on 8 Oct 2026)." in said(app)
    assert "Usage % is that of what is left." in said(app)
    assert deltas(app)["Usage %"] == "a part is missing now"
    app.query_params["service"] = "o365"
    app.run()
    assert "Not in the newest answer" not in said(app)
    assert deltas(app)["Usage %"] == "target reached"
    del app.query_params["service"]
    app.query_params["channel"] = "direct"  # of which nothing is left
    app.run()
    for collection in (COMMERCIAL_USAGE, USAGE):
        assert f"Not in the newest answer of {collection.title}: Dynamics 365 (last on 8 Oct 2026)." in said(app)


@pytest.mark.parametrize("company", [[], [{}]], ids=["counts alone", "partner deployment too"])
@pytest.mark.parametrize("page", ["usage", "customers", "overview"])
def test_what_the_counts_have_lost_is_said_wherever_their_sums_stand(page, company, visit):
    both = [{"licensesDeployed": 20}, {"channel": "direct", "licensesDeployed": 90}]
    kept = [(COMMERCIAL_DEPLOYMENT, both), (DEPLOYMENT, company)]
    past = [partial(fetched, *each, NOW - timedelta(weeks=week)) for week in (3, 2, 1) for each in kept]
    use = rows_of(COMMERCIAL_USAGE, [{"channel": "direct"}])
    now = Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, both[1:]), commercial_usage=use)
    lost = "Not in the newest answer: Microsoft 365 through Reseller (100 licenses sold on"
    app = wait_for(visit(Emulator(now), past=past, page=page), lambda app: lost in said(app).replace("*", ""))
    judged = [delta for label, delta in deltas(app).items() if label == "Deployment %"]
    assert judged == ([] if page == "usage" else ["a part is missing now"])
    app.query_params["channel"] = "direct"
    assert lost not in said(app.run()).replace("*", "")


@pytest.mark.parametrize("page", ["usage", "customers"])
def test_where_nothing_is_left_of_a_channel_it_is_named(page, visit):
    both = [{}, {"channel": "direct"}]
    past = [partial(fetched, COMMERCIAL_DEPLOYMENT, both, NOW - timedelta(weeks=1))]
    now = Partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, both[:1]))
    app = visit(Emulator(now), {"channel": "direct"}, past=past, page=page)
    wait_for(app, lambda app: "Direct is not in the newest answer." in said(app))
