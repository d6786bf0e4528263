"""One definition on every engine: the same numbers, bit by bit. tests/spark runs this file on a Spark cluster."""

import logging
from datetime import UTC, datetime, timedelta

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_access import EVERYBODY, NOBODY, Customers, Selection, measures
from data_access.errors import EngineError
from data_access.history import engines
from data_access.measures import changes, customers, trends
from data_access.partner_center import frames
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


def same(result, expected):
    """To the last bit, columns, dtypes and order included."""
    pd.testing.assert_frame_equal(result, expected, check_exact=True)


@pytest.mark.parametrize("level", changes.LEVELS)
def test_counts_at_every_level(engine, counts, level):
    keys = changes.LEVELS[level]
    same(engine.grouped(counts.paths[-1:], keys), measures.by(counts.days[-1], keys))


BOOK = frozenset(f"{number:08X}-B14E-4888-967B-CA4BB2CF1234" for number in (3, 7, 8))


@pytest.mark.parametrize("book", [Customers(BOOK), Customers(BOOK, others=True), NOBODY, EVERYBODY])
@pytest.mark.parametrize("level", ["service", "customer and product"])
def test_some_customers_are_as_if_there_were_no_others(engine, counts, book, level):
    facts, keys = counts.days[-1], changes.LEVELS[level]
    seen = engines.RestrictedEngine(engine, book)
    same(seen.grouped(counts.paths[-1:], keys), measures.by(facts.of(book.rows(facts.frame)), keys))
    all_rows = len(engine.customer(counts.paths, CUSTOMER))
    assert len(seen.customer(counts.paths, CUSTOMER)) == (all_rows if CUSTOMER in book else 0)


def test_an_engine_that_names_nobody_adds_up_the_same(engine, counts):
    seen = engines.RestrictedEngine(engine, EVERYBODY, named=False)
    same(seen.grouped(counts.paths[-1:], ["service"]), engine.grouped(counts.paths[-1:], ["service"]))
    table = seen.grouped(counts.paths[-1:], [customers.CUSTOMER], labels=["customerName"])
    assert table[[customers.CUSTOMER, "customerName"]].isna().all(axis=None)
    assert len(seen.customer(counts.paths, CUSTOMER)) == 0


def test_partner_deployment_names_nobody_and_is_seen_as_it_is(engine, estimates):
    seen = engines.RestrictedEngine(engine, NOBODY)
    same(
        seen.grouped(estimates.paths, ["service"], estimated=True),
        engine.grouped(estimates.paths, ["service"], estimated=True),
    )


def test_names_come_along(engine, counts):
    result = engine.grouped(counts.paths[:1], [customers.CUSTOMER], labels=["customerName"])
    same(result, measures.by(counts.days[0], [customers.CUSTOMER], ["customerName"]))
    assert list(result["customerName"][:3]) == ["Customer 0", '=cmd|"x"', "Ünïcode 🚀"]


@pytest.mark.parametrize("keys", [["service"], ["channel"], ["service", "channel"]])
def test_estimates_are_the_same_as_those_worked_out_in_memory(engine, estimates, keys):
    for path, facts in zip(estimates.paths, estimates.days, strict=True):
        same(engine.grouped([path], keys, estimated=True), measures.by(facts, keys))


def test_one_service_in_one_channel_shows_exactly_the_percent_that_was_sent(engine, estimates):
    result = engine.grouped(estimates.paths[:1], ["service", "channel"], estimated=True)
    sent = estimates.days[0].frame.set_index(["service", "channel"])["proratedDeploymentPercent"].sort_index()
    sold = (result["licensesSold"] > 0).to_numpy()
    assert 0 < sold.sum() < len(result)
    assert list(result["deploymentPercent"][sold]) == list(sent[sold])


def test_nothing_sold_is_no_percent(engine, tmp_path):
    rows = [
        {"licensesSold": 0, "licensesDeployed": 5},
        {"licensesSold": 0, "licensesDeployed": 0, "serviceCode": "crm"},
    ]
    path = keep(tmp_path, facts_of(COMMERCIAL_DEPLOYMENT, rows), 0, BEGIN)
    result = engine.grouped([path], ["service"])
    assert result["deploymentPercent"].isna().all()
    assert list(result["overDeployed"]) == [0, 5]


def points(facts, keys):
    """As `trends.lines`, but for what an engine is not asked: whether a part of the sum has an older date."""
    by_snapshot = trends.by_snapshot(nw.from_native(facts.frame, eager_only=True), keys, estimated=facts.estimated)
    return trends.points(frames.plain(by_snapshot.to_native()), keys)


