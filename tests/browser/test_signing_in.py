"""People who sign in: real Chromium, real Streamlit, real MSAL; an Entra ID over HTTPS, and a Partner Center behind."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import app
from tests.browser.office import MIA, OLAF, RITA, SECRETS, UMA, Office, opened, sign_in
from tests.entra import Person


@pytest.fixture(scope="session")
def office() -> Iterator[Office]:
    with opened() as office:
        yield office


@pytest.fixture(scope="session")
def _browser_of_somebody(browser: Browser) -> Iterator[BrowserContext]:
    """Its first window serves all tests, as it has to compile Streamlit's scripts only once."""
    with browser.new_context(viewport={"width": 1366, "height": 900}, ignore_https_errors=True) as context:
        context.new_page()
        yield context


@pytest.fixture
def somebody(_browser_of_somebody: BrowserContext) -> Iterator[BrowserContext]:
    """A browser of somebody's own, who has not signed in."""
    yield _browser_of_somebody
    window, *others = _browser_of_somebody.pages
    window.goto("about:blank")
    for other in others:
        other.close()
    _browser_of_somebody.clear_cookies()


def knock(context: BrowserContext, office: Office, link: str = "/") -> Page:
    """Open a link, and see the closed door."""
    page = context.pages[0] if context.pages else context.new_page()
    page.goto(office.address + link)
    expect(page.get_by_role("button", name="Sign in with Microsoft")).to_be_visible()
    return page


def arrive(context: BrowserContext, office: Office, person: Person, link: str = "/") -> Page:
    """Open a link, sign in, and be there."""
    page = knock(context, office, link)
    sign_in(page, person)
    expect(page.get_by_role("button", name=person.name)).to_be_visible(timeout=15_000)
    app.settle(page)
    return page


def cookies_of(context: BrowserContext) -> dict[str, str]:
    return {cookie["name"]: cookie["value"] for cookie in context.cookies()}


def test_a_person_signs_in_lands_on_the_link_and_sees_what_is_theirs(somebody, office):
    page = knock(somebody, office, "/?channel=direct&target=70")
    assert "licenses" not in page.locator("body").inner_text().lower().replace("partner license insights", "")
    sign_in(page, MIA)
    app.wait_for_chart(page)
    app.settle(page)
    assert page.url == f"{office.address}/?channel=direct&target=70"
    expect(app.pill(page, "Direct")).to_have_attribute("aria-pressed", "true")
    assert set(office.partner_center.admission.people) == {MIA.name}
    assert app.figure(page, "kpi_licenses_sold") != str(len(RITA.name))


def test_after_signing_out_nothing_is_reachable(somebody, office):
    page = arrive(somebody, office, MIA)
    other = somebody.new_page()
    app.visit(other, office.address)
    with page.expect_response(re.compile("/media/")) as sent:
        app.download(page, "export_csv")
    file = sent.value.url
    cookies = cookies_of(somebody)
    assert requests.get(file, cookies=cookies, timeout=5).status_code == 200
    page.get_by_role("button", name=MIA.name).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in with Microsoft")).to_be_visible(timeout=15_000)
    # The other window still has its connection, and somebody may have kept the cookies.
    app.pill(other, "Direct").click()
    expect(other.get_by_role("button", name="Sign in with Microsoft")).to_be_visible()
    expect(other.locator(".st-key-kpi_licenses_sold")).to_have_count(0)
    for address in (file, f"{office.address}/_stcore/metrics"):
        assert requests.get(address, cookies=cookies, timeout=5).status_code == 401
        assert requests.get(address, timeout=5).status_code == 401


def test_the_operator_sees_who_signed_in_looked_and_took_what_away(browser, somebody, office):
    page = arrive(somebody, office, MIA, "/?channel=direct")
    app.wait_for_chart(page)
    app.download(page, "export_csv")
    page.get_by_role("button", name=MIA.name).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in with Microsoft")).to_be_visible(timeout=15_000)
    context = browser.new_context(viewport={"width": 1366, "height": 900}, ignore_https_errors=True)
    try:
        seen = arrive(context, office, OLAF, f"/audit?search={MIA.username}")
        table = seen.locator(".st-key-audit_table")
        for did in ("signed in", "looked at a page", "took a file", "signed out"):
            expect(table).to_contain_text(did, timeout=10_000)
        expect(table).to_contain_text("Channel: Direct")
        expect(table).not_to_contain_text(OLAF.username)
    finally:
        context.close()


def test_two_people_on_a_warm_cache_see_each_their_own(browser, somebody, office):
    page = arrive(somebody, office, MIA)
    app.wait_for_chart(page)
    hers = app.figures(page)
    with page.expect_response(re.compile("/media/")) as sent:
        app.download(page, "export_csv")
    context = browser.new_context(viewport={"width": 1366, "height": 900}, ignore_https_errors=True)
    try:
        his = arrive(context, office, OLAF)
        app.wait_for_chart(his)
        assert app.figure(his, "kpi_licenses_sold") == str(len(OLAF.name))
        assert app.labels(his) != app.labels(page)
        assert requests.get(sent.value.url, cookies=cookies_of(context), timeout=5).status_code == 401
    finally:
        context.close()
    page.reload()
    app.wait_for_chart(page)
    app.settle(page)
    assert app.figures(page) == hers


