"""What was set aside, or did not come, is not called gone."""

import pandas as pd
import pytest

from data_access.measures import parts, unread_rows
from data_access.measures.parts import OF_CUSTOMER
from data_access.measures.unread_rows import ALL_READ, Absence, UnreadRows
from data_access.partner_center import wire
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import rows_of

DIRECT = pd.DataFrame({"service": ["o365"], "channel": ["direct"]})


def unread(collection, *changes, missing=0):
    """What an answer with these rows, none of which can be read, does not tell."""
    readable, set_aside = wire.read(collection.row, rows_of(collection, changes))
    assert not readable
    return unread_rows.of(set_aside, missing)


@pytest.mark.parametrize("broken", [{"proratedDeploymentPercent": "NaN"}, {"licensesSold": -1}, {"licensesSold": None}])
def test_a_row_that_could_not_be_read_is_known_by_its_own_keys(broken):
    its_own = unread(DEPLOYMENT, {"serviceName": "O365 ", "channel": "Direct", **broken})
    assert its_own.why(DIRECT) == [Absence.UNREAD]
    assert unread(DEPLOYMENT, {"channel": "reseller", **broken}).why(DIRECT) == [Absence.GONE]


def test_a_row_of_which_not_even_the_keys_could_be_read_may_be_of_anything():
    half = unread(DEPLOYMENT, {"channel": 7})
    assert half.why(DIRECT) == [Absence.UNCERTAIN]
    assert half.why(DIRECT.assign(service="crm")) == [Absence.GONE], "its service could be read"
    whole = wire.read(DEPLOYMENT.row, ["no object"])[1]
    assert unread_rows.of(whole, 0).why(DIRECT) == [Absence.UNCERTAIN]


def test_a_row_that_did_not_come_may_be_of_anything():
    assert UnreadRows(missing=1).why(DIRECT) == [Absence.UNCERTAIN]
    assert ALL_READ.why(DIRECT) == [Absence.GONE]
    assert not ALL_READ
    found = unread(DEPLOYMENT, {"channel": "direct", "licensesSold": -1}, missing=2)
    assert found.why(DIRECT) == [Absence.UNREAD], "what is known goes first"
    assert found.in_words == "1 row could not be read, 2 rows did not come"


def test_a_product_of_a_customer_is_unread_at_that_customer_alone():
    names = ["customerTenantId", *OF_CUSTOMER, "licensesSold"]
    then = pd.DataFrame([("A", "EMS E5", "direct", 50), ("B", "EMS E5", "direct", 40)], columns=names)
    row = {"customerTenantId": "a", "productName": "Ems E5", "channel": "direct", "licensesDeployed": None}
    aside = unread(COMMERCIAL_DEPLOYMENT, row)
    lost = parts.lost(then, then[:0], OF_CUSTOMER, ["customerTenantId"], aside)
    assert [*lost[parts.WHY]] == [Absence.UNREAD, Absence.GONE]
    assert parts.why(then, ["customerTenantId"], aside) == [Absence.UNREAD, Absence.GONE]
    assert [len(aside.within("customerTenantId", {tenant}.__contains__).rows) for tenant in "ab"] == [1, 0]
