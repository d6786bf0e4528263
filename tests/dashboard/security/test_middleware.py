"""What strangers get from each address, where people land after signing in, and what may not be exposed."""

import time
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.responses import RedirectResponse
from starlette.testclient import WebSocketDenialResponse
from streamlit.proto.BackMsg_pb2 import BackMsg

from dashboard.security import middleware, streamlit_internals
from dashboard.security.middleware import REFUSAL, RETURN_LINK
from dashboard.security.roles import Person, Role
from dashboard.security.streamlit_internals import LARGEST_HEADER, MOST_VALUES
from tests.dashboard import visit
from tests.dashboard.security.doors import arriving, cookie, gate

ROOT = Path(__file__).parents[3]
FROM_A_PAGE = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}
OPEN = ["/", "/customers", "/status", "/static/js/x.js", "/fonts/x.woff2", "/_stcore/health", "/_stcore/host-config"]
CLOSED = [
    "/media/abc.csv",
    "/_stcore/metrics",
    "/_stcore/upload_file/1/2",
    "/app/static/x",
    "/elsewhere",
    "/_stcore/new",
]


def person(oid="1", role=Role.MANAGER):
    return Person("x", "x", (visit.TENANT, oid), role)


# Strangers


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("path", OPEN)
def test_strangers_get_what_it_takes_to_be_asked_who_they_are(browser, path):
    assert browser.get(path).status_code == 200


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize(
    "cookies",
    [
        {},
        {"_streamlit_user": "forged"},
        cookie(exp=time.time() - 1),
        cookie(tid="another"),
        cookie(role="unlisted"),
        {name: value[:-3] + "abc" for name, value in cookie().items()},
    ],
    ids=["nobody", "forged", "over", "foreign", "unlisted", "tampered"],
)
def test_strangers_get_nothing_else(browser, path, cookies):
    browser.cookies.update(cookies)
    answer = browser.get(path)
    assert answer.status_code in (401, 404)
    assert answer.text == "Sign-in required."


@pytest.mark.usefixtures("configured")
def test_odd_paths_are_nobodys(browser):
    assert browser.get("/static/%2e%2e/media/x.csv").status_code in (401, 404)
    assert browser.get("/fonts/..\\media").status_code in (401, 404)


FIELDS = BackMsg.DESCRIPTOR.fields_by_name
OPERATIONS = FIELDS["backend_operation_request"].message_type.oneofs_by_name["payload"].fields
EVERY_KIND = [kind for kind in (*FIELDS, *(field.name for field in OPERATIONS)) if kind != "rerun_script"]


@pytest.mark.usefixtures("configured")
def test_on_the_socket_strangers_can_be_asked_who_they_are_and_nothing_else(browser):
    with browser.websocket_connect("/_stcore/stream") as socket:
        assert sorted(arriving(socket, *EVERY_KIND)) == ["app_heartbeat", "stop_script"]
        socket.send_bytes(b"\xff\xff nothing of ours")
        assert arriving(socket) == []


@pytest.mark.usefixtures("configured")
def test_people_ask_for_rows_until_their_sign_in_ends_and_hear_at_its_button_why_a_file_is_not_made(browser):
    browser.cookies.update(cookie("manager"))
    with browser.websocket_connect("/_stcore/stream") as socket:
        everything = ["app_heartbeat", "dataframe_chunk", "deferred_file", "stop_script"]
        assert sorted(arriving(socket, *EVERY_KIND)) == everything
        browser.get("/auth/logout", headers=FROM_A_PAGE)
        assert sorted(arriving(socket, *EVERY_KIND)) == ["app_heartbeat", "deferred_file", "stop_script"]


# People


@pytest.mark.usefixtures("configured")
def test_metrics_are_the_operators(browser):
    browser.cookies.update(cookie("manager"))
    refused = browser.get("/_stcore/metrics")
    assert (refused.status_code, refused.text) == (401, "This is for operators.")
    browser.cookies.update(cookie("operator"))
    assert browser.get("/_stcore/metrics").status_code == 200


@pytest.mark.usefixtures("configured")
def test_a_file_is_for_whom_it_was_made(browser):
    middleware.register_download_owner(b"a,b\n", "text/csv", "x.csv", person("1"))
    path = f"/media/{streamlit_internals.file_id(b'a,b' + bytes([10]), 'text/csv', 'x.csv')}.csv"
    browser.cookies.update(cookie(oid="2"))
    refused = browser.get(path)
    assert (refused.status_code, "not for you" in refused.text) == (401, True)
    assert refused.text == browser.get("/media/abc.csv").text, "it does not say which files there are"
    browser.cookies.update(cookie(oid="1"))
    assert browser.get(path).status_code == 200


