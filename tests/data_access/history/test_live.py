"""Customers, their subscriptions and seats in the history: who was not read, and a run that goes on with another."""

import os
import subprocess
import sys
from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pytest

from data_access import EVERYBODY, Client, Customers, RestrictedEngine
from data_access.auth.credentials import Ready
from data_access.commands import status
from data_access.datasets import renewals
from data_access.digest.looks import Looks
from data_access.history import collect, live, store
from data_access.partner_center import each_customer
from data_access.partner_center.catalog import CUSTOMERS, LIVE, SEATS, SUBSCRIPTIONS
from data_access.partner_center.products import Entry
from data_access.partner_center.retry import RetryPolicy
from tests.lakes import Clock, files, lake
from tests.partner import ALFA, BRAVO, CHARLIE, Partner, customer, refused, serving, sku, subscription
from tests.waiting import until

pytestmark = pytest.mark.program

ROOT = Path(__file__).parents[3]
ALL = (ALFA, BRAVO, CHARLIE)
COPILOT = "3B555118-DA6A-4418-894F-7DF1E2096870"
EMS = "EFCCB6F7-5641-4E0E-BD10-B4976E1BF68E"


def quiet(_):
    """Show no progress."""


def nothing(_):
    """What the license analytics answer: no rows."""
    return 200, {}, b'{"totalCount":0,"items":[]}'


@pytest.fixture
def partner():
    legacy = subscription(id="legacy", offerId="91FD106F", offerName="ENTERPRISE MOBILITY + SECURITY E3")
    return Partner(
        [customer(tenant) for tenant in ALL],
        {ALFA: [subscription(), legacy], BRAVO: [], CHARLIE: [subscription(id="c")]},
        {ALFA: [sku()], BRAVO: [], CHARLIE: [sku(), sku(productSku={"id": "x"}, activeUnits=...)]},
        {"CFQ7TTC0MM8R/001P": COPILOT},
        troubles={"/analytics/": nothing},
    )


@pytest.fixture
def url(partner):
    with serving(partner) as address:
        yield address


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def run(url, tmp_path, clock):
    """Collect once, into the history of this test."""

    def run(**options):
        with Client(url, Ready("secret"), RetryPolicy(tries=1, budget=5, timeout=2)) as client:
            return collect.run(client, lake(tmp_path, clock), quiet, clock=clock, **options)

    return run


def tenants(rows):
    return [tenant[0].lower() for tenant in rows]


def seats_calls(partner):
    return [path.split("/")[3][:8] for path in partner.paths("subscribedskus")]


# What is kept


def test_the_three_are_kept_and_are_what_they_were_when_read_again(run, tmp_path, clock):
    report = run()
    assert report.failure is None
    kept = lake(tmp_path, clock)
    assert [report.kept[collection.name].snapshot.rows for collection in LIVE] == [3, 3, 3]
    rows = live.rows(kept, kept.newest(SUBSCRIPTIONS))
    assert list(rows["id"]) == ["fafebb76-0000-4000-8000-000000000001", "legacy", "c"]
    assert list(rows["productId"]) == [COPILOT, EMS, COPILOT]
    assert rows.dtypes.astype(str)["quantity"] == "Int64"
    assert rows.dtypes.astype(str)["isTrial"] == "boolean"
    assert list(rows.columns)[: len(SUBSCRIPTIONS.columns)] == SUBSCRIPTIONS.columns
    verified = kept.verify(reread=True)
    assert (verified.findings, verified.outgrown) == ((), 0)
    assert kept.notices == ()


