"""The emulator from outside, over HTTPS: real MSAL and real Authlib sign in, and what should be refused is."""

import asyncio
import base64
import hashlib
import json
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlencode, urlsplit

import msal
import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.requests import Request

from tests.entra import (
    PARTNER_CENTER,
    USER_IMPERSONATION,
    App,
    Entra,
    NotAccepted,
    Person,
    Tenant,
    Visitor,
    reset,
    serving,
    slow,
    unavailable,
)
from tests.entra.refusals import Refusal
from tests.entra.visitor import Page

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning

    # Once imported, Authlib has them shown always; the rest of it then announces its move from httpx to httpx2.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.starlette_client import OAuth

CALLBACK = "http://localhost:8501/oauth2callback"
SCOPES = [USER_IMPERSONATION]
VERIFIER = "a-verifier-of-at-least-forty-three-characters"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ON_BEHALF_OF = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def amy():
    return Person("Amy Adams", "amy@contoso.example", roles=["Sales.Read"], groups=["6d1f9b9e-0000-4000-8000-1"])


@pytest.fixture
def app():
    """The dashboard's registration: a web app with a secret that also exposes a scope of its own."""
    app = App("Insights", "its-secret", redirect_uris=["http://localhost/oauth2callback"], public_flows=True)
    app.consented |= {USER_IMPERSONATION, f"api://{app.client_id}/access_as_user"}
    app.app_roles = {"https://graph.microsoft.com": ["User.Read.All"]}
    return app


@pytest.fixture
def public():
    return App("Command line", public_flows=True, redirect_uris=["http://localhost"], consented={USER_IMPERSONATION})


@pytest.fixture
def entra(amy, app, public, monkeypatch):
    hostile = Person('<b>"Bob" & Co</b>', "bob@contoso.example")
    contoso = Tenant("contoso.example", people=[amy, hostile], apps=[app, public])
    fabrikam = Tenant("fabrikam.example", people=[Person("Eve Evans", "eve@fabrikam.example")], apps=[App("Theirs")])
    with serving(Entra([contoso, fabrikam], device_interval=1)) as entra:
        for name, value in entra.environment.items():
            monkeypatch.setenv(name, value)
        yield entra


@pytest.fixture
def visitor(entra):
    with Visitor(entra) as visitor:
        yield visitor


@pytest.fixture
def http(entra):
    assert entra.environment
    with requests.Session() as http:
        yield http


@pytest.fixture
def post(entra, http, app):
    """Ask the token endpoint as the dashboard does; returns status and body."""

    def post(form, endpoint="token", tenant=None, **headers):
        form = {"client_id": app.client_id, "client_secret": app.secret, **form}
        answer = http.post(f"{entra.authority(tenant)}/oauth2/v2.0/{endpoint}", form, headers=headers, timeout=5)
        return answer.status_code, answer.json()

    return post


@pytest.fixture
def confidential(entra, app):
    return lambda cache=None, **settings: msal.ConfidentialClientApplication(
        app.client_id,
        **{
            "client_credential": app.secret,
            "authority": entra.authority(),
            "instance_discovery": False,
            "token_cache": cache,
            **settings,
        },
    )


def sign_in(client, visitor, person, scopes=SCOPES):
    flow = client.initiate_auth_code_flow(scopes, redirect_uri=CALLBACK, response_mode="form_post")
    result = client.acquire_token_by_auth_code_flow(flow, visitor.sign_in(flow["auth_uri"], person))
    assert "error" not in result, result
    return result


