"""Files that can be defended: exact for machines, harmless in Excel."""

import csv
import io
import unicodedata
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_access import csv_files
from data_access.partner_center import frames
from data_access.partner_center.catalog import DEPLOYMENT
from tests.rows import frame_of

SEPARATORS = [",", ";", "\t"]  # what Excel cuts lines at, by the language of the machine
#: Cells of one name where lists have semicolons, or where a tab ends a cell.
SPLITTING = [
    "Nord;=1+1",
    "a\t=1",
    "a;;=1",
    "a; =1",
    'a;"=1"',
    'a;""=1',
    "a\n=1",
    "a\r\n=1",
    "a\n;\t@x",
    "a;－1",
    "a\t\t-1",
    "a;\u00a0=1",
    "a\t\u3000\u2003@x",
    "a;\x85=1",
]
HOSTILE = ["=1+1", "@SUM(A1)", "+1", "-5 Ltd", "\tx", "\rx", "  =1", "＝1", "=cmd|' /C calc'!A0"]
HOSTILE += ["\u00a0=1", "\u2003=1", "\u3000＝1", " \u00a0\u2009-1", "\u202f\tx"]
HOSTILE += [f"{sign}=1" for sign in "\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028"]
UNSEEN = "".join(sign for sign in map(chr, range(0x10000)) if unicodedata.category(sign) in ("Zs", "Zl", "Zp", "Cc"))
HARMLESS = [
    "0815",
    "3-12",
    "Smith, -Jones",
    "Nord; Süd",
    "a;b=c",
    "É",
    'a "quoted", one',
    "two\nlines",
    "lone\rreturn",
    "a=b",
    "",
    "emoji 🎉",
    "\u00a0Nord",
    "a\u3000=1",
]
# So that they meet more often than by chance.
MARKS = st.sampled_from(['"', ",", ";", "\t", "\n", "\r", " ", "\u00a0", "\u3000", "=", "-", "É", "🎉"])
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0") | MARKS)
INSTANTS = st.integers(-(2**51), 2**52).map(lambda microseconds: pd.Timestamp(microseconds, unit="us", tz="UTC"))
COLUMNS = {
    "code": (st.none() | st.sampled_from(["a", 'b, "c"', "=1", ""]), "category"),
    "name": (st.none() | texts, "str"),
    "count": (st.integers(-(2**63), 2**63 - 1), "int64"),
    "percent": (st.floats() | st.sampled_from([1e300, -0.0, 26.16]), "float64"),
    "processed": (st.none() | INSTANTS, frames.INSTANT),
}


@st.composite
def tables(draw, fewest):
    """Tables of up to five rows, and of at least so many of the `COLUMNS` in any order."""
    names = draw(st.lists(st.sampled_from([*COLUMNS]), min_size=fewest, unique=True))
    length = draw(st.integers(0, 5))
    return pd.DataFrame(
        {
            name: pd.Series(draw(st.lists(values, min_size=length, max_size=length)), dtype=dtype)
            for name in names
            for values, dtype in [COLUMNS[name]]
        }
    )


def written(table, line_end, change=lambda text: text):
    """The table as the csv module writes it, each text as `change` makes it."""
    rows: list[str] = []
    # Given \r\n for the line end, the csv module quotes every text with one of the two, on every version of Python.
    writer = csv.writer(SimpleNamespace(write=rows.append), lineterminator="\r\n")
    for values in [list(table.columns), *(record.values() for record in frames.records(table))]:
        writer.writerow([change(value) if isinstance(value, str) else value for value in values])
    return "".join(row.removesuffix("\r\n") + line_end for row in rows)


def disarmed(text):
    """An apostrophe at the start of what would be a formula, and of what would be one after a mark within the text."""
    signs, done, cut = "=+-@＝＋－＠", "", False
    for sign in text:
        done += f"'{sign}" if cut and sign in signs else sign
        cut = sign in ";\t\r\n" or (cut and sign in f'{UNSEEN}"')
    seen = text.lstrip(UNSEEN)
    unseen = text[: len(text) - len(seen)]
    return f"'{done}" if seen.startswith(tuple(signs)) or set(unseen) & set("\t\r\n\0") else done


