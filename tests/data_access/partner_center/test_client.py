"""The client against the emulator, over real HTTP."""

import time
import uuid

import pytest

from data_access import Client, Query, errors
from data_access.auth.credentials import Ready
from data_access.emulator import (
    DEMO_TOKEN,
    Emulator,
    documented,
    failing,
    gateway,
    redirected,
    reset,
    shaped,
    slow,
    throttled,
)
from data_access.emulator.sample import Partner
from data_access.partner_center.answers import Step
from data_access.partner_center.catalog import COLLECTIONS, COMMERCIAL_DEPLOYMENT, CUSTOMER_DEPLOYMENT, DEPLOYMENT
from data_access.partner_center.retry import RetryPolicy
from tests.rows import rows_of

PATIENCE = RetryPolicy(tries=3, budget=10, timeout=2, first_wait=0.02)
ROWS = rows_of(DEPLOYMENT, [{}, {"channel": "direct"}])


@pytest.fixture
def emulator():
    return Emulator(Partner(deployment=ROWS))


@pytest.fixture
def client(emulator, connect):
    return connect(emulator, PATIENCE)


def headers_of(asked):
    return {name.lower(): value for name, value in asked.headers.items()}


def test_the_documented_sample_arrives_whole(connect):
    client = connect(Emulator(documented()), PATIENCE)
    frame = client.fetch(DEPLOYMENT).frame
    assert list(frame["serviceName"]) == ["crm", "o365"]
    assert list(frame["licensesSold"]) == [343, 4464]
    assert list(frame["proratedDeploymentPercent"]) == [0.0, 1.0]
    assert [str(date) for date in frame["processedDateTime"]] == [
        "2017-03-10 00:00:00+00:00",
        "2017-03-14 03:25:16.360000+00:00",
    ]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_collection_is_fetched(name, connect):
    partner = documented()
    client = connect(Emulator(partner), PATIENCE)
    collection = COLLECTIONS[name]
    customer = next(iter(partner.customer_deployments)) if collection.per_customer else None
    found = client.fetch(collection, Query(customer))
    assert len(found.frame) == found.announced
    assert list(found.frame.columns)[: len(collection.columns)] == collection.columns


def test_each_request_carries_new_ids_and_the_token(client, emulator):
    client.fetch(DEPLOYMENT)
    client.fetch(DEPLOYMENT)
    headers = [headers_of(asked) for asked in emulator.requests]
    for name in ("ms-requestid", "ms-correlationid"):
        assert len({uuid.UUID(sent[name]) for sent in headers}) == 2
    assert {sent["authorization"] for sent in headers} == {f"Bearer {DEMO_TOKEN}"}
    assert {sent["accept"] for sent in headers} == {"application/json"}


def test_a_netrc_entry_does_not_replace_the_token(client, emulator, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client.fetch(DEPLOYMENT)
    assert {name.lower(): value for name, value in emulator.requests[0].headers.items()}[
        "authorization"
    ] == "Bearer sample"


def test_unreadable_rows_are_set_aside_and_the_rest_is_there(connect):
    rows = [*ROWS, {"serviceName": "crm"}, 7]
    found = connect(Emulator(Partner(deployment=rows))).fetch(DEPLOYMENT)
    assert len(found.frame) == 2
    assert [row.position for row in found.set_aside] == [3, 4]


def test_an_answer_without_one_readable_row_is_refused(connect):
    with pytest.raises(errors.Unreadable, match="None of the 2 rows"):
        connect(Emulator(Partner(deployment=[{}, 7]))).fetch(DEPLOYMENT)


def test_an_empty_answer_is_an_answer(connect):
    assert connect(Emulator(Partner())).fetch(DEPLOYMENT).frame.empty


def test_announced_rows_that_did_not_come_are_counted(client, emulator):
    emulator.next(shaped({"totalCount": 5, "items": ROWS}))
    assert client.fetch(DEPLOYMENT).missing == 3


# What becomes of each status, body and pace is in test_session.py; what becomes of pages is in test_reading.py.


def test_passing_trouble_is_waited_out_and_told(client, emulator):
    emulator.next(gateway())
    told: list[Step] = []
    assert len(client.fetch(DEPLOYMENT, progress=told.append).frame) == 2
    first, second = emulator.requests
    assert second.at >= first.at + PATIENCE.first_wait
    assert told[0].text.startswith("Partner Center did not answer: try 2 of 3 in ")


def test_lasting_trouble_is_tried_as_often_as_said(client, emulator):
    emulator.always(gateway())
    with pytest.raises(errors.Unavailable):
        client.fetch(DEPLOYMENT)
    assert len(emulator.requests) == 3


def test_a_silent_service_is_given_up(emulator, connect):
    emulator.always(slow(30))
    client = connect(emulator, RetryPolicy(tries=2, budget=10, timeout=0.2, first_wait=0.02))
    with pytest.raises(errors.Unavailable, match="in time"):
        client.fetch(DEPLOYMENT)


def test_a_request_without_an_answer_is_repeated_under_the_same_id(client, emulator):
    emulator.next(reset()).next(gateway())
    client.fetch(DEPLOYMENT)
    first, second, third = (headers_of(asked)["ms-requestid"] for asked in emulator.requests)
    assert first == second
    assert second != third


def test_a_wait_beyond_the_budget_is_not_begun(client, emulator):
    emulator.always(throttled("57"))
    begun = time.monotonic()
    with pytest.raises(errors.Throttled) as raised:
        client.fetch(DEPLOYMENT)
    assert time.monotonic() - begun < 5
    assert raised.value.details.retry_after == 57
    assert len(emulator.requests) == 1


def test_nobody_listening_is_unavailable():
    with pytest.raises(errors.Unavailable, match="cannot be reached"):
        Client("http://127.0.0.1:9", Ready("x"), RetryPolicy(tries=1)).fetch(DEPLOYMENT)


def test_why_a_connection_failed_is_in_the_debug_log_and_for_whom_is_not(caplog):
    caplog.set_level("DEBUG", logger="data_access")
    customer = str(uuid.uuid4())
    with Client("http://127.0.0.1:9", Ready("x"), RetryPolicy(tries=1)) as client, pytest.raises(errors.Unavailable):
        client.fetch(CUSTOMER_DEPLOYMENT, Query(customer))
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("data_access")]
    assert any("ConnectionRefusedError" in line for line in logged)
    assert not any(customer in line or "127.0.0.1" in line for line in logged)


