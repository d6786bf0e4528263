"""How much a page's socket takes, that what a page sends arrives in order, and what its messages are."""

import asyncio
import logging
import re
import socket
import threading
import time
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import uvicorn
import websockets.http11
import websockets.server
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect
from streamlit import net_util
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime import app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state import query_params
from streamlit.web import bootstrap
from streamlit.web.server.starlette import starlette_server, starlette_websocket
from uvicorn.protocols.websockets import websockets_sansio_impl
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from dashboard.security.exposure import SignIn
from dashboard.security.middleware import Gate
from dashboard.security.roles import Ended
from dashboard.security.streamlit_internals import (
    LARGEST_HEADER,
    LARGEST_MESSAGE,
    LARGEST_OF_STRANGERS,
    MESSAGES_FOR_ALL,
    MESSAGES_FOR_SIGNED_IN,
    MOST_VALUES,
    judge_origins,
    limit_sockets,
    message_kind,
    of_known_fragment,
    send_together,
    tell_of_messages,
)
from dashboard.seldom import Seldom
from tests.dashboard.security.streamlit_internals.pages import CONTENT, opened
from tests.waiting import until

FRAGMENT = """
import streamlit as st

@st.fragment
def part():
    st.button("in it")

part()
"""


@pytest.fixture
def socket_server(monkeypatch):
    """The address of a server with Streamlit's settings, that says how large each message is."""
    monkeypatch.setattr(websockets.http11, "MAX_LINE_LENGTH", 8192)  # as the library has it
    monkeypatch.setattr(websockets_sansio_impl, "ServerProtocol", websockets.server.ServerProtocol)  # likewise
    limit_sockets(lambda cookies: LARGEST_MESSAGE if cookies.get("who") == "amy" else LARGEST_OF_STRANGERS)

    async def app(scope, receive, send):
        if scope["path"] == "/refused":
            await PlainTextResponse("No.", 431)(scope, receive, send)
            return
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            if "bytes" in message:
                await send({"type": "websocket.send", "text": str(len(message["bytes"]))})

    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="off", log_config=None, **starlette_server._get_uvicorn_config_kwargs())
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def send_and_hear(page, message):
    page.send(message)
    return page.recv()


def test_limit_sockets(socket_server):
    for who, largest in (("amy", LARGEST_MESSAGE), ("nobody", LARGEST_OF_STRANGERS)):
        for size in (100, 8_192, LARGEST_HEADER - 1_000):
            with connect(socket_server, additional_headers={"Cookie": f"x={'x' * size}; who={who}"}) as page:
                page.send(bytes(largest))
                assert page.recv() == str(largest), (who, size)
                with pytest.raises(ConnectionClosedError) as closed:  # while it is sent, or after that
                    send_and_hear(page, [bytes(largest), b"x"])  # in two parts: all of one would still be on its way
                assert closed.value.rcvd
                assert closed.value.rcvd.code == 1009


class Lines(logging.Handler):
    def __init__(self, lines):
        super().__init__()
        self._lines = lines

    def emit(self, record):
        self._lines.append(record)


@pytest.mark.parametrize("is_seldom", [False, True])
def test_tell_of_messages(streamlit, tmp_path, monkeypatch, is_seldom):
    """A line about a message comes as often as such messages do, unless it is told seldom."""
    loggers = [logging.getLogger(name) for name in (query_params.__name__, app_session.__name__)]
    lines: list[logging.LogRecord] = []
    handler = Lines(lines)
    for logger in loggers:
        monkeypatch.setattr(logger, "filters", [])  # put back after the test
        monkeypatch.setattr(logger, "handlers", [handler])  # likewise
    if is_seldom:
        tell_of_messages(Seldom().may_write)
    with streamlit() as browser:
        (tmp_path / "page.py").write_text(FRAGMENT, encoding="utf-8")
        with opened(browser) as page:
            for number in range(3):
                message = BackMsg()
                message.rerun_script.query_string = "&x=" * (MOST_VALUES + number)
                page.send(message, "script_finished")
            message = BackMsg()
            message.rerun_script.fragment_id = "0" * 32
            page.socket.send_bytes(message.SerializeToString())  # to which nothing comes back
            until(lambda: any("fragment" in line.getMessage() for line in lines))
    said = [line.getMessage()[:17] for line in lines]
    assert set(said) == {"Ignoring query st", "The fragment with"}, "Streamlit still says so, and there"
    assert (len(said) == 2) is is_seldom
    if is_seldom:
        loggers[0].error("It broke.", exc_info=ValueError())
        loggers[0].error("It broke.", exc_info=ValueError())
        assert len(lines) == 4, "errors are always told"


@pytest.mark.parametrize("is_seldom", [False, True])
def test_nor_do_bytes_that_are_no_request_and_no_text_fill_the_log(socket_server, monkeypatch, is_seldom):
    lines: list[logging.LogRecord] = []
    logger = logging.getLogger("uvicorn.error")
    monkeypatch.setattr(logger, "filters", [])  # put back after the test
    monkeypatch.setattr(logger, "handlers", [Lines(lines)])  # likewise
    monkeypatch.setattr(logger, "level", logging.WARNING)  # likewise
    if is_seldom:
        tell_of_messages(Seldom().may_write)
    port = int(socket_server.rpartition(":")[2])
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 130_000 + b"\r\n\r\nno request\r\n\r\n")
            assert stranger.recv(100).startswith(b"HTTP/1.1 400")
        with connect(socket_server) as page:
            page.send(b"\xff", text=True)
            with pytest.raises(ConnectionClosedError):
                page.recv()
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{socket_server}/refused")
        assert (refused.value.response.status_code, refused.value.response.body) == (431, b"No.")
    if is_seldom:
        time.sleep(0.5)  # the last line comes after the answer
    else:
        until(lambda: len(lines) >= 9)
    said = [line.getMessage() for line in lines if line.levelno >= logging.WARNING]
    one_of_each = ["Invalid HTTP request received.", "Invalid UTF-8 sequence received from client."]
    if is_seldom:
        assert sorted(said) == one_of_each
    else:
        assert {*said} == {*one_of_each, "ASGI callable returned without completing handshake."}, "and each comes often"
        assert len(said) > 2 * len({*said})
    assert any(line.exc_info for line in lines) is not is_seldom


