"""HTTP requests that end by a deadline, however slowly the answer arrives and however many addresses a name has.

A time-out of `requests` limits silence: it starts anew with each byte. The adapter below checks the clock at each read,
so that a header, a compressed body or a row of redirects that drips ends in time too.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import math
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from data_access.call_pace import Pace
from data_access.loopback import is_loopback

# Hidden state on purpose: `requests` hands an adapter nothing from the caller, and follows redirects by itself.
_of_this_thread = threading.local()


def end_requests_at(deadline: float) -> None:
    """Set when the requests that this thread makes from now on must be over, in seconds of `time.monotonic`.

    It holds for requests that go through a `DeadlineAdapter`. They raise the library's own time-out errors.
    """
    _of_this_thread.deadline = deadline


class DeadlineSession(requests.Session):
    """Ends each request after `seconds`, redirects included, which count from when `pace` lets it begin."""

    def __init__(self, seconds: float, pace: Pace | None = None) -> None:
        super().__init__()
        self._seconds, self._pace = seconds, pace or Pace()
        for scheme in ("https://", "http://"):
            self.mount(scheme, DeadlineAdapter())

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self._pace.begin()
        end_requests_at(time.monotonic() + self._seconds)
        return super().request(*args, **{"timeout": self._seconds, **kwargs})


class DeadlineAdapter(HTTPAdapter):
    """Sends over connections whose answers end at the thread's deadline.

    What is for this machine does not go by a proxy, whatever the environment says: it would read the token, since
    addresses of this machine may begin with http://.
    """

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if is_loopback(urlsplit(request.url or "").hostname or ""):
            kwargs["proxies"] = {}  # a session passes it by name
            request.headers.pop("Proxy-Authorization", None)
        return super().send(request, *args, **kwargs)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        connection_class = pool.ConnectionCls
        if connection_class.response_class is not _DeadlineResponse:
            members = {"response_class": _DeadlineResponse}
            pool.ConnectionCls = type(connection_class.__name__, (_OneTimeout, connection_class), members)
        return pool


class _OneTimeout:
    """Mixed into urllib3's connections: the addresses of a name share its time-out, which each would have had."""

    host: str
    port: int
    timeout: float | None

    def _new_conn(self) -> socket.socket:
        whole = self.timeout
        try:
            if whole is not None:
                with contextlib.suppress(OSError):  # urllib3 looks it up again, and has words for it
                    self.timeout = whole / len(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM))
            connected: socket.socket = super()._new_conn()  # type: ignore[misc]  # of the connection, beside this class
        finally:
            self.timeout = whole
        connected.settimeout(whole)
        return connected


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class _DeadlineReader(io.RawIOBase):
    """The bytes of a socket, until the deadline that the thread had when the answer began. Raises TimeoutError then."""

    def __init__(self, source: io.RawIOBase, connection: socket.socket) -> None:
        self._source = source
        self._connection = connection
        self._silence = connection.gettimeout() or math.inf
        self._deadline: float = getattr(_of_this_thread, "deadline", math.inf)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        if remaining < self._silence:
            self._connection.settimeout(remaining)
        return self._source.readinto(buffer)

    def close(self) -> None:
        self._source.close()
        super().close()
