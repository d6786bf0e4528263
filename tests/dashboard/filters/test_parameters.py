"""What each page can be asked to show: any link gives a value, any value a link, and both say the same."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters import parameters
from dashboard.filters.kinds import Choice, Limit, Number, Parameter, Several, Text
from dashboard.filters.parameters import (
    ASOF,
    BOOK,
    CHANNEL,
    CUSTOMER,
    DATES,
    LEVEL,
    ROWS,
    SERVICE,
    SHARED,
    AuditFilters,
    ChangesFilters,
    CustomerFilters,
    CustomersFilters,
    OverviewFilters,
    RenewalsFilters,
    TrendsFilters,
    UsageFilters,
    declared,
)
from data_access.measures import customers
from data_access.measures.changes import LEVELS

PAGES = [
    OverviewFilters,
    TrendsFilters,
    ChangesFilters,
    CustomersFilters,
    CustomerFilters,
    UsageFilters,
    RenewalsFilters,
    AuditFilters,
]
DAYS = [date(2026, 8, 1) + timedelta(weeks=number) for number in range(10)]
#: What the data gives, among it what Markdown, a search or a link could stumble over.
CODES = {
    CHANNEL.name: ["<b>", "Ünïcode", "direct", "reseller"],
    SERVICE.name: ["&service=x", "=1+1", "o365", "two\nlines"],
}
ODD = ["", " ", "nowhere", "NaN", "-1", "1e999", "80.5", "2026-02-30", "2026-10-01", "\0", "%00", "x" * 999, "o365#?&="]


def of_page(page):
    """The parameters of a page, with what the data gives."""
    given: dict[str, Parameter[Any]] = {
        each.name: replace(each, options=CODES[each.name]) for each in (CHANNEL, SERVICE)
    }
    if DATES.name in declared(page):
        given[DATES.name] = replace(DATES, days=DAYS)
    return [*(declared(page) | given).values()]


EVERY = {parameter.name: parameter for page in PAGES for parameter in of_page(page)}
EVERY |= {parameter.name: parameter for parameter in (ASOF, BOOK, CUSTOMER, ROWS)}
NAMES = [name for parameter in EVERY.values() for name in parameter.names]


def values_of(parameter):
    """Texts that a link may have for a parameter."""
    match parameter:
        case Choice() | Several():
            options = [*parameter.options]
            return st.sampled_from([*options, *map(str.upper, options)])
        case Number() | Limit():
            return st.floats(parameter.least, parameter.most).map(repr)
        case Text():
            return st.text()
    return st.dates().map(str)


def texts_of(parameter):
    return st.lists(values_of(parameter) | st.sampled_from(ODD) | st.text(max_size=8), max_size=4)


LINKS = st.fixed_dictionaries(
    {}, optional={name: texts_of(each) for each in EVERY.values() for name in each.names} | {"utm": st.just(["x"])}
)
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)


def read(page, link):
    return page(**{parameter.name: parameter.read(link).value for parameter in of_page(page)})


def write(filters):
    """The whole link of a page."""
    parts = [each.write(getattr(filters, each.name)) for each in of_page(type(filters))]
    return {name: texts for part in parts for name, texts in part.items() if texts}


@given(page=st.sampled_from(PAGES), link=LINKS)
def test_from_a_link_to_filters_and_back_nothing_changes_and_widgets_hold_it(page, link):
    filters = read(page, link)
    written = write(filters)
    assert read(page, written) == filters
    assert write(read(page, written)) == written
    assert not [name for each in of_page(page) for name, texts in each.read(written).unknown.items() if texts]
    for parameter in of_page(page):
        value = getattr(filters, parameter.name)
        held = parameter.held(value)
        assert {*held} == {*parameter.names}
        assert parameter.of(held, value) == value
        assert parameter.shows(held, value)


@EACH_PAGE
def test_a_link_that_says_nothing_is_a_page_as_by_default_and_the_other_way_round(page):
    assert read(page, {}) == page()
    assert write(page()) == {}


@given(page=st.sampled_from(PAGES), link=LINKS)
def test_a_page_is_the_same_whatever_the_link_says_for_other_pages(page, link):
    own = {name for parameter in of_page(page) for name in parameter.names}
    assert read(page, link) == read(page, {name: texts for name, texts in link.items() if name in own})


@EACH_PAGE
def test_a_field_bears_the_name_of_its_parameter(page):
    assert [field.name for field in fields(page)] == [parameter.name for parameter in of_page(page)]


def test_no_two_parameters_share_a_name():
    assert len(NAMES) == len({*NAMES})
    described = [value for value in vars(parameters).values() if isinstance(value, Parameter)]
    assert {each.name for each in described} == {*EVERY}


def test_what_goes_along_is_on_the_first_page_or_about_time():
    assert [parameter.name for parameter in SHARED] == ["book", "asof", *declared(OverviewFilters), "range", "dates"]


def test_filters_for_another_page_are_the_same_as_far_as_both_have_them():
    customer = CustomerFilters(channel=("direct",), target=70.0, range="3m", sort="name")
    assert customer.to(TrendsFilters) == TrendsFilters(channel=("direct",), target=70.0, range="3m")
    assert customer.to(OverviewFilters) == OverviewFilters(channel=("direct",), target=70.0, sort="name")


def test_levels_that_name_customers_are_closed_unless_a_page_opens_them():
    naming = {level.replace(" ", "-") for level, keys in LEVELS.items() if customers.CUSTOMER in keys}
    assert LEVEL.closed == naming
    for level in naming:
        reading = LEVEL.read({"level": [level]})
        assert (reading.value, reading.closed) == ("service", True)
