"""Several replicas: people sign in, follow links, take files and reload while one of two processes is killed."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Route, expect

from tests.browser import app
from tests.browser.office import sign_in
from tests.replicas.office import OLAF, Office, proxy
from tests.waiting import until

ROUNDS = int(os.environ.get("REPLICA_ROUNDS", "100"))
LINK = "/?channel=direct&target=70"
METRICS = "/_stcore/metrics"  # which an operator may read
NOT_COMPLETED = re.compile("The sign-in was not completed")
_CLICKS, _PATIENCE = 10, 8_000  # on the door, and milliseconds after which people click again
_TRIES = 3  # which somebody may need where the process is lost in the middle
#: Clicks a button in the first moment at which it takes clicks, before the page is drawn by another process.
_CLICK_AS_SOON_AS_IT_CAN_BE = """button => {
    const look = () => button.disabled ? requestAnimationFrame(look) : button.click();
    look();
}"""
_WAIT = 60_000  # milliseconds until a page has found the other process, while this machine is busy with starting one

pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")  # of our own certificate


@contextmanager
def seen_on_failure(page: Page, number: int) -> Iterator[None]:
    """Say what stood on the page where a round came to no end."""
    try:
        yield
    except (Error, AssertionError) as error:
        pytest.fail(f"Round {number}: {error}\n{page.locator('body').aria_snapshot()[:3_000]}")


@contextmanager
def somebody(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1366, "height": 900}, ignore_https_errors=True)
    context.set_default_timeout(_WAIT)
    expect.set_options(timeout=_WAIT)
    yield context
    context.close()


def go_to_microsoft(page: Page) -> None:
    """Click on the closed door until Microsoft's page is there.

    A process that is lost at that instant takes the click along; people click again.
    """
    for _ in range(_CLICKS):
        page.get_by_role("button", name="Sign in with Microsoft").click()
        with suppress(Error):
            page.wait_for_url(lambda url: "/oauth2/" in url, timeout=_PATIENCE)
            return
    raise AssertionError(f"The way to Microsoft was not found by {_CLICKS} clicks.")


def arrive(page: Page, address: str) -> int:
    """Open the link and sign in, once more where that was not completed and the page says so; how often it did."""
    page.goto(address)
    person, refusal = page.get_by_role("button", name=OLAF.name), page.get_by_text(NOT_COMPLETED)
    for refused in range(_TRIES):
        go_to_microsoft(page)
        person.click()
        expect(person.or_(refusal)).to_be_visible()
        if not refusal.is_visible():
            return refused
    raise AssertionError(f"No sign-in was completed in {_TRIES} tries.")


def take(page: Page) -> tuple[str, bytes, int]:
    """A file of the page, clicked on again where the process was lost; its name, content, and the clicks in vain."""
    for vain in range(_TRIES):
        try:
            return *app.download(page, "export_csv"), vain
        except Error as error:
            if "Timeout" not in error.message and "Download" not in error.message:
                raise
            app.settle(page)
    raise AssertionError(f"No file came in {_TRIES} tries.")


def wait_for_end_in_both(two: Office, cookies: Mapping[str, str]) -> None:
    """Wait until neither process takes these cookies any more, which is so within some seconds."""
    until(lambda: two.asked_of_each(METRICS, cookies) == [401, 401], seconds=10)


def test_people_work_on_while_one_process_after_the_other_is_lost(browser, two: Office, tmp_path):
    seen, again = Counter[tuple[object, ...]](), Counter[str]()
    begun = time.monotonic()
    with proxy(two, tmp_path), two.with_losses():
        for number in range(1, ROUNDS + 1):
            with somebody(browser) as context, seen_on_failure(page := context.new_page(), number):
                again["sign-in"] += arrive(page, two.address + LINK)
                app.wait_for_chart(page)
                app.settle(page)
                name, content, vain = take(page)
                again["file"] += vain
                figures = app.figures(page)
                page.reload()
                app.wait_for_chart(page)
                app.settle(page)
                assert app.figures(page) == figures
                seen[page.url, figures["kpi_licenses_sold"], name, content] += 1
    minutes = (time.monotonic() - begun) / 60
    print(f"{ROUNDS} rounds, {two.kills} losses, {minutes:.1f} minutes; once more: {dict(again)}")
    assert two.kills
    ((one, count),) = seen.items()
    assert (one[0], count) == (two.address + LINK, ROUNDS), "the same view and the same bytes, whoever made them"
    said = two.said()
    assert said.count("(not_completed") == again["sign-in"], "what a page said is in the log as well"
    assert "Traceback" not in said


def test_the_door_opens_at_the_first_click_after_its_process_is_lost(browser, two: Office, tmp_path):
    with proxy(two, tmp_path), somebody(browser) as context:
        page = context.new_page()
        page.goto(two.address + LINK)
        door = page.get_by_role("button", name="Sign in with Microsoft")
        expect(door).to_be_visible()
        for replica in two.replicas:
            replica.end()
        expect(door).to_be_disabled()
        door.evaluate(_CLICK_AS_SOON_AS_IT_CAN_BE)
        for replica in two.replicas:
            replica.start()
        for replica in two.replicas:
            replica.wait()
        page.wait_for_url(lambda url: "/oauth2/" in url)


def test_what_is_drawn_while_its_process_is_lost_is_there_when_it_comes_back(browser, two: Office, tmp_path):
    with proxy(two, tmp_path), somebody(browser) as context:
        arrive(context.new_page(), two.address + LINK)
        page, held = context.new_page(), list[Route]()

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/BidiComponent.*.js", hold)
        page.goto(two.address + LINK)
        expect(page.get_by_role("heading", name="Services and channels")).to_be_visible()
        scripts = [(route, route.fetch()) for route in held]
        assert scripts, "no component is drawn before"
        for replica in two.replicas:
            replica.end()
        expect(app.pill(page, "Direct")).to_be_disabled()
        for route, script in scripts:
            route.fulfill(response=script)
        for replica in two.replicas:
            replica.start()
        for replica in two.replicas:
            replica.wait()
        app.wait_for_chart(page)
        expect(page.get_by_text("not connected")).to_have_count(0)


def test_signing_out_ends_it_in_both(browser, two: Office, tmp_path):
    with proxy(two, tmp_path), somebody(browser) as context:
        page = context.new_page()
        arrive(page, two.address)
        cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
        assert two.asked_of_each(METRICS, cookies) == [200, 200], "each takes the other's cookie"
        page.get_by_role("button", name=OLAF.name).click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign in with Microsoft")).to_be_visible()
        wait_for_end_in_both(two, cookies)
        two.restart(two.replicas[0])
        wait_for_end_in_both(two, cookies)  # or a restart forgot it


def test_without_the_cookie_the_log_names_files_that_do_not_come(browser, two: Office, tmp_path):
    with proxy(two, tmp_path, is_sticky=False), somebody(browser) as context:
        page = context.new_page()
        arrive(page, two.address + LINK)
        app.wait_for_chart(page)
        app.settle(page)
        with page.expect_response(re.compile("/media/")) as sent:
            page.locator(".st-key-export_csv button:visible").click()
        cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
        answers = two.asked_of_each(urlsplit(sent.value.url).path, cookies)
    assert sorted(answers) in ([200, 401], [200, 404]), "a file is with the process that made it"
    assert "a proxy leads a visitor to changing processes" in two.said()


def test_with_another_cookie_secret_page_and_log_name_the_sign_in_that_fails(browser, two: Office, tmp_path):
    one, other = two.replicas
    own = one.secrets.read_text()
    one.secrets.write_text(own.replace("hush", "another"))
    two.restart(other)
    try:
        with proxy(two, tmp_path, is_sticky=False):
            for _ in range(20):
                with somebody(browser) as context:
                    page = context.new_page()
                    page.goto(two.address + LINK)
                    sign_in(page, OLAF)
                    page.wait_for_url(two.address + LINK)
                    refusal = page.get_by_text(NOT_COMPLETED)
                    expect(refusal.or_(page.get_by_role("button", name=OLAF.name))).to_be_visible()
                    if refusal.is_visible():
                        break
            else:
                pytest.fail("each of 20 sign-ins came back to the process where it began")
        assert "differ in cookie_secret" in two.said()
    finally:
        one.secrets.write_text(own)
