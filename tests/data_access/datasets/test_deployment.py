"""What the pages stand on: partner deployment, or the commercial counts where it is empty."""

from data_access import NotPermitted, fetch_deployment
from data_access.emulator import Emulator, answer
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, DEPLOYMENT
from tests.rows import rows_of


def fetch(connect, emulator):
    return fetch_deployment(connect(emulator), lambda _: None)


def test_partner_rows_are_estimates(connect):
    found = fetch(connect, Emulator(Partner(deployment=rows_of(DEPLOYMENT, [{}]))))
    assert found.estimated
    assert not found.stands_in


def test_commercial_counts_stand_in_for_an_empty_answer(connect):
    rows = rows_of(COMMERCIAL_DEPLOYMENT, [{}, {"channel": "direct"}])
    found = fetch(connect, Emulator(Partner(commercial_deployment=rows)))
    assert found.stands_in
    assert not found.estimated
    assert found.channels == ["direct", "reseller"]
    assert found.services == ["o365"]


def test_nothing_anywhere_is_an_empty_answer(connect):
    found = fetch(connect, Emulator(Partner()))
    assert not len(found.facts)
    assert not found.stands_in
    assert found.processed == (None, None)


def test_what_keeps_the_counts_from_standing_in_is_remembered(connect):
    emulator = Emulator(Partner())
    emulator.always(answer(403), where="commercial")
    assert isinstance(fetch(connect, emulator).trouble, NotPermitted)
