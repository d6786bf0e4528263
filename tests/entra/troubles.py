"""Troubles that an answer of the emulator of Entra ID has when a test orders it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Trouble:
    """What befalls an answer: it is late, another one, or none because the connection is reset."""

    delay: float = 0.0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None  # the usual one of a service that is unavailable
    reset: bool = False
    cut: int = 0  # bytes that are missing at the end of the right answer
    page: str = ""  # what something in between answers, which is no JSON


def unavailable(status: int = 503, retry_after: str | None = None) -> Trouble:
    """Answer `temporarily_unavailable` instead."""
    return Trouble(status=status, headers={"Retry-After": retry_after} if retry_after else {})


def answering(body: Mapping[str, Any], status: int = 200) -> Trouble:
    """Answer this instead."""
    return Trouble(status=status, body=body)


def broken_off(missing: int = 30) -> Trouble:
    """Answer rightly, but without so many bytes at the end, as something in between may cut it."""
    return Trouble(cut=missing)


def in_between(page: str = "<html>Welcome to the hotel</html>", status: int = 200) -> Trouble:
    """Answer with this page, as something in between does."""
    return Trouble(status=status, page=page)


def slow(seconds: float) -> Trouble:
    """Answer rightly, but late."""
    return Trouble(delay=seconds)


def reset() -> Trouble:
    """Break the connection instead of answering."""
    return Trouble(reset=True)
