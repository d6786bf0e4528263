"""Mutes: what they are about, when they end, how they are counted, and which ones a page may set."""

from datetime import UTC, date, datetime, timedelta

import pytest

from data_access import mutes
from data_access.mutes import Mute

CUSTOMER, OTHER = "0112A436-B14E-4888-967B-CA4BB2CF1234", "0112A436-B14E-4888-967B-CA4BB2CF5678"
PRODUCT = "6FD2C87F-B296-42F0-B197-1E91E994B900"
TODAY = date(2026, 11, 29)
UNTIL = date(2027, 1, 31)


def mute(reason="migration", until=UNTIL, customer=CUSTOMER, product=None):
    return Mute(customer=customer, product=product, reason=reason, until=until)


@pytest.mark.parametrize(
    ("customer", "product", "covered"),
    [(CUSTOMER, PRODUCT, True), (CUSTOMER.lower(), PRODUCT.lower(), True), (CUSTOMER, OTHER, False),
     (CUSTOMER, None, False), (OTHER, PRODUCT, False)],
)  # fmt: skip
def test_a_mute_of_a_product_at_a_customer_is_of_both(customer, product, covered):
    assert mute(product=PRODUCT).covers(customer, product) is covered


@pytest.mark.parametrize(
    ("at", "holds"),
    [(datetime(2027, 1, 30, 23, 59, 59, 999999, tzinfo=UTC), True), (datetime(2027, 1, 31, tzinfo=UTC), False)],
)
def test_a_mute_ends_at_its_second(at, holds):
    assert mute().holds(at) is holds


def test_of_several_mutes_of_a_line_the_one_that_ends_last_counts():
    short, long = mute(until=UNTIL - timedelta(days=9)), mute()
    assert mutes.of([long, short, mute(customer=OTHER, until=date(2028, 1, 1))], CUSTOMER, PRODUCT) is long
    assert mutes.of([short], OTHER, None) is None


def test_what_is_muted_is_counted_on_one_line_each():
    assert mutes.counted([mute("mi\ngration"), mute("sale"), mute("mi\ngration")]) == [
        "2 muted, until 31 Jan 2027: mi gration",
        "1 muted, until 31 Jan 2027: sale",
    ]


@pytest.mark.parametrize(
    ("reason", "until", "problem"),
    [
        ("migration", TODAY + timedelta(days=1), ""),
        ("x" * mutes.LONGEST_REASON, TODAY + timedelta(days=mutes.MOST_DAYS), ""),
        (" \n", UNTIL, "Give a reason."),
        ("x" * (mutes.LONGEST_REASON + 1), UNTIL, "more than 200 characters"),
        ("migration", None, "Choose the day"),
        ("migration", TODAY, "after today"),
        ("migration", TODAY + timedelta(days=mutes.MOST_DAYS + 1), "366 days at most"),
    ],
)
def test_a_page_needs_a_reason_and_an_end_that_is_not_far(reason, until, problem):
    assert problem in mutes.problem(reason, until, TODAY)
    assert bool(mutes.problem(reason, until, TODAY)) is bool(problem)
