"""The docs generator: writes settings.md, measures.md and errors.md from the code that they describe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from data_access import errors
from data_access.measures import MEASURES
from data_access.partner_center import protocol
from data_access.settings import SECRETS_FILE, SECRETS_TABLE, Settings

FOLDER = Path(__file__).parent

_WRITTEN = "<!-- Written by `make docs` from {source}; change it there. -->\n\n"
_KIND = re.compile(r"^[ │├└─]+(?P<name>\w+) {2,}(?P<when>.+?) {2,}exit (?P<code>\d+)$", re.MULTILINE)
# HTTP statuses with different messages, each with the body that decides; none: a page of something in between.
_ANSWERS: Sequence[tuple[str, int, dict[str, str] | None]] = (
    ("401", 401, {}),
    ("401, code 900421", 401, {"code": "900421"}),
    ("403", 403, {}),
    ('403, "application credentials"', 403, {"message": "not by application credentials"}),
    ("404", 404, {}),
    ("400, 405 and other 4xx", 400, {}),
    ("429", 429, {}),
    ("408, 500, 502, 503, 504", 503, {}),
    ("anything else", 302, {}),
    ("200, 401, 403, 404, 407 … of something else: a page of HTML, nothing of Microsoft's", 403, None),
    ("502, 503 … likewise", 503, None),
)


def settings() -> str:
    """Every setting: name, default, meaning."""
    rows = [
        (f"`{name.upper()}`", _default(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return (
        _WRITTEN.format(source="data_access/settings.py")
        + "# Settings\n\n"
        + "Each setting is an environment variable, or the same name in lower case under\n"
        + f"`[{SECRETS_TABLE}]` in `{SECRETS_FILE.as_posix()}`. The environment wins.\n"
        + "An empty value counts as not set. A name in the file that is no setting, and a setting that stands before\n"
        + "the first table or below `[auth]`, is refused: it would do nothing.\n"
        + "How to use them: [the manual](manual.md#settings).\n\n"
        + _table(("Name", "Default", "Meaning"), rows)
    )


def _default(value: object) -> str:
    """The value as the operator writes it into the environment."""
    if isinstance(value, tuple):
        value = ",".join(value)
    if isinstance(value, bool):
        value = str(value).lower()
    return "–" if value in (None, "") else f"`{value}`"


def measures() -> str:
    """Every measure: its name on screen, its definition, and what to know before quoting it."""
    rows = [(measure.label, f"`{key}`", measure.definition, measure.care or "–") for key, measure in MEASURES.items()]
    return (
        _WRITTEN.format(source="data_access/measures/core.py")
        + "# The numbers\n\n"
        + "Each is defined once in the code; tiles, chart, table and files take it from there. The same words stand\n"
        + "behind the question mark of each tile. What they mean in practice: [the manual](manual.md#the-numbers).\n\n"
        + _table(("On screen", "In the code", "Definition", "Good to know"), rows)
    )


def troubles() -> str:
    """Every kind of error with its exit code, and the message and next step for each HTTP status."""
    kinds: list[tuple[str, ...]] = [("0", "–", "–", "done")]
    for line in _KIND.finditer(errors.__doc__ or ""):
        kind: type[errors.PartnerCenterError] = getattr(errors, line["name"])
        if kind.exit_code != int(line["code"]):
            raise ValueError(f"errors.py says two things about the exit code of {kind.__name__}")
        kinds.append((str(kind.exit_code), f"`{kind.__name__}`", kind.title, line["when"]))
    answers = []
    for label, status, body in _ANSWERS:
        headers = {} if body is None else {"MS-RequestId": "an id"}
        error = protocol.failure(status, headers, b"<html>" if body is None else json.dumps(body).encode())
        answers.append((label, str(error.exit_code), error.message, error.advice))
    return (
        _WRITTEN.format(source="data_access/errors.py and data_access/partner_center/protocol.py")
        + "# Errors and exit codes\n\n"
        + "One family of errors serves the command line, the dashboard and scripts. What to do about them:\n"
        + "[the manual](manual.md#troubleshooting).\n\n"
        + _table(("Exit code", "Name in Python", "Heading on the page", "When"), kinds)
        + "\n## What we say about an answer\n\n"
        + _table(("HTTP status", "Exit code", "What happened", "Next step"), answers)
    )


PAGES = {"settings.md": settings, "measures.md": measures, "errors.md": troubles}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def main() -> None:
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
