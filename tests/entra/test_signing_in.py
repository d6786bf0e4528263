"""People sign in with real MSAL and a code, and what should be refused is."""

import time

import pytest

from tests.entra import (
    PARTNER_CENTER,
    USER_IMPERSONATION,
    App,
    Visitor,
)
from tests.entra.asking import CALLBACK, VERIFIER, authorize, claims, refused, sign_in
from tests.entra.visitor import Page


def test_msal_signs_in_with_a_code_and_pkce(entra, app, amy, confidential, visitor):
    started = int(time.time())
    client = confidential()
    result = sign_in(client, visitor, amy)
    found = entra.who(result["access_token"])
    assert found["scp"] == "user_impersonation"
    assert found["amr"] == ["pwd", "mfa"]
    assert (found["aud"], found["azp"], found["azpacr"], found["ver"]) == (PARTNER_CENTER, app.client_id, "1", "2.0")
    assert (found["oid"], found["tid"]) == (amy.oid, entra.home.id)
    assert (found["name"], found["preferred_username"]) == (amy.name, amy.username)
    assert found["iss"] == entra.issuer()
    assert started <= found["iat"] == found["nbf"] == found["exp"] - 3600
    assert not {"roles", "groups"} & set(found)  # these are for the tenant's own apps
    shown = result["id_token_claims"]
    assert (shown["aud"], shown["roles"], shown["groups"]) == (app.client_id, amy.roles, amy.groups)
    assert shown["sub"] != found["sub"]
    assert result["expires_in"] == 3599
    (account,) = client.get_accounts()
    assert account["home_account_id"] == f"{amy.oid}.{entra.home.id}"
    assert account["username"] == amy.username
    (asked,) = (asked for asked in entra.requests if asked.path.endswith("/authorize") and asked.method == "GET")
    assert asked.query["code_challenge_method"] == "S256"
    assert "code_verifier" in entra.requests[-1].form


def test_the_answer_comes_in_the_way_it_was_asked_for(entra, app, amy, visitor):
    for mode in (None, "query", "fragment", "form_post"):
        answer = visitor.sign_in(authorize(entra, app, response_mode=mode, prompt="login"), amy)
        assert answer["state"] == "a b&c"
        assert {"code", "state"} <= set(answer)


def test_the_loopback_port_is_free_and_nothing_else(ask):
    for uri in ("http://localhost:1/oauth2callback", "http://localhost/oauth2callback"):
        assert isinstance(ask(redirect_uri=uri), Page)
    for other in (
        "http://localhost:8501/elsewhere",
        "https://localhost/oauth2callback",
        "http://evil.example/",
        "x",
        None,
    ):
        page = ask(redirect_uri=other)
        assert page.status == 400
        assert "AADSTS50011: " in page.text


def test_an_unknown_app_gets_no_answer_at_its_address(entra, visitor):
    page = visitor.open(authorize(entra, App("Nobody's", redirect_uris=[CALLBACK])))
    assert "AADSTS700016: " in page.text
    page = visitor.open(authorize(entra, entra.tenants[1].apps[0]))
    assert "AADSTS700016: " in page.text


@pytest.mark.parametrize(
    ("fields", "code", "error"),
    [
        ({"response_type": "id_token"}, 70005, "unsupported_response_type"),
        ({"scope": None}, 900144, "invalid_request"),
        ({"code_challenge": "short"}, 501491, "invalid_request"),
        ({"prompt": "none"}, 50058, "interaction_required"),
    ],
)
def test_what_else_is_wrong_the_app_is_told(ask, fields, code, error):
    answer = ask(**fields)
    assert answer["error"] == error
    assert answer["error_description"].startswith(f"AADSTS{code}: ")
    assert answer["state"] == "a b&c"


def test_a_session_signs_in_without_a_page_unless_a_page_is_wanted(entra, app, amy, visitor, ask):
    visitor.sign_in(authorize(entra, app), amy)
    assert "code" in ask()
    assert "code" in ask(prompt="none", login_hint=amy.username)
    assert isinstance(ask(prompt="select_account"), Page)
    assert isinstance(ask(login_hint="bob@contoso.example"), Page)
    theirs = entra.tenants[1]
    theirs.apps = [app]
    assert visitor.open(authorize(entra, app, theirs, prompt="none"))["error"] == "interaction_required"
    entra.nobody_signed_in = "login_required"
    with Visitor(entra) as another:
        answer = another.open(authorize(entra, app, prompt="none"))
    assert not isinstance(answer, Page)
    assert answer["error"] == "login_required"