def test_an_unknown_field_is_text_though_another_collection_has_a_number_of_its_name(run, partner, tmp_path, clock):
    partner.customers[0]["activeUnits"] = "x"
    partner.subscriptions[ALFA][0] |= {"licensesSold": "n/a", "consumedUnits": 5}
    run()
    history = lake(tmp_path, clock)
    assert live.rows(history, history.newest(CUSTOMERS))["activeUnits"].dropna().to_list() == ["x"]
    kept = renewals.kept(history)
    assert kept.subscriptions["licensesSold"].dropna().to_list() == ["n/a"]
    assert kept.subscriptions["consumedUnits"].dropna().to_list() == ["5"]
    assert str(kept.subscriptions["quantity"].dtype) == "Int64"


def test_a_product_id_with_half_a_character_is_none_and_all_else_is_kept(run, partner, tmp_path, clock):
    partner.skus["CFQ7TTC0MM8R/001P"] = "3b555118\ud800"
    report = run()
    assert report.failure is None
    assert [report.kept[collection.name].snapshot.rows for collection in LIVE] == [3, 3, 3]
    kept = lake(tmp_path, clock)
    assert live.rows(kept, kept.newest(SUBSCRIPTIONS))["productId"].isna().tolist() == [True, False, True]


def test_the_same_again_is_not_kept_twice_and_a_new_name_is(run, partner):
    run()
    assert all(kept.again for kept in run().kept.values())
    partner.customers[2]["companyProfile"]["companyName"] = "Charlie AG"
    again = {name: kept.again for name, kept in run().kept.items()}
    assert not any(again[collection.name] for collection in LIVE)


def test_without_the_calls_about_customers_none_is_made(run, partner):
    report = run(customers_calls=False)
    assert not report.kept.keys() & {collection.name for collection in LIVE}
    assert not partner.paths("/v1/customers")


def test_compact_and_prune_treat_them_as_any_other(run, partner, tmp_path, clock):
    for number in range(3):
        partner.seats[ALFA] = [sku(activeUnits=number)]
        run()
    clock.now = clock().replace(year=2030)
    kept = lake(tmp_path, clock)
    before = [live.rows(kept, snapshot) for snapshot in kept.snapshots(SEATS)]
    compacted = kept.compact()
    assert compacted.after < compacted.before
    after = [live.rows(kept, snapshot) for snapshot in kept.snapshots(SEATS)]
    assert all(one.equals(other) for one, other in zip(before, after, strict=True))
    kept.prune(kept.old(keep_days=1))
    assert [len(kept.snapshots(collection)) for collection in LIVE] == [1, 1, 1]
    assert live.rows(kept, kept.newest(SEATS)).equals(after[-1])
    assert not kept.verify(reread=True).findings


def test_engines_work_out_what_is_asked_of_them(run, partner, tmp_path, clock, engine):
    run()
    partner.seats[ALFA] = [sku(activeUnits=8)]
    run()
    kept = lake(tmp_path, clock)

    def active(seats):
        return seats.group_by("snapshot", "productId").agg(nw.col("activeUnits").sum()).sort("snapshot", "productId")

    found = engine.ask_live(active, kept.facts(kept.snapshots(SEATS)).paths, SEATS)
    assert list(found["activeUnits"].fillna(0)) == [10, 0, 13, 0]

    def renewing(subscriptions):
        return subscriptions.filter(~nw.col("isTrial"), nw.col("autoRenewEnabled")).select("id").sort("id")

    found = engine.ask_live(renewing, kept.facts(kept.snapshots(SUBSCRIPTIONS)).paths, SUBSCRIPTIONS)
    assert list(found["id"]) == ["c", "fafebb76-0000-4000-8000-000000000001", "legacy"]


def test_an_engine_that_is_restricted_sees_the_live_rows_of_its_customers_alone(run, tmp_path, clock, engine):
    run()
    kept = lake(tmp_path, clock)
    paths = kept.facts(kept.snapshots(SUBSCRIPTIONS)).paths

    def whose(subscriptions):
        return subscriptions.select("customerTenantId").unique()

    book = Customers(frozenset({ALFA.upper()}))
    assert [*RestrictedEngine(engine, book).ask_live(whose, paths, SUBSCRIPTIONS)["customerTenantId"]] == [ALFA.upper()]
    others = RestrictedEngine(engine, Customers(book.ids, others=True)).ask_live(whose, paths, SUBSCRIPTIONS)
    assert ALFA.upper() not in [*others["customerTenantId"]]
    assert len(others)
    assert RestrictedEngine(engine, EVERYBODY, named=False).ask_live(whose, paths, SUBSCRIPTIONS).empty


