"""Addresses of the service, and asking them."""

import json
from datetime import date

import requests

from data_access.emulator import DEMO_TOKEN
from data_access.emulator.sample import partner

DEPLOYMENT = "/v1/analytics/licenses/deployment"
USAGE = "/v1/analytics/licenses/usage"
PUBLISHED_CUSTOMER = "/v1/customers/4d3cf487-70f4-4e1e-9ff1-b2bfce8d9f04/analytics/licenses/"
COMMERCIAL = "/v1/analytics/commercial/deployment/license"
COMMERCIAL_USAGE = "/partner/v1/analytics/commercial/usage/license/"
SAMPLE = partner(as_of=date(2026, 3, 31), customers=40)
ROWS = SAMPLE.commercial_deployment
GUID = "b01b8759-4dbe-4605-adb7-e5839a796c33"
BOM = b"\xef\xbb\xbf"


def get(url, token=DEMO_TOKEN, *, stream=False, **headers):
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    given = {"Accept": "application/json", **authorization, **headers}
    return requests.get(url, headers=given, timeout=5, allow_redirects=False, stream=stream)


def value(answer):
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content.decode("utf-8-sig"))
