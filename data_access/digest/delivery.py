"""Sending a digest: by SMTP, by Microsoft Graph, and into Teams by a Workflows address.

Each calls `begins` right before the message itself goes: whoever is ended earlier certainly sent nothing. What that
raises ends the sending.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any

import requests

from data_access import certificates, deadlines
from data_access.errors import NotPermitted, NotSent, SignInRefused, Uncertain
from data_access.loopback import is_loopback
from data_access.mail_url import SmtpServer
from data_access.partner_center.retry import retry_after_seconds

_SECONDS = 30.0  # that one conversation with a server may be silent, and one request may take
#: Seconds that a conversation by SMTP may take in all, and bytes that the server may say in it; some hundred are usual.
_CONVERSATION, _MOST_SAID = 120.0, 2**16
_DONE, _REFUSALS, _GO_ON = 2, (4, 5), 354  # the first digits of SMTP's answers; the one that asks for the message
_END_OF_LINE, _END_OF_MESSAGE = b"\r\n", b"\r\n.\r\n"
_LINE_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)  # of the message itself gets one more
_GRAPH_TAKES, _WORKFLOW_TAKES = {202}, {200, 201, 202, 204}
_GRAPH_LARGEST = 4 * 2**20  # bytes of one request
#: A server that fails at its work, and one in between that got no answer: neither says whether the message goes.
_TELLS_NOTHING = {500, 502, 504}
_PAGE = "text/html"  # of a proxy that asks for a sign-in, or says no; the services themselves never answer with one
_TOO_MANY, _TRIES, _LONGEST_WAIT = 429, 3, 60.0  # seconds
_ASK = "Ask the person; the digest is not sent a second time."

Begins = Callable[[], None]


def by_smtp(server: SmtpServer, made: EmailMessage, to: str, *, begins: Begins, seconds: float = _CONVERSATION) -> None:
    """Hand a mail for one address to an SMTP server, in a conversation of these seconds at most.

    STARTTLS is used wherever the server offers it, with its certificate checked. Raises NotSent, Uncertain, or
    SignInRefused where user and password are turned down; none names an address.
    """
    trusted = ssl.create_default_context()
    try:
        with contextlib.closing(_connected(server, trusted, time.monotonic() + seconds)) as connection:
            if server.user:
                connection.login(server.user, server.password)
            connection.ehlo_or_helo_if_needed()
            _accepted(connection.mail(server.sender), "the sender")
            _accepted(connection.rcpt(to), "the recipient")
            _hand_over(connection, made.as_bytes(), begins)
            with contextlib.suppress(smtplib.SMTPException, OSError):  # it has the message, whatever it says
                connection.quit()
    except smtplib.SMTPAuthenticationError:
        raise SignInRefused(
            "The mail server turned the user or the password of MAIL_URL down.",
            "Check MAIL_URL; Exchange Online takes no passwords any more: use graph:SENDER.",
        ) from None
    except ssl.SSLError:
        raise _not_sent("the mail server's certificate is not trusted by this machine") from None
    except (smtplib.SMTPException, OSError):
        raise _not_sent("the mail server cannot be reached, or broke off") from None


def by_graph(
    token: Callable[[], str],
    root: str,
    sender: str,
    made: EmailMessage,
    *,
    begins: Begins,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Hand a mail to Microsoft Graph, which sends it from `sender`'s mailbox.

    `token` gives one for the application, with the permission Mail.Send. Sources: Microsoft's pages "user: sendMail",
    which takes a whole message in MIME, and "Microsoft Graph throttling guidance". Raises NotSent, Uncertain,
    NotPermitted.
    """
    content = base64.b64encode(made.as_bytes())
    if len(content) > _GRAPH_LARGEST:
        raise NotSent(
            "The digest was not sent: with its call sheets it is larger than the 4 MB that Microsoft Graph takes.",
            "Set call_sheets = false for this person in DIGEST_FILE, or send by SMTP.",
        )
    headers = {"Authorization": f"Bearer {token()}", "Content-Type": "text/plain"}
    status = _post(f"{root}/v1.0/users/{sender}/sendMail", content, headers, begins, sleep)
    if status in (401, 403):
        raise NotPermitted(
            "Microsoft Graph does not let this application send mail from that mailbox.",
            "Give the app registration the application permission Mail.Send, with an administrator's consent.",
        )
    if status not in _GRAPH_TAKES:
        raise _not_sent(f"Microsoft Graph answered {status}")