@pytest.mark.parametrize("keys", [[], ["service"], ["service", "channel"], ["productName"]])
def test_points_of_counts(engine, counts, keys):
    result = engine.points(counts.paths, keys)
    same(result, points(counts.all, keys))
    assert len(result) > (len(result[keys].drop_duplicates()) if keys else 1)


@pytest.mark.parametrize("keys", [[], ["service", "channel"]])
def test_points_of_estimates(engine, estimates, keys):
    same(engine.points(estimates.paths, keys, estimated=True), points(estimates.all, keys))


def test_points_are_the_same_from_the_summary(engine, estimates):
    summaries = [
        measures.summary(facts).assign(snapshot=f"{day:08}", fetchedAt=pd.Timestamp(BEGIN + timedelta(days=day)))
        for day, facts in enumerate(estimates.days)
    ]
    rows = trends.rows(pd.concat(summaries, ignore_index=True))
    result = engine.points(estimates.paths, ["service"], estimated=True)
    same(result, trends.lines(rows, ["service"]).astype(result.dtypes.to_dict()))


def test_a_customers_whole_history(engine, counts):
    result = engine.customer(counts.paths, CUSTOMER.lower())
    expected = customers.one(counts.all, CUSTOMER)
    assert len(result) == len(expected) > DAYS
    same(trends.lines(result, ["productName"]), trends.lines(expected, ["productName"]))
    assert set(result.frame["snapshot"]) == {f"{day:08}" for day in range(DAYS)}
    assert engine.customer(counts.paths, "nobody").frame.empty


def test_two_dates_side_by_side(engine, counts):
    keys = changes.LEVELS["customer and product"]
    before, after = (engine.grouped([path], keys) for path in (counts.paths[0], counts.paths[-1]))
    result = changes.compare(before, after, keys)
    same(result, changes.compare(measures.by(counts.days[0], keys), measures.by(counts.days[-1], keys), keys))
    assert set(result["status"]) == set(changes.Status) - {changes.Status.UNREAD}


def test_a_selection_narrows_every_answer(engine, counts):
    wanted = Selection.of(["RESELLER"], ["teams", "crm"])
    result = engine.grouped(counts.paths[:1], ["service", "channel"], selection=wanted)
    same(result, measures.by(counts.days[0].selected(wanted), ["service", "channel"]))
    assert list(result["service"]) == ["Teams", "crm"]
    assert engine.points(counts.paths, ["channel"], selection=wanted)["channel"].unique().tolist() == ["reseller"]
    assert set(engine.customer(counts.paths, CUSTOMER, Selection.of(["DIRECT"])).frame["channel"]) == {"direct"}
    assert engine.customer(counts.paths, CUSTOMER, Selection.of(["reseller"])).frame.empty


def test_a_selection_means_every_spelling_there_is(engine, tmp_path):
    spelled = ["Größe 1", "GRÖSSE  1", "gro\u0308ße 1", "crm"]
    paths = [
        keep(tmp_path, facts_of(COMMERCIAL_DEPLOYMENT, [{"serviceCode": code}]), number, BEGIN + timedelta(days=number))
        for number, code in enumerate(spelled)
    ]
    found = engine.grouped(paths, ["channel"], selection=Selection.of(services=["gröSSe 1"]))
    assert list(found["licensesSold"]) == [300]
    assert engine.grouped(paths, ["channel"], selection=Selection.of(services=["nothing like it"])).empty


