"""HTTP that ends in time: nothing that arrives outlives the deadline of its request."""

from __future__ import annotations

import http.client
import io
import math
import socket
import threading
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter


class Punctual(requests.Session):
    """Ends each request after so many seconds, however slowly the answer drips."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self.mount("https://", _TimedAdapter())

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        clock.deadline = time.monotonic() + self._seconds
        return super().request(*args, **{"timeout": self._seconds, **kwargs})


#: `deadline`, of the clock that only runs forward, is when the request that this thread has under way must be over.
clock = threading.local()


class _Timed(io.RawIOBase):
    """What arrives from a socket, until the deadline.

    The time-out of a socket is for silence and starts anew with each byte; only a clock that looks at every one of them
    ends a head, a compressed body or a row of redirects that drips.
    """

    def __init__(self, arriving: io.RawIOBase, connection: socket.socket) -> None:
        self._arriving = arriving
        self._connection = connection
        self._silence = connection.gettimeout() or math.inf
        self._deadline: float = getattr(clock, "deadline", math.inf)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if left < self._silence:
            self._connection.settimeout(left)
        return self._arriving.readinto(buffer)

    def close(self) -> None:
        self._arriving.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock))


class _TimedAdapter(HTTPAdapter):
    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = pool.ConnectionCls
        if kind.response_class is not _TimedResponse:
            pool.ConnectionCls = type(kind.__name__, (kind,), {"response_class": _TimedResponse})
        return pool