def authorize(entra, app, tenant=None, **fields):
    asked = {"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK, "state": "a b&c"}
    asked |= {"scope": f"openid profile offline_access {USER_IMPERSONATION}", **fields}
    given = {name: value for name, value in asked.items() if value is not None}
    return requests.Request("GET", f"{entra.authority(tenant)}/oauth2/v2.0/authorize", params=given).prepare().url


def s256(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def refused(answer, code, error="invalid_grant", status=400):
    """Check an error body in every part of Microsoft's shape."""
    given, body = answer
    assert (given, body["error"], body["error_codes"]) == (status, error, [code]), body
    lines = body["error_description"].split("\r\n")
    assert lines[0].startswith(f"AADSTS{code}: ")
    assert lines[1:] == [
        f"Trace ID: {body['trace_id']}",
        f"Correlation ID: {body['correlation_id']}",
        f"Timestamp: {body['timestamp']}",
    ]
    assert body["error_uri"].endswith(f"/error?code={code}")
    return body


@pytest.fixture
def ask(entra, app, visitor):
    """Open the authorize endpoint as the dashboard sends somebody there."""
    return lambda **fields: visitor.open(authorize(entra, app, **fields))


# Documents


def test_the_metadata_is_entras(entra, http):
    found = http.get(f"{entra.authority()}/v2.0/.well-known/openid-configuration", timeout=5).json()
    base = f"{entra.address}/{entra.home.id}"
    assert found["issuer"] == f"{base}/v2.0"
    assert found["authorization_endpoint"] == f"{base}/oauth2/v2.0/authorize"
    assert found["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert found["device_authorization_endpoint"] == f"{base}/oauth2/v2.0/devicecode"
    assert found["end_session_endpoint"] == f"{base}/oauth2/v2.0/logout"
    assert found["jwks_uri"] == f"{base}/discovery/v2.0/keys"
    assert "code_challenge_methods_supported" not in found
    by_domain = f"{entra.address}/contoso.example/v2.0/.well-known/openid-configuration"
    assert http.get(by_domain, timeout=5).json() == found


def test_each_tenant_has_its_own_keys_without_their_private_part(entra, http):
    first, second = (
        http.get(f"{entra.authority(tenant)}/discovery/v2.0/keys", timeout=5).json() for tenant in entra.tenants
    )
    assert first["keys"][0]["kid"] != second["keys"][0]["kid"]
    assert set(first["keys"][0]) == {"kty", "use", "kid", "n", "e", "issuer"}


@pytest.mark.parametrize("path", ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"])
def test_an_unknown_tenant_is_not_found(entra, http, path):
    answer = http.get(f"{entra.address}/nowhere.example/{path}", timeout=5)
    error = "invalid_tenant" if "openid" in path else "invalid_request"
    assert "nowhere.example" in refused((answer.status_code, answer.json()), 90002, error)["error_description"]


def test_nobody_trusts_the_server_without_its_certificate(entra, monkeypatch):
    for address in (entra.address, entra.address.replace("localhost", "127.0.0.1")):
        assert requests.get(address, timeout=5).status_code == 404
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(entra.address, timeout=5)


# Which settings of MSAL reach a host that Microsoft does not know


@pytest.mark.parametrize(
    "settings",
    [
        {"instance_discovery": False},
        {"instance_discovery": None, "validate_authority": False},
        {"instance_discovery": None, "authority": None, "oidc_authority": "{authority}/v2.0"},
    ],
)
def test_msal_is_content_with(entra, confidential, visitor, amy, settings):
    given = {
        name: value.format(authority=entra.authority()) if isinstance(value, str) else value
        for name, value in settings.items()
    }
    client = confidential(**given)
    sign_in(client, visitor, amy)
    (account,) = client.get_accounts()
    assert client.acquire_token_silent(SCOPES, account)["token_source"] == "cache"
    assert client.acquire_token_silent(SCOPES, account, force_refresh=True)["token_source"] == "identity_provider"


def test_instance_discovery_answers_those_who_ask_here(entra, confidential, http):
    address = f"{entra.address}/common/discovery/instance"
    assert "access_token" in confidential(instance_discovery=address).acquire_token_for_client(
        ["https://graph.microsoft.com/.default"]
    )
    asked = {"authorization_endpoint": "https://elsewhere.example/common/oauth2/authorize", "api-version": "1.1"}
    answer = http.get(address, params=asked, timeout=5)
    refused((answer.status_code, answer.json()), 50049, "invalid_instance")


def test_msal_says_so_where_the_tenant_is_unknown(entra, confidential):
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        confidential(authority=f"{entra.address}/nowhere.example").acquire_token_for_client([".default"])


# Authorization code


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


@pytest.fixture
def redeemable(entra, app, amy, visitor):
    """Sign in with a challenge; returns the fields that redeem the code."""

    def redeemable(**fields):
        pkce = {"code_challenge": s256(VERIFIER), "code_challenge_method": "S256"}
        answer = visitor.sign_in(authorize(entra, app, **pkce, **fields), amy)
        form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
        return {**form, "code_verifier": VERIFIER}

    return redeemable


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


# Who the app is


@pytest.mark.parametrize(
    ("fields", "code", "error", "status"),
    [
        ({"client_secret": "wrong"}, 7000215, "invalid_client", 401),
        ({"client_secret": ""}, 7000218, "invalid_client", 401),
        ({"client_id": "11111111-2222-3333-4444-555555555555"}, 700016, "unauthorized_client", 400),
        ({"client_id": ""}, 900144, "invalid_request", 400),
        ({"grant_type": "password"}, 70003, "unsupported_grant_type", 400),
        ({"scope": USER_IMPERSONATION}, 1002012, "invalid_scope", 400),
    ],
)
def test_the_app_is_refused(post, fields, code, error, status):
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default", **fields}
    refused(post(form), code, error, status)


def test_msal_reports_a_bad_secret(confidential):
    result = confidential(client_credential="wrong").acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


def test_a_secret_expires_and_an_app_is_disabled(entra, app, post):
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    app.secret_expires = entra.clock.now() + 60
    assert post(form)[0] == 200
    entra.clock.advance(minutes=1)
    refused(post(form), 7000222, "invalid_client", 401)
    app.disabled = True
    refused(post(form), 7000112, "unauthorized_client")


def test_a_public_app_has_no_secret(public, post):
    form = {"grant_type": DEVICE, "device_code": "x", "client_id": public.client_id}
    refused(post(form), 700025, "invalid_client", 401)
    refused(post({**form, "client_secret": ""}), 70018, "bad_verification_code")
    public.public_flows = False
    refused(post({**form, "client_secret": ""}), 7000218, "invalid_client", 401)


def test_the_secret_may_come_in_the_header(post, app):
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    basic = base64.b64encode(f"{app.client_id}:its%2Dsecret".encode()).decode()
    assert post({**form, "client_id": "", "client_secret": ""}, Authorization=f"Basic {basic}")[0] == 200
    answer = post({**form, "client_id": "", "client_secret": ""}, Authorization="Basic \u00e9")
    refused(answer, 9002313, "invalid_request")


def test_the_correlation_id_is_the_callers(post):
    body = refused(
        post({"grant_type": "?"}, **{"client-request-id": "b01b8759-4dbe-4605-adb7-e5839a796c33"}),
        70003,
        "unsupported_grant_type",
    )
    assert body["correlation_id"] == "b01b8759-4dbe-4605-adb7-e5839a796c33"


# App-only


def test_msal_gets_tokens_for_the_app_itself(entra, app, confidential):
    result = confidential().acquire_token_for_client(["https://graph.microsoft.com/.default"])
    found = entra.who(result["access_token"], "https://graph.microsoft.com")
    assert (found["idtyp"], found["roles"], found["azp"]) == ("app", ["User.Read.All"], app.client_id)
    assert not {"scp", "amr", "preferred_username"} & set(found)
    assert "refresh_token" not in result


# Device code


@pytest.fixture
def device(entra, public):
    client = msal.PublicClientApplication(public.client_id, authority=entra.authority(), instance_discovery=False)
    flow = client.initiate_device_flow(SCOPES)

    def poll(*, after=1):
        entra.clock.advance(seconds=after)
        return client.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)

    return flow, poll


def test_msal_signs_a_device_in(entra, amy, device, visitor):
    flow, poll = device
    assert (flow["expires_in"], flow["interval"]) == (900, 1)
    assert flow["user_code"] in flow["message"]
    assert flow["verification_uri"] in flow["message"]
    assert poll()["error"] == "authorization_pending"
    page = visitor.press(visitor.open(flow["verification_uri"]), "Next", user_code=flow["user_code"].lower())
    assert "signed in" in visitor.press(page, amy.name).text
    result = poll()
    assert entra.who(result["access_token"])["oid"] == amy.oid
    assert poll()["error"] == "bad_verification_code"
    page = visitor.press(visitor.open(flow["verification_uri"]), "Next", user_code=flow["user_code"])
    assert "AADSTS70018" in page.text


def test_a_device_is_approved_without_the_page(entra, amy, device):
    flow, poll = device
    entra.approve(flow["user_code"], amy)
    assert "access_token" in poll()


def test_a_device_code_is_good_for_its_app_only(entra, amy, device, post):
    flow, _ = device
    entra.approve(flow["user_code"], amy)
    refused(post({"grant_type": DEVICE, "device_code": flow["device_code"]}), 70018, "bad_verification_code")


def test_a_device_is_declined(device, visitor):
    flow, poll = device
    page = visitor.press(visitor.open(flow["verification_uri"]), "Next", user_code=flow["user_code"])
    visitor.press(page, "Cancel")
    assert poll()["error"] == "authorization_declined"


def test_a_device_code_expires(entra, device, amy):
    flow, poll = device
    assert poll(after=15 * 60)["error"] == "expired_token"
    with pytest.raises(Refusal, match="AADSTS70018"):
        entra.approve(flow["user_code"], amy)


def test_an_impatient_device_is_told_to_slow_down(device):
    flow, poll = device
    assert poll()["error"] == "authorization_pending"
    assert poll(after=0)["error"] == "slow_down"
    assert flow["interval"] == 6  # MSAL adds five
    flow["latest_attempt_at"] = 0
    assert poll(after=6)["error"] == "authorization_pending"


# Refresh tokens


@pytest.fixture
def signed_in(confidential, visitor, amy):
    """Somebody who has signed in, and what renews the token: with a new MSAL over the same cache each time."""
    cache = msal.TokenCache()
    sign_in(confidential(cache), visitor, amy)

    def renew(scopes=SCOPES):
        client = confidential(cache)
        return client.acquire_token_silent_with_error(scopes, client.get_accounts()[0], force_refresh=True)

    return cache, renew


def refresh_token(cache):
    (kept,) = cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN)
    return kept["secret"]


def test_msal_refreshes_in_silence_and_the_token_rotates(entra, signed_in, post):
    cache, renew = signed_in
    first = refresh_token(cache)
    assert entra.who(renew()["access_token"])["amr"] == ["pwd", "mfa"]
    second = refresh_token(cache)
    assert first != second
    assert post({"grant_type": "refresh_token", "refresh_token": first})[0] == 200
    entra.clock.advance(minutes=10)
    refused(post({"grant_type": "refresh_token", "refresh_token": first}), 70000)
    assert post({"grant_type": "refresh_token", "refresh_token": second})[0] == 200
    entra.superseded_life = None
    assert post({"grant_type": "refresh_token", "refresh_token": first})[0] == 200


def test_a_refresh_token_is_good_for_its_app_and_tenant_only(entra, app, public, signed_in, post):
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token(signed_in[0])}
    refused(post({**form, "client_id": public.client_id, "client_secret": ""}), 70000)
    entra.tenants[1].apps = [app]
    refused(post(form, tenant=entra.tenants[1]), 70000)
    _, body = post(form)
    assert "nonce" not in claims(body["id_token"])


def test_a_refresh_token_lapses_after_ninety_days_without_use(entra, signed_in):
    _, renew = signed_in
    entra.clock.advance(days=89)
    assert "access_token" in renew()
    entra.clock.advance(days=89)
    assert "access_token" in renew()
    entra.clock.advance(days=91)
    result = renew()
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [700082])
    assert "was inactive for 90.00:00:00." in result["error_description"]


