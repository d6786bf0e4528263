"""Documents that the emulator of Entra ID publishes."""

from __future__ import annotations

from typing import Any

SIGNED_BY = "RS256"


def metadata(authority: str, issuer: str, *, with_pkce: bool) -> dict[str, Any]:
    """The OpenID configuration document; names and values are those of the published ones."""
    endpoints = f"{authority}/oauth2/v2.0"
    return {
        "token_endpoint": f"{endpoints}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "jwks_uri": f"{authority}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [SIGNED_BY],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{endpoints}/authorize",
        "device_authorization_endpoint": f"{endpoints}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{endpoints}/logout",
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "ver",
        ],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        **({"code_challenge_methods_supported": ["plain", "S256"]} if with_pkce else {}),
    }