# Who was not read


def test_a_snapshot_says_who_was_not_read_and_who_has_nothing(run, partner, tmp_path, clock):
    partner.troubles |= {f"{ALFA}/subscribed": refused(403), f"{CHARLIE}/subscribed": refused(404)}
    report = run()
    assert report.failure is None
    kept = lake(tmp_path, clock)
    whose = kept.of_customers(kept.newest(SEATS))
    assert [tenants(kind) for kind in (whose.empty, whose.refused, whose.gone, whose.failed)] == [
        ["b"],
        ["a"],
        ["c"],
        [],
    ]
    assert kept.newest(SEATS).unread_customers == 2
    assert live.unread(kept) == {ALFA.upper(): "Alfa Ltd", CHARLIE.upper(): "Charlie Ltd"}
    assert tenants(kept.of_customers(kept.newest(SUBSCRIPTIONS)).empty) == ["b"]


def test_who_refuses_both_collections_is_one_customer(run, partner, tmp_path, clock):
    partner.troubles |= {f"{BRAVO}/subsc": refused(403)}
    run()
    assert live.unread(lake(tmp_path, clock)) == {BRAVO.upper(): "Bravo Ltd"}


def test_who_is_not_read_any_more_makes_another_snapshot_even_without_rows(run, partner, tmp_path, clock):
    run()
    partner.troubles[f"{BRAVO}/subscribed"] = refused(403)
    assert not run().kept["seats"].again
    assert len(lake(tmp_path, clock).snapshots(SEATS)) == 2


def test_who_fails_twice_is_a_failure_and_the_rest_is_kept(run, partner, tmp_path, clock):
    partner.troubles[f"{ALFA}/subscribed"] = refused(503)
    report = run()
    assert report.failure.exit_code == 5
    kept = lake(tmp_path, clock)
    assert tenants(live.rows(kept, kept.newest(SEATS))["customerTenantId"]) == ["c", "c"]
    assert kept.newest(SEATS).failed_customers == 1
    standing = kept.standing()["seats"]
    assert (standing.failing, standing.last_success) == (True, clock())
    assert kept.loss(SEATS) is None, "what failed is not lost"


@pytest.mark.parametrize(
    ("troubles", "code"),
    [
        ({"subscribedskus": refused(403)}, 4),
        ({"subscribedskus": refused(503)}, 5),
        ({"/v1/customers": refused(403)}, None),  # as with any other collection that the account may not read
        ({"/v1/customers": refused(404)}, None),  # a service without them
        ({"/v1/customers": refused(503)}, 5),
    ],
)
def test_what_cannot_be_read_has_its_code_and_the_rest_is_kept(troubles, code, run, partner):
    partner.troubles |= troubles
    report = run()
    assert (report.failure and report.failure.exit_code) == code
    assert "deployment" in report.kept


