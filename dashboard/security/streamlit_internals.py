"""Every part of Streamlit that the product uses and that Streamlit does not promise to keep.

There are twenty-two: twenty below, each with why it is used and what to look at when Streamlit's version changes, and
two that stand elsewhere by nature. Each has a test in tests/dashboard/security/streamlit_internals/ that fails
when Streamlit changes it. Paths are relative to the package `streamlit`.

- `runner.postScriptGC` in .streamlit/config.toml, a hidden option. Why: a full garbage collection after every run takes
  longer than the run. Look at: `ScriptRunner` in runtime/scriptrunner/script_runner.py.
- `client.allowedOrigins` in .streamlit/config.toml, a hidden option. Why: no page of another host may steer ours, and a
  list costs the browser time at each click. Look at: `create_host_config_routes` in
  web/server/starlette/starlette_routes.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import streamlit
import streamlit as st
import websockets.http11
import websockets.server
from google.protobuf.message import DecodeError
from starlette.requests import cookie_parser
from streamlit import net_util, url_util
from streamlit.auth_util import get_secrets_auth_section
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime import app_session
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage, _calculate_file_id
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
from streamlit.runtime.state import query_params
from streamlit.runtime.state.common import is_element_id
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX, Serialized, Value, WStates
from streamlit.web.server.starlette import starlette_websocket
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks
from uvicorn.protocols.websockets import websockets_sansio_impl
from websockets.http11 import Request, Response

log = logging.getLogger(__name__)

#: The addresses that Streamlit serves, below `server.baseUrlPath`. Why: the middleware decides who may have which, sees
#: people sign in and out, and replaces the address to which CALLBACK leads, which is always the first page's. Look at:
#: `create_streamlit_routes` in web/server/starlette/starlette_app.py and starlette_auth_routes.py beside it. A new
#: address stays closed until it is listed here.
LOGIN, LOGOUT, CALLBACK = "auth/login", "auth/logout", "oauth2callback"
MEDIA, METRICS, CORE = "media/", "_stcore/metrics", "_stcore/"
#: The addresses without which a page could not ask anybody to sign in. None of them holds a figure or a name.
PUBLIC = re.compile(
    r"(static|component)/.*|favicon\.(png|ico|svg)|manifest\.json"
    r"|_stcore/(health|host-config|stream|bidi-components/.*)"
    rf"|{LOGIN}|{LOGOUT}|{CALLBACK}"
)

#: The messages that a page of ours sends to the server, without and with a sign-in. Why: the middleware drops all
#: others, such as to clear the caches of all, to upload a file, or to install files on the server. Look at:
#: `handle_backmsg` and `_create_backend_operation_dispatcher` in runtime/app_session.py.
RERUN, FILE = "rerun_script", "deferred_file"
MESSAGES_FOR_ALL = frozenset({RERUN, "stop_script", "app_heartbeat"})
MESSAGES_FOR_SIGNED_IN = frozenset({FILE, "dataframe_chunk"})
_OPERATION = "backend_operation_request"
_FRAGMENT = re.compile(r"[0-9a-f]{32}")

#: The page around all pages, with an inline script. Why: the content security policy lets in that script by its hash.
#: Look at: the script tags without `src` in static/index.html.
STATIC = Path(streamlit.__file__).parent / "static"
INDEX_PAGE = STATIC / "index.html"
_INDEX_SCRIPT = re.compile(r'<script type="module"[^>]* src="\./([^"]+)"')
_SCRIPTS = re.compile(r"m\.f\|\|\(m\.f=(\[[^\]]*\])\)")
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


#: The address below which Streamlit keeps files of an app. Why: a page that has its icon from there learns where its
#: server is with its first message; one that has not shows an error for good in place of each component that it draws
#: at the moment the server is lost. Look at: `requireServerUri` in the scripts, and `handleFavicon`, which reaches it.
FILES_OF_APP = url_util.STATIC_SERVING_ENDPOINT


def sign_in_table() -> Mapping[str, Any]:
    """The table `[auth]` of the secrets as Streamlit's sign-in reads it; empty where there is none.

    Why: whether people are asked to sign in has to be decided by what the sign-in itself reads; `st.secrets` raises an
    error where there is no file. Look at: `get_secrets_auth_section` in auth_util.py.
    """
    table: object = get_secrets_auth_section()
    return table if isinstance(table, Mapping) else {}


#: How the cookies of a sign-in begin.
USER_COOKIE = USER_COOKIE_NAME


def claims_of(cookies: Mapping[str, str]) -> dict[str, Any]:
    """The claims of the person who signed in, from a request's cookies; empty where they are missing or forged.

    Why: files and metrics are fetched outside a run, where there is no `st.user`, and Streamlit alone knows how its
    cookie is named, signed and split. Look at: `_get_signed_cookie_with_chunks` in
    web/server/starlette/starlette_websocket.py and `_set_auth_cookie` in starlette_auth_routes.py beside it.
    """
    content = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    try:
        claims = json.loads(content) if content else {}
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


#: The logger to which Streamlit says why a sign-in failed, and nobody else. Why: people have to be told, and its lines
#: quote what the provider answered, or a stranger in its place. Look at: `_auth_login` and `_auth_callback` in
#: web/server/starlette/starlette_auth_routes.py.
_SIGN_IN_LOGGER = logging.getLogger("streamlit.web.server.starlette.starlette_auth_routes")
_NAMES_NOBODY = "did not return user information"
#: How its lines begin that come of the address alone, which anybody can ask for.
_OF_THE_ADDRESS = ("Error during authentication", "Missing provider for OAuth callback")
_failures: ContextVar[list[BaseException]] = ContextVar("failures")


class NamesNobody(ValueError):
    """The provider answered, and its answer does not say who signed in."""


def _take_failure(record: logging.LogRecord) -> bool:
    """Keep an error for the request that it befell, in place of a line in the log."""
    failures = _failures.get(None)
    if failures is None:
        return True
    if record.exc_info and record.exc_info[1]:
        failures.append(record.exc_info[1])
    elif _NAMES_NOBODY in str(record.msg):
        failures.append(NamesNobody())
    else:
        return not str(record.msg).startswith(_OF_THE_ADDRESS)
    return False


@contextmanager
def sign_in_failures() -> Iterator[list[BaseException]]:
    """The errors that Streamlit meets while it signs a person in or comes back from there, as they come."""
    failures: list[BaseException] = []
    if _take_failure not in _SIGN_IN_LOGGER.filters:
        _SIGN_IN_LOGGER.addFilter(_take_failure)
    before = _failures.set(failures)
    try:
        yield failures
    finally:
        _failures.reset(before)


def explain_files(explain: Callable[[BaseException | None], str]) -> None:
    """Have a button whose file is not made show what `explain` says of the error; of None where it is not known here.

    The button of another session is not known: its file is made for its own person alone.

    Why: Streamlit says the same of every reason, writes a traceback, and asks nobody whose button it is. Look at:
    `DeferredFileHandler` in runtime/backend_operation_handler.py, and `execute_deferred` and `_deferred_callables` in
    runtime/media_file_manager.py.
    """

    async def handle(
        handler: DeferredFileHandler, request: BackendOperationRequest, session: str
    ) -> BackendOperationResponse:
        answer = BackendOperationResponse(request_id=request.request_id)
        files, file = handler._get_media_file_mgr(), request.deferred_file.file_id  # noqa: SLF001
        button = files._deferred_callables.get(file)  # noqa: SLF001
        if button is None or button["session_id"] != session:
            answer.error_msg = explain(None)
            return answer
        try:
            answer.deferred_file.url = await asyncio.to_thread(files.execute_deferred, file)
        except MediaFileStorageError as error:
            answer.error_msg = explain(error.__cause__)
        return answer

    DeferredFileHandler.handle = handle  # type: ignore[method-assign, assignment]  # replaced on purpose


#: What uvicorn says of each socket that was refused with an answer other than its own 403, and means an error.
_OF_A_REFUSAL = "ASGI callable returned without completing handshake."


def tell_of_messages(may_write: Callable[[tuple[str, int]], bool]) -> None:
    """Have `may_write` say, by a line's place in the code, whether what is odd about a message or request is logged.

    Why: strangers could fill the log. Errors stay, but for bytes that are no text. Look at: `_LOGGER` in the modules of
    these names; `self.logger` in uvicorn's protocols, and `run_asgi` in websockets_sansio_impl.py there.
    """

    def is_due(record: logging.LogRecord) -> bool:
        if record.msg == _OF_A_REFUSAL:
            return False
        if record.exc_info and isinstance(record.exc_info[1], UnicodeDecodeError):
            record.exc_info = None
        return bool(record.exc_info) or may_write((record.name, record.lineno))

    for module in ("runtime.app_session", "runtime.scriptrunner.script_runner", "runtime.state.query_params"):
        logging.getLogger(f"streamlit.{module}").filters[:] = [is_due]
    logging.getLogger("uvicorn.error").filters[:] = [is_due]


#: Bytes of a line of a request's head, such as the cookies, and of a message on a page's socket: more than pages need.
#: One of who has not signed in has little more than its link, which is such a line, twice.
LARGEST_HEADER, LARGEST_MESSAGE, LARGEST_OF_STRANGERS = 64 * 1024, 1024 * 1024, 160 * 1024
#: Values of a link; where it has more, Streamlit passes over all of them (`sanitize_query_string` in query_params.py).
MOST_VALUES = query_params.CLIENT_STATE_QUERY_STRING_MAX_FIELDS


def limit_sockets(largest: Callable[[Mapping[str, str]], int]) -> None:
    """Make room for the cookies of a sign-in, and none for messages that no page sends: `largest` says, by cookies.

    Why: the socket's library gives a page no answer where a header has more than 8 kB, as the cookies of 45 groups do;
    `server.maxMessageSize`, Streamlit's limit, holds for what a page shows too. Look at: `_get_uvicorn_config_kwargs`
    in web/server/starlette/starlette_server.py; MAX_LINE_LENGTH in http11.py of websockets (its variable is read before
    this program runs); `ServerProtocol` in websockets_sansio_impl.py of uvicorn.
    """

    class Narrow(websockets.server.ServerProtocol):
        """Closes a socket at the head of a message that is too large, before its bytes are kept."""

        def __init__(self, *arguments: Any, max_size: int | None, **named: Any) -> None:  # noqa: ARG002 - not ours
            super().__init__(*arguments, max_size=largest({}), **named)

        def accept(self, request: Request) -> Response:
            self.max_message_size = largest(cookie_parser("; ".join(request.headers.get_all("Cookie"))))
            return super().accept(request)

    websockets.http11.MAX_LINE_LENGTH = 4 * LARGEST_HEADER  # more than arrives at once, so that the middleware answers
    websockets_sansio_impl.ServerProtocol = Narrow  # type: ignore[assignment, attr-defined]  # imported there


def judge_origins(is_own: Callable[[str], bool]) -> None:
    """Have `is_own` say which other addresses may open a page's socket, and nobody asked what this machine's own is.

    Why: Streamlit asks an outside host, for each socket of another origin, while everybody waits; and at the start,
    unless `browser.serverAddress` is set. Look at: `_is_origin_allowed` in web/server/starlette/starlette_websocket.py.
    """
    starlette_websocket.is_url_from_allowed_origins = is_own  # type: ignore[attr-defined, assignment]  # imported there
    net_util.get_external_ip = lambda: None


def forgive_widgets() -> None:
    """Have a widget whose state cannot be read keep its default, as if the browser had sent none.

    Why: a state of another kind or form than the widget's, or of no widget at all, which no browser sends by itself,
    ends the run with a traceback in the log. Look at: `WStates`, which receives and reads every state, in
    runtime/state/session_state.py, `WidgetMetadata` and `is_element_id` in runtime/state/common.py, and
    `BidiComponentSerde.deserialize` in components/v2/bidi_component/serialization.py.
    """
    WStates.__getitem__ = _read_widget  # type: ignore[method-assign]  # replaced on purpose
    WStates.set_widget_from_proto = _receive_widget  # type: ignore[method-assign, assignment]  # likewise


_read_as_sent, _receive_as_sent = WStates.__getitem__, WStates.set_widget_from_proto


def _receive_widget(states: WStates, state: WidgetState) -> None:
    # What happens in a component of our own has the component's id behind this mark.
    if is_element_id(state.id.removeprefix(f"{STREAMLIT_INTERNAL_KEY_PREFIX}_")):
        _receive_as_sent(states, state)


def _read_widget(states: WStates, key: str) -> Any:
    state, metadata = states.states.get(key), states.widget_metadata.get(key)
    if metadata is None or not isinstance(state, Serialized):
        return _read_as_sent(states, key)
    if state.value.WhichOneof("value") == metadata.value_type:
        try:
            if not _is_text_in_json(state.value):
                return _read_as_sent(states, key)
        except Exception as error:  # noqa: BLE001 - each kind of widget fails in its own way
            log.debug("A widget's state cannot be read: %s", type(error).__name__)
    default = metadata.deserializer(None)
    states.states[key] = Value(default)
    return default


def _is_text_in_json(state: WidgetState) -> bool:
    """Whether the state of a component is a text, and no object: a text is parsed, with a traceback in the log."""
    return state.WhichOneof("value") == "json_value" and isinstance(json.loads(state.json_value), str)


_Wake = Callable[[AppSession, Callable[[], None]], None]
_WAITING, _IS_DUE = "_waiting_events", "_is_due"
_TOGETHER = 0.004  # seconds; Streamlit's own loop waits for 5 milliseconds before it sends what has come to it


def send_together(wake: _Wake = AppSession._call_soon_on_event_loop, seconds: float = _TOGETHER) -> None:  # noqa: SLF001
    """Have the event loop wake once for all that a run sends within so many seconds, and not for each message.

    `wake` puts one callback into the loop of a session and wakes it.

    Why: a page is dozens of messages, and a quarter of a click's processor time went into waking up, and into two
    threads taking the interpreter from each other. Look at: `AppSession._call_soon_on_event_loop`, through which all
    events of a run go, in runtime/app_session.py.
    """

    def call_soon(session: AppSession, callback: Callable[[], None]) -> None:
        """Put a callback behind those that wait for the session's loop; for any thread."""
        state = session.__dict__
        waiting: deque[Callable[[], None]] = state.setdefault(_WAITING, deque())
        loop = session._event_loop  # noqa: SLF001

        def call_all() -> None:
            state[_IS_DUE] = False  # before the look at what waits, so that nothing comes in between unseen
            while waiting:
                loop.call_soon(waiting.popleft())

        def call_soon_all() -> None:
            loop.call_later(seconds, call_all)

        waiting.append(callback)
        if not state.get(_IS_DUE):
            state[_IS_DUE] = True
            wake(session, call_soon_all)

    AppSession._call_soon_on_event_loop = call_soon  # type: ignore[method-assign, assignment]  # noqa: SLF001 - replaced on purpose


