"""How far the figures can be trusted."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import measures
from data_access.measures import customers, health, trends
from data_access.measures.health import Amounts, Timing
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.examples import examples
from tests.rows import facts_of, fetched

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def rows(*numbers):
    return [Amounts(number) for number in numbers]


def licenses(*numbers):
    return [Amounts(10, number) for number in numbers]


@pytest.mark.parametrize(
    ("answers", "since"),
    [
        ([], None),
        (rows(0), None),
        (rows(0, 0), None),
        (rows(8), None),
        (rows(8, 0), 0),
        (rows(8, 9, 0), 1),
        (rows(8, 0, 0), 0),
        (rows(8, 0, 9), None),
        (rows(8, 0, 7), 0),  # against what was there before
        (rows(1000, 901), None),  # less than a tenth
        (rows(1000, 900), 0),
        (rows(1000, 1100), None),
        (rows(1000, 800, 650), None),  # 18.75 %, after 20 %
        (rows(1000, 800, 600), 1),  # 25 %
        (rows(1000, 800, 1000, 801), None),
        (rows(1000, 0, 1000, 850), 2),  # an outage tells nothing of what is usual
        (licenses(1000, 1000, 900), 1),
        (licenses(1000, 950, 901), None),
        (licenses(0, 0), None),
        (licenses(None, None), None),
    ],
)
def test_what_counts_as_a_loss(answers, since):
    assert health.lost_since(answers) == since


def test_a_loss_says_what_was_there_and_what_is():
    lost = health.Loss(BEGIN, Amounts(9000, 120_000, 1200), Amounts(0, 0, 0))
    assert lost.finding == "has no rows any more"
    assert lost.numbers == "from 1,200 to 0 customers, from 120,000 to 0 licenses, from 9,000 to 0 rows"
    shrunk = health.Loss(BEGIN, Amounts(9, None, 3), Amounts(5, None, 2))
    assert shrunk.finding == "shrank by more than ever before"
    assert shrunk.numbers == "from 3 to 2 customers, from 9 to 5 rows"
    assert replace(shrunk, is_first=True).finding == "shrank", "nothing is known to be usual"
    told = replace(shrunk, refusing=2)
    assert told.more(", ".join) == "; without 2 customers that refuse"
    assert (told.without_customers.numbers, told.without_customers.more(", ".join)) == ("from 9 to 5 rows", "")
    fewer_licenses = health.Loss(BEGIN, Amounts(1, 1100, 1), Amounts(1, 600, 1))
    assert fewer_licenses.numbers == "from 1,100 to 600 licenses"
    more_customers = health.Loss(BEGIN, Amounts(30, 1100, 13), Amounts(20, 1200, 14))
    assert more_customers.numbers == "from 30 to 20 rows"


@cache
def row_of(service):
    return fetched(facts_of(DEPLOYMENT, [{"serviceName": service}]), 0, BEGIN)


def seen(*fetches, service="o365"):
    """The history's rows of one service: each fetch as days after BEGIN, when it was made and what it was of."""
    kept = pd.concat([row_of(service)] * len(fetches), ignore_index=True)
    kept["snapshot"] = [f"{number:08}" for number in range(len(fetches))]
    for number, name in enumerate(("fetchedAt", "processedDateTime")):
        kept[name] = pd.Series([BEGIN + fetch[number] * DAY for fetch in fetches]).astype(kept[name].dtype)
    return trends.rows(kept).frame


def service(found, days):
    (row,) = health.services(found, BEGIN + days * DAY).to_dict("records")
    return row


WEEKLY = [(2 + day, day - day % 7) for day in range(30)]  # processed once a week, fetched every day, two days behind


def test_a_service_its_age_and_what_is_usual():
    row = service(seen(*WEEKLY), 32)
    assert row["processedDateTime"] == BEGIN + 28 * DAY
    assert (row["ageDays"], row["dates"], row["cadenceDays"], row["delayDays"]) == (4, 5, 7, 2)
    assert row["expectedBy"] == BEGIN + 37 * DAY
    assert row["lateAfter"] == BEGIN + 44 * DAY


