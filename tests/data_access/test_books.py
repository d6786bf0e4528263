"""Books: which person looks after which customers on a day, and what becomes of lines that cannot be used."""

import random
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pandas as pd
import pytest

from data_access import books
from data_access.books import EVERYBODY, NOBODY, Customers, Line, Problem, known_as, parse

ACME, BOLT, CORK = (str(UUID(int=number)) for number in (0xA1, 0xB2, 0xC3))
HEADER = "customerTenantId,person,from,until"
TODAY = datetime(2026, 11, 29, 12, tzinfo=UTC)


def of(*lines, header=HEADER):
    return parse("\n".join((header, *lines)).encode())


def book(found, person, at=TODAY):
    return {tenant.lower() for tenant in found.of([person], at)}


def test_a_book_is_all_that_any_of_the_lines_gives():
    found = of(f"{ACME},ann@x,,", f"{BOLT},ann@x,,", f"{BOLT},ben@x,,")
    assert book(found, "ann@x") == {ACME, BOLT}
    assert book(found, "ben@x") == {BOLT}
    assert book(found, "chloe@x") == set()
    assert found.of(["ann@x", "ben@x"], TODAY) == found.of(["ann@x"], TODAY)
    assert not found.problems


@pytest.mark.parametrize(
    ("at", "there"),
    [
        (datetime(2026, 11, 28, 23, 59, 59, 999999, UTC), False),
        (datetime(2026, 11, 29, tzinfo=UTC), True),
        (datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 30, tzinfo=UTC), False),
        (datetime(2026, 11, 29, 0, 30, tzinfo=timezone(timedelta(hours=1))), False),  # the day before, in UTC
        (datetime(2026, 11, 28, 20, tzinfo=timezone(timedelta(hours=-5))), True),  # the day after, in UTC
    ],
)
def test_a_line_holds_from_midnight_utc_up_to_midnight_utc(at, there):
    found = of(f"{ACME},ann@x,2026-11-29,2026-11-30")
    assert bool(found.of(["ann@x"], at)) is there


def test_names_and_ids_are_compared_without_case():
    found = of(f"{ACME.upper()},Ann@X.Example,,", f"{BOLT.lower()},6D1F9B9E-0000-4000-8000-0000000000AB,,")
    assert book(found, "ann@x.example") == book(found, " ANN@x.example ") == {ACME}
    assert book(found, "6d1f9b9e-0000-4000-8000-0000000000ab") == {BOLT}


@pytest.mark.parametrize("name", ["ann_b_contoso.com#EXT#@partner.onmicrosoft.com", "Ann_B@contoso.com"])
@pytest.mark.parametrize("signed_in", ["ann_b_contoso.com#ext#@Partner.onmicrosoft.com", "ann_b@contoso.com"])
def test_a_guest_is_known_by_either_name(name, signed_in):
    assert book(of(f"{ACME},{name},,"), signed_in) == {ACME}


@pytest.mark.parametrize(
    "names", [("strasse@x", "straße@x"), ("ann@x", "ann@y"), ("#ext#@x", "@x"), ("a_b@x", "a@b@x")]
)
def test_two_people_are_never_taken_for_one(names):
    first, second = map(known_as, names)
    assert first != second


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{ACME},,,", "no person"),
        (f'{ACME}," ",,', "no person"),
        (f'{ACME},"ann\n@x",,', "the person's name holds a line break or a control character"),
        (f"{ACME},ann\u200b\u202e@x,,", "the person's name holds a line break or a control character"),
        ("acme,ann@x,,", "customerTenantId is no GUID"),
        (",ann@x,,", "customerTenantId is no GUID"),
        (f"{{{ACME}}},ann@x,,", "customerTenantId is no GUID"),
        (f"{ACME},ann@x,1.1.2026,", "from is no date such as 2026-12-31"),
        (f"{ACME},ann@x,2026-02-30,", "from is no date such as 2026-12-31"),
        (f"{ACME},ann@x,2026-W01-1,", "from is no date such as 2026-12-31"),
        (f"{ACME},ann@x,,20261231", "until is no date such as 2026-12-31"),
        (f"{ACME},ann@x,2026-01-01T00:00:00,", "from is no date such as 2026-12-31"),
        (f"{ACME},ann@x,2026-01-01,2026-01-01", "until is not after from"),
        (f"{ACME},ann@x,2026-01-02,2026-01-01", "until is not after from"),
        (f"{ACME},ann@x", "has fewer cells than the first line"),
        (f"{ACME},ann@x,", "has fewer cells than the first line"),
        (f'{ACME},"ann@x;ben@x",,', "names more than one person; write a line for each"),
        (f'{ACME},"ann@x, ben@x",,', "names more than one person; write a line for each"),
        (f"{ACME},ann@x ben@x,,", "names more than one person; write a line for each"),
    ],
)
def test_a_line_that_cannot_be_used_gives_nobody_anything_and_is_named_by_its_number(line, reason):
    found = of(f"{BOLT},ann@x,,", line, f"{CORK},ben@x,,")
    assert [(problem.line, problem.reason) for problem in found.problems] == [(3, reason)]
    assert found.people(TODAY).keys() == {"ann@x", "ben@x"}
    assert book(found, "ann@x") == {BOLT}


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n{ACME},ann@x,,\n",
        f"\ufeff{HEADER}\r\n{ACME},ann@x,,\r\n",
        f"customerTenantId;person;from;until\n{ACME};ann@x;;\n",
        f'person;note;until;from;CustomerTenantId\n"ann@x";"two\nlines, one; cell";;;"{ACME}"\n',
        f"{HEADER}\n\n,,,\n{ACME},ann@x,,\n",
        f'"customerTenantId","person","from","until"\r\n"{ACME}","ann@x","",""\r\n',
        f'\ufeff"customerTenantId";"person";"from";"until"\r\n"{ACME}";"ann@x";"";""\r\n',
    ],
)
def test_a_file_is_understood_as_spreadsheets_write_it(content):
    found = parse(content.encode())
    assert (found.failure, found.problems) == ("", ())
    assert found.lines == (Line(ACME.upper(), "ann@x", None, None),)


