"""The command line, as a program: stdout is the result, stderr everything else, the exit code says which."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data_access.__main__ import main
from data_access.emulator import DEMO_TOKEN, Emulator, answer, documented, gateway, not_json, throttled
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import sample_of
from tests.partner import ALFA, BRAVO, customer, refused, sku, subscription
from tests.partner import Partner as Customers
from tests.partner import serving as served
from tests.rows import rows_of

pytestmark = pytest.mark.program

ROOT = Path(__file__).parents[2]
CUSTOMER = "0112a436-b14e-4888-967b-ca4bb2cf1234"
HEADER = "serviceName,channel,licensesSold,proratedDeploymentPercent,processedDateTime"
COMMERCIAL_HEADER = (
    "processedDateTime,serviceCode,serviceName,channel,customerTenantId,customerName,productId,productName,"
    "licensesDeployed,licensesSold"
)


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in this process, as the interpreter would."""

    def run(*arguments, **environ):
        for name, value in {"PARTNER_CENTER_TRIES": "1", "PARTNER_CENTER_RETRY_SECONDS": "5", **environ}.items():
            monkeypatch.setenv(name, value)
        try:
            code = main([*arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def ask(serve, run):
    """Run a command against an emulator."""

    def ask(emulator, *arguments, token=DEMO_TOKEN):
        return run(*arguments, PARTNER_CENTER_BASE_URL=serve(emulator), PARTNER_CENTER_ACCESS_TOKEN=token)

    return ask


@pytest.fixture
def ask_partner(run):
    """Run a command against a partner that has customers."""
    with ExitStack() as stack:

        def ask_partner(partner, *arguments):
            url = stack.enter_context(served(partner))
            return run(*arguments, PARTNER_CENTER_BASE_URL=url, PARTNER_CENTER_ACCESS_TOKEN="secret")

        yield ask_partner


def test_it_is_a_program():
    command = [sys.executable, "-m", "data_access", "fetch", "deployment"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.startswith(f"{HEADER}\n".encode())


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_every_text_is_printed_as_microsoft_sent_it(kind, ask):
    sent = [("O365", "Reseller"), ("o365", "reseller"), ("STRASSE", "x "), ("straße", "X")]
    rows = rows_of(DEPLOYMENT, [{"serviceName": service, "channel": channel} for service, channel in sent])
    done = ask(Emulator(Partner(deployment=rows)), "fetch", "deployment", "--format", kind)
    printed = csv.DictReader(io.StringIO(done.stdout)) if kind == "csv" else json.loads(done.stdout)
    assert [(row["serviceName"], row["channel"]) for row in printed] == sent


def test_the_documented_sample_is_printed_as_the_contract_says(ask):
    done = ask(Emulator(documented()), "fetch", "deployment")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        HEADER,
        "crm,reseller,343,0.0,2017-03-10T00:00:00Z",
        "o365,reseller,4464,1.0,2017-03-14T03:25:16.36Z",
    ]
    assert done.stderr == ""


def test_unknown_fields_follow_the_known_ones(ask):
    rows = rows_of(DEPLOYMENT, [{"region": "EMEA", "attributes": {"objectType": "x"}}])
    done = ask(Emulator(Partner(deployment=rows)), "fetch", "deployment")
    assert done.stdout.splitlines()[0] == f"{HEADER},region"


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_field_that_is_there_in_two_spellings_keeps_both_apart(kind, ask):
    rows = rows_of(DEPLOYMENT, [{"licensesSold": 474, "LicensesSold": 7, "Snapshot": "x"}])
    done = ask(Emulator(Partner(deployment=rows)), "fetch", "deployment", "--format", kind)
    (row,) = csv.DictReader(io.StringIO(done.stdout)) if kind == "csv" else json.loads(done.stdout)
    assert (str(row["licensesSold"]), row["LicensesSold (as sent)"], row["Snapshot"]) == ("474", "7", "x")
    assert "LicensesSold" not in row


def test_json_is_the_same_rows(ask):
    done = ask(Emulator(documented()), "fetch", "deployment", "--format", "json")
    assert json.loads(done.stdout)[1] == {
        "serviceName": "o365",
        "channel": "reseller",
        "licensesSold": 4464,
        "proratedDeploymentPercent": 1.0,
        "processedDateTime": "2017-03-14T03:25:16.36Z",
    }


def test_an_empty_answer_is_a_header_and_done(ask):
    done = ask(Emulator(Partner()), "fetch", "deployment")
    assert (done.returncode, done.stdout) == (0, f"{HEADER}\n")
    assert done.stderr == "Microsoft returned no rows.\n"


def test_rows_set_aside_are_named_on_stderr(ask):
    rows = rows_of(DEPLOYMENT, [{}, {"licensesSold": "many"}])
    done = ask(Emulator(Partner(deployment=rows)), "fetch", "deployment")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2
    assert "Row 2 set aside: licensesSold is not a number" in done.stderr


def test_commercial_rows_of_one_customer(ask):
    emulator = Emulator(documented())
    done = ask(emulator, "fetch", "commercial-deployment", "--customer", CUSTOMER)
    assert done.stdout.splitlines()[0] == COMMERCIAL_HEADER
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["customerTenantId"] for row in rows} == {CUSTOMER.upper()}


def test_without_settings_the_sample_is_printed_and_said_to_be_one(run):
    done = run("fetch", "deployment")
    assert done.returncode == 0
    assert "Sample data" in done.stderr
    assert done.stdout.startswith(f"{HEADER}\n")


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (answer(400), 2),
        (answer(401), 3),
        (answer(403), 4),
        (gateway(), 5),
        (throttled("0"), 5),
        (not_json(), 6),
    ],
)
def test_a_failure_has_its_code_and_leaves_stdout_empty(trouble, code, ask):
    emulator = Emulator(documented())
    emulator.always(trouble)
    done = ask(emulator, "fetch", "deployment")
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_the_operator_finds_the_ids_on_stderr_and_the_token_nowhere(ask):
    done = ask(Emulator(documented()), "fetch", "deployment", token="hush-hush")
    assert done.returncode == 3
    assert "MS-RequestId" in done.stderr
    assert "MS-CorrelationId" in done.stderr
    assert "hush" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fetch"],
        ["fetch", "everything"],
        ["fetch", "deployment", "--format", "xml"],
        ["fetch", "customer-deployment"],
        ["fetch", "customer-deployment", "--customer", "me"],
        ["fetch", "deployment", "--customer", CUSTOMER],
        ["emulate", "--port", "99999"],
        ["prune", "--keep-days", "0"],
        ["prune", "--keep-days", "1000000000000"],
    ],
)
def test_bad_usage_is_2(arguments, run):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_bad_settings_are_2(run):
    done = run("fetch", "deployment", PARTNER_CENTER_BASE_URL="http://partner.example", PARTNER_CENTER_ACCESS_TOKEN="x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "PARTNER_CENTER_BASE_URL" in done.stderr


def test_a_registration_without_a_sign_in_is_3(run):
    names = ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET")
    done = run("fetch", "deployment", **{f"PARTNER_CENTER_{name}": CUSTOMER for name in names})
    assert (done.returncode, done.stdout) == (3, "")


@pytest.mark.parametrize(
    ("arguments", "streams", "code", "said"),
    [
        ("fetch commercial-deployment", "2>/dev/null | head -1", 0, ""),
        ("fetch commercial-deployment", ">&-", 2, "The result cannot be written: stdout is closed.\n"),
        ("collect", "<&- >&- 2>&-", 0, ""),
        ("collect", "2>&1 | true", 0, ""),
    ],
)
def test_streams_that_nobody_reads(arguments, streams, code, said, tmp_path):
    command = f"set -o pipefail; {sys.executable} -m data_access {arguments} {streams}"
    sample_of(tmp_path, datetime.now(UTC))
    environ = os.environ | {"HISTORY_URL": str(tmp_path)}
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stderr.endswith(said)
    assert "Traceback" not in done.stderr
    assert len([*tmp_path.glob("sample/runs/*.json")]) == (arguments == "collect")


def test_a_result_that_cannot_be_written_is_a_failure_of_commands_that_only_print(run, monkeypatch, tmp_path):
    sample_of(tmp_path, datetime.now(UTC))
    monkeypatch.setattr("sys.stdout", None)  # as without a console
    for command, code in (("status", 2), ("verify", 0), ("compact", 0)):
        done = run(command, HISTORY_URL=str(tmp_path))
        assert done.returncode == code, command
        assert "The result cannot be written: stdout is closed." in done.stderr


def test_a_folder_that_is_gone_is_named(run, monkeypatch, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    done = run("status")
    assert (done.returncode, done.stdout) == (2, "")
    assert "The working folder is not there any more." in done.stderr


def test_a_path_that_is_no_utf_8_is_a_sentence(run, monkeypatch, tmp_path):
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    assert "HISTORY_URL holds" in run("status", HISTORY_URL=str(folder)).stderr
    monkeypatch.chdir(folder)
    done = run("status", HISTORY_URL="history")
    assert done.returncode == 2
    assert "its path holds bytes that are no UTF-8" in done.stderr
    done = run("fetch", "commercial-deployment", "--filter", "caf\udce9")
    assert done.returncode == 2
    assert "--filter holds bytes that are no UTF-8" in done.stderr


def test_an_interrupt_that_a_library_makes_something_else_of_is_an_interrupt(run, monkeypatch):
    def interrupted(_options):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)  # where the interrupt comes
        except KeyboardInterrupt:
            raise ImportError("initialisation failed") from None

    monkeypatch.setattr("data_access.commands.fetch.run", interrupted)  # else the moment is left to chance
    done = run("fetch", "deployment")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


def test_an_interrupt_that_comes_where_nothing_can_be_raised_is_an_interrupt_a_moment_later(run, monkeypatch):
    class Finalized:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def interrupted(_options):
        Finalized()
        time.sleep(10)  # which the interrupt cuts short

    monkeypatch.setattr("data_access.commands.fetch.run", interrupted)  # else the moment is left to chance
    begun = time.monotonic()
    done = run("fetch", "deployment")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")
    assert time.monotonic() - begun < 5


# The collections of each customer


def two_customers(**troubles):
    subscriptions, seats = {ALFA: [subscription()], BRAVO: []}, {ALFA: [sku()], BRAVO: [sku()]}
    return Customers([customer(ALFA), customer(BRAVO)], subscriptions, seats, troubles=troubles)


SUBSCRIPTIONS_HEADER = (
    "customerTenantId,customerName,id,parentSubscriptionId,offerId,offerName,productId,quantity,status,isTrial,"
    "autoRenewEnabled,termDuration,billingCycle,effectiveStartDate,commitmentEndDate,commitmentEndDateTime,"
    "cancellationAllowedUntilDate,scheduledActions,renewalOutcome,"
)
SEATS_HEADER = (
    "customerTenantId,customerName,productId,productName,skuPartNumber,targetType,capabilityStatus,activeUnits,"
    "consumedUnits,availableUnits,warningUnits,suspendedUnits,totalUnits,"
)


@pytest.mark.parametrize(
    ("collection", "header"),
    [
        ("customers", "customerTenantId,customerName,domain,relationshipToPartner,"),
        ("subscriptions", SUBSCRIPTIONS_HEADER),
        ("seats", SEATS_HEADER),
    ],
)
def test_the_collections_of_each_customer_have_their_columns_first(collection, header, ask_partner):
    done = ask_partner(two_customers(), "fetch", collection)
    assert done.returncode == 0
    assert done.stdout.startswith(header)


def test_cells_are_as_they_were_sent_and_ids_in_capitals(ask_partner):
    done = ask_partner(two_customers(), "fetch", "subscriptions", "--customer", ALFA.upper())
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    sent = subscription()
    as_sent = ("id", "offerId", "creationDate", "commitmentEndDateTime", "cancellationAllowedUntilDate", "termDuration")
    assert {name: row[name] for name in as_sent} == {name: sent[name] for name in as_sent}
    assert (row["customerTenantId"], row["customerName"]) == (ALFA.upper(), "Alfa Ltd")
    assert (row["isTrial"], row["autoRenewEnabled"], row["quantity"]) == ("false", "true", "15")
    assert (row["scheduledActions"], row["parentSubscriptionId"], row["productId"]) == ("", "", "")
    for name in ("productType", "links", "attributes"):  # lists and objects, and those that we have no use for
        assert json.loads(row[name]) == sent[name]


def test_who_refuses_is_named_and_is_no_failure(ask_partner):
    done = ask_partner(two_customers(**{BRAVO: refused(403)}), "fetch", "seats")
    assert done.returncode == 0
    assert BRAVO.upper() in done.stderr
    assert [row["customerName"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["Alfa Ltd"]


@pytest.mark.parametrize(("status", "code"), [(503, 5), (400, 5), (409, 5), (401, 3)])
def test_who_fails_twice_leaves_stdout_empty(status, code, ask_partner):
    done = ask_partner(two_customers(**{BRAVO: refused(status)}), "fetch", "seats")
    assert (done.returncode, done.stdout) == (code, "")
    if code == 5:
        assert f"1 customer not read: no usable answer, a second time: {BRAVO.upper()}\n" in done.stderr
        assert "1 customer gave no usable answer: " in done.stderr
    if status in (400, 409):
        assert f"did not accept the request (HTTP status {status}, code 900150)." in done.stderr
        assert "left" not in done.stderr


def test_where_all_refuse_the_account_is_not_permitted_and_all_are_named(ask_partner):
    done = ask_partner(two_customers(subscribedskus=refused(403)), "fetch", "seats")
    assert (done.returncode, done.stdout) == (4, "")
    assert f"2 customers refused: this account has no role there: {ALFA.upper()}, {BRAVO.upper()}\n" in done.stderr


def test_where_one_refuses_and_the_other_fails_both_are_named(ask_partner):
    done = ask_partner(two_customers(**{ALFA: refused(403), BRAVO: refused(400)}), "fetch", "seats")
    assert (done.returncode, done.stdout) == (5, "")
    assert f"1 customer refused: this account has no role there: {ALFA.upper()}\n" in done.stderr
    assert f"1 customer not read: no usable answer, a second time: {BRAVO.upper()}\n" in done.stderr


def test_one_customer_is_read_where_the_list_may_not_be(ask_partner):
    listing = Customers(seats={ALFA: [sku()]})
    listing.troubles["/v1/customers"] = lambda _: (
        None if "subscribedskus" in listing.calls[-1].path else refused(403)(1)
    )
    done = ask_partner(listing, "fetch", "seats", "--customer", ALFA)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert (row["customerTenantId"], row["customerName"], row["activeUnits"]) == (ALFA.upper(), "", "5")