_THEME_OF_CONFIG = app_session._populate_theme_msg  # noqa: SLF001 - called by what replaces it


def read_theme_once() -> None:
    """Have the theme read from the configuration once, and not for every message that begins a run.

    Why: each run, also of a part of a page, begins with the whole theme, which takes 0.4 ms of processor time to read,
    of the ten or more of a click. Look at: `_create_new_session_message` and `_populate_theme_msg` in
    runtime/app_session.py.
    """
    read: dict[str, CustomThemeConfig] = {}

    def populate(message: CustomThemeConfig, section: str = "theme") -> None:
        if section not in read:
            _THEME_OF_CONFIG(read.setdefault(section, CustomThemeConfig()), section)
        if read[section].ByteSize():  # a part that is empty stays away
            message.MergeFrom(read[section])

    app_session._populate_theme_msg = populate  # type: ignore[assignment]  # noqa: SLF001 - replaced on purpose


def draw_part(key: str) -> None:
    """From a callback: have another part of the page drawn than the one that the widget is in, by the part's key.

    Where the whole page is drawn, it is drawn as a whole.

    Why: `st.rerun` leaves out all but that part in this case too, and nothing of Streamlit's tells one from the other.
    Look at: `fragment_ids_this_run` in runtime/scriptrunner_utils/script_run_context.py, and `rerun` in
    commands/execution_control.py.
    """
    run = get_script_run_ctx()
    if run and run.fragment_ids_this_run:
        st.rerun(key)


