"""The log on stderr: text as each writer has it, or with LOG_FORMAT=json one JSON object a line, whoever writes it.

What libraries say of requests that carry tokens, or of answers that hold them, is decided here too: see `SILENT` and
`WITHHELD`.

Each object has `time` (ISO 8601, UTC), `level` and `event`, and what is known besides: `logger`, `traceback`, and the
fields that are `bound` where it is written, such as `page` and `request`.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

TEXT, JSON = "text", "json"
#: The attribute of a record that holds fields of its own: `log.warning(…, extra={FIELDS: {…}})`.
FIELDS = "fields"

#: Libraries of which nothing is written: they handle tokens, quote whole answers and addresses of sign-ins, and what
#: they meet is raised as an error of ours besides.
SILENT = ("msal", "msal_extensions")
#: Libraries of which is written that they had something to say, and not what: they quote addresses, which name
#: customers, headers and answers.
WITHHELD = ("urllib3", "requests", "httpx", "httpx2", "httpcore", "httpcore2", "authlib")

_OBJECT = '{"time": '  # how each begins
_bound: ContextVar[Mapping[str, object]] = ContextVar("bound")
_plainly = logging.StreamHandler.format
_tracebacks = logging.Formatter()
_make_record = logging.getLogRecordFactory()


class Lines(io.TextIOBase):
    """A stderr on which each line is a JSON object: a line that is none becomes the event of one."""

    encoding, errors = "utf-8", "backslashreplace"

    def __init__(self, under: TextIO) -> None:
        self.under = under
        self._lock = threading.RLock()
        self._begun = ""

    def write(self, text: str, /) -> int:
        with self._lock:
            if self._begun and text.startswith(_OBJECT):
                self._put(self._begun)
                self._begun = ""
            *lines, self._begun = (self._begun + text).split("\n")
            for line in lines:
                self._put(line)
        return len(text)

    def event(self, level: str, event: str, **fields: object) -> None:
        """Write one object."""
        with self._lock:
            self.under.write(f"{_object(level, event, fields)}\n")
            self.under.flush()

    def flush(self) -> None:
        self.under.flush()

    def fileno(self) -> int:
        return self.under.fileno()

    def isatty(self) -> bool:
        return False  # a bar that is drawn over itself is no line

    def writable(self) -> bool:
        return True

    def end(self) -> None:
        """Write the line that was begun; call it last."""
        if self._begun:
            self.write("\n")

    def _put(self, line: str) -> None:
        if _is_object(line):
            self.under.write(f"{line}\n")
            self.under.flush()
        elif line.strip():
            self.event("info", line.rstrip())


def silence_libraries() -> None:
    """Write nothing of those in `SILENT`."""
    for library in SILENT:
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)


def start(form: str) -> None:
    """Write the log of this process in this form from now on. Call it first, and once."""
    silence_libraries()
    logging.setLogRecordFactory(_record)
    if form != JSON or isinstance(sys.stderr, Lines):
        return
    before = sys.stderr
    sys.stderr = lines = Lines(before)
    atexit.register(lines.end)
    own = (before, lines, sys.__stderr__)

    def formatted(handler: logging.StreamHandler[Any], record: logging.LogRecord) -> str:
        return as_object(record) if handler.stream in own else _plainly(handler, record)

    # Libraries make handlers of their own, before and after this, each with its format.
    logging.StreamHandler.format = formatted  # type: ignore[method-assign, assignment]  # for the handlers of all
    logging.getLogger().addHandler(logging.StreamHandler())
    logging.captureWarnings(capture=True)
    log = logging.getLogger("python")
    sys.excepthook = lambda kind, error, trace: log.critical(
        "The program ended by an error: %s", kind.__name__, exc_info=(kind, error, trace)
    )
    threading.excepthook = lambda failed: log.error(
        "A thread ended by an error: %s", failed.exc_type.__name__, exc_info=failed.exc_value
    )
    sys.unraisablehook = lambda failed: log.error(
        "An error could not be raised: %s", failed.exc_type.__name__, exc_info=failed.exc_value
    )


def event(text: str, level: str = "info", **fields: object) -> None:
    """Say something that is no record of a logger: its text, and in JSON the fields as well."""
    if isinstance(sys.stderr, Lines):
        sys.stderr.event(level, text, **fields)
    else:  # in one piece: others may be printed at the same moment
        print(f"{text}\n", end="", file=sys.stderr, flush=True)


def is_json() -> bool:
    return isinstance(sys.stderr, Lines)


@contextlib.contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Give these fields to all that this thread or task writes meanwhile."""
    before = _bound.set({**_bound.get({}), **fields})
    try:
        yield
    finally:
        _bound.reset(before)


def bind(**fields: object) -> None:
    """Give these fields to all that is written from here on within `bound`."""
    _bound.set({**_bound.get({}), **fields})


def as_object(record: logging.LogRecord) -> str:
    """A record of a logger as one JSON object."""
    fields: dict[str, object] = {"logger": record.name, **getattr(record, FIELDS, {})}
    if record.exc_info and record.exc_info[0]:
        fields["traceback"] = _tracebacks.formatException(record.exc_info)
    return _object(record.levelname.lower(), record.getMessage().rstrip(), fields, record.created)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """A record as it is written, whichever handler does: without the words of a library in `WITHHELD`."""
    record = _make_record(*args, **kwargs)
    library = record.name.partition(".")[0]
    if library in WITHHELD:
        kind = record.exc_info[0] if record.exc_info else None
        what = f"{library} met something{f' ({kind.__name__})' if kind else ''}"
        withheld = "What it says of it may hold a name or a token, and is not written."
        record.msg, record.args = f"{what}: {record.filename}, line {record.lineno}. {withheld}", ()
        record.exc_info = record.stack_info = None
    return record


def _object(level: str, event: str, fields: Mapping[str, object], at: float | None = None) -> str:
    instant = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
    time = instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    known = {name: value for name, value in {**_bound.get({}), **fields}.items() if value is not None}
    return json.dumps({"time": time, "level": level, "event": event, **known}, default=str)


def _is_object(line: str) -> bool:
    if not line.startswith(_OBJECT):
        return False
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and {"time", "level", "event"} <= found.keys()
