"""One run of `collect`: what is fetched is kept, what fails is said and remembered, and the rest is kept."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from data_access import Client, history, load_settings
from data_access.__main__ import main
from data_access.commands.collect import lines
from data_access.emulator import DEMO_TOKEN, Emulator, answer, failing, gateway, growing, not_json, shaped, throttled
from data_access.emulator.sample import Partner, partner
from data_access.history import collect
from data_access.history.history import History
from data_access.partner_center.catalog import (
    COLLECTIONS,
    COMMERCIAL_DEPLOYMENT,
    DEPLOYMENT,
    PER_CUSTOMER,
    USAGE,
    WITHOUT_CUSTOMER,
)
from data_access.partner_center.retry import RetryPolicy
from tests.kill import killing
from tests.lakes import NOW, fetched, files, lake
from tests.rows import rows_of

pytestmark = pytest.mark.program

PATIENCE = RetryPolicy(tries=2, budget=5, timeout=2, first_wait=0.02)
DAY = date(2026, 3, 31)
ALL = [collection.name for collection in WITHOUT_CUSTOMER]
COMMERCIAL = [name for name in ALL if name.startswith("commercial")]


def quiet(_):
    """Show no progress."""


@pytest.fixture
def emulator():
    return Emulator(partner(as_of=DAY, customers=6, products=3))


@pytest.fixture
def run(emulator, connect, tmp_path):
    """Collect once, into the history of this test."""
    client = connect(emulator, PATIENCE)
    return lambda **options: collect.run(
        client, lake(tmp_path), quiet, clock=lambda: NOW, **{"customers_calls": False, **options}
    )


# What is kept


def test_a_run_keeps_the_four_collections(run, emulator, tmp_path):
    report = run()
    assert list(report.kept) == ALL
    assert report.failure is None
    history = lake(tmp_path)
    for name in ALL:
        (snapshot,) = history.snapshots(name)
        assert snapshot.rows == len(getattr(emulator.source, name.replace("-", "_")))
        assert snapshot.announced == snapshot.rows
    assert not history.verify(reread=True).findings


def test_pages_and_their_bytes_are_kept_in_their_order_however_they_came(run, emulator, tmp_path):
    emulator.page_limit = 4
    run()
    history = lake(tmp_path)
    (snapshot,) = history.snapshots(COMMERCIAL_DEPLOYMENT)
    pages = pq.read_table(tmp_path / snapshot.raw).sort_by("start").to_pylist()
    assert [page["start"] for page in pages] == [0, 4, 8, 12, 16]
    assert sum(page["rows"] for page in pages) == snapshot.rows == 18
    again = history.reread(snapshot).frame
    assert list(again["productId"]) == [row["productId"] for row in emulator.source.commercial_deployment]


def test_a_fetch_that_begins_again_keeps_only_the_pages_that_count(run, emulator, tmp_path):
    emulator.page_limit = 10
    emulator.next(growing(), times=2, where="commercial/deployment")
    run()
    (snapshot,) = lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)
    pages = pq.read_table(tmp_path / snapshot.raw, columns=["start", "rows"]).sort_by("start")
    assert pages["rows"].to_pylist() == [10, 8]
    assert not lake(tmp_path).verify(reread=True).findings


def test_a_second_run_says_that_nothing_is_new(run, tmp_path):
    first, second = run(), run()
    assert all(kept.again for kept in second.kept.values())
    assert {name: kept.snapshot.id for name, kept in first.kept.items()} == {
        name: kept.snapshot.id for name, kept in second.kept.items()
    }
    assert {standing.last_success for standing in lake(tmp_path).standing().values()} == {NOW}


def test_the_customers_own_collections_come_when_asked_for(run, emulator, tmp_path):
    report = run(customers=True)
    history = lake(tmp_path)
    for name in ("customer-deployment", "customer-usage"):
        assert report.kept[name].snapshot.unread_customers == 0
        (snapshot,) = history.snapshots(name)
        read = pq.read_table(history.facts([snapshot]).paths[0])
        assert set(read["customerTenantId"].to_pylist()) == set(emulator.source.customer_deployments)
        assert snapshot.rows == sum(map(len, getattr(emulator.source, f"{name.replace('-', '_')}s").values()))
        assert history.summary(name).num_rows
    assert not history.verify(reread=True).findings


def test_a_customer_about_whom_nothing_may_be_read_is_counted(run, emulator):
    customer = next(iter(emulator.source.customer_deployments))
    emulator.always(answer(403), where=f"/customers/{customer}/analytics/licenses/deployment")
    report = run(customers=True)
    assert report.kept["customer-deployment"].snapshot.unread_customers == 1
    assert report.failure is None


# What fails


@pytest.mark.parametrize(
    ("trouble", "code"),
    [(failing(400), 2), (answer(401), 3), (gateway(), 5), (throttled("0"), 5), (not_json(), 6)],
)
def test_what_fails_is_remembered_and_the_rest_is_kept(trouble, code, run, emulator, tmp_path):
    emulator.always(trouble, where="licenses/usage")
    report = run()
    assert report.failure.exit_code == code
    assert list(report.kept) == [name for name in ALL if name != "usage"]
    standing = lake(tmp_path).standing()
    assert standing["usage"].failing
    assert (standing["usage"].failure.exit_code, standing["usage"].last_success) == (code, None)
    assert not standing["deployment"].failing


@pytest.mark.parametrize("where", ["fetch", "append"])
def test_what_nobody_foresaw_in_one_collection_leaves_the_others(where, run, tmp_path, monkeypatch, caplog):
    place, at = {"fetch": (Client, 1), "append": (History, 1)}[where]
    really = getattr(place, where)

    def unforeseen(*arguments, **named):
        about = arguments[at]
        if getattr(about, "collection", about) is USAGE:
            raise KeyError("ACME Ltd")
        return really(*arguments, **named)

    monkeypatch.setattr(place, where, unforeseen)
    report = run()
    assert list(report.kept) == [name for name in ALL if name != "usage"]
    assert list(report.errors) == ["usage"]
    assert report.failure.exit_code == 6
    assert "usage: not read: The program met something unforeseen in the answer (KeyError)." in lines(report)
    assert lake(tmp_path).standing()["usage"].failing
    assert "ACME" not in caplog.text


def test_what_the_account_may_not_read_is_no_failure_where_it_may_read_something(run, emulator, tmp_path):
    emulator.always(answer(403), where="commercial")
    report = run()
    assert report.failure is None
    assert list(report.errors) == COMMERCIAL
    assert lake(tmp_path).standing()["commercial-usage"].failure.status == 403
    emulator.always(answer(403))
    assert run().failure.exit_code == 4


def test_what_something_in_between_refuses_is_never_taken_for_a_missing_role(run, emulator, tmp_path):
    emulator.always(gateway(403), where="licenses/usage")
    emulator.always(gateway(404), where="/customers/")
    report = run(customers=True)
    assert report.failure.exit_code == 5
    assert list(report.errors) == ["usage", "customer-deployment", "customer-usage"]
    assert lake(tmp_path).standing()["usage"].failure.exit_code == 5


def test_a_row_on_two_pages_is_kept_once_and_said(run, emulator, tmp_path):
    rows = emulator.source.commercial_deployment
    emulator.page_limit = 10
    emulator.always(shaped({"Value": rows[9:17], "TotalCount": len(rows)}), where="deployment/license?top=8&skip=10")
    report = run()
    (snapshot,) = lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)
    assert (snapshot.rows, snapshot.twice, snapshot.missing, report.failure) == (17, 1, 1, None)
    said = "commercial-deployment: 17 rows kept, 1 missing, 1 on two pages, counted once"
    assert said in lines(report)
    assert run().kept[COMMERCIAL_DEPLOYMENT.name].again
    assert not lake(tmp_path).verify(reread=True).findings


def test_the_worst_failure_is_the_one_that_goes_away_least_by_itself(run, emulator):
    for trouble, where in (
        (gateway(), "licenses/deployment"),
        (not_json(), "licenses/usage"),
        (answer(401), "commercial/usage"),
    ):
        emulator.always(trouble, where=where)
    assert run().failure.exit_code == 3


def test_a_failure_is_kept_without_the_services_own_words(run, emulator, tmp_path):
    emulator.always(failing(500, description="ACME Ltd hush"), where="licenses/usage")
    run()
    text = "".join(path.read_text() for path in (tmp_path / "runs").iterdir())
    assert '"correlation_id"' in text
    assert "ACME" not in text
    assert "hush" not in text


def test_rows_set_aside_and_rows_that_did_not_come_are_counted(run, emulator, tmp_path):
    rows = rows_of(DEPLOYMENT, [{}, {"licensesSold": "many"}])
    emulator.always(shaped({"items": rows, "totalCount": 5}), where="licenses/deployment")
    run()
    (snapshot,) = lake(tmp_path).snapshots(DEPLOYMENT)
    assert (snapshot.rows, snapshot.set_aside, snapshot.missing, snapshot.announced) == (1, 1, 3, 5)


# What is gone


def test_customers_without_licenses_are_not_among_those_that_are_gone(tmp_path):
    history = lake(tmp_path)
    there = [{"licensesSold": 10}, {"licensesSold": 0, "licensesDeployed": 5}, {"licensesSold": 0}]
    rows = [{"licensesDeployed": 0, "customerTenantId": f"T{number}", **row} for number, row in enumerate(there)]
    history.append(fetched(COMMERCIAL_DEPLOYMENT, rows))
    history.append(fetched(COMMERCIAL_DEPLOYMENT, []))
    loss = history.loss(COMMERCIAL_DEPLOYMENT)
    assert loss is not None
    assert loss.numbers == "from 2 to 0 customers, from 10 to 0 licenses, from 3 to 0 rows"


def test_the_services_that_are_gone_are_named(command, emulator):
    def there(*services):
        emulator.source = Partner(deployment=rows_of(DEPLOYMENT, [{"serviceName": name} for name in services]))
        return command("collect")[1]

    assert "not well" not in there("crm", "O365", "Vendor\x1b[31m")
    one = "deployment: not well: it shrank: from 300 to 100 licenses, from 3 to 1 rows since the answer of"
    said = there("o365")
    assert one in said
    assert said.splitlines()[1].endswith("UTC; gone: Dynamics 365, Vendor [31m")
    assert "; gone: Dynamics 365, Vendor [31m\n" in command("status")[1]
    loss = json.loads(command("status", "--format", "json")[1])["collections"]["deployment"]["loss"]
    assert loss["servicesGone"] == ["crm", "Vendor\x1b[31m"]
    there("o365", "crm", "exo", "pbi")
    assert "it shrank: from" not in (said := there("o365")), "there were two answers to compare before"
    assert "it shrank by more than ever before: from 400 to 100 licenses" in said


def test_an_answer_without_rows_is_no_failure_and_says_what_is_gone(command, emulator):
    assert "not well" not in command("collect")[2]
    customers, sold = 6, sum(row["licensesSold"] for row in emulator.source.commercial_deployment)
    emulator.source = Partner(usage=emulator.source.usage)
    gone = f"from {customers} to 0 customers, from {sold:,} to 0 licenses, from 18 to 0 rows since the answer of 2"
    for _ in range(2):  # the second one brings the same again, and it is still gone
        code, output, notes = command("collect")
        assert code == 0
        assert f"commercial-deployment: not well: it has no rows any more: {gone}" in output
        assert f"commercial-deployment: not well: it has no rows any more: {gone}" in notes
        assert "\ndeployment: not well: it has no rows any more: from" in f"\n{output}"
        assert "usage: not well" not in output.replace("commercial-usage", "")
    assert f"  not well: it has no rows any more: {gone}" in command("status")[1]
    collections = json.loads(command("status", "--format", "json")[1])["collections"]
    assert "loss" not in collections["usage"]
    loss = collections["commercial-deployment"]["loss"]
    assert loss["before"] == {"rows": 18, "licenses": sold, "customers": customers}
    assert loss["after"] == {"rows": 0, "licenses": 0, "customers": 0}


def test_what_comes_back_is_well_again(run, emulator):
    everything = emulator.source
    run()
    emulator.source = Partner()
    assert set(run().losses) == set(ALL)
    emulator.source = everything
    assert run().losses == {}


def test_a_customer_whose_rows_cannot_be_read_any_more_is_not_counted(run, emulator, tmp_path):
    run()
    (snapshot,) = lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)
    (tmp_path / snapshot.facts).unlink()
    emulator.source = Partner()
    loss = run().losses[COMMERCIAL_DEPLOYMENT.name]
    assert (loss.before.rows, loss.before.customers, loss.after.customers) == (18, None, 0)
    assert "customers" not in loss.numbers


# Back-fill


@pytest.fixture
def past(emulator):
    """Commercial figures of three earlier days; what is asked for without a date are those of today."""
    days = [NOW.date() - timedelta(days=ago) for ago in (0, 2, 3, 20)]
    emulator.source = Partner(
        deployment=rows_of(DEPLOYMENT, [{}]),
        commercial_deployment=rows_of(
            COMMERCIAL_DEPLOYMENT, [{"processedDateTime": f"{day}T00:00:00", "licensesSold": day.day} for day in days]
        ),
    )
    return days


def test_earlier_dates_are_kept_under_their_own(run, past, tmp_path):
    report = run(since=past[-1])
    assert report.back_fills["commercial-deployment"].days == 3
    history = lake(tmp_path)
    snapshots = {snapshot.backfill_date: snapshot for snapshot in history.snapshots(COMMERCIAL_DEPLOYMENT)}
    assert sorted(snapshots.keys() - {None}) == sorted(past[1:])
    for day in past[1:]:
        snapshot = snapshots[day]
        assert (snapshot.day, snapshot.processed) == (day, (datetime.combine(day, datetime.min.time(), UTC),) * 2)
        assert f"date={day}" in snapshot.facts
        assert f"processedDateTime={day}T00%3A00%3A00" in snapshot.address
    assert history.newest(COMMERCIAL_DEPLOYMENT).backfill_date is None
    assert not history.verify(reread=True).findings


def test_a_back_fill_that_meets_what_nobody_foresaw_keeps_what_it_has(run, past, monkeypatch):
    really = Client.fetch

    def unforeseen(client, collection, query=None, **named):
        if query and query.processed == past[2]:
            raise KeyError("ACME Ltd")
        return really(client, collection, query, **named)

    monkeypatch.setattr(Client, "fetch", unforeseen)
    report = run(since=past[-1])
    back_fill = report.back_fills["commercial-deployment"]
    assert (back_fill.days, back_fill.ended) == (1, f"it failed at {past[2]}")
    assert report.failure.exit_code == 6


def test_a_day_that_is_there_is_not_asked_for_again(run, past, emulator):
    run(since=past[-1])
    del emulator.requests[:]
    report = run(since=past[-1])
    assert report.back_fills["commercial-deployment"].days == 0
    targets = "".join(request.target for request in emulator.requests if "deployment" in request.target)
    assert f"{past[1]}T" not in targets
    assert f"{past[2]}T" not in targets


def test_the_newest_figures_are_not_kept_under_an_earlier_date(run, past, emulator, tmp_path):
    emulator.ignored = ("processeddatetime",)
    report = run(since=past[-1])
    back_fill = report.back_fills["commercial-deployment"]
    assert back_fill.days == 0
    assert "other days" in back_fill.ended
    assert [snapshot.backfill_date for snapshot in lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)] == [None]
    assert (
        sum("processedDateTime" in request.target and "deployment" in request.target for request in emulator.requests)
        == 3
    )


def test_a_back_fill_ends_where_the_service_has_no_more(run, past, emulator):
    report = run(since=NOW.date() - timedelta(days=400))
    assert "31 days in a row" in report.back_fills["commercial-deployment"].ended
    emulator.always(failing(400), where="processedDateTime")
    assert run(since=past[-1]).failure is None
    emulator.always(gateway(), where="processedDateTime")
    assert run(since=past[-1]).failure.exit_code == 5


# As commands


@pytest.fixture
def command(emulator, serve, tmp_path, monkeypatch, capsys):
    """Run a command in this process against the emulator; returns code, stdout and stderr."""
    monkeypatch.setenv("PARTNER_CENTER_BASE_URL", serve(emulator))
    monkeypatch.setenv("PARTNER_CENTER_ACCESS_TOKEN", DEMO_TOKEN)
    monkeypatch.setenv("PARTNER_CENTER_TRIES", "1")
    monkeypatch.setenv("HISTORY_URL", str(tmp_path / "history"))

    def run(*arguments):
        try:
            code = main([*arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, *capsys.readouterr()

    return run


def test_collect_says_what_became_of_each_collection(command, emulator):
    emulator.always(answer(403), where="commercial/usage")
    code, output, _ = command("collect")
    assert code == 0
    assert [line.partition(":")[0] for line in output.splitlines()] == [
        name for name, collection in COLLECTIONS.items() if collection not in PER_CUSTOMER
    ]
    assert "commercial-deployment: 18 rows kept" in output
    assert "commercial-usage: not read: The signed-in account may not read this part of Partner Center." in output
    assert "the same as on" in command("collect")[1]


@pytest.mark.parametrize(("trouble", "code"), [(answer(401), 3), (answer(403), 4), (gateway(), 5), (not_json(), 6)])
def test_a_failed_run_has_its_code_and_leaves_stdout_empty(trouble, code, command, emulator):
    emulator.always(trouble)
    ended, output, complaint = command("collect")
    assert (ended, output) == (code, "")
    assert "deployment: not read" in complaint
    assert "Traceback" not in complaint
    assert DEMO_TOKEN not in complaint


def test_status_tells_ages_and_what_failed_last_and_why(command, emulator):
    code, output, _ = command("status")
    assert (code, "no history yet" in output) == (0, True)
    command("collect")
    emulator.always(gateway(), where="licenses/usage")
    command("collect")
    code, output, _ = command("status")
    assert code == 0
    assert "usage: 1 snapshot since" in output
    assert "failing, last 2" in output
    assert "Something between here and Partner Center refused the call." in output
    assert "HTTP status 503" in output
    assert "o365" in output
    document = json.loads(command("status", "--format", "json")[1])
    assert document["source"] == "Microsoft Partner Center"
    usage = document["collections"]["usage"]
    assert (usage["failing"], usage["lastFailure"]["status"], usage["lastFailure"]["exit_code"]) == (True, 503, 5)
    assert usage["services"]["o365"]["processedDateTime"] == "2026-03-29T00:00:00Z"
    assert usage["services"]["o365"]["ageDays"] == (datetime.now(UTC).date() - date(2026, 3, 29)).days


def test_status_has_one_line_for_a_service_however_it_is_spelled(command, emulator):
    emulator.source = Partner(
        deployment=rows_of(DEPLOYMENT, [{"serviceName": "Größe"}, {"serviceName": "Zoom"}]),
        commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{"serviceCode": "GRÖSSE "}, {"serviceCode": "adhoc"}]),
    )
    command("collect")
    lines = command("status")[1].partition("Processed by Microsoft")[2].splitlines()[2:]
    assert [line.split()[0] for line in lines] == ["adhoc", "Größe", "Zoom"]
    assert lines[1].count("2026-10-09") == 2


def test_customers_whose_ids_are_sent_in_two_spellings_are_asked_for_once(run, emulator):
    tenant = "0112a436-b14e-4888-967b-ca4bb2cf1234"
    spelled = [tenant, f" {tenant.upper()} "]
    emulator.source = Partner(
        commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, [{"customerTenantId": one} for one in spelled]),
        customer_deployments={tenant.upper(): []},
        customer_usages={tenant.upper(): []},
    )
    run(customers=True)
    asked = [request.target for request in emulator.requests if "/customers/" in request.target]
    assert len(asked) == 2
    assert all(tenant.upper() in target for target in asked)


def test_what_a_terminal_would_obey_is_not_printed(command, emulator):
    emulator.source = Partner(deployment=rows_of(DEPLOYMENT, [{"serviceName": "\x1b[31mred"}]))
    command("collect")
    assert "\x1b" not in command("status")[1]


def test_verify_names_what_is_damaged(command, tmp_path):
    command("collect")
    code, output, _ = command("verify", "--reread")
    assert (code, output.partition(" ")[0]) == (0, "23")
    victim = next((tmp_path / "history").glob("*/raw/usage/**/*.parquet"))
    victim.write_bytes(victim.read_bytes()[:-1])
    code, output, complaint = command("verify")
    assert (code, output) == (6, "")
    assert victim.name in complaint
    assert "1 of 23 files" in complaint
    assert "are not what was written. Pages leave them out and say so. Bring the damaged files back from a backup" in (
        " ".join(complaint.split())
    )


def test_verify_tells_what_is_elsewhere_s_from_what_is_damaged(command, tmp_path):
    command("collect")
    (usage,) = (tmp_path / "history").glob("*/small/usage/*.parquet")
    strange = shutil.copy(usage, usage.parents[1] / "deployment")
    code, _, complaint = command("verify")
    told = " ".join(complaint.split())
    assert (code, "do not belong there. Pages leave them out" in told) == (6, True)
    assert "Move what does not belong there out of this folder" in told
    assert "Bring the damaged files" not in told
    usage.write_bytes(usage.read_bytes()[:-1])
    told = " ".join(command("verify")[2].split())
    assert "are not what was written or do not belong there." in told
    assert "Bring the damaged files" in told
    assert "Move what does not belong there" in told
    usage.unlink()
    Path(strange).rename(usage)
    assert command("verify")[0] == 0


def test_prune_asks_first_and_leaves_the_newest(command, tmp_path):
    command("collect")
    assert command("prune", "--keep-days", "30") == (0, "0 snapshots, 0 bytes to remove\n", "")
    assert command("prune", "--keep-days", "0")[0] == 2
    (account,) = (tmp_path / "history").iterdir()
    long_ago = datetime.now(UTC) - timedelta(days=31)
    for number in (1, 2):
        history.open(load_settings()).append(fetched(USAGE, [{"channel": f"c{number}"}], at=long_ago))
    command("collect")
    before = facts_in(account)
    code, told, asked = command("prune", "--keep-days", "30")
    assert (code, told.startswith(f"2 snapshots, the oldest of {long_ago:%Y-%m-%d}, ")) == (0, True)
    assert told.endswith(" bytes to remove\n")
    assert asked == "Nothing was removed; add --yes to do it.\n"
    assert facts_in(account) == before
    assert command("prune", "--keep-days", "30", "--yes") == (0, told.replace("to remove", "removed"), "")
    assert before - facts_in(account) == {path for path in before if f"date={long_ago:%Y-%m-%d}" in path}
    assert len(facts_in(account)) == len(before) - 2


def facts_in(account):
    return {path for path in files(account) if path.startswith("facts/")}


def test_compact_says_what_it_did(command):
    for _ in range(3):
        command("collect")
    assert command("compact") == (0, "11 small files became 9; 0 files that nothing needs were removed\n", "")


@pytest.mark.parametrize("name", ["collect", "status", "verify", "compact"])
def test_a_place_that_cannot_be_used_is_2(name, command, monkeypatch):
    monkeypatch.setenv("HISTORY_URL", "file://elsewhere/bucket")
    code, output, complaint = command(name)
    assert (code, output) == (2, "")
    assert "HISTORY_URL" in complaint


@pytest.mark.parametrize(
    "arguments",
    [["collect", "--since", "soon"], ["collect", "--since", "2199-01-01"], ["prune"], ["status", "--format", "xml"]],
)
def test_bad_usage_is_2(arguments, command):
    assert command(*arguments)[:2] == (2, "")


def test_a_kill(tmp_path):
    """One; `make faults` has two hundred, and two runs at a time."""
    count = killing.kill(tmp_path, 1, seed=1, collectors=1)
    assert not count.wrong
    assert count.killed >= 1
