"""Mutes of pages: kept with who set them, one for each line, until they end."""

from datetime import date

import pytest

from data_access.history.cabinet import Cabinet
from data_access.history.mutes import FOLDER, Mutes, SetMute
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
    kept.end(kept.all()[0])
    assert files(tmp_path) == []


@pytest.fixture
def twice(tmp_path):
    """A line that two processes muted at the same moment, and one beside it."""
    cabinet = Cabinet(Store(str(tmp_path)), FOLDER, SetMute)
    for key, product in (("a", None), ("b", None), ("c", PRODUCT)):
        cabinet.put(SetMute(**mute(f"by {key}", product=product).model_dump(), key=key, at=NOW, by=f"{key}@x"))


@pytest.mark.usefixtures("twice")
def test_a_line_that_was_muted_twice_at_once_is_told_once_and_ended_at_once(kept, tmp_path):
    assert told(kept) == [(None, "by b", "b@x"), (PRODUCT, "by c", "c@x")]
    kept.end(kept.all()[0])
    assert told(kept) == [(PRODUCT, "by c", "c@x")]
    assert len(files(tmp_path)) == 1


@pytest.mark.usefixtures("twice")
def test_the_next_mute_of_such_a_line_takes_the_place_of_both(kept, tmp_path):
    kept.set(mute("sold"), "ann@x")
    assert sorted(told(kept), key=str) == [(PRODUCT, "by c", "c@x"), (None, "sold", "ann@x")]
    assert len(files(tmp_path)) == 2
