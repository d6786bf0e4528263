"""Each kind of link parameter: what a link says of it, what is left out, and how it is written."""

from dataclasses import replace

import pytest

from dashboard.filters.kinds import Choice, Number, Several, Text

CHOICE = Choice("sort", "Sort by", {"gap": "Largest gap", "name": "Name", "secret": "Only for some"}, closed={"secret"})
SEVERAL = Several("channel", "Channel", ["direct", "Odd", "reseller"])
NUMBER = Number("target", "Target %", usual=80.0, least=0.0, most=1000.0, step=5.0)
TEXT = Text("search", "Search", longest=5)


@pytest.mark.parametrize(
    ("parameter", "texts", "value", "unknown"),
    [
        (CHOICE, [], "gap", []),
        (CHOICE, ["name"], "name", []),
        (CHOICE, ["NAME"], "name", []),
        (CHOICE, ["name", "gap", "name"], "name", []),
        (CHOICE, ["name", "sideways", "<b>", "sideways"], "name", ["sideways", "<b>"]),
        (CHOICE, [""], "gap", []),
        (SEVERAL, [], (), []),
        (SEVERAL, ["reseller", "direct", "RESELLER"], ("direct", "reseller"), []),
        (SEVERAL, ["odd", "nowhere", ""], ("Odd",), ["nowhere"]),
        (NUMBER, [], 80.0, []),
        (NUMBER, ["70"], 70.0, []),
        (NUMBER, ["1e2", "-0"], 0.0, []),
        (NUMBER, ["70", "lots", "nan", "-5", "1e999", "1000.1"], 70.0, ["lots", "nan", "-5", "1e999", "1000.1"]),
        (TEXT, [], "", []),
        (TEXT, ["first", " last "], "last", []),
        (TEXT, ["abcd efgh"], "abcd", []),
        (TEXT, ["  "], "", []),
        (TEXT, ["s.\u2060r.\u2060o."], "s.r.o", []),
    ],
)
def test_a_link_is_followed_as_far_as_it_goes(parameter, texts, value, unknown):
    reading = parameter.read({parameter.name: texts})
    assert (reading.value, reading.unknown.get(parameter.name, []), reading.closed) == (value, unknown, False)


@pytest.mark.parametrize(
    ("parameter", "value", "texts"),
    [
        (CHOICE, "gap", []),
        (CHOICE, "name", ["name"]),
        (SEVERAL, (), []),
        (SEVERAL, ("direct", "reseller"), ["direct", "reseller"]),
        (NUMBER, 80.0, []),
        (NUMBER, 70.0, ["70"]),
        (NUMBER, 33.333333333, ["33.333333333"]),
        (TEXT, "", []),
        (TEXT, "a b", ["a b"]),
    ],
)
def test_what_is_as_by_default_stays_out_of_the_link(parameter, value, texts):
    assert parameter.write(value) == {parameter.name: texts}


def test_what_is_not_for_a_user_is_neither_followed_nor_unknown():
    reading = CHOICE.read({"sort": ["name", "Secret"]})
    assert (reading.value, reading.unknown, reading.closed) == ("name", {"sort": []}, True)
    assert CHOICE.open == ["gap", "name"]
    assert replace(CHOICE, closed=()).read({"sort": ["secret"]}).value == "secret"


def test_the_default_is_the_first_that_a_user_has():
    assert replace(CHOICE, closed={"gap"}).read({}).value == "name"


def test_options_stand_in_the_order_of_their_words_whatever_their_codes_and_capitals():
    titles = {"aadp": "Entra ID", "crm": "Dynamics 365", "yammer": "Viva Engage", "new": "élan", "NewOne": "eLearning"}
    services = Several("service", "Service", words=titles.__getitem__).offering(titles)
    assert [titles[code] for code in services.options] == [
        "Dynamics 365",
        "élan",
        "eLearning",
        "Entra ID",
        "Viva Engage",
    ]
    assert services.read({"service": ["yammer", "AADP"]}).value == ("aadp", "yammer")


def test_widgets_in_another_order_show_the_same():
    assert SEVERAL.shows({"channel": ["reseller", "direct"]}, ("direct", "reseller"))
    assert not SEVERAL.shows({"channel": ["direct"]}, ("direct", "reseller"))


@pytest.mark.parametrize("held", ["gone", None])
def test_an_option_that_is_gone_is_no_choice(held):
    assert CHOICE.of({"sort": held}, "name") == "name"
    assert not CHOICE.shows({"sort": held}, "name")


def test_a_widget_is_told_of_new_words_for_what_is_chosen():
    before = replace(SEVERAL, words=lambda option: f"{option} 1")
    now = replace(SEVERAL, words=lambda option: f"{option} {2 if option == 'direct' else 1}")
    assert now.renamed(("direct", "reseller"), before)
    assert not now.renamed(("reseller",), before)
    assert now.renamed(("reseller",), replace(before, options=["direct"]))


def test_options_with_one_title_have_their_codes_beside_it():
    titles = {"crm": "Dynamics 365", "Dynamics 365": "Dynamics 365", "odd": "two\n lines"}
    services = Several("service", "Service", [*titles], titles.__getitem__)
    assert services.labels == {
        "crm": "Dynamics 365 (crm)",
        "Dynamics 365": "Dynamics 365 (Dynamics 365)",
        "odd": "two lines",
    }


def test_what_people_know_by_its_code_has_it_beside_a_title_that_does_not_say_it():
    titles = {
        "o365": "Microsoft 365",
        "copilot": "Microsoft 365 Copilot",
        "powerapps": "Power Apps",
        "TEAMS": "Teams",
        "two words": "two words",
    }
    services = Several("service", "Service", [*titles], titles.__getitem__, known_by_code=True)
    assert services.labels == titles | {"o365": "Microsoft 365 (o365)"}
    assert replace(services, known_by_code=False).labels == titles