def by_workflow(
    address: str, card: dict[str, Any], *, begins: Begins, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Post a card into Teams. Raises NotSent or Uncertain; neither names the address, since who has it may post."""
    status = _post(address, json.dumps(card).encode(), {"Content-Type": "application/json"}, begins, sleep)
    if status not in _WORKFLOW_TAKES:
        raise _not_sent(f"the Workflows address in Teams answered {status}")


class _Answers(io.RawIOBase):
    """What an SMTP server says, until `ends` (`time.monotonic`) and up to a size. Raises TimeoutError then."""

    def __init__(self, connection: socket.socket, ends: float) -> None:
        self._connection, self._ends, self._left = connection, ends, _MOST_SAID

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        remaining = self._ends - time.monotonic()
        if remaining <= 0 or self._left <= 0:
            raise TimeoutError
        self._connection.settimeout(min(remaining, _SECONDS))
        said = self._connection.recv_into(buffer)
        self._left -= said
        return said


class _Bounded:
    """Mixed into smtplib's connections, which bound silence alone: neither what a server says nor for how long."""

    sock: socket.socket
    file: io.BufferedReader | None

    def __init__(self, *args: Any, ends: float, **kwargs: Any) -> None:
        self._ends = ends
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:  # of a connection that is new, or protected by TLS from now on
            self.file = io.BufferedReader(_Answers(self.sock, self._ends))
        answer: tuple[int, bytes] = super().getreply()  # type: ignore[misc]  # of the connection, beside this class
        return answer


class _Smtp(_Bounded, smtplib.SMTP):  # type: ignore[misc]  # smtplib's types call `file` Any
    pass


class _SmtpOverTls(_Bounded, smtplib.SMTP_SSL):  # type: ignore[misc]  # likewise
    pass


def _connected(server: SmtpServer, trusted: ssl.SSLContext, ends: float) -> smtplib.SMTP:
    if server.is_wrapped:
        return _SmtpOverTls(server.host, server.port, timeout=_SECONDS, context=trusted, ends=ends)
    connection = _Smtp(server.host, server.port, timeout=_SECONDS, ends=ends)
    try:
        _protect(connection, server.host, trusted)
    except BaseException:
        connection.close()
        raise
    return connection


def _protect(connection: smtplib.SMTP, host: str, trusted: ssl.SSLContext) -> None:
    connection.ehlo()
    if connection.has_extn("starttls"):
        connection.starttls(context=trusted)
        connection.ehlo()
    elif not is_loopback(host):
        raise _not_sent("the mail server offers no STARTTLS, and nothing is sent to another machine without TLS")


def _accepted(answer: tuple[int, bytes], who: str) -> None:
    if answer[0] // 100 != _DONE:
        raise _not_sent(f"the mail server does not take {who} (answer {answer[0]})")


def _hand_over(connection: smtplib.SMTP, content: bytes, begins: Begins) -> None:
    """As `SMTP.data`, which does not tell a server that left at the command from one that has the message."""
    code, _ = connection.docmd("DATA")
    if code != _GO_ON:
        raise _turned_down(code)
    begins()
    try:
        connection.send(_LINE_WITH_DOT.sub(b"..", content).removesuffix(_END_OF_LINE) + _END_OF_MESSAGE)
        code, _ = connection.getreply()
    except (smtplib.SMTPException, OSError):
        raise _uncertain() from None
    if code // 100 in _REFUSALS:
        raise _turned_down(code)
    if code // 100 != _DONE:
        raise _uncertain()


def _turned_down(code: int) -> NotSent:
    return _not_sent(f"the mail server does not take the message (answer {code})")


class _Body(io.BytesIO):
    """The body of a request, which is read when the connection stands."""

    def __init__(self, content: bytes, begins: Begins) -> None:
        super().__init__(content)
        self._begins = begins

    def read(self, size: int | None = -1) -> bytes:
        self._begins()
        return super().read(size)


def _post(
    address: str, content: bytes, headers: Mapping[str, str], begins: Begins, sleep: Callable[[float], None]
) -> int:
    """The status of the answer. What is turned down for now is sent again when the service says, if that is soon.

    Raises NotSent where the answer is not the service's, Uncertain where it leaves open what became of the message.
    """
    for left in reversed(range(_TRIES)):
        answer = _posted(address, _Body(content, begins), headers)
        wait = retry_after_seconds(answer.headers.get("Retry-After"))
        if not left or answer.status_code != _TOO_MANY or wait is None or wait > _LONGEST_WAIT:
            break
        sleep(wait)
    status = int(answer.status_code)
    if status in _TELLS_NOTHING:
        raise Uncertain(
            f"The service answered {status} after the digest was handed over; it may have been sent, or not.", _ASK
        )
    if answer.headers.get("Content-Type", "").lower().startswith(_PAGE):
        raise _not_sent(f"a page came in place of the service's answer ({status}), as of a proxy")
    return status


def _posted(address: str, body: _Body, headers: Mapping[str, str]) -> requests.Response:
    """One answer, of which the status and the headers are read."""
    with deadlines.DeadlineSession(_SECONDS) as session:
        try:
            answer = session.post(address, body, headers=headers, allow_redirects=False, stream=True)
        except requests.exceptions.RequestException as error:
            if body.tell():
                raise _uncertain() from None
            if isinstance(error, requests.exceptions.SSLError):
                why = "the certificate of its service is not trusted by this machine"
                raise NotSent(f"The digest was not sent: {why}.", certificates.TRUST_IT) from None
            raise _not_sent("the service cannot be reached") from None
        answer.close()
        return answer


def _not_sent(why: str) -> NotSent:
    where = "Check MAIL_URL, or for Teams the address in DIGEST_FILE, and the network; the next run tries again."
    return NotSent(f"The digest was not sent: {why}.", where)


def _uncertain() -> Uncertain:
    return Uncertain("The connection broke after the digest was handed over; it may have been sent, or not.", _ASK)
