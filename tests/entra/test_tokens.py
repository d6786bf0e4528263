"""Refresh tokens, and which tokens are ours."""

import base64
import time

import msal
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.entra import (
    PARTNER_CENTER,
    USER_IMPERSONATION,
    NotAccepted,
)
from tests.entra.asking import SCOPES, claims, refresh_token, refused, sign_in

# Refresh tokens


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
