"""Which lines of DIGEST_FILE do nothing, since they speak of nobody or nothing that there is."""

from datetime import UTC, datetime

from data_access import Books
from data_access.books import Line
from data_access.digest import mistakes, plan
from tests.data_access.digest.test_bands import FACTS, NORD, SUED
from tests.data_access.measures.subscribed import E3, E5, subscriptions

BOOKS = Books((Line(NORD, "ann@x", None, None),))
PLAN = plan.parse(
    f"""
[[person]]
name = "Ann@X"
to = ["ann@x.example"]
[[person]]
name = "an@x"
to = ["an@x.example"]
[[person]]
name = "olga@x"
teams = "https://teams.example/x"
operator = true
[[person]]
name = "the team"
[[rule]]
below = 80
[[rule]]
below = 80
service = "o356"
[[rule]]
below = 80
person = "bem@x"
[[rule]]
below = 80
customer = "{NORD}"
person = "the team"
""".encode()
)
_NOBODYS = "is in no line of BOOKS_FILE and no operator, so there is nothing to tell."


def of(books=BOOKS, facts=FACTS):
    return [(found.line, found.reason) for found in mistakes.matching_nothing(PLAN, books, facts)]


def test_people_and_rules_that_find_nothing_are_named_with_their_lines():
    assert of() == [
        (5, f"an@x {_NOBODYS}"),
        (12, f"the team {_NOBODYS}"),
        (16, "this rule speaks of nothing in the newest answer."),
        (19, "this rule is for bem@x, who is in no [[person]] and no line of BOOKS_FILE."),
    ]


def test_without_books_nobody_is_missing_in_them():
    assert [line for line, _ in of(books=None)] == [16, 19]


def test_without_figures_no_rule_is_said_to_speak_of_nothing():
    assert [line for line, _ in of(facts=FACTS.of(FACTS.frame.head(0)))] == [5, 12, 19]


def test_who_has_no_address_is_named():
    (found,) = mistakes.unreachable(PLAN)
    assert (found.line, found.reason) == (12, "the team has no address and is left out; give one with `to`.")


def test_people_are_named_as_the_reader_may_have_them():
    found = mistakes.matching_nothing(PLAN, BOOKS, FACTS, lambda name: f"{name[0]}…")
    assert [each.reason[:3] for each in found if "BOOKS_FILE" in each.reason] == ["a… ", "t… ", "thi"]


def test_mutes_and_allowances_for_what_nobody_has_are_named_while_they_hold():
    entries = [
        ("mute", SUED, None),
        ("mute", SUED.replace("2", "9"), None),
        ("mute", SUED, E3.lower()),
        ("mute", NORD, E5),
        ("mute", None, E5),
        ("spare", SUED, E3),
        ("spare", SUED, E5),
    ]
    read = plan.parse(
        "".join(
            f"[[{entry}]]\n"
            + (f'customer = "{customer}"\n' if customer else "")
            + (f'product = "{product}"\n' if product else "")
            + ("seats = 5\n" if entry == "spare" else 'reason = "move"\nuntil = 2026-12-05\n')
            for entry, customer, product in entries
        ).encode()
    )
    sold = subscriptions({"customerTenantId": SUED})
    before, after = datetime(2026, 12, 4, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC)

    def named(sold, at, facts=FACTS):
        return [(found.line, found.reason.split(" is ")[0]) for found in mistakes.about_nothing(read, facts, sold, at)]

    allowance = (27, "this allowance")
    assert named(sold, before) == [(5, "this mute"), (14, "this mute"), (19, "this mute"), allowance]
    assert named(sold, after) == [allowance]
    assert named(None, before) == named(sold, before, FACTS.of(FACTS.frame.head(0))) == []
