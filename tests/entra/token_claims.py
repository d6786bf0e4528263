"""The claims of tokens, and their signature: what the emulator of Entra ID says of whom, and how it is proved."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from joserfc import jwt

from tests.entra import documents
from tests.entra.directory import App, Person, Tenant

MOST_GROUPS = 200
"""Above it a JWT carries no groups but where to ask for them (*Groups overage claim*)."""

_RS256 = [documents.SIGNED_BY]


def of_a_token(tenant: Tenant, issuer: str, audience: str, now: int, life: int) -> dict[str, Any]:
    """What every token has."""
    return {
        "aud": audience,
        "iss": issuer,
        "iat": now,
        "nbf": now,
        "exp": now + life,
        "tid": tenant.id,
        "uti": secrets.token_urlsafe(16),
        "ver": "2.0",
    }


def of_a_person(person: Person, tenant: Tenant, audience: str, *, own_app: bool) -> dict[str, Any]:
    """Who somebody is; roles and groups are for the tenant's own apps."""
    pairwise = hashlib.sha256(f"{audience} {person.oid}".encode()).digest()
    about: dict[str, Any] = {
        "name": person.name,
        "preferred_username": person.username,
        "oid": person.oid,
        "sub": base64.urlsafe_b64encode(pairwise).decode().rstrip("="),
    }
    if own_app and person.roles:
        about["roles"] = list(person.roles)
    if own_app and len(person.groups) > MOST_GROUPS:
        source = f"https://graph.windows.net/{tenant.id}/users/{person.oid}/getMemberObjects"
        about |= {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": source}}}
    elif own_app and person.groups:
        about["groups"] = list(person.groups)
    return about


def of_an_app(app: App, tenant: Tenant, resource: str) -> dict[str, Any]:
    """What an app is that acts for itself, and the permissions that it has there."""
    principal = str(uuid.uuid5(uuid.UUID(tenant.id), app.client_id))
    about: dict[str, Any] = {"oid": principal, "sub": principal, "idtyp": "app"}
    if roles := app.app_roles.get(resource):
        about["roles"] = list(roles)
    return about


def signed(tenant: Tenant, claims: Mapping[str, Any]) -> str:
    """A token of these claims, without those that are None."""
    key = tenant.signing_key
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"typ": "JWT", "alg": "RS256", "kid": key.kid}, present, key, algorithms=_RS256)


def verified(token: str, tenant: Tenant, issuer: str, now: int, audience: str | None = None) -> dict[str, Any]:
    """The claims of a token that the tenant has signed and that is current. Raises JoseError, ValueError, TypeError."""
    claims = jwt.decode(token, tenant.published, algorithms=_RS256).claims
    expected = {"iss": issuer, "tid": tenant.id, **({"aud": audience} if audience else {})}
    demanded: dict[str, Any] = {name: {"essential": True, "value": value} for name, value in expected.items()}
    jwt.JWTClaimsRegistry(lambda: now, exp={"essential": True}, **demanded).validate(claims)
    return claims
