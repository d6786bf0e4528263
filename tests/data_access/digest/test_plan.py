"""DIGEST_FILE: what it may say, and where a mistake stands."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.digest import plan
from data_access.errors import SettingsError
from data_access.mutes import Spare

CUSTOMER, OTHER = "0112A436-B14E-4888-967B-CA4BB2CF1234", "0112A436-B14E-4888-967B-CA4BB2CF5678"
PRODUCT = "6FD2C87F-B296-42F0-B197-1E91E994B900"

WHOLE = f"""
[[person]]
name = "ann@partner.example"
to = ["ann@partner.example", "team@partner.example"]
every = "day"
teams = "https://prod.workflows.example/x"
call_sheets = true

[[rule]]
below = 80
service = "o365"

[[rule]]
preset = "non-profit"
customer = "{CUSTOMER.lower()}"

[[spare]]
customer = "{CUSTOMER}"
product = "{PRODUCT}"
seats = 5

[[mute]]
customer = "{CUSTOMER}"
reason = "migration"
until = 2027-01-31
"""


def test_a_whole_file():
    read = plan.parse(b"\xef\xbb\xbf" + WHOLE.encode())
    assert read.people[0].addresses == ("ann@partner.example", "team@partner.example")
    assert (read.people[0].every, read.people[0].call_sheets) == ("day", True)
    assert [rule.band for rule in read.rules] == [(80.0, None), (85.0, None)]
    assert read.rules[1].customer == CUSTOMER
    assert read.spares == (Spare(customer=CUSTOMER, product=PRODUCT, seats=5),)
    assert read.mutes[0].reason == "migration"


def test_a_file_that_says_nothing_is_an_empty_plan():
    assert plan.parse(b"# nothing yet\n") == plan.Plan()


def test_who_has_no_address_and_no_name_that_is_one_gets_no_mail():
    read = plan.parse(b'[[person]]\nname = "0112a436-b14e-4888-967b-ca4bb2cf1234"\n[[person]]\nname = "b@p.example"\n')
    assert [person.addresses for person in read.people] == [(), ("b@p.example",)]
    assert {person.every for person in read.people} == {"week"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[person]]\nname = 'a@b.example'\n[[persons]]\n", "line 3: persons is none of person, rule, spare, mute."),
        ("\nbelow = 80\n", "line 2: below is none of person, rule, spare, mute."),
        ("[person]\nname = 'a@b.example'\n", "line 1: person is written as [[person]]."),
        ("[[person]]\nto = []\n", "line 1: [[person]] needs name."),
        ("[[person]]\nname = 'x'\n\nevry = 'day'\n", "line 4: evry is no key of [[person]]."),
        ('[[person]]\nname = "x"\n"ev\\nry" = "day"\n', "line 3: ev ry is no key of [[person]]."),
        ('"per\\u001bson" = 1\n', "line 1: per son is none of"),
        ("[[person]]\nname = 'x'\nevery = 'hour'\n", "line 3: every: input should be 'day', 'week' or 'month'."),
        ("[[person]]\nname = 'x'\nto = ['a@b']\n", "line 3: to: is no mail address."),
        ("[[person]]\nname = 'x'\nto = ['a@b.c\\nBcc: d@e.f']\n", "line 3: to: is no mail address."),
        ("[[person]]\nname = 'x'\nteams = 'http://w.example'\n", "line 3: teams: is not an address that starts with"),
        ("[[rule]]\nservice = 'o365'\n", "line 1: [[rule]] has no threshold: below, above or preset."),
        ("[[rule]]\nbelow = '80'\n", "line 2: below: input should be a valid number."),
        ("[[rule]]\nbelow = nan\n", "line 2: below: input should be a finite number."),
        ("[[rule]]\nabove = 10\nbelow = 90\n", "line 1: [[rule]] has no room between below and above."),
        ("[[rule]]\npreset = 'nonprofit'\n", "line 1: [[rule]] preset is none of"),
        ("[[rule]]\nbelow = 80\n[[rule]]\nbelow = 80\ncustomer = 'x'\n", "line 5: customer: is no GUID."),
        ("[[mute]]\nreason = 'x'\nuntil = 2027-01-31\n", "line 1: [[mute]] names neither a customer nor a product."),
        (f"[[mute]]\ncustomer = '{CUSTOMER}'\nuntil = 2027-01-31\n", "line 1: [[mute]] needs reason."),
        (f"[[mute]]\ncustomer = '{CUSTOMER}'\nreason = ' '\nuntil = 2027-01-31\n", "line 3: reason: "),
        (f"[[mute]]\ncustomer = '{CUSTOMER}'\nreason = 'x'\n", "line 1: [[mute]] needs until."),
        (f"[[mute]]\ncustomer = '{CUSTOMER}'\nreason = 'x'\nuntil = 2027-01-31T10:00:00Z\n", "line 4: until: "),
        (f"[[spare]]\ncustomer = '{CUSTOMER}'\nproduct = '{PRODUCT}'\nseats = -1\n", "line 4: seats: "),
        ("[[person]\nname = 'x'\n", "line 1, cannot be read as TOML."),
        ("[[person]]\nname = 'x'\nto = 'a@b.example'\n", "line 3: to: is a list, in brackets."),
        ("[[rule]]\nbelow = 80\n[[rule]]\nbelow = 80\n\n[rule.extra]\nbelow = 1\n", "line 6: extra is no key of"),
        ('[[person]]\nname = """\nevry = 5\n"""\nevry = 6\n', "line 5: evry is no key of [[person]]."),
        ("# ours\nrule = [\n  {below = 80},  # usual\n\n  {below = 90, bogus = 1},\n]\n", "line 5: bogus is no key of"),
        ("rule = [{below = 80},\n {below = 90, bogus = 1}]\n", "line 2: bogus is no key of [[rule]]."),
        ("[[person]]\nname = 'x'\n[[rule]]\nbelow = 80\nname = 'y'\n", "line 5: name is no key of [[rule]]."),
        ("[[person]]\r\nname = 'Ann@x.example'\r\n[['person']]\r\nname = 'ann@X.example'\r\n", "line 4: name: this"),
        ("person = [{name = 'x', evry = 'day'}]\n", "line 1: evry is no key of [[person]]."),
    ],
)
def test_a_mistake_is_named_with_its_line(content, said):
    with pytest.raises(SettingsError) as caught:
        plan.parse(content.encode())
    assert said in str(caught.value)


def test_what_stands_in_the_file_is_never_said():
    with pytest.raises(SettingsError) as caught:
        plan.parse(b"[[person]]\nname = 'x'\nteams = 'http://w.example/?sig=SECRET'\n")
    assert "SECRET" not in str(caught.value)


def test_a_file_that_is_no_text():
    with pytest.raises(SettingsError, match="not UTF-8"):
        plan.parse(b"\xff\xfe[[person]]")


@pytest.mark.parametrize(
    ("at", "is_muted"),
    [
        (datetime(2027, 1, 30, 23, 59, 59, 999999, tzinfo=UTC), True),
        (datetime(2027, 1, 31, tzinfo=UTC), False),
    ],
)
def test_a_mute_ends_at_midnight_utc_of_its_day(at, is_muted):
    read = plan.parse(WHOLE.encode())
    assert bool(read.muted(CUSTOMER, PRODUCT, at)) is is_muted
    assert read.muted(OTHER, PRODUCT, at) is None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_content_is_a_plan_or_a_sentence(content):
    with contextlib.suppress(SettingsError):
        assert isinstance(plan.parse(content), plan.Plan)
