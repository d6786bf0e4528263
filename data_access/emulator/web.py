"""The HTTP server of the emulator, which can send broken answers too."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from weakref import WeakSet

from data_access.emulator.messages import Reply
from data_access.emulator.service import Emulator


class _Server(ThreadingHTTPServer):
    # Closing ends open connections, waits for their threads and drops delayed answers.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], emulator: Emulator) -> None:
        self.emulator = emulator
        self.stopping = threading.Event()
        self.connections: WeakSet[socket.socket] = WeakSet()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def server_close(self) -> None:
        self.stopping.set()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that closed its connection is no error
            super().handle_error(request, client_address)


def _head(version: str, reply: Reply) -> bytes:
    phrase = HTTPStatus(reply.status).phrase if reply.status in set(HTTPStatus) else ""
    lines = [f"{version} {reply.status} {phrase}", *(f"{name}: {value}" for name, value in reply.headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "strict")


class _Handler(BaseHTTPRequestHandler):
    # The standard library's server, because a broken answer needs the socket, which a framework hides.
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "")
        self.rfile.read(int(length) if length.isdigit() else 0)
        reply = self.server.emulator.respond(self.command, self.path, dict(self.headers.items()))
        stopped = reply.delay and self.server.stopping.wait(reply.delay)
        if reply.status and not stopped:
            self._send(_head(self.protocol_version, reply), reply.head_pause)
            if self.command != "HEAD":
                self._send(reply.body, reply.body_pause)
                self.close_connection |= reply.headers.get("Content-Length") != str(len(reply.body))
        if reply.reset or stopped:
            self._break()
        self.close_connection |= not reply.status

    def _send(self, octets: bytes, pause: float) -> None:
        if not pause:
            self.wfile.write(octets)
            return
        for octet in octets:
            self.wfile.write(bytes([octet]))
            if self.server.stopping.wait(pause):
                raise ConnectionAbortedError

    def _break(self) -> None:
        self.close_connection = True
        # With a linger time of zero, closing sends a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer  # noqa: N815 - the library's

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Log nothing: the emulator keeps the requests."""


@contextmanager
def serving(emulator: Emulator, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve in a thread for as long as the block lasts; yields the base URL. Port 0 is any free one."""
    with _Server((host, port), emulator) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
