"""A fetch with what these settings name, or with another way to a token."""

from data_access import connection
from data_access.partner_center.catalog import DEPLOYMENT


def fetch(settings, credential=None):
    with connection.connect(settings, credential) as client:
        return client.fetch(DEPLOYMENT)
