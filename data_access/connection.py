"""The connection that the settings name: Partner Center with a credential, or the sample inside this process."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from data_access.auth import entra
from data_access.auth.credentials import Credential, OnBehalfOf, Ready
from data_access.auth.stored import Stored
from data_access.call_pace import Pace
from data_access.emulator import DEMO_TOKEN, Emulator, sample
from data_access.errors import SignInError
from data_access.partner_center.client import Client
from data_access.partner_center.retry import RetryPolicy
from data_access.settings import Settings

SAMPLE = "Sample data"
LIVE = "Microsoft Partner Center"
#: What a command says that works on the sample.
SAMPLE_NOTICE = f"{SAMPLE}: neither a token nor an app registration is set."

#: By the address of the service, for all clients of this process.
PACES: dict[str, Pace] = {}
_PACES_LOCK = threading.Lock()

_SAMPLE_URL = "https://sample.invalid"  # never looked up: its requests stay in this process


def title(settings: Settings) -> str:
    """The source's name, as every page and every file shows it."""
    return SAMPLE if settings.is_sample else LIVE


def connect(settings: Settings, credential: Credential | None = None) -> Client:
    """A client for the configured service, or for the sample where none is configured.

    `credential` replaces the configured one, for the user who is signed in to the dashboard. The sample passes through
    the same code as real data, headers and bytes included; only the network is missing.

    Raises SettingsError where no credential is configured.
    """
    policy = RetryPolicy(
        settings.partner_center_tries,
        settings.partner_center_retry_seconds,
        settings.partner_center_timeout_seconds,
        settings.partner_center_parallel,
    )
    if settings.is_sample:
        return invented(sample.partner(as_of=datetime.now(UTC).date()), policy)
    return Client(settings.base_url, credential or configured(settings), policy, pace=pace(settings))


def invented(partner: sample.Partner, policy: RetryPolicy | None = None) -> Client:
    """A client of an emulator inside this process that serves the rows of `partner`."""
    return Client(_SAMPLE_URL, Ready(DEMO_TOKEN), policy, _InProcessAdapter(Emulator(partner)))


def configured(settings: Settings) -> Credential:
    """The credential that the settings name: the ready token, or else the stored sign-in of the app registration.

    Raises SettingsError where they name none.
    """
    if settings.partner_center_access_token is not None:
        return Ready(settings.partner_center_access_token.get_secret_value())
    return stored(settings)


def stored(settings: Settings) -> Stored:
    """The stored sign-in of the app registration. Raises SettingsError where no registration is set."""
    return Stored(settings.registration, settings.partner_center_sign_in_file, pace=pace(settings))


def on_behalf_of(settings: Settings) -> OnBehalfOf:
    """The credential of a user of the dashboard. Raises SettingsError where no registration is set."""
    return OnBehalfOf(settings.registration, pace=pace(settings))


def pace(settings: Settings) -> Pace:
    """The pace of all calls that this process makes for the configured service, sign-ins included."""
    with _PACES_LOCK:
        shared = PACES.setdefault(settings.base_url, Pace())
    shared.calls = settings.partner_center_calls_per_minute
    return shared


def lapse_notice(settings: Settings) -> str:
    """The warning about a stored sign-in that ends soon; empty where it does not, or another credential is used."""
    if settings.is_sample or settings.partner_center_access_token is not None:
        return ""
    try:
        account = stored(settings).account()
    except SignInError:
        return ""  # an unreadable sign-in is reported when it is used
    return entra.lapse_notice(account.lapses, datetime.now(UTC)) if account else ""


class _InProcessAdapter(HTTPAdapter):
    """Passes requests to an emulator and its replies back, in place of the network."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._emulator = emulator

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        reply = self._emulator.respond(request.method or "GET", request.path_url, dict(request.headers))
        raw = urllib3.HTTPResponse(BytesIO(reply.body), reply.headers, reply.status, preload_content=False)
        return self.build_response(request, raw)
