"""Customers that could not be read: who of them refused, has left or failed, and which error stands for all of them.

A refusal (403) is the customer's word, and 404 says that it has left: neither is asked again. All else of one customer
is a failure of that customer, whatever its status: it is tried again, and a second time it is a failure of the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from data_access.errors import ApplicationAlone, NotPermitted, PartnerCenterError, SignInError, Unavailable
from data_access.partner_center.answers import OfCustomers


def ends_all(error: PartnerCenterError) -> bool:
    """Whether every other customer would be answered alike, so that nobody else is to be asked."""
    return isinstance(error, SignInError | ApplicationAlone)


def has_failed(error: PartnerCenterError) -> bool:
    """Whether a customer is to be tried again; a refusal, or a customer who has left, stays one."""
    return not (isinstance(error, NotPermitted) or error.is_unknown)


def of_customers(
    errors: Mapping[str, PartnerCenterError], *, empty: Iterable[str] = (), untried: Iterable[str] = ()
) -> OfCustomers:
    """Why customers were not read, by the `errors` of each tenant id, together with those that have no row."""
    by_tenant = dict(sorted(errors.items()))
    failed = {tenant: error for tenant, error in by_tenant.items() if has_failed(error)}
    return OfCustomers(
        tuple(sorted(empty)),
        tuple(tenant for tenant, error in by_tenant.items() if isinstance(error, NotPermitted)),
        tuple(tenant for tenant, error in by_tenant.items() if error.is_unknown),
        tuple(sorted([*failed, *untried])),
        next(map(_failure, failed.values()), None),
    )


def none_read(errors: Mapping[str, PartnerCenterError], *, untried: Iterable[str] = ()) -> PartnerCenterError:
    """The error where not one customer could be read, which names all: a failure, or else the gravest refusal."""
    whose = of_customers(errors, untried=untried)
    found = whose.failure or max((errors[tenant] for tenant in sorted(errors)), key=lambda error: error.exit_code)
    found.unread = {"refused": whose.refused, "gone": whose.gone, "failed": whose.failed}
    return found


def _failure(error: PartnerCenterError) -> PartnerCenterError:
    """What failed for one customer, as the error of a call about many: the service does answer, but for this one."""
    if isinstance(error, Unavailable):
        return error
    details = error.details
    said = [f"{name} {fact}" for name, fact in (("HTTP status", details.status), ("code", details.code)) if fact]
    message = f"{error.message.rstrip('.')} ({', '.join(said)})." if said else error.message
    advice = (
        "Try again later; if it lasts, look at this customer in Partner Center, or give the ids to Microsoft support."
    )
    failure = Unavailable(f"Of a customer: {message}", advice, details)
    failure.title = "No usable answer about a customer"
    return failure