def test_a_redirect_to_another_host_never_gets_the_token(client, emulator, serve):
    elsewhere = Emulator(Partner(deployment=ROWS))
    emulator.always(redirected(f"{serve(elsewhere)}/v1/analytics/licenses/deployment"))
    with pytest.raises(errors.Unreadable, match="another host"):
        client.fetch(DEPLOYMENT)
    assert elsewhere.requests == []


def test_a_redirect_on_the_same_host_is_followed(client, emulator):
    emulator.next(redirected("/v1/analytics/licenses/deployment"))
    assert len(client.fetch(DEPLOYMENT).frame) == 2


@pytest.mark.parametrize("limit", [1, 3, 7, 10_000])
def test_every_commercial_row_comes_once(limit, connect):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"productName": f"P{number}"} for number in range(7)])
    emulator = Emulator(Partner(commercial_deployment=rows), page_limit=limit)
    found = connect(emulator).fetch(COMMERCIAL_DEPLOYMENT)
    assert list(found.frame["productName"]) == [f"P{number}" for number in range(7)]


@pytest.mark.parametrize("form", ["relative", "rooted", "absolute"])
def test_a_total_that_counts_only_the_page_loses_no_row(form, connect):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{"productName": f"P{number}"} for number in range(7)])
    emulator = Emulator(Partner(commercial_deployment=rows), page_limit=3, total_count="page", next_link=form)
    assert len(connect(emulator).fetch(COMMERCIAL_DEPLOYMENT).frame) == 7


def test_a_token_that_the_service_repeats_is_not_passed_on(connect):
    emulator = Emulator(Partner(), tokens={})
    emulator.always(failing(401, DEMO_TOKEN, f"Bearer {DEMO_TOKEN} is not known."))
    with pytest.raises(errors.SignInError) as raised:
        connect(emulator).fetch(DEPLOYMENT)
    assert DEMO_TOKEN not in str(raised.value.details.labelled())


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:abc/x", "http://127.0.0.1:99999/x", "http://[::1/x", "//evil.example"]
)
def test_a_redirect_nobody_can_read_is_refused(location, client, emulator):
    emulator.always(redirected(location))
    with pytest.raises(errors.Unreadable):
        client.fetch(DEPLOYMENT)


def test_a_service_that_repeats_itself_is_stopped(connect):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{}])
    emulator = Emulator(Partner())
    emulator.always(shaped({"Value": rows, "@nextLink": None, "TotalCount": 9}))
    with pytest.raises(errors.Unreadable, match="same page") as raised:
        connect(emulator).fetch(COMMERCIAL_DEPLOYMENT)
    assert raised.value.details.correlation_id == headers_of(emulator.requests[0])["ms-correlationid"]


def test_the_other_documented_prefix_is_tried(connect):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{}])
    emulator = Emulator(Partner(commercial_deployment=rows), prefixes=("/partner/v1",))
    assert len(connect(emulator).fetch(COMMERCIAL_DEPLOYMENT).frame) == 1


def test_an_unknown_customer_is_told(connect):
    client = connect(Emulator(documented()))
    with pytest.raises(errors.BadRequest):
        client.fetch(CUSTOMER_DEPLOYMENT, Query(str(uuid.uuid4())))
