"""People's sign-in: the cookies that Streamlit sets, and what it does where one fails; with an Entra ID over HTTPS."""

import logging
import re
import uuid
import warnings

import certifi
import pytest
import streamlit as st
from starlette.middleware import Middleware

from dashboard.security import refusals
from dashboard.security.exposure import SignIn
from dashboard.security.middleware import REFUSAL, Gate
from dashboard.security.roles import Ended
from dashboard.security.streamlit_internals import (
    CALLBACK,
    LARGEST_HEADER,
    LOGIN,
    LOGOUT,
    USER_COOKIE,
    claims_of,
    sign_in_table,
)
from tests.dashboard.security.streamlit_internals.pages import opened
from tests.entra import App, Entra, Person, Tenant, Visitor, serving
from tests.entra.troubles import answering, slow

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning

    # Once imported, Authlib has them shown always; the rest of it then announces its move from httpx to httpx2.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    import authlib.integrations.starlette_client  # noqa: F401 - which Streamlit imports at the first sign-in


GROUPS = [str(uuid.uuid4()) for _ in range(200)]  # the most that a token carries


def test_sign_in_table(option, monkeypatch, tmp_path):
    file = tmp_path / "secrets.toml"
    option("secrets.files", [str(file)])
    monkeypatch.setattr(st.secrets, "_secrets", None)  # read before by others
    monkeypatch.setattr(st.secrets, "_file_watchers_installed", True)  # which outlive the test
    assert sign_in_table() == {}
    file.write_text('[auth]\nredirect_uri = "x"\n[auth.entra]\nclient_id = "y"\n', encoding="utf-8")
    table = sign_in_table()
    assert (table["redirect_uri"], dict(table["entra"])) == ("x", {"client_id": "y"})


AMY = Person("Amy Adams", "amy@contoso.example", roles=["manager"])


@pytest.fixture
def entra(configure, monkeypatch):
    """An Entra ID with Amy and our app, for people's sign-in."""
    registration = App("Insights", "its-secret", redirect_uris=["http://localhost/oauth2callback"])
    with serving(Entra([Tenant("contoso.example", people=[AMY], apps=[registration])])) as entra:
        for name, value in entra.environment.items():
            monkeypatch.setenv(name, value)
        configure(
            redirect_uri=f"http://localhost/{CALLBACK}",
            entra={
                "client_id": registration.client_id,
                "client_secret": "its-secret",
                "server_metadata_url": f"{entra.issuer()}/.well-known/openid-configuration",
            },
        )
        yield entra


def callback(browser, entra):
    """What Entra's page leads back with, after a press on the page's button and on Amy's name."""
    with Visitor(entra) as visitor:
        with opened(browser) as page:
            address = page.run(press=page.elements["button"].id)["auth_redirect"].auth_redirect.url
        assert address.partition("?")[0] == f"/{LOGIN}"
        return visitor.sign_in(browser.get(address).headers["location"], AMY)


@pytest.mark.parametrize("groups", [[], GROUPS], ids=["one cookie", "cookies in parts"])
def test_claims_of(streamlit, entra, monkeypatch, groups):
    monkeypatch.setattr(AMY, "groups", groups)  # she is in other tests, too
    with streamlit() as browser:
        back = browser.get(f"/{CALLBACK}", params=callback(browser, entra))
        assert (back.status_code, back.headers["location"]) == (302, "/")
        signed_in = dict(browser.cookies)
        left = browser.get(f"/{LOGOUT}")
        assert left.status_code == 302
    claims = claims_of(signed_in)
    assert (claims["is_logged_in"], claims["oid"], claims["roles"]) == (True, AMY.oid, ["manager"])
    assert claims.get("groups", []) == groups
    assert {"iss", "aud", "tid", "sub", "iat", "nonce", "exp"} <= claims.keys()
    parts = [name for name in signed_in if name.startswith(USER_COOKIE) and "tokens" not in name]
    assert (len(parts) > 1) is bool(groups)
    assert claims_of({name: value[:-3] + "abc" for name, value in signed_in.items()}) == {}
    assert claims_of(dict(browser.cookies)) == {}
    # As many groups as Entra ID puts into a token leave room for cookies of others.
    assert sum(len(name) + len(value) + 3 for name, value in signed_in.items()) < LARGEST_HEADER / 2


def nothing(*_):
    pass


def clock_differs(entra):
    entra.clock.advance(days=1)


def clock_is_ahead(entra):
    entra.clock.advance(minutes=-8)


