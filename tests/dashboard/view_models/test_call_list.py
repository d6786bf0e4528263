"""What the call list says of renewals: on which day they are for its viewer, and of which services."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from dashboard.filters.parameters import CustomersFilters
from dashboard.tables import on_page
from dashboard.view_models import call_list
from data_access import Deployment, Selection
from data_access.datasets.renewals import Renewals, Unread
from data_access.measures import renewals
from data_access.mutes import Mute
from data_access.partner_center import frames
from data_access.partner_center.answers import Answer
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, SEATS, SUBSCRIPTIONS
from tests.rows import facts_of

READ = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
NORTH = "AAAAAAAA-0000-4000-8000-000000000001"
E3, DYNAMICS = "6FD2C87F-B296-42F0-B197-1E91E994B900", "1E1A282C-9C54-43A2-9310-98EF728FAACE"
FACTS = facts_of(
    COMMERCIAL_DEPLOYMENT,
    [
        {"customerTenantId": NORTH, "productId": E3, "serviceCode": "o365", "licensesDeployed": 90},
        {"customerTenantId": NORTH, "productId": DYNAMICS, "serviceCode": "crm", "licensesDeployed": 90},
    ],
)
DEPLOYMENT = Deployment(Answer(COMMERCIAL_DEPLOYMENT, FACTS.frame, (), None, READ, ""), FACTS)


def ending(name, product, on, **more):
    return {
        "customerTenantId": NORTH,
        "id": name,
        "offerName": name,
        "productId": product,
        "quantity": 12,
        "status": "active",
        "commitmentEndDate": on,
        "commitmentEndDateTime": on,
        "renewalOutcome": "undecided",
        **more,
    }


def listed(zone="UTC", now=None, mutes=(), **filters):
    rows = [ending("Dynamics 365", DYNAMICS, "2026-12-01T23:59:59Z"), ending("Office", E3, "2026-12-20T23:59:59Z")]
    return listed_with(rows, zone=zone, now=now, mutes=mutes, **filters)


def listed_with(rows, zone="UTC", now=None, mutes=(), unread=(), **filters):
    judged = renewals.judged(frames.frame(SUBSCRIPTIONS, rows))
    live = Renewals(renewals.with_service(judged, FACTS.frame), READ, unread=unread)
    return call_list.of_all(DEPLOYMENT, CustomersFilters(**filters), live=live, zone=zone, now=now, mutes=mutes)


def cell(model, name):
    column = [column.name for column in model.on_screen.columns].index(name)
    return on_page.content(model.on_screen, None, None, 1)["rows"][0][column]


@pytest.mark.parametrize(
    ("zone", "day", "days", "column"),
    [
        ("UTC", "1 Dec 2026 (UTC)", 2, "1 Dec 2026"),
        # At the viewer's it is the 30th already, and the second when the subscription ends.
        ("Europe/Berlin", "2 Dec 2026, 00:59", 2, {"text": "2 Dec 2026", "hint": "1 Dec 2026, 23:59 UTC"}),
        ("America/Los_Angeles", "1 Dec 2026, 15:59", 2, "1 Dec 2026"),
    ],
)
def test_cards_reasons_and_the_table_tell_the_day_of_the_viewers_zone(zone, day, days, column):
    model = listed(zone)
    assert f"12 seats of Dynamics 365 end on {day}" in model.first.rows["said"][0].as_py()
    assert f"12 seats of Dynamics 365 end on {day}, in {days} days" in cell(model, "why")[0]
    assert cell(model, "renewal") == column


def test_a_file_has_the_instant_and_tells_days_in_utc_whoever_takes_it():
    (row,) = call_list.file(listed()).to_dict("records")
    assert row["nextRenewal"] == pd.Timestamp("2026-12-01T23:59:59Z")
    all_of_them = "to be decided in all: 24 seats of 2 subscriptions"
    assert row["why"].startswith(
        f"12 seats of Dynamics 365 end on 1 Dec 2026 (UTC); nobody has decided; {all_of_them}; "
    )


def test_a_file_counts_from_the_moment_of_its_page_and_is_the_same_until_something_ends():
    read, before, after = (call_list.file(listed(now=READ + timedelta(hours=hours))) for hours in (0, 47, 49))
    pd.testing.assert_frame_equal(before, read)
    (row,) = after.to_dict("records")
    assert row["nextRenewal"] == pd.Timestamp("2026-12-20T23:59:59Z")
    assert row["why"].startswith("12 seats of Office end on 20 Dec 2026 (UTC); nobody has decided; ")


@pytest.mark.parametrize(("hours", "left"), [(0, "in 2 days"), (47, "in 1 hour"), (49, "end on 20 Dec 2026")])
def test_a_page_counts_from_now_however_long_ago_the_subscriptions_were_read(hours, left):
    why = cell(listed(now=READ + timedelta(hours=hours)), "why")[0]
    assert left in why


def test_the_next_renewal_is_the_earliest_also_where_no_reason_speaks_of_it():
    model = listed(mutes=(Mute(product=DYNAMICS, reason="migration", until=date(2027, 1, 1)),))
    assert "Dynamics" not in str(cell(model, "why"))
    assert cell(model, "renewal") == "1 Dec 2026"


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Los_Angeles"])
def test_of_the_older_kind_the_next_renewal_is_before_the_first_day_that_is_not_paid(zone):
    model = listed_with([ending("Visio", E3, "2026-12-01T00:00:00Z", commitmentEndDateTime=None)], zone)
    assert cell(model, "renewal") == "before 1 Dec 2026"
    assert "end before 1 Dec 2026" in cell(model, "why")[0]
    assert list(call_list.file(model)["nextRenewal"]) == [pd.Timestamp("2026-12-01T00:00:00Z")]  # as it was sent


@pytest.mark.parametrize(
    ("rows", "unread", "shown", "read_at"),
    [
        ([], (), None, READ),  # it has none, and nobody has one: there is no such column
        ([], (Unread(NORTH, None, SUBSCRIPTIONS.name, refused=True),), "not read", None),
        ([], (Unread(NORTH, None, SEATS.name, refused=True),), None, READ),
        (
            [ending("Office", E3, "2026-12-20T23:59:59Z")],
            (Unread(NORTH, None, SUBSCRIPTIONS.name, refused=True, last_read=READ - timedelta(days=9)),),
            "20 Dec 2026, not read since 20 Nov 2026",
            READ - timedelta(days=9),
        ),
        (
            [],
            (Unread(NORTH, None, SUBSCRIPTIONS.name, refused=True, last_read=READ - timedelta(days=9)),),
            "none, not read since 20 Nov 2026",
            READ - timedelta(days=9),
        ),
    ],
)
def test_whose_subscriptions_could_not_be_read_is_not_one_that_has_none(rows, unread, shown, read_at):
    model = listed_with(rows, unread=unread)
    is_shown = "renewal" in [column.name for column in model.on_screen.columns]
    assert (cell(model, "renewal") if is_shown else None) == shown
    (filed,) = call_list.file(model)["subscriptionsReadAt"]
    assert (None if pd.isna(filed) else filed) == read_at


def test_under_a_filter_only_renewals_of_its_services_are_a_reason():
    model = listed(service=("o365",))
    assert "12 seats of Office end on 20 Dec 2026" in cell(model, "why")[0]
    assert cell(model, "renewal") == "20 Dec 2026"
    assert "Dynamics" not in str(model.on_screen.rows.to_pydict())


@pytest.mark.parametrize(
    ("unread", "on"),
    [
        ((), "29 Nov 2026"),
        ((Unread(NORTH, None, SEATS.name, refused=True, last_read=READ - timedelta(days=9)),), "20 Nov 2026"),
        ((Unread(NORTH, None, SEATS.name, refused=True),), ""),
    ],
)
def test_beside_what_to_say_stands_what_the_tenant_says_and_when_unless_it_lets_nobody_read_it(unread, on):
    row = {"customerTenantId": NORTH, "productId": E3, "activeUnits": 100, "consumedUnits": 75, "totalUnits": 100}
    seats = Answer(SEATS, frames.frame(SEATS, [row]), (), None, READ, "")
    live = Renewals(frames.frame(SUBSCRIPTIONS, []), READ, unread=unread, answers=(seats,))
    found = call_list.said_aside(DEPLOYMENT, NORTH, Selection.of((), ("o365",)), live=live)
    said = "10 is the count of Microsoft's analytics of 9 Oct 2026; the customer's tenant has 25 free on"
    assert found == (f"{said} {on}." if on else "")


def test_another_target_or_order_or_search_takes_the_reasons_that_are_known():
    judged = renewals.judged(frames.frame(SUBSCRIPTIONS, [ending("E3", E3, "2026-12-20T23:59:59Z")]))
    live = Renewals(renewals.with_service(judged, FACTS.frame), READ)
    chosen = (
        CustomersFilters(),
        CustomersFilters(target=30.0),
        CustomersFilters(sort="percent"),
        CustomersFilters(search=NORTH[:8]),
    )
    lists = [call_list.of_all(DEPLOYMENT, each, live=live, now=READ) for each in chosen]
    assert len({id(each.table["reasons"].iloc[0]) for each in lists}) == 1
    assert "E3" in lists[0].table["reasons"].iloc[0][0]
