"""What the Renewals page says of each subscription, around midnight and in odd cases."""

import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from dashboard.tables import on_page
from dashboard.tables import renewals as tables
from dashboard.view_models import renewals as view_models
from data_access import Answer, Selection
from data_access.datasets.renewals import Renewals
from data_access.measures import renewals
from data_access.partner_center import frames
from data_access.partner_center.catalog import CUSTOMERS, SUBSCRIPTIONS

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
ROW = {
    "customerTenantId": "AA",
    "id": "s",
    "offerName": "E3",
    "quantity": 5,
    "status": "active",
    "commitmentEndDate": "2026-11-30T00:00:00Z",
    "commitmentEndDateTime": "2026-11-30T23:59:59Z",
    "renewalOutcome": "renews",
}
OLDER = {"commitmentEndDateTime": None, "commitmentEndDate": "2026-12-01T00:00:00Z"}


def told(*changes, zone="UTC"):
    table = frames.frame(
        SUBSCRIPTIONS, [{**ROW, "id": f"s{number}", **change} for number, change in enumerate(changes)]
    )
    every = renewals.at(renewals.judged(table), NOW)
    return view_models.in_words(every, view_models.lasting_words(every, zone))


@pytest.mark.parametrize(
    ("zone", "newer", "older"),
    [
        ("UTC", "30 Nov 2026, 23:59", "before 1 Dec 2026"),
        ("Europe/Berlin", "1 Dec 2026, 00:59", "before 1 Dec 2026"),
        ("America/Los_Angeles", "30 Nov 2026, 15:59", "before 1 Dec 2026"),
        ("Pacific/Kiritimati", "1 Dec 2026, 13:59", "before 1 Dec 2026"),
    ],
)
def test_the_last_day_is_right_in_every_zone(zone, newer, older):
    rows = told({}, OLDER, zone=zone)
    assert list(rows["act"]) == [newer, older]
    assert list(rows["ends"]) == [newer, older]


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Pacific/Kiritimati"])
@pytest.mark.parametrize("none", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999Z"])
def test_a_date_that_stands_for_none_is_none_in_every_zone(none, zone):
    action = scheduled("RenewToNewTerm", none)
    (row,) = told({"cancellationAllowedUntilDate": none, "scheduledActions": action}, zone=zone).to_dict("records")
    plain = told({}, zone=zone).iloc[0]
    assert (row["act"], row["becomes"]) == (plain["act"], plain["becomes"])


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_field_of_microsofts_is_no_instant_beside_a_day_whatever_its_name(zone):
    table = tables.on_screen(told({"actAt": "x"}, zone=zone), zone)
    (row,) = on_page.content(table, None, None, 1)["rows"]
    hint = {"hint": "30 Nov 2026, 23:59 UTC"}
    act = [column.name for column in table.columns].index("act")
    assert row[act] == ("30 Nov 2026, 23:59" if zone == "UTC" else {"text": "1 Dec 2026, 00:59", **hint})


def scheduled(action, on=None, **instructions):
    return json.dumps([{"actionType": action, "effectiveDate": on, "instructions": instructions}])


CANCELLED = {"renewalOutcome": "ends", "commitmentEndDateTime": "2026-12-20T23:59:59Z"}


@pytest.mark.parametrize(
    ("zone", "change", "words", "hint"),
    [
        (
            "America/Los_Angeles",
            {**CANCELLED, "scheduledActions": scheduled("Cancel", "2026-12-01T03:00:00Z")},
            "Ends on 30 Nov 2026: a cancellation is scheduled",
            "1 Dec 2026, 03:00 UTC",
        ),
        ("America/Los_Angeles", {}, "Renews on 30 Nov 2026", "1 Dec 2026, 00:00 UTC"),
        ("Europe/Berlin", {}, "Renews on 1 Dec 2026", "1 Dec 2026, 00:00 UTC"),
        ("America/Los_Angeles", OLDER, "Renews on 1 Dec 2026", None),
        ("UTC", {}, "Renews on 1 Dec 2026", None),
        ("Europe/Berlin", {"renewalOutcome": "expires"}, "Expires: it does not renew by itself", None),
    ],
)
def test_the_day_of_the_outcome_is_that_of_the_zone_and_in_utc_on_hover(zone, change, words, hint):
    table = tables.on_screen(told(change, zone=zone), zone)
    (row,) = on_page.content(table, None, None, 1)["rows"]
    cell = row[[column.name for column in table.columns].index("becomes")]
    found = cell if isinstance(cell, dict) else {"text": cell}
    assert (found["text"], found.get("hint")) == (words, hint)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "Renews on 1 Dec 2026"),
        (OLDER, "Renews on 1 Dec 2026"),
        ({"scheduledActions": scheduled("RenewToNewTerm", "2026-12-02T00:00:00Z")}, "Renews on 2 Dec 2026"),
        (
            {"renewalOutcome": "extendedServiceTerm", "scheduledActions": scheduled("RenewToExtendedServiceTerm")},
            "Paid monthly at about +3\u00a0% from 1 Dec 2026",
        ),
        (
            {"renewalOutcome": "undecided"},
            "Nobody has decided: paid monthly at about +3\u00a0% from 1 Dec 2026",
        ),
        (
            # For the last day of the term, which is paid: it happens after it.
            {
                "renewalOutcome": "extendedServiceTerm",
                "scheduledActions": scheduled("RenewToExtendedServiceTerm", "2026-11-30T00:00:00Z"),
            },
            "Paid monthly at about +3\u00a0% from 1 Dec 2026",
        ),
        (
            {
                "renewalOutcome": "extendedServiceTerm",
                "scheduledActions": scheduled("RenewToExtendedServiceTerm", "2026-11-30T23:59:59.9999999Z"),
            },
            "Paid monthly at about +3\u00a0% from 1 Dec 2026",
        ),
        (
            {"scheduledActions": scheduled("RenewToNewTerm", "2026-11-30T23:59:59Z", quantity=7)},
            "Renews on 1 Dec 2026 with 7 seats",
        ),
        (
            {"scheduledActions": scheduled("RenewToNewTerm", quantity=5, product={"termDuration": "P3Y"})},
            "Renews on 1 Dec 2026 for 3 years",
        ),
        (
            {"renewalOutcome": "ends", "scheduledActions": scheduled("Cancel", "2026-11-30T00:00:00Z")},
            "Ends: a cancellation is scheduled",
        ),
        (
            {"renewalOutcome": "ends", "scheduledActions": scheduled("Cancel", "2026-11-29T13:00:00Z")},
            "Ends on 29 Nov 2026: a cancellation is scheduled",
        ),
        (
            {"renewalOutcome": "ends", "scheduledActions": scheduled("Cancel", "2026-11-30T00:00:00Z"), **OLDER},
            "Ends: a cancellation is scheduled",
        ),
        ({"renewalOutcome": "other", "scheduledActions": scheduled("Transition")}, "Microsoft says: Transition"),
        ({"renewalOutcome": "other", "scheduledActions": scheduled("{x}")}, "Microsoft says: {x}"),
        (
            # One without a date happens at the end of the term, 30 November.
            {
                "renewalOutcome": "other",
                "scheduledActions": json.dumps(
                    [
                        {"actionType": "RenewToNewTerm", "effectiveDate": "2026-12-01T00:00:00.0000000Z"},
                        {"ActionType": "Transition"},
                    ]
                ),
            },
            "Microsoft says: Transition",
        ),
        (
            {"renewalOutcome": "other", "scheduledActions": scheduled(" ")},
            "Something is scheduled; Microsoft does not say what",
        ),
        ({"renewalOutcome": "other", "scheduledActions": "[3"}, "Something is scheduled; Microsoft does not say what"),
        (
            {"renewalOutcome": "other", "scheduledActions": '"text"'},
            "Something is scheduled; Microsoft does not say what",
        ),
        ({"renewalOutcome": "word of tomorrow"}, "word of tomorrow"),
    ],
)
def test_what_becomes_of_it_is_said_in_words(change, words):
    assert told(change)["becomes"].iloc[0] == words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"termDuration": "P1Y", "billingCycle": "monthly"}, "1 year, monthly"),
        ({"termDuration": "P3Y", "billingCycle": "One_Time"}, "3 years, one time"),
        ({"termDuration": "P6M"}, "P6M"),
        ({"billingCycle": "Annual"}, "annual"),
        ({}, ""),
    ],
)
def test_term_and_billing_are_said_in_words(change, words):
    assert told(change)["term"].iloc[0] == words


