"""A page's socket at the gate: who gets one, which messages pass, and what becomes of it where the page leaves."""

import asyncio
import contextlib

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg

from dashboard.security.exposure import SignIn
from dashboard.security.middleware import Gate
from dashboard.security.roles import Ended
from dashboard.security.streamlit_internals import LARGEST_HEADER, LARGEST_MESSAGE, LARGEST_OF_STRANGERS
from tests.dashboard.security.doors import ADDRESSES, arriving, cookie, socket_of_ours


@pytest.mark.parametrize("is_configured", [True, False])
@pytest.mark.parametrize("origin", ["http://evil.example", "http://testserver:9999", "null", "http://[bad"])
def test_a_page_of_another_origin_gets_no_socket(browser, configure, is_configured, origin, caplog):
    if is_configured:
        configure()
    for _ in range(3):
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            browser.websocket_connect("/_stcore/stream", headers={"Origin": origin}),
        ):
            pass
        assert refused.value.status_code == 403
    (line,) = caplog.messages
    assert "PUBLIC_URL" in line
    assert origin not in line


def test_a_page_of_our_own_does(browser):
    with browser.websocket_connect("/_stcore/stream", headers={"Origin": "http://testserver"}) as socket:
        assert arriving(socket) == []


def test_a_message_larger_than_any_of_a_page_closes_the_socket(browser):
    with browser.websocket_connect("/_stcore/stream") as socket:
        socket.send_bytes(bytes(LARGEST_MESSAGE))
        assert arriving(socket) == [], "it is no message of a page, and small enough to look at"
        socket.send_bytes(bytes(LARGEST_MESSAGE + 1))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1009


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("who", "largest"),
    [("nobody", LARGEST_OF_STRANGERS), ("forged", LARGEST_OF_STRANGERS), ("manager", LARGEST_MESSAGE)],
)
def test_who_has_not_signed_in_may_send_less(browser, who, largest):
    cookies = {"nobody": {}, "forged": {"_streamlit_user": "forged"}, "manager": cookie()}
    browser.cookies.update(cookies[who])
    with browser.websocket_connect("/_stcore/stream") as socket:
        socket.send_bytes(bytes(largest))
        assert arriving(socket) == []
        socket.send_bytes(bytes(largest + 1))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1009


def test_the_longest_link_that_is_taken_can_be_asked_for_without_a_sign_in():
    message = BackMsg()
    message.rerun_script.query_string = message.rerun_script.context_info.url = "x" * LARGEST_HEADER
    assert len(message.SerializeToString()) < LARGEST_OF_STRANGERS - 16 * 1024


def test_nor_is_anything_sent_to_it_afterwards():
    async def socket(websocket):
        await websocket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.receive_bytes()
        with contextlib.suppress(WebSocketDisconnect):
            await websocket.send_text("figures")

    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", socket)])
    browser = TestClient(Gate(app, ADDRESSES, SignIn(secrets_files=list), Ended()))
    with browser.websocket_connect("/_stcore/stream") as page:
        page.send_text("x" * (LARGEST_MESSAGE + 1))
        assert page.receive()["type"] == "websocket.close"


@pytest.mark.parametrize("leaves_at", ["websocket.accept", "websocket.send", "websocket.close"])
def test_a_page_that_leaves_in_the_midst_is_no_error(leaves_at):
    """As Streamlit goes on: it sends from a task of its own, and closes the socket where asking what came fails."""

    async def socket(websocket):
        await websocket.accept()
        for _ in range(3):
            with contextlib.suppress(WebSocketDisconnect):
                await websocket.send_text("figures")
        try:
            await websocket.receive_bytes()
        except WebSocketDisconnect:
            ended.append("disconnected")
            await websocket.close()
        except RuntimeError:
            await websocket.close()

    came, ended, sent = [{"type": "websocket.connect"}], list[str](), list[str]()

    async def receive():
        return came.pop() if came else {"type": "websocket.disconnect", "code": 1006}

    async def send(message):
        sent.append(message["type"])
        if message["type"] == leaves_at:
            raise OSError

    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", socket)])
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"host", b"localhost")], "query_string": b""}
    asyncio.run(Gate(app, ADDRESSES, SignIn(secrets_files=list), Ended())(scope, receive, send))
    assert ended == ["disconnected"]
    assert sent.count(leaves_at) <= 1, "nothing is sent to who has gone"


def test_no_more_pages_are_opened_than_there_are_files_for(caplog):
    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", socket_of_ours)])
    browser = TestClient(Gate(app, ADDRESSES, SignIn(secrets_files=list), Ended(), most_pages=2))

    def opened():
        return browser.websocket_connect("/_stcore/stream")

    with opened():
        with opened():
            for _ in range(3):
                with pytest.raises(WebSocketDisconnect) as closed, opened():
                    pass
                assert closed.value.code == 1013
            assert caplog.text.count("No further page is opened: there are 2.") == 1
        # The gate counts a page until its task has ended, which leaving the block waits for.
        with opened():
            pass