@pytest.mark.parametrize(("days", "timing"), [(32, Timing.ON_TIME), (43, Timing.ON_TIME), (44, Timing.LATE)])
def test_it_is_late_when_overdue_by_one_more_cadence(days, timing):
    assert service(seen(*WEEKLY), days + 0.5)["timing"] == timing


def test_two_dates_are_too_few_to_tell():
    row = service(seen((1, 0), (8, 7), (9, 7)), 100)
    assert (row["timing"], row["dates"]) == (Timing.UNKNOWN, 2)
    assert pd.isna(row["cadenceDays"])
    assert pd.isna(row["expectedBy"])


def test_what_is_usual_is_what_was_usual_lately():
    monthly = [(30 * month + 1, 30 * month) for month in range(12)]
    daily = [(331 + day, 330 + day) for day in range(1, 15)]
    assert service(seen(*monthly, *daily), 350)["cadenceDays"] == 1


def test_a_back_fill_does_not_make_news_look_slow():
    back_filled = [(40, day) for day in (-21, -14, -7)]
    row = service(seen(*WEEKLY, *back_filled), 41)
    assert (row["dates"], row["delayDays"]) == (8, 2)


def test_a_date_that_went_back_is_that_of_the_newest_answer():
    found = seen((24.75, 24), (25.75, 19))
    row = health.services(found, BEGIN + 28.6 * DAY, "00000001").to_dict("records")[0]
    assert (row["processedDateTime"], row["ageDays"], row["dates"]) == (BEGIN + 19 * DAY, 9, 2)


def test_services_do_not_mix():
    found = pd.concat([seen(*WEEKLY).astype("object"), seen((1, 0), service="crm").astype("object")])
    table = health.services(found, BEGIN + 32 * DAY)
    assert list(table["service"]) == ["crm", "o365"]
    assert list(table["dates"]) == [1, 5]


def test_what_has_no_row_in_the_newest_answer_is_gone():
    found = pd.concat([seen(*WEEKLY).astype("object"), seen(*WEEKLY[:-1], service="crm").astype("object")])
    table = health.services(found, BEGIN + 32 * DAY, "00000029")
    assert dict(zip(table["service"], table["timing"], strict=True)) == {"crm": Timing.GONE, "o365": Timing.ON_TIME}
    assert set(health.services(found, BEGIN + 32 * DAY, "00000030")["timing"]) == {Timing.GONE}


def test_what_has_no_processing_date_is_said_to_have_none():
    undated = seen((0, 0), service="crm").assign(processedDateTime=pd.NaT)
    both = pd.concat([seen(*WEEKLY), undated], ignore_index=True)
    dated, without = health.services(both, BEGIN + 31 * DAY).sort_values("service", ascending=False).to_dict("records")
    assert dated["timing"] == Timing.ON_TIME
    assert (without["service"], without["timing"], without["dates"]) == ("crm", Timing.UNDATED, 0)
    assert without["processedDateTime"] is pd.NaT


def test_no_history_is_no_service():
    assert health.services(seen(*WEEKLY).head(0), BEGIN).empty


FETCHES = st.lists(st.tuples(st.integers(0, 50), st.integers(-50, 50)), min_size=1, max_size=12)


@examples(8)
@given(st.lists(FETCHES, min_size=3, max_size=6), st.integers(51, 200))
def test_a_service_is_late_only_when_its_next_date_is_overdue(services, days):
    found = [
        seen(*sorted((made, min(made, of)) for made, of in fetches), service=f"s{number}").astype("object")
        for number, fetches in enumerate(services)
    ]
    table = health.services(pd.concat(found), BEGIN + days * DAY)
    assert len(table) == len(services)
    for row in table.to_dict("records"):
        overdue = row["timing"] == Timing.LATE
        assert not overdue or row["expectedBy"] < BEGIN + days * DAY
        assert (row["timing"] == Timing.UNKNOWN) == (row["dates"] < 3)
        assert row["ageDays"] >= 0


