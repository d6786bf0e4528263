"""A table on a page: what the browser gets, and what a click in it does."""

import json

import pandas as pd
from streamlit.testing.v1 import AppTest

from dashboard.filters.rows import Arrangement
from dashboard.tables.columns import Order, Table, count, text
from tests.dashboard.visit import headings, tables
from tests.dashboard.visit import text as said

PAGE = """
import streamlit as st
from dashboard.components import table
table.show(st.session_state["table"], "table_of_customers", "Customers", in_link=st.session_state["in_link"])
"""
CUSTOMERS = Table((text("name", "Customer"), count("sold", "Sold"))).on_screen(
    pd.DataFrame({"name": [f"c{number:03}" for number in range(120)], "sold": range(120)}),
    order=Order("name"),
)


def drawn(in_link=True, link=None, **state):
    app = AppTest.from_string(PAGE)
    app.session_state["table"], app.session_state["in_link"] = CUSTOMERS, in_link
    for name, value in state.items():
        app.session_state[name] = value
    app.query_params.update(link or {})
    app.run()
    assert not app.exception
    return app


def first(app):
    return tables(app)["table_of_customers"]["name"][0]


def test_the_link_says_which_rows():
    assert first(drawn()) == "c000"
    assert first(drawn(link={"page": "2"})) == "c050"
    assert first(drawn(link={"column": "-sold"})) == "c119"
    assert first(drawn(link={"column": "-sold", "page": "3"})) == "c019"


def test_a_page_beyond_the_last_one_is_the_last_one_and_that_is_said():
    app = drawn(link={"page": "99"})
    assert first(app) == "c100"
    assert 'Ignored from the link: page "99" of 3, so the last one is shown.' in said(app)


def test_what_is_no_page_is_said():
    app = drawn(link={"page": "two", "column": "-sold"})
    assert first(app) == "c119"
    assert 'Ignored from the link: page "two".' in said(app)
    assert not said(drawn(link={"page": "2"}))


def test_a_column_that_there_is_not_is_named_and_left_out():
    app = drawn(link={"column": "-secret"})
    assert first(app) == "c000"
    assert 'Ignored from the link: column "secret".' in said(app)


def test_what_the_link_says_is_not_for_a_table_that_does_not_stand_in_it():
    link = {"column": "-sold", "page": "2"}
    assert first(drawn(in_link=False, link=link)) == "c000"
    assert first(drawn(in_link=False, table_of_customers_arranged=Arrangement("sold", True, 2))) == "c069"


def test_the_heading_shows_the_order():
    assert headings(drawn(), "table_of_customers")["name"]["sorted"] == "ascending"
    assert headings(drawn(link={"column": "-sold"}), "table_of_customers")["sold"]["sorted"] == "descending"


def test_all_rows_are_in_the_order_of_the_link_for_who_goes_from_one_to_the_next():
    script = """
import json
import streamlit as st
from dashboard.components import table
st.code(json.dumps(table.keys_in_order(st.session_state["table"], [str(number) for number in range(120)])))
"""
    app = AppTest.from_string(script)
    app.session_state["table"] = CUSTOMERS
    assert json.loads(app.run().code[0].value) == [str(number) for number in range(120)]
    app.query_params["column"] = "-sold"
    assert json.loads(app.run().code[0].value) == [str(number) for number in range(119, -1, -1)]