def test_what_a_customer_refuses_is_not_lost_and_what_went_of_the_others_is(run, partner, tmp_path, clock):
    partner.subscriptions = {each: [subscription(id=f"{each[0]}{one}") for one in range(10)] for each in ALL}

    def collected(**changes):
        clock.forward(days=1)
        partner.subscriptions |= changes
        report = run()
        told = status.as_json(lake(tmp_path, clock), clock.now)["collections"][SUBSCRIPTIONS.name]
        assert (SUBSCRIPTIONS.name in report.losses) is ("loss" in told)
        return report.losses.get(SUBSCRIPTIONS.name)

    collected()
    partner.troubles[f"{ALFA}/subscriptions"] = refused(403)
    assert collected() is None, "10 of 30 are refused, not gone"
    loss = collected(**{BRAVO: partner.subscriptions[BRAVO][:7]})
    assert (loss.before.rows, loss.after.rows, loss.refusing) == (20, 17, 0), "a third was refused, which is not usual"
    partner.troubles.clear()
    loss = collected(**{CHARLIE: partner.subscriptions[CHARLIE][:5]})
    assert (loss.before.rows, loss.after.rows, loss.refusing) == (17, 12, 1), "what can be read again makes up for none"
    assert status.in_words(loss).endswith("; without 1 customer that refuses")
    partner.troubles[f"{ALFA}/subscriptions"] = refused(403)
    loss = collected(**{BRAVO: []})
    assert (loss.numbers, loss.refusing) == ("from 2 to 1 customers, from 12 to 5 rows", 1)


def test_of_each_customer_the_last_reading_counts_also_where_it_refuses(run, partner, tmp_path, clock):
    run()
    clock.forward(days=93)
    run()  # the same again, which is kept once
    again = clock()
    clock.forward(days=1)
    partner.troubles |= {f"{ALFA}/subscribed": refused(503), f"{CHARLIE}/subscribed": refused(403)}
    partner.seats[BRAVO] = [sku(activeUnits=7)]
    run()
    run()
    history = lake(tmp_path, clock)
    rows, made = live.last_readings(history, history.newest(SEATS))
    assert tenants(rows["customerTenantId"]) == ["b", "a", "c", "c"]
    assert list(rows["activeUnits"])[:3] == [7, 5, 5]
    assert made == {ALFA.upper(): again, CHARLIE.upper(): again}
    assert rows.dtypes.astype(str)["activeUnits"] == "Int64"
    data = renewals.kept(lake(tmp_path, clock))
    seats = data.answer(SEATS)
    assert seats
    assert (data.read_at, data.seats_read_at) == (clock(), clock())
    assert tenants(seats.frame["customerTenantId"]) == ["b", "a", "c", "c"]
    assert sorted(data.names(SEATS.name)) == ["Alfa Ltd", "Charlie Ltd"], "one gave no answer, one refuses"
    assert data.names(SEATS.name) == data.names(SEATS.name, with_reading=True)


def test_a_reading_without_rows_is_one_too_and_a_customer_that_left_has_none(run, partner, tmp_path, clock):
    run()
    partner.seats[ALFA] = []
    run()
    partner.troubles |= {f"{ALFA}/subscribed": refused(403), f"{CHARLIE}/subscribed": refused(404)}
    run()
    history = lake(tmp_path, clock)
    rows, made = live.last_readings(history, history.newest(SEATS))
    assert rows.empty
    assert [*made] == [ALFA.upper()], "what it had before it had nothing does not come back"


def test_who_is_not_in_the_list_of_customers_any_more_does_not_count(run, partner, tmp_path, clock):
    run()
    partner.customers = [customer(BRAVO), customer(CHARLIE)]
    partner.troubles |= {"subscribedskus": refused(503)}
    run()
    data = renewals.kept(lake(tmp_path, clock))
    seats = data.answer(SEATS)
    assert seats
    assert {*tenants(seats.frame["customerTenantId"])} == {"c"}
    assert {*tenants(data.subscriptions["customerTenantId"])} == {"c"}


def test_status_names_who_was_not_read(run, partner, tmp_path, clock):
    partner.troubles |= {f"{ALFA}/subscribed": refused(503), f"{CHARLIE}/subscribed": refused(403)}
    run()
    kept = lake(tmp_path, clock)
    text = status.as_text(kept, clock())
    assert f"  1 customer refused: this account has no role there: {CHARLIE.upper()}" in text
    assert any(line.startswith("  failing, last") for line in text)
    about = status.as_json(kept, clock())["collections"]
    assert about["seats"]["customersNotRead"] == {
        "refused": (CHARLIE.upper(),),
        "gone": (),
        "failed": (ALFA.upper(),),
    }
    assert about["seats"]["failing"]
    assert "customersNotRead" not in about["subscriptions"]