def test_an_add_on_names_its_parent_and_what_becomes_of_that():
    rows = told({"offerName": "Phone", "renewalOutcome": "ends"}, {"parentSubscriptionId": "s0", "productId": "X"})
    assert rows["notes"].iloc[1] == "no figure of what is assigned; add-on of Phone (ends)"


@pytest.mark.parametrize(("outcome", "word"), [("noEnd", "no end"), ("none", "over"), ("renews", "renews")])
def test_an_add_on_names_what_becomes_of_its_parent_in_words_of_people(outcome, word):
    parent = {"offerName": "Phone", "renewalOutcome": outcome}
    assert told(parent, {"parentSubscriptionId": "s0"})["notes"].iloc[1].endswith(f"add-on of Phone ({word})")


def of_customer(*changes):
    table = frames.frame(SUBSCRIPTIONS, [{**ROW, "id": f"s{place}", **change} for place, change in enumerate(changes)])
    listed = Answer(CUSTOMERS, frames.frame(CUSTOMERS, [{"customerTenantId": "AA"}]), (), 1, NOW, "")
    data = Renewals(renewals.with_service(renewals.judged(table), None), NOW, answers=(listed,))
    return view_models.of_customer(view_models.known_of(data, "AA", None), Selection(), NOW, "Europe/Berlin")


