"""The servers that digests arrive at, for tests: SMTP by aiosmtpd, and services that speak HTTP."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from data_access.mail_url import SmtpServer
from tests.ports import free_port


class Mailbox:
    """Keeps what arrives, or turns it down with `answer`."""

    def __init__(self, answer: str = "250 OK") -> None:
        self.answer = answer
        self.arrived: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002 - by aiosmtpd
        if self.answer.startswith("250"):
            self.arrived.append(envelope)
        return self.answer


@contextmanager
def smtp(mailbox: Mailbox, **more: Any) -> Iterator[SmtpServer]:
    """An SMTP server for this mailbox; `more` goes to aiosmtpd."""
    port = free_port()  # aiosmtpd looks whether it answers, at the port that it was given
    server = Controller(mailbox, hostname="127.0.0.1", port=port, **more)
    server.start()
    try:
        yield SmtpServer("127.0.0.1", port, "digest@p.example")
    finally:
        server.stop()


class Service:
    """An HTTP service that remembers what it got, and answers with `status`; 0: it closes the connection instead.

    The first answers may be others: `first`, each with the value of its header Retry-After.
    """

    def __init__(self, status: int, first: Sequence[tuple[int, str]] = ()) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        service, before = self, iter(first)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.requests.append((self.path, dict(self.headers), body))
                now, wait = next(before, (status, ""))
                if now:
                    self.send_response(now)
                    self.send_header("Content-Length", "0")
                    if wait:
                        self.send_header("Retry-After", wait)
                    self.end_headers()
                self.close_connection = True

            def log_message(self, *_: Any) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Service:
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
