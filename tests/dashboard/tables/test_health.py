"""The tables of Data health hold every column of what they are about, and none under a name that nobody gave it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pandas as pd
import pytest

from dashboard.tables import health as tables
from dashboard.tables import on_page
from dashboard.tables.status import HISTORY
from data_access import Standing, measures
from data_access.datasets import checks
from data_access.measures import changes, health, trends
from data_access.partner_center.catalog import COLLECTIONS, COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import facts_of, fetched

NOW = datetime(2026, 11, 24, tzinfo=UTC)
COUNTS = facts_of(COMMERCIAL_DEPLOYMENT, [{"licensesDeployed": 130}])
FETCH = SimpleNamespace(collection=DEPLOYMENT.name, fetched_at=NOW, announced=2, rows=1, set_aside=1, missing=0)
SERVICES = health.services(trends.rows(fetched(facts_of(DEPLOYMENT, [{}]), 1, NOW)).frame, NOW)


def by(keys, labels=()):
    return measures.by(COUNTS, keys, labels)


PLACE = ["service", "channel"]
CUSTOMER = by(["customerTenantId"], ["customerName"])
LOSS = health.Loss(NOW, health.Amounts(8, 800), health.Amounts(0, 0))
#: The rows that each check is about, as they are found.
BEHIND = {
    "late": checks.timing({DEPLOYMENT.name: SERVICES}, {}).rows,
    "collected": checks.collecting({DEPLOYMENT.name: Standing(NOW)}, NOW).rows,
    "read": health.readings([FETCH]).assign(reason="licensesSold is missing"),
    "customers": checks.read_customers([], ["A"], is_part=False).rows,
    "lost": checks.lost({DEPLOYMENT.name: LOSS}).rows,
    "absent": health.absent(CUSTOMER.assign(snapshot="1"), CUSTOMER.head(0)).drop(columns="snapshot"),
    "over": health.over_deployed(by(changes.LEVELS["customer and product"], ["customerName"])),
    "fit": health.percent_against_counts(measures.by(facts_of(DEPLOYMENT, [{}]), PLACE), by(PLACE)),
    "files": checks.left_out(["A file is damaged."]).rows,
}


@pytest.mark.parametrize("key", tables.BEHIND)
def test_the_rows_behind_a_check_have_a_column_each(key):
    assert len(BEHIND[key])
    assert list(tables.BEHIND[key].names) == list(BEHIND[key])


def test_every_check_has_its_table():
    assert set(tables.BEHIND) == set(checks.QUESTIONS)


def test_the_file_of_services_has_their_dates_in_other_collections_too():
    others = {tables.date_in(name): NOW for name in COLLECTIONS}
    rows = SERVICES.assign(title="Microsoft 365", **others)
    assert list(tables.SERVICES_FILE.select(rows)) == [*SERVICES, *others]
    table = tables.SERVICES.on_screen(rows)
    assert table.rows.column_names[:3] == ["title", "timing", "processedDateTime"]
    assert not {*others} & {*table.rows.column_names}  # they are behind the check of its name


def test_the_file_of_checks_has_its_columns():
    check = checks.left_out([])
    assert list(checks.table([check])) == list(tables.CHECKS_FILE.names)
    assert list(checks.table([check])["question"]) == [check.question]


def test_status_shows_how_many_snapshots_there_are_after_the_collection():
    rows = BEHIND["collected"].assign(snapshots=2)
    assert list(HISTORY.select(rows)) == ["collection", "snapshots", *list(BEHIND["collected"])[1:]]


def test_on_screen_people_read_names_and_no_codes():
    table = tables.on_screen("over", BEHIND["over"])
    (row,) = on_page.content(table, None, None, 1)["rows"]
    assert row[:4] == ["TEST COMPANY", "Office 365 Enterprise E3", "Microsoft 365", "Reseller"]
    assert "Tenant id" not in [column.label for column in table.columns]


def test_a_customer_without_a_name_has_its_id_in_place_of_it():
    table = tables.on_screen("absent", BEHIND["absent"].assign(customerName=None))
    (name,) = table.rows["customerName"].to_pylist()
    assert name == BEHIND["absent"]["customerTenantId"].iloc[0]


def test_whether_a_reading_is_complete_is_said_in_a_word():
    table = tables.on_screen("read", pd.concat([BEHIND["read"].assign(complete=each) for each in (True, False)]))
    place = [column.name for column in table.columns].index("complete")
    assert [row[place] for row in on_page.content(table, None, None, 1)["rows"]] == ["yes", "no"]
