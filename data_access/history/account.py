"""Whose history: below HISTORY_URL each account has a folder of its own, so that no two accounts' figures ever meet.

The sample is an account like any other; its year is made where somebody first looks.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from data_access import connection
from data_access.history import sample_history
from data_access.history.history import History
from data_access.history.store import Store
from data_access.settings import Settings

_SAMPLE = "sample"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def open(settings: Settings) -> History:  # noqa: A001 - history.open reads as what it does
    """Open the history of the account that the settings name; where nothing was kept yet it is empty.

    The sample partner's is made on first need and brought up to this week. Raises HistoryError where HISTORY_URL cannot
    be read, or the sample's not be written.
    """
    found = History(Store(_folder(settings.history_url, account(settings))), connection.title(settings))
    if settings.is_sample:
        sample_history.bring_up_to(found, datetime.now(UTC))
    return found


def account(settings: Settings) -> str:
    """The name of the account's folder: `sample`, or address and tenant, told apart from all others by a checksum."""
    if settings.is_sample:
        return _SAMPLE
    tenant = settings.partner_center_tenant_id or _tenant_of_token(settings) or ""
    address = urlsplit(settings.base_url)
    identity = f"{settings.base_url}\n{tenant.lower()}"
    readable = re.sub(r"[^a-z0-9.]+", "-", f"{address.netloc}{address.path} {tenant}".lower()).strip("-.")
    return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def _tenant_of_token(settings: Settings) -> str | None:
    """The tenant that a readable JWT names. Nobody vouches for it: it names a folder and opens nothing."""
    token = settings.partner_center_access_token
    parts = token.get_secret_value().split(".") if token else []
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    tenant = claims.get("tid") if isinstance(claims, dict) else None
    return tenant if isinstance(tenant, str) and _GUID.fullmatch(tenant) else None


def _folder(url: str, name: str) -> str:
    """A folder below an address, which may end in options: s3://bucket/history?region=eu-central-1."""
    address, mark, options = url.partition("?") if "://" in url else (url, "", "")
    return f"{address.rstrip('/')}/{name}{mark}{options}"
