"""The order and the page of a table's rows in the link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters import rows
from dashboard.filters.parameters import ROWS
from dashboard.filters.rows import Arrangement


@pytest.mark.parametrize(
    ("link", "means"),
    [
        ({}, Arrangement()),
        ({"column": ["licensesSold"]}, Arrangement("licensesSold")),
        ({"column": ["-licensesSold"], "page": ["2"]}, Arrangement("licensesSold", descending=True, page=2)),
        ({"column": ["a", "-b"], "page": ["2", "3"]}, Arrangement("b", descending=True, page=3)),
        ({"page": ["0"]}, Arrangement()),
        ({"page": ["-1", "²", "1e9", "9" * 30, "", "x"]}, Arrangement()),
        ({"column": ["-"]}, Arrangement("", descending=True)),
    ],
)
def test_a_link_says_order_and_page(link, means):
    assert ROWS.read(link).value == means


def test_what_is_no_page_is_named():
    assert ROWS.read({"page": ["two", "2"]}).unknown == {"page": ["two"]}
    assert ROWS.read({"page": ["0", "9" * 30]}).unknown == {"page": ["0", "9" * 30]}


@given(st.builds(Arrangement, st.text("abc%", min_size=1, max_size=9), st.booleans(), st.integers(1, 10**8)))
def test_what_is_written_is_read_again(arrangement):
    assert ROWS.read(ROWS.write(arrangement)).value == arrangement


def test_what_is_as_by_default_stays_out_of_the_link():
    assert ROWS.write(Arrangement()) == {"column": [], "page": []}


@pytest.mark.parametrize(
    ("state", "asked"),
    [
        ({"column": "sold", "downwards": True, "page": 2}, Arrangement("sold", True, 2)),
        ({"column": "", "downwards": False, "page": 2}, Arrangement(page=2)),
        ({"column": "secret", "downwards": True, "page": 2}, None),
        ({"column": "sold", "downwards": 1, "page": 2}, None),
        ({"column": "sold", "downwards": True, "page": 0}, None),
        ({"column": ["sold"], "downwards": True, "page": 1}, None),
        ({"page": 1}, None),
        ("sold", None),
        (None, None),
    ],
)
def test_a_click_is_of_the_table_or_none(state, asked):
    assert rows.asked({"arranged": state}, {"name", "sold"}) == asked


def test_a_table_that_nobody_clicked_on_asks_for_nothing():
    assert rows.asked(None, {"name"}) is None
