"""One definition on every engine: the same numbers, bit by bit. tests/spark runs this file on a Spark cluster."""

import logging
from datetime import UTC, datetime, timedelta

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access import Selection, measures
from data_access.errors import EngineError
from data_access.history import engines
from data_access.measures import changes, customers, trends
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.engines import DAYS, counted, estimated, in_memory, keep
from tests.lakes import NOW, fetched, lake
from tests.rows import WHO_AND_WHAT, facts_of, frame_of

BEGIN = datetime(2026, 10, 2, 6, tzinfo=UTC)
CUSTOMER = f"{7:08X}-B14E-4888-967B-CA4BB2CF1234"


class Kept:
    """Some days of facts, as files and in memory."""

    def __init__(self, folder, make):
        moments = [BEGIN + timedelta(days=day) for day in range(DAYS)]
        self.days = [make(day) for day in range(DAYS)]
        self.paths = [
            keep(folder, facts, day, at) for day, (facts, at) in enumerate(zip(self.days, moments, strict=True))
        ]
        every = [in_memory(facts, day, at) for day, (facts, at) in enumerate(zip(self.days, moments, strict=True))]
        rows = [facts.frame.astype({"service": "str", "channel": "str"}) for facts in every]
        self.all = every[0].of(pd.concat(rows, ignore_index=True))


@pytest.fixture(scope="session")
def counts(tmp_path_factory):
    return Kept(tmp_path_factory.mktemp("counts"), counted)


@pytest.fixture(scope="session")
def estimates(tmp_path_factory):
    return Kept(tmp_path_factory.mktemp("estimates"), estimated)


def same(found, expected):
    """To the last bit, columns, dtypes and order included."""
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("level", changes.LEVELS)
def test_counts_at_every_level(engine, counts, level):
    keys = changes.LEVELS[level]
    same(engine.grouped(counts.paths[-1:], keys), measures.by(counts.days[-1], keys))


def test_names_come_along(engine, counts):
    found = engine.grouped(counts.paths[:1], [customers.CUSTOMER], labels=["customerName"])
    same(found, measures.by(counts.days[0], [customers.CUSTOMER], ["customerName"]))
    assert list(found["customerName"][:3]) == ["Customer 0", '=cmd|"x"', "Ünïcode 🚀"]


@pytest.mark.parametrize("keys", [["service"], ["channel"], ["service", "channel"]])
def test_estimates(engine, estimates, keys):
    for path, facts in zip(estimates.paths, estimates.days, strict=True):
        same(engine.grouped([path], keys, estimated=True), measures.by(facts, keys))


def test_one_service_in_one_channel_shows_exactly_the_percent_that_was_sent(engine, estimates):
    found = engine.grouped(estimates.paths[:1], ["service", "channel"], estimated=True)
    sent = estimates.days[0].frame.set_index(["service", "channel"])["proratedDeploymentPercent"].sort_index()
    sold = (found["licensesSold"] > 0).to_numpy()
    assert 0 < sold.sum() < len(found)
    assert list(found["deploymentPercent"][sold]) == list(sent[sold])


def test_nothing_sold_is_no_percent(engine, tmp_path):
    rows = [
        {"licensesSold": 0, "licensesDeployed": 5},
        {"licensesSold": 0, "licensesDeployed": 0, "serviceCode": "crm"},
    ]
    path = keep(tmp_path, facts_of(COMMERCIAL_DEPLOYMENT, rows), 0, BEGIN)
    found = engine.grouped([path], ["service"])
    assert found["deploymentPercent"].isna().all()
    assert list(found["overDeployed"]) == [0, 5]


@pytest.mark.parametrize("keys", [[], ["service"], ["service", "channel"], ["productName"]])
def test_points_of_counts(engine, counts, keys):
    found = engine.points(counts.paths, keys)
    same(found, trends.lines(counts.all, keys))
    assert len(found) > (len(found[keys].drop_duplicates()) if keys else 1)