def secret_expires(entra, _):
    entra.home.apps[0].secret_expires = entra.clock.now() - 1


def code_expires(entra, _):
    entra.clock.advance(minutes=11)


def answer_is_late(entra, _):
    entra.always(slow(6))  # a second more than the library waits


def answer_leads_elsewhere(entra, _):
    entra.always(answering({"x": 1}, 302))


def answer_names_nobody(entra, _):
    entra.always(answering({"access_token": "x", "token_type": "Bearer"}))


def certificate_is_missing(_, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())  # which does not hold Entra's


@pytest.mark.parametrize(
    ("troubles", "code"),
    [
        ((nothing, secret_expires), "AADSTS7000222"),
        ((nothing, code_expires), "AADSTS70008"),
        ((nothing, certificate_is_missing), "certificate"),
        ((nothing, answer_is_late), "no_answer"),
        ((nothing, answer_leads_elsewhere), "not_understood"),
        ((nothing, answer_names_nobody), "not_understood"),
        ((clock_differs, nothing), "wrong_clock"),
        ((clock_is_ahead, nothing), "wrong_clock"),
    ],
)
def test_sign_in_failures(streamlit, entra, caplog, troubles, code):
    before, after = troubles
    before(entra)
    logger = logging.getLogger("streamlit.web.server.starlette.starlette_auth_routes")
    logger.addHandler(caplog.handler)
    guard = Middleware(Gate, pages=[""], sign_in=SignIn(secrets_files=list), ended=Ended())
    with streamlit(guard) as browser, pytest.MonkeyPatch.context() as patch:
        answer = callback(browser, entra)
        after(entra, patch)
        back = browser.get(f"/{CALLBACK}", params=answer)
    logger.removeHandler(caplog.handler)
    assert (back.status_code, back.headers["location"]) == (302, "/")
    assert browser.cookies.get(REFUSAL) == code
    assert claims_of(dict(browser.cookies)) == {}
    (record,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert re.match(rf"A person's sign-in failed \({code}[,)]", record.getMessage())
    for secret in ("Traceback", "its-secret", answer["code"]):
        assert secret not in record.getMessage()


def test_a_token_that_is_dated_back_as_microsoft_does_signs_in_and_an_old_sign_in_stays(streamlit, entra, monkeypatch):
    entra.clock.advance(minutes=-6)
    guard = Middleware(Gate, pages=[""], sign_in=SignIn(secrets_files=list), ended=Ended())
    with streamlit(guard) as browser:
        answer = callback(browser, entra)
        browser.get(f"/{CALLBACK}", params=answer)
        assert claims_of(dict(browser.cookies))["oid"] == AMY.oid
        monkeypatch.setattr(refusals, "_OLDEST", 0)  # as an hour later
        browser.get(f"/{CALLBACK}", params=answer)  # by the browser's Back
    assert browser.cookies.get(REFUSAL) is None
    assert claims_of(dict(browser.cookies))["oid"] == AMY.oid


def test_what_streamlit_says_of_an_address_alone_stays_out_of_the_log(streamlit, configure, caplog):
    configure()
    logger = logging.getLogger("streamlit.web.server.starlette.starlette_auth_routes")
    logger.addHandler(caplog.handler)
    guard = Middleware(Gate, pages=[""], sign_in=SignIn(secrets_files=list), ended=Ended())
    with streamlit(guard) as browser:
        for _ in range(5):
            browser.get(f"/{CALLBACK}?error=x&error_description=forged")
            browser.get(f"/{CALLBACK}?code=forged&state=forged")
    logger.removeHandler(caplog.handler)
    said = [record.getMessage().partition(":")[0] for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["A person's sign-in failed (x)", "A person's sign-in failed (not_completed)"]


def test_a_sign_in_that_cannot_begin_fails_in_the_same_way(streamlit, entra, caplog):
    guard = Middleware(Gate, pages=["", "usage"], sign_in=SignIn(secrets_files=list), ended=Ended())
    with streamlit(guard) as browser:
        with opened(browser) as page:
            address = page.run(press=page.elements["button"].id)["auth_redirect"].auth_redirect.url
        with pytest.MonkeyPatch.context() as patch:
            certificate_is_missing(entra, patch)
            back = browser.get(address, headers={"Referer": "http://localhost/usage?x=1"})
    assert (back.status_code, back.headers["location"]) == (302, "/usage?x=1")
    assert browser.cookies.get(REFUSAL) == "certificate"
    assert "A person's sign-in failed (certificate, " in caplog.text
