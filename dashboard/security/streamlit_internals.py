"""Every part of Streamlit that the product uses and that Streamlit does not promise to keep.

There are ten: seven below, each with why it is used and what to look at when Streamlit's version changes, and three
that stand elsewhere by nature. Each has a test in tests/dashboard/security/test_streamlit_internals.py that fails when
Streamlit changes it.

- `runner.postScriptGC` in .streamlit/config.toml, a hidden option. Why: a full garbage collection after every run takes
  longer than the run. Look at: `ScriptRunner` in runtime/scriptrunner/script_runner.py.
- `client.allowedOrigins` in .streamlit/config.toml, a hidden option. Why: no page of another host may steer ours, and a
  list costs the browser time at each click. Look at: `create_host_config_routes` in
  web/server/starlette/starlette_routes.py.
- `Finished` in dashboard/charts/base.py, a room that may not import this one. Why: `st.plotly_chart` takes a figure by
  its `to_dict` at each rerun and changes nothing in the result, so that one dict serves all reruns; the browser gives a
  new figure to plotly twice, and plotly leaves out the second drawing where nothing differs. Look at: `plotly_chart` in
  elements/plotly_chart.py; the browser's part has its test in tests/browser/test_journeys.py.

The paths are relative to the package `streamlit`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import streamlit
from google.protobuf.message import DecodeError
from streamlit.auth_util import get_secrets_auth_section
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.memory_media_file_storage import _calculate_file_id
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

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
MESSAGES_FOR_ALL = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
MESSAGES_FOR_SIGNED_IN = frozenset({"deferred_file", "dataframe_chunk"})
_OPERATION = "backend_operation_request"

#: The page around all pages, with an inline script. Why: the content security policy lets in that script by its hash.
#: Look at: the script tags without `src` in static/index.html.
STATIC = Path(streamlit.__file__).parent / "static"
INDEX_PAGE = STATIC / "index.html"
_INDEX_SCRIPT = re.compile(r'<script type="module"[^>]* src="\./([^"]+)"')
_SCRIPTS = re.compile(r"m\.f\|\|\(m\.f=(\[[^\]]*\])\)")
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def sign_in_table() -> Mapping[str, Any]:
    """The table `[auth]` of the secrets as Streamlit's sign-in reads it; empty where there is none.

    Why: whether people are asked to sign in has to be decided by what the sign-in itself reads; `st.secrets` raises an
    error where there is no file. Look at: `get_secrets_auth_section` in auth_util.py.
    """
    table: object = get_secrets_auth_section()
    return table if isinstance(table, Mapping) else {}


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


def file_id(content: bytes, mimetype: str, name: str) -> str:
    """The id under which Streamlit hands out a file: the part of its address between `media/` and the suffix.

    Why: the middleware remembers for whom a file was made. Look at: `_calculate_file_id` and `load_and_get_id` in
    runtime/memory_media_file_storage.py.
    """
    return _calculate_file_id(content, mimetype, name)


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
