"""What becomes of a subscription at the end of its term: the contract's table line by line, and an oracle."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.partner_center import renewal, wire
from tests.partner import subscription

END = "2026-11-30T23:59:59Z"


def action(kind, **more):
    return {"scheduleType": "TermEnd", "actionType": kind, **more}


def scheduled(*actions, **more):
    return {"scheduledActions": [*actions], **more}


OFF = {"autoRenewEnabled": False}
NO_END = {"commitmentEndDate": ..., "commitmentEndDateTime": ...}
LATE = {"commitmentEndDateTime": f"{END[:-1]}.0000009Z"}
LEGACY = {"productType": {"id": "License"}, "commitmentEndDateTime": ...}


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        # none: over, whatever else is said
        ({"status": "expired"}, "none"),
        ({"status": "disabled", **NO_END}, "none"),
        ({"status": " Deleted ", **scheduled(action("Cancel"))}, "none"),
        ({"status": "suspended"}, "renews"),
        ({"status": "a word of tomorrow"}, "renews"),
        ({"status": ...}, "renews"),
        # noEnd: no end, or one in the year 9999
        (NO_END, "noEnd"),
        ({"commitmentEndDate": None, "commitmentEndDateTime": ""}, "noEnd"),
        ({"commitmentEndDate": "9999-12-10T00:00:00Z", "commitmentEndDateTime": ...}, "noEnd"),
        ({"commitmentEndDateTime": "9999-12-31T23:59:59-05:00"}, "noEnd"),
        ({"commitmentEndDate": "0001-01-01T00:00:00", "commitmentEndDateTime": ...}, "noEnd"),
        ({**NO_END, **scheduled(action("Cancel"))}, "noEnd"),
        # what is scheduled goes before autoRenewEnabled
        (scheduled(action("Cancel")), "ends"),
        (scheduled(action("cancel ")) | OFF, "ends"),
        (scheduled(action("RenewToExtendedServiceTerm")), "extendedServiceTerm"),
        (scheduled(action("renew to extended service term")), "extendedServiceTerm"),
        (scheduled(action("RenewToNewTerm")) | OFF, "renews"),
        (scheduled(action("RENEWTONEWTERM")), "renews"),
        (scheduled(action("Transition")), "other"),
        (scheduled(action(None)), "other"),
        (scheduled({}), "other"),
        (scheduled({"ActionType": "Cancel"}), "ends"),
        ({"scheduledActions": action("Cancel")}, "ends"),
        # of several the earliest; without a date at the end of the term; on one day the first that was sent
        (scheduled(action("RenewToNewTerm"), action("Cancel", effectiveDate="2026-06-01T00:00:00Z")), "ends"),
        (scheduled(action("RenewToNewTerm"), action("Cancel", effectiveDate="2026-12-01")), "renews"),
        (scheduled(action("Transition", effectiveDate="2026-03-01T00:00:00.1234567Z"), action("Cancel")), "other"),
        (scheduled(action("Cancel", effectiveDate=END), action("RenewToNewTerm")), "ends"),
        (scheduled(action("Cancel", effectiveDate="2026-12-01T01:00:00+02:00"), action("RenewToNewTerm")), "ends"),
        # to the last of seven digits, also against the end of the term
        *(
            (
                scheduled(
                    *(action(kind, effectiveDate=f"2026-11-30T00:00:00.000000{digit}Z") for kind, digit in dated)
                ),
                outcome,
            )
            for dated, outcome in (
                ((("RenewToNewTerm", 2), ("Cancel", 1)), "ends"),
                ((("Cancel", 1), ("RenewToNewTerm", 2)), "ends"),
                ((("RenewToNewTerm", 15), ("Cancel", 2)), "renews"),
                ((("RenewToNewTerm", 10), ("Cancel", 1)), "renews"),
            )
        ),
        (scheduled(action("Cancel"), action("RenewToNewTerm", effectiveDate=f"{END[:-1]}.0000008Z")) | LATE, "renews"),
        (scheduled(action("Cancel"), action("RenewToNewTerm", effectiveDate=f"{END[:-1]}.00000095Z")) | LATE, "ends"),
        # nothing is scheduled
        ({"scheduledActions": []}, "renews"),
        ({"scheduledActions": None, "autoRenewEnabled": "True"}, "renews"),
        ({"isTrial": True}, "renews"),
        (OFF, "undecided"),
        ({"autoRenewEnabled": ...}, "undecided"),
        ({"autoRenewEnabled": None, "scheduledActions": [None]}, "undecided"),
        # expires: a trial, the older kind, begun before April 2025, or ended before 4 May 2026
        (OFF | {"isTrial": True}, "expires"),
        (OFF | LEGACY, "expires"),
        (OFF | {"productType": ...}, "expires"),
        (OFF | {"productType": {"ID": "onlineServicesNce "}}, "undecided"),
        (OFF | {"effectiveStartDate": "2025-03-31T23:59:59.9999999Z"}, "expires"),
        (OFF | {"effectiveStartDate": "2025-04-01T00:00:00"}, "undecided"),
        (OFF | {"effectiveStartDate": "2025-04-01T01:00:00+02:00"}, "expires"),
        (OFF | {"effectiveStartDate": ...}, "undecided"),
        (OFF | {"commitmentEndDateTime": "2026-05-03T23:59:59Z"}, "expires"),
        (OFF | {"commitmentEndDateTime": "2026-05-04T00:00:00Z"}, "undecided"),
        (OFF | {"commitmentEndDateTime": ..., "commitmentEndDate": "2026-05-03T00:00:00Z"}, "expires"),
    ],
)
def test_the_first_line_that_fits_decides(changes, outcome):
    assert renewal.outcome(subscription(**changes)) == outcome


def test_the_row_that_is_read_carries_it():
    sent = subscription(scheduledActions=[action("Cancel", effectiveDate=END)], productId="theirs")
    (row,), set_aside = wire.read(wire.Subscription, [sent])
    assert not set_aside
    assert row["renewalOutcome"] == "ends"
    assert row["scheduledActions"].startswith('[{"scheduleType"')
    assert (row["productId"], row["productId (as sent)"]) == (None, "theirs")


# The oracle is written from the table and shares nothing with the code; what is drawn is what it understands.

days = st.integers(-900, 900).map(lambda number: datetime(2026, 5, 4, tzinfo=UTC) + timedelta(hours=9 * number))
actions = st.builds(
    lambda kind, day: {"actionType": kind} | ({"effectiveDate": day} if day else {}),
    st.sampled_from(["Cancel", "RenewToNewTerm", "RenewToExtendedServiceTerm", "Transition"]),
    st.none() | days,
)
rows = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["active", "suspended", "pending", "none", "expired", "disabled", "deleted"]),
        "end": st.none() | days | st.just(datetime(9999, 12, 10, tzinfo=UTC)),
        "start": st.none() | days,
        "actions": st.none() | st.lists(actions, max_size=3),
        "auto": st.sampled_from([True, False, None]),
        "trial": st.sampled_from([True, False, None]),
        "kind": st.sampled_from(["OnlineServicesNCE", "License", None]),
    }
)


def oracle(row):
    if row["status"] in {"expired", "disabled", "deleted"}:
        return "none"
    if row["end"] is None or row["end"].year == 9999:
        return "noEnd"
    if row["actions"]:
        dated = [(one.get("effectiveDate", row["end"]), place) for place, one in enumerate(row["actions"])]
        kind = row["actions"][min(dated)[1]]["actionType"]
        if kind == "Cancel":
            return "ends"
        if kind == "RenewToExtendedServiceTerm":
            return "extendedServiceTerm"
        return "renews" if kind == "RenewToNewTerm" else "other"
    if row["auto"]:
        return "renews"
    old = row["start"] is not None and row["start"].strftime("%Y%m%d") < "20250401"
    soon = row["end"].strftime("%Y%m%d") < "20260504"
    return "expires" if row["trial"] or row["kind"] != "OnlineServicesNCE" or old or soon else "undecided"


@given(rows)
def test_it_is_what_the_table_says(row):
    def written(day):
        return f"{day:%Y-%m-%dT%H:%M:%S}Z" if day else None

    sent = {
        "id": "x",
        "status": row["status"],
        "commitmentEndDateTime": written(row["end"]),
        "effectiveStartDate": written(row["start"]),
        "autoRenewEnabled": row["auto"],
        "isTrial": row["trial"],
        "productType": row["kind"] and {"id": row["kind"]},
        "scheduledActions": row["actions"]
        and [{**one, "effectiveDate": written(one.get("effectiveDate"))} for one in row["actions"]],
    }
    assert renewal.outcome(sent) == oracle(row)
