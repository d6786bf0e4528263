"""How customers moved in three months: from which dates, and by how much."""

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest

from data_access import Selection
from data_access.datasets import comparison, lately
from data_access.datasets.timeline import Timeline
from data_access.history.engines import DuckDB
from data_access.measures import Facts
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.lakes import NOW, fetched, lake
from tests.rows import facts_of

NORTH, SOUTH, NEW = (f"{letter * 8}-0000-4000-8000-000000000001" for letter in "ABC")
DAY = timedelta(days=1)
EVERYTHING = Selection()


def customer(identity, deployed, sold=100, **more):
    return {"customerTenantId": identity, "licensesSold": sold, "licensesDeployed": deployed, **more}


def kept(tmp_path, *answers):
    """A history of these answers, each as days before now and rows."""
    history = lake(tmp_path)
    for days, rows in answers:
        history.append(fetched(COMMERCIAL_DEPLOYMENT, rows, NOW - days * DAY))
    return Timeline(history, COMMERCIAL_DEPLOYMENT, Facts(pd.DataFrame()))


def moved(past, *now, selection=EVERYTHING):
    facts = facts_of(COMMERCIAL_DEPLOYMENT, now).selected(selection)
    return lately.moved(past, DuckDB, facts, selection)


def test_the_change_is_from_three_months_ago_to_the_figures_of_now(tmp_path):
    past = kept(
        tmp_path,
        (200, [customer(NORTH, 10)]),
        (91, [customer(NORTH, 40)]),
        (45, [customer(NORTH, 50)]),
        (0, [customer(NORTH, 55)]),
    )
    found = moved(past, customer(NORTH, 60, sold=120))
    compared = lately.compared_with(past)
    assert compared
    assert found.since == compared.day == (NOW - 91 * DAY).date()
    (row,) = found.table.to_dict("records")
    assert (row["licensesSoldChange"], row["licensesDeployedChange"]) == (20, 20)
    assert row["deploymentPercentChange"] == 10
    assert row["points"] == [40, 50, 55, 50]
    assert row["since"] == pd.Timestamp(found.since)


def test_a_product_that_microsoft_renamed_is_not_lost(tmp_path):
    past = kept(tmp_path, (91, [customer(NORTH, 40)]), (0, [customer(NORTH, 41, productName="E THREE")]))
    assert moved(past, customer(NORTH, 41, productName="E THREE")).lost.empty
    lost = moved(past, customer(NORTH, 41, productName="E THREE", productId="P")).lost
    assert [*lost["part"]] == ["Office 365 Enterprise E3"], "which has another id"


def test_a_product_that_was_sold_in_one_channel_more_has_lost_that_part(tmp_path):
    past = kept(
        tmp_path, (91, [customer(NORTH, 40), customer(NORTH, 20, channel="direct")]), (0, [customer(NORTH, 41)])
    )
    lost = moved(past, customer(NORTH, 41)).lost
    assert list(lost["part"].str.rpartition(" through ")[2]) == ["Direct"]
    assert list(lost["licensesSold"]) == [100]
    assert list(moved(past, customer(NORTH, 41), selection=Selection.of(["reseller"])).lost["part"]) == []


def test_a_customer_that_is_new_had_nothing_and_one_that_has_gone_is_not_there(tmp_path):
    past = kept(tmp_path, (91, [customer(NORTH, 40), customer(SOUTH, 1)]), (0, [customer(NORTH, 41)]))
    table = moved(past, customer(NORTH, 41), customer(NEW, 5, sold=50)).table
    assert list(table.index) == [NORTH, NEW]
    assert table.loc[NEW, ["licensesSoldChange", "licensesDeployedChange"]].tolist() == [50, 5]
    assert pd.isna(table.loc[NEW, "deploymentPercentChange"])
    assert table.loc[NEW, "points"] == [10]


def test_a_selection_moves_by_itself(tmp_path):
    own = [customer(NORTH, 40), customer(NORTH, 10, channel="direct", productName="B")]
    past = kept(tmp_path, (91, own), (0, [customer(NORTH, 99)]))
    now = [customer(NORTH, 99), customer(NORTH, 20, channel="direct", productName="B")]
    (row,) = moved(past, *now, selection=Selection.of(["direct"])).table.to_dict("records")
    assert row["deploymentPercentChange"] == 10


@pytest.mark.parametrize("days", [[0], [3, 0]])
def test_a_history_that_is_too_short_says_nothing(days, tmp_path):
    past = kept(tmp_path, *((day, [customer(NORTH, 40 + day)]) for day in days))
    found = moved(past, customer(NORTH, 41))
    assert (found.since, found.table, len(found.lost)) == (None, None, 0)
    assert moved(kept(tmp_path / "nothing"), customer(NORTH, 41)) is None


