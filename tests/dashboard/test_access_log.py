"""What the log says of each request: never its query, and no address of a file."""

import io
import json
import logging
import sys

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.access_log import AccessLog
from dashboard.access_log import log as access
from data_access import logs


async def _answer(_):
    logs.event("within")
    return PlainTextResponse("a page", 404)


@pytest.fixture
def ask(monkeypatch):
    """Ask a server whose log is JSON; returns its answer and what it wrote."""

    def ask(path, **headers):
        written = io.StringIO()
        monkeypatch.setattr(sys, "stderr", logs.Lines(written))  # put back after the test
        app = Starlette(routes=[Route("/{path:path}", _answer)], middleware=[Middleware(AccessLog)])
        answered = TestClient(app).get(path, headers=headers)
        access.handlers.clear()
        return answered, [json.loads(line) for line in written.getvalue().splitlines()]

    # As `logs` sets it for the whole process.
    monkeypatch.setattr(logging.StreamHandler, "format", lambda _, record: logs.as_object(record))
    return ask


def test_a_request_is_an_event_without_its_query(ask):
    answered, (within, request) = ask("/trends?service=secret#part")
    assert (request["event"], request["method"], request["path"], request["status"]) == (
        "request",
        "GET",
        "/trends",
        404,
    )
    assert answered.headers["X-Request-Id"] == request["request"] == within["request"]
    assert "secret" not in json.dumps(request)


def test_the_id_of_a_proxy_is_kept_if_it_is_one(ask):
    assert ask("/", **{"X-Request-Id": "abc-1"})[1][-1]["request"] == "abc-1"
    assert ask("/", **{"X-Request-Id": "a b"})[1][-1]["request"] != "a b"


def test_the_address_of_a_file_is_not_written(ask):
    assert ask("/media/0123456789.csv")[1][-1]["path"] == "/media/…"
    assert len(ask("/" + "x" * 10_000)[1][-1]["path"]) < 1000


@pytest.mark.parametrize("path", ["/livez", "/licenses/readyz", "/metrics", "/static/js/x.js", "/_stcore/health"])
def test_what_comes_by_the_dozen_is_not_written(ask, path):
    assert [line["event"] for line in ask(path)[1]] == ["within"]