def test_a_refresh_token_is_good_for_every_resource_with_consent(entra, app, signed_in):
    _, renew = signed_in
    own = renew([f"api://{app.client_id}/access_as_user"])
    assert entra.who(own["access_token"], app.client_id)["scp"] == "access_as_user"
    result = renew(["https://management.example/user_impersonation"])
    assert (result["error"], result["error_codes"], result["suberror"]) == (
        "invalid_grant",
        [65001],
        "consent_required",
    )


def test_dot_default_is_all_that_is_consented(entra, app, signed_in):
    cache, renew = signed_in
    app.consented.add(f"{PARTNER_CENTER}/more")
    result = renew([f"{PARTNER_CENTER}/.default"])
    assert entra.who(result["access_token"])["scp"] == "more user_impersonation"
    targets = [token["target"] for token in cache.search(msal.TokenCache.CredentialType.ACCESS_TOKEN)]
    assert f"{PARTNER_CENTER}/.default {PARTNER_CENTER}/more {USER_IMPERSONATION}" in targets


def test_a_revoked_person_signs_in_anew(entra, amy, signed_in, redeemable, post):
    _, renew = signed_in
    entra.clock.advance(seconds=1)
    entra.revoke(amy)
    result = renew()
    assert (result["error"], result["error_codes"], result["suberror"]) == ("invalid_grant", [50173], "bad_token")
    assert "TokensValidFrom" in result["error_description"]
    assert not entra.sessions
    assert post(redeemable())[0] == 200


