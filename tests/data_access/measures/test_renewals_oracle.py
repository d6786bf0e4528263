"""Renewals against an oracle that knows the definitions and nothing of the code."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from data_access.measures import renewals
from tests.data_access.measures.subscribed import CANCEL, E3, E5, END, PRECISE_END, counts, seats, subscriptions


def instant(text):
    """What a date of Microsoft's means, to the microsecond, as a pair that compares."""
    if text is None or text.startswith("9999"):
        return None
    head, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(head + "+00:00"), fraction.ljust(7, "0")[:6]


def invented(generator, now, number):
    """A random subscription whose dates crowd around this moment."""
    near = [timedelta(0), timedelta(seconds=1), timedelta(seconds=-1), timedelta(days=1), timedelta(days=-1)]

    def date(pattern):
        day = now + generator.choice([*near, timedelta(days=generator.randrange(-20, 400))])
        return generator.choice([None, f"{day:{pattern}}", f"{day:{pattern}}", f"{day:{pattern}}"])

    end = generator.choice([date("%Y-%m-%dT00:00:00Z"), date("%Y-%m-%dT00:00:00Z"), "9999-12-10T00:00:00Z"])
    precise = generator.choice([None, end and end.replace("T00:00:00", "T23:59:59"), date("%Y-%m-%dT%H:%M:%SZ")])
    return {
        "id": f"s{number:04}",
        "customerTenantId": generator.choice(["AA", "BB", "CC"]),
        "productId": generator.choice([E3, E5, None]),
        "quantity": generator.choice([None, 0, 1, 7, 40]),
        "status": generator.choice(["active", "active", "active", "suspended", "expired", "Active", "warned"]),
        "isTrial": generator.choice([None, False, False, True]),
        "billingType": generator.choice(["license", "license", "usage"]),
        END: end,
        PRECISE_END: precise,
        CANCEL: generator.choice([date("%Y-%m-%dT%H:%M:%S.0000010Z"), date("%Y-%m-%dT%H:%M:%SZ")]),
        "renewalOutcome": generator.choice(["renews", "ends", "undecided", "extendedServiceTerm", "noEnd", "other"]),
    }


def last_day(row, now):
    if row[CANCEL] and instant(row[CANCEL]) > (now, "000000"):
        return row[CANCEL]
    if row[PRECISE_END]:
        return row[PRECISE_END] if instant(row[PRECISE_END]) else None
    return row[END] if row[END] and instant(row[END]) else None


def shown(row, now, days):
    end = instant(row[PRECISE_END] or row[END])
    return (
        row["status"].lower() in ("active", "suspended")
        and end is not None
        and now <= end[0]
        and end <= (datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=days + 1), "000000")
    )


def summed(rows, spare):
    """Seats at risk in a sum: per customer and product, the lesser of what is renewed and what nobody has."""
    quantities: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        key = row["customerTenantId"], row["productId"]
        if key in spare and row["quantity"] is not None:
            quantities[key] += row["quantity"]
    return sum(min(quantity, spare[key]) for key, quantity in quantities.items())


@pytest.mark.parametrize("seconds", [0, -1, 1, 86_400, 7 * 86_400 - 1])
def test_an_oracle_says_the_same_of_a_thousand_subscriptions(seconds):
    generator = random.Random(seconds)
    now = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC) + timedelta(seconds=seconds)
    rows = [invented(generator, now, number) for number in range(1000)]
    spare = {("AA", E3): 3, ("AA", E5): 0, ("BB", E3): 25}  # of the third customer nothing is known
    live = seats({"customerTenantId": "AA"}, {"customerTenantId": "AA", "productId": E5, "consumedUnits": 11})
    table = renewals.judged(subscriptions(*rows), live, counts({"customerTenantId": "BB", "licensesDeployed": -15}))
    table = renewals.at(table, now)

    for found, row in zip(table.astype(object).to_dict("records"), rows, strict=True):
        assert (None if pd.isna(found["lastDayToAct"]) else found["lastDayToAct"]) == last_day(row, now)
        known = spare.get((row["customerTenantId"], row["productId"]))
        risk = None if known is None or row["quantity"] is None else min(row["quantity"], known)
        assert (None if pd.isna(found["seatsAtRisk"]) else found["seatsAtRisk"]) == risk

    for days in (30, 365):
        view = [row for row in rows if shown(row, now, days)]
        assert set(renewals.within(table, now, days)["id"]) == {row["id"] for row in view}
        taken = [
            row
            for row in view
            if row["status"].lower() == "active" and not row["isTrial"] and row["billingType"] == "license"
        ]
        renewing = [row for row in taken if row["renewalOutcome"] == "renews"]
        totals = renewals.totals(table, now, days)
        assert totals.renewing == sum(row["quantity"] or 0 for row in renewing)
        assert totals.at_risk == summed(renewing, spare)
        undecided = [row for row in taken if row["renewalOutcome"] in ("undecided", "extendedServiceTerm")]
        assert totals.undecided == sum(row["quantity"] or 0 for row in undecided)
        periods = renewals.by_period(renewals.within(table, now, days), by_month=True)
        assert periods["quantity"].sum() == sum(row["quantity"] or 0 for row in taken)
        assert periods.loc[periods["renewalOutcome"] == "renews", "seatsAtRisk"].sum() == totals.at_risk