def test_a_reader_sees_services_and_no_customer(somebody, office):
    page = arrive(somebody, office, RITA)
    app.wait_for_chart(page)
    expect(page.get_by_role("link", name="Usage")).to_be_visible()
    expect(page.get_by_role("link", name="Customers")).to_have_count(0)
    expect(page.get_by_role("link", name="Status")).to_have_count(0)
    for forbidden in ("/customers", "/status"):
        page.goto(office.address + forbidden)
        expect(page.get_by_role("heading", name="This page is not for your role")).to_be_visible()
        expect(page.locator(".license-table")).to_have_count(0)


def test_an_operator_tests_the_connection(somebody, office):
    page = arrive(somebody, office, OLAF, "/status")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("collections were asked").first).to_be_visible()
    for fact in (OLAF.username, "operator", office.entra.home.id, "each person who is signed in"):
        expect(page.get_by_text(fact, exact=True).first).to_be_visible()


def test_somebody_unlisted_sees_nothing(somebody, office):
    page = knock(somebody, office, "/customers")
    sign_in(page, UMA)
    expect(page.get_by_text("not on the list")).to_be_visible(timeout=15_000)
    assert UMA.username in page.locator("body").inner_text().translate(app.INVISIBLE)
    assert UMA.name not in office.partner_center.admission.people
    assert requests.get(f"{office.address}/_stcore/metrics", cookies=cookies_of(somebody), timeout=5).status_code == 401


def test_a_sign_in_that_is_cancelled_says_so(somebody, office):
    page = knock(somebody, office, "/usage")
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled")).to_be_visible(timeout=15_000)
    assert page.url.endswith("/usage")


def test_a_sign_in_that_fails_on_the_way_back_says_why(somebody, office):
    page = knock(somebody, office, "/usage")
    registration = office.entra.home.apps[0]
    registration.secret_expires = office.entra.clock.now() - 1
    try:
        sign_in(page, MIA)
        expect(page.get_by_text("does not accept the secret")).to_be_visible(timeout=15_000)
    finally:
        registration.secret_expires = None
    assert page.url.endswith("/usage")
    assert "A person's sign-in failed (AADSTS7000222, " in office.log.read_text()
    sign_in(page, MIA)
    expect(page.get_by_role("button", name=MIA.name)).to_be_visible(timeout=15_000)


def test_a_person_in_as_many_groups_as_a_sign_in_carries(somebody, office, monkeypatch):
    monkeypatch.setattr(MIA, "groups", [str(uuid.uuid4()) for _ in range(200)])  # she is in other tests, too
    page = arrive(somebody, office, MIA)
    assert sum(map(len, cookies_of(somebody).values())) > 2 * 8_192
    app.wait_for_chart(page)


def test_a_link_of_another_site_signs_nobody_out(somebody, office):
    page = arrive(somebody, office, MIA)
    other = somebody.new_page()
    other.set_content(f'<a href="{office.address}/auth/logout">Prizes</a>')
    other.get_by_role("link").click()
    expect(other.get_by_text("Sign out with the button of a page.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name=MIA.name)).to_be_visible(timeout=15_000)


def test_a_tampered_cookie_is_nobody(somebody, office):
    page = arrive(somebody, office, MIA)
    for cookie in somebody.cookies():
        if cookie["name"].startswith("_streamlit_user"):
            somebody.add_cookies([{**cookie, "value": cookie["value"][:-4] + "AAAA"}])
    page.reload()
    expect(page.get_by_role("button", name="Sign in with Microsoft")).to_be_visible()


def test_the_page_closes_when_the_sign_in_ends_although_nobody_clicks(somebody, office):
    office.entra.access_token_life = 6
    try:
        page = arrive(somebody, office, RITA)
    finally:
        office.entra.access_token_life = 3600
    cookies = cookies_of(somebody)
    expect(page.get_by_text("Your sign-in has ended")).to_be_visible(timeout=15_000)
    expect(page.locator(".st-key-kpi_licenses_sold")).to_have_count(0)
    assert requests.get(f"{office.address}/_stcore/metrics", cookies=cookies, timeout=5).status_code == 401
    page.reload()
    expect(page.get_by_text("Your sign-in has ended")).to_be_visible()


def test_nothing_secret_was_said(office):
    """Last: what the server wrote during all of the above, with everything logged."""
    time.sleep(0.5)  # in which the log is written
    said = office.log.read_text()
    assert "SESSIONS_CONNECTED" in said
    tokens = set(office.partner_center.admission.seen)
    codes = {asked.form["code"] for asked in office.entra.requests if "code" in asked.form}
    assertions = {asked.form["assertion"] for asked in office.entra.requests if "assertion" in asked.form}
    assert tokens
    assert codes
    assert assertions
    for secret in {*SECRETS, *tokens, *codes, *assertions}:
        assert secret not in said, secret[:12]