def test_products_that_the_figures_do_not_have_any_more_are_lost(tmp_path):
    past = kept(
        tmp_path,
        (91, [customer(NORTH, 40), customer(NORTH, 3, sold=30, productName="Visio"), customer(SOUTH, 1)]),
        (
            45,
            [customer(NORTH, 40), customer(NORTH, 2, sold=20, productName="Visio"), customer(SOUTH, 1, sold=0)],
        ),
        (0, [customer(NORTH, 40), customer(NEW, 1, sold=7, productName="Project")]),
        (0, [customer(NORTH, 40)]),
    )
    lost = moved(past, customer(NORTH, 40)).lost
    columns = ["customerTenantId", "productName", "licensesSold"]
    assert lost[columns].to_numpy().tolist() == [[NORTH, "Visio", 20], [NEW, "Project", 7]]
    spelled = moved(past, customer(NORTH, 40), customer(NORTH, 1, sold=0, productName=" VISIO"), customer(NEW, 0))
    assert list(spelled.lost["productName"]) == ["Project"]


def test_of_a_date_that_was_collected_twice_the_later_answer_counts(tmp_path):
    def south(sold):
        return customer(SOUTH, 1, sold=sold, processedDateTime="2026-11-16T00:00:00")

    past = kept(
        tmp_path,
        (91, [customer(NORTH, 40)]),
        (8, [customer(NORTH, 41), south(59)]),
        (7, [customer(NORTH, 41), south(62)]),
        (3, [customer(NORTH, 42)]),
        (0, [customer(NORTH, 43)]),
    )
    (lost,) = moved(past, customer(NORTH, 43)).lost.to_dict("records")
    assert (lost["licensesSold"], lost["processedDateTime"]) == (62, pd.Timestamp("2026-11-16", tz="UTC"))


def test_what_is_lost_is_told_as_the_last_answer_of_all_has_it(tmp_path):
    def visio(sold, **more):
        return customer(NORTH, 1, sold=sold, productName="Visio", **more)

    weeks = [(7 * week, [customer(NORTH, 40)]) for week in range(13, -1, -1)]
    had = {91: 60, 84: 70, 77: 92, 70: 94}
    answers = [(days, [*rows, visio(had[days])] if days in had else rows) for days, rows in weeks]
    past = kept(tmp_path, *answers)
    days = lately.spread([*comparison.days_of(past, COMMERCIAL_DEPLOYMENT)])
    assert (NOW - 70 * DAY).date() not in days, "else the line has the answer anyway"
    (lost,) = moved(past, customer(NORTH, 40)).lost.to_dict("records")
    assert (lost["licensesSold"], lost["snapshot"]) == (94, past.history.snapshots(COMMERCIAL_DEPLOYMENT)[3].id)


def test_channels_of_a_product_that_went_one_after_the_other_are_told_as_the_last_answer_has_them(tmp_path):
    direct, reseller = (
        customer(NORTH, 1, sold=9, productName="Visio", channel=each) for each in ("direct", "reseller")
    )
    past = kept(
        tmp_path,
        (91, [customer(NORTH, 40), direct, reseller]),
        (45, [customer(NORTH, 40), direct]),
        (0, [customer(NORTH, 40)]),
    )
    assert list(moved(past, customer(NORTH, 40)).lost["licensesSold"]) == [9]


def test_a_file_from_which_all_is_measured_and_that_is_damaged_leaves_nothing_to_say(tmp_path):
    past = kept(tmp_path, (91, [customer(NORTH, 40)]), (0, [customer(NORTH, 41)]))
    first, _ = past.history.snapshots(COMMERCIAL_DEPLOYMENT)
    (next(tmp_path.rglob("*/" + first.facts.rpartition("/")[2]))).write_bytes(b"")
    found = moved(past, customer(NORTH, 41))
    assert (found.since, found.table) == (None, None)


def test_days_are_spread_over_the_time_and_each_is_known():
    daily = [date(2026, 1, 1) + number * DAY for number in range(330)]
    days = lately.spread(daily)
    assert len(days) == lately.POINTS
    assert (pd.Timestamp(days[-1]) - pd.DateOffset(months=3)).date() == days[0]
    assert {(later - earlier).days for earlier, later in pairwise(days)} <= {15, 16}
    assert lately.spread([]) == []


def test_of_a_history_with_few_days_the_nearest_one_begins_the_time():
    days = [date(2026, 8, 9), date(2026, 9, 6), date(2026, 10, 4), date(2026, 11, 1), date(2026, 11, 29)]
    assert lately.spread(days)[0] == date(2026, 9, 6)
    assert lately.spread([days[0], days[-1]])[0] == days[0]


def test_a_customer_is_the_same_however_its_id_is_spelled(tmp_path):
    past = kept(tmp_path, (91, [customer(NORTH.lower(), 40)]), (0, [customer(NORTH, 41)]))
    assert moved(past, customer(NORTH, 50)).table["deploymentPercentChange"].tolist() == [10]
