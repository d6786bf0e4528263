"""Subscriptions, live seats and commercial counts as frames, for the tests of renewals."""

import pandas as pd

END, PRECISE_END = "commitmentEndDate", "commitmentEndDateTime"
CANCEL = "cancellationAllowedUntilDate"
E3, E5 = "6FD2C87F-B296-42F0-B197-1E91E994B900", "C7DF2760-2C81-4EF7-B578-5B5392B571DF"
SUBSCRIPTION = {
    "customerTenantId": "AA",
    "customerName": "Nordwind AB",
    "id": "s",
    "offerName": "Office 365 E3",
    "productId": E3,
    "quantity": 10,
    "status": "active",
    "isTrial": False,
    "billingType": "license",
    "commitmentEndDate": "2026-12-10T00:00:00Z",
    "commitmentEndDateTime": "2026-12-10T23:59:59Z",
    "cancellationAllowedUntilDate": "2025-12-18T21:07:21.6267203Z",
    "renewalOutcome": "renews",
}
DTYPES = {"quantity": "Int64", "isTrial": "boolean"}
SEATS = {"customerTenantId": "AA", "productId": E3, "activeUnits": 10, "consumedUnits": 7, "totalUnits": 10}
COUNTS = {"customerTenantId": "AA", "productId": E3, "licensesSold": 10, "licensesDeployed": 4}


def subscriptions(*changes):
    rows = [{**SUBSCRIPTION, "id": f"s{number}", **change} for number, change in enumerate(changes)]
    table = pd.DataFrame(rows, columns=list(SUBSCRIPTION))
    return table.astype({name: DTYPES.get(name, "str") for name in SUBSCRIPTION})


def seats(*changes):
    counts = dict.fromkeys(("activeUnits", "consumedUnits", "totalUnits"), "Int64")
    return pd.DataFrame([{**SEATS, **change} for change in changes], columns=list(SEATS)).astype(counts)


def counts(*changes):
    return pd.DataFrame([{**COUNTS, **change} for change in changes], columns=list(COUNTS))