def file_id(content: bytes, mimetype: str, name: str) -> str:
    """The id under which Streamlit hands out a file: the part of its address between `media/` and the suffix.

    Why: the middleware remembers for whom a file was made. Look at: `_calculate_file_id` and `load_and_get_id` in
    runtime/memory_media_file_storage.py.
    """
    return _calculate_file_id(content, mimetype, name)


_load_file, _delete_file = MemoryMediaFileStorage.load_and_get_id, MemoryMediaFileStorage.delete_file


def keep_made_files(seconds: float, budget: int, clock: Callable[[], float] = time.monotonic) -> Callable[[], None]:
    """Have a file stay for some seconds after a button's click made it, of many the newest within a budget of bytes.

    Returns what drops those whose time is over. The newest file stays for its time, however large it is.

    Why: no page refers to such a file, so Streamlit deletes it when the second run ends after it was made, whosever run
    that is; with many people, before the browser has asked for it. Look at: `remove_orphaned_files` and
    `execute_deferred` in runtime/media_file_manager.py, which call what is replaced here.
    """
    made: OrderedDict[tuple[MemoryMediaFileStorage, str], tuple[float, int]] = OrderedDict()  # when, and bytes
    lock = threading.Lock()

    def load(
        storage: MemoryMediaFileStorage,
        content: str | bytes,
        mimetype: str,
        kind: MediaFileKind,
        name: str | None = None,
    ) -> str:
        with lock:
            file = _load_file(storage, content, mimetype, kind, name)
            if kind == MediaFileKind.DOWNLOADABLE:
                made[storage, file] = clock(), storage.get_file(file).content_size
                made.move_to_end((storage, file))
        drop()
        return file

    def delete(storage: MemoryMediaFileStorage, file: str) -> None:
        with lock:
            if (storage, file) not in made:
                _delete_file(storage, file)

    def drop() -> None:
        with lock:
            size = sum(size for _, size in made.values())
            for (storage, file), (since, of_file) in list(made.items()):
                if clock() - since < seconds and (size <= budget or len(made) == 1):
                    break
                del made[storage, file]
                size -= of_file
                _delete_file(storage, file)

    MemoryMediaFileStorage.load_and_get_id = load  # type: ignore[method-assign, assignment]  # replaced on purpose
    MemoryMediaFileStorage.delete_file = delete  # type: ignore[method-assign, assignment]  # likewise
    return drop


