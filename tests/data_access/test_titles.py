"""What codes are called, and which spelling of one stands for all."""

import pandas as pd
import pytest

from data_access import titles


@pytest.mark.parametrize(
    ("sent", "chosen"),
    [
        (["o365", "O365"], ["o365", "o365"]),
        (["O365"], ["o365"]),
        (["Reseller", " RESELLER"], ["reseller", "reseller"]),
        (["Exchange", "Exchange"], ["Exchange", "Exchange"]),
        (["EXCHANGE", "Exchange"], ["Exchange", "Exchange"]),
        (["Exchange", "EXCHANGE"], ["Exchange", "Exchange"]),
        (["STRASSE", "straße"], ["straße", "straße"]),
    ],
)
def test_the_documented_spelling_of_a_code_stands_for_all_or_else_one_that_was_sent(sent, chosen):
    assert titles.one_spelling(pd.Series(sent, dtype="str")).tolist() == chosen


@pytest.mark.parametrize("code", ["o365", "O365", " O365", "Ｏ365"])
def test_a_code_is_known_however_it_is_spelled(code):
    assert titles.service_title(code) == "Microsoft 365"


def test_an_unknown_code_is_shown_as_it_was_sent():
    assert titles.service_title("Brand-New") == titles.channel_title("Brand-New") == "Brand-New"


def test_titles_are_sorted_for_people_and_figures_as_figures():
    table = pd.DataFrame({"title": ["Zebra", "ärzte", "Arm"], "number": [3, 1, 2]})
    assert table.sort_values("title", key=titles.as_sorted)["title"].tolist() == ["Arm", "ärzte", "Zebra"]
    assert table.sort_values("number", key=titles.as_sorted)["number"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("OFFICE 365 ENTERPRISE E3", "Office 365 Enterprise E3"),
        ("EXCHANGE ONLINE (PLAN 1)", "Exchange Online (Plan 1)"),
        ("ENTERPRISE MOBILITY + SECURITY E5", "Enterprise Mobility + Security E5"),
        ("DOMESTIC AND INTERNATIONAL CALLING PLAN", "Domestic and International Calling Plan"),
        ("DYNAMICS AX TASK", "Dynamics AX Task"),
        ("THE PLAN", "The Plan"),
        ("Visio Plan 2", "Visio Plan 2"),
        ("visio plan 2", "visio plan 2"),
        ("=1+1", "=1+1"),
        ("", ""),
    ],
)
def test_a_product_in_capitals_is_written_as_people_write_it(sent, shown):
    assert titles.product_title(sent) == shown