@pytest.mark.usefixtures("configured")
def test_a_file_that_another_process_made_is_named_in_the_log_once(browser, caplog):
    browser.cookies.update(cookie())
    for _ in range(2):
        assert browser.get("/media/0123456789abcdef.csv").status_code == 401
    assert caplog.text.count("a proxy leads a visitor to changing processes") == 1


@pytest.mark.usefixtures("configured")
def test_a_file_is_for_as_long_as_its_owner_may_see_what_is_in_it(browser):
    still = [True]
    middleware.register_download_owner(b"c,d\n", "text/csv", "y.csv", person("1"), lambda: still[0])
    path = f"/media/{streamlit_internals.file_id(b'c,d' + bytes([10]), 'text/csv', 'y.csv')}.csv"
    browser.cookies.update(cookie(oid="1"))
    assert browser.get(path).status_code == 200
    still[0] = False
    assert browser.get(path).status_code == 401


@pytest.mark.usefixtures("configured")
def test_a_cookie_is_worth_nothing_after_signing_out(browser):
    mine = cookie("operator")
    browser.cookies.update(mine)
    assert browser.get("/_stcore/metrics").status_code == 200
    browser.get("/auth/logout", headers=FROM_A_PAGE)
    browser.cookies.update(mine)
    assert browser.get("/_stcore/metrics").status_code == 401


@pytest.mark.usefixtures("configured")
def test_signing_in_and_out_is_noted_for_the_audit(noted):
    async def sign_in(_):
        response = RedirectResponse("/", 302)
        response.set_cookie(*next(iter(cookie().items())))
        return response

    browser = gate(sign_in)
    browser.get("/oauth2callback?code=1")
    browser.cookies.update(cookie())
    browser.get("/auth/logout", headers=FROM_A_PAGE)
    assert [entry.action for entry in noted] == ["sign-in", "sign-out"]
    assert {(entry.person, entry.personId) for entry in noted} == {("mia@contoso.example", f"{visit.TENANT}/1")}


@pytest.mark.usefixtures("configured")
def test_a_sign_in_that_fails_and_a_stranger_who_signs_out_are_not(browser, noted):
    browser.get("/oauth2callback?error=x")
    browser.get("/auth/logout", headers=FROM_A_PAGE)
    assert not noted


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "document", "Referer": "http://testserver/"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image"},
        {"Referer": "https://evil.example/testserver"},
        {"Referer": "http://[bad"},
    ],
    ids=["nothing", "another site", "a neighbour", "a link in a mail", "a picture", "an old browser", "no address"],
)
def test_no_one_else_signs_a_person_out(browser, headers):
    mine = cookie("operator")
    browser.cookies.update(mine)
    answer = browser.get("/auth/logout", headers=headers)
    assert (answer.status_code, answer.text) == (403, "Sign out with the button of a page.")
    assert browser.get("/_stcore/metrics").status_code == 200


@pytest.mark.parametrize("referer", ["http://testserver/usage", "https://licenses.example.com/"])
def test_a_page_does_also_in_a_browser_that_says_no_more_than_where_it_comes_from(browser, configured, referer):
    configured(redirect_uri="https://licenses.example.com/oauth2callback")
    assert browser.get("/auth/logout", headers={"Referer": referer}).status_code == 200


# There and back


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "asked",
    ["/", "/customers", "/customers?channel=direct&channel=reseller&target=70", "/?service=a%26b", "/usage?x=%C3%A9"],
)
def test_a_sign_in_leads_back_to_the_link_that_was_asked_for(browser, asked):
    browser.get("/auth/login", headers={"Referer": f"http://testserver{asked}"})
    answer = browser.get("/oauth2callback?code=1&state=2")
    assert answer.headers["location"] == asked
    assert RETURN_LINK not in browser.cookies


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("referer", "there"),
    [
        ("https://evil.example/steal", "/"),
        ("http://testserver//evil.example/x", "/x"),
        ("http://testserver/\\evil.example", "/evil.example"),
        ("http://testserver/\\\\/evil.example", "/evil.example"),
        ("http://testserver/a\tb", "/ab"),
        ("http://[bad", "/"),
    ],
)
def test_and_to_no_other_site(browser, referer, there):
    browser.get("/auth/login", headers={"Referer": referer})
    assert browser.get("/oauth2callback?code=1").headers["location"] == there


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("asked", ["//[x", "http://[", "%00", "?", "\u0661"])
def test_nor_does_it_stumble_over_a_cookie_of_somebody_elses(browser, asked):
    browser.cookies.set(RETURN_LINK, quote(asked))
    answer = browser.get("/oauth2callback?code=1")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("error=access_denied&error_description=AADSTS65004: User declined.", "AADSTS65004"),
        ("error=access_denied", "access_denied"),
        ("error=<script>", None),
        ("code=1", None),
        ("state=1", None),
    ],
)
def test_why_a_sign_in_failed_is_kept_for_the_page(browser, query, kept):
    browser.get(f"/oauth2callback?{query}")
    assert browser.cookies.get(REFUSAL) == kept


