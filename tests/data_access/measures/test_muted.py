"""Which lines are muted: a mute speaks of a customer, of a product, or of a product at a customer."""

from datetime import date

import pandas as pd
import pytest

from data_access.measures import muted
from data_access.mutes import Mute

NORD, SUED = "0112A436-B14E-4888-967B-CA4BB2CF0001", "0112A436-B14E-4888-967B-CA4BB2CF0002"
E3, E5 = "6FD2C87F-B296-42F0-B197-1E91E994B900", "6FD2C87F-B296-42F0-B197-1E91E994B905"
ROWS = pd.DataFrame(
    [(NORD, E3), (NORD, E3), (NORD, E5), (SUED, E3), (SUED, None)], columns=["customerTenantId", "productId"]
).astype("str")


def mute(customer=None, product=None):
    return Mute(customer=customer, product=product, reason="x", until=date(2027, 1, 31))


WHOLE, EVERYWHERE, ONE = mute(NORD), mute(product=E3), mute(NORD, E3)


@pytest.mark.parametrize(
    ("mutes", "marked"),
    [
        ([], [False, False, False, False, False]),
        ([WHOLE], [True, True, True, False, False]),
        ([EVERYWHERE], [True, True, False, True, False]),
        ([ONE], [True, True, False, False, False]),
        ([WHOLE, EVERYWHERE], [True, True, True, True, False]),
    ],
)
def test_rows_of_muted_customers_and_products_are_marked(mutes, marked):
    assert [*muted.rows(mutes, ROWS)] == marked
    assert len(muted.of_rows(mutes, ROWS)) == sum(marked)


@pytest.mark.parametrize(
    ("mutes", "lines"),
    [([], []), ([WHOLE], [WHOLE]), ([EVERYWHERE], [EVERYWHERE] * 2), ([ONE], [ONE]), ([WHOLE, ONE], [WHOLE]),
     ([WHOLE, EVERYWHERE], [WHOLE, EVERYWHERE])],
)  # fmt: skip
def test_a_line_is_a_customer_or_a_product_at_one_and_counts_once(mutes, lines):
    assert muted.lines(mutes, ROWS) == lines


def test_a_mute_of_all_of_a_customer_is_none_of_its_products():
    assert muted.customers([WHOLE, ONE], [NORD, SUED]) == {NORD: WHOLE}
    assert muted.products([WHOLE], ROWS) is None


def test_what_is_left_without_muted_rows():
    assert [*muted.without([ONE, mute(SUED)], ROWS).index] == [2]
    assert muted.without([], ROWS) is ROWS


def test_a_customers_own_lines_are_its_products_unless_it_is_muted_itself():
    assert muted.of_one([ONE, EVERYWHERE, mute(SUED)], NORD, [E3, E5, E3]) == [ONE]
    assert muted.of_one([WHOLE, ONE], NORD, [E3, E5]) == [WHOLE]


def test_a_page_of_a_customer_tells_of_mutes_that_are_about_it():
    about = [muted.is_about(each, SUED, [E3]) for each in (WHOLE, EVERYWHERE, ONE, mute(SUED), mute(SUED, E5))]
    assert about == [False, True, False, True, False]
