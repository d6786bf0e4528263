"""Calls are counted by collection and answer, and by nothing that names a customer."""

import pytest

from data_access import BadRequest
from data_access.emulator import Emulator, failing, reset
from data_access.emulator.sample import Partner
from data_access.partner_center import session
from data_access.partner_center.catalog import COLLECTIONS
from data_access.partner_center.protocol import Query
from data_access.partner_center.retry import RetryPolicy
from data_access.partner_center.tally import OTHER, Tally

CUSTOMER = "0112a436-b14e-4888-967b-ca4bb2cf1234"
AT_ONCE = RetryPolicy(first_wait=0.001)


@pytest.fixture
def tally(monkeypatch):
    tally = Tally()
    monkeypatch.setattr(session, "TALLY", tally)  # a process has one
    return tally


def test_each_request_counts_with_its_answer_and_each_repetition(connect, tally):
    emulator = Emulator(Partner()).next(failing(503)).next(reset())
    client = connect(emulator, AT_ONCE)
    client.fetch(COLLECTIONS["deployment"])
    emulator.next(failing(400))
    with pytest.raises(BadRequest):
        client.fetch(COLLECTIONS["customer-usage"], Query(CUSTOMER))
    assert tally.calls == {
        ("deployment", "503"): 1,
        ("deployment", "none"): 1,
        ("deployment", "200"): 1,
        ("customer-usage", "400"): 1,
    }
    assert tally.retries == {"deployment": 2}


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("path", [0, -1])
def test_every_address_of_a_collection_is_its_own(name, path):
    tally = Tally()
    address = COLLECTIONS[name].paths[path].replace("{customer}", CUSTOMER)
    tally.sent(f"https://service.example/below{address}?customer={CUSTOMER}", 200)
    assert tally.calls == {(name, "200"): 1}


@pytest.mark.parametrize("url", ["https://x/", f"https://x/v1/customers/{CUSTOMER}", "https://x/v1/Contoso"])
def test_what_comes_from_outside_makes_no_label(url):
    tally = Tally()
    tally.sent(url, 999)
    assert tally.calls == {(OTHER, "none"): 1}
