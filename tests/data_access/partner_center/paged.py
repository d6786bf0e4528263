"""Services that divide invented rows into pages."""

from data_access.emulator import (
    Emulator,
)
from data_access.emulator.sample import Partner
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT
from data_access.partner_center.retry import RetryPolicy
from tests.rows import rows_of

PATIENCE = RetryPolicy(tries=3, budget=20, timeout=10, first_wait=0.02)


def numbered(count, start=0):
    return rows_of(COMMERCIAL_DEPLOYMENT, [{"productName": f"P{number}"} for number in range(start, start + count)])


def names(count):
    return [f"P{number}" for number in range(count)]


def of(rows, **settings):
    return Emulator(Partner(commercial_deployment=rows), **settings)


def page_of(asked):
    return int(asked.target.partition("skip=")[2].partition("&")[0])
