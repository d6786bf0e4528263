"""What the newest answer has less of than the one before, and when that is over."""

from datetime import timedelta

import pytest

from data_access.commands import status
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import (
    COMMERCIAL_DEPLOYMENT,
    DEPLOYMENT,
    USAGE,
    WITHOUT_CUSTOMER,
)
from tests.lakes import NOW, fetched, lake

pytestmark = pytest.mark.program

ALL = [collection.name for collection in WITHOUT_CUSTOMER]


def test_customers_without_licenses_are_not_among_those_that_are_gone(tmp_path):
    history = lake(tmp_path)
    there = [{"licensesSold": 10}, {"licensesSold": 0, "licensesDeployed": 5}, {"licensesSold": 0}]
    rows = [{"licensesDeployed": 0, "customerTenantId": f"T{number}", **row} for number, row in enumerate(there)]
    history.append(fetched(COMMERCIAL_DEPLOYMENT, rows))
    history.append(fetched(COMMERCIAL_DEPLOYMENT, []))
    loss = history.loss(COMMERCIAL_DEPLOYMENT)
    assert loss is not None
    assert loss.numbers == "from 2 to 0 customers, from 10 to 0 licenses, from 3 to 0 rows"


def test_a_service_whose_row_could_not_be_read_is_not_gone(tmp_path):
    history = lake(tmp_path)
    crm = {"serviceName": "crm", "licensesSold": 500}
    history.append(fetched(DEPLOYMENT, [{}, {"channel": "direct"}, crm]))
    history.append(fetched(DEPLOYMENT, [{}, {"channel": "direct", "licensesSold": -1}]))
    loss = history.loss(DEPLOYMENT)
    assert loss is not None
    assert (loss.gone, loss.of_channels) == (("crm",), ())
    assert status.in_words(loss).endswith(
        "; 1 row could not be read; gone: Dynamics 365; could not be read: Microsoft 365 through Direct"
    )


def test_of_use_the_channels_are_named_as_well(tmp_path):
    history = lake(tmp_path)
    there = [
        {"workloadName": name, "channel": channel}
        for name in ("Exchange", "Teams")
        for channel in ("reseller", "direct")
    ]
    history.append(fetched(USAGE, [*there, {"serviceName": "crm"}]))
    history.append(fetched(USAGE, there[:1]))
    loss = history.loss(USAGE)
    assert loss is not None
    assert status.in_words(loss).endswith("; gone: Dynamics 365, Microsoft 365 through Direct")


def test_what_comes_back_is_well_again(run, emulator):
    everything = emulator.source
    run()
    emulator.source = Partner()
    assert set(run().losses) == set(ALL)
    emulator.source = everything
    assert run().losses == {}


def test_what_did_not_shrink_further_in_a_week_is_well_again_and_what_has_no_rows_is_not(run, emulator, tmp_path):
    def told():
        history = lake(tmp_path)
        said = status.as_json(history, NOW)["collections"]
        lines = [line for line in status.as_text(history, NOW) if "not well" in line]
        assert len(lines) == len([name for name in said if "loss" in said[name]])
        return {name for name in said if "loss" in said[name]}

    run()
    rows = emulator.source.commercial_deployment
    emulator.source = Partner(commercial_deployment=rows[:12])
    assert {*run().losses} == told() == {*ALL}
    shrunk = lake(tmp_path).newest(COMMERCIAL_DEPLOYMENT)
    assert shrunk.rows == 12
    week = shrunk.fetched_at + timedelta(days=7)
    assert {*run(clock=lambda: week - timedelta(hours=1)).losses} == told() == {*ALL}
    others = {*ALL} - {COMMERCIAL_DEPLOYMENT.name}
    assert {*run(clock=lambda: week).losses} == told() == others, "an equal answer has lost nothing more"
    assert {*run(clock=lambda: week + timedelta(hours=1)).losses} == told() == others
    emulator.source = Partner(commercial_deployment=rows[:2])
    assert COMMERCIAL_DEPLOYMENT.name in {*run().losses} & told(), "it shrank again"


def test_a_customer_whose_rows_cannot_be_read_any_more_is_not_counted(run, emulator, tmp_path):
    run()
    (snapshot,) = lake(tmp_path).snapshots(COMMERCIAL_DEPLOYMENT)
    (tmp_path / snapshot.facts).unlink()
    emulator.source = Partner()
    loss = run().losses[COMMERCIAL_DEPLOYMENT.name]
    assert (loss.before.rows, loss.before.customers, loss.after.customers) == (18, None, 0)
    assert "customers" not in loss.numbers
