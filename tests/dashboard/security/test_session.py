"""Who is let in, and what the others see, without a browser."""

import time
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.security import middleware
from dashboard.security.roles import Role
from dashboard.sitemap import PAGES
from tests.dashboard import visit
from tests.dashboard.visit import tables, text


@pytest.fixture
def knock(monkeypatch, configure):
    """Open a page as a person with these roles, or of whom the sign-in says something else."""

    def knock(page="", roles=("manager",), **changes):
        configure()
        monkeypatch.setenv("ACCESS_TENANTS", visit.TENANT)
        app = AppTest.from_file(str(visit.APP), default_timeout=30)
        app.user.update(visit.claims(*roles, **changes))
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
    assert not app.metric
    assert not app.get("bidi_component")
    assert not app.get("page_link")


@pytest.mark.parametrize("role", Role)
def test_each_role_has_its_pages_and_what_comes_before(knock, role):
    pages = [page for page in PAGES if page.role <= role]
    for page in PAGES:
        app = knock(page.address, [role.name])
        shut = "not for your role" in text(app)
        assert shut is (page not in pages), page
        assert shut is not bool(app.metric or tables(app)), page
        assert len(app.get("page_link")) == len(pages)


def test_a_name_is_text(knock):
    app = knock()
    assert app.get("popover")[0].proto.popover.label == "Mia \\*Manager\\*"


def test_a_page_that_is_drawn_anew_asks_again_whose_it_is(knock):
    app = knock()
    assert app.metric
    middleware.ENDED.add(app.user, datetime.now(UTC))
    app.button_group(key="channel").set_value(["direct"]).run()
    assert not app.metric
    assert "signed out" in text(app)