@pytest.mark.parametrize("is_replaced", [False, True])
def test_judge_origins(streamlit, monkeypatch, is_replaced):
    asked = []
    monkeypatch.setattr(
        net_util, "get_external_ip", net_util.get_external_ip
    )  # which stands there again after the test
    monkeypatch.setattr(net_util, "_external_ip", None)  # which outlives the test
    monkeypatch.setattr(requests, "get", lambda url, **_: asked.append(url))  # it would ask a stranger
    name = "is_url_from_allowed_origins"
    monkeypatch.setattr(starlette_websocket, name, getattr(starlette_websocket, name))  # put back after the test
    if is_replaced:
        judge_origins("https://licenses.example".__eq__)
    opened_from = {}
    with streamlit() as browser:
        for origin in ("https://licenses.example", "https://evil.example"):
            opened_from[origin] = True
            try:
                with browser.websocket_connect(
                    "/_stcore/stream", subprotocols=["streamlit"], headers={"Origin": origin}
                ):
                    pass
            except WebSocketDisconnect:
                opened_from[origin] = False
    assert opened_from == {"https://licenses.example": is_replaced, "https://evil.example": False}
    assert bool(asked) is not is_replaced, "Streamlit no longer asks: then this can go"


def test_nor_is_anybody_asked_at_the_start(monkeypatch, option):
    asked = []
    monkeypatch.setattr(net_util, "get_external_ip", lambda: asked.append("where am I?"))  # likewise
    option("server.headless", True)
    option("server.address", "0.0.0.0")
    bootstrap._print_url(is_running_hello=False)
    assert not asked


@pytest.fixture
def one_by_one(monkeypatch):
    """Streamlit's own way to a session's loop, which stands there again after the test."""
    way = AppSession._call_soon_on_event_loop
    monkeypatch.setattr(AppSession, "_call_soon_on_event_loop", way)  # put back after the test
    return way


def test_send_together(streamlit, one_by_one):
    woken = []

    def wake(session, callback):
        woken.append(session)
        one_by_one(session, callback)

    send_together(wake)
    with streamlit() as browser, opened(browser) as page:
        assert page.elements, "the page is drawn"
    assert woken, "Streamlit sends by this way"


@pytest.mark.usefixtures("one_by_one")
def test_all_that_was_sent_arrives_in_order_whatever_fails_among_it():
    send_together()
    loop, arrived, failed = asyncio.new_event_loop(), [], []
    loop.set_exception_handler(lambda _, context: failed.append(context["exception"]))
    session: Any = SimpleNamespace(_event_loop=loop)

    def arrive(number):
        arrived.append(number)
        if number % 10 == 0:
            raise ValueError(number)

    def send():
        for number in range(1000):
            AppSession._call_soon_on_event_loop(session, partial(arrive, number))
        AppSession._call_soon_on_event_loop(session, loop.stop)

    sender = threading.Thread(target=send)
    sender.start()
    loop.run_forever()
    sender.join()
    loop.close()
    assert arrived == list(range(1000))
    assert len(failed) == 100


def test_of_known_fragment(streamlit, tmp_path):
    with streamlit() as browser:
        (tmp_path / "page.py").write_text(FRAGMENT, encoding="utf-8")
        with opened(browser) as page:
            known = page.fragment
            assert re.fullmatch("[0-9a-f]{32}", known)
    asked = BackMsg()
    asked.rerun_script.query_string = "channel=direct"
    for fragment, is_first, left in (
        (known, False, known),
        (known, True, ""),  # of a session that is gone
        ("x\n2026-11-28 forged", False, ""),
        ("", True, ""),
    ):
        asked.rerun_script.fragment_id = fragment
        passed = BackMsg.FromString(of_known_fragment(asked.SerializeToString(), is_first=is_first))
        assert (passed.rerun_script.fragment_id, passed.rerun_script.query_string) == (left, "channel=direct")
    heartbeat = BackMsg(app_heartbeat=True).SerializeToString()
    assert of_known_fragment(heartbeat, is_first=True) == heartbeat


def test_messages(streamlit):
    """A kind that is new has to be put on one of the lists, or on neither."""
    kinds = BackMsg.DESCRIPTOR.fields_by_name
    operations = kinds["backend_operation_request"].message_type.oneofs_by_name["payload"].fields
    assert {*kinds, *(operation.name for operation in operations)} == {
        *MESSAGES_FOR_ALL,
        *MESSAGES_FOR_SIGNED_IN,
        "backend_operation_request",
        "clear_cache",
        "debug_disconnect_websocket",
        "debug_shutdown_runtime",
        "dismiss_skills_nudge",
        "file_urls_request",
        "install_skills",
        "load_git_info",
        "set_run_on_save",
    }
    assert message_kind(b"\xff\xff no message") is None
    with streamlit(Middleware(Gate, pages=[""], sign_in=SignIn(secrets_files=list), ended=Ended())) as browser:
        browser.headers["host"] = "localhost"
        with opened(browser) as page:
            assert browser.get(page.file()).content == CONTENT
