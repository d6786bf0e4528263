"""Who is let in, and what the others see, without a browser."""

import time
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components import figures, table
from dashboard.security import middleware, session
from dashboard.security.roles import Denied, Role
from dashboard.sitemap import PAGES
from tests.dashboard import visit
from tests.dashboard.visit import bar, tables, text, tiles


@pytest.fixture
def knock(monkeypatch, configure, claims):
    """Open a page as a person with these roles, or of whom the sign-in says something else."""

    def knock(page="", roles=("manager",), **changes):
        configure()
        monkeypatch.setenv("ACCESS_TENANTS", visit.TENANT)
        app = AppTest.from_file(str(visit.APP), default_timeout=30)
        app.user.update(claims | visit.claims(*roles, **changes))
        app.run()
        if page:
            app.switch_page(f"screens/{page}.py").run()
        assert not app.exception
        return app

    return knock


def labels(app):
    return [button.label for button in app.button]


@pytest.mark.parametrize(
    ("claims", "words", "button"),
    [
        ({"is_logged_in": False}, "for people of this company", "Sign in with Microsoft"),
        ({"exp": time.time() - 1}, "has ended", "Sign in with Microsoft"),
        ({"tid": "another"}, "another organisation", "Sign in with Microsoft"),
        ({"roles": []}, "not on the list", "Sign out"),
    ],
)
@pytest.mark.parametrize("page", [page.address for page in PAGES])
def test_a_person_who_is_not_let_in_is_told_why_and_sees_no_figure(knock, claims, words, button, page):
    app = knock(page, **claims)
    assert words in text(app)
    assert button in labels(app)
    assert not tiles(app)
    assert not app.get("bidi_component")
    assert not app.get("page_link")


@pytest.mark.parametrize("role", Role)
def test_each_role_has_its_pages_and_what_comes_before(knock, role):
    pages = [page for page in PAGES if page.role <= role]
    for page in PAGES:
        app = knock(page.address, [role.name])
        shut = "not for your role" in text(app)
        assert shut is (page not in pages), page
        assert shut is not bool(tiles(app) or tables(app)), page
        assert len(bar(app)["pages"]) == len(pages)


def test_a_name_is_text(knock):
    app = knock()
    assert "Mia \\*Manager\\*" in [each.proto.popover.label for each in app.get("popover")]


def test_a_page_that_is_drawn_anew_asks_again_whose_it_is(knock):
    app = knock()
    assert tiles(app)
    middleware.ENDED.add(app.user, datetime.now(UTC))
    app.button_group(key="channel").set_value(["direct"]).run()
    assert not tiles(app)
    assert "signed out" in text(app)


# What the audit has of it


def noted_as(noted, *names):
    return [tuple(getattr(entry, name) for name in names) for entry in noted]


def test_each_page_and_each_choice_is_noted_once_with_who_looked(knock, noted):
    app = knock()
    app.run()
    app.button_group(key="channel").set_value(["direct"]).run()
    assert noted_as(noted, "action", "page", "filters") == [
        ("look", "overview", ""),
        ("look", "overview", "channel=direct"),
    ]
    assert noted_as(noted, "person", "personId") == [("mia@contoso.example", f"{visit.TENANT}/1")] * 2


def test_a_page_that_breaks_off_is_noted_since_its_beginning_was_seen(knock, noted, monkeypatch):
    app = knock()
    monkeypatch.setattr(table, "show", None)  # no answer of Microsoft's is known at which a page breaks off
    app.button_group(key="channel").set_value(["direct"]).run()
    assert app.exception
    app.switch_page("screens/usage.py").run()
    assert app.exception
    assert noted_as(noted, "action", "page", "filters") == [
        ("look", "overview", ""),
        ("look", "overview", "channel=direct"),
        ("look", "usage", "channel=direct"),
    ]


def test_a_page_that_is_not_for_somebodys_role_is_noted_as_refused(knock, noted):
    knock("status", ["manager"])
    assert noted_as(noted, "action", "page") == [("look", "overview"), ("refused", "status")]


def test_who_is_not_let_in_looks_at_nothing(knock, noted):
    knock(is_logged_in=False)
    assert not noted


def test_a_file_is_noted_when_it_is_taken_with_its_rows(knock, noted, monkeypatch):
    files = {}
    # AppTest takes no file.
    monkeypatch.setattr(figures, "downloads", lambda offered: files.update({f.key: handed(f) for f in offered}))

    def handed(file):
        return file, session.handing_out()(file.content, file.mimetype, file.name)

    app = knock()
    assert [entry.action for entry in noted] == ["look"], "offered, and not taken"
    file, take = files["export_csv"]
    rows = len(take().splitlines()) - 1
    taken = noted[-1]
    assert (taken.action, taken.page, taken.file, taken.rows) == ("file", "overview", file.name, rows)
    assert rows
    assert taken.person == "mia@contoso.example"
    take()
    assert len(noted) == 3, "each time"
    middleware.ENDED.add(app.user, datetime.now(UTC))
    with pytest.raises(Denied, match=r"You have signed out\."):
        take()
    assert len(noted) == 3
