"""Two dates of the history: which there are, which are meant, and both side by side."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import Selection, Settings, history, measures, texts
from data_access.datasets import comparison, timeline
from data_access.datasets.comparison import Comparison
from data_access.errors import DamagedHistory
from data_access.history import engines
from data_access.measures import changes, trends
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.lakes import NOW, fetched, lake
from tests.rows import WHO_AND_WHAT

DAYS = st.lists(st.dates(date(2024, 1, 1), date(2026, 12, 31)), min_size=2, unique=True).map(sorted)
MONTH = timedelta(days=28)
BEFORE, AFTER = (NOW - MONTH).date(), NOW.date()


def of(kept, collection=DEPLOYMENT):
    """What pages stand on, over this history."""
    return timeline.Timeline(kept, collection, trends.rows(kept.summary(collection).to_pandas()))


def engine():
    return engines.DuckDB()


@given(DAYS, st.dates(date(2023, 1, 1), date(2027, 12, 31)))
def test_a_date_means_what_was_known_on_it(known, asked):
    day = comparison.latest_on_or_before(known, asked)
    assert day in known
    assert day <= asked or day == known[0]
    assert not [other for other in known if day < other <= asked]


def test_of_one_day_the_snapshot_that_was_kept_last_counts(tmp_path):
    kept = lake(tmp_path)
    kept.append(fetched(DEPLOYMENT, [{}]))
    kept.append(fetched(DEPLOYMENT, [{"licensesSold": 7}], NOW + timedelta(hours=1)))
    (one,) = comparison.days_of(of(kept), DEPLOYMENT).values()
    assert one.id == kept.newest(DEPLOYMENT).id


def test_a_row_that_was_not_read_is_of_the_product_that_it_was_before_a_new_name(tmp_path):
    kept = lake(tmp_path)
    other = {"productName": "VISIO", "productId": "V" * 8}
    kept.append(fetched(COMMERCIAL_DEPLOYMENT, [{"productName": "PROJECT P3"}, other], NOW - MONTH))
    kept.append(
        fetched(COMMERCIAL_DEPLOYMENT, [{"productName": "PROJECT PLAN 3", "licensesDeployed": None}, other], NOW)
    )
    past = of(kept, COMMERCIAL_DEPLOYMENT)
    differences = comparison.compare(past, engine, Comparison("product", BEFORE, AFTER), Selection())
    assert [*differences.table["status"]] == [changes.Status.UNREAD, changes.Status.SAME]
    tenant = WHO_AND_WHAT["customerTenantId"]
    assert timeline.of_customer(past, engine(), tenant).unread.rows == differences.unread.rows


@pytest.mark.parametrize("level", ["service", "product"])
def test_a_sum_that_lacks_a_row_which_could_not_be_read_moved_nothing(level, tmp_path):
    """Of customer B the row of Office was set aside; its Visio is another sum."""
    other = {"serviceCode": "visio", "productName": "VISIO PLAN 2", "productId": "V" * 8}
    theirs = {"customerTenantId": "B"}
    kept = lake(tmp_path)
    kept.append(fetched(COMMERCIAL_DEPLOYMENT, [{}, theirs, other, other | theirs], NOW - MONTH))
    now = [{}, {**theirs, "licensesSold": -5}, {**other, "licensesDeployed": 90}, other | theirs]
    kept.append(fetched(COMMERCIAL_DEPLOYMENT, now, NOW))
    found = comparison.compare(of(kept, COMMERCIAL_DEPLOYMENT), engine, Comparison(level, BEFORE, AFTER), Selection())
    assert dict(zip(found.table["service"], found.table["status"], strict=True)) == {
        "o365": changes.Status.UNREAD,
        "visio": changes.Status.CHANGED,
    }
    assert found.table.set_index("service")["licensesSoldAfter"]["o365"] == 100, "what is left of it"
    assert changes.why(found.table).change == 20, "of Visio alone"


def test_a_product_lacks_a_customer_that_may_be_among_rows_that_did_not_come(tmp_path):
    other = {"productName": "VISIO PLAN 2", "productId": "V" * 8}
    kept = lake(tmp_path)
    kept.append(fetched(COMMERCIAL_DEPLOYMENT, [{}, {"customerTenantId": "B"}, other], NOW - MONTH))
    came = replace(fetched(COMMERCIAL_DEPLOYMENT, [{}, other | {"licensesDeployed": 60}], NOW), announced=3)
    kept.append(came)
    past = of(kept, COMMERCIAL_DEPLOYMENT)
    found = comparison.compare(past, engine, Comparison("product", BEFORE, AFTER), Selection())
    assert [*found.table["status"]] == [changes.Status.UNREAD, changes.Status.CHANGED]


def test_a_service_and_a_product_that_are_spelled_otherwise_are_compared_with_themselves(tmp_path):
    kept = lake(tmp_path)
    spelled = [("Größe", "VISIO PLAN 2"), ("GRO\u0308SSE", "Visio  Plan 2")]
    for at, (service, product) in zip((NOW - MONTH, NOW), spelled, strict=True):
        rows = [{"serviceCode": service, "productName": product, "licensesDeployed": at.day}]
        kept.append(fetched(COMMERCIAL_DEPLOYMENT, rows, at))
    past = of(kept, COMMERCIAL_DEPLOYMENT)
    for level in changes.LEVELS:
        asked = Comparison(level, BEFORE, AFTER)
        (row,) = comparison.compare(past, engine, asked, Selection.of(services=["größe"])).table.to_dict("records")
        assert (row["status"], row["licensesDeployedChange"]) == ("changed", NOW.day - (NOW - MONTH).day)
    assert [*map(texts.key, comparison.pair(past, asked).not_processed_anew)] == [texts.key("Größe")]


def test_a_product_that_microsoft_renamed_is_compared_with_itself(tmp_path):
    kept = lake(tmp_path)
    for at, name in zip((NOW - MONTH, NOW), ("VISIO PLAN 2", "VISIO PLAN TWO"), strict=True):
        rows = [{"productName": name, "licensesDeployed": at.day}, {"productName": "EMS", "productId": None}]
        kept.append(fetched(COMMERCIAL_DEPLOYMENT, rows, at))
    for level in ("product", "customer and product"):
        asked = Comparison(level, BEFORE, AFTER)
        table = comparison.compare(of(kept, COMMERCIAL_DEPLOYMENT), engine, asked, Selection()).table
        assert dict(zip(table["productName"], table["status"], strict=True)) == {
            "EMS": "same",
            "VISIO PLAN TWO": "changed",
        }


def test_days_without_rows_are_no_dates(tmp_path):
    kept = lake(tmp_path)
    kept.append(fetched(COMMERCIAL_DEPLOYMENT, [], NOW - MONTH))
    kept.append(fetched(COMMERCIAL_DEPLOYMENT, [{}]))
    assert [*comparison.days_of(of(kept), COMMERCIAL_DEPLOYMENT)] == [AFTER]


def test_services_come_from_the_rows_in_little_without_an_engine(tmp_path):
    kept = lake(tmp_path)
    kept.append(fetched(DEPLOYMENT, [{}, {"serviceName": "crm"}], NOW - MONTH))
    kept.append(fetched(DEPLOYMENT, [{"proratedDeploymentPercent": 60}, {"serviceName": "CRM"}]))
    found = comparison.compare(of(kept), pytest.fail, Comparison("service", BEFORE, AFTER), Selection())
    statuses = dict(zip(found.table["service"], found.table["status"], strict=True))
    assert statuses == {"crm": "same", "o365": "changed"}
    assert found.estimated


@pytest.mark.parametrize("level", ["customer", "product", "customer and product"])
def test_the_other_levels_are_worked_out_from_every_row(level, tmp_path):
    rows = [[{}, {"customerTenantId": "B"}], [{"licensesDeployed": 70}, {"channel": "direct"}]]
    kept = lake(tmp_path)
    for each, at in zip(rows, (NOW - MONTH, NOW), strict=True):
        kept.append(fetched(COMMERCIAL_DEPLOYMENT, each, at))
    past = of(kept, COMMERCIAL_DEPLOYMENT)
    found = comparison.compare(past, engine, Comparison(level, BEFORE, AFTER), Selection.of(["reseller"]))
    before, after = (
        measures.facts(COMMERCIAL_DEPLOYMENT, fetched(COMMERCIAL_DEPLOYMENT, each).frame).selected(
            Selection.of(["reseller"])
        )
        for each in rows
    )
    keys = changes.LEVELS[level]
    expected = changes.compare(measures.by(before, keys), measures.by(after, keys), keys)
    assert not found.estimated
    assert changes.why(found.table) == changes.why(expected)
    assert list(found.table["licensesDeployedChange"]) == list(expected["licensesDeployedChange"])


def test_a_file_that_is_gone_is_named(tmp_path):
    kept = lake(tmp_path)
    for at in (NOW - MONTH, NOW):
        kept.append(fetched(COMMERCIAL_DEPLOYMENT, [{"licensesSold": at.day}], at))
    kept.store.delete(kept.newest(COMMERCIAL_DEPLOYMENT).facts)
    with pytest.raises(DamagedHistory, match=r"2026-11-24.*is gone"):
        comparison.compare(of(kept), engine, Comparison("customer", BEFORE, AFTER), Selection())


def test_what_was_not_processed_anew_is_told_whatever_its_spelling(tmp_path):
    kept = lake(tmp_path)
    kept.append(fetched(DEPLOYMENT, [{"serviceName": "exo"}, {}], NOW - MONTH))
    new = {"processedDateTime": "2026-11-20T00:00:00Z"}
    kept.append(fetched(DEPLOYMENT, [{"serviceName": "EXO", "licensesSold": 1}, new]))
    assert comparison.pair(of(kept), Comparison("service", BEFORE, AFTER)).not_processed_anew == ["EXO"]


def test_what_has_not_changed_stays_the_same_object(tmp_path):
    settings = Settings(history_url=str(tmp_path), partner_center_access_token="x")
    history.open(settings).append(fetched(DEPLOYMENT, [{}]))
    first = timeline.fetch(settings, None, lambda _: None)
    assert timeline.fetch(settings, first, lambda _: None) is first
    history.open(settings).append(fetched(COMMERCIAL_DEPLOYMENT, [{}]))
    second = timeline.fetch(settings, first, lambda _: None)
    assert second is not first
    assert isinstance(second.processed[1], datetime)
