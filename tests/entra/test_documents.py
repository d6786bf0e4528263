"""What the emulator says of itself, its keys, and which settings of real MSAL and Authlib are content with it."""

import asyncio
import warnings
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.requests import Request

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning

    # Once imported, Authlib has them shown always; the rest of it then announces its move from httpx to httpx2.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.starlette_client import OAuth
from tests.entra.asking import CALLBACK, SCOPES, refused, sign_in

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
