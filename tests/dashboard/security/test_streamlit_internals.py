"""Each private part of Streamlit does what the product relies on: real Streamlit, its server, an Entra ID over HTTPS.

A test that fails after an upgrade names the part; `streamlit_internals` says why it is used and where to look.
"""

import ast
import asyncio
import gc
import json
import logging
import re
import socket
import threading
import tomllib
import uuid
import warnings
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import certifi
import pytest
import streamlit as st
import uvicorn
import websockets.http11
import websockets.server
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state.session_state import WStates
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette import starlette_server
from uvicorn.protocols.websockets import websockets_sansio_impl
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from dashboard.security import streamlit_internals
from dashboard.security.exposure import SignIn
from dashboard.security.middleware import REFUSAL, Gate
from dashboard.security.roles import Ended
from dashboard.security.streamlit_internals import (
    CALLBACK,
    CORE,
    INDEX_PAGE,
    LARGEST_HEADER,
    LARGEST_MESSAGE,
    LOGIN,
    LOGOUT,
    MEDIA,
    MESSAGES_FOR_ALL,
    MESSAGES_FOR_SIGNED_IN,
    METRICS,
    PUBLIC,
    STATIC,
    USER_COOKIE,
    claims_of,
    component_script,
    file_id,
    forgive_widgets,
    inline_scripts,
    limit_sockets,
    message_kind,
    of_known_fragment,
    register_component,
    scripts_of,
    send_together,
    sign_in_table,
)
from tests.entra import App, Entra, Person, Tenant, Visitor, serving

with warnings.catch_warnings():
    from authlib.deprecate import AuthlibDeprecationWarning

    # Once imported, Authlib has them shown always; the rest of it then announces its move from httpx to httpx2.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    import authlib.integrations.starlette_client  # noqa: F401 - which Streamlit imports at the first sign-in

ROOT = Path(__file__).parents[3]
GROUPS = [str(uuid.uuid4()) for _ in range(200)]  # the most that a token carries
CONTENT = b"service,sold\n" * 3
SCRIPT = f"""
import streamlit as st

st.download_button("File", data=lambda: {CONTENT!r}, mime="text/csv", file_name="Größe.csv")
if st.button("Sign in"):
    st.login("entra")
"""


@pytest.fixture
def streamlit(monkeypatch, tmp_path):
    """Start Streamlit's own server with a page of ours, behind the middleware or not, and open it like a browser."""
    script = tmp_path / "page.py"
    script.write_text(SCRIPT, encoding="utf-8")

    @contextmanager
    def started(*middleware):
        monkeypatch.setattr(Runtime, "_instance", None)  # there is one for each process
        app = st.App(script, middleware=middleware)
        with TestClient(app, "http://localhost", follow_redirects=False) as browser:
            try:
                yield browser
            finally:
                wait_for_scripts()
                assert browser.portal
                browser.portal.call(stop, Runtime.instance())

    return started


async def stop(runtime):
    """Stop Streamlit and wait until it has: it does not wait by itself, and leaves sessions open."""
    runtime.stop()
    await runtime.stopped


def wait_for_scripts():
    """Wait until the scripts' threads have ended, some time after a page hears that its run has."""
    for thread in threading.enumerate():
        if "scriptThread" in thread.name:
            thread.join(5)
            assert not thread.is_alive()


@pytest.fixture
def option():
    """Set an option of Streamlit's for the length of a test."""
    before: dict[str, tuple[object, str]] = {}

    def set_option(name, value):
        before.setdefault(name, (st.get_option(name), config.get_where_defined(name)))
        config.set_option(name, value)

    yield set_option
    for name, (value, where) in before.items():
        config.set_option(name, value, where)


class Page:
    """The browser's end of a page's socket."""

    def __init__(self, socket):
        self._socket = socket
        self.elements, self.session, self.fragment = {}, "", ""

    def send(self, message, until):
        """Send a message; what comes back, up to a message of the kind `until`."""
        self._socket.send_bytes(message.SerializeToString())
        answers = {}
        while until not in answers:
            answer = ForwardMsg.FromString(self._socket.receive_bytes())
            answers[answer.WhichOneof("type")] = answer
            if answer.WhichOneof("type") == "new_session":
                self.session = answer.new_session.initialize.session_id
            if answer.WhichOneof("type") == "delta":
                element = answer.delta.new_element
                self.fragment = answer.delta.fragment_id or self.fragment
                if kind := element.WhichOneof("type"):  # and no block of elements
                    self.elements[kind] = getattr(element, kind)
        return answers

    def run(self, press=""):
        """Run the script, after a press on the button with this id."""
        message = BackMsg()
        message.rerun_script.SetInParent()
        if press:
            message.rerun_script.widget_states.widgets.add(id=press, trigger_value=True)
        return self.send(message, "script_finished")

    def file(self):
        """The address of the file that its button stands for."""
        message = BackMsg()
        request = message.backend_operation_request
        request.request_id, request.session_id = "1", self.session
        request.deferred_file.file_id = self.elements["download_button"].deferred_file_id
        assert message_kind(message.SerializeToString()) == "deferred_file"
        answer = self.send(message, "backend_operation_response")["backend_operation_response"]
        return answer.backend_operation_response.deferred_file.url


