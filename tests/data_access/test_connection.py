"""Which service is asked, and with whose token."""

from data_access import Settings, connection
from data_access.auth.credentials import Ready

TENANT = "0112a436-b14e-4888-967b-ca4bb2cf1234"
REGISTRATION = {f"partner_center_{name}": TENANT for name in ("tenant_id", "client_id", "client_secret")}


def test_a_ready_token_goes_before_a_registration():
    credential = connection.configured(Settings(**REGISTRATION, partner_center_access_token="its-secret"))
    assert credential == Ready("its-secret")
    assert "its-secret" not in repr(credential)
