"""Saved views: kept by a person from the bar, opened as links, and no way around the book."""

import errno
import os
from datetime import timedelta

import pytest

from dashboard import user_records
from data_access import history, load_settings
from data_access.emulator import Emulator
from tests.bookkeeping import FOREIGN, HEADER, NAMES, OWN, partner
from tests.dashboard import visit as visits
from tests.dashboard.visit import text

FIRST_PAGE = "How much of what we sold is deployed?"
HOSTILE = ":red[x] <b> ![y](http://z) \u202e"
SHOWN = r"\:⁠red\[x\] \<b\> \!\[y\]\(http\:⁠\/\/z\)"


@pytest.fixture
def sit(serve_again, tmp_path, configure, claims, monkeypatch):
    """Open a page of one account as somebody; without a name at this machine. `book`: the customers of ann@x."""
    settings = {"HISTORY_URL": str(tmp_path / "history"), **visits.live(serve_again(Emulator(partner())))}
    books = tmp_path / "books.csv"

    def sit(page="", link=None, *, name="", book=()):
        if name:
            configure()
            monkeypatch.setenv("ACCESS_TENANTS", visits.TENANT)
            claims.update(visits.claims("manager", preferred_username=name, oid=name))
        if book:
            books.write_text(f"{HEADER}{''.join(f'{tenant},ann@x,,' for tenant in book)}\n")
            monkeypatch.setenv("BOOKS_FILE", str(books))
        return visits.opened(settings, link or {}, page, monkeypatch, claims)

    return sit


def menu(app):
    app.session_state["views"] = True
    app.run()
    assert not app.exception
    return app


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def save(app, name):
    menu(app).text_input(key="view_name").set_value(name)
    press(app, "Save")


def views(app):
    """The links of the menu: label, address and parameters."""
    (opened,) = (popover for popover in menu(app).get("popover") if popover.proto.popover.label == "Views")
    listed = [link.proto for link in opened.get("page_link")]
    return [(link.label, link.page, link.query_string) for link in listed]


def test_what_is_on_screen_is_kept_under_a_name_and_opened_by_a_link(sit):
    app = sit("customers", {"channel": ["direct", "reseller"], "sort": "name"})
    save(app, "My view")
    assert views(app) == [("My view", "customers", "channel=direct&channel=reseller&sort=name")]
    assert app.text_input(key="view_name").value == ""


def test_a_name_is_text_whatever_it_looks_like(sit):
    app = sit()
    save(app, HOSTILE)
    ((label, _, _),) = views(app)
    assert label == SHOWN


def test_a_name_that_is_taken_or_missing_is_said_in_words(sit):
    app = sit()
    save(app, "a view")
    for name, problem in (("A VIEW", "name already"), (" ", "Give the view a name")):
        save(app, name)
        assert problem in text(app)
    assert len(views(app)) == 1


def test_a_shut_menu_reads_nothing(sit, monkeypatch):
    monkeypatch.setattr(history, "open_views", lambda _: pytest.fail("read"))  # nothing else would tell
    assert not sit("trends").text_input


def test_a_view_gets_another_name_and_goes_without_a_trace(sit, tmp_path):
    app = sit()
    save(app, "old view")
    press(app, "Change")
    app.text_input(key="view_new_name").set_value("new view")
    press(app, "Rename")
    assert [label for label, _, _ in views(app)] == ["new view"]
    press(app, "Delete")
    assert views(app) == []
    assert not [*tmp_path.glob("*/views/*")]


def test_a_view_opens_instead_of_the_first_page_for_who_asks_for_nothing_else(sit):
    app = sit("trends", {"range": "3m"})
    save(app, "first view")
    press(app, "Change")
    app.toggle(key="view_opens_first").set_value(True).run()
    app = sit()
    assert app.query_params == {"range": "3m"}
    assert app.title[0].value != FIRST_PAGE
    assert sit(link={"sort": "name"}).title[0].value == FIRST_PAGE
    press(menu(app), "Change")
    app.toggle(key="view_opens_first").set_value(False).run()
    assert sit().title[0].value == FIRST_PAGE


def test_each_person_has_the_own_views(sit):
    for name in ("ann@x", "ben@x"):
        save(sit(name=name), f"view of {name[:3]}")
        assert [label for label, _, _ in views(sit(name=name))] == [f"view of {name[:3]}"]


def test_without_sign_in_views_are_of_the_machine(sit):
    save(sit(), "a view")
    assert [*history.open_views(load_settings()).all()] == [""]


def test_a_view_that_another_process_kept_is_in_the_menu_when_it_is_opened(sit, monkeypatch):
    """With a book of this machine or without one, the views are the machine's."""
    monkeypatch.setattr(user_records, "AGE", timedelta(0))  # or it takes five seconds
    app = sit()
    assert views(app) == []
    history.open_views(load_settings()).save("", "from elsewhere", "trends", {})
    assert [label for label, _, _ in views(app)] == ["from elsewhere"]
    monkeypatch.setenv("LOCAL_BOOK", "ann@x")
    assert [label for label, _, _ in views(sit())] == ["from elsewhere"]


def test_what_a_view_shows_is_decided_by_the_book_when_it_is_opened(sit):
    app = sit("customers", {"customer": FOREIGN}, name="ann@x", book=[FOREIGN])
    assert NAMES[FOREIGN] in text(app)
    save(app, "a view")
    ((_, page, query),) = views(app)
    assert (page, query) == ("customers", f"customer={FOREIGN}")
    app = sit(page, {"customer": FOREIGN}, name="ann@x", book=[OWN])
    assert "not in your book" in text(app)
    assert NAMES[FOREIGN] not in text(app)


def test_a_full_disk_is_said_and_nothing_is_kept(sit, monkeypatch):
    app = menu(sit())

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)  # as on a full disk
    save(app, "a view")
    assert "No space left on device" in text(app)
    monkeypatch.undo()
    assert history.open_views(load_settings()).all() == {}