@dataclass
class Reading:
    """As much of a snapshot as is needed here."""

    collection: str
    fetched_at: datetime
    announced: int | None
    rows: int
    set_aside: int
    missing: int


def test_readings_say_what_is_missing():
    table = health.readings(
        [
            Reading("deployment", BEGIN, 90, 80, 0, 10),
            Reading("deployment", BEGIN + DAY, 80, 80, 0, 0),
            Reading("commercial-deployment", BEGIN, 300, 250, 20, 30),
            Reading("usage", BEGIN, None, 12, 0, 0),
        ]
    )
    assert list(table["collection"]) == ["commercial-deployment", "deployment", "usage"]
    assert list(table["complete"]) == [False, True, True]
    assert list(table["announced"])[:2] == [300, 80]
    assert pd.isna(table["announced"][2])
    assert health.readings([]).empty


def customer(name, sold, **more):
    return {"customerTenantId": name, "customerName": f"Customer {name}", "licensesSold": sold, **more}


def by_customer(*rows):
    return measures.by(facts_of(COMMERCIAL_DEPLOYMENT, rows), [customers.CUSTOMER], ["customerName"])


def test_customers_that_are_gone():
    before = by_customer(
        customer("A", 10), customer("B", 20), customer("C", 30), customer("D", 0, licensesDeployed=0)
    ).assign(snapshot="1")
    later = by_customer(customer("A", 11), customer("C", 0, licensesDeployed=0)).assign(snapshot="2")
    table = health.absent(pd.concat([later, before]), by_customer(customer("b", 20)))
    assert list(table["customerName"]) == ["Customer C", "Customer A"]
    assert list(table["licensesSold"]) == [30, 11]
    assert list(table["snapshot"]) == ["1", "2"]
    assert health.absent(before, before).empty


def test_deployed_above_sold():
    table = by_customer(
        customer("A", 10, licensesDeployed=12),
        customer("B", 20, licensesDeployed=50),
        customer("C", 30, licensesDeployed=30),
    )
    assert list(health.over_deployed(table)["overDeployed"]) == [30, 2]


def test_percent_against_counts():
    sent = [
        {"serviceName": "o365", "proratedDeploymentPercent": 50.0},
        {"serviceName": "crm", "proratedDeploymentPercent": 10.0},
        {"serviceName": "exo", "proratedDeploymentPercent": 10.0},
    ]
    counts = [
        {"serviceCode": "O365", "licensesSold": 200, "licensesDeployed": 90},
        {"serviceCode": "crm", "licensesSold": 10, "licensesDeployed": 9},
        {"serviceCode": "teams"},
        {"serviceCode": "exo", "licensesSold": 0, "licensesDeployed": 0},
    ]
    keys = ["service", "channel"]
    table = health.percent_against_counts(
        measures.by(facts_of(DEPLOYMENT, sent), keys), measures.by(facts_of(COMMERCIAL_DEPLOYMENT, counts), keys)
    )
    assert list(table["service"]) == ["crm", "o365"]
    assert list(table["difference"]) == [-80, 5]
    assert list(table["licensesSoldCounted"]) == [10, 200]
    assert list(table) == [
        *keys,
        *("deploymentPercentSent", "deploymentPercentCounted", "difference"),
        *("licensesSoldSent", "licensesSoldCounted", "processedDateTimeSent", "processedDateTimeCounted"),
    ]


@pytest.mark.parametrize(("processed", "days"), [("2026-11-24T00:00", 5), ("2026-11-24T23:59", 5), ("2026-11-29", 0)])
def test_days_are_counted_from_date_to_date(processed, days):
    now = datetime(2026, 11, 29, 13, tzinfo=UTC)
    assert health.age_in_days(datetime.fromisoformat(processed).replace(tzinfo=UTC), now) == days
