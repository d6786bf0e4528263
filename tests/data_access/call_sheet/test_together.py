"""Call sheets of several customers: what is worked out for all of them at once is the same as for each alone."""

import cProfile
from datetime import UTC, datetime, timedelta

import pandas as pd

from data_access import measures
from data_access.call_sheet import content
from data_access.call_sheet.customer import Records
from data_access.datasets.renewals import OfOne
from data_access.measures import Facts, renewals
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from tests.data_access.call_sheet.test_content import answered, seats, subscribed
from tests.rows import frame_of

READ = datetime(2026, 11, 28, 6, 30, tzinfo=UTC)


def tenant(place):
    return f"0112A436-B14E-4888-967B-CA4BB2CF{place:04}"


def records(place, answers):
    """What is known of a customer: of each answer the day of processing, its snapshot, and the licenses deployed."""
    rows = [
        answered(day, deployed).frame.assign(
            snapshot=snapshot, fetchedAt=pd.Timestamp(READ) + timedelta(days=int(snapshot)), customerTenantId=own
        )
        for own in (tenant(place),)
        for day, snapshot, deployed in answers
    ]
    now = Facts(rows[-1].drop(columns=["snapshot", "fetchedAt"]))
    table = pd.DataFrame([seats("A" * 8, 105, 60 + place)]).assign(customerTenantId=tenant(place))
    sold = pd.DataFrame([subscribed(quantity=90 + place, productId="A" * 8)]).assign(customerTenantId=tenant(place))
    return Records(
        tenant=tenant(place),
        name=f"Customer {place}",
        source="Microsoft Partner Center",
        is_sample=False,
        deployment=Facts(pd.concat(rows, ignore_index=True)),
        now=now,
        live=OfOne(renewals.at(renewals.judged(sold, table, now.frame), READ), table, READ),
    )


def nobody(place):
    """A customer of whom nothing is known but the seats."""
    table = pd.DataFrame([seats("A" * 8, 20, 5)]).assign(customerTenantId=tenant(place))
    facts = measures.facts(COMMERCIAL_DEPLOYMENT, frame_of(COMMERCIAL_DEPLOYMENT, []))
    past = Facts(facts.frame.assign(snapshot="", fetchedAt=pd.Timestamp(READ)))
    live = OfOne(None, table, READ)
    return Records(
        tenant=tenant(place),
        name="",
        source="Microsoft Partner Center",
        is_sample=False,
        deployment=past,
        now=facts,
        live=live,
    )


def test_each_sheet_of_several_is_that_of_the_customer_alone():
    several = [
        records(1, [("2026-09-01", "1", 40), ("2026-11-10", "2", 60)]),
        nobody(2),
        # Its date in the last answer is older than that of the first customer in the one before.
        records(3, [("2026-10-01", "1", 30), ("2026-10-20", "3", 20)]),
        records(4, [("2026-11-10", "2", 100)]),
    ]
    made = content.sheets(several)
    assert made == [sheet for each in several for sheet in content.sheets([each])]
    assert [sheet.line and sheet.line.words for sheet in made] == [
        "From 40.00\u00a0% on 1 Sep 2026 to 60.00\u00a0% on 10 Nov 2026.",
        None,
        "From 30.00\u00a0% on 1 Oct 2026 to 20.00\u00a0% on 20 Oct 2026.",
        "100.00\u00a0% on 10 Nov 2026.",
    ]
    assert len(made[0].steps) == 2
    assert made[3].figures[-1].value == "41"


def test_sheets_of_several_customers_take_little_more_than_one():
    several = [records(place, [("2026-09-01", "1", 40), ("2026-11-10", "2", 60)]) for place in range(10)]

    content.sheets(several[:1])  # what is worked out once

    def calls(some):
        with cProfile.Profile() as profile:
            content.sheets(some)
        return sum(entry.callcount for entry in profile.getstats())

    assert calls(several) < calls(several[:1]) * 6