def message_kind(content: bytes) -> str | None:
    """The kind of a message from the browser, of an operation the operation's own; None where it is no message."""
    try:
        message = BackMsg.FromString(content)
    except DecodeError:
        return None
    kind: str | None = message.WhichOneof("type")
    if kind == _OPERATION:
        operation: str | None = message.backend_operation_request.WhichOneof("payload")
        return operation
    return kind


_PACKAGE = "partner_licenses"


def component_script(name: str, script: str) -> str:
    """The address of a script of a component of our own, below `server.baseUrlPath`, once it is registered.

    It is part of the same, for pages that announce it: `create_bidi_component_routes` in
    web/server/starlette/starlette_routes.py.
    """
    return f"{CORE}bidi-components/{_PACKAGE}.{name}/{script}"


def register_component(name: str, folder: Path) -> str:
    """Have the files of a folder served as those of a component of our own; returns the component's full name.

    Why: `st.components.v2.component` takes a file only from a package that is installed with a manifest, and else
    scripts as texts, which the content security policy would have to let in. Look at: `register_from_manifest` in
    components/v2/component_manager.py.
    """
    full = f"{_PACKAGE}.{name}"
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(full) is None:
        config = ComponentConfig(name=name, asset_dir=folder.name)
        manager.register_from_manifest(ComponentManifest(_PACKAGE, "1", [config]), folder.parent)
    return full