@contextmanager
def opened(browser):
    with browser.websocket_connect("/_stcore/stream", subprotocols=["streamlit"]) as socket:
        page = Page(socket)
        page.run()
        yield page


# Sign-in


def test_sign_in_table(option, monkeypatch, tmp_path):
    file = tmp_path / "secrets.toml"
    option("secrets.files", [str(file)])
    monkeypatch.setattr(st.secrets, "_secrets", None)
    monkeypatch.setattr(st.secrets, "_file_watchers_installed", True)  # which outlive the test
    assert sign_in_table() == {}
    file.write_text('[auth]\nredirect_uri = "x"\n[auth.entra]\nclient_id = "y"\n', encoding="utf-8")
    table = sign_in_table()
    assert (table["redirect_uri"], dict(table["entra"])) == ("x", {"client_id": "y"})


AMY = Person("Amy Adams", "amy@contoso.example", roles=["manager"])


@pytest.fixture
def entra(configure, monkeypatch):
    """An Entra ID with Amy and our app, for people's sign-in."""
    registration = App("Insights", "its-secret", redirect_uris=["http://localhost/oauth2callback"])
    with serving(Entra([Tenant("contoso.example", people=[AMY], apps=[registration])])) as entra:
        for name, value in entra.environment.items():
            monkeypatch.setenv(name, value)
        configure(
            redirect_uri=f"http://localhost/{CALLBACK}",
            entra={
                "client_id": registration.client_id,
                "client_secret": "its-secret",
                "server_metadata_url": f"{entra.issuer()}/.well-known/openid-configuration",
            },
        )
        yield entra


def callback(browser, entra):
    """What Entra's page leads back with, after a press on the page's button and on Amy's name."""
    with Visitor(entra) as visitor:
        with opened(browser) as page:
            address = page.run(press=page.elements["button"].id)["auth_redirect"].auth_redirect.url
        assert address.partition("?")[0] == f"/{LOGIN}"
        return visitor.sign_in(browser.get(address).headers["location"], AMY)


@pytest.mark.parametrize("groups", [[], GROUPS], ids=["one cookie", "cookies in parts"])
def test_claims_of(streamlit, entra, monkeypatch, groups):
    monkeypatch.setattr(AMY, "groups", groups)
    with streamlit() as browser:
        back = browser.get(f"/{CALLBACK}", params=callback(browser, entra))
        assert (back.status_code, back.headers["location"]) == (302, "/")
        signed_in = dict(browser.cookies)
        left = browser.get(f"/{LOGOUT}")
        assert left.status_code == 302
    claims = claims_of(signed_in)
    assert (claims["is_logged_in"], claims["oid"], claims["roles"]) == (True, AMY.oid, ["manager"])
    assert claims.get("groups", []) == groups
    assert {"iss", "aud", "tid", "sub", "iat", "nonce", "exp"} <= claims.keys()
    parts = [name for name in signed_in if name.startswith(USER_COOKIE) and "tokens" not in name]
    assert (len(parts) > 1) is bool(groups)
    assert claims_of({name: value[:-3] + "abc" for name, value in signed_in.items()}) == {}
    assert claims_of(dict(browser.cookies)) == {}
    # As many groups as Entra ID puts into a token leave room for cookies of others.
    assert sum(len(name) + len(value) + 3 for name, value in signed_in.items()) < LARGEST_HEADER / 2


def nothing(*_):
    pass


def clock_differs(entra):
    entra.clock.advance(days=1)


def secret_expires(entra, _):
    entra.home.apps[0].secret_expires = entra.clock.now() - 1


def code_expires(entra, _):
    entra.clock.advance(minutes=11)


def certificate_is_missing(_, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())  # which does not hold Entra's