@pytest.mark.parametrize("keys", [[], ["service", "channel"]])
def test_points_of_estimates(engine, estimates, keys):
    same(engine.points(estimates.paths, keys, estimated=True), trends.lines(estimates.all, keys))


def test_points_are_the_same_from_the_rows_in_little(engine, estimates):
    small = [
        measures.summary(facts).assign(snapshot=f"{day:08}", fetchedAt=pd.Timestamp(BEGIN + timedelta(days=day)))
        for day, facts in enumerate(estimates.days)
    ]
    rows = trends.rows(pd.concat(small, ignore_index=True))
    found = engine.points(estimates.paths, ["service"], estimated=True)
    same(found, trends.lines(rows, ["service"]).astype(found.dtypes.to_dict()))


def test_a_customers_whole_history(engine, counts):
    found = engine.customer(counts.paths, CUSTOMER.lower())
    expected = customers.one(counts.all, CUSTOMER)
    assert len(found) == len(expected) > DAYS
    same(trends.lines(found, ["productName"]), trends.lines(expected, ["productName"]))
    assert set(found.frame["snapshot"]) == {f"{day:08}" for day in range(DAYS)}
    assert engine.customer(counts.paths, "nobody").frame.empty


def test_two_dates_side_by_side(engine, counts):
    keys = changes.LEVELS["customer and product"]
    before, after = (engine.grouped([path], keys) for path in (counts.paths[0], counts.paths[-1]))
    found = changes.compare(before, after, keys)
    same(found, changes.compare(measures.by(counts.days[0], keys), measures.by(counts.days[-1], keys), keys))
    assert set(found["status"]) == set(changes.Status)


def test_a_selection(engine, counts):
    wanted = Selection.of(["RESELLER"], ["teams", "crm"])
    found = engine.grouped(counts.paths[:1], ["service", "channel"], selection=wanted)
    same(found, measures.by(counts.days[0].selected(wanted), ["service", "channel"]))
    assert list(found["service"]) == ["Teams", "crm"]
    assert engine.points(counts.paths, ["channel"], selection=wanted)["channel"].unique().tolist() == ["reseller"]
    assert set(engine.customer(counts.paths, CUSTOMER, Selection.of(["DIRECT"])).frame["channel"]) == {"direct"}
    assert engine.customer(counts.paths, CUSTOMER, Selection.of(["reseller"])).frame.empty


def test_what_is_worked_out_row_by_row(engine, tmp_path):
    rows = [
        {"proratedDeploymentPercent": percent, "licensesSold": sold} for percent, sold in [(78.29, 5785), (150.0, 7)]
    ]
    rows += [{"proratedDeploymentPercent": number / 7, "licensesSold": number} for number in range(200)]
    frame = frame_of(DEPLOYMENT, [*rows, {"proratedDeploymentPercent": None, "licensesSold": 0}])
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), tmp_path / "raw.parquet")
    sent = engine._scan(
        [str(tmp_path / "raw.parquet")], {"proratedDeploymentPercent": "double", "licensesSold": "bigint"}
    )
    columns = ["proratedDeploymentPercent", "licensesSold", "licensesDeployed", "undeployed", "overDeployed"]
    found = engine._table(measures.row_by_row(sent, estimated=True).select(*columns)).sort_values(columns)
    expected = measures.facts(DEPLOYMENT, frame).frame[columns].sort_values(columns)
    same(found.reset_index(drop=True), expected.reset_index(drop=True))
    assert (4529.0765, 1255.9235) in set(zip(found["licensesDeployed"], found["undeployed"], strict=True))


