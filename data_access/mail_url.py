"""MAIL_URL as a value: which server sends mail, in whose name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")
_PORTS = {"smtp": 587, "smtps": 465}
_NO_ADDRESS = (
    "is not an address such as smtp://user:password@host:587, in which / # ? and % of a password are written as"
    " %2F %23 %3F and %25"
)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """An SMTP server. `is_wrapped`: TLS from the first byte on (`smtps`), and not by STARTTLS."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    is_wrapped: bool = False


@dataclass(frozen=True, slots=True)
class GraphMailbox:
    """A mailbox from which Microsoft Graph sends, with the app registration."""

    sender: str


def is_address(text: str) -> bool:
    """Whether a text is one mail address in ASCII, which can stand in a header as it is."""
    return _ADDRESS.fullmatch(text) is not None


def parse(url: str) -> SmtpServer | GraphMailbox:
    """What MAIL_URL says. Raises ValueError, which names no part of it, since it may hold a password."""
    kind, _, rest = url.partition(":")
    if kind == "graph":
        if not is_address(rest) or rest.startswith("/"):  # as of an address of the web
            raise ValueError("names no mail address after graph:")
        return GraphMailbox(rest)
    if kind not in _PORTS or not rest.startswith("//"):
        raise ValueError("begins with none of smtp://, smtps:// and graph:")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(_NO_ADDRESS) from None
    if not parts.hostname or port == 0 or parts.path.strip("/") or parts.fragment:
        raise ValueError(_NO_ADDRESS)
    # A + is one: it is a sign of mail addresses, and no blank can stand there.
    given = parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)
    asked = dict(given)
    if asked.keys() - {"from"} or len(given) > 1:
        raise ValueError("has more than one from after the question mark")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    sender = asked.get("from", user)
    if not is_address(sender):
        raise ValueError("names no mail address that sends; add ?from=ADDRESS")
    if bool(user) != bool(password):
        raise ValueError("has a user without a password, or a password without a user")
    return SmtpServer(parts.hostname, port or _PORTS[kind], sender, user, password, kind == "smtps")
