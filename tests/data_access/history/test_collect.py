"""One run of `collect`: what is fetched is kept, what fails is said and remembered, and the rest is kept."""

import pyarrow.parquet as pq
import pytest

from data_access import Client
from data_access.commands.collect import lines
from data_access.emulator import answer, documented, failing, gateway, growing, not_json, shaped, throttled
from data_access.emulator.sample import Partner
from data_access.history.history import History
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    DEPLOYMENT,
    USAGE,
    WITHOUT_CUSTOMER,
)
from tests.kill import killing
from tests.lakes import NOW, lake
from tests.rows import rows_of

pytestmark = pytest.mark.program

CUSTOMER = "0112a436-b14e-4888-967b-ca4bb2cf1234"
ALL = [collection.name for collection in WITHOUT_CUSTOMER]
COMMERCIAL = [name for name in ALL if name.startswith("commercial")]


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


def test_a_customer_about_whom_nothing_may_be_read_is_counted_and_named(run, emulator):
    customer = next(iter(emulator.source.customer_deployments))
    emulator.always(answer(403), where=f"/customers/{customer}/analytics/licenses/deployment")
    report = run(customers=True)
    assert report.kept["customer-deployment"].snapshot.unread_customers == 1
    assert report.of_customers["customer-deployment"].refused == (customer.upper(),)
    assert report.failure is None


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


#: The id of a customer without a row of the commercial collections.
LISTED = "99999999-b14e-4888-967b-ca4bb2cf1234"


def listing(*tenants, **more):
    """A partner without commercial rows and with these customers, whose own deployment has a row each."""
    row = next(iter(documented().customer_deployments.values()))[:1]
    return Partner(
        customers=[{"id": each, "companyProfile": {"tenantId": each, "companyName": each[:1]}} for each in tenants],
        subscriptions={each.upper(): [] for each in tenants},
        seats={each.upper(): [] for each in tenants},
        customer_deployments={each.upper(): row for each in tenants},
        customer_usages={each.upper(): [] for each in tenants},
        **more,
    )


def asked_about(emulator):
    return {request.target.split("/")[3] for request in emulator.requests if "/analytics/" in request.target} - {
        "licenses", "commercial"
    }  # fmt: skip


def test_customers_without_commercial_rows_are_asked_about_too(run, emulator):
    emulator.source = listing(LISTED, CUSTOMER)
    report = run(customers=True, customers_calls=True)
    assert report.failure is None
    assert report.kept["customer-deployment"].snapshot.rows == 2
    assert asked_about(emulator) == {LISTED.upper(), CUSTOMER.upper()}


def test_without_the_list_the_one_of_the_history_says_who_is_asked_about(run, emulator):
    emulator.source = listing(LISTED)
    run(customers_calls=True)
    emulator.requests.clear()
    report = run(customers=True)
    assert report.kept["customer-deployment"].snapshot.rows == 1
    assert asked_about(emulator) == {LISTED.upper()}


def test_where_nobody_is_known_nothing_is_kept_and_it_is_said(run, emulator, tmp_path):
    emulator.source = listing(LISTED)
    report = run(customers=True)
    assert "customer-deployment" not in report.kept
    assert "No customer is known to ask about." in report.errors["customer-deployment"].message
    assert report.failure.exit_code == 2
    assert not lake(tmp_path).snapshots("customer-deployment")
    emulator.always(failing(403), where="/v1/customers?")
    report = run(customers=True, customers_calls=True)
    assert "customer-deployment" not in report.kept
    assert report.failure is None, "an account that may not list customers is told so, as ever"


def test_one_customer_that_fails_is_tried_again_and_the_rest_is_kept(run, emulator):
    emulator.source = listing(LISTED, CUSTOMER)
    where = f"{CUSTOMER.upper()}/analytics/licenses/deployment"
    emulator.next(failing(409, 2000), where=where)
    report = run(customers=True, customers_calls=True)
    assert (report.failure, report.kept["customer-deployment"].snapshot.rows) == (None, 2)
    emulator.always(failing(409, 2000), where=where)
    report = run(customers=True, customers_calls=True)
    whose = report.of_customers["customer-deployment"]
    assert report.kept["customer-deployment"].snapshot.rows == 1
    assert (whose.failed, whose.gone, whose.refused) == ((CUSTOMER.upper(),), (), ())
    assert report.failure.exit_code == 5
    assert "(HTTP status 409, code 2000)" in report.failure.message


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

    monkeypatch.setattr(place, where, unforeseen)  # a mistake that the program does not have yet
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


def test_a_run_that_is_killed_leaves_a_whole_history(tmp_path):
    """One; `make faults` has two hundred, and two runs at a time."""
    count = killing.kill(tmp_path, 1, seed=1, collectors=1)
    assert not count.wrong
    assert count.killed >= 1
