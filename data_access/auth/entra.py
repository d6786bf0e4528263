"""Rules of Microsoft Entra ID: sign-in addresses, what its refusals mean, when a sign-in lapses. No network.

Sources: the pages "Microsoft Entra authentication & authorization error codes", "Microsoft identity platform refresh
tokens" and, for the permission, Partner Center's "Enable the secure application model".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from data_access.errors import Details, NoSignInService, PartnerCenterError, SignInRefused
from data_access.foreign_text import identifier

#: A stored sign-in ends when it has not been used for so long.
REFRESHABLE_FOR = timedelta(days=90)
#: The operator is warned so long before that.
NOTICE = timedelta(days=14)

#: The next step where a stored sign-in is no good any more.
SIGN_IN_AGAIN = "Sign in again: python -m data_access sign-in."
_ADMINISTRATOR = "Give this to the administrator of the app registration in Entra ID."


@dataclass(frozen=True, slots=True)
class Registration:
    """The app registration that requests tokens, and the permission that it requests."""

    tenant: str
    client_id: str
    secret: str = field(repr=False)
    authority: str  # the sign-in address, tenant included
    scope: str


def authority(address: str, tenant: str) -> str:
    """The sign-in address of a tenant: `address` with the tenant added, unless its path names one already."""
    address = address.rstrip("/")
    return address if urlsplit(address).path else f"{address}/{tenant}"


@dataclass(frozen=True, slots=True)
class _Case:
    """Codes of refusals (AADSTS…) with one cause, and what the program says about it."""

    codes: tuple[int, ...]
    message: str
    advice: str


# `message` is for the user of a page, `advice` for the person who can take that step.
_CASES = (
    _Case(
        (50072, 50074, 50076, 50079, 50078),
        "Microsoft asks for multi-factor authentication, which this sign-in did not pass.",
        "Sign in again and pass it: python -m data_access sign-in.",
    ),
    _Case(
        (65001, 650056, 650057),
        "The app registration has no consent to act in Partner Center.",
        "An administrator grants it in Entra ID, under API permissions: Microsoft Partner Center, user_impersonation.",
    ),
    _Case(
        (90002, 900023, 500011, 700016, 50020, 50034, 50128, 90072, 500021),
        "The tenant, the account and the app registration do not belong together.",
        "Check PARTNER_CENTER_TENANT_ID, PARTNER_CENTER_CLIENT_ID and the cloud, and use an account of that tenant.",
    ),
    _Case(
        (700082, 70008, 70043, 700084, 70000),
        f"The stored sign-in has lapsed; it lives {REFRESHABLE_FOR.days} days from its last use.",
        SIGN_IN_AGAIN,
    ),
    _Case(
        (50173, 50133, 50132, 50089),
        "The sign-in was revoked, for example by a new password.",
        SIGN_IN_AGAIN,
    ),
    _Case((500133,), "Your sign-in to the dashboard has ended.", "Sign in again."),
    _Case(
        (500131, 50013, 240002),
        "The dashboard's sign-in cannot be exchanged for one to Partner Center.",
        "In [auth], ask for a scope of the same app registration, such as api://<client id>/access_as_user.",
    ),
    _Case(
        (7000215, 7000222, 700025, 7000216),
        "Entra ID does not accept the secret of the app registration: it is wrong, has expired, or none is expected.",
        "Create a new secret and put its value into PARTNER_CENTER_CLIENT_SECRET.",
    ),
    _Case(
        (7000218,),
        "The app registration does not allow this sign-in method.",
        'For --device-code, set "Allow public client flows" in the registration, or sign in with a browser here.',
    ),
    _Case((7000112,), "The app registration is disabled.", _ADMINISTRATOR),
    _Case((50057, 50055, 50053), "The account is disabled, locked, or its password has expired.", _ADMINISTRATOR),
    _Case(
        (50011, 500112),
        "The redirect address is not registered.",
        "Add http://localhost to the registration's redirect addresses (platform Web).",
    ),
    _Case(
        (50105,),
        "The account is not assigned to this application.",
        "Assign the account, or a group of it, to the application under Enterprise applications.",
    ),
    _Case(
        (53000, 53001, 53003, 53004, 530003, 530034),
        "A policy of the company (Conditional Access) does not allow this sign-in.",
        _ADMINISTRATOR,
    ),
    _Case((65004,), "The sign-in was cancelled, or the permission was declined.", "Start it again, and accept."),
    _Case((70018, 70019), "The code was not entered in time, or was another one.", "Start it again for a new code."),
)
_BY_CODE = {code: case for case in _CASES for code in case.codes}
# OAuth's own error names, for answers without a code.
_BY_ERROR = {
    "interaction_required": _BY_CODE[50076],
    "consent_required": _BY_CODE[65001],
    "invalid_client": _BY_CODE[7000215],
    "unauthorized_client": _BY_CODE[700016],
    "invalid_grant": _BY_CODE[700082],
    "access_denied": _BY_CODE[65004],
    "authorization_declined": _BY_CODE[65004],
    "expired_token": _BY_CODE[70019],
    "bad_verification_code": _BY_CODE[70018],
}
_UNKNOWN = _Case((), "Microsoft did not accept the sign-in.", "The code and description say what it objects to.")
_TRANSIENT_ERRORS = frozenset({"temporarily_unavailable", "server_error"})
_TRANSIENT_CODES = frozenset({90033, 90006, 90019, 90055})
_CODE = re.compile(r"AADSTS(\d{4,8})")


def refused(answer: Mapping[str, Any]) -> PartnerCenterError:
    """The error for an answer of Entra ID that holds no token: SignInRefused, or NoSignInService for a passing trouble.

    `answer` has the fields of the token endpoint's answer, or of the redirect from the sign-in page.
    """
    name, description = str(answer.get("error", "")), str(answer.get("error_description", ""))
    error_codes = answer.get("error_codes")
    codes = [code for code in error_codes if type(code) is int] if isinstance(error_codes, list) else []
    codes += map(int, _CODE.findall(description))
    details = Details(
        code=f"AADSTS{codes[0]}" if codes else name or None,
        description=_first_line(description) or None,
        request_id=_id(answer.get("trace_id")),
        correlation_id=_id(answer.get("correlation_id")),
    )
    if name in _TRANSIENT_ERRORS or not _TRANSIENT_CODES.isdisjoint(codes):
        return no_answer("it asks for another try later", details)
    # A code says more than the name beside it: many unknown codes come with the name of a known case.
    by_name = _UNKNOWN if codes else _BY_ERROR.get(name, _UNKNOWN)
    case = next((_BY_CODE[code] for code in codes if code in _BY_CODE), by_name)
    return SignInRefused(case.message, case.advice, details)


def unknown_authority() -> SignInRefused:
    """The error for an authority without metadata: the tenant does not exist, or the address is no authority."""
    return SignInRefused(
        "There is no such tenant at this sign-in address.",
        "Check PARTNER_CENTER_TENANT_ID, the cloud, and PARTNER_CENTER_AUTHORITY if it is set.",
    )


_TRY_AGAIN = "Check the network, the proxy and PARTNER_CENTER_AUTHORITY, then try again."


def no_answer(what: str, details: Details | None = None, advice: str = _TRY_AGAIN) -> NoSignInService:
    """The error for a sign-in service that gives no usable answer; `what` names the cause."""
    return NoSignInService(f"Microsoft's sign-in cannot be reached: {what}.", advice, details)


def lapses(last_used: datetime) -> datetime:
    """When a stored sign-in ends unless it is used before."""
    return last_used + REFRESHABLE_FOR


def lapse_notice(lapse: datetime, now: datetime) -> str:
    """The warning about a stored sign-in that ends within `NOTICE`; empty before that."""
    remaining = lapse - now
    if remaining > NOTICE:
        return ""
    when = (
        "has lapsed" if remaining <= timedelta(0) else f"lapses in {max(1, remaining.days)} days, on {lapse:%Y-%m-%d}"
    )
    return f"The stored sign-in {when}. {SIGN_IN_AGAIN}"


def _first_line(text: str) -> str:
    return " ".join((text.splitlines() or [""])[0].split())[:1024]


def _id(value: object) -> str | None:
    return identifier(str(value or ""))
