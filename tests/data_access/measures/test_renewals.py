"""What is renewed, until when it can be changed, and what of it is at risk: by hand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from data_access import Selection
from data_access.measures import renewals
from tests.data_access.measures.subscribed import (
    CANCEL,
    E3,
    E5,
    END,
    PRECISE_END,
    SUBSCRIPTION,
    counts,
    seats,
    subscriptions,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def one(column, change, *more):
    return renewals.at(renewals.judged(subscriptions(change), *more), NOW)[column].iloc[0]


# What is not assigned


@pytest.mark.parametrize(
    ("live", "commercial", "figure", "source"),
    [
        ([{}], [{}], 3, "live"),
        ([{"consumedUnits": 12}], [{}], 0, "live"),
        # Two entries of one product: what is assigned beyond the one does not fill the other.
        ([{"consumedUnits": 12}, {"activeUnits": 5, "consumedUnits": 1}], [], 4, "live"),
        ([{"productId": E5}], [{}, {"licensesDeployed": 12}, {"licensesDeployed": 9}], 7, "commercial"),
        ([{"productId": E3.lower()}], [], 3, "live"),
        ([], [{"productId": E3.lower()}], 6, "commercial"),
        ([{"customerTenantId": "BB"}], [{"customerTenantId": "BB"}], None, None),
        ([{"activeUnits": None}], [{}], 0, "live"),
    ],
)
def test_live_seats_come_before_the_commercial_counts_and_none_is_not_zero(live, commercial, figure, source):
    row = renewals.judged(subscriptions({}), seats(*live), counts(*commercial)).iloc[0]
    assert (None if pd.isna(row["notAssigned"]) else row["notAssigned"]) == figure
    assert (None if pd.isna(row["notAssignedFrom"]) else row["notAssignedFrom"]) == source


def test_a_field_under_one_of_our_names_gets_another_one():
    sent = subscriptions({}).assign(notAssigned="x", end="never", Assigned="y")
    row = renewals.at(renewals.judged(sent, seats({}), counts({})), NOW).iloc[0]
    assert (row["notAssigned"], row["end"].year) == (3, 2026)
    assert [row[f"{name} (as sent)"] for name in ("notAssigned", "end", "Assigned")] == ["x", "never", "y"]


def test_without_seats_and_counts_nothing_is_known():
    row = renewals.judged(subscriptions({})).iloc[0]
    assert pd.isna(row["notAssigned"])
    assert pd.isna(row["seatsAtRisk"])


@pytest.mark.parametrize(("quantity", "risk"), [(2, 2), (3, 3), (10, 3), (None, None)])
def test_no_more_seats_are_at_risk_than_a_subscription_has(quantity, risk):
    found = one("seatsAtRisk", {"quantity": quantity}, seats({}))
    assert (None if pd.isna(found) else found) == risk


def test_a_product_that_is_not_matched_has_no_seats_at_risk_rather_than_zero():
    table = renewals.judged(subscriptions({"productId": None}, {}), seats({}))
    assert list(table["seatsAtRisk"].isna()) == [True, False]
    assert renewals.seats_at_risk(table) == 3


def test_a_customers_seats_of_a_product_count_once():
    table = renewals.judged(subscriptions({"quantity": 2}, {"quantity": 4}, {"customerTenantId": "BB"}), seats({}))
    assert list(table["seatsAtRisk"].fillna(-1)) == [2, 3, -1]
    assert renewals.seats_at_risk(table) == 3
    assert renewals.seats_at_risk(table.head(1)) == 2


# The last day to act


@pytest.mark.parametrize(
    ("change", "last_day", "is_before"),
    [
        ({CANCEL: "2026-11-29T12:00:00.0000010Z"}, CANCEL, False),
        ({CANCEL: "2026-11-29T12:00:01Z"}, CANCEL, False),
        ({CANCEL: "2026-11-29T12:00:00Z"}, PRECISE_END, False),
        ({CANCEL: "2026-11-29T13:30:00+02:00"}, PRECISE_END, False),
        ({CANCEL: None}, PRECISE_END, False),
        ({CANCEL: "soon"}, PRECISE_END, False),
        ({CANCEL: None, PRECISE_END: None}, END, True),
        ({CANCEL: "2026-12-01T00:00:00Z", PRECISE_END: None}, CANCEL, False),
        ({PRECISE_END: None, END: None}, None, False),
        ({PRECISE_END: "9999-12-10T23:59:59Z"}, None, False),
        ({PRECISE_END: None, END: "9999-12-10T00:00:00Z"}, None, False),
        ({CANCEL: "9999-12-31T23:59:59.9999999"}, PRECISE_END, False),
        ({CANCEL: "0001-01-01T00:00:00"}, PRECISE_END, False),
    ],
)
def test_the_last_day_to_act_is_what_was_sent(change, last_day, is_before):
    found = one("lastDayToAct", change)
    sent = {**SUBSCRIPTION, **change}
    assert (None if pd.isna(found) else found) == (sent[last_day] if last_day else None)
    assert one("isBefore", change) == is_before


# The horizon


@pytest.mark.parametrize(
    ("change", "is_within"),
    [
        ({}, True),
        ({"status": "Suspended"}, True),
        ({"status": "expired"}, False),
        ({"isTrial": True}, True),
        ({PRECISE_END: "2026-11-29T12:00:00Z"}, True),
        ({PRECISE_END: "2026-11-29T11:59:59Z"}, False),
        ({PRECISE_END: "2026-12-29T23:59:59.9999999Z"}, True),
        ({PRECISE_END: "2026-12-30T00:00:01Z"}, False),
        ({PRECISE_END: None, END: "2026-12-30T00:00:00Z"}, True),  # before 30 Dec
        ({PRECISE_END: None, END: "2026-12-31T00:00:00Z"}, False),
        ({PRECISE_END: None, END: "2026-12-01T00:00:00Z"}, True),
        ({PRECISE_END: None, END: None}, False),
    ],
)
def test_what_ends_in_the_next_days_is_shown(change, is_within):
    table = renewals.judged(subscriptions(change))
    assert (len(renewals.within(table, NOW, 30)) == 1) is is_within


def test_sums_leave_out_trials_what_is_suspended_and_what_is_no_license():
    table = renewals.judged(
        subscriptions(
            {"quantity": 8},
            {"quantity": 5, "renewalOutcome": "undecided"},
            {"quantity": 6, "renewalOutcome": "extendedServiceTerm"},
            {"quantity": 9, "renewalOutcome": "ends"},
            {"quantity": 100, "isTrial": True},
            {"quantity": 100, "status": "suspended"},
            {"quantity": 100, "billingType": "usage"},
            {"quantity": 7, "productId": None},
            {"quantity": 4, PRECISE_END: "2027-11-20T23:59:59Z", CANCEL: "2026-12-01T00:00:00Z"},
            {"quantity": 3, PRECISE_END: "9999-12-10T00:00:00Z", CANCEL: "2026-12-01T00:00:00Z"},
            {"quantity": 20, "productId": E5},
            {"quantity": 2, CANCEL: "2026-12-01T00:00:00Z", "renewalOutcome": "ends"},
        ),
        seats({}),
    )
    totals = renewals.totals(table, NOW, 30)
    assert totals == renewals.Totals(
        renewing=35,
        at_risk=3,
        undecided=11,
        reducible=9,
        reducible_elsewhere=7,
        not_matched=7,
        without_figure=20,
        on_trial=1,
        suspended=1,
        not_licenses=1,
    )


SOON, SOONER = {PRECISE_END: "2026-12-05T23:59:59Z"}, {PRECISE_END: "2026-12-01T23:59:59Z"}
UNDECIDED, EXTENDED = {"renewalOutcome": "undecided"}, {"renewalOutcome": "extendedServiceTerm"}


@pytest.mark.parametrize(
    ("own", "first"),
    [
        ([SOON, {}], "s0"),
        ([SOON, UNDECIDED], "s1"),  # later than what renews by itself
        ([SOON, SOONER | UNDECIDED | {"quantity": 165}], "s1"),
        ([SOON | UNDECIDED, SOONER | EXTENDED], "s1"),
        ([SOON, UNDECIDED | {PRECISE_END: "2027-03-01T23:59:59Z"}], "s0"),  # beyond the days looked at
        ([UNDECIDED | {PRECISE_END: "2026-11-29T23:59:59Z"}, SOON], "s0"),  # today
        ([SOON, SOONER | UNDECIDED | {"isTrial": True}], "s0"),
        ([SOON, SOONER | {"renewalOutcome": "ends"}], "s0"),
        ([UNDECIDED | {PRECISE_END: "2026-11-28T23:59:59Z"}, SOON], "s1"),  # it is over
        # All that renews sooner is assigned.
        ([SOONER | {"productId": E5}, SOON], "s1"),
    ],
)
def test_what_is_to_be_decided_is_spoken_of_first_then_what_renews_by_itself(own, first):
    live = seats({}, {"productId": E5, "consumedUnits": 10})
    named = [change | {"offerName": f"s{number}"} for number, change in enumerate(own)]
    found = renewals.next_renewals(renewals.judged(subscriptions(*named), live), NOW, 60)
    assert list(found["renewalProduct"]) == [first]
    assert list(found["renewalIsReason"]) == [True]


def test_beside_the_first_stands_how_much_of_a_customer_is_to_be_decided():
    rows = [
        UNDECIDED | {"quantity": 8},
        SOON | EXTENDED | {"quantity": 20},
        {},
        UNDECIDED | {"isTrial": True},
        UNDECIDED | {PRECISE_END: "2027-03-01T23:59:59Z"},  # beyond the days looked at
        {"customerTenantId": "BB"},
    ]
    found = renewals.next_renewals(renewals.judged(subscriptions(*rows)), NOW, 60)
    assert found[["renewalSeats", "toDecide", "toDecideSeats"]].astype(object).where(found["toDecide"].notna(), None)[
        ["toDecide", "toDecideSeats"]
    ].to_dict("index") == {"AA": {"toDecide": 2, "toDecideSeats": 28}, "BB": {"toDecide": None, "toDecideSeats": None}}


@pytest.mark.parametrize("change", [{"productId": E5}, {PRECISE_END: "2027-03-01T23:59:59Z"}])
def test_what_renews_with_all_seats_assigned_or_much_later_is_next_but_no_reason(change):
    live = seats({"productId": E5, "consumedUnits": 10})
    found = renewals.next_renewals(renewals.judged(subscriptions(change), live), NOW, 60)
    assert list(found["renewalIsReason"]) == [False]


def test_each_customers_next_end_is_the_earliest_ahead_whatever_becomes_of_it():
    table = renewals.judged(
        subscriptions(
            UNDECIDED,
            {"commitmentEndDateTime": "2026-12-05T23:59:59Z"},
            {"commitmentEndDateTime": "2026-11-28T23:59:59Z"},  # it is over
            SOONER | {"isTrial": True},
            {"customerTenantId": "BB", "renewalOutcome": "ends"},
            {"customerTenantId": "CC", "renewalOutcome": "other"},
        )
    )
    assert renewals.next_ends(table, NOW)["nextEnd"].to_dict() == {
        "AA": pd.Timestamp("2026-12-05T23:59:59Z"),
        "BB": pd.Timestamp("2026-12-10T23:59:59Z"),
        "CC": pd.Timestamp("2026-12-10T23:59:59Z"),
    }
    assert renewals.next_ends(renewals.judged(subscriptions()), NOW).empty
    assert renewals.next_renewals(renewals.judged(subscriptions()), NOW, 60).empty


@pytest.mark.parametrize(
    ("own", "sooner"),
    [
        ([SOON, UNDECIDED], "s0"),
        ([SOON, SOONER, UNDECIDED], "s1"),
        ([SOON, SOONER | UNDECIDED], None),
        ([SOON | {"productId": E5}, UNDECIDED], None),  # all of it is assigned
        ([SOON, SOONER], None),
    ],
)
def test_what_renews_before_the_first_to_be_decided_is_spoken_of_too(own, sooner):
    live = seats({}, {"productId": E5, "consumedUnits": 10})
    named = [change | {"offerName": f"s{number}"} for number, change in enumerate(own)]
    found = renewals.next_renewals(renewals.judged(subscriptions(*named), live), NOW, 60)
    assert [None if pd.isna(each) else each for each in found["soonerProduct"]] == [sooner]


@pytest.mark.parametrize(
    ("zone", "newer", "older"),
    [
        ("UTC", "2026-12-10", "2026-12-11"),
        ("Europe/Berlin", "2026-12-11", "2026-12-11"),
        ("America/Los_Angeles", "2026-12-10", "2026-12-11"),
    ],
)
def test_the_day_of_a_renewal_is_that_of_the_zone_and_a_date_alone_has_none(zone, newer, older):
    date = {PRECISE_END: None, "commitmentEndDate": "2026-12-11T00:00:00Z", "customerTenantId": "BB"}
    table, now = renewals.judged(subscriptions({}, date)), NOW.astimezone(ZoneInfo(zone))
    days = {"AA": pd.Timestamp(newer), "BB": pd.Timestamp(older)}
    assert renewals.next_renewals(table, now, 60)["renewalDay"].to_dict() == days
    assert renewals.next_ends(table, now)["nextEndDay"].to_dict() == days
    assert renewals.next_ends(table, now)["nextEndIsBefore"].to_dict() == {"AA": False, "BB": True}


def test_where_nothing_is_there_all_sums_are_zero():
    table = renewals.judged(subscriptions())
    assert renewals.totals(table, NOW, 30) == renewals.Totals(*[0] * 10)
    assert renewals.by_period(renewals.within(table, NOW, 30), by_month=False).empty
    assert renewals.in_order(renewals.at(table, NOW)).empty


def test_the_last_day_to_act_comes_first_then_the_most_seats_at_risk():
    table = renewals.judged(
        subscriptions(
            {PRECISE_END: "2026-12-20T23:59:59Z", CANCEL: "2026-11-30T00:00:00Z", "productId": None},
            {"quantity": 1},
            {"quantity": 3},
            {"productId": None},
        ),
        seats({}),
    )
    assert list(renewals.in_order(renewals.at(table, NOW))["id"]) == ["s0", "s2", "s1", "s3"]


@pytest.mark.parametrize(
    ("by_month", "periods"),
    [(False, ["2026-11-30", "2026-12-07", "2026-12-07"]), (True, ["2026-12-01", "2026-12-01"])],
)
def test_seats_are_added_up_by_week_or_month_and_outcome(by_month, periods):
    table = renewals.judged(
        subscriptions(
            {PRECISE_END: "2026-12-06T23:59:59Z"},
            {PRECISE_END: "2026-12-07T00:00:00Z", "quantity": 2},
            {PRECISE_END: "2026-12-13T23:59:59Z", "renewalOutcome": "ends"},
            {"isTrial": True},
        ),
        seats({}),
    )
    found = renewals.by_period(renewals.within(table, NOW, 30), by_month)
    assert [f"{day:%Y-%m-%d}" for day in found["period"]] == periods
    assert found["quantity"].sum() == 22
    renews = found[found["renewalOutcome"] == "renews"]
    assert list(renews["seatsAtRisk"]) == ([3] if by_month else [3, 0])


@pytest.mark.parametrize(
    ("zone", "by_week", "by_month"),
    [
        ("UTC", "2026-11-23", "2026-11-01"),
        ("Europe/Berlin", "2026-11-30", "2026-12-01"),  # where it is Monday already
        ("America/Los_Angeles", "2026-11-23", "2026-11-01"),
    ],
)
def test_the_week_and_the_month_of_an_end_are_those_of_the_zone_and_a_date_alone_has_none(zone, by_week, by_month):
    sunday, last_of_november = {PRECISE_END: "2026-11-29T23:59:59Z"}, {PRECISE_END: "2026-11-30T23:59:59Z"}
    date = {PRECISE_END: None, END: "2026-12-02T00:00:00Z"}
    for change, is_month, period in (
        (sunday, False, by_week),
        (last_of_november, True, by_month),
        (date, True, "2026-12-01"),
    ):
        table = renewals.judged(subscriptions(change))
        assert list(renewals.by_period(table, is_month, ZoneInfo(zone))["period"]) == [pd.Timestamp(period)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
@pytest.mark.parametrize(
    ("first_unpaid", "is_month", "period"),
    [
        ("2026-12-28T00:00:00Z", False, "2026-12-21"),  # a Monday: its last day is Sunday the 27th
        ("2026-12-29T00:00:00Z", False, "2026-12-28"),
        ("2027-01-01T00:00:00Z", True, "2026-12-01"),
        ("2027-01-02T00:00:00Z", True, "2027-01-01"),
    ],
)
def test_what_ends_before_a_day_is_in_the_week_and_month_of_the_day_before(first_unpaid, is_month, period, zone):
    table = renewals.judged(subscriptions({PRECISE_END: None, END: first_unpaid}))
    assert list(renewals.by_period(table, is_month, ZoneInfo(zone))["period"]) == [pd.Timestamp(period)]


def test_a_seat_that_nobody_uses_is_at_risk_in_the_first_week_alone_so_that_the_weeks_add_up_to_the_tile():
    table = renewals.judged(
        subscriptions(
            {PRECISE_END: "2026-12-14T00:00:00Z", "quantity": 5},
            {PRECISE_END: "2026-12-01T00:00:00Z", "quantity": 2},
            {PRECISE_END: "2026-12-08T00:00:00Z", "quantity": 4},
            {PRECISE_END: "2026-12-08T00:00:00Z", "quantity": 1, "renewalOutcome": "undecided"},
        ),
        seats({}),
    )
    periods = renewals.by_period(renewals.within(table, NOW, 30), by_month=False)
    renews = periods[periods["renewalOutcome"] == "renews"]
    assert list(renews["seatsAtRisk"]) == [2, 1, 0]
    assert renews["seatsAtRisk"].sum() == renewals.totals(table, NOW, 30).at_risk == 3
    assert list(periods.loc[periods["renewalOutcome"] == "undecided", "seatsAtRisk"]) == [1]


def test_service_and_channel_come_from_the_commercial_counts_where_they_are_known():
    facts = pd.DataFrame(
        [
            {"customerTenantId": "AA", "productId": E3, "service": "o365", "channel": "reseller"},
            {"customerTenantId": "BB", "productId": E3.lower(), "service": "o365", "channel": "reseller"},
            {"customerTenantId": "BB", "productId": E3, "service": "o365", "channel": "direct"},
        ]
    )
    table = subscriptions({}, {"customerTenantId": "BB"}, {"customerTenantId": "CC"}, {"productId": E5})
    found = renewals.with_service(table, facts)
    assert list(found["service"].fillna("-")) == ["o365", "o365", "o365", "-"]
    assert list(found["channel"].fillna("-")) == ["reseller", "-", "-", "-"]
    assert renewals.with_service(table, None)["service"].isna().all()
    assert renewals.with_service(table.head(0), facts).empty


@pytest.mark.parametrize(
    ("channels", "customers"),
    [
        ((), ["AA", "BB", "CC"]),
        (("reseller",), ["AA"]),
        (("direct",), []),
        (("direct", "Reseller"), ["AA", "BB"]),
    ],
)
def test_what_was_bought_through_several_channels_is_selected_with_all_of_them(channels, customers):
    facts = pd.DataFrame(
        [
            {"customerTenantId": "AA", "productId": E3, "service": "o365", "channel": "reseller"},
            {"customerTenantId": "BB", "productId": E3, "service": "o365", "channel": "reseller"},
            {"customerTenantId": "BB", "productId": E3, "service": "o365", "channel": "direct"},
        ]
    )
    table = subscriptions(*({"customerTenantId": customer} for customer in ("AA", "BB", "CC")))
    found = renewals.selected(renewals.with_service(table, facts), Selection.of(channels))
    assert list(found["customerTenantId"]) == customers
