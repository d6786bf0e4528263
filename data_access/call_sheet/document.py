"""The call sheet as a PDF: tagged, in any script, and the same bytes for the same sheet.

Typst sets it (`sheet.typ`), without a browser and without the network. See docs/decisions.
"""

from __future__ import annotations

import json
import math
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import cast

import typst
from anyascii import anyascii

from data_access import formats
from data_access.call_sheet.sheet import CallSheet, Line, Section

_FOLDER = Path(__file__).parent
_TEMPLATE, _COVERAGE = _FOLDER / "sheet.typ", _FOLDER / "coverage.txt"
_PRINTED, _UNSEEN, _WORD, _OTHER = "printed", "unseen", "word", "other"  # kinds of signs
_NOT_IN_XML = ("Cs", "Cn")  # categories of signs; of control characters a line has none
_LONGEST, _CELL, _SENTENCE = 160, 60, 400  # characters of a name, of a cell, and of a sentence
_WIDTH, _HEIGHT = 320, 92  # of the line's picture, in its own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 5, 6, 18  # around the line
_ONE_AT_A_TIME = threading.Lock()


def pdf(sheets: Sequence[CallSheet]) -> bytes:
    """One PDF of these sheets, each beginning on a page of its own; at least one."""
    pages = [_page(sheet) for sheet in sheets]
    with _ONE_AT_A_TIME:
        content = _compiler().compile(format="pdf", sys_inputs={"sheets": json.dumps(pages)}, timestamp=0)
    return cast(bytes, content)  # a list of them is of another format


def printed(text: str, longest: int = _LONGEST) -> str:
    """A text in characters that the fonts have; the others are transcribed, or named where there is no transcription.

    It is cut where it is longer than that, with the transcriptions, which can be ten times as long.
    """
    one_line = formats.shortened(text, longest)
    written = "".join(_written(kind, "".join(run)) for kind, run in groupby(one_line, key=_kind))
    return formats.shortened(written, longest)


def _kind(sign: str) -> str:
    if ord(sign) in _coverage():
        return _PRINTED
    category = unicodedata.category(sign)
    if category == "Cf" or "VARIATION SELECTOR" in unicodedata.name(sign, ""):
        return _UNSEEN
    return _WORD if category[0] in "LM" else _OTHER


def _written(kind: str, run: str) -> str:
    """Some signs as far as they can be written: words whole, since some of their signs have no sound of their own."""
    if kind in (_PRINTED, _UNSEEN):
        return run if kind == _PRINTED else ""
    written = [anyascii(sign).strip() for sign in run]
    if kind == _WORD and any(written):
        return "".join(written)
    return "".join(each or _named(sign) for each, sign in zip(written, run, strict=True))


def _named(sign: str) -> str:
    """A sign by its name in Unicode, or by its number where it has none."""
    name = unicodedata.name(sign, "").lower()
    return f":{name}:" if name else f"[U+{ord(sign):04X}]"


def _page(sheet: CallSheet) -> dict[str, object]:
    fields = {name: _all_printed(value) for name, value in asdict(sheet).items()}
    line = sheet.line and {"words": printed(sheet.line.words, _SENTENCE), "picture": _picture(sheet.line)}
    return fields | {
        "title": _title(sheet.customer),
        "line": line,
        "steps": [printed(step, _SENTENCE) for step in sheet.steps],
        "dates": printed(sheet.dates, _SENTENCE),
        "aside": printed(sheet.aside, _SENTENCE),
        "address": sheet.address,  # of the operator's settings, and a tenant id
        "muted": [printed(line, _SENTENCE) for line in sheet.muted],
        "definitions": printed(sheet.definitions, _SENTENCE),
        "sections": [_section(section) for section in sheet.sections],
    }


def _title(name: str) -> str:
    """A name as it was sent, for the title of the file, which takes all that XML does."""
    return formats.on_one_line("".join(sign for sign in name if unicodedata.category(sign) not in _NOT_IN_XML))


def _section(section: Section) -> dict[str, object]:
    rows = [[printed(cell, _CELL) for cell in row] for row in section.rows]
    return {**asdict(section), "note": printed(section.note, _SENTENCE), "rows": rows}


def _all_printed(value: object) -> object:
    match value:
        case str():
            return printed(value)
        case dict():
            return {name: _all_printed(part) for name, part in value.items()}
        case list() | tuple():
            return [_all_printed(part) for part in value]
    return value


def _picture(line: Line) -> str:
    """The line as SVG, by day, between the whole percents around it and its target, which is dashed."""
    days = [day.toordinal() for day, _ in line.points]
    percents = [percent for _, percent in line.points]
    around = [*percents, *([] if line.target is None else [line.target])]
    low, high = math.floor(min(around)), math.ceil(max(around))
    high += high == low
    span = (days[-1] - days[0]) or 1

    def x(day: int) -> float:
        return round(_LEFT + (day - days[0]) / span * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(percent: float) -> float:
        return round(_TOP + (high - percent) / (high - low) * (_HEIGHT - _TOP - _BOTTOM), 1)

    points = " ".join(f"{x(day)},{y(percent)}" for day, percent in zip(days, percents, strict=True))
    grid = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(percent)}" y2="{y(percent)}" stroke="#d5dae1"/>'
        f'<text x="{_LEFT - 6}" y="{y(percent) + 3.5}" text-anchor="end">{percent} %</text>'
        for percent in (low, high)
    )
    if line.target is not None:
        grid += _target(line.target, y(line.target), is_below=y(line.target) < y(percents[0]))
    ends = "".join(
        f'<text x="{x(day.toordinal())}" y="{_HEIGHT - 3}" text-anchor="{anchor}">{formats.day(day)}</text>'
        for day, anchor in ((line.points[0][0], "start"), (line.points[-1][0], "end"))[: len(set(days))]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="Inter" font-size="9.5"'
        f' fill="#5b6675">{grid}{ends}<polyline points="{points}" fill="none" stroke="#0b5cad" stroke-width="1.8"/>'
        f'<circle cx="{x(days[-1])}" cy="{y(percents[-1])}" r="3" fill="#0b5cad"/></svg>'
    )


def _target(percent: float, height: float, *, is_below: bool) -> str:
    """The dashed line of the target at a height, with its words on the side where the line begins."""
    words = round(height + (9 if is_below else -4), 1)
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height}" y2="{height}" stroke="#1b2430"'
        f' stroke-dasharray="3 3"/><text x="{_LEFT + 2}" y="{words}" font-size="8">target {percent:g} %</text>'
    )


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FOLDER])
    return typst.Compiler(_TEMPLATE, root=_FOLDER, font_paths=fonts)


@cache
def _coverage() -> frozenset[int]:
    ranges = [line.split("-") for line in _COVERAGE.read_text().splitlines() if not line.startswith("#")]
    return frozenset(point for first, last in ranges for point in range(int(first, 16), int(last, 16) + 1))