_Mount = Callable[..., Any]
_mounts: WeakKeyDictionary[object, dict[tuple[str, str, str], _Mount]] = WeakKeyDictionary()  # by server


def component(name: str, folder: Path, script: str, html: str) -> _Mount:
    """A component of our own whose script is a file in a folder; see `register_component`.

    It is made once for a server: a page has three or four of them, and makes them at every click.
    """
    full = register_component(name, folder)
    made = _mounts.setdefault(get_bidi_component_manager(), {})
    key = (full, script, html)
    if key not in made:
        made[key] = st.components.v2.component(full, js=script, html=html, isolate_styles=False)
    return made[key]


def of_known_fragment(content: bytes, *, is_first: bool) -> bytes:
    """A message that asks for a fragment, as one for the whole page where the session cannot know the fragment.

    Why: Streamlit leaves such a message without an answer, and writes the fragment's id into the log, whatever it is. A
    page that was open while the server started anew asks its new session for a fragment of the old one: its first
    message. Look at: `_handle_rerun_script_request` in runtime/app_session.py, and `_fragment` in runtime/fragment.py
    for the form of an id.
    """
    message = BackMsg.FromString(content)
    fragment = message.rerun_script.fragment_id
    if not fragment or (_FRAGMENT.fullmatch(fragment) and not is_first):
        return content
    message.rerun_script.fragment_id = ""
    whole: bytes = message.SerializeToString()
    return whole