# A run that goes on with another


def test_a_run_that_ended_early_is_gone_on_with_and_leaves_nothing(run, partner, tmp_path):
    partner.troubles[f"{CHARLIE}/subscribed"] = refused(401)
    run()
    assert sorted(seats_calls(partner)) == ["aaaaaaaa", "bbbbbbbb", "cccccccc"]
    assert [path.partition("/")[0] for path in files(tmp_path) if path.startswith("parts/")]
    del partner.troubles[f"{CHARLIE}/subscribed"]
    report = run()
    assert report.failure is None
    assert seats_calls(partner)[3:] == ["cccccccc"]
    assert report.kept["seats"].snapshot.rows == 3
    assert not [path for path in files(tmp_path) if path.startswith("parts/")]
    run()
    assert sorted(seats_calls(partner)[4:]) == ["aaaaaaaa", "bbbbbbbb", "cccccccc"], "the next one reads all anew"


def test_of_another_day_nothing_is_taken(run, partner, clock):
    partner.troubles[f"{CHARLIE}/subscribed"] = refused(401)
    clock.now = clock().replace(year=2030)
    run()
    clock.forward(days=1)
    assert len(seats_calls(partner)) == 3
    run()
    assert len(seats_calls(partner)) == 6


def test_what_nobody_goes_on_with_is_swept(run, partner, tmp_path, clock):
    partner.troubles[f"{CHARLIE}/subscribed"] = refused(401)
    run()
    there = [path for path in files(tmp_path) if path.startswith("parts/")]
    assert lake(tmp_path, clock).notices == ()
    clock.now = clock().replace(year=2030)
    lake(tmp_path, clock).leftovers.sweep()
    assert there
    assert not [path for path in files(tmp_path) if path.startswith("parts/")]


def test_a_damaged_part_is_read_anew(run, partner, tmp_path):
    partner.troubles[f"{CHARLIE}/subscribed"] = refused(401)
    run()
    (part,) = (tmp_path / "parts" / "seats").rglob("*.parquet")
    part.write_bytes(part.read_bytes()[:-9])
    del partner.troubles[f"{CHARLIE}/subscribed"]
    assert run().kept["seats"].snapshot.rows == 3
    assert len(seats_calls(partner)) == 6


def test_who_refused_all_is_asked_again_at_once(run, partner):
    partner.troubles["subscribedskus"] = refused(403, times=3)
    assert run().failure.exit_code == 4
    assert run().failure is None


MANY = 700


def many():
    listed = [f"{number:08x}{ALFA[8:]}" for number in range(MANY)]
    return Partner(
        [customer(tenant) for tenant in listed],
        {tenant: [] for tenant in listed},
        {tenant: [sku()] for tenant in listed},
        troubles={"/analytics/": nothing},
    )


def test_a_run_that_is_killed_half_way_is_gone_on_with(tmp_path):
    partner = many()
    with serving(partner) as url:
        environment = {
            **os.environ,
            "PARTNER_CENTER_BASE_URL": url,
            "PARTNER_CENTER_ACCESS_TOKEN": "secret",
            "PARTNER_CENTER_CALLS_PER_MINUTE": "100000",
            "HISTORY_URL": str(tmp_path),
        }
        command = [sys.executable, "-m", "data_access", "collect"]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as killed:
            until(lambda: len(partner.paths("subscribedskus")) >= MANY - 100)
            killed.kill()
        before = len(partner.paths("subscribedskus"))
        assert not list(tmp_path.rglob("facts/seats"))

        def done(*command):
            program = [sys.executable, "-m", "data_access", *command]
            return subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, check=True)

        again = done("collect")
        assert b"customers read earlier today" in again.stderr
        assert len(partner.paths("subscribedskus")) - before <= MANY - 2 * each_customer.PART_CUSTOMERS
        assert f"seats: {MANY} rows kept".encode() in again.stdout
        done("verify", "--reread")