def test_the_page_has_a_button_per_person_and_text_stays_text(amy, visitor, ask):
    page = ask()
    assert list(page.buttons) == [amy.name, '<b>"Bob" & Co</b>', "Cancel"]
    answer = visitor.press(page, "Cancel")
    assert (answer["error"], answer["state"]) == ("access_denied", "a b&c")


def test_consent_is_asked_for_once(app, amy, visitor, ask):
    app.consented.clear()
    page = visitor.press(ask(), amy.name)
    assert USER_IMPERSONATION in page.text
    assert visitor.press(page, "Cancel")["error"] == "access_denied"
    assert visitor.press(page, "Accept").keys() >= {"code"}
    assert USER_IMPERSONATION in app.consented
    assert "code" in ask(prompt="none")
    app.consented.clear()
    assert ask(prompt="none")["error"] == "consent_required"


def test_a_code_is_good_once(redeemable, post):
    form = redeemable()
    assert post(form)[0] == 200
    refused(post(form), 54005)


@pytest.mark.parametrize(
    ("fields", "code", "error"),
    [
        ({"code_verifier": VERIFIER.upper()}, 501481, "invalid_grant"),
        ({"code_verifier": ""}, 501481, "invalid_grant"),
        ({"redirect_uri": "http://localhost:1/oauth2callback"}, 500112, "invalid_grant"),
        ({"code": "no-such-code"}, 9002313, "invalid_grant"),
        ({"code": ""}, 900144, "invalid_request"),
    ],
)
def test_a_code_is_refused_without_what_belongs_to_it(redeemable, post, fields, code, error):
    refused(post({**redeemable(), **fields}), code, error)


def test_a_code_of_another_app_or_tenant_is_refused(entra, app, public, redeemable, post):
    form = redeemable()
    refused(post({**form, "client_id": public.client_id, "client_secret": ""}), 9002313)
    entra.tenants[1].apps = [app]
    refused(post(form, tenant=entra.tenants[1]), 9002313)


def test_a_code_lives_ten_minutes(entra, redeemable, post):
    form = redeemable()
    entra.clock.advance(minutes=10)
    refused(post(form), 70008)


def test_only_what_was_asked_for_is_given(amy, redeemable, post):
    _, body = post(redeemable(scope=USER_IMPERSONATION))
    assert set(body) == {"token_type", "scope", "expires_in", "ext_expires_in", "access_token"}
    _, body = post(redeemable(scope="openid email", nonce="n"))
    assert body["scope"] == "openid email"
    shown = claims(body["id_token"])
    assert (shown["nonce"], shown["email"]) == ("n", amy.username)
    assert not {"name", "oid", "preferred_username"} & set(shown)


def test_too_many_groups_give_way_to_where_to_ask(amy, redeemable, post):
    amy.groups = [str(number) for number in range(201)]
    shown = claims(post(redeemable())[1]["id_token"])
    assert "groups" not in shown
    assert shown["_claim_names"] == {"groups": "src1"}
    assert amy.oid in shown["_claim_sources"]["src1"]["endpoint"]


# Signing out


def test_signing_out_goes_on_to_registered_addresses_only(entra, app, http, visitor, ask):
    visitor.press(ask(), "Amy Adams")
    end = f"{entra.authority()}/oauth2/v2.0/logout"
    elsewhere = visitor.open(f"{end}?post_logout_redirect_uri=https://evil.example/")
    assert "signed out" in elsewhere.text
    asked = {"post_logout_redirect_uri": CALLBACK, "client_id": app.client_id, "state": "s"}
    answer = http.get(end, params=asked, timeout=5, allow_redirects=False)
    assert answer.headers["Location"] == f"{CALLBACK}?state=s"
    assert isinstance(ask(), Page)
