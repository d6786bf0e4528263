"""What the Renewals page stands on, read from the emulator, and what of it some customers' account manager sees."""

import random
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from data_access import connection, history, measures, texts
from data_access.auth.credentials import Ready
from data_access.books import NOBODY, Customers
from data_access.datasets import live_seats
from data_access.datasets import renewals as dataset
from data_access.emulator import DEMO_TOKEN, Emulator, failing, serving
from data_access.emulator.sample import Partner, partner
from data_access.errors import PartnerCenterError
from data_access.history import collect
from data_access.measures import renewals
from data_access.partner_center import catalog
from data_access.partner_center.catalog import SEATS, SUBSCRIPTIONS
from data_access.partner_center.client import Client
from data_access.partner_center.retry import RetryPolicy
from data_access.settings import Settings
from tests.data_access.emulator.asking import SAMPLE
from tests.lakes import lake


def fetched(source=SAMPLE):
    with connection.invented(source) as client:
        return dataset.fetch(client, lambda _: None)


@pytest.fixture(scope="module")
def data():
    return fetched()


def test_every_subscription_is_matched_or_says_that_it_is_not(data):
    rows = data.subscriptions
    assert len(rows) == sum(map(len, SAMPLE.subscriptions.values()))
    unmatched = rows[rows["productId"].isna()]
    assert {*unmatched["offerName"]} == {"Azure Plan", "Lantern Backup for Microsoft 365"}
    assert unmatched["seatsAtRisk"].isna().all()


def test_who_waits_reads_of_how_many_steps_it_is_which():
    said = []
    with connection.invented(SAMPLE) as client:
        dataset.fetch(client, lambda step: said.append(step.text.split(":")[0]))
    assert list(dict.fromkeys(said)) == [
        "Step 1 of 4, commercial licenses deployment",
        "Step 2 of 4, customers",
        "Step 3 of 4, live seats",
        "Step 4 of 4, subscriptions",
    ]


def test_what_is_not_assigned_adds_up_to_the_seats_of_the_tenants(data):
    spare = {
        (tenant, row["productSku"]["id"].upper()): max(row["activeUnits"] - row["consumedUnits"], 0)
        for tenant, rows in SAMPLE.seats.items()
        if tenant not in SAMPLE.without_role
        for row in rows
    }
    live = data.subscriptions[data.subscriptions["notAssignedFrom"] == "live"]
    each = live.drop_duplicates(["customerTenantId", "productId"])
    assert len(each) > 300
    for tenant, product, found in zip(each["customerTenantId"], each["productId"], each["notAssigned"], strict=True):
        assert found == spare[tenant, product]
    renewing = live[renewals.counted(live)]
    assert renewals.seats_at_risk(renewing) <= sum(spare.values())


def test_the_commercial_counts_stand_in_for_a_customer_that_refuses(data):
    (refusing,) = SAMPLE.without_role
    (unread,) = data.unread
    assert (unread.tenant, unread.collection, unread.refused) == (refusing, "seats", True)
    assert data.names("seats") == [unread.name]
    own = data.subscriptions[data.subscriptions["customerTenantId"] == refusing]
    assert set(own["notAssignedFrom"].dropna()) == {"commercial"}


def test_services_and_channels_are_those_of_the_counts(data):
    assert set(data.channels) <= {row["channel"] for row in SAMPLE.commercial_deployment}
    assert set(data.services) <= {row["serviceCode"] for row in SAMPLE.commercial_deployment}
    assert data.processed == (None, None)
    assert data.customers == 40


def test_a_book_has_no_trace_of_another_customer(data):
    own = data.subscriptions["customerTenantId"].iloc[0]
    part = dataset.of_customers(data, Customers(frozenset([own])))
    assert set(part.subscriptions["customerTenantId"]) == {own}
    assert part.customers == 1
    assert part.unread == ()
    assert all(set(answer.frame["customerTenantId"]) <= {own} for answer in part.answers)
    assert all(answer.pages is None and not answer.of_customers.unread for answer in part.answers)
    assert dataset.of_customers(data, NOBODY).subscriptions.empty


