"""The emulator of Partner Center: a server in this process, built from the documentation alone.

`Emulator.respond` decides every answer and touches no network; `serving` puts it behind HTTP. What the
documentation leaves open is a setting of `Emulator`. The caller can order every trouble that a client can meet::

    emulator = Emulator(partner(as_of=date(2026, 3, 31)))
    with serving(emulator) as base_url:
        emulator.next(throttled("2"), times=2).next(reset(), where="/usage")
"""

from data_access.emulator.messages import Reply, Request, Trouble
from data_access.emulator.service import DEMO_TOKEN, Emulator, Endless, TokenKind, demonstration, documented
from data_access.emulator.troubles import (
    answer,
    closed,
    dripping,
    failing,
    gateway,
    growing,
    not_json,
    redirected,
    repeating,
    reset,
    shaped,
    slow,
    throttled,
    truncated,
    zipped,
)
from data_access.emulator.web import serving

__all__ = [
    "DEMO_TOKEN",
    "Emulator",
    "Endless",
    "Reply",
    "Request",
    "TokenKind",
    "Trouble",
    "answer",
    "closed",
    "demonstration",
    "documented",
    "dripping",
    "failing",
    "gateway",
    "growing",
    "not_json",
    "redirected",
    "repeating",
    "reset",
    "serving",
    "shaped",
    "slow",
    "throttled",
    "truncated",
    "zipped",
]