def test_a_disabled_person_gets_nothing(amy, signed_in, visitor, ask):
    _, renew = signed_in
    amy.disabled = True
    assert renew()["error_codes"] == [50057]
    page = visitor.press(ask(prompt="login"), amy.name)
    assert "AADSTS50057" in page.text


def test_a_policy_demands_another_factor(entra, amy, confidential, visitor, ask):
    amy.mfa = False
    cache = msal.TokenCache()
    client = confidential(cache)
    assert entra.who(sign_in(client, visitor, amy)["access_token"])["amr"] == ["pwd"]
    entra.home.mfa_for.add(PARTNER_CENTER)
    result = client.acquire_token_silent_with_error(SCOPES, client.get_accounts()[0], force_refresh=True)
    assert (result["error"], result["error_codes"], result["suberror"]) == (
        "interaction_required",
        [50076],
        "basic_action",
    )
    assert '"capolids"' in result["claims"]
    assert ask(prompt="none")["error"] == "interaction_required"
    page = visitor.press(ask(), amy.name)
    assert "AADSTS50072" in page.text
    amy.mfa = True
    assert entra.who(sign_in(confidential(), visitor, amy)["access_token"])["amr"] == ["pwd", "mfa"]


# On behalf of


@pytest.fixture
def assertion(entra, app, amy):
    return lambda **given: entra.access_token(app, amy, f"api://{app.client_id}", ["access_as_user"], **given)