def test_what_the_counts_do_not_tell_comes_along_to_those_whose_it_may_be(tmp_path):
    first, *others = SAMPLE.commercial_deployment
    own, other = (
        first["customerTenantId"],
        next(iter({row["customerTenantId"] for row in others} - {first["customerTenantId"]})),
    )
    of_customers = {name: getattr(SAMPLE, name) for name in ("customers", "subscriptions", "seats", "catalog")}
    spoiled = Partner(commercial_deployment=[{**first, "licensesSold": -5}, *others], **of_customers)
    with connection.invented(spoiled) as client:
        account = lake(tmp_path)
        collect.run(client, account, lambda _: None)
        for found in (dataset.fetch(client, lambda _: None), dataset.kept(account)):
            (row,) = found.counts_unread.rows
            assert row["productId"] == texts.key(first["productId"])
            assert dataset.of_customers(found, Customers(frozenset([own.upper()]))).counts_unread.rows == (row,)
            assert not dataset.of_customers(found, Customers(frozenset([other.upper()]))).counts_unread


def test_a_partner_without_customers_has_no_subscriptions():
    found = fetched(partner(as_of=date(2026, 3, 31), customers=0))
    assert found.subscriptions.empty
    assert renewals.totals(found.subscriptions, found.read_at, 30) == renewals.Totals(*[0] * 10)


def test_without_one_readable_customer_there_is_an_error():
    with pytest.raises(PartnerCenterError):
        fetched(Partner(customers=SAMPLE.customers[:3]))


def test_seats_alone_are_kept_for_pages_that_stand_on_them():
    found = fetched(Partner(customers=SAMPLE.customers[:3], seats=SAMPLE.seats))
    assert found.subscriptions.empty
    assert list(found.troubles) == [SUBSCRIPTIONS.name]
    assert len(found.answer(SEATS).frame) > 10


# The reading that is at hand

CUSTOMERS = 4
CALLS = 1 + 2 * CUSTOMERS  # the list of customers, then two for each
AS_OFTEN_BUT_SOONER = RetryPolicy(first_wait=0.001)  # a call that fails is tried as often as in the program


class Account:
    """An account of an emulator, its history, and a clock that the test moves."""

    def __init__(self, settings, client, emulator):
        self.settings, self.client, self.emulator = settings, client, emulator
        self.now = datetime.now(UTC)

    def collect(self):
        collect.run(self.client, history.open(self.settings), lambda _: None, country="US", clock=lambda: self.now)

    def current(self, last=None, *, newer_than=None):
        """The reading, and how many calls about customers it took."""
        before = len(self.emulator.requests)
        settings, client = self.settings, self.client
        found = dataset.current(settings, client, lambda _: None, last, newer_than=newer_than, clock=lambda: self.now)
        return found, sum("/customers" in each.target for each in self.emulator.requests[before:])


@pytest.fixture(scope="module")
def service():
    """The emulator of a partner with few customers, its address, and a client of it."""
    emulator = Emulator(partner(as_of=date(2026, 3, 31), customers=CUSTOMERS))
    with (
        serving(emulator) as address,
        Client(address, Ready(DEMO_TOKEN), AS_OFTEN_BUT_SOONER) as client,
    ):
        yield emulator, address, client


def account_of(service, folder):
    emulator, address, client = service
    settings = Settings(
        partner_center_base_url=address, partner_center_access_token=DEMO_TOKEN, history_url=str(folder)
    )
    return Account(settings, client, emulator)


@pytest.fixture(scope="module")
def collected(service, tmp_path_factory):
    """An account after one run of collect, which tests have copies of."""
    account = account_of(service, tmp_path_factory.mktemp("collected"))
    account.collect()
    return account


