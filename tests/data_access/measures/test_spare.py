"""Licenses that may be spare: they are no reason to call, and it is said that they are allowed."""

import pandas as pd
import pytest

from data_access.measures import call_list, renewals, spare
from data_access.mutes import Spare
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.data_access.digest.test_news import E3, E5, NORD, NOW, SUED, bought, subscribed
from tests.rows import facts_of


def facts(*rows):
    return facts_of(COMMERCIAL_DEPLOYMENT, rows)


def allowance(seats, product=E3):
    return (Spare(customer=NORD, product=product, seats=seats),)


def test_a_product_in_several_channels_is_allowed_its_spare_licenses_once():
    rows = facts(bought(NORD, 50, 20), bought(NORD, 50, 10) | {"channel": "direct"}, bought(SUED, 9, 0)).frame
    assert spare.within(allowance(35), rows).tolist() == [30, 5, 0]
    assert spare.within(allowance(100), rows).tolist() == [30, 40, 0]
    assert spare.within((), rows).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("seats", "why"),
    [
        (0, ["75 licenses of E3 are not deployed"]),
        (10, ["75 licenses of E3 are not deployed, 10 of them within your allowance"]),
        (72, ["5 licenses of E5 are not deployed"]),
        (100, ["5 licenses of E5 are not deployed"]),
    ],
)
def test_the_call_list_speaks_of_what_is_beyond_the_allowance(seats, why):
    table = call_list.prepared(facts(bought(NORD, 90, 15), bought(NORD, 20, 15, "E5")), spares=allowance(seats))
    assert call_list.reasons(table) == [why]
    assert table["undeployed"].tolist() == [80], "sums have all of them"
    assert table["toDeploy"].tolist() == [80 - min(seats, 75)]


def test_where_all_is_allowed_nothing_is_a_reason_and_it_is_said():
    known, spares = facts(bought(NORD, 90, 15)), allowance(100)
    assert call_list.said(call_list.prepared(known, spares=spares)) == [[]]
    assert spare.said(spares, known.frame) == (
        "Not deployed and no reason to call: 75 of E3 within your allowance of 100."
    )
    assert spare.said(allowance(100, E5), known.frame) == ""


@pytest.mark.parametrize(("seats", "is_reason"), [(0, True), (74, True), (75, False)])
def test_what_renews_by_itself_is_a_reason_where_more_is_free_than_allowed(seats, is_reason):
    sent = pd.DataFrame([subscribed(quantity=90)]).astype({"productId": "str", "scheduledActions": "str"})
    judged = renewals.judged(sent, None, facts(bought(NORD, 90, 15)).frame)
    found = renewals.next_renewals(judged, NOW, 60, allowance(seats))
    assert found["renewalIsReason"].tolist() == [is_reason]
