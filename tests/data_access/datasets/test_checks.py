"""What a page says of how far figures can be trusted, from what was found."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from data_access import NotPermitted, Standing, Unavailable
from data_access.datasets import checks
from data_access.datasets.checks import Check, Mark
from data_access.history.run_log import Failure
from data_access.measures import health
from data_access.measures.health import Timing
from data_access.partner_center.catalog import CUSTOMER_USAGE, DEPLOYMENT, USAGE
from tests.timings import DAY, NOW, services


def timing(**timings):
    """What is found of the collection that pages stand on, read just now."""
    return checks.timing({DEPLOYMENT.name: services(**timings)}, {DEPLOYMENT.name: NOW})


def check(mark, finding="It is so.", key="fit"):
    return Check(key, mark, finding)


def failed(kind, last_success=None):
    """A collection whose newest try came to an error of this kind."""
    why = Failure(title=kind.title, message="No.", advice="Ask.", exit_code=kind.exit_code)
    return Standing(last_success, NOW, why, failing=True)


READ = Standing(NOW - DAY)


def test_all_is_well_where_everything_is():
    mark, sentence = checks.verdict(
        [check(Mark.GOOD, key="late"), check(Mark.GOOD, key="read"), check(Mark.NOTE), check(Mark.NOTE)]
    )
    assert mark is Mark.GOOD
    assert sentence == (
        "**All is well.** Services are on time, and every announced row was read. 2 things to know below."
    )


def test_all_is_well_with_some_customers_does_not_say_so_of_all():
    _, sentence = checks.verdict([check(Mark.GOOD, key="late")], is_part=True)
    assert sentence == "**All is well**, as far as these customers show. Services are on time."


@pytest.mark.parametrize(
    ("late", "read", "claimed"),
    [
        (Mark.UNKNOWN, Mark.GOOD, " Every announced row was read."),
        (Mark.GOOD, Mark.UNKNOWN, " Services are on time."),
        (Mark.UNKNOWN, Mark.UNKNOWN, ""),
    ],
)
def test_what_cannot_be_told_is_not_claimed(late, read, claimed):
    mark, sentence = checks.verdict([check(late, key="late"), check(read, key="read")])
    assert mark is Mark.UNKNOWN
    assert sentence.startswith(f"**Nothing is known to be wrong.**{claimed} ")
    assert ("on time" in sentence) is (late is Mark.GOOD)
    assert ("was read" in sentence) is (read is Mark.GOOD)


def test_no_services_and_no_readings_are_no_good_news():
    for found in (timing(), checks.reading(health.readings([]), [])):
        assert found.mark is Mark.UNKNOWN
        assert "0" not in found.finding


@pytest.mark.parametrize(
    ("unread", "is_part", "mark", "finding"),
    [
        ((), True, Mark.GOOD, "No answer lacks one of these customers."),
        ((), False, Mark.BAD, "*Customer licenses deployment* lacks 2 customers."),
        (("<b>A",), True, Mark.BAD, r"1 customer could not be read: \<b\>A."),
    ],
)
def test_customers_who_could_not_be_read_are_named_as_far_as_they_are_the_visitors(unread, is_part, mark, finding):
    fetch: Any = SimpleNamespace(
        collection="customer-deployment", fetched_at=NOW, announced=1, rows=1, set_aside=0, missing=0, reasons={}
    )
    fetch.unread_customers = 2
    found = checks.read_customers([fetch], unread, is_part=is_part)
    assert (found.mark, found.finding) == (mark, finding)
    assert checks.reading(health.readings([fetch]), [fetch]).mark is Mark.GOOD, "which is asked for itself"


def test_reasons_that_are_not_named_are_counted():
    fetch: Any = SimpleNamespace(
        collection="customer-deployment", fetched_at=NOW, announced=6, rows=0, set_aside=6, missing=0
    )
    fetch.reasons, fetch.unread_customers = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 1}, 0
    found = checks.reading(health.readings([fetch]), [fetch])
    assert found.finding == "Not readable and in no figure: 6 rows: a (1); b (1); c (1); 3 rows for other reasons."


def test_problems_things_to_know_and_checks_passed_add_up_to_all_checks():
    all_checks = [check(mark, "This.") for mark in (Mark.BAD, Mark.BAD, Mark.NOTE, Mark.UNKNOWN, Mark.GOOD)]
    _, sentence = checks.verdict(all_checks)
    assert "2 problems.** 2 things to know" in sentence
    assert checks.passed(all_checks) == 1


def test_what_is_wrong_stands_in_the_first_sentence():
    mark, sentence = checks.verdict([check(Mark.GOOD, "fine"), check(Mark.BAD, "This."), check(Mark.BAD, "That.")])
    assert mark is Mark.BAD
    assert "2 problems" in sentence
    assert "This." in sentence
    assert "fine" not in sentence


@pytest.mark.parametrize(
    ("late", "said"),
    [(["o365"], "Microsoft 365 is late"), (["o365", "crm"], "Microsoft 365 and Dynamics 365 are late")],
)
def test_late_services_are_named(late, said):
    found = timing(**dict.fromkeys(late, Timing.LATE), exo=Timing.ON_TIME)
    assert found.mark is Mark.BAD
    assert said in found.finding
    assert "nothing was collected" not in found.finding


def test_many_late_services_are_counted():
    found = timing(**dict.fromkeys("abcdef", Timing.LATE))
    assert "a, b, c and 3 more are late" in found.finding


def test_where_nobody_has_looked_that_is_said():
    found = checks.timing({DEPLOYMENT.name: services(o365=Timing.LATE)}, {DEPLOYMENT.name: NOW - 5 * DAY})
    assert "nothing was collected since 19 Nov 2026" in found.finding


def test_every_collection_is_judged():
    tables = {DEPLOYMENT.name: services(crm=Timing.ON_TIME), USAGE.name: services(o365=Timing.LATE)}
    found = checks.timing(tables, dict.fromkeys(tables, NOW))
    assert found.mark is Mark.BAD
    assert found.finding.startswith("Microsoft 365 is late in *Partner licenses usage*: longer")
    assert list(found.rows["collection"]) == ["Partner licenses deployment", "Partner licenses usage"]


@pytest.mark.parametrize(
    ("timings", "mark", "said"),
    [
        ({"crm": Timing.ON_TIME}, Mark.NOTE, "1 of 1 service is on time. Microsoft 365 is not in the newest answer."),
        ({}, Mark.NOTE, "The newest answer has no service that was there before: Microsoft 365."),
        ({"crm": Timing.UNKNOWN}, Mark.UNKNOWN, "Microsoft 365 is not in the newest answer."),
        ({"crm": Timing.LATE}, Mark.BAD, "than usual. Microsoft 365 is not in the newest answer."),
    ],
)
def test_a_service_that_is_gone_is_said_and_not_on_time(timings, mark, said):
    found = timing(o365=Timing.GONE, **timings)
    assert found.mark is mark
    assert said in found.finding


def test_another_collection_with_too_few_dates_is_not_late():
    tables = {DEPLOYMENT.name: services(crm=Timing.ON_TIME), USAGE.name: services(o365=Timing.UNKNOWN)}
    found = checks.timing(tables, {})
    assert found.mark is Mark.GOOD
    assert found.finding == "1 of 1 service is on time. None is late in *Partner licenses usage*."


@pytest.mark.parametrize(
    ("standing", "mark"),
    [
        (Standing(NOW - DAY), Mark.GOOD),
        (Standing(NOW - 30 * DAY), Mark.BAD),
        (Standing(None, NOW, failing=True), Mark.BAD),
        (Standing(NOW - DAY, NOW - 2 * DAY), Mark.GOOD),
    ],
)
def test_collecting_is_well_while_the_last_try_was(standing, mark):
    assert checks.collecting({"deployment": standing}, NOW).mark is mark


@pytest.mark.parametrize(
    ("standing", "mark"),
    [
        # As `collect` counts it: what the account may not read is no failure where it could read something else.
        ({DEPLOYMENT.name: READ, USAGE.name: failed(NotPermitted)}, Mark.NOTE),
        ({DEPLOYMENT.name: READ, USAGE.name: failed(NotPermitted, NOW - 9 * DAY)}, Mark.NOTE),
        ({DEPLOYMENT.name: failed(NotPermitted), USAGE.name: failed(NotPermitted)}, Mark.BAD),
        ({DEPLOYMENT.name: READ, USAGE.name: failed(Unavailable)}, Mark.BAD),
        # Not every run asks for each customer, so nobody may try this one again.
        ({DEPLOYMENT.name: READ, CUSTOMER_USAGE.name: failed(Unavailable)}, Mark.NOTE),
    ],
)
def test_a_failure_that_nobody_can_mend_is_a_note(standing, mark):
    found = checks.collecting(standing, NOW)
    assert found.mark is mark
    assert "could not be read on 24 Nov 2026: No" in found.finding
    assert list(found.rows["state"]).count("failing") == sum(one.failing for one in standing.values())


def test_a_note_hides_neither_a_failure_nor_neglect():
    both = {DEPLOYMENT.name: READ, USAGE.name: failed(Unavailable), CUSTOMER_USAGE.name: failed(Unavailable)}
    found = checks.collecting(both, NOW)
    assert found.mark is Mark.BAD
    assert USAGE.title in found.finding
    assert CUSTOMER_USAGE.title not in found.finding
    old = {DEPLOYMENT.name: Standing(NOW - 30 * DAY), CUSTOMER_USAGE.name: failed(Unavailable)}
    assert checks.collecting(old, NOW).mark is Mark.BAD


def test_where_there_is_no_job_nobody_neglects_it():
    standing = {DEPLOYMENT.name: Standing(NOW - 30 * DAY)}
    found = checks.collecting(standing, NOW, has_job=False)
    assert found.mark is Mark.GOOD
    assert "collect`" not in found.finding
    assert checks.collecting({USAGE.name: failed(Unavailable)}, NOW, has_job=False).mark is Mark.BAD


def test_a_service_in_a_contradiction_is_shown_as_it_is_called():
    rows = pd.DataFrame({"service": ["![x](http://evil.example/x.png)"], "difference": [-1.5]})
    found = checks.contradictions(rows)
    assert "![" not in found.finding
    assert "http:/" not in found.finding
    assert "![x](http://evil.example/x.png)" in checks.table([found])["finding"][0]


def test_rounding_is_no_contradiction():
    rows = pd.DataFrame({"service": ["o365"], "difference": [0.004]})
    assert checks.contradictions(rows).mark is Mark.GOOD
    assert checks.contradictions(rows.assign(difference=-1.5)).mark is Mark.BAD


@pytest.mark.parametrize("key", checks.QUESTIONS)
def test_whatever_is_not_well_says_what_to_do(key):
    assert check(Mark.BAD, key=key).advice
    assert not check(Mark.GOOD, key=key).advice
    assert not check(Mark.UNKNOWN, key=key).advice
    assert checks.table([check(Mark.BAD, key=key)])["advice"][0]


def test_of_a_job_that_does_not_run_the_advice_is_to_run_it():
    neglected = checks.collecting({DEPLOYMENT.name: Standing()}, NOW)
    assert neglected.mark is Mark.BAD
    assert "runs `collect`" in neglected.advice


def test_the_file_of_checks_is_plain_text():
    table = checks.table([check(Mark.BAD, "*Title* of `verify`, \\<b\\>.")])
    assert table["finding"][0] == "Title of verify, <b>."


def test_a_failure_of_another_day_is_the_same_case_and_another_reason_is_not():
    def case(standing, now=NOW):
        return checks.collecting({DEPLOYMENT.name: standing}, now).case

    same = failed(Unavailable, NOW - 2 * DAY)
    assert case(same) == case(replace(same, last_failure=NOW + DAY))
    assert case(same) != case(replace(same, failure=same.failure.model_copy(update={"message": "Refused."})))
    assert case(READ, NOW + 10 * DAY) == case(READ, NOW + 11 * DAY)


def test_customers_that_may_not_be_named_are_counted():
    found = checks.read_customers([], [], 2, is_part=False)
    assert (found.mark, found.finding) == (Mark.BAD, "2 customers could not be read.")
    assert checks.read_customers([], ["A"], 1, is_part=False).finding == "2 customers could not be read: A."


def test_who_refuses_and_who_breaks_off_are_told_apart_with_how_many_there_are():
    def kept(collection, rows, unread=0, broken=0):
        return SimpleNamespace(collection=collection, rows=rows, unread_customers=unread, failed_customers=broken)

    newest: Any = [kept("customers", 45), kept("subscriptions", 300, 1, 1), kept("seats", 200, 7, 3)]
    assert checks.read_customers(newest, ["A"], 6, is_part=False).finding == (
        "7 customers could not be read: A. *Subscriptions* lacks 1 of 45: 1 broke off"
        " or gave no usable answer. *Live seats* lacks 7 of 45: 4 refused or have left, 3 broke off or gave"
        " no usable answer."
    )
    assert checks.read_customers(newest, ["A"], is_part=True).finding == "1 customer could not be read: A."


def test_a_collection_that_lacks_some_customers_was_read_all_the_same():
    found = checks.collecting(
        {"subscriptions": replace(failed(Unavailable), last_success=failed(Unavailable).last_failure)}, NOW
    )
    assert "could not be read of some customers on 24 Nov 2026: No" in found.finding
    assert found.finding.endswith("The others were read.")
