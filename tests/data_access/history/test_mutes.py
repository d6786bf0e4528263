"""Mutes of pages: kept with who set them, one for each line, until they end."""

from datetime import date

import pytest

from data_access.history.mutes import Mutes
from data_access.history.store import Store
from data_access.mutes import Mute
from tests.lakes import NOW, Clock, files

CUSTOMER, PRODUCT = "0112A436-B14E-4888-967B-CA4BB2CF1234", "6FD2C87F-B296-42F0-B197-1E91E994B900"


def mute(reason="migration", until=date(2027, 1, 31), **more):
    return Mute(customer=CUSTOMER, reason=reason, until=until, **more)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kept(tmp_path, clock):
    return Mutes(Store(str(tmp_path)), clock)


def told(kept):
    return [(each.product, each.reason, each.by) for each in kept.all()]


def test_a_mute_is_kept_with_who_set_it_and_when(kept, tmp_path):
    kept.set(mute(), "ann@x")
    (found,) = Mutes(Store(str(tmp_path)), Clock()).all()
    assert (found.customer, found.product, found.reason, found.until) == (CUSTOMER, None, "migration", mute().until)
    assert (found.by, found.at) == ("ann@x", NOW)


def test_a_line_has_one_mute(kept, tmp_path):
    kept.set(mute(), "ann@x")
    kept.set(mute("of the product", product=PRODUCT), "ann@x")
    kept.set(mute("sold"), "ben@x")
    assert sorted(told(kept), key=str) == [(PRODUCT, "of the product", "ann@x"), (None, "sold", "ben@x")]
    assert len(files(tmp_path)) == 2


def test_a_mute_that_is_over_is_not_told_and_goes_with_the_next_one(kept, clock, tmp_path):
    kept.set(mute(until=date(2026, 11, 25)), "ann@x")
    clock.forward(hours=17, minutes=29, seconds=59)
    assert len(kept.all()) == 1
    clock.forward(seconds=1)
    assert kept.all() == ()
    kept.set(mute(product=PRODUCT), "ann@x")
    assert len(files(tmp_path)) == 1


def test_a_mute_is_taken_back(kept, tmp_path):
    kept.set(mute(), "ann@x")
    kept.end(kept.all()[0].key)
    assert files(tmp_path) == []