def test_what_is_spelled_in_two_ways_is_one_on_every_engine(engine, tmp_path):
    """In files from before each answer was evened out, and from one answer to the next."""
    rows = [
        {"productName": name, "serviceCode": code, "licensesDeployed": deployed}
        for name, code, deployed in [("E3", "exo", 10), ("e3 ", "EXO", 150), (None, "exo", 1), ("", "exo", 2)]
    ]
    found = facts_of(COMMERCIAL_DEPLOYMENT, rows)
    sent = found.frame.assign(
        service=found.frame["serviceCode"], productName=pd.Series([row["productName"] for row in rows], dtype="str")
    )
    path = keep(tmp_path, found.of(sent), 0, BEGIN)
    same(engine.grouped([path], customers.PRODUCT), measures.by(found, customers.PRODUCT))
    (_, point) = engine.points([path], ["productName"]).to_dict("records")
    assert (point["licensesSold"], point["licensesDeployed"], point["overDeployed"]) == (200, 3, 0)
    assert set(engine.customer([path], WHO_AND_WHAT[customers.CUSTOMER]).frame["service"]) == {"exo"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_what_is_spelled_anew_over_time_is_spelled_once_whatever_the_engine(engine, order, tmp_path):
    spellings = [("exo", "E3 plan", "Fabrikam"), ("EXO", "E3 PLAN", "FABRIKAM"), ("Exo", "e3  plan ", "fabrikam")]
    sent = [dict(zip(("serviceCode", "productName", "customerName"), spellings[place], strict=True)) for place in order]
    paths = [
        keep(tmp_path, facts_of(COMMERCIAL_DEPLOYMENT, [row]), number, BEGIN + timedelta(days=number))
        for number, row in enumerate(sent)
    ]
    (row,) = engine.grouped(paths, customers.PRODUCT, labels=["customerName"]).to_dict("records")
    assert (row["service"], row["productName"], row["customerName"]) == ("exo", "E3 plan", "FABRIKAM")
    assert row["licensesSold"] == 300
    (row,) = engine.grouped(paths, [customers.CUSTOMER], labels=["customerName"]).to_dict("records")
    assert (row["customerName"], row["licensesSold"]) == ("FABRIKAM", 300)
    for key, spelled in (("service", "exo"), ("productName", "E3 plan")):
        assert list(engine.points(paths, [key])[key]) == [spelled]
    found = engine.customer(paths, WHO_AND_WHAT[customers.CUSTOMER]).frame
    assert list(zip(found["service"], found["productName"], strict=True)) == [("exo", "E3 plan")] * 3
    assert list(found["customerName"]) == [row["customerName"] for row in sent], "as sent, in the order of keeping"


def test_estimates_in_two_spellings_stay_between_the_percentages_that_were_sent(engine, tmp_path):
    percents = [78.29, 78.29, 12.34]
    paths = [
        keep(
            tmp_path,
            facts_of(DEPLOYMENT, [{"serviceName": code, "proratedDeploymentPercent": percent, "licensesSold": 5785}]),
            number,
            BEGIN + timedelta(days=number),
        )
        for number, (code, percent) in enumerate(zip(["exo", "EXO", "crm"], percents, strict=True))
    ]
    found = engine.grouped(paths, ["service"], estimated=True)
    assert found[["service", "licensesSold", "licensesDeployed", "deploymentPercent"]].to_numpy().tolist() == [
        ["crm", 5785, 713.869, 12.34],
        ["exo", 11570, 9058.153, 78.29],
    ]


@pytest.mark.parametrize("place", ["before", "after"])
def test_columns_that_differ_from_ours_in_capitals_alone_are_others(engine, place, tmp_path):
    """In files from before such fields were renamed; those of other days have none of them."""
    facts = [counted(day) for day in range(2)]
    clash = {
        "SERVICE": "theirs",
        "LicensesSold": "many",
        "Snapshot": None,
        "CustomerTenantId": "X",
        "licensessold": "7",
    }
    theirs = pd.DataFrame(clash, index=facts[0].frame.index, dtype="str")
    both = [theirs, facts[0].frame] if place == "before" else [facts[0].frame, theirs]
    paths = [
        keep(tmp_path, one, number, BEGIN + timedelta(days=number))
        for number, one in enumerate([facts[0].of(pd.concat(both, axis="columns")), facts[1]])
    ]
    for some in (paths[:1], paths[1:], paths, paths[::-1]):
        whose = [facts[paths.index(path)].frame for path in some]
        together = facts[0].of(pd.concat(whose, ignore_index=True))
        for keys in (["service"], changes.LEVELS["customer and product"]):
            same(engine.grouped(some, keys), measures.by(together, keys))
    assert len(engine.customer(paths, CUSTOMER)) == sum(len(customers.one(one, CUSTOMER)) for one in facts)
    chosen = Selection.of(services=["teams"])
    same(engine.grouped(paths[:1], ["service"], selection=chosen), measures.by(facts[0].selected(chosen), ["service"]))


def test_fields_of_microsofts_that_clash_with_ours_keep_no_question_from_its_answer(engine, tmp_path):
    kept = lake(tmp_path)
    clash = {"LicensesSold": "x", "licensessold": "y", "Snapshot": "z", "Service": "theirs", "UnDeployed": "1"}
    for number in range(2):
        answer = fetched(COMMERCIAL_DEPLOYMENT, [clash | {"licensesSold": 100 + number}], NOW + timedelta(days=number))
        kept.append(answer)
    paths = kept.facts(kept.snapshots(COMMERCIAL_DEPLOYMENT)).paths
    found = engine.points(paths, ["service"])
    assert found[["service", "licensesSold", "undeployed"]].to_numpy().tolist() == [["o365", 101, 51.0]]


def test_what_is_worked_out_row_by_row(engine, tmp_path):
    rows = [
        {"proratedDeploymentPercent": percent, "licensesSold": sold} for percent, sold in [(78.29, 5785), (150.0, 7)]
    ]
    rows += [{"proratedDeploymentPercent": number / 7, "licensesSold": number} for number in range(200)]
    frame = frame_of(DEPLOYMENT, [*rows, {"proratedDeploymentPercent": None, "licensesSold": 0}])
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), tmp_path / "raw.parquet")
    sent = engine.scan(
        [str(tmp_path / "raw.parquet")], {"proratedDeploymentPercent": "double", "licensesSold": "bigint"}
    )
    columns = ["proratedDeploymentPercent", "licensesSold", "licensesDeployed", "undeployed", "overDeployed"]
    result = engine.table(measures.row_by_row(sent, estimated=True).select(*columns)).sort_values(columns)
    expected = measures.facts(DEPLOYMENT, frame).frame[columns].sort_values(columns)
    same(result.reset_index(drop=True), expected.reset_index(drop=True))
    assert (4529.0765, 1255.9235) in set(zip(result["licensesDeployed"], result["undeployed"], strict=True))


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
    result = engine.table(measures.activity(engine.scan([str(tmp_path / "use.parquet")], kinds), ["service"]))
    same(result, measures.activity_by(table, ["service"]))
    assert list(result["usagePercent"][:2]) == [70.0, 0.0]
    assert result["usagePercent"][2:].isna().all()