def test_counts_of_use(engine, tmp_path):
    figures = {"licensesActive": [3, 4, 0, 0], "licensesQualified": [9, 1, 5, 0], "service": ["a", "a", "b", "c"]}
    table = pd.DataFrame(figures).assign(processedDateTime=pd.Timestamp("2026-10-01", tz="UTC").as_unit("us"))
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), tmp_path / "use.parquet")
    kinds = {
        "licensesActive": "bigint",
        "licensesQualified": "bigint",
        "service": "string",
        "processedDateTime": "timestamp",
    }
    found = engine._table(measures.activity(engine._scan([str(tmp_path / "use.parquet")], kinds), ["service"]))
    same(found, measures.activity_by(table, ["service"]))
    assert list(found["usagePercent"][:2]) == [70.0, 0.0]
    assert found["usagePercent"][2:].isna().all()


def test_the_files_are_those_of_the_lake(engine, tmp_path):
    kept = lake(tmp_path)
    for days, percent in ((1, 40.0), (2, 50.0)):
        rows = [{"proratedDeploymentPercent": percent, "unknownField": "kept" * days}, {"serviceName": "crm"}]
        kept.append(fetched(DEPLOYMENT, rows, NOW - timedelta(days=9 - days)))
    kept.append(fetched(COMMERCIAL_DEPLOYMENT, [{}, {"productName": "VISIO", "licensesDeployed": 170}], NOW))

    def paths(collection):
        return kept.facts(kept.snapshots(collection)).paths

    summary, keys = trends.rows(kept.summary(DEPLOYMENT).to_pandas()), ["service", "channel"]
    same(engine.points(paths(DEPLOYMENT), keys, estimated=True), trends.lines(summary, keys))
    (point,) = trends.lines(
        engine.customer(paths(COMMERCIAL_DEPLOYMENT), WHO_AND_WHAT[customers.CUSTOMER]), []
    ).to_dict("records")
    assert (point["deploymentPercent"], point["undeployed"], point["overDeployed"]) == (110, 50, 70)


def test_a_customers_history_is_the_same_from_months_in_one_file(engine, tmp_path):
    kept = lake(tmp_path)
    for day in range(5):  # on the 18th there was nothing, which is kept as well; the last two are of this month
        rows = [
            {"licensesSold": 100 + day},
            {"customerTenantId": "else"},
            {"productName": "VISIO", "customerName": None},
        ]
        at = NOW - timedelta(days=(38, 37, 36, 1, 0)[day])
        kept.append(fetched(COMMERCIAL_DEPLOYMENT, rows if day else [], at))
    kept.compact()
    shown = kept.snapshots(COMMERCIAL_DEPLOYMENT)
    days, months = kept.facts(shown).paths, kept.by_customer(shown).paths
    assert (len(days), len(months)) == (5, 3)
    found = engine.customer(months, WHO_AND_WHAT[customers.CUSTOMER])
    same(found.frame, engine.customer(days, WHO_AND_WHAT[customers.CUSTOMER]).frame)
    assert len(found) == 4 * 2


def test_no_files_are_no_rows(engine):
    assert engine.points([], ["service"]).empty
    assert list(engine.grouped([], ["service"])) == ["service", *measures.MEASURED]
    assert engine.customer([], CUSTOMER).frame.empty


def test_a_file_that_is_gone_is_an_error_that_says_so(engine, counts, tmp_path, caplog):
    caplog.set_level(logging.DEBUG, logger=engines.__name__)
    with pytest.raises(EngineError, match="The history query failed"):
        engine.grouped([*counts.paths, str(tmp_path / "gone.parquet")], ["service"])
    log = "".join(record.getMessage() for record in caplog.records if record.name == engines.__name__)
    assert "engines.py" in log, "where it was raised"
    assert "gone.parquet" not in log, "and not what an error's own words may hold"


def test_a_question_nobody_has_asked_yet(engine, counts):
    def over_deployed(facts):
        return facts.filter(nw.col("overDeployed") > 0).select(nw.col("overDeployed").sum())

    found = engine.ask(over_deployed, counts.paths[:1])
    assert found["overDeployed"].item() == counts.days[0].frame["overDeployed"].sum()
