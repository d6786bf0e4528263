"""Who an app is, what it gets for itself, and what it gets on behalf of a person."""

import base64
import time

import pytest

from tests.entra import (
    PARTNER_CENTER,
    USER_IMPERSONATION,
)
from tests.entra.asking import DEVICE, ON_BEHALF_OF, SCOPES, claims, refused, sign_in

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


# On behalf of


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