def scripts_of(elements: Iterable[str]) -> list[str]:
    """The scripts that the browser loads when it first draws one of these elements: their paths below STATIC.

    Why: it asks for them only once a page has sent its figures, and could have had them by then. Elements go by the
    names of their scripts, such as `PlotlyChart`; one that is not found is left out. Look at: `__vite__mapDeps` in the
    script `index` that static/index.html loads.
    """
    page = INDEX_PAGE.read_text(encoding="utf-8")
    index = _INDEX_SCRIPT.search(page)
    code = (STATIC / index[1]).read_text(encoding="utf-8") if index else ""
    table = _SCRIPTS.search(code)
    names = json.loads(table[1]) if table else []
    scripts: dict[str, None] = {}
    for element in elements:
        numbers = re.search(rf"import\(`\./{element}\.[^`]+`\)[^_]*__vite__mapDeps\((\[[\d,]*\])\)", code)
        scripts |= dict.fromkeys(names[number] for number in json.loads(numbers[1])) if numbers else {}
    paths = [f"static/js/{name.removeprefix('./')}" for name in scripts if name.endswith(".js")]
    return [path for path in paths if path not in page]  # what the page itself loads is under way


def inline_scripts(page: bytes) -> list[bytes]:
    """The scripts that stand in an HTML page itself."""
    return _INLINE_SCRIPT.findall(page)