@pytest.fixture(scope="module")
def read(service, tmp_path_factory):
    """What was read of everybody, by an account without a history."""
    found, calls = account_of(service, tmp_path_factory.mktemp("nothing")).current()
    assert calls == CALLS
    return found


@pytest.fixture
def account(service, tmp_path):
    """An account without a history."""
    yield account_of(service, tmp_path)
    service[0].heal()


@pytest.fixture
def just_collected(account, collected, tmp_path):
    """The account at the moment of its first run of collect."""
    shutil.copytree(collected.settings.history_url, tmp_path, dirs_exist_ok=True)
    account.now = collected.now
    return account


def test_without_a_history_everything_is_asked_once_a_day(account, read):
    assert account.current(read) == (read, 0)
    account.now += timedelta(hours=25)
    assert account.current(read)[1] == CALLS


def test_a_reading_of_the_history_is_the_same_and_takes_no_call(just_collected):
    found, calls = just_collected.current()
    assert calls == 0
    asked = fetched(just_collected.emulator.source)
    columns = [
        "id",
        "productId",
        "quantity",
        "seatsAtRisk",
        "notAssigned",
        "notAssignedFrom",
        "service",
        "channel",
        "end",
    ]
    pd.testing.assert_frame_equal(
        found.subscriptions[columns].sort_values("id", ignore_index=True),
        asked.subscriptions[columns].sort_values("id", ignore_index=True),
    )
    assert found.unread == asked.unread
    assert found.customers == CUSTOMERS
    assert found.read_at == just_collected.now
    live, live_asked = live_seats.deployment(found), live_seats.deployment(asked)
    assert measures.total(live.facts) == measures.total(live_asked.facts)


def test_a_newer_reading_of_the_history_takes_the_place_of_the_last_one(account, read):
    account.now += timedelta(hours=1)
    account.collect()
    found, calls = account.current(read)
    assert calls == 0
    assert found.read_at == account.now
    assert account.current(found) == (found, 0)


def test_an_old_reading_of_the_history_is_not_shown(just_collected):
    just_collected.now += timedelta(hours=25)
    assert just_collected.current()[1] == CALLS


def test_whoever_asks_for_it_gets_a_new_reading(just_collected):
    found, _ = just_collected.current()
    assert just_collected.current(found, newer_than=datetime.now(UTC))[1] == CALLS


def test_what_the_history_got_after_somebody_asked_for_it_is_new_enough(account, read):
    failed_at = datetime.now(UTC)
    account.now = failed_at + timedelta(minutes=5)
    account.collect()
    found, calls = account.current(read, newer_than=failed_at)
    assert (found.read_at, calls) == (account.now, 0)


@pytest.mark.parametrize("status", [403, 503])
@pytest.mark.parametrize("shown", [True, False], ids=["of what is shown", "of the history"])
def test_of_who_cannot_be_read_any_more_the_last_reading_counts(shown, status, account, request):
    if shown:
        before = request.getfixturevalue("read")
    else:
        request.getfixturevalue("just_collected")
        before = dataset.kept(history.open(account.settings))
    tenant = before.answer(SEATS).frame["customerTenantId"].iloc[-1]
    account.emulator.always(failing(status), where=f"{tenant.lower()}/subscribedskus")
    after, _ = account.current(before if shown else None, newer_than=datetime.now(UTC))
    (one,) = [one for one in after.unread if one.last_read]
    assert (one.tenant, one.collection, one.refused) == (tenant, SEATS.name, status == 403)
    assert one.last_read == before.seats_read_at
    then, now = map(live_seats.deployment, (before, after))
    assert measures.total(now.facts) == measures.total(then.facts)
    assert now.live
    assert (now.live.unread, now.live.earlier) == (len(after.names(SEATS.name)), 1)
    dates = now.facts.frame.groupby("customerTenantId", observed=True)["processedDateTime"].unique()
    assert {key: list(at) for key, at in dates.items()} == {
        key: [one.last_read if key == tenant else after.seats_read_at] for key in dates.index
    }
    assert now.answer.missing == 0
    again, _ = account.current(after, newer_than=datetime.now(UTC))
    assert [one.last_read for one in again.unread] == [one.last_read for one in after.unread]
    sources = after.subscriptions[after.subscriptions["customerTenantId"] == tenant]["notAssignedFrom"].dropna()
    assert {*sources} <= {"commercial"} if status == 403 else "live" in {*sources}


