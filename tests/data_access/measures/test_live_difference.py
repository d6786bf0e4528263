"""The difference between live seats and the analytics."""

import pandas as pd

from data_access import texts
from data_access.measures.live_difference import differences, left_out
from data_access.measures.unread_rows import UnreadRows

E3, E5, FREE = "AAAAAAAA-1", "BBBBBBBB-2", "CCCCCCCC-3"


def seats(*rows):
    names = [
        "customerTenantId",
        "customerName",
        "productId",
        "productName",
        "activeUnits",
        "consumedUnits",
        "totalUnits",
    ]
    counts = dict.fromkeys(names[4:], "Int64")
    return pd.DataFrame([(*row, row[4]) for row in rows], columns=names).astype(counts)


def counts(*rows):
    names = ["customerTenantId", "customerName", "productId", "productName", "licensesSold", "licensesDeployed"]
    return pd.DataFrame(rows, columns=names)


def test_both_sides_are_added_up_and_the_largest_difference_comes_first():
    found = differences(
        seats(
            ("A", "Nord", E3, "E3 now", 10, 4), ("A", "Nord", E3.lower(), "E3 now", 2, 0), ("B", "Süd", E5, "E5", 7, 7)
        ),
        counts(("A", "Nord", E3, "OFFICE 365 E3", 6, 4), ("A", "Nord", E3, "OFFICE 365 E3", 5, 0)),
    )
    columns = ["customerName", "productName", "licensesSold", "activeUnits", "soldChange", "deployedChange"]
    assert found[columns].to_numpy().tolist() == [
        ["Süd", "E5", 0, 7, 7, 7],
        ["Nord", "OFFICE 365 E3", 11, 12, 1, 0],
    ]


def test_what_one_side_does_not_have_counts_as_none_but_for_customers_that_were_not_read():
    analytics = counts(("A", "Nord", E3, "E3", 6, 4), ("B", "Süd", E3, "E3", 5, 1))
    found = differences(seats(), analytics, unread=["B"])
    assert found[["customerTenantId", "soldChange", "deployedChange"]].to_numpy().tolist() == [["A", -6, -4]]


def test_what_the_analytics_could_not_tell_is_not_known_to_differ():
    def known(*rows, missing=0):
        seen = seats(("A", "Nord", E3.lower(), "E3", 2, 1), ("A", "Nord", E5, "E5", 3, 1), ("B", "Süd", E3, "E3", 4, 1))
        analytics = counts(("A", "Nord", E5, "E5", 3, 1), ("C", "West", E5, "E5", 3, 1))
        found = differences(seen, analytics, counts_unread=UnreadRows(rows, missing))
        keys = zip(found["customerTenantId"], found["productId"], strict=True)
        return [key for key, is_known in zip(keys, found["isKnown"], strict=True) if not is_known]

    assert known() == []
    own = {"customerTenantId": "a", "productName": "e3"}
    assert known({**own, "productId": texts.key(E3)}) == [("A", E3)]
    assert known({**own, "productId": texts.key(E5)}) == [("A", E5)], "another row of it could be read"
    assert known(own) == [("A", E3)], "a product that is there is as it was sent"
    assert known(missing=1) == [("B", E3), ("A", E3)]


def test_a_product_on_trial_alone_is_left_out_on_both_sides_and_counted():
    both = (
        seats(("A", "Nord", E3.lower(), "E3", 548, 2), ("A", "Nord", E5, "E5", 9, 1)),
        counts(("A", "Nord", E3, "E3", 546, 2), ("A", "Nord", E5, "E5", 8, 1), ("B", "Süd", E3, "E3", 5, 1)),
        pd.DataFrame({"customerTenantId": ["A"], "productId": [E3], "isTrial": [True]}),
        ["B"],
    )
    assert differences(*both)[["productName", "soldChange"]].to_numpy().tolist() == [["E5", 1]]
    assert left_out(*both) == 1
    assert left_out(*both[:2]) == 0


def test_free_products_are_left_out():
    assert differences(seats(("A", "Nord", FREE, "Free", 1_000_000, 3)), counts()).empty
    assert differences(seats(), counts()).empty
