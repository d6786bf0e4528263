"""What the emulator of Entra ID knows of sign-ins: sessions, grants, codes, refresh tokens, waiting devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.entra.directory import (
    App,
    Person,
    Tenant,
)


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in, and the methods of that sign-in."""

    tenant: Tenant
    person: Person
    amr: Sequence[str]


@dataclass(frozen=True)
class Grant:
    """What an app may do for a person, since when, and how the person had signed in."""

    session: Session
    app: App
    scopes: Sequence[str]
    at: float
    nonce: str | None = None


@dataclass
class Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    method: str
    redeemed: bool = False


@dataclass
class RefreshToken:
    grant: Grant
    issued: float
    superseded: float | None = None


@dataclass
class Device:
    """A device that waits for somebody to enter its code elsewhere."""

    tenant: Tenant
    app: App
    scopes: Sequence[str]
    user_code: str
    expires: float
    grant: Grant | None = None
    declined: bool = False
    polled: float | None = None
