"""`collect` as a command: a line for each collection, what is not well among them, and its exit codes."""

import json
from typing import Any

import pytest

from data_access.emulator import DEMO_TOKEN, answer, gateway, not_json
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import (
    COLLECTIONS,
    DEPLOYMENT,
    PER_CUSTOMER,
)
from tests.rows import rows_of

pytestmark = pytest.mark.program


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


def test_in_a_quiet_night_cron_has_nothing_to_mail_and_a_failure_is_said(command, emulator):
    tenant = emulator.source.customers[0]["id"]
    emulator.always(answer(403), where=f"{tenant}/subscribedskus")
    code, output, notes = command("collect")
    assert (code, "1 customer refused" in notes, "Live seats: 6 of 6 customers" in notes) == (0, True, True)
    code, output, notes = command("collect", "--quiet")
    assert (code, notes) == (0, "")
    assert "seats: 17 rows, the same as on" in output
    assert "1 customer refused" in command("status")[1]
    emulator.always(gateway(), where="licenses/usage")
    code, output, notes = command("collect", "--quiet")
    assert (code, output) == (5, "")
    assert "usage: not read: Something between here and Partner Center refused the call." in notes


@pytest.mark.parametrize(("trouble", "code"), [(answer(401), 3), (answer(403), 4), (gateway(), 5), (not_json(), 6)])
def test_a_failed_run_has_its_code_and_leaves_stdout_empty(trouble, code, command, emulator):
    emulator.always(trouble)
    ended, output, complaint = command("collect")
    assert (ended, output) == (code, "")
    assert "deployment: not read" in complaint
    assert "Traceback" not in complaint
    assert DEMO_TOKEN not in complaint


def test_one_customer_that_breaks_off_is_no_service_that_does_not_answer(command, emulator):
    tenants = [f"{digit * 8}-0000-4000-8000-000000000001" for digit in "ab"]
    customers = [{"id": each, "companyProfile": {"tenantId": each, "companyName": each[:1]}} for each in tenants]
    empty: dict[str, list[Any]] = {each.upper(): [] for each in tenants}
    emulator.source = Partner(customers=customers, subscriptions=empty, seats=empty)
    emulator.always(gateway(), where=f"{tenants[1]}/subscriptions")
    ended, output, complaint = command("collect")
    assert (ended, output) == (5, "")
    assert "subscriptions: 1 customer gave no usable answer: " in complaint
    assert "is not answering" not in complaint


def test_where_all_customers_refuse_they_are_named(command, emulator):
    emulator.always(answer(403), where="/subscribedskus")
    ended, output, complaint = command("collect")
    assert (ended, output) == (4, "")
    assert "seats: 6 customers refused: this account has no role there: " in complaint
    assert all(customer["id"].upper() in complaint for customer in emulator.source.customers)


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


def test_a_service_that_lost_one_of_its_channels_is_named_with_it(command, emulator):
    rows = [{"channel": "reseller"}, {"channel": "direct"}, {"serviceName": "crm"}]
    emulator.source = Partner(deployment=rows_of(DEPLOYMENT, rows))
    command("collect")
    emulator.source = Partner(deployment=rows_of(DEPLOYMENT, rows[1:]))
    assert "UTC; gone: Microsoft 365 through Reseller\n" in command("collect")[1]
    loss = json.loads(command("status", "--format", "json")[1])["collections"]["deployment"]["loss"]
    assert (loss["servicesGone"], loss["channelsGone"]) == ([], [{"service": "o365", "channel": "reseller"}])


def test_an_answer_without_rows_is_no_failure_and_says_what_is_gone(command, emulator):
    assert "not well" not in command("collect")[2]
    rows = emulator.source.commercial_deployment
    customers, sold = 6, sum(row["licensesSold"] for row in rows)
    services = sorted({row["serviceCode"] for row in rows})
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
    assert loss["servicesGone"] == services
    assert "; gone:" not in command("status")[1], "where nothing is left, that says it all"
