"""BOOKS_FILE, which is read again when it changes."""

import logging
import os
import time
from datetime import UTC, datetime
from uuid import UUID

import pytest

from data_access import Settings
from data_access.datasets.books_file import SAMPLE_PEOPLE, BooksFile, keeper

ACME, BOLT = (str(UUID(int=number)).upper() for number in (1, 2))
NOW = datetime(2026, 11, 29, tzinfo=UTC)
HEADER = "customerTenantId,person,from,until\n"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "books.csv"


def write(file, *customers, person="ann@x"):
    file.write_text(HEADER + "".join(f"{customer},{person},,\n" for customer in customers))


def anns(kept):
    return kept.books().of(["ann@x"], NOW)


@pytest.mark.parametrize("address", ["{}", "file://{}"])
def test_a_file_that_changes_is_read_again(file, address):
    write(file, ACME)
    clock = iter(range(0, 10_000, 11))
    kept = BooksFile(address.format(file), clock=lambda: next(clock))
    assert anns(kept) == {ACME}
    write(file, ACME, BOLT)
    assert anns(kept) == {ACME, BOLT}
    write(file, BOLT, ACME, person="ben@x")
    assert anns(kept) == frozenset()


def test_a_file_may_stand_behind_a_link_as_a_mounted_one_does(file, tmp_path):
    write(file, ACME)
    (tmp_path / "..data").symlink_to(tmp_path, target_is_directory=True)
    link = tmp_path / "mounted.csv"
    link.symlink_to(f"..data/{file.name}")
    assert anns(BooksFile(str(link))) == {ACME}


def test_a_file_that_stays_the_same_is_parsed_once(file):
    write(file, ACME)
    kept = BooksFile(str(file))
    first = kept.books()
    os.utime(file, (1, 1))
    assert kept.books() is first
    file.write_bytes(file.read_bytes())
    assert kept.books() is first


def test_two_writes_within_one_tick_of_the_clock_are_told_apart(file):
    write(file, ACME)
    os.utime(file, ns=(0, time.time_ns()))
    stamp = file.stat().st_mtime_ns
    kept = BooksFile(str(file))
    assert anns(kept) == {ACME}
    write(file, BOLT)
    os.utime(file, ns=(0, stamp))
    assert anns(kept) == {BOLT}


def test_a_file_that_is_settled_is_not_opened_again(file):
    write(file, ACME)
    os.utime(file, (1, 1))
    kept = BooksFile(str(file))
    first = kept.books()
    write(file, BOLT)
    os.utime(file, (1, 1))  # another content of the same size and date
    assert kept.books() is first


def _gone(file):
    file.unlink()


def _broken(file):
    file.write_bytes(b"\xff\xfe")


def _a_folder(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("spoil", [_gone, _broken, _a_folder])
def test_a_file_that_cannot_be_read_gives_nobody_anything_until_it_is_mended(file, spoil, caplog):
    write(file, ACME)
    kept = BooksFile(str(file))
    assert anns(kept) == {ACME}
    spoil(file)
    with caplog.at_level(logging.WARNING):
        assert anns(kept) == frozenset()
        assert anns(kept) == frozenset()
    assert kept.books().failure
    assert len(caplog.records) == 1
    if file.is_dir():
        file.rmdir()
    write(file, BOLT)
    assert anns(kept) == {BOLT}


def test_a_file_of_a_hundred_thousand_lines_is_read_and_one_of_gigabytes_is_not_opened(file, caplog):
    write(file, *(f"{number:08X}{ACME[8:]}" for number in range(100_000)))
    kept = BooksFile(str(file))
    assert len(anns(kept)) == 100_000
    os.truncate(file, 2**32)
    said = "is larger than 16 MB, the most that is read: it has 4,294,967,296 bytes"
    with caplog.at_level(logging.WARNING):
        assert (anns(kept), kept.books().failure) == (frozenset(), said)
    assert [record.getMessage() for record in caplog.records] == [f"BOOKS_FILE {said}. Nobody has a book."]


def test_a_file_that_was_never_there_gives_nobody_anything(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        assert BooksFile(str(tmp_path / "books.csv")).books().failure
    assert len(caplog.records) == 1
    assert BooksFile(str(tmp_path / "nowhere" / "books.csv")).books().failure
    assert BooksFile("s3x://bucket/books.csv").books().failure


def test_one_that_is_far_away_is_looked_at_now_and_then(file, monkeypatch):
    write(file, ACME)
    now = [0.0]
    kept = BooksFile(str(file), clock=lambda: now[0])
    monkeypatch.setattr("data_access.history.store.Store.is_local", False)  # as in an object store
    assert anns(kept) == {ACME}
    write(file, BOLT)
    now[0] = 9.9
    assert anns(kept) == {ACME}
    now[0] = 10.0
    assert anns(kept) == {BOLT}


def test_nothing_of_a_broken_file_is_in_the_log(file, caplog):
    file.write_text(f"{HEADER}{ACME},secret-person@x,soon,\n")
    with caplog.at_level(logging.DEBUG):
        assert BooksFile(str(file)).books().problems
    assert "secret-person" not in caplog.text
    assert ACME not in caplog.text


def test_the_sample_has_three_people_who_share_some_customers_and_leave_some():
    kept = keeper(Settings())
    people = kept.books().people(NOW)
    assert tuple(people) == SAMPLE_PEOPLE
    assert not kept.restricts
    ann, ben, chloe = people.values()
    assert ann & ben
    assert not chloe & (ann | ben)
    assert len(ann | ben | chloe) == 105


def test_another_source_has_no_books_without_a_file():
    kept = keeper(Settings(partner_center_access_token="token"))
    assert not kept.restricts
    assert not kept.books().lines


def test_a_file_stands_in_place_of_the_samples_people(file):
    write(file, ACME)
    kept = keeper(Settings(books_file=str(file)))
    assert kept.restricts
    assert anns(kept) == {ACME}