def test_a_line_that_cannot_be_used_says_whose_book_is_not_whole():
    found = of(
        "acme, Ann@X ,,",
        f"{ACME}",
        f"{ACME},ben_x.example#EXT#@p,yesterday,",
        f'{ACME},"ann@x; Ben@x",,',
        f"{ACME},a@x",
    )
    said = [("ann@x",), (), ("ben@x.example",), ("ann@x", "ben@x"), ("a@x",)]
    assert [problem.people for problem in found.problems] == said


def test_lines_are_counted_as_an_editor_counts_them():
    found = of(f'{ACME},ann@x,,,"two\nlines"', f"{ACME},,,", header=f"{HEADER},note")
    assert found.problems == (Problem(4, "no person"),)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"{HEADER}\n{ACME},ann@x,,".encode("utf-16"), "is not UTF-8"),
        (f"{HEADER}\n{ACME},änn@x,,".encode("latin-1"), "is not UTF-8"),
        (b"", "has no column customerTenantId"),
        (f"customerTenantId,person,from\n{ACME},ann@x,".encode(), "has no column until"),
        (f"{ACME},ann@x,,".encode(), "has no column"),
        (f"{HEADER},Person\n{ACME},ann@x,,,ben@x".encode(), "has more than one column person"),
        (f'{HEADER}\n{ACME},ann@x,,\n{BOLT},"ben@x,,\n'.encode(), "is no CSV"),
        (f"{HEADER}\n{ACME},{'a' * 200_000},,".encode(), "is no CSV"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_gives_nobody_anything(content, why):
    found = parse(content)
    assert found.failure.startswith(why)
    assert not found.lines
    assert found.unassigned(TODAY).is_everybody


def test_a_thousand_random_books_are_what_an_oracle_makes_of_them():
    for seed in range(1_000):
        chance = random.Random(seed)
        content, given = _random_file(chance)
        found = parse(content)
        assert not found.failure
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(14 * 24 * 60))
        people = {person for _, person, _, _ in given}
        for person in people:
            wanted = {
                customer.upper()
                for customer, owner, since, until in given
                if owner.lower() == person.lower()
                and (since is None or datetime.combine(since, datetime.min.time(), UTC) <= at)
                and (until is None or at < datetime.combine(until, datetime.min.time(), UTC))
            }
            assert found.of([person.swapcase()], at) == wanted
        everybody = frozenset[str]().union(*(found.of([person], at) for person in people))
        assert found.unassigned(at) == Customers(everybody, others=True)


def _random_file(chance):
    """A file in one of the forms that are allowed, and the lines in it that can be used."""
    delimiter, columns = chance.choice(",;"), ["customerTenantId", "person", "from", "until", "note"]
    chance.shuffle(columns)
    rows, given = [delimiter.join(columns)], []
    for _ in range(chance.randrange(12)):
        customer = str(UUID(int=chance.randrange(6)))
        person = chance.choice(["ann@x", "Ben@X", "00000000-0000-4000-8000-00000000000a"])
        since, until = (chance.choice([None, date(2026, 1, 1 + chance.randrange(14))]) for _ in range(2))
        spoiled = chance.random() < 0.2
        if not spoiled and not (since and until and until <= since):
            given.append((customer, person, since, until))
        cells = {
            "customerTenantId": chance.choice([customer, customer.upper()]),
            "person": chance.choice([person, person.upper(), f" {person} "]),
            "from": str(since or ""),
            "until": str(until or ""),
            "note": chance.choice(["", "a note", '"quoted, and; so on"']),
        }
        if spoiled:
            cells |= chance.choice([{"person": ""}, {"customerTenantId": "x"}, {"from": "soon"}, {"until": "31.12.26"}])
        rows.append(delimiter.join(cells[name] for name in columns))
    return chance.choice(["", "\ufeff"]).encode() + chance.choice(["\n", "\r\n"]).join(rows).encode(), given


ROWS = pd.DataFrame({books.CUSTOMER: [ACME, BOLT.upper(), None, CORK], "n": range(4)})


@pytest.mark.parametrize(
    ("customers", "kept"),
    [
        (EVERYBODY, [0, 1, 2, 3]),
        (NOBODY, []),
        (Customers(frozenset({ACME.upper(), BOLT.upper()})), [0, 1]),
        (Customers(frozenset({ACME.upper(), BOLT.upper()}), others=True), [2, 3]),
    ],
)
@pytest.mark.parametrize("dtype", ["str", "category"])
def test_customers_keep_their_rows_alone(customers, kept, dtype):
    assert customers.rows(ROWS.astype({books.CUSTOMER: dtype}))["n"].tolist() == kept
    assert [tenant for tenant in (ACME, BOLT, CORK) if tenant in customers] == [
        tenant for number, tenant in ((0, ACME), (1, BOLT), (3, CORK)) if number in kept
    ]


def test_what_is_kept_has_no_trace_of_the_others():
    rows = ROWS.assign(name=["Acme", "Bolt", "Nobody's", "Cork"]).astype(
        {books.CUSTOMER: "category", "name": "category"}
    )
    kept = Customers(frozenset({ACME.upper()})).rows(rows)
    assert [*kept["name"].cat.categories, *kept[books.CUSTOMER].cat.categories] == ["Acme", ACME]
