"""What becomes of a subscription at its end, in words, by hand."""

import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from data_access.measures import outcomes, renewals
from tests.data_access.measures.subscribed import seats, subscriptions

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
BETA = {"productId": "B", "skuId": "2"}


@pytest.mark.parametrize(
    ("instructions", "said", "risk"),
    [
        ({"product": {"productId": "a", "skuId": "1"}, "quantity": 10}, "", 3),
        ({"product": {"productId": "A"}, "quantity": 4}, " with 4 seats", 3),
        ({"product": {"productId": "A", "skuId": "3"}}, " as A:3", None),
        ({"product": BETA, "quantity": 25}, " as Beta with 25 seats", None),
        ({"product": {**BETA, "billingCycle": "Annual", "termDuration": "P3Y"}, "quantity": 3},
         " as Beta with 3 seats for 3 years, annual billing", None),
        ({"product": {"billingCycle": "Monthly"}}, "", 3),
        ({"product": {"billingCycle": "One_Time"}}, ", one time billing", 3),
        ({"customTermEndDate": "2027-05-31T00:00:00Z"}, ", until 31 May 2027", 3),
        ({"customTermEndDate": "0001-01-01T00:00:00", "product": None}, "", 3),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "scheduled",
    [
        ("renews", None, False),
        ("renews", "RenewToNewTerm", False),
        ("renews", "RenewToNewTerm", True),
        ("other", "Transition", False),
        ("other", "Transition", True),
    ],
)
def test_a_new_term_says_what_changes_and_another_product_has_no_seats_known_to_be_at_risk(
    instructions, said, risk, scheduled
):
    outcome, word, is_in_action = scheduled
    begins = "Renews" if outcome == "renews" else "Microsoft says: Transition"
    action = [{"actionType": word, "instructions": instructions if is_in_action else None}]
    sent = subscriptions({"renewalOutcome": outcome}, {"offerName": "Beta", "customerTenantId": "BB"}).assign(
        offerId=["A:1:X", "B:2:Y"],
        billingCycle="monthly",
        termDuration="P1Y",
        scheduledActions=[json.dumps(action) if word else None, None],
        scheduledNextTermInstructions=[None if is_in_action else json.dumps(instructions), None],
    )
    table = renewals.judged(sent, seats({}))
    assert outcomes.becomes(table)[0] == begins + said
    found = table["seatsAtRisk"].iloc[0]
    assert (None if pd.isna(found) else found) == risk
    if outcome == "renews":
        totals = renewals.totals(renewals.at(table.head(1), NOW), NOW, 30)
        assert (totals.renewing, totals.at_risk, totals.without_figure) == ((10, 3, 0) if risk else (10, 0, 10))


def test_another_product_is_called_as_in_the_catalogue_or_as_where_it_was_sold_or_by_its_ids():
    told = [{"product": {"productId": id_, "skuId": "2"}} for id_ in "abc"]
    sent = subscriptions({}, {"offerName": "Beta"}, {}).assign(
        offerId=["X:1:X", "B:2:Y", "B:2:Z"],
        scheduledActions=None,
        scheduledNextTermInstructions=[json.dumps(each) for each in told],
    )
    sent.loc[1, "scheduledNextTermInstructions"], sent.loc[2, "offerName"] = None, None
    found = renewals.judged(pd.concat([sent] * 2, ignore_index=True), called={"A:2": "Alpha"})["nextProduct"]
    assert found.fillna("").to_list() == ["Alpha", "", "c:2"] * 2
    sent.loc[0, "scheduledNextTermInstructions"] = json.dumps(told[1])
    assert renewals.judged(sent)["nextProduct"].iloc[0] == "Beta"
    assert renewals.judged(sent, called={"B:2": "ALPHA (NEW)"})["nextProduct"].iloc[0] == "ALPHA (NEW)"


def test_what_is_cancelled_has_no_next_term():
    sent = subscriptions({"renewalOutcome": "ends"}).assign(
        offerId="A:1:X", termDuration="P1Y", scheduledActions='[{"actionType": "Cancel"}]',
        scheduledNextTermInstructions=json.dumps({"product": BETA}),
    )  # fmt: skip
    table = renewals.judged(sent, seats({}))
    assert outcomes.becomes(table) == ["Ends"]
    assert table["seatsAtRisk"].iloc[0] == 3


@pytest.mark.parametrize(
    ("instructions", "said"),
    [
        ({"quantity": 7}, "Renews with 7 seats"),
        ({"quantity": 10, "product": {"termDuration": "P3Y"}}, "Renews for 3 years"),
        ({"quantity": 1, "termDuration": "P1M"}, "Renews with 1 seat for 1 month"),
        ({"quantity": 10, "product": {"termDuration": "P1Y"}}, "Renews"),
        ({"quantity": True, "product": "P"}, "Renews"),
        (None, "Renews"),
    ],
)
def test_what_a_new_term_changes_is_said(instructions, said):
    action = {"actionType": "RenewToNewTerm", "effectiveDate": "2026-12-11T00:00:00Z", "instructions": instructions}
    table = renewals.judged(
        subscriptions({}).assign(termDuration="P1Y", scheduledActions=json.dumps([action])).astype({"id": "str"})
    )
    assert outcomes.becomes(table) == [said]
    table = table.assign(scheduledActions=None, scheduledNextTermInstructions=json.dumps(instructions))
    assert outcomes.becomes(table) == [said]
    assert outcomes.becomes(table.assign(renewalOutcome="ends")) == ["Ends"]
