"""Which service is asked, and with whose token: the configured one, or the sample."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from data_access import sample
from data_access.client import Client
from data_access.emulator import DEMO_TOKEN, Emulator
from data_access.errors import SignInError
from data_access.session import Patience
from data_access.settings import Settings

SAMPLE = "Sample data"
LIVE = "Microsoft Partner Center"

_SAMPLE_URL = "https://sample.invalid"  # never looked up: requests to it end in this process


def title(settings: Settings) -> str:
    """The source's name, as every page and every file shows it."""
    return SAMPLE if settings.is_sample else LIVE


def connect(settings: Settings) -> Client:
    """A client for the configured service, or for the sample where none is configured.

    The sample takes the same way as real data, headers, bytes and all; only the network is left out.
    """
    patience = Patience(
        settings.partner_center_tries,
        settings.partner_center_retry_seconds,
        settings.partner_center_timeout_seconds,
        settings.partner_center_parallel,
    )
    if settings.is_sample:
        return invented(sample.partner(as_of=datetime.now(UTC).date()), patience)
    return Client(settings.base_url, lambda: _token(settings), patience)


def invented(partner: sample.Partner, patience: Patience | None = None) -> Client:
    """A client of an emulator inside this process, which holds this partner."""
    return Client(_SAMPLE_URL, lambda: DEMO_TOKEN, patience, _InProcess(Emulator(partner)))


def _token(settings: Settings) -> str:
    if settings.partner_center_access_token is None:
        raise SignInError(
            "An app registration is set, but nobody has signed in with it.",
            "Set PARTNER_CENTER_ACCESS_TOKEN to an App+User token.",
        )
    return settings.partner_center_access_token.get_secret_value()


class _InProcess(HTTPAdapter):
    """Hands a prepared request to the emulator and its reply back, as the network would."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self._emulator = emulator

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        reply = self._emulator.respond(request.method or "GET", request.path_url, dict(request.headers))
        raw = urllib3.HTTPResponse(BytesIO(reply.body), reply.headers, reply.status, preload_content=False)
        return self.build_response(request, raw)
