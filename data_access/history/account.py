"""The account's history: below HISTORY_URL each account has a folder of its own, so that figures never meet.

The sample partner is an account like any other, whose past year `prepare_sample` writes. Opening a history only reads,
so that a probe, a test or a script leaves no files behind.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from data_access import connection
from data_access.errors import HistoryError
from data_access.foreign_text import is_guid
from data_access.history import layout, sample_history
from data_access.history.audit import Audit
from data_access.history.ended import EndedSignIns
from data_access.history.history import History
from data_access.history.mutes import Mutes
from data_access.history.patience import Patience
from data_access.history.snapshot import Owner
from data_access.history.store import Store
from data_access.history.views import Views
from data_access.settings import Settings

_SAMPLE = "sample"


def open(settings: Settings) -> History:  # noqa: A001 - history.open reads as what it does
    """Open the history of the account that the settings name; it is empty where no snapshot was kept.

    Opening writes nothing; see `prepare_sample`. Raises HistoryError where HISTORY_URL cannot be read.
    """
    name, source = account(settings), connection.title(settings)
    owner = Owner(account=name, source=source, address=None if settings.is_sample else settings.base_url)
    return History(Store(_folder(settings.history_url, name)), source, owner=owner)


def open_begun(settings: Settings) -> History:
    """Open a history that was begun, for what would leave files at a place that is not the history's.

    Raises HistoryError where there is none, as on a disk that is not there, or it cannot be read.
    """
    prepare_sample(settings)
    history = open(settings)
    if not any(history.store.finished(folder) for folder in layout.WITH_RECORDS):
        raise HistoryError(
            f"There is no history at {history.store.name}.",
            "Check HISTORY_URL, and whether the disk is there; `collect` begins a history.",
        )
    return history


def open_audit(settings: Settings) -> Audit:
    """Open the audit of the account alone, without reading its history. Raises HistoryError where it cannot be."""
    return Audit(Store(_folder(settings.history_url, account(settings))))


def open_ended(settings: Settings, patience: Patience) -> EndedSignIns:
    """Open the account's ended sign-ins alone. Raises HistoryError where they cannot be."""
    return EndedSignIns(Store(_folder(settings.history_url, account(settings)), patience=patience))


def open_views(settings: Settings) -> Views:
    """Open what people saved of the account's views alone. Raises HistoryError where it cannot be."""
    return Views(Store(_folder(settings.history_url, account(settings))))


def open_mutes(settings: Settings) -> Mutes:
    """Open the mutes that people set on the account's pages alone. Raises HistoryError where they cannot be."""
    return Mutes(Store(_folder(settings.history_url, account(settings))))


def reach(settings: Settings, patience: Patience) -> bool:
    """Find out in the least time whether the account's history can be read, and tell whether there is one.

    The sample's is written where it is gone. Raises HistoryError where it cannot be read, where this account of the
    machine may read no summary file, or where its store hangs.
    """
    store = Store(_folder(settings.history_url, account(settings)), patience=patience)
    summaries = store.finished(layout.SMALL)
    if not summaries:
        prepare_sample(settings)
    elif len(store.denied([layout.SMALL])) == len(summaries):
        raise HistoryError(*store.denial([file.path for file in summaries]))
    return settings.is_sample or bool(summaries)


def prepare_sample(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Write what is missing of the sample partner's history: the whole year, or the weeks since it was last prepared.

    It does nothing for any other account. The server calls it at its start, the pages' timeline each time that it looks
    at the history, and each command before it opens one.

    Raises HistoryError where HISTORY_URL cannot be read or written.
    """
    if settings.is_sample:
        sample_history.bring_up_to(open(settings), clock())


def account(settings: Settings) -> str:
    """The name of the account's folder: `sample`, or address and tenant, with a checksum that makes it unique."""
    if settings.is_sample:
        return _SAMPLE
    tenant = settings.partner_center_tenant_id or _tenant_of_token(settings) or ""
    address = urlsplit(settings.base_url)
    identity = f"{settings.base_url}\n{tenant.lower()}"
    readable = re.sub(r"[^a-z0-9.]+", "-", f"{address.netloc}{address.path} {tenant}".lower()).strip("-.")
    return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def _tenant_of_token(settings: Settings) -> str | None:
    """The tenant that a readable JWT names. It is not verified: it names a folder and gives no access."""
    token = settings.partner_center_access_token
    parts = token.get_secret_value().split(".") if token else []
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    tenant = claims.get("tid") if isinstance(claims, dict) else None
    return tenant if isinstance(tenant, str) and is_guid(tenant) else None


def _folder(url: str, name: str) -> str:
    """A folder below an address, which may end in options: s3://bucket/history?region=eu-central-1."""
    address, mark, options = url.partition("?") if "://" in url else (url, "", "")
    return f"{address.rstrip('/')}/{name}{mark}{options}"
