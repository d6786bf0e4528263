"""Refuses to show figures of real customers to people who are not asked to sign in."""

from __future__ import annotations

import ipaddress
import math
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import streamlit as st
from starlette.requests import HTTPConnection

from dashboard.security import streamlit_internals
from data_access import SettingsError, load_settings
from data_access.settings import SECRETS_FILE

PROVIDER_KEYS = ("client_id", "client_secret", "server_metadata_url")
_SHORTEST_SECRET, _FEWEST_SIGNS = 32, 8
_READ_AGAIN = 1.0  # seconds
_USUAL_PORTS = {"http": 80, "https": 443}
_CORRECT = "Correct [auth] in .streamlit/secrets.toml as in docs/sign-in.md, then start again."
#: Headers that a proxy adds: the caller is on another machine than the connection says.
_OF_PROXIES = frozenset({"via", "x-real-ip", "x-original-host", "x-original-proto", "x-envoy-external-address"})
#: What the names of the others have in them, such as `X-Original-Forwarded-For` and `CF-Connecting-IP`.
_IN_NAMES_OF_PROXIES = ("forwarded", "client-ip", "clientip", "connecting-ip")


def _secrets_files() -> set[Path]:
    return {SECRETS_FILE.absolute(), *map(Path, st.get_option("secrets.files"))}


class SignIn:
    """How people sign in, as the operator configured it: the table `[auth]` of the secrets.

    It remembers that sign-in was configured: a table that can no longer be read lets no person in, for as long as the
    process lives. `secrets_files` lists the files in which the operator may have meant to configure one. Files are read
    again after so many `seconds`: each message of a page asks, and where there is no file, Streamlit looks for one.
    """

    def __init__(
        self, secrets_files: Callable[[], Iterable[Path]] = _secrets_files, seconds: float = _READ_AGAIN
    ) -> None:
        self._secrets_files = secrets_files
        self._seconds = seconds
        self._table: Mapping[str, Any] = {}
        self._told: frozenset[Origin] = frozenset()
        self._table_until = self._told_until = self._checked_until = -math.inf  # of time.monotonic
        self._was_configured = False

    @property
    def table(self) -> Mapping[str, Any]:
        """The table as Streamlit reads it; empty where there is none."""
        now = time.monotonic()
        if now >= self._table_until:
            self._table, self._table_until = streamlit_internals.sign_in_table(), now + self._seconds
        return self._table

    @property
    def provider(self) -> tuple[str | None, Mapping[str, Any]]:
        """The name and the table of the provider; None is the name of one without a table of its own."""
        table = self.table
        if PROVIDER_KEYS[0] in table:
            return None, table
        providers = (
            (name, value) for name, value in table.items() if isinstance(value, Mapping) and PROVIDER_KEYS[0] in value
        )
        return next(providers, (None, {}))

    @property
    def told(self) -> frozenset[Origin]:
        """Where people are told to come, by PUBLIC_URL and `redirect_uri`."""
        now = time.monotonic()
        if now >= self._told_until:
            try:
                public = load_settings().public_url
            except SettingsError:  # which pages say themselves
                public = None
            told = map(origin_of, (public or "", str(self.table.get("redirect_uri", ""))))
            self._told, self._told_until = frozenset(filter(None, told)), now + self._seconds
        return self._told

    @property
    def is_configured(self) -> bool:
        """Whether visitors are asked to sign in."""
        if self.table:
            self._was_configured = True
        return self._was_configured

    def check(self) -> None:
        """Raise SettingsError where the operator meant people to sign in, and it would not work or not hold."""
        if time.monotonic() >= self._checked_until:
            self._check()
            self._checked_until = time.monotonic() + self._seconds

    def _check(self) -> None:
        table = self.table
        if not table:
            if self.is_configured:
                raise SettingsError("The table [auth] cannot be read any more.", _CORRECT)
            if file := next(filter(_means_sign_in, self._secrets_files()), None):
                raise SettingsError(
                    f"{file} has a table for people's sign-in that Streamlit does not read: it is empty, not called"
                    " [auth], or the file starts with a byte order mark or has a mistake.",
                    _CORRECT,
                )
            return
        _, provider = self.provider
        missing = [key for key in PROVIDER_KEYS if not provider.get(key)]
        if not table.get("redirect_uri"):
            missing.append("redirect_uri")
        if missing:
            raise SettingsError(f"[auth] lacks {', '.join(missing)}.", _CORRECT)
        secret = str(table.get("cookie_secret", ""))
        if len(secret) < _SHORTEST_SECRET or len(set(secret)) < _FEWEST_SIGNS or " " in secret:
            raise SettingsError(
                "cookie_secret in [auth] could be guessed:"
                f" it takes {_SHORTEST_SECRET} random characters, without spaces.",
                'Make one: python -c "import secrets; print(secrets.token_hex(32))"',
            )