@pytest.mark.parametrize("status", [403, 503])
def test_also_where_nobodys_seats_can_be_read_any_more(status, account, read):
    account.emulator.always(failing(status), where="/subscribedskus")
    after, _ = account.current(read, newer_than=datetime.now(UTC))
    then, now = map(live_seats.deployment, (read, after))
    assert measures.total(now.facts) == measures.total(then.facts)
    assert (now.newest, len(after.names(SEATS.name))) == (then.newest, CUSTOMERS)
    assert [*after.troubles] == [SEATS.name]
    assert {*after.subscriptions["notAssignedFrom"].dropna()} == {"commercial"}


@pytest.mark.parametrize("status", [403, 503])
def test_so_it_is_where_the_last_run_of_collect_could_read_nobodys(status, just_collected):
    before, _ = just_collected.current()
    just_collected.now += timedelta(hours=1)
    just_collected.emulator.always(failing(status), where="/subscribedskus")
    just_collected.collect()
    after, calls = just_collected.current()
    then, now = map(live_seats.deployment, (before, after))
    assert calls == 0
    assert now.live
    assert measures.total(now.facts) == measures.total(then.facts)
    assert (now.live.unread, now.live.earlier) == (CUSTOMERS, CUSTOMERS - len(before.unread))


def test_counts_of_the_history_stand_in_where_the_newest_answer_has_none(just_collected, monkeypatch):
    before, _ = just_collected.current()
    just_collected.now += timedelta(hours=1)
    source = just_collected.emulator.source
    of_customers = {name: getattr(source, name) for name in ("customers", "subscriptions", "seats", "catalog")}
    empty = Partner(**of_customers, without_role=source.without_role)
    monkeypatch.setattr(just_collected.emulator, "source", empty)  # until the end of the test, as others share it
    just_collected.collect()
    after, _ = just_collected.current()
    assert after.read_at > before.read_at
    assert after.counts_as_of == before.counts_as_of
    assert after.services == before.services
    later = just_collected.now + timedelta(hours=1)
    asked, calls = just_collected.current(after, newer_than=later)
    assert calls == CALLS
    assert (asked.counts_as_of, asked.services) == (before.counts_as_of, before.services), "read by the page itself"
    sources = ["id", "service", "productId", "notAssignedFrom"]
    then, now = (data.subscriptions[sources].sort_values("id", ignore_index=True) for data in (before, asked))
    assert_frame_equal(now, then)
    again, _ = just_collected.current(asked, newer_than=later)
    assert again.counts_as_of == before.counts_as_of


def test_a_history_that_cannot_be_read_is_no_hindrance(account, tmp_path):
    (tmp_path / "file").write_text("in the way")
    account.settings = account.settings.model_copy(update={"history_url": str(tmp_path / "file")})
    assert account.current()[1] == CALLS


def test_a_file_of_the_history_that_was_changed_is_not_shown(just_collected, tmp_path):
    for file in tmp_path.rglob("*subscriptions*/**/*.parquet"):
        file.write_bytes(b"nothing of the kind")
    assert just_collected.current()[1] == CALLS


# The whole way, from the bytes of the service to what is on the page