# The catalogue of products


def test_the_catalogue_is_asked_once_and_its_answer_is_kept(run, partner, tmp_path, clock):
    for _ in range(2):
        run()
        clock.forward(days=100)
    assert len(partner.paths("/products/")) == 1
    kept = lake(tmp_path, clock)
    assert kept.skus.known() == {"CFQ7TTC0MM8R:001P": Entry(COPILOT, "")}
    kept.compact()
    assert lake(tmp_path, clock).skus.known() == {"CFQ7TTC0MM8R:001P": Entry(COPILOT, "")}
    assert not kept.verify().findings


def test_a_sku_without_a_product_is_asked_for_again_after_a_while(run, partner, clock):
    partner.skus = {}
    run()
    clock.forward(days=29)
    run()
    assert len(partner.paths("/products/")) == 1
    clock.forward(days=2)
    partner.skus = {"CFQ7TTC0MM8R/001P": COPILOT}
    run()
    assert len(partner.paths("/products/")) == 2


def test_the_product_that_a_subscription_becomes_has_its_name_from_the_catalogue_for_good(
    run, partner, tmp_path, clock
):
    then = {"product": {"productId": "CFQ7TTC0HD33", "skuId": "0002"}}
    partner.subscriptions[ALFA] = [subscription(scheduledNextTermInstructions=then)]
    partner.skus["CFQ7TTC0HD33/0002"], partner.titles["CFQ7TTC0HD33/0002"] = "", "Visio Plan 2"
    run()
    del partner.skus["CFQ7TTC0HD33/0002"]
    clock.forward(days=20)
    run()
    clock.forward(days=20)
    kept = lake(tmp_path, clock)
    assert renewals.kept(kept).subscriptions["nextProduct"].dropna().to_list() == ["Visio Plan 2"]
    kept.compact()
    judged = Looks(kept).look(Looks(kept).marks(clock()), EVERYBODY).subscriptions
    assert judged is not None
    assert judged["nextProduct"].dropna().to_list() == ["Visio Plan 2"]


def test_what_an_earlier_version_kept_of_the_catalogue_counts(tmp_path, clock):
    kept = lake(tmp_path, clock)
    kept.skus.add({"P:1": Entry("A", None)})
    (file,) = (tmp_path / "skus").iterdir()
    content = file.read_bytes().replace(b',"title":null', b"")
    file.unlink()
    (file.parent / store.sealed(file.name.rpartition("-")[0], "json", pa.py_buffer(content))).write_bytes(content)
    assert lake(tmp_path, clock).skus.known() == {"P:1": Entry("A", None)}


def test_many_small_files_of_the_catalogue_become_one(tmp_path, clock):
    kept = lake(tmp_path, clock)
    for number in range(30):
        kept.skus.add({f"P:{number}": Entry(str(number), "")})
    assert len(list((tmp_path / "skus").iterdir())) < 20
    assert len(kept.skus.known()) == 30
    victim = next(iter((tmp_path / "skus").iterdir()))
    victim.write_bytes(b"[]")
    assert len(lake(tmp_path, clock).skus.known()) < 30
    assert [finding.path for finding in kept.verify().findings] == [f"skus/{victim.name}"]


def test_titles_that_the_history_knows_tell_products(run, partner, tmp_path, clock):
    run()
    known = live.known(lake(tmp_path, clock), "DE")
    assert known.titles[ALFA.upper(), "enterprise mobility + security e3"] == {EMS}
    assert known.country == "DE"
    partner.troubles["subscribedskus"] = refused(503)
    run()
    kept = lake(tmp_path, clock)
    assert list(live.rows(kept, kept.newest(SUBSCRIPTIONS))["productId"]) == [COPILOT, EMS, COPILOT]
