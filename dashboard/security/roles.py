"""Who may see what: from what Entra ID says of a person to a role, or to the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from data_access import Settings

Claims = Mapping[str, Any]
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Role(IntEnum):
    """What somebody may see; each includes those before it."""

    READER = 1  # figures by service and channel
    MANAGER = 2  # every customer's
    OPERATOR = 3  # the status of the program


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom the operator lets in: tenants, and which app roles and group ids stand for which role. In lower case.

    `audience` is the application that the sign-in has to be for.
    """

    tenants: frozenset[str]
    roles: Mapping[str, Role]
    audience: str

    @classmethod
    def of(cls, settings: Settings, audience: str) -> Rules:
        named = (
            (settings.access_readers, Role.READER),
            (settings.access_managers, Role.MANAGER),
            (settings.access_operators, Role.OPERATOR),
        )
        return cls(
            frozenset(tenant.casefold() for tenant in settings.tenants),
            {name.casefold(): role for names, role in named for name in names},
            audience,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may see something, until `until` (UTC); for ever where nobody is asked who they are."""

    name: str
    username: str
    identity: tuple[str, str]  # tenant and object id, which never change
    role: Role
    until: datetime | None = None

    @property
    def is_known(self) -> bool:
        return self.until is not None

    def is_over(self, now: datetime) -> bool:
        """Whether the sign-in has ended."""
        return self.until is not None and now >= self.until


#: Whoever sits at this machine, where no sign-in is configured.
ANYONE = Person("", "", ("", ""), Role.OPERATOR)


class Denied(Exception):
    """Nobody, or somebody who may see nothing; why, and what to do."""

    def __init__(self, message: str, advice: str, *, again: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.again = again
        """Whether signing in (again) can help."""


def judge(claims: Claims, rules: Rules, now: datetime) -> Person:
    """The person that an ID token's claims describe.

    Raises Denied where the sign-in is over, the tenant is not one of ours, or no role is given. Whatever is missing
    counts against the person. Source: "ID token claims reference" and "Configure group claims".
    """
    if not claims.get("is_logged_in"):
        raise Denied("The figures are for people of this company.", "Sign in with your work account.")
    until = _instant(claims.get("exp"))
    if until is None or until <= now:
        raise Denied("Your sign-in has ended.", "Sign in again to go on where you were.")
    tenant, who = str(claims.get("tid") or ""), str(claims.get("oid") or "")
    issued_here = claims.get("aud") == rules.audience and tenant in str(claims.get("iss"))
    if not (who and issued_here) or tenant.casefold() not in rules.tenants:
        raise Denied(
            "Your account belongs to another organisation.",
            "Sign in with an account of this company. If this is one, the operator lists its tenant in ACCESS_TENANTS.",
        )
    # Groups count by their ids: whoever names a group after a role of ours would have it.
    names = [*_texts(claims.get("roles")), *filter(_ID.fullmatch, _texts(claims.get("groups")))]
    given = [rules.roles[name.casefold()] for name in names if name.casefold() in rules.roles]
    if not given:
        elsewhere = claims.get("_claim_names")
        overflow = isinstance(elsewhere, Mapping) and "groups" in elsewhere
        raise Denied(
            "Your account is not on the list of those who may see the figures.",
            "You are in more groups than a sign-in can carry, so the operator gives you an app role instead."
            if overflow
            else "Ask the operator of this dashboard for a role.",
            again=False,
        )
    username = str(claims.get("preferred_username") or claims.get("email") or "")
    return Person(str(claims.get("name") or username or "Signed in"), username, (tenant, who), max(given), until)


class Ended:
    """Sign-ins that people have ended. Their cookies would go on being good, in other windows and in other hands."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, ...], float] = {}

    def add(self, claims: Claims, now: datetime) -> None:
        """Remember the sign-in as ended, for as long as it could have lasted."""
        self._until = {key: until for key, until in self._until.items() if until > now.timestamp()}
        if until := _instant(claims.get("exp")):
            self._until[_sign_in(claims)] = until.timestamp()

    def __contains__(self, claims: Claims) -> bool:
        return _sign_in(claims) in self._until


def _sign_in(claims: Claims) -> tuple[str, ...]:
    return tuple(str(claims.get(name)) for name in ("iss", "sub", "iat", "nonce"))


def _instant(seconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _texts(value: object) -> Iterable[str]:
    return [str(text) for text in value] if isinstance(value, list | tuple) else []
