"""Every page and every file of people with books: nothing of anybody else's customers is in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from dashboard import feeds
from dashboard.components import history_states
from dashboard.security.roles import Denied
from dashboard.sitemap import PAGES
from data_access.partner_center.answers import OfCustomers
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, CUSTOMERS, SEATS, SUBSCRIPTIONS
from tests import lakes
from tests.bookkeeping import FOREIGN, HEADER, NAMES, NOBODYS, NOW, OWN, PAST, SHARED_ONE, SOLD, partner
from tests.dashboard import visit as visits
from tests.dashboard.books.desks import CANNOT_BE_TOLD, follow, sold, traces
from tests.dashboard.visit import bar, drawn_tiles, tables, text, tiles, wait_for
from tests.rows import rows_of

pytestmark = pytest.mark.program


#: What is drawn once somebody opens it.
MENUS = ("views", "mute")
ADDRESSES = [page.address for page in PAGES]
LINKS = [
    {},
    {"book": "all"},
    {"book": "ben@x"},
    {"book": "all", "level": "customer-and-product"},
    {"book": "unassigned", "level": "product"},
    {"level": "customer", "search": "Strangers"},
    {"asof": f"{NOW - timedelta(days=20):%Y-%m-%d}", "level": "customer"},
    {"customer": OWN},
]


@pytest.mark.parametrize("page", ADDRESSES)
def test_a_manager_finds_nothing_of_other_peoples_customers(sit_down, sent, page):
    app = sit_down(page)
    for menu in MENUS:
        app.session_state[menu] = True
    for link in LINKS:
        follow(app, link)
        search = link.get("search", "")
        found = traces([part.replace(search.encode(), b"") for part in sent], FOREIGN, NOBODYS)
        assert found == [], link


@pytest.mark.parametrize("page", ADDRESSES)
def test_nor_does_whoever_sits_at_a_machine_with_a_local_book(sit_down, sent, page):
    sit_down(page, role="")
    assert traces(sent, FOREIGN, NOBODYS) == []


@pytest.mark.parametrize("page", [page.address for page in PAGES if page.about == "customers"])
def test_the_walk_would_find_them(sit_down, sent, page):
    sit_down(page, {"book": "all"}, role="lead")
    assert traces(sent, *NAMES) == [*NAMES.values()]
    sit_down(page, name="ben@x")
    assert traces(sent, *NAMES) == [NAMES[SHARED_ONE], NAMES[FOREIGN]]


def test_customers_of_whom_the_counts_have_nothing_are_those_of_the_own_book_alone(sit_down, sent):
    counted = [{"customerTenantId": SHARED_ONE, "customerName": NAMES[SHARED_ONE]}]
    account = partner(commercial_deployment=rows_of(COMMERCIAL_DEPLOYMENT, counted))
    app = sit_down("renewals", account=account, past=())
    app.switch_page("screens/customers.py").run()
    assert list(tables(app)["uncounted_table"]["customerName"]) == [NAMES[OWN]]
    app.query_params["customer"] = OWN
    app.run()
    assert app.title[0].value == NAMES[OWN]
    assert traces(sent, *NAMES) == [NAMES[OWN], NAMES[SHARED_ONE]]
    app.query_params["customer"] = FOREIGN
    app.run()
    assert "This customer is not in your book" in text(app)
    assert NAMES[FOREIGN] not in text(app)


def test_the_overview_of_a_book_stands_on_the_counts_of_its_customers(sit_down):
    app = sit_down()
    assert sold(app) == "1,200"
    assert "commercial counts of the customers in this book" in text(app)
    assert "My customers" in text(app)
    for book in ("ben@x", "all"):
        follow(app, {"book": book})
        assert sold(app) == f"{sum(SOLD.values()):,}"
        assert "The whole company" in text(app)
    follow(app, {"book": "Ann@X"})
    assert sold(app) == "1,200", "a link that was made for the own book is about it"


@pytest.mark.parametrize("page", [page.address for page in PAGES if page.about == "customers"])
def test_a_page_about_customers_says_that_it_shows_the_own_ones_whatever_book_is_asked_for(sit_down, page):
    said = text(sit_down(page, {"book": "all"}))
    assert "**My customers** · 2 customers today. *The whole company* is on pages of figures." in said
    assert "figures without customers" not in said


@pytest.mark.parametrize(
    ("role", "book", "whose"),
    [
        ("manager", "", "My customers** alone · 2 customers today"),
        ("manager", "all", "My customers** alone · 2 customers today"),
        ("lead", "ben@x", "Customers of ben@x** alone · 2 customers today"),
        ("lead", "unassigned", "Customers in no book** alone"),
    ],
)
def test_data_health_says_that_its_data_are_the_companys_and_of_whom_its_findings_are(sit_down, role, book, whose):
    said = text(sit_down("health", {"book": book} if book else None, role=role))
    assert f"**The whole company** · findings about customers are of **{whose}" in said.replace("\\", "").replace(
        "\u2060", ""
    )
    assert "figures without customers" not in said


@pytest.mark.parametrize("page", ["status", "audit"])
def test_pages_of_the_program_are_about_no_book(sit_down, page):
    assert ":material/menu_book:" not in text(sit_down(page, role="operator", name="ben@x"))


def test_who_sits_at_a_machine_whose_local_book_nobody_has_is_told_the_name(sit_down):
    said = text(sit_down("customers", name="ann", role=""))
    assert "`LOCAL_BOOK` names ann, who has no customer today. Name the person as BOOKS_FILE does." in said
    said = text(sit_down("customers", name="ann", role="", books=""))
    assert "who has no customer today. BOOKS_FILE, which says whose customers these are, is not set." in said


def test_at_a_machine_with_a_local_book_nobody_is_said_to_be_signed_in(sit_down):
    said = text(sit_down("status", name="ann", role=""))
    assert "`LOCAL_BOOK` names ann: this machine sees what that person would as a *manager*." in said
    assert "signed in" not in said


def test_the_overview_of_a_book_says_which_of_its_customers_are_gone(sit_down):
    now = partner()
    rows = [row for row in now.commercial_deployment if row["customerTenantId"] != OWN]
    app = sit_down(account=replace(now, commercial_deployment=rows))
    wait_for(app, lambda app: "Looking back three months" not in text(app) and "Not in the newest answer" in text(app))
    assert "Not in the newest answer: Ownly Ltd (1,000 licenses sold on" in text(app).replace("*", "")
    assert sold(app) == "200"


def test_changes_that_come_while_the_overview_is_drawn_are_on_it(sit_down, monkeypatch):
    """The history of a book comes after the tiles were drawn without it, and before the foot of the page is."""
    is_first, at_hand = [True], history_states.at_hand

    def too_late(past):
        found = at_hand(past)
        if is_first:
            is_first.clear()
            past.wait(20)
            return None
        return found

    monkeypatch.setattr(history_states, "at_hand", too_late)
    app = sit_down()
    assert not is_first
    (tile,) = [tile for tile in drawn_tiles(app) if tile.label == "Licenses sold"]
    assert "since" in tile.context


def test_each_page_is_about_the_book(sit_down):
    assert sold(sit_down("customers")) == "1,200"
    assert sold(sit_down("usage")) == "1,200"
    assert "1,200 seats renew" in text(sit_down("renewals")).replace("*", "")
    assert tiles(sit_down("trends"))["Deployment %"].startswith("58.75")  # (500 + 205) / 1,200
    app = sit_down("changes", {"level": "customer"})
    assert "2 customers" in text(app)


def test_a_link_to_somebody_elses_customer_says_the_same_as_one_to_a_customer_that_does_not_exist(sit_down, sent):
    words = []
    for tenant in (FOREIGN.lower(), str(UUID(int=7))):
        app = sit_down("customers", {"customer": tenant})
        assert "not in your book" in text(app)
        assert NAMES[FOREIGN].encode() not in b"".join(sent)
        words.append(text(app).replace(tenant, ""))
    assert words[0] == words[1]


@pytest.mark.parametrize(
    ("role", "link", "listed"),
    [
        ("manager", {}, "my customers"),
        ("manager", {"book": "all"}, "my customers"),
        ("lead", {"book": "all"}, "all customers"),
        ("lead", {"book": "ben@x"}, "customers of ben"),
    ],
)
def test_the_way_back_from_a_customer_names_the_list_that_it_leads_to(role, link, listed, sit_down):
    app = sit_down("customers", link | {"customer": SHARED_ONE}, role=role)
    assert any(button.label.startswith(f"Back to {listed}") for button in app.button)


def test_a_search_does_not_say_that_a_customer_exists(sit_down):
    words = [text(sit_down("customers", {"search": search})) for search in ("strangers", "zzz", FOREIGN[:12])]
    assert "No customer fits" in words[0]
    assert len({*words}) == 1


def test_files_say_whose_book_they_are_of(sit_down, monkeypatch):
    for page in ("", "trends", "changes", "customers", "usage", "health"):
        files = visits.taken_away(sit_down(page), monkeypatch)
        assert files
        assert all(rows["filter"].str.startswith("book = ann@x").all() for rows in files.values()), page
        monkeypatch.undo()


def test_files_of_pages_about_customers_say_it_beside_company_figures_too(sit_down, monkeypatch):
    for page, whose in (("", "none"), ("customers", "book = ann@x"), ("health", "book = ann@x")):
        files = visits.taken_away(sit_down(page, {"book": "all"}), monkeypatch)
        assert files
        assert all(rows["filter"].str.startswith(whose).all() for rows in files.values()), page
        monkeypatch.undo()


def test_a_reader_sees_company_figures_whatever_the_link_asks(sit_down, sent):
    app = sit_down(link={"book": "ann@x"}, role="reader")
    assert sold(app) == f"{sum(SOLD.values()):,}"
    assert traces(sent, *NAMES) == []


def test_the_counts_that_stand_in_on_the_overview_name_nobody_to_a_reader(sit_down, sent):
    app = sit_down(role="reader", account=partner(deployment=()))
    assert sold(app) == f"{sum(SOLD.values()):,}"
    assert traces(sent, *NAMES) == []


@pytest.mark.parametrize(("role", "names"), [("reader", []), ("manager", [NAMES[OWN], NAMES[SHARED_ONE]])])
def test_live_seats_that_stand_in_name_nobody_outside_the_book(sit_down, sent, role, names):
    empty = partner(deployment=(), commercial_deployment=())
    app = sit_down(link={"book": "all"}, role=role, account=empty)
    wait_for(app, lambda app: "live seats" in text(app).lower())
    assert sold(app) == f"{sum(SOLD.values()):,}"
    assert traces(sent, *NAMES) == []
    follow(app, {})
    if names:
        assert sold(app) == "1,200"
    assert traces(sent, FOREIGN, NOBODYS) == []


def refusing(*whose):
    """Neither subscriptions nor seats of these customers could be read, and the others have none."""
    listed = lakes.fetched_from(partner(), CUSTOMERS, NOW)
    unread = (lakes.without_rows(each, NOW, of_customers=OfCustomers(refused=whose)) for each in (SEATS, SUBSCRIPTIONS))
    return [lambda answer=answer: answer for answer in (listed, *unread)]


@pytest.mark.parametrize(
    ("role", "finding"),
    [
        ("manager", "1 customer could not be read: Ownly Ltd."),
        ("lead", "2 customers could not be read: Ownly Ltd, Strangers GmbH."),
    ],
)
def test_who_refuses_two_collections_is_counted_once_and_named_within_the_book(sit_down, sent, role, finding):
    app = sit_down("health", {"book": "all"}, role=role, past=[*PAST, *refusing(OWN, FOREIGN)])
    assert finding in text(app)
    if role == "manager":
        assert traces(sent, FOREIGN, NOBODYS) == []


@pytest.mark.parametrize(("role", "counts"), [("manager", False), ("lead", True)])
def test_how_many_customers_went_is_told_to_who_sees_them_all(sit_down, sent, role, counts):
    emptied = partial(lakes.fetched, COMMERCIAL_DEPLOYMENT, [], NOW + timedelta(hours=1))
    app = sit_down("health", {"book": "all"}, role=role, past=[*PAST, emptied])
    assert "has no rows any more: from" in text(app)
    assert (" to 0 customers, from" in text(app)) is counts
    assert (" to 0 customers" in str(sent)) is counts, "nor in a file"
    assert ("These are figures of the whole company." in text(app)) is not counts


def test_the_status_counts_who_could_not_be_read_and_names_nobody(sit_down):
    app = sit_down("status", role="operator", past=[*PAST, *refusing(OWN, FOREIGN)])
    wait_for(app, lambda app: "2 customers could not be read; *data health* names them." in text(app).lower())
    assert not app.success
    assert NAMES[OWN] not in text(app)


@pytest.mark.parametrize(
    ("link", "figure"),
    [({}, sum(SOLD.values())), ({"book": "ben@x"}, 70_207), ({"book": "unassigned"}, 30_003)],
)
def test_a_lead_chooses_any_book(sit_down, link, figure):
    assert sold(sit_down("customers", link, role="lead", name="lea@x")) == f"{figure:,}"


def test_a_lead_with_a_book_begins_with_it(sit_down):
    assert sold(sit_down("customers", role="lead", name="ben@x")) == "70,207"


@pytest.mark.parametrize("page", ADDRESSES)
def test_on_another_source_a_local_book_without_a_file_shows_no_customer(sit_down, sent, page):
    sit_down(page, role="", books="")
    assert traces(sent, *NAMES) == []


def test_on_the_sample_a_local_book_is_that_of_an_invented_person(visit):
    assert "**My customers** · 45 customers today" in text(visit(page="customers", LOCAL_BOOK="Ann@partner.example"))
    assert "no customers today" in text(visit(page="customers", LOCAL_BOOK="dora@partner.example"))


def test_without_books_a_manager_sees_everybody(sit_down):
    app = sit_down("customers", books="")
    assert sold(app) == f"{sum(SOLD.values()):,}"
    assert not [box for box in app.selectbox if box.key == "book"]


def test_a_hand_over_takes_effect_in_a_page_that_is_open(sit_down, tmp_path, sent):
    app = sit_down("customers")
    (tmp_path / "books.csv").write_text(f"{HEADER}{NOBODYS},ann@x,,\n")
    app.session_state["search"] = "o"  # a click in the page, which draws a part of it
    app.run()
    assert sold(app) == f"{SOLD[NOBODYS]:,}"
    sent.clear()
    app.run()
    assert traces(sent, OWN, SHARED_ONE, FOREIGN) == []
    (tmp_path / "books.csv").unlink()
    app.run()
    assert CANNOT_BE_TOLD in text(app)


def test_a_hand_over_at_midnight_takes_effect_in_a_page_that_is_open(sit_down, monkeypatch, sent):
    """From the first instant of the day (UTC) on, and not one earlier."""
    midnight = datetime(2027, 3, 1, tzinfo=UTC)
    at = [midnight - timedelta(microseconds=1)]

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return at[0].astimezone(tz)

    monkeypatch.setattr(feeds, "datetime", Clock)  # the one clock that days of a book go by
    books = f"{HEADER}{OWN},ann@x,,2027-03-01\n{OWN},ben@x,2027-03-01,\n{NOBODYS},ann@x,2027-03-01,\n"
    app = sit_down("customers", books=books)
    assert sold(app) == f"{SOLD[OWN]:,}"
    assert traces(sent, NOBODYS) == []
    at[0] = midnight
    app.session_state["search"] = "o"  # a click in the page, which draws a part of it
    app.run()
    assert sold(app) == f"{SOLD[NOBODYS]:,}"
    app.run()
    sent.clear()
    app.run()
    assert traces(sent, OWN) == []


def test_a_file_of_a_book_that_was_handed_over_is_not_made(sit_down, tmp_path, monkeypatch):
    made = []
    # AppTest takes no file.
    monkeypatch.setattr("streamlit.download_button", lambda _, content, *__, **___: made.append(content))
    sit_down("customers")
    assert made[0]()
    (tmp_path / "books.csv").write_text(f"{HEADER}{NOBODYS},ann@x,,\n")
    with pytest.raises(Denied, match="Whose customers you may see has changed"):
        made[0]()


def test_a_choice_of_a_book_is_in_the_link_and_goes_along(sit_down):
    app = sit_down(role="lead", name="lea@x")
    app.selectbox(key="book").set_value("ben@x").run()
    assert app.query_params["book"] == "ben@x"
    assert "Customers of ben" in text(app)
    assert "book" in bar(app)["shared"]
