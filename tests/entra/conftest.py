"""A directory of Entra ID with its people and apps, served over HTTPS, and ways to ask it."""

import warnings

import msal
import pytest
import requests

from tests.entra import (
    USER_IMPERSONATION,
    App,
    Entra,
    Person,
    Tenant,
    Visitor,
    serving,
)

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning

    # Once imported, Authlib has them shown always; the rest of it then announces its move from httpx to httpx2.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
from tests.entra.asking import CALLBACK, SCOPES, VERIFIER, authorize, s256, sign_in


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


@pytest.fixture
def ask(entra, app, visitor):
    """Open the authorize endpoint as the dashboard sends somebody there."""
    return lambda **fields: visitor.open(authorize(entra, app, **fields))


@pytest.fixture
def redeemable(entra, app, amy, visitor):
    """Sign in with a challenge; returns the fields that redeem the code."""

    def redeemable(**fields):
        pkce = {"code_challenge": s256(VERIFIER), "code_challenge_method": "S256"}
        answer = visitor.sign_in(authorize(entra, app, **pkce, **fields), amy)
        form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": CALLBACK}
        return {**form, "code_verifier": VERIFIER}

    return redeemable


@pytest.fixture
def device(entra, public):
    client = msal.PublicClientApplication(public.client_id, authority=entra.authority(), instance_discovery=False)
    flow = client.initiate_device_flow(SCOPES)

    def poll(*, after=1):
        entra.clock.advance(seconds=after)
        return client.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)

    return flow, poll


@pytest.fixture
def signed_in(confidential, visitor, amy):
    """Somebody who has signed in, and what renews the token: with a new MSAL over the same cache each time."""
    cache = msal.TokenCache()
    sign_in(confidential(cache), visitor, amy)

    def renew(scopes=SCOPES):
        client = confidential(cache)
        return client.acquire_token_silent_with_error(scopes, client.get_accounts()[0], force_refresh=True)

    return cache, renew


@pytest.fixture
def assertion(entra, app, amy):
    return lambda **given: entra.access_token(app, amy, f"api://{app.client_id}", ["access_as_user"], **given)