def read(text: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def is_formula(cell):
    return cell.lstrip(UNSEEN).startswith(tuple("=+-@＝＋－＠"))


def test_a_machine_reads_back_what_was_sent():
    table = frame_of(DEPLOYMENT, [{"proratedDeploymentPercent": 26.16, "licensesSold": 474}])
    assert csv_files.exact(table) == (
        b"serviceName,channel,licensesSold,proratedDeploymentPercent,processedDateTime\n"
        b"o365,reseller,474,26.16,2026-10-09T00:00:00Z\n"
    )


@given(st.lists(texts, min_size=1, max_size=5))
def test_exact_text_survives(values):
    # A second column, since a lone empty cell would make a blank line.
    table = pd.DataFrame({"name": pd.Series(values, dtype="str"), "n": range(len(values))})
    assert [row[0] for row in read(csv_files.exact(table).decode())[1:]] == values


@given(tables(1), texts)
@example(pd.DataFrame({"name": pd.Series([None, "", "\r", 'a "b", c'], dtype="str")}), "")
def test_files_are_those_of_the_csv_module(table, name):
    table = table.rename(columns={table.columns[0]: name})
    assert csv_files.exact(table).decode() == written(table, "\n")
    assert csv_files.excel(table).decode("utf-8-sig") == written(table, "\r\n", disarmed)


@given(tables(len(COLUMNS)))
def test_pandas_reads_back_what_was_sent(table):
    back = pd.read_csv(
        io.BytesIO(csv_files.exact(table)),
        dtype={"code": "str", "name": "str", "count": "int64", "percent": "float64", "processed": "str"},
        keep_default_na=False,
        na_values={"percent": [""], "processed": [""]},
    )
    back["processed"] = pd.to_datetime(back["processed"], format="ISO8601", utc=True).dt.as_unit("us")
    # An empty cell is all that a file has for both an empty text and a missing one.
    sent = table.assign(code=table["code"].astype("str").fillna(""), name=table["name"].fillna(""))
    pd.testing.assert_frame_equal(back, sent, check_exact=True)


@pytest.mark.parametrize("text", HOSTILE)
def test_excel_gets_hostile_text_with_an_apostrophe(text):
    content = csv_files.excel(pd.DataFrame({text: pd.Series([text], dtype="str")}))
    assert read(content.decode("utf-8-sig")) == [[f"'{text}"], [f"'{text}"]]


@pytest.mark.parametrize("text", [*SPLITTING, *HOSTILE])
@pytest.mark.parametrize("separator", SEPARATORS)
def test_no_language_of_excel_finds_a_formula(text, separator):
    table = pd.DataFrame({"name": pd.Series(["Nord"], dtype="str"), text: pd.Series([text], dtype="str"), "n": [5]})
    for order in (["name", text, "n"], [text, "n", "name"]):
        rows = read(csv_files.excel(table[order]).decode("utf-8-sig"), separator)
        assert not [cell for row in rows for cell in row if is_formula(cell)]


def test_a_machine_gets_what_splits_lines_as_it_is():
    table = pd.DataFrame({"name": pd.Series(SPLITTING, dtype="str"), "n": 1})
    assert [row[0] for row in read(csv_files.exact(table).decode())[1:]] == SPLITTING


@pytest.mark.parametrize("text", HARMLESS)
def test_excel_gets_other_text_unchanged(text):
    table = pd.DataFrame({"name": pd.Series([text], dtype="str"), "n": [1]})
    assert read(csv_files.excel(table).decode("utf-8-sig"))[1][0] == text


def test_headers_that_become_alike_keep_their_columns():
    table = pd.DataFrame({"=x": pd.Series(["a"], dtype="str"), "'=x": pd.Series(["b"], dtype="str")})
    assert read(csv_files.excel(table).decode("utf-8-sig")) == [["'=x", "'=x"], ["a", "b"]]


def test_negative_numbers_are_numbers():
    table = pd.DataFrame({"change": [-5, 3], "rate": [-0.5, float("nan")]})
    assert read(csv_files.excel(table).decode("utf-8-sig"))[1:] == [["-5", "-0.5"], ["3", ""]]


def test_excel_files_start_with_the_byte_order_mark_and_machine_files_do_not():
    table = frame_of(DEPLOYMENT, [{}])
    assert csv_files.excel(table).startswith(b"\xef\xbb\xbf")
    assert csv_files.exact(table).startswith(b"serviceName")


def test_a_file_is_these_bytes_and_no_others():
    table = frame_of(DEPLOYMENT, [{"channel": "é"}, {"channel": "=direct", "proratedDeploymentPercent": 26.16}])
    header = "serviceName,channel,licensesSold,proratedDeploymentPercent,processedDateTime"
    rows = ["o365,é,100,50.0,2026-10-09T00:00:00Z", "o365,{}=direct,100,26.16,2026-10-09T00:00:00Z"]
    assert csv_files.exact(table) == "\n".join([header, *rows, ""]).format("").encode()
    assert csv_files.excel(table) == "\r\n".join([header, *rows, ""]).format("'").encode("utf-8-sig")


@given(st.lists(st.tuples(texts, st.integers(-9, 9), texts), min_size=1, max_size=5), texts)
def test_no_cell_starts_a_formula_whatever_lines_are_cut_at(rows, name):
    first, numbers, last = zip(*rows, strict=True)
    texts_of = {name: pd.Series(first, dtype="str"), f"{name} ": numbers, f"{name}  ": pd.Series(last, dtype="str")}
    content = csv_files.excel(pd.DataFrame(texts_of)).decode("utf-8-sig")
    for separator in SEPARATORS:
        cells = [cell for row in read(content, separator) for cell in row]
        assert not [cell for cell in cells if is_formula(cell) and cell not in map(str, numbers)]
    assert [int(row[1]) for row in read(content)[1:]] == [*numbers]


@pytest.mark.parametrize("rows", [4, 40_000])
def test_flags_are_true_or_false_and_units_may_be_missing(rows):
    flags, units = pd.array([True, False, None, True], "boolean"), pd.array([0, 7, None, 1], "Int64")
    table = pd.DataFrame({"isTrial": flags, "quantity": units})
    table = pd.concat([table] * (rows // 4), ignore_index=True)
    lines = csv_files.exact(table).decode().splitlines()
    assert lines[:5] == ["isTrial,quantity", "true,0", "false,7", ",", "true,1"]
    assert len(lines) == rows + 1