@pytest.mark.usefixtures("configured")
def test_what_an_address_says_of_a_sign_in_is_one_line_in_our_words(browser, caplog):
    for number in range(50):
        browser.get(f"/oauth2callback?error={'abc'[number % 3]}&error_description=%1B[2J forged {'x' * 20_000}")
    (line,) = caplog.messages
    assert line.startswith("A person's sign-in failed (a): ")
    assert "forged" not in line
    assert len(line) < 500


@pytest.mark.usefixtures("configured")
def test_forged_codes_are_one_line(caplog):
    browser = gate(lambda _: RedirectResponse("/", 302))
    for number in range(30):
        browser.get(f"/oauth2callback?code={number}&state={number}")
    (line,) = caplog.messages
    assert line.startswith("A person's sign-in failed (not_completed): ")


@pytest.mark.parametrize(
    ("address", "secure"), [("https://licenses.example.com", True), ("http://localhost:8501", False)]
)
def test_cookies_are_secure_where_people_come_over_https(browser, configured, address, secure):
    configured(redirect_uri=f"{address}/oauth2callback")
    cookies = browser.get("/oauth2callback?code=1&error=x").headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all(("; Secure" in cookie) is secure for cookie in cookies)


def test_a_sign_in_that_leaves_no_one_signed_in_was_not_completed(configured, caplog):
    configured()
    browser = gate(lambda _: RedirectResponse("/", 302))
    browser.get("/oauth2callback?code=1")
    assert browser.cookies.get(REFUSAL) == "not_completed"
    assert "several processes of the dashboard differ in cookie_secret" in caplog.text
    browser.get("/oauth2callback")  # where Microsoft leads after signing out
    assert browser.cookies.get(REFUSAL) is None


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("path", ["/auth/login", "/oauth2callback?code=1"])
def test_a_sign_in_that_fails_leads_back_with_the_reason_and_a_line_in_the_log(path, caplog):
    def fail(_):
        raise FileNotFoundError(2, "No such file", "hush.pem")

    browser = gate(fail)
    browser.cookies.set(RETURN_LINK, quote("/usage?x=1"))
    answer = browser.get(path, headers={"Referer": "http://testserver/usage?x=1"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/usage?x=1")
    assert browser.cookies.get(REFUSAL) == "certificate"
    (line,) = caplog.messages
    assert line.startswith("A person's sign-in failed (certificate, builtins.FileNotFoundError): The dashboard")
    assert "SSL_CERT_FILE" in line
    assert "hush" not in line


@pytest.mark.usefixtures("configured")
def test_cookies_that_no_request_could_carry_are_taken_back(caplog):
    def sign_in(_):
        response = RedirectResponse("/", 302)
        for part in range(16):
            response.set_cookie(f"_streamlit_user_{part}" if part else "_streamlit_user", "x" * 3_800)
        return response

    browser = gate(sign_in)
    answer = browser.get("/oauth2callback?code=1")
    assert list(answer.cookies) == [REFUSAL]
    assert browser.cookies.get(REFUSAL) == "too_large"
    assert "more groups than" in caplog.text


@pytest.mark.parametrize(("values", "status"), [(MOST_VALUES, 200), (MOST_VALUES + 1, 414)])
def test_a_link_of_which_nothing_would_be_applied_is_refused(values, status, browser):
    link = "&".join(["asof=2026-01-01", *["x=1"] * (values - 1)])
    answer = browser.get(f"/?{link}")
    assert answer.status_code == status
    assert ("more than 1,000 values" in answer.text) is (status == 414)


@pytest.mark.usefixtures("configured")
def test_cookies_that_are_too_large_are_said_at_the_door(browser, caplog):
    browser.cookies.set("other", "x" * LARGEST_HEADER)
    answer = browser.get("/")
    assert answer.status_code == 431
    assert "Delete them" in answer.text
    browser.get("/")
    assert caplog.text.count("65536 bytes") == 1
    with pytest.raises(WebSocketDenialResponse) as refused, browser.websocket_connect("/_stcore/stream"):
        pass
    assert refused.value.status_code == 431