def test_msal_acts_on_behalf_of_a_person(entra, app, amy, confidential, visitor):
    own = f"api://{app.client_id}/access_as_user"
    token = sign_in(confidential(), visitor, amy, [own])["access_token"]
    assert claims(token)["aud"] == app.client_id
    assert claims(token)["roles"] == amy.roles
    client = confidential()
    result = client.acquire_token_on_behalf_of(token, SCOPES)
    found = entra.who(result["access_token"])
    assert (found["oid"], found["scp"], found["amr"]) == (amy.oid, "user_impersonation", ["pwd", "mfa"])
    (account,) = client.get_accounts()
    assert client.acquire_token_silent(SCOPES, account, force_refresh=True)["access_token"]


def test_an_assertion_is_refused(entra, app, amy, post, assertion):
    def exchange(token):
        return post(
            {
                "grant_type": ON_BEHALF_OF,
                "assertion": token,
                "requested_token_use": "on_behalf_of",
                "scope": USER_IMPERSONATION,
            }
        )

    assert exchange(assertion())[0] == 200
    refused(exchange(entra.access_token(app, amy)), 500131)
    refused(exchange(entra.access_token(app, amy, app.client_id, tenant=entra.tenants[1])), 50013)
    refused(exchange(assertion()[:-6] + "AAAAAA"), 50013)
    refused(exchange("not.a.token"), 50013)
    refused(exchange(assertion(scp=None)), 240002)
    refused(exchange(entra.access_token(app, None, app.client_id)), 7000114)
    refused(exchange(assertion(exp=int(time.time()) - 1)), 500133)
    refused(exchange(""), 900144, "invalid_request")
    entra.home.mfa_for.add(PARTNER_CENTER)
    assert "claims" in refused(exchange(assertion(amr=["pwd"])), 50076, "interaction_required")
    app.consented.clear()
    refused(exchange(assertion()), 65001)
    entra.clock.advance(seconds=2)
    old = assertion()
    entra.clock.advance(seconds=2)
    entra.revoke(amy)
    refused(exchange(old), 50173)


