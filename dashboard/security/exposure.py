"""Whether real figures would be shown to people whom nobody asks who they are: then nothing is shown to anybody."""

from __future__ import annotations

import ipaddress
import threading
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streamlit import config
from streamlit.auth_util import get_secrets_auth_section

from data_access import SettingsError, load_settings
from data_access.settings import SECRETS_FILE

PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")
_SHORTEST_SECRET, _FEWEST_SIGNS = 32, 8
_CORRECT = "Correct [auth] in .streamlit/secrets.toml as in docs/sign-in.md, then start again."
#: What a proxy adds: the call comes from somewhere else than it seems.
_FORWARDED = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})
_configured_once = threading.Event()


def section() -> Mapping[str, Any]:
    """The table `[auth]` as Streamlit reads it; empty where there is none."""
    found: object = get_secrets_auth_section()
    return found if isinstance(found, Mapping) else {}


def provider(found: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """The name and the table of who signs people in; None is the name of one without a table of its own."""
    if PROVIDER_KEYS[0] in found:
        return None, found
    tables = (
        (name, table) for name, table in found.items() if isinstance(table, Mapping) and PROVIDER_KEYS[0] in table
    )
    return next(tables, (None, {}))


def sign_in_is_configured() -> bool:
    """Whether visitors are asked who they are.

    Once they were, they are for as long as this process lives: a table that cannot be read any more lets nobody in.
    """
    if section():
        _configured_once.set()
    return _configured_once.is_set()


def check_sign_in() -> None:
    """Raise SettingsError where somebody meant people to sign in, and it would not work or not hold."""
    found = section()
    if not found:
        if sign_in_is_configured():
            raise SettingsError("The table [auth] cannot be read any more.", _CORRECT)
        if file := next(filter(_means_sign_in, _files()), None):
            raise SettingsError(
                f"{file} has a table for people's sign-in that Streamlit does not read: it is empty, not called [auth],"
                " or the file starts with a byte order mark or has a mistake.",
                _CORRECT,
            )
        return
    _, who = provider(found)
    missing = [key for key in PROVIDER_KEYS if not who.get(key)]
    if missing or not found.get("redirect_uri"):
        raise SettingsError(f"[auth] lacks {', '.join([*missing, *_lacking(found, 'redirect_uri')])}.", _CORRECT)
    secret = str(found.get("cookie_secret", ""))
    if len(secret) < _SHORTEST_SECRET or len(set(secret)) < _FEWEST_SIGNS or " " in secret:
        raise SettingsError(
            f"cookie_secret in [auth] could be guessed: it takes {_SHORTEST_SECRET} random characters, without spaces.",
            'Make one: python -c "import secrets; print(secrets.token_hex(32))"',
        )


def check_address(address: str | None) -> None:
    """Raise SettingsError where the server listens to other machines, and nobody would be asked who they are."""
    if not _is_loopback(address or ""):
        _refuse(f"everyone who reaches {address or 'this machine'}")


def check_call(address: str, headers: Mapping[str, str]) -> None:
    """Raise SettingsError where a call does not come from this machine, however the server was started.

    `address` is where it came in. A name in `Host` that is not this machine's is that of a proxy, or of a web site that
    had its name point here (DNS rebinding).
    """
    host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    if not (_is_loopback(address) and _is_loopback(host)) or _FORWARDED.intersection(headers):
        _refuse("other machines, or to a web site or proxy that passes itself off as this one")


def _refuse(whom: str) -> None:
    if sign_in_is_configured():
        return
    settings = load_settings()
    if not (settings.is_sample or settings.danger_show_figures_to_anyone_without_sign_in):
        raise SettingsError(
            f"Figures of real customers would be open to {whom}: no sign-in is configured.",
            "Configure one ([auth] in .streamlit/secrets.toml, see docs/sign-in.md), or use 127.0.0.1 on this machine.",
        )


def _lacking(found: Mapping[str, Any], key: str) -> list[str]:
    return [] if found.get(key) else [key]


def _files() -> set[Path]:
    return {SECRETS_FILE.absolute(), *map(Path, config.get_option("secrets.files"))}


def _means_sign_in(file: Path) -> bool:
    try:
        return _has_table(file, file.stat().st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=8)
def _has_table(file: Path, _changed: int) -> bool:
    try:
        found = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except ValueError:
        return True  # nobody can tell; so it counts as meant
    return any(name.casefold() == "auth" for name in found)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
