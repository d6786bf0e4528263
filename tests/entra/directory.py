"""What an Entra tenant holds: people, app registrations, signing keys. All of it may be changed between requests."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

from joserfc.jwk import KeySet, RSAKey

PARTNER_CENTER = "https://api.partnercenter.microsoft.com"
USER_IMPERSONATION = f"{PARTNER_CENTER}/user_impersonation"
GRAPH = "https://graph.microsoft.com"
"""Scopes that name no resource are Microsoft Graph's."""

OIDC_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


def _guid() -> str:
    return str(uuid.uuid4())


class Clock:
    """The emulator's time: the real one, until it is moved."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, **duration: float) -> None:
        """Move on, by what a `timedelta` understands: `advance(days=91)`."""
        self._ahead += timedelta(**duration).total_seconds()


@dataclass(eq=False)
class Person:
    name: str
    username: str
    """The `preferred_username`, which may change; the `oid` does not."""
    _: KW_ONLY
    oid: str = field(default_factory=_guid)
    roles: Sequence[str] = ()
    """App roles, shown in tokens for the tenant's own apps only, as a role belongs to the app that defines it."""
    groups: Sequence[str] = ()
    """Object ids of groups, shown likewise; more than 200 give way to the overage claim."""
    mfa: bool = True
    """Whether each sign-in from now on passes multi-factor authentication."""
    disabled: bool = False
    tokens_valid_from: float = 0.0
    """Nothing granted before is honoured; `Entra.revoke` sets it."""


@dataclass(eq=False)
class App:
    name: str
    secret: str | None = field(default=None, repr=False)
    _: KW_ONLY
    client_id: str = field(default_factory=_guid)
    redirect_uris: Sequence[str] = ()
    """Matched to the letter, but for the port of a loopback address (*Redirect URI restrictions and limitations*)."""
    consented: set[str] = field(default_factory=set)
    """Delegated permissions for which there is consent, each as a whole scope: the resource, a slash, the name."""
    app_roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Application permissions by resource: the `roles` of tokens that the app gets for itself."""
    public_flows: bool = False
    """"Allow public client flows": device code, and codes and refresh tokens without a secret."""
    secret_expires: float | None = None
    disabled: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """How the app is called as a resource."""
        return (self.client_id, f"api://{self.client_id}")

    def redirects_to(self, uri: str) -> bool:
        return any(_without_loopback_port(uri) == _without_loopback_port(known) for known in self.redirect_uris)

    def granted(self, resource: str, wanted: Sequence[str]) -> list[str]:
        """Names of the permissions on a resource that a token may carry; none if one that is wanted lacks consent."""
        consented = sorted(name for known, name in map(split_scope, self.consented) if known == resource)
        if resource == GRAPH:
            consented += sorted(OIDC_SCOPES - {"offline_access"})
        if ".default" in wanted:
            return consented
        return list(wanted) if set(wanted) <= set(consented) else []


@dataclass(eq=False)
class Tenant:
    domain: str
    _: KW_ONLY
    id: str = field(default_factory=_guid)
    people: Sequence[Person] = ()
    apps: Sequence[App] = ()
    mfa_for: set[str] = field(default_factory=set)
    """Resources for which a policy demands multi-factor authentication."""

    def __post_init__(self) -> None:
        self._keys: list[RSAKey] = []
        self._made = 0

    @property
    def signing_key(self) -> RSAKey:
        if not self._keys:
            self.rotate()
        return self._keys[0]

    @property
    def published(self) -> KeySet:
        """The keys that tokens are checked with: the one that signs, and those that did until they are withdrawn."""
        return KeySet([self.signing_key, *self._keys[1:]])

    def rotate(self, *, withdraw: bool = False) -> None:
        """Sign with a new key, and keep the old ones published unless they are to be withdrawn."""
        self._keys = [_key(self.domain, self._made), *([] if withdraw else self._keys)]
        self._made += 1

    def answers_to(self, name: str) -> bool:
        return name.lower() in (self.id.lower(), self.domain.lower())


def split_scope(scope: str) -> tuple[str, str]:
    """Return the resource of a scope and the permission's name."""
    resource, slash, name = scope.rpartition("/")
    return (resource, name) if slash else (GRAPH, scope)


def of_resources(scopes: Sequence[str]) -> list[str]:
    return [scope for scope in scopes if scope not in OIDC_SCOPES]


def first_resource(scopes: Sequence[str]) -> str:
    return next((split_scope(scope)[0] for scope in of_resources(scopes)), GRAPH)


@cache
def _key(_domain: str, _number: int) -> RSAKey:
    # A key takes longer to find than most tests take, so namesakes share theirs; their ids differ all the same.
    return RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)


def _without_loopback_port(uri: str) -> str:
    parts = urlsplit(uri)
    loopback = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    return parts._replace(netloc=str(parts.hostname)).geturl() if loopback else uri
