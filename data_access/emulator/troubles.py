"""What can go wrong with an answer, each to be ordered with `Emulator.next` or `Emulator.always`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from data_access.emulator.messages import BOM, JSON, Reply, Trouble, as_json, problem


def answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Trouble:
    """Answer anything at all instead, keeping the headers that the right answer has and this one does not name."""
    given = {"Content-Length": str(len(body)), **(headers or {})}
    return lambda right: Reply(status, {**right.headers, **given}, body)


def shaped(value: Any, status: int = 200) -> Trouble:
    """Answer sound JSON of any shape: a list, a bare string, `{"items": 5}`, an error that is only a message."""
    reply = as_json(status, value)
    return lambda right: replace(reply, headers={**right.headers, **reply.headers})


def failing(status: int = 500, code: int | str = 800003, description: str = "Unexpected.") -> Trouble:
    """Answer a status with the documented error body: code, description, data, source."""
    return shaped(problem(code, description), status)


def throttled(retry_after: str = "57") -> Trouble:
    """Answer 429 as the gateway does (*API throttling guidance*), told how to fill in Retry-After."""
    text = f'{{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in {retry_after} seconds." }}'
    return answer(429, {"Content-Type": "application/json", "Retry-After": retry_after}, text.encode())


def gateway(status: int = 503) -> Trouble:
    """Answer a page in HTML from something in front of the service, which knows of no request id."""
    page = b"<html><head><title>Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>"
    headers = {"Content-Type": "text/html", "Content-Length": str(len(page))}
    return lambda _: Reply(status, headers, page)


def slow(seconds: float) -> Trouble:
    """Answer rightly, but late."""
    return lambda right: replace(right, delay=seconds)


def dripping(pause: float, *, head: bool = False) -> Trouble:
    """Answer rightly, but byte by byte with a pause after each: the body, or already the `head`."""
    return lambda right: replace(right, head_pause=pause) if head else replace(right, body_pause=pause)


def reset(after: int | None = None) -> Trouble:
    """Break the connection instead of answering, or after so many bytes of the body."""
    if after is None:
        return lambda _: Reply(0, reset=True)
    return lambda right: replace(right, body=right.body[:after], reset=True)


def closed() -> Trouble:
    """Hang up politely instead of answering."""
    return lambda _: Reply(0)


def truncated(missing: int = 10) -> Trouble:
    """Answer rightly, but leave out the last bytes that Content-Length promises."""
    return lambda right: replace(right, body=right.body[:-missing])


def zipped() -> Trouble:
    """Answer rightly, and compressed."""

    def zip_up(right: Reply) -> Reply:
        body = gzip.compress(right.body)
        headers = {**right.headers, "Content-Encoding": "gzip", "Content-Length": str(len(body))}
        return replace(right, headers=headers, body=body)

    return zip_up


def growing() -> Trouble:
    """Answer rightly, but count in `TotalCount` one row more each time than the time before."""
    more = count(1)

    def grow(right: Reply) -> Reply:
        value = json.loads(right.body)
        if "TotalCount" not in value:
            return right
        reply = as_json(right.status, {**value, "TotalCount": value["TotalCount"] + next(more)})
        return replace(right, headers={**right.headers, **reply.headers}, body=reply.body)

    return grow


def repeating() -> Trouble:
    """Answer the first time rightly, and then the same again, whatever is asked."""
    said: list[Reply] = []

    def repeat(right: Reply) -> Reply:
        said.append(right)
        return said[0]

    return repeat


def not_json() -> Trouble:
    """Answer 200 and call it JSON, which it is not."""
    return answer(200, JSON, BOM + b"{nothing of the kind")


def redirected(location: str, status: int = 302) -> Trouble:
    """Send the caller elsewhere."""
    return answer(status, {"Location": location})