@pytest.mark.parametrize(
    ("troubles", "code"),
    [
        ((nothing, secret_expires), "AADSTS7000222"),
        ((nothing, code_expires), "AADSTS70008"),
        ((nothing, certificate_is_missing), "certificate"),
        ((clock_differs, nothing), "wrong_clock"),
    ],
)
def test_sign_in_failures(streamlit, entra, caplog, troubles, code):
    before, after = troubles
    before(entra)
    logger = logging.getLogger("streamlit.web.server.starlette.starlette_auth_routes")
    logger.addHandler(caplog.handler)
    guard = Middleware(Gate, pages=[""], sign_in=SignIn(secrets_files=list), ended=Ended())
    with streamlit(guard) as browser, pytest.MonkeyPatch.context() as patch:
        answer = callback(browser, entra)
        after(entra, patch)
        back = browser.get(f"/{CALLBACK}", params=answer)
    logger.removeHandler(caplog.handler)
    assert (back.status_code, back.headers["location"]) == (302, "/")
    assert browser.cookies.get(REFUSAL) == code
    assert claims_of(dict(browser.cookies)) == {}
    (record,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert f"A person's sign-in failed ({code}, " in record.getMessage()
    for secret in ("Traceback", "its-secret", answer["code"]):
        assert secret not in record.getMessage()


def test_a_sign_in_that_cannot_begin_fails_in_the_same_way(streamlit, entra, caplog):
    guard = Middleware(Gate, pages=["", "usage"], sign_in=SignIn(secrets_files=list), ended=Ended())
    with streamlit(guard) as browser:
        with opened(browser) as page:
            address = page.run(press=page.elements["button"].id)["auth_redirect"].auth_redirect.url
        with pytest.MonkeyPatch.context() as patch:
            certificate_is_missing(entra, patch)
            back = browser.get(address, headers={"Referer": "http://localhost/usage?x=1"})
    assert (back.status_code, back.headers["location"]) == (302, "/usage?x=1")
    assert browser.cookies.get(REFUSAL) == "certificate"
    assert "A person's sign-in failed (certificate, " in caplog.text


# Sockets


@pytest.fixture
def socket_server(monkeypatch):
    """The address of a server with Streamlit's settings, that says how large each message is."""
    monkeypatch.setattr(websockets.http11, "MAX_LINE_LENGTH", 8192)
    monkeypatch.setattr(websockets_sansio_impl, "ServerProtocol", websockets.server.ServerProtocol)
    limit_sockets()

    async def app(_scope, receive, send):
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


def test_limit_sockets(socket_server):
    for cookies in (100, 8_192, LARGEST_HEADER - 1_000):
        with connect(socket_server, additional_headers={"Cookie": "x" * cookies}) as page:
            page.send(bytes(LARGEST_MESSAGE))
            assert page.recv() == str(LARGEST_MESSAGE), cookies
    with connect(socket_server) as page:
        page.send([bytes(LARGEST_MESSAGE), b"x"])  # in two parts, since all of one would still be on its way
        with pytest.raises(ConnectionClosedError) as closed:
            page.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1009


FRAGMENT = """
import streamlit as st

@st.fragment
def part():
    st.button("in it")

part()
"""
WIDGETS = f"""
from pathlib import Path

import streamlit as st
from dashboard.security.streamlit_internals import component

chart = component("chart", Path({str(ROOT)!r}, "dashboard/browser"), "chart.js", "<div></div>")
chart(key="g", data=dict(spec=1), on_clicked_change=lambda: None)

values = [
    st.button("a"),
    st.number_input("b", 0, 100, 7),
    st.multiselect("c", ["x", "y"], key="c"),
    st.pills("d", ["x", "y"], key="d"),
    st.text_input("e"),
    st.date_input("f", "2026-01-02").isoformat(),
]
st.text(repr(values))
"""


@pytest.mark.parametrize(
    "forged",
    [
        {"bool_value": True},
        {"double_value": float("nan")},
        {"int_value": -1},
        {"json_value": "{"},
        {"json_value": "[1]"},
        {"json_trigger_value": "{"},
        {"json_trigger_value": "5"},
        {"json_trigger_value": '[5, {"event": ["clicked"]}, {"event": "clicked"}]'},
        {"string_value": "{"},
        {"bytes_value": b"x"},
        {},
    ],
    ids=str,
)
def test_forgive_widgets(streamlit, tmp_path, monkeypatch, forged):
    for name in ("__getitem__", "set_widget_from_proto"):
        monkeypatch.setattr(WStates, name, getattr(WStates, name))
    forgive_widgets()
    with streamlit() as browser:
        (tmp_path / "page.py").write_text(WIDGETS, encoding="utf-8")
        with opened(browser) as page:
            sent = page.elements["text"].body
            ids = [element.id for kind, element in page.elements.items() if kind != "text"]
            message = BackMsg()
            for number in ("", "c", "$$ID-x-None", "$$ID-x-c", *ids):
                for identity in (number, f"$$STREAMLIT_INTERNAL_KEY_{number}__events"):
                    message.rerun_script.widget_states.widgets.add(id=identity, **forged)
            page.send(message, "script_finished")
            assert "exception" not in page.elements
            # What is of a widget's own kind is the person's to choose.
            seen = ast.literal_eval(page.elements["text"].body)
    assert ast.literal_eval(sent) == [False, 7, [], None, "", "2026-01-02"]
    assert seen[2:4] == [[], None]


# Events


def test_send_together(streamlit, monkeypatch):
    monkeypatch.setattr(AppSession, "_call_soon_on_event_loop", AppSession._call_soon_on_event_loop)
    wake, woken = streamlit_internals._call_alone, []

    def count(session, callback):
        woken.append(session)
        wake(session, callback)

    monkeypatch.setattr(streamlit_internals, "_call_alone", count)
    send_together()
    with streamlit() as browser, opened(browser) as page:
        assert page.elements, "the page is drawn"
    assert woken, "Streamlit sends by this way"


def test_all_that_was_sent_arrives_in_order_whatever_fails_among_it():
    loop, arrived, failed = asyncio.new_event_loop(), [], []
    loop.set_exception_handler(lambda _, context: failed.append(context["exception"]))
    session: Any = SimpleNamespace(_event_loop=loop)

    def arrive(number):
        arrived.append(number)
        if number % 10 == 0:
            raise ValueError(number)

    def send():
        for number in range(1000):
            streamlit_internals._call_soon(session, partial(arrive, number))
        streamlit_internals._call_soon(session, loop.stop)

    sender = threading.Thread(target=send)
    sender.start()
    loop.run_forever()
    sender.join()
    loop.close()
    assert arrived == list(range(1000))
    assert len(failed) == 100


# Files


@pytest.mark.parametrize("size", [len(CONTENT), 3_000_000], ids=["small", "of which Streamlit reads samples"])
def test_file_id(streamlit, tmp_path, size):
    with streamlit() as browser:
        content = CONTENT * (size // len(CONTENT))
        script = tmp_path / "page.py"
        script.write_text(SCRIPT.replace(repr(CONTENT), f"{CONTENT!r} * {size // len(CONTENT)}"), encoding="utf-8")
        with opened(browser) as page:
            address = page.file()
        assert address == f"/{MEDIA}{file_id(content, 'text/csv', 'Größe.csv')}.csv"
        assert browser.get(address).content == content


# Messages


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


# Addresses

#: What Streamlit serves, and whether it is open to people who have not signed in.
SERVED = {
    "/_stcore/health": True,
    "/_stcore/host-config": True,
    "/_stcore/stream": True,
    "/_stcore/bidi-components/{path:path}": True,
    "/component/{path:path}": True,
    f"/{LOGIN}": True,
    f"/{LOGOUT}": True,
    f"/{CALLBACK}": True,
    f"/{METRICS}": False,
    f"/{MEDIA}{{file_id:path}}": False,
    "/_stcore/upload_file/{session_id}/{file_id}": False,
    "/_stcore/agent/interact": False,
    "/_stcore/agent/openapi.json": False,
    "/_stcore/agent/mcp": False,
}


def test_addresses(streamlit):
    """An address that is new has to be judged, and to be put on the list above."""
    with streamlit() as browser:
        *routes, assets = browser.app._starlette_app.routes
        page, script = browser.get("/"), browser.get(f"/{_first_script(INDEX_PAGE)}")
        assert {route.path for route in routes} == SERVED.keys()
        assert assets.name == "static-assets"
        assert "javascript" in script.headers["content-type"]
        for address in ("manifest.json", "favicon.png"):
            assert PUBLIC.fullmatch(address)
            assert browser.get(f"/{address}").content != page.content
        assert browser.get("/_stcore/health").text == "ok"
        assert browser.get(f"/{METRICS}").text.endswith("# EOF\n")
        assert browser.get("/a-page").content == page.content
        # From a deep link Streamlit looks for its server below the page, and has to be told to go on.
        assert browser.get(f"/a-page/{CORE}health").status_code == 404
    assert {path: bool(PUBLIC.fullmatch(path.strip("/"))) for path in SERVED} == SERVED
    assert PUBLIC.fullmatch(_first_script(INDEX_PAGE))


class _Scripts(HTMLParser):
    """The scripts of a page as a browser finds them: the addresses, and the texts of those without one."""

    def __init__(self, page):
        super().__init__()
        self.addresses, self.texts, self.handlers, self._is_inline = [], [], [], False
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag == "script":
            self._is_inline = "src" not in dict(attrs)
            self.addresses += [value for name, value in attrs if name == "src"]

    def handle_endtag(self, _tag):
        self._is_inline = False

    def handle_data(self, data):
        if self._is_inline:
            self.texts.append(data)


def _first_script(file):
    return _Scripts(file.read_bytes()).addresses[0].removeprefix("./")


def test_index_page(streamlit):
    with streamlit() as browser:
        page = browser.get("/").content
    assert page == INDEX_PAGE.read_bytes()
    scripts = _Scripts(page)
    assert [script.decode() for script in inline_scripts(page)] == scripts.texts
    assert scripts.texts
    assert not scripts.handlers  # which no hash would let in


# What stands elsewhere


def test_allowed_origins(streamlit, option):
    with streamlit() as browser:
        for origins in (st.get_option("client.allowedOrigins"), ["https://portal.example"], []):
            option("client.allowedOrigins", origins)
            assert browser.get("/_stcore/host-config").json()["allowedOrigins"] == origins


@pytest.mark.parametrize("collects", [True, False])
def test_post_script_gc(streamlit, option, collects):
    assert st.get_option("runner.postScriptGC") is False
    option("runner.postScriptGC", collects)
    full = []

    def note(phase, facts):
        if phase == "start" and facts["generation"] == 2 and "scriptThread" in threading.current_thread().name:
            full.append(phase)

    gc.disable()
    gc.callbacks.append(note)
    try:
        with streamlit() as browser, opened(browser):
            wait_for_scripts()
    finally:
        gc.callbacks.remove(note)
        gc.enable()
    assert bool(full) is collects


def test_a_component_has_its_script_in_a_file_and_its_id_from_its_key(tmp_path):
    (tmp_path / "browser").mkdir()
    (tmp_path / "browser" / "gauge.js").write_text("export default function () {}")

    def page(folder):
        import streamlit as st  # noqa: PLC0415 - Streamlit takes the function's source alone

        from dashboard.security.streamlit_internals import component  # noqa: PLC0415 - likewise

        gauge = component("gauge", folder, "gauge.js", "<div></div>")
        gauge(key="speed", data={"speed": st.session_state.setdefault("speed_now", 1)}, height=100)

    app = AppTest.from_function(page, args=(tmp_path / "browser",))
    drawn = []
    for speed in (1, 2):
        app.session_state["speed_now"] = speed
        app.run()
        assert not app.exception
        drawn.append(app.get("bidi_component")[0].proto)
    assert [json.loads(one.json) for one in drawn] == [{"speed": 1}, {"speed": 2}]
    assert drawn[0].id == drawn[1].id, "so that the browser keeps the component, and gives it the new data"
    assert (drawn[0].js_source_path, drawn[0].js_content) == ("gauge.js", "")


def test_the_script_of_a_component_is_at_its_address_before_any_page_is_drawn(streamlit, tmp_path):
    (tmp_path / "browser").mkdir()
    (tmp_path / "browser" / "gauge.js").write_text("export default function () {}")
    with streamlit() as browser:
        register_component("gauge", tmp_path / "browser")
        answer = browser.get("/" + component_script("gauge", "gauge.js"))
    assert (answer.status_code, answer.text) == (200, "export default function () {}")


# And there are no others


def parts_of_streamlit(file):
    """What a module takes of Streamlit beside its public `st`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names):
                yield from (name.name for name in names if name.name.startswith("streamlit."))
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] == "streamlit":
                yield module
            case ast.Attribute(ast.Name("st" | "streamlit"), name) if name.startswith("_"):
                yield name


def test_no_other_module_takes_a_part_of_streamlit():
    takers = [file.name for file in (ROOT / "dashboard").rglob("*.py") if list(parts_of_streamlit(file))]
    assert takers == ["streamlit_internals.py"]


def test_no_other_hidden_option_is_set():
    options = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    known = config.get_config_options()
    set_here = {f"{section}.{name}" for section, values in options.items() for name in values} & known.keys()
    assert {name for name in set_here if known[name].visibility == "hidden"} == {
        "client.allowedOrigins",
        "runner.postScriptGC",
    }


def test_the_scripts_of_an_element_are_found_in_streamlits_index():
    scripts = scripts_of(["PlotlyChart", "DataFrame", "NoSuchElement"])
    assert {"PlotlyChart", "DataFrame", "arrowFormatUtils"} <= {Path(script).name.split(".")[0] for script in scripts}
    assert len(scripts) == len(set(scripts))
    assert all((STATIC / script).is_file() for script in scripts)
    assert not any(script in INDEX_PAGE.read_text(encoding="utf-8") for script in scripts), "the page loads these"
