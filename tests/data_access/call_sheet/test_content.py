"""What stands on a call sheet, from records made by hand."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from data_access import measures
from data_access.call_sheet import content
from data_access.call_sheet.customer import Records
from data_access.datasets.renewals import OfOne, Unread
from data_access.measures import Facts, renewals
from data_access.measures.unread_rows import ALL_READ, UnreadRows
from data_access.mutes import Mute, Spare
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE
from tests.rows import WHO_AND_WHAT, frame_of

TENANT, E3 = WHO_AND_WHAT["customerTenantId"], WHO_AND_WHAT["productId"]
READ = datetime(2026, 11, 28, 6, 30, tzinfo=UTC)
NOTHING = measures.facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, []))


def seats(product, enabled, assigned, name="Office 365 E3"):
    return {
        "customerTenantId": TENANT,
        "productId": product,
        "productName": name,
        "activeUnits": enabled,
        "consumedUnits": assigned,
        "totalUnits": enabled,
    }


def subscribed(**more):
    return {
        "customerTenantId": TENANT,
        "id": "1",
        "offerName": "Office 365 E3",
        "productId": E3,
        "quantity": 100,
        "status": "active",
        "isTrial": False,
        "commitmentEndDate": None,
        "commitmentEndDateTime": "2026-12-20T23:59:59Z",
        "cancellationAllowedUntilDate": None,
        "scheduledActions": None,
        "termDuration": "P1Y",
        "renewalOutcome": "renews",
        **more,
    }


def answered(day, deployed, sold=100):
    """The facts of an answer that was fetched the morning after this day of processing, as the history has them."""
    sent = {"licensesDeployed": deployed, "licensesSold": sold, "processedDateTime": f"{day}T21:40:00Z"}
    facts = measures.facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, [sent]))
    fetched = pd.Timestamp(f"{day}T06:00:00Z") + timedelta(days=1)
    return Facts(facts.frame.assign(snapshot=str(day), fetchedAt=fetched))


def records(now, *answers, **more):
    """What is known of a customer: the facts of now, and the rows of these answers."""
    past = pd.concat([answer.frame for answer in answers], ignore_index=True)
    return Records(
        tenant=TENANT,
        name="TEST COMPANY",
        source="Microsoft Partner Center",
        is_sample=False,
        deployment=Facts(past),
        now=now,
        **more,
    )


def sheet(rows=(), live=None, subscriptions=None, mutes=(), *, unread=(), use=None, spares=()):
    facts = measures.facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, rows))
    table = None if live is None else pd.DataFrame(live)
    judged = None
    if subscriptions is not None:
        judged = renewals.at(renewals.judged(pd.DataFrame(subscriptions), table, facts.frame), READ)
    dated = Facts(facts.frame.assign(snapshot="1", fetchedAt=pd.Timestamp(READ)))
    live = OfOne(judged, table, READ, tuple(unread))
    return content.sheets([records(facts, dated, live=live, use=use, mutes=mutes, spares=spares)])[0]


def section(made, heading):
    return next(part for part in made.sections if part.heading.startswith(heading))


def test_a_sheet_has_the_target_and_where_its_page_is_as_far_as_somebody_says_so():
    facts = measures.facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, [{}]))
    dated = Facts(facts.frame.assign(snapshot="1", fetchedAt=pd.Timestamp(READ)))
    (usual,) = content.sheets([records(facts, dated)])
    assert usual.line
    assert (usual.line.target, usual.address) == (80.0, "")
    (made,) = content.sheets([records(facts, dated)], target=70.0, root="https://insights.partner.example")
    assert made.line
    assert made.line.target == 70.0
    assert made.address == f"https://insights.partner.example/customers?customer={TENANT}"


def test_what_is_free_to_assign_stands_beside_what_is_not_deployed():
    made = sheet([{"licensesDeployed": 40}], live=[seats(E3.lower(), 105, 60)])
    products = section(made, "Products")
    assert [column.label for column in products.columns][-2:] == ["Deployed %", "Free to assign"]
    assert products.rows == (("Office 365 Enterprise E3", "100", "40", "60", "40.00\u00a0%", "45"),)


def test_beside_what_to_say_stands_by_whose_count_it_is_where_the_tenant_says_otherwise():
    rows = [{"licensesDeployed": 40, "processedDateTime": "2026-11-20T00:00:00Z"}]

    def aside(*live):
        return sheet(rows, live=list(live) or None, subscriptions=[subscribed()]).aside

    counted = "60 is the count of Microsoft's analytics of 20 Nov 2026"
    said = f"{counted}; the customer's tenant has 45 free on 28 Nov 2026."
    assert aside(seats(E3.lower(), 105, 60)) == said
    assert aside(seats(E3, 100, 40)) == ""  # both say the same
    assert aside(seats("B" * 8, 10, 2, "Visio")) == ""  # it says nothing of this product
    assert aside() == ""


def test_to_whom_the_figures_do_not_have_its_live_seats_speak_and_what_ends():
    undecided = subscribed(renewalOutcome="undecided", quantity=12, billingType="license")
    live = [seats(E3, 105, 60), seats("B" * 8, 10, 10, "Visio")]
    ends, free = sheet(live=live, subscriptions=[undecided]).steps
    assert ends.startswith("12 seats of Office 365 E3 end on 20 Dec 2026 (UTC) and nobody has decided")
    assert free == "45 licenses of Office 365 E3 are not assigned to anybody."
    assert sheet(subscriptions=[undecided]).steps == (ends,), "of what is not read nothing is said"
    quiet = Mute(customer=TENANT, reason="migration", until=date(2026, 12, 1))
    assert sheet(live=live, subscriptions=[undecided], mutes=(quiet,)).steps == ()
    (only,) = sheet(live=live, spares=(Spare(customer=TENANT, product=E3, seats=5),)).steps
    assert "45 licenses of Office 365 E3 are not assigned to anybody, 5 of them within your allowance" in only
    (counted, *_) = sheet([{"licensesDeployed": 40}], live=live).steps
    assert counted == "60 licenses of Office 365 Enterprise E3 are not assigned to anybody.", "where there are counts"


def test_what_a_tenant_has_free_of_a_product_is_said_once_where_it_came_through_two_channels():
    rows = [{"licensesDeployed": 40}, {"licensesDeployed": 45, "licensesSold": 50, "channel": "direct"}]
    products = section(sheet(rows, live=[seats(E3, 352, 250)]), "Products")
    assert [(row[0], row[-1]) for row in products.rows] == [
        ("Office 365 Enterprise E3, Reseller", "102"),
        ("Office 365 Enterprise E3, Direct", "as above"),
    ]


def test_a_workload_is_one_however_it_is_spelled():
    rows = [{"licenseActive": 176, "licensesQualified": 350}, {"workloadName": "exchange", "licenseActive": 1}]
    made = sheet([{}], use=frame_of(COMMERCIAL_USAGE, rows))
    assert [row[:2] for row in section(made, "Use").rows] == [("exchange", "177")]


def test_of_a_customer_that_refuses_it_is_said_and_no_figure_is():
    refused = [Unread(TENANT, "TEST COMPANY", name, refused=True) for name in ("subscriptions", "seats")]
    made = sheet(unread=refused)
    assert [(figure.label, figure.value, figure.change) for figure in made.figures] == [
        ("Live seats enabled", "–", "could not be read"),
        ("Seats at risk", "–", "could not be read"),
    ]
    ends = section(made, "What ends")
    assert (ends.rows, ends.note) == ((), "The subscriptions of this customer could not be read: it refuses.")
    assert made.dates == ""


def test_what_stands_for_a_customer_that_refuses_now_is_of_when_it_was_read():
    before = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
    made = sheet(
        [{}],
        live=[seats(E3, 100, 60)],
        subscriptions=[subscribed()],
        unread=[Unread(TENANT, "TEST COMPANY", "subscriptions", refused=True, last_read=before)],
    )
    assert made.dates == (
        "Figures of 9 Oct 2026; subscriptions of 20 Nov 2026, 06:30 UTC, not read since;"
        " seats of 28 Nov 2026, 06:30 UTC"
    )
    assert section(made, "What ends").rows[0][:3] == ("Office 365 E3", "100", "40")


def test_without_analytics_the_sheet_stands_on_live_seats():
    made = sheet(live=[seats(E3, 100, 60), seats("B" * 8, 10, 12, "Visio")])
    assert [(figure.label, figure.value) for figure in made.figures] == [
        ("Live seats enabled", "110"),
        ("Assigned", "65.45\u00a0%"),
        ("Free to assign", "40"),
    ]
    assert section(made, "Live seats").rows == (("Office 365 E3", "100", "60", "40"), ("Visio", "10", "12", "0"))
    assert made.line is None


def test_what_ends_within_the_horizon_with_its_last_day_and_what_is_at_risk():
    older = {"id": "2", "commitmentEndDateTime": None, "commitmentEndDate": "2026-12-10T00:00:00Z", "quantity": 30}
    far = {"id": "3", "commitmentEndDateTime": "2027-06-20T23:59:59Z"}
    moved = {"id": "4", "renewalOutcome": "other", "scheduledActions": '[{"actionType": "Transition"}]', "quantity": 2}
    made = sheet(
        [{"licensesDeployed": 40}],
        subscriptions=[
            subscribed(),
            subscribed(**older, renewalOutcome="undecided"),
            subscribed(**far),
            subscribed(**moved),
        ],
    )
    assert section(made, "What ends").rows == (
        ("Office 365 E3", "30", "30", "before 10 Dec 2026", "Undecided", "before 10 Dec 2026"),
        ("Office 365 E3", "100", "60", "20 Dec 2026", "Renews", "20 Dec 2026"),
        ("Office 365 E3", "2", "2", "20 Dec 2026", "Microsoft says: Transition", "20 Dec 2026"),
    )
    assert next(figure for figure in made.figures if figure.label == "Seats at risk").value == "60"
    assert made.dates == "Figures of 9 Oct 2026; subscriptions of 28 Nov 2026, 06:30 UTC"


def test_where_seats_at_risk_are_fewer_than_their_column_adds_up_to_the_sheet_says_why():
    def ends(*more):
        made = sheet([{"licensesDeployed": 40}], subscriptions=[subscribed(), *(subscribed(**each) for each in more)])
        figure = next(figure for figure in made.figures if figure.label == "Seats at risk")
        return f"{figure.value} {figure.change}", section(made, "What ends").note

    of_what = "60 of what renews within 120 days"
    assert ends() == (of_what, "")
    note = "At risk: the rows add up to 120, together they are 60, since seats of a product count once"
    others = {"id": "2", "quantity": 30}, {"id": "3", "quantity": 30, "renewalOutcome": "undecided"}
    assert ends(*others) == (of_what, note)


def test_seats_of_which_it_is_not_known_whether_they_are_assigned_are_not_zero_at_risk():
    def figure(*own):
        made = sheet([{"licensesDeployed": 40}], subscriptions=[subscribed(**each) for each in own])
        return next((one.value, one.change) for one in made.figures if one.label == "Seats at risk")

    unknown = {"id": "2", "productId": None, "quantity": 7}
    assert figure(unknown) == ("–", "not known of what renews within 120 days")
    assert figure({}, unknown) == ("60", "of what renews within 120 days; of 7 seats not known")


def test_the_sheet_gives_no_reason_for_a_difference_that_there_is_not():
    def note(*own):
        return section(
            sheet([{"licensesDeployed": 40}], subscriptions=[subscribed(**each) for each in own]), "What"
        ).note

    undecided, trial = {"quantity": 30, "renewalOutcome": "undecided"}, {"isTrial": True, "quantity": 10}
    assert note(undecided) == "At risk: the rows add up to 30; of what renews 0"
    assert note({}, trial | {"id": "2"}) == (
        "At risk: the rows add up to 70, together they are 60, since trials, usage and what is suspended do not count"
    )


def test_what_moved_is_told_since_the_day_of_the_answer_compared_as_on_pages():
    answers = [
        answered(date(2026, 8, 30), 40),
        answered(date(2026, 10, 30), 42, 120),
        answered(date(2026, 11, 29), 50, 131),
    ]
    made = content.sheets([records(answers[-1], *answers, then=(date(2026, 8, 31), answers[0]))])[0]
    assert "Since 31 Aug 2026 you bought 31 licenses, and only 10 more are assigned." in made.steps
    assert next(figure.change for figure in made.figures) == "+11 since 31 Oct 2026"
    assert section(made, "What changed").heading == "What changed since 31 Oct 2026"
    assert made.dates == "Figures of 29 Nov 2026"


def test_the_dates_of_a_sheet_are_those_of_its_oldest_and_newest_figures():
    old, new = ({"processedDateTime": f"2026-11-{day}T00:00:00", "productName": day} for day in ("07", "29"))
    assert sheet([old, new]).dates == "Figures of 7 Nov 2026 to 29 Nov 2026"


NOT_READ = {"customerTenantId": TENANT.casefold()}


@pytest.mark.parametrize(
    ("unread", "said"),
    [
        (ALL_READ, "not in the newest answer"),
        (UnreadRows((NOT_READ,)), "could not be read in the newest answer"),
        (UnreadRows(missing=1), "not among the rows of the newest answer that could be read"),
    ],
)
def test_of_a_customer_that_the_newest_answer_does_not_have_the_last_figures_stand_and_no_change_does(unread, said):
    before = [answered(date(2026, 10, 26), 10, 50), answered(date(2026, 11, 16), 16, 56)]
    made = content.sheets([records(NOTHING, *before, unread=unread)])[0]
    assert [(figure.label, figure.value, figure.change) for figure in made.figures] == [
        ("Licenses sold", "56", said),
        ("Deployed", "28.57\u00a0%", said),
        ("Not deployed", "40", said),
    ]
    assert made.dates.startswith(f"{said[0].upper()}{said[1:]}; last figures of 16 Nov 2026")
    assert not any(part.heading.startswith("What changed") for part in made.sections)


def test_of_a_customer_that_has_left_the_last_figures_stand_and_nothing_is_zero():
    left = [Unread(TENANT, None, name, refused=False, left=True) for name in ("subscriptions", "seats")]
    live = OfOne(None, None, READ, tuple(left))
    (made,) = content.sheets([records(NOTHING, answered(date(2026, 11, 16), 16, 56), live=live)])
    assert [(figure.label, figure.value) for figure in made.figures] == [
        ("Licenses sold", "56"),
        ("Deployed", "28.57\u00a0%"),
        ("Not deployed", "40"),
        ("Seats at risk", "–"),
    ]
    assert "it has left, and Microsoft does not know it any more" in section(made, "What ends").note
    assert made.dates == "Not in the newest answer; last figures of 16 Nov 2026"


def test_what_is_assigned_and_not_used_is_a_reason_to_call():
    def steps(active):
        use = frame_of(COMMERCIAL_USAGE, [{"licensesActive": active, "licensesQualified": 100}])
        return sheet([{"licensesSold": 100, "licensesDeployed": 100}], use=use).steps

    assert "Up to 70 licenses are assigned but not used in 28 days." in steps(30)
    assert steps(100) == ()


def test_a_product_in_two_channels_is_named_with_its_channel_wherever_it_stands():
    direct = {"channel": "direct"}
    made = sheet_of_two([of(8), of(8) | direct], [of(10) | {"licensesDeployed": 60}, of(10) | direct])
    assert [row[0] for row in section(made, "What changed").rows] == ["Office 365 Enterprise E3, Reseller"]
    both = sheet_of_two(
        [of(8), of(8) | direct], [of(10) | {"licensesSold": 200}, of(10) | direct | {"licensesSold": 9}]
    )
    assert {row[0] for row in section(both, "What changed").rows} == {row[0] for row in section(both, "Products").rows}
    assert len({row[0] for row in section(both, "What changed").rows}) == 2


def test_all_percentages_of_a_sheet_have_two_decimals():
    made = sheet([{"licensesSold": 64, "licensesDeployed": 54}])
    assert section(made, "Products").rows[0][4] == "84.38\u00a0%"
    assert made.figures[1].value == "84.38\u00a0%"


E5 = "6FD2C87F-B296-42F0-B197-1E91E994B905"
TWO_PRODUCTS = [
    {"licensesDeployed": 40, "productName": "OFFICE 365 E3"},
    {"licensesDeployed": 90, "productName": "OFFICE 365 E5", "productId": E5},
]


def mute(customer=None, product=None):
    return Mute(customer=customer, product=product, reason="migration", until=date(2027, 1, 31))


def test_the_steps_say_nothing_of_a_muted_product_and_no_total_moves():
    subscriptions = [subscribed(), subscribed(id="2", productId=E5, commitmentEndDateTime="2027-01-10T23:59:59Z")]
    loud = sheet(TWO_PRODUCTS, subscriptions=subscriptions)
    made = sheet(TWO_PRODUCTS, subscriptions=subscriptions, mutes=(mute(TENANT, E3),))
    assert loud.steps == (
        "100 seats of Office 365 E3 renew on 20 Dec 2026 (UTC): how many will you need then?",
        "60 licenses of Office 365 E3 are not assigned to anybody.",
    )
    assert made.steps == (
        "100 seats of Office 365 E3 renew on 10 Jan 2027 (UTC): how many will you need then?",
        "10 licenses of Office 365 E5 are not assigned to anybody.",
    )
    assert (loud.muted, made.muted) == ((), ("1 muted, until 31 Jan 2027: migration", "Sums include what is muted."))
    assert (made.figures, made.sections) == (loud.figures, loud.sections)


def test_the_steps_say_nothing_of_what_may_be_spare_and_the_sheet_says_that_it_may():
    spares = (Spare(customer=TENANT, product=E3, seats=100),)
    made = sheet(TWO_PRODUCTS, subscriptions=[subscribed()], spares=spares)
    assert made.steps == ("10 licenses of Office 365 E5 are not assigned to anybody.",)
    assert made.aside == "Not deployed and no reason to call: 60 of Office 365 E3 within your allowance of 100."
    assert made.figures == sheet(TWO_PRODUCTS, subscriptions=[subscribed()]).figures


def test_of_a_muted_customer_no_step_is_said_and_the_mute_is():
    made = sheet(TWO_PRODUCTS, subscriptions=[subscribed()], mutes=(mute(TENANT), mute(product=E3)))
    assert (made.steps, made.muted) == ((), ("1 muted, until 31 Jan 2027: migration", "Sums include what is muted."))
    assert section(made, "Products").rows


def test_a_mute_of_a_product_counts_each_line_that_it_is_about():
    others = mute("0112A436-B14E-4888-967B-CA4BB2CF0009")
    made = sheet(TWO_PRODUCTS, mutes=(mute(product=E3), mute(product=E5), others))
    assert (made.steps, made.muted) == ((), ("2 muted, until 31 Jan 2027: migration", "Sums include what is muted."))


def test_a_long_list_says_how_many_more():
    made = sheet([{"productName": f"PRODUCT {number}", "licensesDeployed": number} for number in range(12)])
    products = section(made, "Products")
    assert (len(products.rows), products.note) == (8, "and 4 more products")
    assert products.rows[0][0] == "Product 0"


def sheet_of_two(before, after, mutes=(), unread=ALL_READ):
    """The sheet of a customer with rows of two answers."""
    then, now = (
        measures.facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, rows)).frame for rows in (before, after)
    )
    dated = [
        Facts(frame.assign(snapshot=identity, fetchedAt=pd.Timestamp(READ)))
        for identity, frame in (("1", then), ("2", now))
    ]
    return content.sheets([records(Facts(now), *dated, mutes=mutes, unread=unread)])[0]


def of(month):
    return {"processedDateTime": f"2026-{month:02}-09T00:00:00Z"}


VISIO = {"productName": "VISIO PLAN 2", "licensesSold": 20, "licensesDeployed": 10}


def test_a_product_that_is_gone_is_named_however_long_ago_and_no_change_is_said():
    made = sheet_of_two([of(5), of(5) | VISIO], [of(10) | {"licensesDeployed": 60}])
    assert [(figure.label, figure.change) for figure in made.figures] == [
        ("Licenses sold", ""),
        ("Deployed", ""),
        ("Not deployed", ""),
    ]
    assert made.steps[0].startswith("Microsoft's newest figures have no Visio Plan 2 of yours any more")
    assert made.line
    assert made.line.words.startswith(
        "Not in the newest answer: Visio Plan 2 (20 licenses sold on 9 May 2026): the sum"
    )
    assert ("Visio Plan 2 (gone)", "−20", "−10", "−10") in section(made, "What changed").rows


@pytest.mark.parametrize(
    ("unread", "said"),
    [
        (
            UnreadRows((NOT_READ | {"service": "o365", "channel": "reseller", "productName": "visio plan 2"},)),
            "could not be read",
        ),
        (UnreadRows(missing=1), "not among the rows that could be read"),
    ],
)
def test_how_a_product_changed_that_was_not_read_nobody_knows(unread, said):
    made = sheet_of_two([of(5), of(5) | VISIO], [of(10) | {"licensesDeployed": 60}], unread=unread)
    rows = section(made, "What changed").rows
    assert rows == (("Office 365 Enterprise E3", "±0", "+10", "−10"), (f"Visio Plan 2 ({said})", "–", "–", "–"))


def test_a_muted_product_that_is_gone_is_named_by_its_table_alone():
    visio = VISIO | {"productId": E5}
    before, after = [of(5), of(5) | visio], [of(10) | {"licensesDeployed": 60}]
    made = sheet_of_two(before, after, mutes=(mute(product=E5),))
    assert made.line
    assert made.line.words.startswith("Not in the newest answer: what is muted: the sum cannot be compared")
    assert not any("Visio" in step or "bought" in step for step in made.steps)
    assert made.muted == ("1 muted, until 31 Jan 2027: migration", "Sums include what is muted.")
    assert ("Visio Plan 2 (gone)", "−20", "−10", "−10") in section(made, "What changed").rows


def test_the_figures_are_of_the_newest_processing_date_and_not_of_the_day_of_the_fetch():
    # What went was processed last, so that the line goes on at the instant of the fetch.
    made = sheet_of_two([of(9), of(10) | VISIO], [of(9)])
    assert made.dates == "Figures of 9 Sep 2026, in the answer of 28 Nov 2026"
    assert made.line
    assert made.line.words.endswith("on 9 Sep 2026, in the answer of 28 Nov 2026.")


def test_nothing_is_said_of_what_is_not_known():
    made = sheet([{}])
    assert [part.heading for part in made.sections] == ["Products by what is not deployed"]
    assert made.steps == ("50 licenses of Office 365 Enterprise E3 are not assigned to anybody.",)
