"""The history: snapshots are kept whole, once, in order, and say what they are."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import measures
from data_access.history.engines import DuckDB
from data_access.history.snapshot import checksum, summary_schema
from data_access.measures.unread_rows import UnreadRows
from data_access.partner_center import frames, raw_pages, wire
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, DEPLOYMENT, USAGE
from tests.data_access.history.keeping import TWO, keep, numbers, sold
from tests.lakes import NOW, Clock, fetched, files, lake
from tests.rows import DEFAULTS, frame_of

# What is kept


@pytest.mark.parametrize("collection", [DEPLOYMENT, COMMERCIAL_DEPLOYMENT])
def test_every_fact_can_be_read_back(collection, tmp_path):
    answer = fetched(collection, [{}, {"channel": "direct", "licensesSold": 7, "region": "EMEA"}])
    history = lake(tmp_path)
    snapshot = history.append(answer).snapshot
    (path,) = lake(tmp_path).facts([snapshot]).paths
    read = pq.read_table(path, filesystem=history.files)
    expected = measures.facts(collection, answer.frame).frame
    assert read.column_names == ["snapshot", "fetchedAt", *expected.columns]
    assert set(read["snapshot"].to_pylist()) == {snapshot.id}
    assert set(read["fetchedAt"].to_pylist()) == {NOW}
    for name in ("licensesSold", "licensesDeployed", "undeployed", "region"):
        there = expected[name].dropna()
        assert sorted(value for value in read[name].to_pylist() if value is not None) == sorted(there)


@pytest.mark.parametrize("collection", [USAGE, COMMERCIAL_USAGE])
def test_usage_is_kept_as_it_is(collection, tmp_path):
    answer = fetched(collection, [{}, {"channel": "direct"}])
    history = lake(tmp_path)
    snapshot = history.append(answer).snapshot
    (path,) = history.facts([snapshot]).paths
    assert pq.read_schema(path).names == ["snapshot", "fetchedAt", *answer.frame.columns, "service"]
    summary = history.summary(collection)
    assert summary.schema.equals(summary_schema(collection))
    counts = (60, 200) if collection is COMMERCIAL_USAGE else (0, 0)
    assert (
        tuple(pa.compute.sum(summary[name]).as_py() or 0 for name in ("licensesActive", "licensesQualified")) == counts
    )
    assert summary["proratedLicensesUsagePercent"].to_pylist() == (
        [None] * 2 if collection is COMMERCIAL_USAGE else [40.0] * 2
    )


@pytest.mark.parametrize("value", ["n/a", 5])
def test_an_unknown_field_is_no_count_of_the_summary_whatever_its_name(value, tmp_path):
    sent = {"licensesActive": value, "LicensesQualified": value, "rows": value}
    snapshot = keep(tmp_path, USAGE, [sent])
    read = pq.read_table(lake(tmp_path).facts([snapshot]).paths[0])
    assert read["licensesActive"].to_pylist() == [str(value)]
    (kept,) = lake(tmp_path).summary(USAGE).to_pylist()
    assert [kept[name] for name in ("licensesActive", "licensesQualified", "rows")] == [None, None, 1]
    assert kept["proratedLicensesUsagePercent"] == 40.0


def test_a_column_of_ours_that_microsoft_sends_too_is_renamed(tmp_path):
    snapshot = keep(tmp_path, USAGE, [{"snapshot": "theirs"}])
    read = pq.read_table(lake(tmp_path).facts([snapshot]).paths[0])
    assert read["snapshot"].to_pylist() == [snapshot.id]
    assert read["snapshot (as sent)"].to_pylist() == ["theirs"]


@pytest.mark.parametrize("sent", [{"licensesSold": 100}, {"licensesSold": "100", "licensesDeployed": 5}])
@pytest.mark.parametrize("collection", [USAGE, COMMERCIAL_USAGE])
def test_a_field_of_another_collection_makes_usage_no_deployment(collection, sent, tmp_path):
    snapshot = keep(tmp_path, collection, [sent])
    history = lake(tmp_path)
    assert history.summary(collection).schema.equals(summary_schema(collection))
    read = pq.read_table(history.facts([snapshot]).paths[0])
    assert read["licensesSold"].to_pylist() == [str(sent["licensesSold"])]


CLASHING = ("LicensesSold", "LICENSESSOLD", "Snapshot", "snapshot", "SERVICE", "Channel", "note", "Note", "undeployed")


@pytest.mark.parametrize("collection", [DEPLOYMENT, COMMERCIAL_DEPLOYMENT, USAGE, COMMERCIAL_USAGE])
def test_fields_that_differ_from_ours_in_capitals_alone_are_kept_and_told_apart(collection, tmp_path):
    one = keep(tmp_path, collection, [dict.fromkeys(CLASHING, "theirs")])
    (path,) = lake(tmp_path).facts([one]).paths
    read = pq.read_table(path)
    assert len({name.casefold() for name in read.column_names}) == len(read.column_names)
    theirs = [name for name in read.column_names if read[name].to_pylist() == ["theirs"]]
    assert len(theirs) == len(CLASHING)
    assert read["snapshot"].to_pylist() == [one.id]
    assert read["service"].to_pylist() == ["o365"]


def test_usage_with_a_field_of_deployment_is_usage(tmp_path):
    keep(tmp_path, USAGE, [{"licensesSold": "theirs"}])
    assert lake(tmp_path).summary(USAGE)["proratedLicensesUsagePercent"].to_pylist() == [40.0]


@pytest.mark.parametrize("collection", [DEPLOYMENT, COMMERCIAL_DEPLOYMENT, USAGE])
def test_files_of_different_days_join_by_the_service(collection, tmp_path):
    history = lake(tmp_path)
    code = "serviceCode" if collection is COMMERCIAL_DEPLOYMENT else "serviceName"
    for spelling in ("straße", "Strasse", "STRASSE"):
        history.append(fetched(collection, [{code: spelling}]))
    paths = [str(tmp_path / snapshot.facts) for snapshot in history.snapshots(collection)]
    with duckdb.connect() as connection:
        connection.read_parquet(paths).create_view("facts")
        grouped = connection.execute("SELECT service, count(*) FROM facts GROUP BY service").fetchall()
    assert grouped == [("strasse", 3)]
    if collection is not USAGE:
        asked = DuckDB().grouped(paths, ["service"], estimated=collection is DEPLOYMENT)
        assert list(asked["service"]) == ["straße"], "the shortest that was sent"


@pytest.mark.parametrize(
    ("collection", "code"),
    [(DEPLOYMENT, "serviceName"), (COMMERCIAL_DEPLOYMENT, "serviceCode"), (USAGE, "serviceName")],
)
def test_texts_are_kept_as_they_were_sent_beside_the_code_that_joins_them(collection, code, tmp_path):
    one = keep(tmp_path, collection, [{code: "Größe", "channel": "Reseller"}, {code: "GRÖSSE", "channel": "reseller"}])
    history = lake(tmp_path)
    read = pq.read_table(history.facts([one]).paths[0])
    assert sorted(read[code].to_pylist()) == ["GRÖSSE", "Größe"]
    assert sorted(read["channel (as sent)"].to_pylist()) == ["Reseller", "reseller"]
    assert set(read["service"].to_pylist()) == {"grösse"}
    assert history.summary(collection)["service"].unique().to_pylist() == ["Größe"], "pages show what was sent"
    assert set(read["channel"].to_pylist()) == {"reseller"}
    assert set(history.summary(collection)["service"].to_pylist()) == {"Größe"}
    assert list(one.as_of) == ["Größe"]
    assert history.verify(reread=True).findings == ()


def test_the_summary_is_the_one_of_the_facts(tmp_path):
    answer = fetched(
        COMMERCIAL_DEPLOYMENT, [{}, {"customerTenantId": "B", "licensesDeployed": 150}, {"channel": "direct"}]
    )
    history = lake(tmp_path)
    history.append(answer)
    columns = ["service", "channel", "licensesSold", "licensesDeployed", "undeployed", "overDeployed", "rows"]
    summary = lake(tmp_path).summary(COMMERCIAL_DEPLOYMENT).to_pandas()
    expected = measures.summary(measures.facts(COMMERCIAL_DEPLOYMENT, answer.frame))
    assert summary[columns].to_dict("list") == expected[columns].to_dict("list")


def test_the_raw_answer_is_every_byte_of_it(tmp_path):
    snapshot = keep(tmp_path)
    ((start, rows, received),) = raw_pages.pages(lake(tmp_path).store.read(snapshot.raw))
    assert (start, rows) == (0, 2)
    assert received.body.startswith(b"\xef\xbb\xbf{")
    assert json.loads(received.body.decode("utf-8-sig"))["items"][0] == DEFAULTS[DEPLOYMENT.name]
    assert received.address == snapshot.address == "https://sample.invalid/v1/analytics/licenses/deployment"
    assert received.request_id == snapshot.request_id


def test_what_is_set_aside_is_counted_by_reason_and_set_aside_again_when_it_is_read_again(tmp_path):
    snapshot = keep(tmp_path, changes=[{}, {"licensesSold": "many"}])
    assert (snapshot.rows, snapshot.set_aside, snapshot.reasons) == (1, 1, {"licensesSold is not a number": 1})
    again = lake(tmp_path).reread(snapshot)
    assert (len(again.frame), again.set_aside[0].position) == (1, 2)


def test_what_an_answer_does_not_tell_is_read_again_once_as_soon_as_its_file_can_be(tmp_path):
    snapshot = keep(tmp_path, changes=[{}, {"licensesSold": "many"}])
    history, raw = lake(tmp_path), tmp_path / snapshot.raw
    content = raw.read_bytes()
    raw.unlink()
    assert history.unread(snapshot) == UnreadRows(missing=1)
    raw.write_bytes(content)
    told = history.unread(snapshot)
    assert len(told.rows) == 1
    raw.unlink()
    assert history.unread(snapshot) == told


def test_a_parser_mended_since_reads_the_past_again(tmp_path):
    answer = fetched(DEPLOYMENT, TWO)
    of_old = wire.SetAside(2, "a parser of old did not understand it")
    snapshot = lake(tmp_path).append(replace(answer, frame=answer.frame.iloc[:1], set_aside=(of_old,))).snapshot
    assert (snapshot.rows, snapshot.set_aside) == (1, 1)
    assert list(lake(tmp_path).reread(snapshot).frame["licensesSold"]) == [100, 7]
    (finding,) = lake(tmp_path).verify(reread=True).findings
    assert finding.path == snapshot.raw
    assert "other rows" in finding.problem


def test_an_answer_that_an_earlier_program_read_otherwise_is_counted_and_no_damage(tmp_path, monkeypatch):
    answer, again = (fetched(DEPLOYMENT, [{"channel": "Reseller"}]) for _ in range(2))
    with monkeypatch.context() as earlier:
        earlier.setattr(frames, "READING", 1)
        before = lake(tmp_path).append(replace(answer, frame=answer.frame.assign(channel="reseller"))).snapshot
    assert "reading" not in before.model_dump(), "as the records of that program"
    after = lake(tmp_path).append(again).snapshot
    assert after.model_dump()["reading"] == frames.READING
    verified = lake(tmp_path).verify(reread=True)
    assert (verified.findings, verified.outgrown) == ((), 1)
    assert lake(tmp_path).verify().outgrown == 0, "a plain verify parses nothing"


def test_every_parquet_file_says_what_it_is(tmp_path):
    snapshot = keep(tmp_path)
    for path in (snapshot.facts, snapshot.raw, next(name for name in files(tmp_path) if name.startswith("small"))):
        (about,) = json.loads(pq.read_metadata(tmp_path / path).metadata[b"snapshots"])
        assert about["collection"] == "deployment"
        assert about["address"].endswith("/v1/analytics/licenses/deployment")
        assert (about["announced"], about["rows"], about["set_aside"], about["missing"]) == (2, 2, 0, 0)
        assert about["correlation_id"] == snapshot.correlation_id
        assert about["request_id"] == snapshot.request_id
        assert about["rows_checksum"] == snapshot.rows_checksum
        assert list(about["as_of"]) == ["o365"]
        assert (about["format"], about["program"], about["filter"]) == (1, "0.1.0", "none")
        assert about["fetched_at"].startswith("2026-11-24")


def test_facts_are_partitioned_by_date_and_sorted_by_customer(tmp_path):
    changes = [{"customerTenantId": name} for name in ("C", "A", "B")]
    snapshot = keep(tmp_path, COMMERCIAL_DEPLOYMENT, changes)
    assert snapshot.facts.startswith("facts/commercial-deployment/date=2026-11-24/")
    assert pq.read_table(tmp_path / snapshot.facts)["customerTenantId"].to_pylist() == ["A", "B", "C"]


def test_facts_are_sorted_by_customer_however_tenant_ids_are_spelled(tmp_path):
    snapshot = keep(tmp_path, COMMERCIAL_DEPLOYMENT, [{"customerTenantId": name} for name in ("b", "C", "a")])
    assert pq.read_table(tmp_path / snapshot.facts)["customerTenantId"].to_pylist() == ["A", "B", "C"]


def test_an_empty_answer_is_kept_as_one(tmp_path):
    snapshot = keep(tmp_path, changes=[])
    assert (snapshot.rows, snapshot.as_of, snapshot.processed) == (0, {}, (None, None))
    history = lake(tmp_path)
    assert history.newest(DEPLOYMENT) == snapshot
    assert history.summary(DEPLOYMENT).num_rows == 0
    assert len(history.reread(snapshot).frame) == 0


def test_services_have_dates_of_their_own(tmp_path):
    snapshot = keep(
        tmp_path,
        changes=[
            {},
            {"serviceName": "crm", "processedDateTime": "2026-10-01T00:00:00Z"},
            {"serviceName": "exo", "processedDateTime": None},
        ],
    )
    assert snapshot.as_of == {
        "crm": datetime(2026, 10, 1, tzinfo=UTC),
        "exo": None,
        "o365": datetime(2026, 10, 9, tzinfo=UTC),
    }
    assert snapshot.processed == (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 9, tzinfo=UTC))


# Once, and in order


def test_the_same_rows_are_kept_once_in_whatever_order_they_come(tmp_path):
    first = keep(tmp_path)
    before = files(tmp_path)
    again = lake(tmp_path).append(fetched(DEPLOYMENT, TWO[::-1]))
    assert (again.snapshot, again.again) == (first, True)
    assert files(tmp_path) == before


def test_equal_rows_that_lack_more_than_before_are_an_answer_of_their_own(tmp_path):
    unread = {"channel": "advisor", "licensesSold": -1}
    answers = [fetched(DEPLOYMENT, rows) for rows in (TWO, [*TWO, unread], [unread, *TWO], TWO, TWO)]
    answers[3] = replace(answers[3], announced=len(TWO) + 3)
    kept = [lake(tmp_path).append(answer) for answer in answers]
    assert [each.again for each in kept] == [False, False, True, False, False]
    assert [(each.set_aside, each.missing) for each in lake(tmp_path).snapshots(DEPLOYMENT)] == [
        *((0, 0), (1, 0)),
        *((0, 3), (0, 0)),
    ]


def test_figures_that_come_back_are_kept_again(tmp_path):
    history = lake(tmp_path)
    assert [history.append(sold(number)).again for number in (1, 2, 1)] == [False] * 3
    assert numbers(lake(tmp_path)) == [1, 2, 1]


def test_a_clock_that_goes_back_reorders_and_overwrites_nothing(tmp_path):
    clock = Clock()
    for number, days in ((1, 0), (2, -400), (3, +900), (4, -30_000)):
        clock.now = NOW + timedelta(days=days)
        lake(tmp_path, clock).append(fetched(DEPLOYMENT, [{"licensesSold": number}], at=clock.now))
    history = lake(tmp_path)
    assert numbers(history) == [1, 2, 3, 4]
    assert [snapshot.fetched_at for snapshot in history.snapshots(DEPLOYMENT)] != sorted(
        snapshot.fetched_at for snapshot in history.snapshots(DEPLOYMENT)
    )
    assert history.newest(DEPLOYMENT).day.year < 1950


def test_a_back_fill_is_not_the_newest_and_stands_under_its_own_day(tmp_path):
    now = keep(tmp_path, COMMERCIAL_DEPLOYMENT)
    then = (
        lake(tmp_path)
        .append(fetched(COMMERCIAL_DEPLOYMENT, [{"licensesSold": 5}]), datetime(2026, 10, 9, tzinfo=UTC).date())
        .snapshot
    )
    history = lake(tmp_path)
    assert history.newest(COMMERCIAL_DEPLOYMENT) == now
    assert "date=2026-10-09" in then.facts
    assert lake(tmp_path).append(fetched(COMMERCIAL_DEPLOYMENT, TWO)).again


def test_two_that_race_keep_both_answers_and_show_the_same_one_once(tmp_path):
    histories = [lake(tmp_path) for _ in range(6)]
    answers = [sold(1), sold(1), sold(2), sold(2), sold(1), sold(2)]
    threads = [
        threading.Thread(target=history.append, args=[answer])
        for history, answer in zip(histories, answers, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    history = lake(tmp_path)
    assert set(numbers(history)) == {1, 2}
    snapshots = history.snapshots(DEPLOYMENT)
    assert all(snapshot.rows_checksum != after.rows_checksum for snapshot, after in pairwise(snapshots))
    history.compact()
    assert len(list(tmp_path.glob("facts/**/*.parquet"))) == len(history.snapshots(DEPLOYMENT)) == len(snapshots)
    assert not history.verify(reread=True).findings


EIGHT = frame_of(DEPLOYMENT, [{"licensesSold": number, "channel": f"c{number % 3}"} for number in range(8)])


@given(order=st.permutations(range(8)), changed=st.integers(0, 7))
def test_the_checksum_of_rows_knows_their_values_and_not_their_order(order, changed):
    whole = checksum(EIGHT)
    assert checksum(EIGHT.iloc[list(order)]) == whole
    other = EIGHT.copy()
    other.loc[changed, "licensesSold"] += 100
    assert checksum(other) != whole
    assert checksum(EIGHT.rename(columns={"channel": "canal"})) != whole


# Fewer files


def test_old_days_go_for_good_and_the_newest_of_a_collection_never(tmp_path):
    clock = Clock()
    for days in (0, 10, 20):
        clock.now = NOW + timedelta(days=days)
        lake(tmp_path, clock).append(fetched(DEPLOYMENT, [{"licensesSold": days}], at=clock.now))
    lake(tmp_path, clock).append(fetched(USAGE, [{}], at=NOW))
    history = lake(tmp_path, clock)
    assert [snapshot.day.isoformat() for snapshot in history.old(10)] == ["2026-11-24"]
    history.prune(history.old(10))
    assert numbers(lake(tmp_path)) == [10, 20]
    assert len(list(tmp_path.glob("facts/deployment/**/*.parquet"))) == 2
    assert len(list(tmp_path.glob("raw/deployment/**/*.parquet"))) == 2
    clock.forward(days=1000)
    history = lake(tmp_path, clock)
    history.prune(history.old(10))
    assert numbers(lake(tmp_path)) == [20]
    assert len(lake(tmp_path).snapshots(USAGE)) == 1
    assert not lake(tmp_path).verify(reread=True).findings
