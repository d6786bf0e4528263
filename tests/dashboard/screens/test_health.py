"""The page of data health in every situation; what all pages share is in test_overview.py."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from dashboard import formats
from data_access import titles
from data_access.emulator import Emulator
from data_access.emulator.sample import Partner, partner
from data_access.history.run_log import Failure, Run, Tried
from data_access.history.store import Store
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT, USAGE
from tests.dashboard.visit import charts, deltas, tables, text, tiles, wait_for
from tests.lakes import fetched

PAGE = "health"
DAY = timedelta(days=1)
TODAY = datetime.now(UTC).replace(microsecond=0)


def services(days_ago, *changes, seen=1):
    """Partner deployment, processed and fetched so many days ago."""
    processed = {"processedDateTime": f"{TODAY - days_ago * DAY:%Y-%m-%dT%H:%M:%SZ}"}
    return partial(fetched, DEPLOYMENT, [processed | one for one in changes or ({},)], TODAY - (days_ago - seen) * DAY)


def customers(days_ago, *changes):
    """The commercial counts, likewise."""
    processed = {"processedDateTime": f"{TODAY - days_ago * DAY:%Y-%m-%dT%H:%M:%S}"}
    return partial(
        fetched, COMMERCIAL_DEPLOYMENT, [processed | one for one in changes or ({},)], TODAY - days_ago * DAY
    )


WELL = (*(services(days) for days in (22, 15, 8, 1)), customers(8), customers(1, {"licensesSold": 101}))


def said(app):
    return text(app).replace("*", "").replace("`", "")


def verdict(app):
    good, others = list(app.success), [*app.warning, *app.info]
    (box,) = [*good, *(box for box in others if box.value.startswith("**Not"))]
    return box.value.replace("*", "").replace("\\", "").replace("\u2060", "").replace("`", "")


def test_all_is_well(look_back):
    app = look_back(WELL, page=PAGE)
    assert verdict(app) == "All is well. Services are on time, and every announced row was read."
    assert tiles(app) == {
        "Checks passed": "9 of 9",
        "Services on time": "1 of 1",
        "Oldest figures": "1 day",
        "Rows read": "100 %",
    }
    assert charts(app)


def test_a_service_without_a_processing_date_is_in_table_and_tile(look_back):
    undated = {"serviceName": "crm", "processedDateTime": None}
    app = look_back([services(8), services(1, {}, undated), customers(8)], page=PAGE)
    assert "Microsoft gave no processing date for Dynamics 365." in said(app)
    assert tiles(app)["Services on time"] == "0 of 2"
    shown = tables(app)["health_table"].set_index("title")
    assert shown.loc["Dynamics 365", ["timing", "processedDateTime", "ageDays"]].tolist() == [
        "no processing date",
        "–",
        "–",
    ]
    only = look_back([services(1, {"processedDateTime": None})], page=PAGE)
    assert tiles(only)["Oldest figures"] == "–"
    assert list(tables(only)["health_table"]["timing"]) == ["no processing date"]


def test_of_an_empty_answer_nobody_can_say_whether_more_is_assigned_than_sold(look_back):
    empty = partial(fetched, COMMERCIAL_DEPLOYMENT, [], TODAY)
    app = look_back([*WELL, empty], page=PAGE)
    assert (
        "Are more licenses assigned than were sold? The newest answer of Commercial licenses deployment has no"
        in said(app)
    )


def test_a_service_that_has_gone_is_not_on_time(look_back):
    both = [services(days, {}, {"serviceName": "crm"}) for days in (22, 15, 8)]
    app = look_back([*both, services(1), customers(8), customers(1, {"licensesSold": 101})], page=PAGE)
    assert "1 of 1 service is on time. Dynamics 365 is not in the newest answer." in said(app)
    assert tiles(app)["Services on time"] == "1 of 1"
    assert tiles(app)["Oldest figures"] == "1 day"
    assert list(tables(app)["health_table"]["timing"]) == ["not in the newest answer", "on time"]


def test_what_a_service_lost_of_its_channels_is_named(look_back):
    both = [services(days, {}, {"channel": "direct", "licensesSold": 5}) for days in (22, 15, 8)]
    app = look_back([*both, services(1), customers(8), customers(1, {"licensesSold": 101})], page=PAGE)
    assert "1 of 1 service is on time. Microsoft 365 through Direct is not in the newest answer." in said(app)


def test_a_late_service_is_named_with_what_is_usual(look_back):
    old = [services(days) for days in (60, 53, 46, 39)]
    app = look_back([*old, customers(8), customers(1, {"licensesSold": 101})], page=PAGE)
    assert "Microsoft 365 is late: longer without a new processing date than usual" in verdict(app)
    assert list(tables(app)["health_table"]["timing"]) == ["late"]
    assert tables(app)["health_table"]["cadenceDays"][0] == "7"


def test_a_collection_that_the_pages_do_not_stand_on_may_be_late_too(look_back):
    old = [customers(days, {"licensesSold": 100 + days}) for days in (60, 53, 46, 39)]
    app = look_back([*WELL[:4], *old], page=PAGE)
    assert "Microsoft 365 is late in Commercial licenses deployment" in verdict(app)
    assert tiles(app)["Services on time"] == "1 of 1"


def test_late_may_be_because_nobody_has_collected(look_back):
    app = look_back([services(days) for days in (60, 53, 46, 39)], page=PAGE)
    assert "nothing was collected since" in verdict(app)
    assert "The last run of collect was 38 days ago" in said(app)


def test_two_dates_are_too_few_to_tell(look_back):
    app = look_back([services(8), services(1)], page=PAGE)
    assert "Too few dates to tell for Microsoft 365." in said(app)
    assert verdict(app).startswith("Nothing is known to be wrong. Every announced row was read.")
    assert not app.success


def test_rows_set_aside_are_counted_with_their_reasons(look_back):
    app = look_back([*WELL[:3], services(1, {}, {"licensesSold": "many", "serviceName": "crm"})], page=PAGE)
    assert "Not readable and in no figure: 1 row: licensesSold is not a number (1)." in verdict(app)
    assert tiles(app)["Rows read"] == "50 %"


def test_customers_who_went_missing_are_listed(look_back):
    gone = {
        "customerTenantId": "BBBBBBBB-0000-4000-8000-000000000002",
        "customerName": "<b>Süd</b>",
        "licensesSold": 70,
    }
    app = look_back([*WELL[:4], customers(8, {}, gone), customers(1)], page=PAGE)
    assert "1 customer with 70 licenses sold, there on" in verdict(app)
    assert "<b>" not in verdict(app)


def test_customers_are_said_to_be_missing_for_as_long_as_on_their_own_page(look_back):
    def tenant(letter, sold):
        identity, half = f"{letter * 8}-0000-4000-8000-000000000002", {"licensesDeployed": sold // 2}
        return {"customerTenantId": identity, "customerName": f"Customer {letter}", "licensesSold": sold, **half}

    def answer(days_ago, *others):
        return customers(days_ago, tenant("A", 1000 + 2 * days_ago), *others)

    long_ago, late = (answer(130, tenant("D", 6)), answer(92)), answer(22, tenant("B", 70), tenant("C", 8))
    kept = [*WELL[:4], *long_ago, late, answer(15, tenant("C", 8)), answer(8)]
    day = formats.day(TODAY - 15 * DAY)
    found = verdict(look_back(kept, page=PAGE))
    assert f"1 customer with 8 licenses sold, there on {day}, is absent on {formats.day(TODAY - 8 * DAY)}." in found
    assert f"1 customer with 70 licenses sold, there in the last 3 months, has been absent since {day} or" in found
    app = look_back([*kept, answer(1)], page=PAGE)
    assert verdict(app).startswith("All is well"), "it was told when it was news"
    assert "2 customers with 78 licenses sold, there in the last 3 months, have been absent since" in said(app)
    app.session_state["rows_absent"] = True
    app.run()
    rows = tables(app)["table_absent"]
    assert rows[["customerName", "licensesSold"]].values.tolist() == [["Customer B", "70"], ["Customer C", "8"]]


def test_an_answer_without_rows_says_what_is_gone(look_back):
    app = look_back([*WELL[:4], customers(8, {}, {"customerName": "Süd"}), lambda: nothing(1)], page=PAGE)
    assert (
        "Commercial licenses deployment has no rows any more: from 1 to 0 customers, from 200 to 0 licenses,"
        f" from 2 to 0 rows since the answer of {formats.day(TODAY - 8 * DAY)}."
    ) in verdict(app)
    assert "absent" not in verdict(app), "an answer without rows takes nobody away"
    app.session_state["rows_lost"] = True
    app.run()
    rows = tables(app)["table_lost"]
    assert rows[["customersBefore", "customersAfter", "licensesBefore", "licensesAfter"]].values.tolist() == [
        ["1", "0", "200", "0"]
    ]


def nothing(days_ago):
    """The commercial counts without a row."""
    return fetched(COMMERCIAL_DEPLOYMENT, [], TODAY - days_ago * DAY)


def test_a_collection_that_shrank_as_never_before_is_named(look_back):
    app = look_back([*(services(days) for days in (22, 15, 8)), services(1, {"licensesSold": 60})], page=PAGE)
    assert "Partner licenses deployment shrank by more than ever before: from 100 to 60 licenses" in verdict(app)


def test_what_did_not_shrink_further_in_an_equal_answer_a_week_later_is_well_again(look_back):
    def found_again(kept):
        tried = Tried(at=TODAY, snapshot=kept.newest(DEPLOYMENT).id, again=True)
        kept.record(Run(started=TODAY, outcomes={DEPLOYMENT.name: tried}))

    answers = [*(services(days) for days in (22, 15, 11)), services(8, {"licensesSold": 60})]
    app = look_back(answers, page=PAGE, more=found_again)
    assert "No collection became unusually smaller" in said(app)
    assert "shrank" not in said(app)


def test_deployed_beyond_sold_is_worth_knowing_and_no_fault(look_back):
    app = look_back([*WELL[:4], customers(8), customers(1, {"licensesDeployed": 130})], page=PAGE)
    assert "1 product at 1 customer: 30 more are assigned than were sold" in said(app)


def test_percentages_that_contradict_the_counts(look_back):
    app = look_back([*WELL[:4], customers(8), customers(1, {"licensesDeployed": 40})], page=PAGE)
    assert "For 1 of 1 pair of service and channel they are more than 1 point apart, most for Microsoft 365" in verdict(
        app
    )


def usage_fails(status, exit_code):
    """The newest run could not read usage."""

    def fail(kept):
        failure = Failure(
            title="It failed",
            message="The account got nothing.",
            advice="Ask.",
            status=status,
            request_id="R-1",
            exit_code=exit_code,
        )
        kept.record(Run(started=TODAY, outcomes={USAGE.name: Tried(at=TODAY, failure=failure)}))

    return fail


def test_what_failed_last_is_told_with_its_ids(look_back):
    app = look_back(WELL, page=PAGE, more=usage_fails(503, 5))
    assert f"Partner licenses usage could not be read on {formats.day(TODAY)}: The account got nothing." in verdict(app)
    assert "It was never read before." in verdict(app)
    app.session_state["rows_collected"] = True
    app.run()
    assert "R-1" in list(tables(app)["table_collected"]["requestId"])


def test_what_the_account_may_not_read_is_worth_knowing_and_no_fault(look_back):
    app = look_back(WELL, page=PAGE, more=usage_fails(403, 4))
    assert "All is well" in verdict(app)
    assert f"Partner licenses usage could not be read on {formats.day(TODAY)}" in said(app)


def test_while_the_records_of_runs_cannot_be_listed_the_rest_is_shown(look_back):
    def spoil(kept):
        with open(kept.store.full("runs"), "x"):  # noqa: PTH123
            """A file where there was a folder."""

    app = look_back(WELL, page=PAGE, more=spoil)
    assert "cannot be used" in said(app)
    assert "HISTORY_URL" in said(app)
    assert verdict(app).startswith("Nothing is known to be wrong. Services are on time")
    assert tiles(app)["Checks passed"] == "8 of 9"


HOSTILE = "![x](http://evil.example/x.png)"


@pytest.mark.parametrize("days", [(60, 53, 46, 39), (22, 15, 8, 1)])
def test_a_hostile_service_is_text(look_back, days):
    counted = {"serviceCode": HOSTILE, "serviceName": HOSTILE, "licensesDeployed": 40}
    old = [services(one, {"serviceName": HOSTILE}) for one in days]
    app = look_back([*old, customers(8, counted), customers(1, counted)], page=PAGE)
    read = [box.value for kind in (app.markdown, app.caption, app.warning, app.success, app.info) for box in kind]
    read += deltas(app).values()
    assert not [one for one in read if "![" in one or "http:/" in one]
    assert formats.plain(HOSTILE) in " ".join(read)


def test_a_damaged_file_of_the_history_is_named(look_back):
    def spoil(kept):
        (first, *_) = Store(kept.store.url).finished("small")
        with open(kept.store.full(first.path), "r+b") as file:  # noqa: PTH123
            file.write(b"\0" * 50)

    app = look_back(WELL, page=PAGE, more=spoil)
    assert "1 file of the history cannot be used" in said(app)
    assert "1 file cannot be used; verify says more" in verdict(app)


def cut_short(which):
    """The file with every single row of one fetch of the commercial counts lost its end."""

    def spoil(kept):
        with open(kept.store.full(kept.snapshots(COMMERCIAL_DEPLOYMENT)[which].facts), "r+b") as file:  # noqa: PTH123
            file.truncate(100)

    return spoil


def test_a_damaged_file_is_not_taken_for_an_empty_one(look_back):
    app = look_back(WELL, page=PAGE, more=cut_short(-1))
    assert "absent on" not in said(app)
    assert "Nothing." not in said(app)
    assert "1 file cannot be used; verify says more" in verdict(app)
    assert "Commercial licenses deployment of" in said(app)
    assert tiles(app)["Checks passed"] == "6 of 9"


def test_a_damaged_file_of_last_time_leaves_what_the_newest_tells(look_back):
    app = look_back(WELL, page=PAGE, more=cut_short(0))
    assert "absent on" not in said(app)
    assert "1 file cannot be used; verify says more" in verdict(app)
    assert tiles(app)["Checks passed"] == "7 of 9"


def test_without_counts_the_page_says_what_it_cannot_tell(look_back):
    app = look_back(WELL[:4], page=PAGE)
    assert said(app).count("no rows of Commercial licenses deployment") == 2
    assert verdict(app).startswith(
        "Nothing is known to be wrong. Services are on time, and every announced row was read."
    )


def test_without_any_processing_date_nobody_is_on_time(look_back):
    app = look_back([services(1, {"processedDateTime": None})], page=PAGE)
    assert "on time" not in verdict(app)
    assert tiles(app)["Services on time"] == formats.NOTHING


def test_analytics_that_never_had_rows_are_said_to_have_none(look_back):
    app = look_back([partial(fetched, DEPLOYMENT, [], TODAY), lambda: nothing(0)], page=PAGE)
    assert said(app).count("Microsoft returned no rows, so there are no services.") == 2
    empty = "Microsoft returned no rows for Commercial licenses deployment and Partner licenses deployment."
    assert f"0 rows in 2 collections, none missing, none set aside. {empty}" in said(app)
    assert "dates" not in said(app)
    assert {"no rows"} == {each for name, each in deltas(app).items() if name in ("Services on time", "Oldest figures")}


def test_no_history_yet_says_how_to_begin(look_back):
    assert "No history yet" in text(look_back([], page=PAGE))


def test_live_seats_are_held_against_the_analytics_once_somebody_has_read_them(visit):
    app = visit(Emulator(partner(as_of=TODAY.date(), customers=20)), page="health", past=WELL)
    assert "Nothing read since this dashboard started" in text(app)
    app.button(key="read_live").click().run()
    wait_for(app, lambda app: "live_difference_table" in tables(app))
    assert "at customers are the same in both" in text(app).replace("*", "")
    found = tables(app)["live_difference_table"]
    assert len(found) == 50
    assert not {"Microsoft Fabric (Free)"} & {*found["productName"]}


def test_live_seats_are_not_held_against_counts_that_could_not_be_read(visit):
    whole = partner(as_of=TODAY.date(), customers=5)
    first, *others = whole.commercial_deployment
    of_customers = {name: getattr(whole, name) for name in ("customers", "subscriptions", "seats", "catalog")}
    spoiled = Partner(commercial_deployment=[{**first, "licensesSold": -5}, *others], **of_customers)
    app = visit(Emulator(spoiled), page="health", past=WELL)
    app.button(key="read_live").click().run()
    wait_for(app, lambda app: "live_difference_table" in tables(app))
    named = f"{first['customerName']} · {titles.product_title(first['productName'])}"
    not_compared = f"Not compared, as rows of the analytics could not be read: {formats.listed([named])}."
    assert not_compared.replace("\\", "") in text(app)
    shown = tables(app)["live_difference_table"]
    assert not len(shown[(shown["customerName"] == first["customerName"]) & (shown["licensesSold"] == "0")])


def test_live_seats_that_were_collected_are_there_at_once(visit):
    assert len(tables(visit(page="health"))["live_difference_table"]) == 50
