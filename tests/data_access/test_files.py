"""Files that can be defended: exact for machines, harmless in Excel."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import files
from data_access.catalog import DEPLOYMENT
from tests.rows import frame_of

HOSTILE = ["=1+1", "@SUM(A1)", "+1", "-5 Ltd", "\tx", "\rx", "  =1", "＝1", "=cmd|' /C calc'!A0"]
HARMLESS = ["É", 'a "quoted", one', "two\nlines", "lone\rreturn", "a=b", "", "emoji 🎉"]
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_machine_reads_back_what_was_sent():
    table = frame_of(DEPLOYMENT, [{"proratedDeploymentPercent": 26.16, "licensesSold": 474}])
    assert files.exact(table) == (
        "serviceName,channel,licensesSold,proratedDeploymentPercent,processedDateTime\n"
        "o365,reseller,474,26.16,2026-10-09T00:00:00Z\n"
    )


@given(st.lists(texts, min_size=1, max_size=5))
def test_exact_text_survives(values):
    # A second column, since a lone empty cell would make a blank line.
    table = pd.DataFrame({"name": pd.Series(values, dtype="str"), "n": range(len(values))})
    assert [row[0] for row in read(files.exact(table))[1:]] == values


@pytest.mark.parametrize("text", HOSTILE)
def test_excel_gets_hostile_text_with_an_apostrophe(text):
    content = files.excel(pd.DataFrame({text: pd.Series([text], dtype="str")}))
    assert read(content.decode("utf-8-sig")) == [[f"'{text}"], [f"'{text}"]]


@pytest.mark.parametrize("text", HARMLESS)
def test_excel_gets_other_text_unchanged(text):
    table = pd.DataFrame({"name": pd.Series([text], dtype="str"), "n": [1]})
    assert read(files.excel(table).decode("utf-8-sig"))[1][0] == text


def test_headers_that_become_alike_keep_their_columns():
    table = pd.DataFrame({"=x": pd.Series(["a"], dtype="str"), "'=x": pd.Series(["b"], dtype="str")})
    assert read(files.excel(table).decode("utf-8-sig")) == [["'=x", "'=x"], ["a", "b"]]


def test_negative_numbers_are_numbers():
    table = pd.DataFrame({"change": [-5, 3], "rate": [-0.5, float("nan")]})
    assert read(files.excel(table).decode("utf-8-sig"))[1:] == [["-5", "-0.5"], ["3", ""]]


def test_excel_files_start_with_the_byte_order_mark_and_machine_files_do_not():
    table = frame_of(DEPLOYMENT, [{}])
    assert files.excel(table).startswith(b"\xef\xbb\xbf")
    assert files.exact(table).startswith("serviceName")


def test_the_same_table_makes_the_same_bytes():
    changes = [{"channel": "é"}, {"channel": "direct"}]
    assert files.excel(frame_of(DEPLOYMENT, changes)) == files.excel(frame_of(DEPLOYMENT, changes))


@given(st.lists(texts, min_size=1, max_size=5))
def test_no_cell_that_excel_reads_starts_a_formula(values):
    table = pd.DataFrame({"name": pd.Series(values, dtype="str"), "n": range(len(values))})
    for row in read(files.excel(table).decode("utf-8-sig")):
        assert not row[0].strip(" ").startswith(("=", "+", "-", "@"))
