"""The gate with a page's addresses behind it: what a browser sends to it, and who it says it is."""

import contextlib
import json

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from dashboard.security.exposure import SignIn
from dashboard.security.middleware import Gate
from dashboard.security.roles import Ended
from dashboard.sitemap import PAGES
from tests.dashboard import visit

ADDRESSES = [page.address for page in PAGES]


async def answer_of_ours(request):
    if request.url.path == "/oauth2callback":
        response = RedirectResponse("/", 302)
        response.set_cookie("_streamlit_user", "x")
        return response
    return PlainTextResponse("secret figures")


async def socket_of_ours(websocket):
    """Says which messages arrive."""
    await websocket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = BackMsg.FromString(await websocket.receive_bytes())
            operation = message.backend_operation_request.WhichOneof("payload")
            await websocket.send_text(operation or message.WhichOneof("type"))


def gate(answer):
    """A browser before the gate, behind which this answers."""
    routes = [WebSocketRoute("/_stcore/stream", socket_of_ours), Route("/{path:path}", answer)]
    guard = Middleware(Gate, pages=ADDRESSES, sign_in=SignIn(secrets_files=list), ended=Ended())
    return TestClient(Starlette(routes=routes, middleware=[guard]), follow_redirects=False)


def cookie(role="manager", oid="1", **more):
    found = json.dumps(visit.claims(role, oid=oid, **more))
    return {"_streamlit_user": create_signed_value(get_cookie_secret(), "_streamlit_user", found).decode()}


def message_of(kind):
    """A message of the browser of this kind; an operation's message goes by the operation."""
    message = BackMsg()
    part = message if kind in BackMsg.DESCRIPTOR.fields_by_name else message.backend_operation_request
    if part.DESCRIPTOR.fields_by_name[kind].message_type:
        getattr(part, kind).SetInParent()
    else:
        setattr(part, kind, True)
    return message.SerializeToString()


def arriving(socket, *kinds):
    """Send messages of these kinds, then a rerun; the kinds that arrive before it."""
    for kind in (*kinds, "rerun_script"):
        socket.send_bytes(message_of(kind))
    arrived = []
    while "rerun_script" not in arrived:
        arrived.append(socket.receive_text())
    return arrived[:-1]
