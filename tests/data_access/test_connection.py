"""Which service is asked, and with whose token."""

from data_access import Settings, connection
from data_access.auth.credentials import Ready

REGISTRATION = {
    "partner_center_tenant_id": "0112a436-b14e-4888-967b-ca4bb2cf1234",
    "partner_center_client_id": "x",
    "partner_center_client_secret": "x",
}


def test_a_ready_token_goes_before_a_registration():
    credential = connection.configured(Settings(**REGISTRATION, partner_center_access_token="its-secret"))
    assert credential == Ready("its-secret")
    assert "its-secret" not in repr(credential)
