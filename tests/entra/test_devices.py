"""Signing in on a device without a browser."""

import pytest

from tests.entra.asking import DEVICE, refused
from tests.entra.refusals import Refusal


def test_msal_signs_a_device_in(entra, amy, device, visitor):
    flow, poll = device
    assert (flow["expires_in"], flow["interval"]) == (900, 1)
    assert flow["user_code"] in flow["message"]
    assert flow["verification_uri"] in flow["message"]
    assert poll()["error"] == "authorization_pending"
    page = visitor.press(visitor.open(flow["verification_uri"]), "Next", user_code=flow["user_code"].lower())
    assert "signed in" in visitor.press(page, amy.name).text
    result = poll()
    assert entra.who(result["access_token"])["oid"] == amy.oid
    assert poll()["error"] == "bad_verification_code"
    page = visitor.press(visitor.open(flow["verification_uri"]), "Next", user_code=flow["user_code"])
    assert "AADSTS70018" in page.text


def test_a_device_is_approved_without_the_page(entra, amy, device):
    flow, poll = device
    entra.approve(flow["user_code"], amy)
    assert "access_token" in poll()


def test_a_device_code_is_good_for_its_app_only(entra, amy, device, post):
    flow, _ = device
    entra.approve(flow["user_code"], amy)
    refused(post({"grant_type": DEVICE, "device_code": flow["device_code"]}), 70018, "bad_verification_code")


def test_a_device_is_declined(device, visitor):
    flow, poll = device
    page = visitor.press(visitor.open(flow["verification_uri"]), "Next", user_code=flow["user_code"])
    visitor.press(page, "Cancel")
    assert poll()["error"] == "authorization_declined"


def test_a_device_code_expires(entra, device, amy):
    flow, poll = device
    assert poll(after=15 * 60)["error"] == "expired_token"
    with pytest.raises(Refusal, match="AADSTS70018"):
        entra.approve(flow["user_code"], amy)


def test_an_impatient_device_is_told_to_slow_down(device):
    flow, poll = device
    assert poll()["error"] == "authorization_pending"
    assert poll(after=0)["error"] == "slow_down"
    assert flow["interval"] == 6  # MSAL adds five
    flow["latest_attempt_at"] = 0
    assert poll(after=6)["error"] == "authorization_pending"