# Which tokens are ours


def test_a_token_is_checked_against_key_audience_time_and_tenant(entra, app, amy):
    token = entra.access_token(app, amy)
    assert entra.who(token)["oid"] == amy.oid
    with pytest.raises(NotAccepted, match="https://graph"):
        entra.who(token, "https://graph.microsoft.com")
    with pytest.raises(NotAccepted):
        entra.who(token, tenant=entra.tenants[1])
    foreign = entra.access_token(app, amy, tenant=entra.tenants[1])
    assert entra.who(foreign, tenant=entra.tenants[1])["tid"] == entra.tenants[1].id
    entra.clock.advance(hours=1, seconds=1)
    with pytest.raises(NotAccepted, match="ExpiredTokenError"):
        entra.who(token)


def test_tokens_of_others_are_refused(entra, app, amy):
    token, foreign = entra.access_token(app, amy), entra.access_token(app, amy, tenant=entra.tenants[1])
    header, payload, signature = token.split(".")
    for forged in (
        "",
        "x",
        "..",
        token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB"),
        f"{header}.{foreign.split('.')[1]}.{signature}",
        f"{header}.{payload}.",
        foreign,
        entra.access_token(app, amy, tid=entra.tenants[1].id),
        entra.access_token(app, amy, iss="https://login.microsoftonline.com/x/v2.0"),
        entra.access_token(app, amy, tenant=entra.tenants[1], tid=entra.home.id, iss=entra.issuer()),
        entra.access_token(app, amy, exp=None),
        entra.access_token(app, amy, nbf=int(time.time()) + 60),
        base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=") + f".{payload}.",
        jwt.encode({"alg": "HS256"}, entra.who(token), OctKey.import_key("its-secret-its-secret-its-secret")),
        jwt.encode({"alg": "RS256"}, entra.who(token), RSAKey.generate_key(2048)),
        jwt.encode({"alg": "RS256", "kid": "?"}, entra.who(token), RSAKey.generate_key(2048)),
    ):
        with pytest.raises(NotAccepted):
            entra.who(forged)


def test_keys_rotate_and_old_ones_are_withdrawn(entra, app, amy, http):
    address = f"{entra.authority()}/discovery/v2.0/keys"
    before = entra.access_token(app, amy)
    entra.home.rotate()
    assert len(http.get(address, timeout=5).json()["keys"]) == 2
    assert entra.who(before)
    after = entra.access_token(app, amy)
    entra.home.rotate(withdraw=True)
    assert len(http.get(address, timeout=5).json()["keys"]) == 1
    for token in (before, after):
        with pytest.raises(NotAccepted):
            entra.who(token)


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


