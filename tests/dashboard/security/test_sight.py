"""What each role sees of the customers, whatever the link asks for."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.security.roles import Person, Role, at_this_machine
from dashboard.security.sight import NotTold, decide
from data_access import EVERYBODY, NOBODY, Books, Customers, Settings
from data_access.books import Line, Problem

ACME, BOLT, CORK = (str(UUID(int=number)).upper() for number in (1, 2, 3))
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
BOOKS = Books(tuple(Line(tenant, person, None, None) for tenant, person in ((ACME, "ann@x"), (BOLT, "ben@x"))))
ANNS, BENS = (Customers(frozenset({tenant})) for tenant in (ACME, BOLT))
NOBODYS = Customers(frozenset({ACME, BOLT}), others=True)
UNUSABLE = Books(BOOKS.lines, (Problem(2, "no GUID", ("typo@x",)),))


def someone(role, *names):
    return Person("Some One", names[0] if names else "", ("tenant", "oid"), role, NOW, known_as=(*names, "oid"))


def seen(role, asked="", name="Ann@X", books=BOOKS, restricts=True):
    found = decide(someone(role, name), books, asked, NOW, restricts=restricts)
    return found.figures, found.names


@pytest.mark.parametrize(
    ("role", "asked", "figures", "names"),
    [
        (Role.READER, "", EVERYBODY, NOBODY),
        (Role.READER, "mine", EVERYBODY, NOBODY),
        (Role.READER, "ann@x", EVERYBODY, NOBODY),
        (Role.MANAGER, "", ANNS, ANNS),
        (Role.MANAGER, "mine", ANNS, ANNS),
        (Role.MANAGER, "Mine ", ANNS, ANNS),
        (Role.MANAGER, "all", EVERYBODY, ANNS),
        (Role.MANAGER, "unassigned", EVERYBODY, ANNS),
        (Role.MANAGER, "ben@x", EVERYBODY, ANNS),
        (Role.MANAGER, "ann@x", ANNS, ANNS),
        (Role.MANAGER, " ANN@x", ANNS, ANNS),
        (Role.MANAGER, "OID", ANNS, ANNS),
        (Role.MANAGER, " ", ANNS, ANNS),
        (Role.MANAGER, "ann", EVERYBODY, ANNS),
        (Role.LEAD, "", ANNS, ANNS),
        (Role.LEAD, "mine", ANNS, ANNS),
        (Role.LEAD, "all", EVERYBODY, EVERYBODY),
        (Role.LEAD, "unassigned", NOBODYS, NOBODYS),
        (Role.LEAD, "BEN@x", BENS, BENS),
        (Role.LEAD, "oid", ANNS, ANNS),
        (Role.LEAD, "nobody@x", NOBODY, NOBODY),
        (Role.OPERATOR, "", ANNS, ANNS),
        (Role.OPERATOR, "ben@x", BENS, BENS),
    ],
)
def test_each_role_sees_its_part(role, asked, figures, names):
    assert seen(role, asked) == (figures, names)


@pytest.mark.parametrize(
    ("role", "figures"), [(Role.MANAGER, NOBODY), (Role.LEAD, EVERYBODY), (Role.OPERATOR, EVERYBODY)]
)
def test_who_has_no_book_sees_nothing_as_a_manager_and_everything_otherwise(role, figures):
    assert seen(role, name="chloe@x") == (figures, figures)


@pytest.mark.parametrize("books", [Books(), Books(failure="cannot be read")])
def test_without_books_that_can_be_used_managers_see_nobody(books):
    assert seen(Role.MANAGER, books=books) == (NOBODY, NOBODY)
    assert seen(Role.LEAD, books=books) == (EVERYBODY, EVERYBODY)


@pytest.mark.parametrize("asked", ["", "mine", "all", "ben@x"])
def test_where_no_books_are_configured_a_manager_sees_all(asked):
    assert seen(Role.MANAGER, asked, restricts=False) == (EVERYBODY, EVERYBODY)


@pytest.mark.parametrize(
    ("role", "asked", "books", "not_told"),
    [
        (Role.MANAGER, "", Books(failure="cannot be read"), NotTold.UNUSABLE),
        (Role.MANAGER, "all", Books(failure="cannot be read"), NotTold.UNUSABLE),
        (Role.MANAGER, "", BOOKS, None),
        (Role.LEAD, "all", Books(failure="cannot be read"), None),
        (Role.LEAD, "mine", Books(failure="cannot be read"), NotTold.UNUSABLE),
        (Role.LEAD, "unassigned", Books(failure="cannot be read"), NotTold.UNUSABLE),
        (Role.LEAD, "ben@x", Books(failure="cannot be read"), NotTold.UNUSABLE),
        (Role.LEAD, "ben@x", BOOKS, None),
        (Role.LEAD, "typo@x", BOOKS, NotTold.UNNAMED),
        (Role.LEAD, "typo@x", UNUSABLE, NotTold.IN_PART),
        (Role.LEAD, "all", UNUSABLE, None),
        (Role.LEAD, "ben@x", UNUSABLE, None),
        (Role.MANAGER, "", UNUSABLE, None),
        (Role.MANAGER, "", Books(problems=(Problem(2, "no GUID", ("ann@x",)),)), NotTold.IN_PART),
        (Role.MANAGER, "all", Books(problems=(Problem(2, "no GUID", ("oid",)),)), NotTold.IN_PART),
        (Role.LEAD, "mine", Books(problems=(Problem(2, "no GUID", ("ann@x",)),)), NotTold.IN_PART),
        (Role.LEAD, "chloe@x", Books((Line(ACME, "chloe@x", None, NOW.date()),)), None),
    ],
)
def test_what_books_do_not_tell_is_no_empty_book(role, asked, books, not_told):
    found = decide(someone(role, "Ann@X"), books, asked, NOW, restricts=True)
    assert found.not_told is not_told
    if not_told:
        assert found.names == NOBODY


def test_a_book_goes_by_the_object_id_too_and_both_add_up():
    books = Books((*BOOKS.lines, Line(CORK, "oid", None, None)))
    assert seen(Role.MANAGER, books=books)[1] == Customers(frozenset({ACME, CORK}))


@pytest.mark.parametrize("role", [Role.MANAGER, Role.LEAD])
@pytest.mark.parametrize("asked", ["ann@x", "oid"])
def test_the_own_name_in_a_link_is_the_own_book_as_a_whole(role, asked):
    books = Books((*BOOKS.lines, Line(CORK, "oid", None, None)))
    found, mine = (decide(someone(role, "Ann@X"), books, book, NOW, restricts=True) for book in (asked, "mine"))
    assert found == mine
    assert found.figures == Customers(frozenset({ACME, CORK}))
    assert asked not in found.choices


def test_a_person_who_is_called_like_a_choice_has_that_choice():
    assert decide(someone(Role.MANAGER, "all"), BOOKS, "all", NOW, restricts=True).figures == EVERYBODY


def test_a_person_without_a_name_is_in_no_book():
    nameless = Person("", "", ("tenant", "oid"), Role.MANAGER, NOW)
    assert decide(nameless, Books((Line(ACME, "", None, None),)), "", NOW, restricts=True).names == NOBODY


def test_whose_book_it_is_goes_into_files():
    owners = [
        decide(someone(role, "Ann@X"), BOOKS, asked, NOW, restricts=True).owner
        for role, asked in ((Role.MANAGER, ""), (Role.MANAGER, "all"), (Role.LEAD, "ben@x"), (Role.LEAD, "unassigned"))
    ]
    assert owners == ["ann@x", "", "ben@x", "unassigned"]


def test_nobody_is_offered_the_name_of_a_person_but_leads():
    assert decide(someone(Role.MANAGER, "ann@x"), BOOKS, "ben@x", NOW, restricts=True).choices == ("mine", "all")
    assert "ben@x" in decide(someone(Role.LEAD, "ann@x"), BOOKS, "", NOW, restricts=True).choices
    assert not decide(someone(Role.READER, "ann@x"), BOOKS, "ben@x", NOW, restricts=True).choices


@given(asked=st.text(max_size=20) | st.sampled_from(["mine", "all", "unassigned", "ben@x", "BEN@X", "ann@x"]))
def test_no_link_shows_a_manager_a_name_outside_the_own_book(asked):
    figures, names = seen(Role.MANAGER, asked)
    assert names == ANNS
    assert figures in (ANNS, EVERYBODY)


def test_this_machine_is_the_operators_or_with_a_local_book_a_managers():
    assert at_this_machine(Settings()).role is Role.OPERATOR
    local = at_this_machine(Settings(local_book="ann@x"))
    assert (local.role, local.known_as, local.is_known) == (Role.MANAGER, ("ann@x",), False)
    assert decide(local, BOOKS, "", NOW, restricts=True).names == ANNS
