"""`status`: how old the figures are per service, and what failed last and why."""

import json
from datetime import UTC, date, datetime

import pytest

from data_access.emulator import gateway
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    DEPLOYMENT,
)
from tests.rows import rows_of

pytestmark = pytest.mark.program


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


def test_what_a_terminal_would_obey_is_not_printed(command, emulator):
    emulator.source = Partner(deployment=rows_of(DEPLOYMENT, [{"serviceName": "\x1b[31mred"}]))
    command("collect")
    assert "\x1b" not in command("status")[1]


def test_a_service_with_a_name_without_end_is_cut(command, emulator):
    endless, cut = "x" * 100_000, f"{'x' * 63}…"
    for names in ([endless, "o365"], ["o365"]):
        emulator.source = Partner(deployment=rows_of(DEPLOYMENT, [{"serviceName": name} for name in names]))
        code, output, notes = command("collect")
        assert (code, endless in output + notes) == (0, False)
        assert cut in command("status")[1]
    assert f"; gone: {cut}" in output
