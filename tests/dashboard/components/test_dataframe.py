"""How a page shows each kind of column."""

import json

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import formats
from dashboard.components import dataframe
from dashboard.tables.columns import Column, Kind, Table, count, days, instant, percent, signed, text
from tests.dashboard.visit import written

PAGE = """
import streamlit as st
from dashboard.components import dataframe
dataframe.show(st.session_state["table"])
"""


def drawn(*columns, rows):
    """The table as it is sent to the browser."""
    app = AppTest.from_string(PAGE)
    app.session_state["table"] = Table(columns).on_screen(pd.DataFrame(rows))
    app.run()
    assert not app.exception
    return app.dataframe[0]


def config(column):
    """What is not left to Streamlit."""
    chosen = {name: value for name, value in dataframe.config(column).items() if value is not None}
    kind = {name: value for name, value in chosen.pop("type_config").items() if value is not None}
    return chosen | kind


SITUATIONS = [
    (text("a", "A"), {"type": "text"}),
    (Column("a", "A", Kind.ORDINAL), {"type": "number", "format": "%d"}),
    (count("a", "A"), {"type": "number", "format": "%,.0f"}),
    (percent("a", "A"), {"type": "number", "format": "%.2f %%"}),
    (signed("a", "A"), {"type": "number"}),
    (days("a", "A"), {"type": "number", "format": "%.1f"}),
    (Column("a", "A", Kind.SECONDS, decimals=2), {"type": "number", "format": "%.2f s"}),
    (instant("a", "A"), {"type": "datetime", "format": "D MMM YYYY, HH:mm", "timezone": "UTC"}),
    (
        Column("a", "A", Kind.INSTANT_WITH_SECONDS),
        {"type": "datetime", "format": "D MMM YYYY, HH:mm:ss", "timezone": "UTC"},
    ),
    (Column("a", "A", Kind.DAY), {"type": "datetime", "format": "D MMM YYYY", "timezone": "UTC"}),
]


@pytest.mark.parametrize(("column", "shown"), SITUATIONS, ids=[column.kind.name for column, _ in SITUATIONS])
def test_each_kind_has_its_look(column, shown):
    assert config(column) == {"label": "A"} | shown


def test_no_kind_is_left_out():
    assert {column.kind for column, _ in SITUATIONS} == {*Kind}


def test_a_definition_is_told_where_the_table_tells_it_and_a_width_is_kept():
    assert "help" not in config(count("a", "A", help="Why."))
    assert config(count("a", "A", help="Why.", helps_on_screen=True))["help"] == "Why."
    assert config(text("a", "A", width=255))["width"] == 255


def test_a_table_has_the_labels_of_its_columns_and_a_dash_for_nothing():
    table = drawn(text("name", "Customer"), count("sold", "Sold"), rows={"sold": [None, 2], "name": ["Nord", None]})
    columns = json.loads(table.proto.columns)
    assert [(name, columns[name]["label"]) for name in table.value] == [("name", "Customer"), ("sold", "Sold")]
    assert table.proto.placeholder == formats.NOTHING


def test_what_goes_up_and_down_is_written_with_its_sign_and_sorted_by_its_number():
    table = drawn(signed("change", "±", decimals=2), rows={"change": [1.5, -1234.0, 0.0, None]})
    assert list(written(table)["change"]) == ["+1.50", "−1,234.00", "±0.00", formats.NOTHING]
    assert list(table.value["change"].dropna()) == [1.5, -1234.0, 0.0]


def test_of_a_long_table_nothing_is_written_beforehand():
    rows = {"change": range(dataframe.AT_ONCE + 1)}
    assert not drawn(signed("change", "±"), rows=rows).proto.arrow_data.styler.display_values


@pytest.mark.parametrize(
    ("state", "row"),
    [
        ({"selection": {"rows": [1], "columns": [], "cells": []}}, 1),
        ({"selection": {"rows": [], "columns": [], "cells": [(0, "n")]}}, 0),
        ({"selection": {"rows": [], "columns": [], "cells": []}}, None),
        ({"selection": {"rows": [2], "cells": []}}, None),
        ({"selection": {"rows": [-1], "cells": []}}, None),
        ({"selection": {"rows": ["1"], "cells": [[1]]}}, None),
        ({"selection": 5}, None),
        (None, None),
    ],
)
def test_a_row_that_is_clicked_is_one_of_the_table(state, row, monkeypatch):
    monkeypatch.setattr(st, "session_state", {"table": state})
    assert dataframe.clicked_row("table", Table((count("n", "N"),)).on_screen(pd.DataFrame({"n": [1, 2]}))) == row
