"""Troubles: what can go wrong with an answer. Each is ordered with `Emulator.next` or `Emulator.always`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from data_access.emulator.messages import BOM, JSON, Reply, Trouble, as_json, problem


def answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Trouble:
    """Answer with any status, headers and body; the right answer's other headers stay."""
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
    """Answer 429 as the gateway does (*API throttling guidance*), with this Retry-After."""
    text = f'{{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in {retry_after} seconds." }}'
    return answer(429, {"Content-Type": "application/json", "Retry-After": retry_after}, text.encode())


def gateway(status: int = 503) -> Trouble:
    """Answer an HTML page without ids, as a gateway in front of the service does."""
    page = b"<html><head><title>Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>"
    headers = {"Content-Type": "text/html", "Content-Length": str(len(page))}
    return lambda _: Reply(status, headers, page)


def slow(seconds: float) -> Trouble:
    """Send the right answer late."""
    return lambda right: replace(right, delay=seconds)


def dripping(pause: float, *, head: bool = False) -> Trouble:
    """Send the right answer byte by byte with a pause after each: its body, or already its `head`."""
    return lambda right: replace(right, head_pause=pause) if head else replace(right, body_pause=pause)


def reset(after: int | None = None) -> Trouble:
    """Break the connection instead of answering, or after so many bytes of the body."""
    if after is None:
        return lambda _: Reply(0, reset=True)
    return lambda right: replace(right, body=right.body[:after], reset=True)


def closed() -> Trouble:
    """Close the connection instead of answering, without a reset."""
    return lambda _: Reply(0)


def truncated(missing: int = 10) -> Trouble:
    """Send the right answer without its last bytes, which Content-Length counts."""
    return lambda right: replace(right, body=right.body[:-missing])


def zipped() -> Trouble:
    """Send the right answer compressed."""

    def zip_up(right: Reply) -> Reply:
        body = gzip.compress(right.body)
        headers = {**right.headers, "Content-Encoding": "gzip", "Content-Length": str(len(body))}
        return replace(right, headers=headers, body=body)

    return zip_up


def growing() -> Trouble:
    """Send the right answer with a `TotalCount` that is one more each time."""
    more = count(1)

    def grow(right: Reply) -> Reply:
        value = json.loads(right.body)
        if "TotalCount" not in value:
            return right
        reply = as_json(right.status, {**value, "TotalCount": value["TotalCount"] + next(more)})
        return replace(right, headers={**right.headers, **reply.headers}, body=reply.body)

    return grow


def repeating() -> Trouble:
    """Send the right answer once, and the same one to every request after it."""
    answers: list[Reply] = []

    def repeat(right: Reply) -> Reply:
        answers.append(right)
        return answers[0]

    return repeat


def not_json() -> Trouble:
    """Answer 200 with the content type of JSON and a body that is none."""
    return answer(200, JSON, BOM + b"{nothing of the kind")


def redirected(location: str, status: int = 302) -> Trouble:
    """Redirect to another address."""
    return answer(status, {"Location": location})
