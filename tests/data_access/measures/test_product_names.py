"""A product keeps its id when Microsoft renames it."""

import pandas as pd

from data_access.measures import product_names
from data_access.measures.unread_rows import Absence, UnreadRows


def rows(*products, **more):
    return pd.DataFrame([*products], columns=["productId", "productName"], dtype="str").assign(**more)


def test_a_renamed_product_has_its_newest_name_on_all_dates():
    then = rows(("P1", "VISIO PLAN 2"), ("P2", "PROJECT P3"), ("P1", "Visio Plan  2"), licensesSold=[1, 2, 3])
    now = rows(("P1", "VISIO PLAN TWO"), ("P2", "Project P3"))
    named = product_names.as_in(now, then)
    assert [*named["productName"]] == ["VISIO PLAN TWO", "Project P3", "VISIO PLAN TWO"]
    assert [*named["licensesSold"]] == [1, 2, 3]


def test_what_has_no_id_or_is_not_there_or_shares_its_id_with_others_keeps_its_name():
    then = rows((None, "VISIO PLAN 2"), ("P2", "PROJECT P3"), ("P3", "EMS E5"), ("P4", None))
    now = rows((None, "VISIO PLAN TWO"), ("P3", "EMS E3"), ("P3", "EMS E5"), ("P4", "Teams"))
    assert product_names.as_in(now, then) is then
    assert product_names.as_in(rows(), then) is then
    shared = rows(("P1", "A"), ("P1", "B"))
    assert product_names.as_in(rows(("P1", "C")), shared) is shared
    assert product_names.as_in(now, then[["productName"]]).equals(then[["productName"]])


def test_a_row_that_was_not_read_is_of_the_product_with_its_id_whatever_it_is_called_now():
    aside = UnreadRows(({"productId": "p1", "productName": "visio plan two", "channel": "direct"}, {"channel": "x"}))
    then = rows(("P1", "VISIO PLAN 2"), ("P2", "PROJECT P3"))
    named = product_names.of_unread(aside, then)
    assert named.rows == ({**aside.rows[0], "productName": "visio plan 2"}, {"channel": "x"})
    assert named.why(pd.DataFrame({"productName": ["visio plan 2", "project p3"], "channel": "direct"})) == [
        Absence.UNREAD,
        Absence.GONE,
    ]
    shared = rows(("P1", "A"), ("P1", "B"))
    assert product_names.of_unread(aside, shared).rows == aside.rows
    assert product_names.of_unread(aside, then[["productName"]]) is aside


def test_of_several_answers_the_newest_one_with_the_product_names_it():
    several = rows(("P1", "A"), ("P2", "C"), ("P1", "B"), snapshot=["00000001", "00000001", "00000002"])
    assert [*product_names.as_lately(several)["productName"]] == ["B", "C", "B"]
