"""Books of which a line, or the file as a whole, cannot be used: who is told what, and that nobody sees more."""

import pytest

from tests.bookkeeping import BOOKS, FOREIGN, HEADER, NAMES, OWN, SOLD
from tests.dashboard import visit as visits
from tests.dashboard.books.desks import CANNOT_BE_TOLD, follow, sold, traces
from tests.dashboard.visit import text

pytestmark = pytest.mark.program


@pytest.mark.parametrize(
    ("books", "said"), [(f"{HEADER}x,ben@x,,\n", "Your book has no customers today"), ("no header", CANNOT_BE_TOLD)]
)
def test_leads_are_told_what_is_wrong_with_the_books_and_managers_see_nothing(sit_down, sent, books, said):
    app = sit_down("customers", books=books)
    assert said in text(app)
    assert "BOOKS_FILE" not in text(app)
    assert traces(sent, *NAMES) == []
    assert "BOOKS_FILE" in text(sit_down("customers", role="lead", books=books))


LINES_CANNOT_BE_USED = "Lines of the books file that name you cannot be used"
#: Lines that give their person nothing: one about Ben alone, and then one about Ann too.
OF_BEN = f"not-a-guid-of-ben,ben@x,,\n{FOREIGN},ben@x,tomorrow,\n"
OF_ANN = f"{OF_BEN}{OWN},ann@x,tomorrow,\n"


def test_who_has_only_lines_that_cannot_be_used_is_told_so_and_whom_to_ask(sit_down, sent):
    said = text(sit_down("customers", books=f"{HEADER}{OF_ANN}"))
    assert LINES_CANNOT_BE_USED in said
    assert "The operator of this dashboard is told what is wrong. If it stays like this, ask the operator" in said
    assert "no customers today" not in said.lower()
    content = b"".join(sent)
    assert not [sign for sign in (b"line 2", b"line 4", b"not-a-guid", b"ben@x") if sign in content], "of others"
    assert traces(sent, *NAMES) == []


def test_who_has_some_lines_that_cannot_be_used_is_told_that_customers_may_be_missing(sit_down, tmp_path):
    app = sit_down("customers", books=f"{BOOKS}{OF_ANN}")
    assert LINES_CANNOT_BE_USED in text(app)
    assert sold(app) == "1,200"
    (tmp_path / "books.csv").write_text(f"{BOOKS}{OF_BEN}")  # those about somebody else are nothing to this person
    app.run()
    assert LINES_CANNOT_BE_USED not in text(app)
    assert sold(app) == "1,200"


def test_a_lead_who_asks_for_a_person_of_unusable_lines_is_not_told_that_there_are_no_customers(sit_down):
    said = text(sit_down("customers", {"book": "ben@x"}, role="lead", books=f"{HEADER}{OF_BEN}"))
    assert "No line of the books file that can be used gives ben" in said
    assert "line 2: customerTenantId is no GUID" in said
    assert "no customers today" not in said.lower()


def test_at_a_machine_with_a_local_book_the_command_says_which_lines_cannot_be_used(sit_down):
    said = text(sit_down("customers", role="", books=f"{HEADER}{OF_ANN}"))
    assert f"{LINES_CANNOT_BE_USED}**, so your book may lack customers. `.venv/bin/python -m data_access books`" in said


def test_while_the_file_cannot_be_read_nobody_is_said_to_have_no_customers(sit_down, tmp_path, sent):
    app = sit_down("customers")
    sent.clear()
    (tmp_path / "books.csv").write_bytes(b"\xff\xfe")
    for name, link in (("mine", {}), ("the company", {"book": "all"})):
        follow(app, link)
        assert CANNOT_BE_TOLD in text(app), name
        assert "The operator of this dashboard is told what is wrong" in text(app)
        assert "no customers today" not in text(app).lower()
        assert "0 customers" not in text(app)
    app.switch_page("screens/overview.py").run()
    follow(app, {"book": "all"})
    assert "Pages about customers show yours · which these are cannot be told at the moment." in text(app)
    assert traces(sent, *NAMES) == []
    (tmp_path / "books.csv").write_text(BOOKS)
    follow(app, {})
    assert sold(app) == "1,200"


@pytest.mark.parametrize("book", ["unassigned", "mine", "ben@x"])
def test_while_the_file_cannot_be_read_a_lead_sees_no_customer_as_one_of_a_book(sit_down, sent, book):
    app = sit_down("customers", {"book": book}, role="lead", books="no header")
    assert CANNOT_BE_TOLD in text(app)
    assert "BOOKS_FILE has no column customerTenantId" in text(app)
    assert traces(sent, *NAMES) == []
    next(button for button in app.button if button.label == "Show all customers").click().run()
    assert sold(app) == f"{sum(SOLD.values()):,}"


def test_a_lead_is_told_that_no_line_names_a_person(sit_down):
    said = text(sit_down("customers", {"book": "typo@x"}, role="lead"))
    assert "No line of the books file names this person:** typo@" in said
    assert "no customers today (UTC)" not in said
    said = text(sit_down("customers", {"book": "typo@x"}, role="lead", books=""))
    assert "BOOKS_FILE is not set, so nobody has a book, and this page has no customer of typo@" in said
    assert "books file" not in said
    said = text(sit_down("customers", {"book": "mine"}, role="lead", books=""))
    assert "no customer of yours to show" in said
    past = f"{HEADER}{OWN},dora@x,,2020-01-01\n"
    said = text(sit_down("customers", {"book": "dora@x"}, role="lead", books=past))
    assert "this book has no customers today (UTC)" in said
    assert "No line of the books file" not in said


def test_status_says_who_looks_after_whom_and_which_lines_cannot_be_used(sit_down):
    app = sit_down("status", role="operator", books=f"{BOOKS}x,ann@x,,\n")
    assert "2 people have customers today" in text(app)
    drawn = visits.tables(app)
    assert [*drawn["books_table"]["person"]] == ["ann@x", "ben@x"]
    assert [*drawn["books_problems"]["line"]] == ["6"]
    assert "BOOKS_FILE is not set" in text(sit_down("status", role="operator", books=""))


def test_status_says_of_each_book_how_many_customers_microsoft_does_not_list(sit_down):
    mistyped = f"{OWN[:-1]}{'0' if OWN[-1] != '0' else '1'}"
    app = sit_down("customers", role="operator", books=f"{BOOKS}{mistyped},ann@x,,\n")
    app.switch_page("screens/status.py").run()
    assert [*visits.tables(app)["books_table"]["notListed"]] == ["1", "0"]
    app = sit_down("customers", role="operator")
    app.switch_page("screens/status.py").run()
    assert "notListed" not in visits.tables(app)["books_table"]
