"""The door without a browser: who gets in, and what the others see."""

import time
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.security import middleware
from dashboard.security.roles import Role
from dashboard.sitemap import PLACES
from tests.dashboard.visit import APP, text

TENANT = "05bbed59-1f63-4ee2-bdfc-0411a0252cd9"


@pytest.fixture
def knock(monkeypatch, configure):
    """Open a page as somebody whom the sign-in describes so."""

    def knock(page="", roles=("manager",), **claims):
        configure()
        monkeypatch.setenv("ACCESS_TENANTS", TENANT)
        app = AppTest.from_file(str(APP), default_timeout=30)
        app.user.update(
            {
                "is_logged_in": True,
                "tid": TENANT,
                "oid": "1",
                "aud": "the-app",
                "iss": f"https://login/{TENANT}/v2.0",
                "name": "Mia *Manager*",
                "preferred_username": "mia@contoso.example",
                "exp": time.time() + 3600,
                "roles": [*roles],
                **claims,
            }
        )
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
@pytest.mark.parametrize("page", [place.address for place in PLACES])
def test_whoever_is_not_let_in_sees_the_door_and_no_figure(knock, claims, words, button, page):
    app = knock(page, **claims)
    assert words in text(app)
    assert button in labels(app)
    assert not app.metric
    assert not app.dataframe
    assert not app.get("plotly_chart")
    assert not app.get("page_link")


@pytest.mark.parametrize("role", Role)
def test_each_role_has_its_pages_and_what_comes_before(knock, role):
    pages = [place for place in PLACES if place.role <= role]
    for place in PLACES:
        app = knock(place.address, [role.name])
        shut = "not for your role" in text(app)
        assert shut is (place not in pages), place
        assert shut is not bool(app.metric or app.dataframe), place
        assert len(app.get("page_link")) == len(pages)


def test_a_name_is_text(knock):
    app = knock()
    assert app.get("popover")[0].proto.popover.label == "Mia \\*Manager\\*"


def test_a_page_that_is_drawn_anew_asks_again_whose_it_is(knock):
    app = knock()
    assert app.metric
    middleware.ended.add(app.user, datetime.now(UTC))
    app.button_group(key="channel").set_value(["direct"]).run()
    assert not app.metric
    assert "signed out" in text(app)
