"""Rows as Microsoft sends them, and what the product makes of them, for tests that start in the middle."""

import pandas as pd

from data_access import measures
from data_access.partner_center import frames, wire
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, COMMERCIAL_USAGE, DEPLOYMENT, USAGE

WHO_AND_WHAT = {
    "serviceCode": "o365",
    "serviceName": "Microsoft Office 365",
    "channel": "reseller",
    "customerTenantId": "0112A436-B14E-4888-967B-CA4BB2CF1234",
    "customerName": "TEST COMPANY",
    "productId": "6FD2C87F-B296-42F0-B197-1E91E994B900",
    "productName": "OFFICE 365 ENTERPRISE E3",
}
DEFAULTS = {
    DEPLOYMENT.name: {
        "proratedDeploymentPercent": 50.0,
        "licensesSold": 100,
        "processedDateTime": "2026-10-09T00:00:00+00:00",
        "serviceName": "o365",
        "channel": "reseller",
    },
    USAGE.name: {
        "proratedLicensesUsagePercent": 40.0,
        "workloadName": "Exchange",
        "processedDateTime": "2026-10-08T00:00:00+00:00",
        "serviceName": "o365",
        "channel": "reseller",
    },
    COMMERCIAL_DEPLOYMENT.name: {
        "processedDateTime": "2026-10-09T00:00:00",
        **WHO_AND_WHAT,
        "licensesDeployed": 50,
        "licensesSold": 100,
    },
    COMMERCIAL_USAGE.name: {
        "processedDateTime": "2026-10-08T00:00:00",
        "workloadCode": "EXO",
        "workloadName": "Exchange",
        **WHO_AND_WHAT,
        "licenseActive": 30,
        "licensesQualified": 100,
    },
}
_FACTS: dict[str, measures.Facts] = {}


def rows_of(collection, changes):
    """Rows as they arrive: the collection's default row with each set of changes."""
    return [DEFAULTS[collection.name] | change for change in changes]


def frame_of(collection, changes):
    readable, set_aside = wire.read(collection.row, rows_of(collection, changes))
    assert not set_aside
    return frames.joined(collection, [frames.frame(collection, readable)])


def facts_of(collection, changes):
    """The facts of such rows; they are made once, since many tests ask for the same, and nobody changes them."""
    changes = [*changes]
    asked = repr((collection.name, changes))
    if asked not in _FACTS:
        _FACTS[asked] = measures.facts(collection, frame_of(collection, changes))
    return _FACTS[asked]


def fetched(facts, number, at):
    """What the history keeps of facts in little, fetched `at` this time as the snapshot with this number."""
    return measures.summary(facts).assign(snapshot=f"{number:08}", fetchedAt=pd.Timestamp(at))