def test_the_files_are_those_of_the_history(engine, tmp_path):
    history = lake(tmp_path)
    for days, percent in ((1, 40.0), (2, 50.0)):
        rows = [{"proratedDeploymentPercent": percent, "unknownField": "kept" * days}, {"serviceName": "crm"}]
        history.append(fetched(DEPLOYMENT, rows, NOW - timedelta(days=9 - days)))
    history.append(fetched(COMMERCIAL_DEPLOYMENT, [{}, {"productName": "VISIO", "licensesDeployed": 170}], NOW))

    def paths(collection):
        return history.facts(history.snapshots(collection)).paths

    summary, keys = trends.rows(history.summary(DEPLOYMENT).to_pandas()), ["service", "channel"]
    same(engine.points(paths(DEPLOYMENT), keys, estimated=True), trends.lines(summary, keys))
    (point,) = trends.lines(
        engine.customer(paths(COMMERCIAL_DEPLOYMENT), WHO_AND_WHAT[customers.CUSTOMER]), []
    ).to_dict("records")
    assert (point["deploymentPercent"], point["undeployed"], point["overDeployed"]) == (110, 50, 70)


def test_a_customers_history_is_the_same_from_months_in_one_file(engine, tmp_path):
    history = lake(tmp_path)
    for day in range(5):  # on the 18th there was nothing, which is kept as well; the last two are of this month
        rows = [
            {"licensesSold": 100 + day},
            {"customerTenantId": "else"},
            {"productName": "VISIO", "customerName": None},
        ]
        at = NOW - timedelta(days=(38, 37, 36, 1, 0)[day])
        history.append(fetched(COMMERCIAL_DEPLOYMENT, rows if day else [], at))
    history.compact()
    snapshots = history.snapshots(COMMERCIAL_DEPLOYMENT)
    days, months = history.facts(snapshots).paths, history.by_customer(snapshots).paths
    assert (len(days), len(months)) == (5, 3)
    result = engine.customer(months, WHO_AND_WHAT[customers.CUSTOMER])
    same(result.frame, engine.customer(days, WHO_AND_WHAT[customers.CUSTOMER]).frame)
    assert len(result) == 4 * 2


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


def test_any_other_query(engine, counts):
    def over_deployed(facts):
        return facts.filter(nw.col("overDeployed") > 0).select(nw.col("overDeployed").sum())

    result = engine.ask(over_deployed, counts.paths[:1])
    assert result["overDeployed"].item() == counts.days[0].frame["overDeployed"].sum()