# Troubles and memory


def test_the_token_endpoint_has_troubles(entra, post, confidential):
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    entra.next(unavailable(retry_after="7")).next(reset(), times=2)
    status, body = post(form)
    assert (status, body["error"], body["error_codes"]) == (503, "temporarily_unavailable", [90033])
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            post(form)
    assert post(form)[0] == 200
    entra.always(slow(0.2))
    began = time.monotonic()
    assert post(form)[0] == 200
    assert time.monotonic() - began >= 0.2
    entra.always(unavailable(500))
    with pytest.raises(Exception, match="500"):
        confidential().acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert post(form)[0] == 500
    assert entra.heal()
    assert post(form)[0] == 200


def test_stopping_waits_for_no_late_answer(app, amy):
    began = time.monotonic()
    with serving(Entra([Tenant("contoso.example", people=[amy], apps=[app])])) as entra:
        entra.always(slow(30), where="/")
        with pytest.raises(requests.Timeout):
            requests.get(entra.authority(), timeout=0.2, verify=str(entra.ca_bundle))
    assert time.monotonic() - began < 5


def test_what_was_asked_is_remembered_without_its_secrets_on_show(entra, post, app, signed_in):
    cache, _ = signed_in
    post({"grant_type": "refresh_token", "refresh_token": refresh_token(cache)}, Authorization="Bearer very-secret")
    asked = entra.requests[-1]
    assert asked.form["grant_type"] == "refresh_token"
    assert asked.form["refresh_token"] == refresh_token(cache)
    shown = repr((entra.requests, entra, app, entra.home))
    for secret in (app.secret, refresh_token(cache), "very-secret"):
        assert secret not in shown


def test_many_ask_at_once(post):
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    with ThreadPoolExecutor(8) as pool:
        answers = Counter(status for status, _ in pool.map(lambda _: post(form), range(40)))
    assert answers == {200: 40}


# Authlib, which is underneath Streamlit's st.login


def test_authlib_signs_in_through_the_metadata(entra, app, amy, visitor):
    oauth = OAuth()
    client = oauth.register(
        "entra",
        client_id=app.client_id,
        client_secret=app.secret,
        server_metadata_url=f"{entra.issuer()}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "prompt": "select_account", "code_challenge_method": "S256"},
    )
    session: dict[str, object] = {}

    def request(query=""):
        return Request(
            {
                "type": "http",
                "method": "GET",
                "path": "/oauth2callback",
                "query_string": query.encode(),
                "headers": [],
                "session": session,
            }
        )

    async def there():
        return (await client.authorize_redirect(request(), CALLBACK)).headers["location"]

    async def back(answer):
        return await client.authorize_access_token(request(urlencode(answer)))

    address = asyncio.run(there())
    assert parse_qs(urlsplit(address).query)["code_challenge_method"] == ["S256"]
    token = asyncio.run(back(visitor.sign_in(address, amy)))
    assert token["userinfo"]["oid"] == amy.oid
    assert token["userinfo"]["iss"] == entra.issuer()
    # Keys that were rotated since are fetched anew.
    entra.home.rotate(withdraw=True)
    answer = visitor.sign_in(asyncio.run(there()), amy)
    assert asyncio.run(back(answer))["userinfo"]["oid"] == amy.oid
    # And what does not belong to this sign-in is refused.
    answer = visitor.sign_in(asyncio.run(there()).replace("nonce=", "nonce=x"), amy)
    with pytest.raises(Exception, match="nonce"):
        asyncio.run(back(answer))


def test_the_keys_are_as_any_library_reads_them(entra, app, amy, http):
    published = KeySet.import_key_set(http.get(f"{entra.authority()}/discovery/v2.0/keys", timeout=5).json())
    assert jwt.decode(entra.access_token(app, amy), published, algorithms=["RS256"]).claims["oid"] == amy.oid