def outcome(row):
    """The contract's table, line by line, for rows as they are sent below."""
    if row["status"] in ("expired", "disabled", "deleted"):
        return "none"
    end = row.get("commitmentEndDateTime") or row.get("commitmentEndDate")
    if not end or end.startswith("9999"):
        return "noEnd"
    actions = sorted(row["scheduledActions"] or [], key=lambda action: (action.get("effectiveDate") or end)[:10])
    if actions:
        words = {"Cancel": "ends", "RenewToExtendedServiceTerm": "extendedServiceTerm", "RenewToNewTerm": "renews"}
        return words.get(actions[0]["actionType"], "other")
    if row["autoRenewEnabled"]:
        return "renews"
    old = row["effectiveStartDate"] < "2025-04-01" or end < "2026-05-04"
    return "expires" if row["isTrial"] or row["productType"]["id"] != "OnlineServicesNCE" or old else "undecided"


def sent(generator, number):
    """A random subscription as Microsoft sends it, its dates around those that matter."""
    start = generator.choice(["2025-03-31", "2025-04-01", "2026-01-01"]) + "T00:00:00Z"
    end = generator.choice(["2026-05-03", "2026-05-04", "2026-12-31", "9999-12-10", None])
    words = ["Cancel", "RenewToNewTerm", "RenewToExtendedServiceTerm", "Transition", "WordOfTomorrow"]
    days = generator.sample(["2026-11-30", "2026-12-30", "2027-01-15", None], 2)
    actions = [
        {"actionType": generator.choice(words), "effectiveDate": day and f"{day}T00:00:00Z"}
        for day in days[: generator.choice([0, 0, 1, 2])]
    ]
    return {
        "id": f"s{number:04}",
        "offerName": "Office 365 E3",
        "quantity": generator.randrange(1, 60),
        "status": generator.choice(["active", "active", "suspended", "expired", "disabled", "deleted", "pending"]),
        "isTrial": generator.random() < 0.1,
        "autoRenewEnabled": generator.choice([True, False, None]),
        "billingType": "license",
        "productType": {"id": generator.choice(["OnlineServicesNCE", "OnlineServicesNCE", "License"])},
        "effectiveStartDate": start,
        "commitmentEndDate": end and f"{end}T00:00:00Z",
        "commitmentEndDateTime": end and generator.choice([None, f"{end}T23:59:59Z"]),
        "cancellationAllowedUntilDate": None,
        "scheduledActions": generator.choice([actions, actions or None]),
    }


def test_an_oracle_tells_the_same_outcomes_from_the_bytes_of_the_service():
    generator = random.Random(2026)
    rows = [sent(generator, number) for number in range(1000)]
    (customer,) = SAMPLE.customers[:1]
    tenant = customer["id"].upper()
    data = fetched(Partner(customers=[customer], subscriptions={tenant: rows}, seats={tenant: []}))
    found = dict(zip(data.subscriptions["id"], data.subscriptions["renewalOutcome"], strict=True))
    assert found == {row["id"]: outcome(row) for row in rows}
    assert len(set(found.values())) == 8


def test_of_who_is_in_the_list_of_customers_no_more_nothing_is_known_and_of_who_is_there_and_has_nothing_zero(read):
    gone, there = "0" * 8, read.rows(catalog.CUSTOMERS)["customerTenantId"].iloc[0]
    without = replace(
        read,
        subscriptions=read.subscriptions[read.subscriptions["customerTenantId"] != there],
        answers=tuple(
            replace(answer, frame=answer.frame[answer.frame["customerTenantId"] != there])
            if answer.collection in (SUBSCRIPTIONS, SEATS)
            else answer
            for answer in read.answers
        ),
    )
    counts = read.rows(catalog.COMMERCIAL_DEPLOYMENT).head(0)
    lost, empty = (dataset.of_one(without, tenant, counts) for tenant in (gone, there))
    assert (lost.subscriptions, lost.seats) == (None, None)
    assert {(one.collection, one.left) for one in lost.unread} == {("subscriptions", True), ("seats", True)}
    assert empty.subscriptions is not None
    assert empty.seats is not None
    assert (len(empty.subscriptions), len(empty.seats), empty.unread) == (0, 0, ())
