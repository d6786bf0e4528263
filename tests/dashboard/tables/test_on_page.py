"""One page of a table: which rows, in which order, and how each kind of value is written."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from dashboard import formats
from dashboard.tables import on_page
from dashboard.tables.columns import Column, Kind, Order, Table, Total, count, days, instant, percent, signed, text

NAME, SOLD = text("name", "Customer"), count("sold", "Sold", help="How many.")


def on_screen(*columns, rows, **more):
    return Table(columns).on_screen(pd.DataFrame(rows), **more)


def drawn(*columns, rows, order=None, page=1, **more):
    """One page as the browser gets it."""
    table = on_screen(*columns, rows=rows, **more)
    places = on_page.places(table, order) if order else None
    return on_page.content(table, order, places, page)


def column_of(content, place=0):
    return [row[place] for row in content["rows"]]


NOON = datetime(2026, 10, 9, 12, 5, 7, tzinfo=UTC)
MIDNIGHT = datetime(2026, 10, 9, tzinfo=UTC)
LOOKS = [
    (text("a", "A"), "<b>=1+1</b>\n![x](http://evil)", "<b>=1+1</b> ![x](http://evil)"),
    (text("a", "A"), "\u202eevil\u2066", "evil"),
    (text("a", "A"), " ", formats.NOTHING),
    (Column("a", "A", Kind.ORDINAL), 1234, "1234"),
    (count("a", "A"), 9517, "9,517"),
    (count("a", "A"), -9517, "−9,517"),
    (percent("a", "A"), 59.375, "59.38\u00a0%"),
    (percent("a", "A", as_sent=True), 59.375, "59.375\u00a0%"),
    (percent("a", "A"), 80, "80.00\u00a0%"),
    (signed("a", "A", decimals=2), -1234.5, "−1,234.50"),
    (signed("a", "A"), 0.0, "±0"),
    (days("a", "A"), 2.25, "2.2"),
    (Column("a", "A", Kind.SECONDS, decimals=2), 0.5, "0.50\u00a0s"),
    (instant("a", "A"), NOON, "9 Oct 2026, 12:05"),
    (instant("a", "A"), MIDNIGHT, "9 Oct 2026"),
    (Column("a", "A", Kind.INSTANT_WITH_SECONDS), NOON, "9 Oct 2026, 12:05:07"),
    (Column("a", "A", Kind.DAY), NOON, "9 Oct 2026"),
    (Column("a", "A", Kind.TEXTS), ["one", "\u202etwo"], ["one", "two"]),
]


@pytest.mark.parametrize(("column", "value", "said"), LOOKS)
def test_each_kind_has_its_look(column, value, said):
    assert drawn(column, rows={"a": [value]})["rows"] == [[said]]


def test_rows_have_their_parts_with_them_in_any_order():
    wholes, parts = {"name": ["A", "B", "C"], "sold": [3, 5, 1]}, {"name": ["x", "y", "z"], "of": ["B", "A", "B"]}
    table = Table((NAME, SOLD), ("of",)).on_screen(
        pd.DataFrame(wholes | {"of": wholes["name"]}),
        parts=pd.DataFrame(parts | {"sold": [2, 3, 3]}),
        whole="of",
    )
    order = Order("sold", descending=True)
    page = on_page.content(table, order, on_page.places(table, order), 1)
    assert page["rows"] == [["B", "5"], ["A", "3"], ["C", "1"]]
    assert page["parts"] == [
        {"of": "B", "rows": [["x", "2"], ["z", "3"]]},
        {"of": "A", "rows": [["y", "3"]]},
        {"of": "C", "rows": []},
    ]
    assert page["range"] == "1–3 of 3"


@pytest.mark.parametrize(
    ("number", "printed", "cut"),
    [(50, None, ""), (51, 51, ""), (200, 200, ""), (201, None, "1–50 of 201 rows; the files have all.")],
)
def test_a_table_of_some_pages_is_printed_whole_and_a_long_one_says_that_it_is_not(number, printed, cut):
    page = drawn(SOLD, rows={"sold": range(number)}, order=Order("sold", descending=True))
    assert len(page["rows"]) == 50
    assert (page["paper"] and len(page["paper"]), page["cut"]) == (printed, cut)
    if printed:
        assert page["paper"][:50] == page["rows"]


def test_an_instant_told_in_another_zone_has_utc_beside_it():
    column = text("day", "Ends (Europe/Berlin)", utc="at")
    table = Table((column,), ("at",)).on_screen(
        pd.DataFrame({"day": ["9 Oct 2026, 14:05", "before 1 Dec 2026"], "at": pd.Series([NOON, None])})
    )
    content = on_page.content(table, None, None, 1)
    assert [heading["isTime"] for heading in content["columns"]] == [True]  # so that no line breaks in it
    (first,), (second,) = content["rows"]
    assert first == {"text": "9 Oct 2026, 14:05", "hint": "9 Oct 2026, 12:05 UTC"}
    assert second == "before 1 Dec 2026"


def test_a_note_stands_below_the_text_of_the_rows_that_have_one():
    table = Table((text("name", "Name", note="more"),), ("more",)).on_screen(
        pd.DataFrame({"name": ["A", "B"], "more": pd.Series(["one\nof two", None], dtype="str")})
    )
    assert on_page.content(table, None, None, 1)["rows"] == [[{"text": "A", "note": "one of two"}], ["B"]]
    assert [heading["name"] for heading in on_page.content(table, None, None, 1)["columns"]] == ["name"]


def test_a_column_without_a_name_stands_beside_no_other():
    nameless = text("", "")
    assert drawn(nameless, SOLD, rows={"": ["x"], "sold": [1]})["rows"] == [["x", "1"]]


def test_what_is_shown_can_be_ordered_by_other_values():
    rows = {"day": ["9 Oct", "before 1 Dec", "30 Nov"], "instant": [1.0, 3.0, 2.0]}
    table = Table((text("day", "Day", by="instant"),), behind=("instant",)).on_screen(pd.DataFrame(rows))
    content = on_page.content(table, Order("day"), on_page.places(table, Order("day")), 1)
    assert column_of(content) == ["9 Oct", "30 Nov", "before 1 Dec"]


def test_no_kind_is_left_out_and_each_says_nothing_where_there_is_nothing():
    assert {column.kind for column, *_ in LOOKS} == {*Kind}
    for column, value, _ in LOOKS:
        assert drawn(column, rows={"a": [value, None]})["rows"][1] == [formats.NOTHING]


def test_beside_a_figure_stand_its_bar_its_news_and_its_line():
    deployed = percent("deployed", "Deployed", bar=True)
    rose = signed("rose", "Change", decimals=1, good=1, line="points")
    rows = {"deployed": [70.5, None], "rose": [1.5, None], "points": [[1.0, 2.5], None]}
    table = Table((deployed, rose), behind=("points",)).on_screen(pd.DataFrame(rows))
    assert on_page.content(table, None, None, 1)["rows"] == [
        [
            {"text": "70.50\u00a0%", "bar": 70.5},
            {"text": "+1.5", "news": "up good", "line": [1.0, 2.5]},
        ],
        [formats.NOTHING, formats.NOTHING],
    ]


@pytest.mark.parametrize(
    ("value", "good", "news"),
    [(2, 1, "up good"), (-2, 1, "down bad"), (2, -1, "up bad"), (-2, -1, "down good"), (0.2, 1, "still")],
)
def test_a_change_is_news_of_the_kind_that_its_column_says(value, good, news):
    assert drawn(signed("a", "A", good=good), rows={"a": [value]})["rows"][0][0]["news"] == news


NAMES = ["Zebra", None, "ärzte", "Adesso", "zebra ", "Äpfel"]


@pytest.mark.parametrize(
    ("column", "values", "descending", "places"),
    [
        (SOLD, [5, None, 10, -3], False, [3, 0, 2, 1]),
        (SOLD, [5, None, 10, -3], True, [2, 0, 3, 1]),
        (SOLD, [1, 2, 1, 2, 1], True, [1, 3, 0, 2, 4]),  # equal ones stay as they were
        (NAME, NAMES, False, [3, 5, 2, 0, 4, 1]),
        (NAME, NAMES, True, [0, 4, 2, 5, 3, 1]),
        (NAME, pd.Categorical(NAMES), False, [3, 5, 2, 0, 4, 1]),
        (NAME, [None, None], False, [0, 1]),
        (instant("at", "At"), [NOON, None, MIDNIGHT], True, [0, 2, 1]),
    ],
)
def test_the_order_is_that_of_all_rows_and_what_is_missing_comes_last(column, values, descending, places):
    table = Table((column,)).on_screen(pd.DataFrame({column.name: values}, dtype=None))
    rows = table if table.columns else Table((column,)).on_screen(pd.DataFrame({column.name: [*values]}))
    assert on_page.places(rows, Order(column.name, descending)).tolist() == places


def test_the_lowest_of_all_rows_comes_first_though_it_stood_on_the_second_page():
    rows = {"sold": [*range(100, 0, -1)]}
    assert column_of(drawn(SOLD, rows=rows))[:2] == ["100", "99"]
    assert column_of(drawn(SOLD, rows=rows, order=Order("sold")))[:2] == ["1", "2"]
    assert column_of(drawn(SOLD, rows=rows, order=Order("sold"), page=2))[0] == "51"


@pytest.mark.parametrize(
    ("number", "page", "pages", "said"),
    [
        (0, 1, 1, "no rows"),
        (50, 1, 1, "1–50 of 50"),
        (120, 1, 3, "1–50 of 120"),
        (1120, 23, 23, "1,101–1,120 of 1,120"),
    ],
)
def test_a_page_says_which_rows_it_has(number, page, pages, said):
    content = drawn(SOLD, rows={"sold": np.arange(number)}, page=page)
    assert (content["pages"], content["range"]) == (pages, said)


def test_a_heading_says_how_it_is_sorted_and_what_the_next_click_does():
    columns, rows = (NAME, SOLD, Column("why", "Why", Kind.TEXTS)), {"name": ["a"], "sold": [1], "why": [["x"]]}

    def said(content):
        return [(head["sorted"], head["downwards"], head["sortable"]) for head in content["columns"]]

    assert said(drawn(*columns, rows=rows)) == [("none", False, True), ("none", True, True), ("none", False, False)]
    assert said(drawn(*columns, rows=rows, order=Order("sold", True)))[1] == ("descending", False, True)
    assert said(drawn(*columns, rows=rows, order=Order("name")))[0] == ("ascending", True, True)


def test_a_percentage_is_sorted_from_the_lowest_first():
    (head,) = drawn(Column("percent", "Deployment %", Kind.PERCENT), rows={"percent": [50.0]})["columns"]
    assert not head["downwards"]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (Order("percent"), "Sorted by *Deployment %*, from lowest to highest."),
        (Order("percent", descending=True), "Sorted by *Deployment %*, from highest to lowest."),
        (Order("name"), "Sorted by *Customer*, from A to Z."),
        (Order("act"), "Sorted by *Last day*, from earliest to latest."),
    ],
)
def test_an_order_can_be_said(order, said):
    columns = (
        Column("percent", "Deployment %", Kind.PERCENT),
        Column("name", "Customer", Kind.TEXT),
        Column("act", "Last day", Kind.TEXT, by="actBy"),
    )
    rows = pd.DataFrame({"percent": [1.0], "name": ["a"], "act": ["1 Dec"], "actBy": [pd.Timestamp(0, tz="UTC")]})
    assert on_page.in_order(Table(columns, ("actBy",)).on_screen(rows), order) == said


def test_the_order_of_the_page_itself_is_said_too():
    table = Table((SOLD,)).on_screen(pd.DataFrame({"sold": [2, 1]}), order=Order("sold", descending=True))
    content = on_page.content(table, None, None, 1)
    assert (content["columns"][0]["sorted"], content["isArranged"]) == ("descending", False)


def test_a_code_is_told_in_words_and_sorted_by_them():
    words = {"o365": "Microsoft 365", "crm": "Dynamics 365", "B": "B"}
    content = drawn(text("a", "Service", told=words.__getitem__), rows={"a": [*words]}, order=Order("a"))
    assert column_of(content) == ["B", "Dynamics 365", "Microsoft 365"]


def test_a_total_stands_under_the_columns_that_it_sums():
    total = Total("Both customers", {"sold": 1234, "share": None})
    content = drawn(NAME, SOLD, percent("share", "Share"), days("age", "Age"), total=total,
                    rows={"name": ["a"], "sold": [1], "share": [1], "age": [1]})  # fmt: skip
    assert content["total"] == ["Both customers", "1,234", formats.NOTHING, ""]


def test_rows_are_opened_by_a_key_that_is_not_on_screen():
    table = Table((SOLD,), behind=("id",)).on_screen(pd.DataFrame({"sold": [1, 2], "id": ["A", None]}))
    assert on_page.content(table, None, None, 1, key="id")["keys"] == ["A", None]


def test_only_what_is_on_screen_and_has_an_order_can_be_sorted():
    table = Table((NAME, Column("why", "Why", Kind.TEXTS)), behind=("id",)).on_screen(
        pd.DataFrame({"name": ["a"], "why": [["x"]], "id": ["A"]})
    )
    assert on_page.sortable(table) == {"name"}


def test_a_percentage_that_misses_the_target_is_not_rounded_up_to_it():
    table = on_screen(percent("deployed", "Deployed"), rows={"deployed": [79.9999, 80.0]})
    content = on_page.content(table, None, None, 1, target=80.0)
    assert column_of(content) == ["79.99\u00a0%", "80.00\u00a0%"]
