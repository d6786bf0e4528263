"""Who may see what: the claims of an ID token become a person with a role, or the reason why they give none."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from data_access import Settings
from data_access.foreign_text import is_guid

Claims = Mapping[str, Any]


class Role(IntEnum):
    """What a person may see; each role includes those before it."""

    READER = 1  # figures by service and channel
    MANAGER = 2  # the customers of the own book; every customer where there are no books
    LEAD = 3  # every customer, and the book of any person
    OPERATOR = 4  # the status of the program


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom the operator lets in, in lower case: tenants, and the role that each app role or group id stands for.

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
            (settings.access_leads, Role.LEAD),
            (settings.access_operators, Role.OPERATOR),
        )
        return cls(
            frozenset(tenant.casefold() for tenant in settings.tenants),
            {name.casefold(): role for names, role in named for name in names},
            audience,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """A person who may see something until `until` (UTC); without end where no sign-in is configured.

    `known_as`: the sign-in name and the object id, by which books name a person. An address that a sign-in tells beside
    them is not among these, since its owner may have chosen it.
    """

    name: str
    username: str
    identity: tuple[str, str]  # tenant and object id, which never change
    role: Role
    until: datetime | None = None
    known_as: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        return self.until is not None

    def is_over(self, now: datetime) -> bool:
        """Whether the sign-in has ended."""
        return self.until is not None and now >= self.until


#: The person at this machine, where no sign-in is configured.
LOCAL_OPERATOR = Person("", "", ("", ""), Role.OPERATOR)


def at_this_machine(settings: Settings) -> Person:
    """The person at this machine, where no sign-in is configured: the operator, or with LOCAL_BOOK a manager."""
    if settings.local_book is None:
        return LOCAL_OPERATOR
    return Person("", settings.local_book, ("", ""), Role.MANAGER, known_as=(settings.local_book,))


class Denied(Exception):
    """The person is not known, or may see nothing: why, and what to do about it."""

    def __init__(self, message: str, advice: str, *, again: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.again = again
        """Whether signing in (again) can help."""


def judge(claims: Claims, rules: Rules, now: datetime) -> Person:
    """The person that an ID token's claims describe.

    Raises Denied where the sign-in has ended, the tenant is not one of ours, or no role is given. A claim that is
    missing counts against the person. Source: "ID token claims reference" and "Configure group claims".
    """
    if not claims.get("is_logged_in"):
        raise Denied("The figures are for people of this company.", "Sign in with your work account.")
    until = _instant(claims.get("exp"))
    if until is None or until <= now:
        raise Denied("Your sign-in has ended.", "Sign in again to go on where you were.")
    tenant, object_id = str(claims.get("tid") or ""), str(claims.get("oid") or "")
    issued_here = claims.get("aud") == rules.audience and tenant in str(claims.get("iss"))
    if not (object_id and issued_here) or tenant.casefold() not in rules.tenants:
        raise Denied(
            "Your account belongs to another organisation.",
            "Sign in with an account of this company. If this is one, the operator lists its tenant in ACCESS_TENANTS.",
        )
    # Groups count by their ids: a person who may name a group could name it after a role of ours.
    names = [*_texts(claims.get("roles")), *filter(is_guid, _texts(claims.get("groups")))]
    roles = [rules.roles[name.casefold()] for name in names if name.casefold() in rules.roles]
    if not roles:
        left_out = claims.get("_claim_names")
        too_many_groups = isinstance(left_out, Mapping) and "groups" in left_out
        raise Denied(
            "Your account is not on the list of those who may see the figures.",
            "You are in more groups than a sign-in can carry, so the operator gives you an app role instead."
            if too_many_groups
            else "Ask the operator of this dashboard for a role.",
            again=False,
        )
    username = str(claims.get("preferred_username") or claims.get("email") or "")
    name = str(claims.get("name") or username or "Signed in")
    known_as = [str(claims.get("preferred_username") or ""), object_id]
    return Person(name, username, (tenant, object_id), max(roles), until, tuple(filter(None, known_as)))


class Ended:
    """Sign-ins that people have ended, whose cookies would still be good in other windows and in other hands.

    Each is known by a digest. Those that ended here are fresh until they are told to other processes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}  # seconds since 1970
        self._fresh: dict[str, float] = {}

    def add(self, claims: Claims, now: datetime) -> None:
        """Remember the sign-in as ended, for as long as it could have lasted."""
        if until := _instant(claims.get("exp")):
            with self._lock:
                self._until = {key: end for key, end in self._until.items() if end > now.timestamp()}
                self._until[_sign_in(claims)] = self._fresh[_sign_in(claims)] = until.timestamp()

    def learn(self, elsewhere: Mapping[str, float]) -> None:
        """Remember what ended in other processes."""
        with self._lock:
            self._until |= elsewhere

    def take_fresh(self) -> dict[str, float]:
        """What ended here and is to be told."""
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        return fresh

    def keep_fresh(self, untold: Mapping[str, float]) -> None:
        """Take back what could not be told."""
        with self._lock:
            self._fresh = {**untold, **self._fresh}

    def __contains__(self, claims: Claims) -> bool:
        return _sign_in(claims) in self._until


def _sign_in(claims: Claims) -> str:
    """The digest of a sign-in: other processes compare it, and nobody learns a claim from it."""
    named = "\n".join(str(claims.get(name)) for name in ("iss", "sub", "iat", "nonce"))
    return hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()


def _instant(seconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _texts(value: object) -> Iterable[str]:
    return [str(text) for text in value] if isinstance(value, list | tuple) else []
