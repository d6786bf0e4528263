"""Answers that are kept, and told apart by a number."""

from data_access.partner_center.catalog import DEPLOYMENT
from tests.lakes import fetched, lake

TWO = [{}, {"channel": "direct", "licensesSold": 7}]


def keep(folder, collection=DEPLOYMENT, changes=TWO, at=None):
    """Keep one answer; returns its snapshot."""
    return lake(folder).append(fetched(collection, changes, at)).snapshot


def sold(number):
    """An answer that differs from others by its number."""
    return fetched(DEPLOYMENT, [{"licensesSold": number}])


def numbers(history):
    """The numbers of the answers in a history, in its order."""
    return history.summary(DEPLOYMENT)["licensesSold"].to_pylist()
