"""How tests ask the emulator of Entra ID, and what they expect of a refusal."""

import base64
import hashlib
import json
import warnings

import msal
import requests

from tests.entra import (
    USER_IMPERSONATION,
)

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning

    # Once imported, Authlib has them shown always; the rest of it then announces its move from httpx to httpx2.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)

CALLBACK = "http://localhost:8501/oauth2callback"
SCOPES = [USER_IMPERSONATION]
VERIFIER = "a-verifier-of-at-least-forty-three-characters"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ON_BEHALF_OF = "urn:ietf:params:oauth:grant-type:jwt-bearer"


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


def refresh_token(cache):
    (kept,) = cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN)
    return kept["secret"]