def test_one_customer_says_what_ends_later_or_never_and_until_when_of_it_can_be_reduced():
    later = {"commitmentEndDateTime": "2028-11-30T23:59:59Z"}
    never = {"commitmentEndDateTime": None, "commitmentEndDate": "9999-12-10T00:00:00Z"}
    open_now = {"cancellationAllowedUntilDate": "2026-12-03T10:15:00Z", "quantity": 9}
    sooner = {"cancellationAllowedUntilDate": "2026-12-01T08:00:00Z", "quantity": 2}
    model = of_customer({}, open_now, later | open_now, never | sooner, later, later | {"status": "deleted"})
    assert (model.on_screen.number, model.beside, model.until) == (2, 3, "1 Dec 2026, 09:00")
    assert (model.totals.reducible, model.totals.reducible_elsewhere) == (20, 11)
    model = of_customer({}, open_now)
    assert (model.beside, model.until, model.totals.reducible_elsewhere) == (0, "", 0)


def test_what_has_ended_since_it_was_read_is_not_said_to_end_later_or_never():
    over = {"commitmentEndDateTime": "2026-11-27T11:59:59Z", "status": "suspended"}
    model = of_customer({}, over, {"commitmentEndDateTime": "2028-11-30T23:59:59Z"}, over | {"status": "expired"})
    assert (model.on_screen.number, model.beside, model.ended) == (1, 1, 1)


@pytest.mark.parametrize(
    ("billing", "begins"),
    [("usage", "not billed by licenses, in no sum; "), ("License", "no figure"), (None, "no figure")],
)
def test_what_is_billed_by_use_says_that_it_is_in_no_sum(billing, begins):
    assert told({"billingType": billing, "productId": "X"})["notes"].iloc[0].startswith(begins)


def test_a_parent_that_is_not_there_is_not_named():
    assert pd.isna(told({"parentSubscriptionId": "s9", "productId": "X"})["notes"].iloc[0]) is False
    assert "add-on" not in told({"parentSubscriptionId": "s9"})["notes"].iloc[0]
