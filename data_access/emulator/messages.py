"""Requests and replies of the emulator: bodies, headers, and the documented refusals."""

from __future__ import annotations

import base64
import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

JSON = {"Content-Type": "application/json; charset=utf-8"}
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Reply:
    """An answer and how it is sent: after `delay` seconds, and with a `reset` of the connection at its end.

    With status 0 nothing is sent. A body shorter than its Content-Length is sent as it is, and the connection is closed
    after it. With pauses, in seconds, the head or the body is sent byte by byte.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    reset: bool = False
    head_pause: float = 0.0
    body_pause: float = 0.0


@dataclass(frozen=True)
class Request:
    """One request as it arrived, and when: `at` is in seconds of `time.monotonic`."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)  # the token is among them
    at: float


Trouble = Callable[[Reply], Reply]
"""Changes the right answer into the one that is sent."""


class Refusal(Exception):
    """An error answer as an exception: its status and its body."""


def problem(code: int | str, description: str, source: str = "PartnerFD") -> dict[str, Any]:
    return {"code": code, "description": description, "data": [], "source": source}


REFUSALS: Mapping[str, tuple[int, dict[str, Any]]] = {
    "missing": (401, problem(800001, "There is no partner token in the request.")),
    "unknown": (401, problem(400, "Access denied: the token is not valid.")),
    "expired": (401, problem(400, "Access denied: the token has expired.")),
    "no-mfa": (401, problem(900421, "The token does not show multi-factor authentication.")),
    "no-role": (403, problem(900150, "The role does not have the rights for this operation.")),
    "app-only": (403, {"message": "This resource can't be accessed by application credentials."}),
}


def as_json(status: int, value: Any, *, as_utf16: bool = False) -> Reply:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Successes begin with a byte order mark, errors do not. Seen in 2016: a request without Accept gets UTF-16.
    body, headers = (BOM if status == 200 else b"") + text.encode("utf-8", "replace"), JSON
    if as_utf16 and status == 200:
        body, headers = b"\xff\xfe" + text.encode("utf-16-le", "replace"), {"Content-Type": "application/json"}
    challenge = {"WWW-Authenticate": f"OAuth realm=urn:cpsvc:cpid:{uuid.uuid4()}"} if status == 401 else {}
    return Reply(status, {"Content-Length": str(len(body)), **headers, **challenge}, body)


def identity(given: Mapping[str, str]) -> dict[str, str]:
    return {
        "MS-CorrelationId": given.get("ms-correlationid") or str(uuid.uuid4()),
        "MS-RequestId": given.get("ms-requestid") or str(uuid.uuid4()),
        "MS-CV": base64.b64encode(os.urandom(12)).decode() + ".0",
        "MS-ServerId": "102030524",
        "Request-Context": "appId=cid-v1:03ce8ca8-8373-4021-8f25-d5dd45c7b12f",
        "Date": formatdate(usegmt=True),
    }
