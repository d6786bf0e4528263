"""The address under which a service offers a collection: looked for once, and never a way round a refusal."""

from urllib.parse import urlsplit

import pytest

from data_access import errors
from data_access.emulator import (
    Emulator,
    documented,
    failing,
)
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE
from tests.data_access.partner_center.paged import names, numbered, of


@pytest.mark.parametrize(
    ("prefix", "end", "requests"), [("/v1", "", 1), ("/partner/v1", "", 2), ("/v1", "/", 3), ("/partner/v1", "/", 4)]
)
def test_the_address_that_works_is_looked_for_once_for_both_calls(prefix, end, requests, connect):
    emulator = Emulator(documented(), prefixes=[prefix], path_ends=[end])
    client = connect(emulator)
    asked: list[int] = []
    for collection in (COMMERCIAL_DEPLOYMENT, COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE):
        assert len(client.fetch(collection).frame) == 2
        asked.append(len(emulator.requests) - sum(asked))
    assert asked == [requests, 1, 1]
    assert emulator.requests[-1].target.startswith(f"{prefix}/analytics/commercial/usage/license{end}?")


def test_only_the_first_page_is_looked_for(connect):
    emulator = of(numbered(9), page_limit=2, prefixes=["/partner/v1"], path_ends=["/"])
    assert list(connect(emulator).fetch(COMMERCIAL_DEPLOYMENT).frame["productName"]) == names(9)
    assert len(emulator.requests) == 3 + 5


def test_an_address_that_goes_is_looked_for_anew(connect):
    emulator = Emulator(documented(), prefixes=["/partner/v1"])
    client = connect(emulator)
    client.fetch(COMMERCIAL_DEPLOYMENT)
    emulator.prefixes = ["/v1"]
    client.fetch(COMMERCIAL_DEPLOYMENT)
    client.fetch(COMMERCIAL_DEPLOYMENT)
    assert [asked.target.startswith("/v1") for asked in emulator.requests] == [True, False, False, True, True]


def test_where_no_address_works_each_has_been_tried_once(connect):
    emulator = Emulator(documented(), prefixes=["/v2"])
    with pytest.raises(errors.BadRequest) as raised:
        connect(emulator).fetch(COMMERCIAL_USAGE)
    assert raised.value.details.status == 404
    assert len({urlsplit(asked.target).path for asked in emulator.requests}) == len(emulator.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 403])
def test_another_address_is_no_way_round_a_refusal(status, connect):
    emulator = Emulator(documented()).next(failing(status))
    with pytest.raises(errors.PartnerCenterError):
        connect(emulator).fetch(COMMERCIAL_DEPLOYMENT)
    assert len(emulator.requests) == 1