#: The sign-in of this process. One for all, since it remembers that it was configured.
SIGN_IN = SignIn()


def check_address(address: str | None, sign_in: SignIn) -> None:
    """Raise SettingsError where the server listens to other machines, and their people are not asked to sign in."""
    if not _is_this_machine(address or ""):
        _refuse(f"everyone who reaches {address or 'this machine'}", sign_in)


def check_call(address: str, headers: Mapping[str, str], sign_in: SignIn) -> None:
    """Raise SettingsError where a call does not come from this machine, however the server was started.

    `address` is the server's own, at which the call arrived. A name in `Host` that is not this machine's is that of a
    proxy, or of a web site that had its name point here (DNS rebinding).
    """
    if not _is_this_machine(address) or _is_handed_on(headers):
        _refuse("other machines, or to a web site or proxy that passes itself off as this one", sign_in)


def is_own_origin(address: str, host: str, sign_in: SignIn) -> bool:
    """Whether a page at this address is one of ours: at the `host` that it asks, or where people are told to come.

    A proxy may ask under another name than the one that people type: PUBLIC_URL, `redirect_uri` or Streamlit's own
    `browser.serverAddress` and `serverPort` say which that is. Another port of the same host is another program's, and
    where people are told to come by https, a page of that host without it is not ours.
    """
    asking = origin_of(address)
    if asking is None:  # a page without an origin, such as a file or one in a sandbox
        return False
    told = sign_in.told
    if asking in told:
        return True
    is_near = _is_this_machine(asking.host)
    if (
        asking.scheme == "http"
        and not is_near
        and any((one.scheme, one.host) == ("https", asking.host) for one in told)
    ):
        return False
    if asking == origin_of(f"{asking.scheme}://{host}"):
        return True
    named = str(st.get_option("browser.serverAddress"))
    # Behind a proxy its own port is the usual one, whatever this server's is.
    ports = {_USUAL_PORTS[asking.scheme], st.get_option("browser.serverPort")}
    usual = {origin_of(f"{asking.scheme}://{named}:{port}") for port in ports}
    return asking in usual and not is_near


class Origin(NamedTuple):
    """What a browser tells pages apart by; the host is in small letters."""

    scheme: str
    host: str
    port: int


def origin_of(address: str) -> Origin | None:
    """The origin of an address of a page that a browser sent; None where it has none."""
    parts = parts_of(address)
    try:
        port = parts.port
    except ValueError:  # no number, or too large
        return None
    if not parts.hostname or parts.scheme not in _USUAL_PORTS:
        return None
    return Origin(parts.scheme, parts.hostname, _USUAL_PORTS[parts.scheme] if port is None else port)


def is_from_this_machine(request: HTTPConnection) -> bool:
    """Whether a program on this machine calls, and no proxy hands the call on, as far as it shows.

    A proxy that adds nothing still speaks HTTP/1.0, as nginx does unless it is told otherwise.
    """
    is_near = request.client is not None and _is_this_machine(request.client.host)
    return is_near and not _is_handed_on(request.headers) and request.scope.get("http_version") != "1.0"


def _is_handed_on(headers: Mapping[str, str]) -> bool:
    """Whether a call came by a proxy, or by a name that is not this machine's."""
    host = parts_of(f"//{headers.get('host', '')}").hostname or ""
    return not _is_this_machine(host) or any(map(_is_of_a_proxy, headers))


def _is_of_a_proxy(header: str) -> bool:
    name = header.lower()
    return name in _OF_PROXIES or any(part in name for part in _IN_NAMES_OF_PROXIES)


def parts_of(address: str) -> SplitResult:
    """The parts of an address that a browser sent; all empty where it is none."""
    try:
        return urlsplit(address)
    except ValueError:  # brackets where no address has any
        return urlsplit("")


def _refuse(whom: str, sign_in: SignIn) -> None:
    if sign_in.is_configured:
        return
    settings = load_settings()
    if not (settings.is_sample or settings.danger_show_figures_to_anyone_without_sign_in):
        raise SettingsError(
            f"Figures of real customers would be open to {whom}: no sign-in is configured.",
            "Configure one ([auth] in .streamlit/secrets.toml, see docs/sign-in.md), or use 127.0.0.1 on this machine.",
        )


def _means_sign_in(file: Path) -> bool:
    try:
        return _has_table(file, file.stat().st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=8)
def _has_table(file: Path, _changed: int) -> bool:
    """Whether a file has a table that looks like `[auth]`; one that cannot be parsed counts as if it had."""
    try:
        tables = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except ValueError:
        return True
    return any(name.casefold() == "auth" for name in tables)


def _is_this_machine(host: str) -> bool:
    """Whether an address to listen at, or a name in `Host`, is one of this machine's own, which no other can claim."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
