"""Call sheets of one customer or of several, from the data that the visitor may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial

import pandas as pd

from dashboard import exports, formats
from dashboard.feeds import Feeds
from dashboard.view_models import uncounted
from data_access import Deployment, PartnerCenterError, Timeline, Usage, texts
from data_access.call_sheet import content as sheets
from data_access.call_sheet import document
from data_access.call_sheet.customer import Records
from data_access.call_sheet.records import last_use
from data_access.datasets import renewals, timeline
from data_access.datasets.renewals import Renewals
from data_access.measures import customers, product_names
from data_access.measures.customers import CUSTOMER
from data_access.mutes import Mute, Spare
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_Use = tuple[pd.DataFrame | None, date | None]
#: What holds of mutes, and what may be spare.
Quiet = tuple[tuple[Mute, ...], tuple[Spare, ...]]
#: Customers in one file: nobody calls more in a week.
MOST = 25
_PDF = "application/pdf"
_NEVER = pd.Timestamp(0, tz="UTC")
_WAIT = 5.0  # seconds for subscriptions and seats, which may have to be asked for first


def file(
    deployment: Deployment,
    tenant: str,
    feeds: Feeds,
    provenance: exports.Provenance,
    quiet: Quiet,
    *,
    target: float,
    live: Callable[[], Renewals | None],
) -> exports.File:
    """The PDF of one customer, of what is known when the visitor asks for it; `tenant` is the id in capitals.

    Its subscriptions and live seats are those that the page shows: `live` gives them, once the page is drawn.
    """
    explanation = "One page to bring along, as PDF."
    content = partial(_pdf, deployment, (tenant,), feeds, quiet, target=target, shown=live)
    return _file("call_sheet", "Call sheet", explanation, provenance, content)


def of_several(
    deployment: Deployment,
    tenants: Sequence[str],
    feeds: Feeds,
    provenance: exports.Provenance,
    quiet: Quiet,
    *,
    target: float,
) -> exports.File:
    """One PDF of the first `MOST` of these customers, in this order; its button says where that is not all."""
    first, number = tuple(tenants[:MOST]), formats.number(len(tenants), "customer")
    label, explanation = "Call sheets", f"A page for each of the {number} in this list, as one PDF."
    if len(first) < len(tenants):
        label = f"Call sheets of the first {MOST}"
        explanation = (
            f"A page for each of the first {MOST} of {number}, as one PDF. A search or a filter makes it others."
        )
    return _file(
        "call_sheets", label, explanation, provenance, partial(_pdf, deployment, first, feeds, quiet, target=target)
    )


def _file(
    key: str, label: str, explanation: str, provenance: exports.Provenance, content: Callable[[], bytes]
) -> exports.File:
    return exports.File(key, label, explanation, ":material/print:", provenance.name(ending="pdf"), _PDF, content)


def _pdf(
    deployment: Deployment,
    tenants: tuple[str, ...],
    feeds: Feeds,
    quiet: Quiet,
    *,
    target: float,
    shown: Callable[[], Renewals | None] = lambda: None,
) -> bytes:
    live = shown()
    if live is None:
        feeds.renewals.refresh_if_due()
        feeds.renewals.wait(_WAIT)
        live = feeds.renewals.state.data
    past = feeds.past.state.data if feeds.past else None
    used = feeds.usage.state.data

    def make() -> exports.Content:
        own, use = _own(past, tenants, feeds), _use(past, used, tenants)
        made = sheets.sheets(
            [_records(deployment, tenant, feeds, (live, use), quiet, own=own.get(tenant)) for tenant in tenants],
            target=target,
            root=feeds.public_url,
        )
        return exports.counted(document.pdf(made), len(made))

    return exports.FILES.kept("call sheet", (deployment, past, live, used, tenants, quiet, target), make)


def _own(past: Timeline | None, tenants: Sequence[str], feeds: Feeds) -> Mapping[str, Timeline]:
    """The history of each customer; none where it cannot be read: the sheets do without, and the page says why."""
    if past is not None and not past.history.is_empty:
        with suppress(PartnerCenterError):
            return timeline.of_each(past, feeds.engine(past), tenants)
    return {}


def _use(past: Timeline | None, used: Usage | None, tenants: Sequence[str]) -> _Use:
    """The rows of commercial usage, and since when there are none; then the last ones that the history has."""
    if used is None:
        return None, None
    if past is None or used.counts.has_rows or used.counts.answer is None:
        return used.counts.frame, None
    rows, since = last_use(past.history, tenants)
    if rows is None or (since is None and used.counts.answer.is_part):  # others have rows
        return used.counts.frame, None
    return rows, since or used.counts.answer.fetched_at.date()


def _records(
    deployment: Deployment,
    tenant: str,
    feeds: Feeds,
    known: tuple[Renewals | None, _Use],
    quiet: Quiet,
    *,
    own: Timeline | None,
) -> Records:
    live, (use, no_use_since) = known
    mutes, spares = quiet
    now = customers.one(deployment.facts, tenant)
    names = now.frame["customerName"].dropna()
    name = str(names.iloc[0]) if len(names) else (live and uncounted.name_of(live, tenant)) or ""
    empty_since, unread = None, deployment.unread
    last, since = own.history.last_figures(COMMERCIAL_DEPLOYMENT) if own else (None, None)
    # A sheet stands on analytics, as that of the command line, and not on the live seats that pages have instead.
    if own and last and last.rows and (deployment.is_empty or deployment.live):
        now = own.facts.of(own.facts.frame[own.facts.frame["snapshot"] == last.id])
        empty_since = since or max(deployment.fetched_at, last.fetched_at).date()
        unread = own.unread_of(last)
    own_live = renewals.of_one(live, tenant, now.frame) if live else None
    return Records(
        tenant=tenant,
        name=name,
        source=feeds.source,
        is_sample=feeds.is_sample,
        deployment=own.facts if own else now.of(now.frame.head(0).assign(snapshot="", fetchedAt=_NEVER)),
        now=now,
        empty_since=empty_since,
        unread=product_names.of_unread(
            unread.within(CUSTOMER, texts.key(tenant).__eq__), (own.facts if own else now).frame
        ),
        use=None if use is None else _of(use, tenant),
        no_use_since=no_use_since,
        live=own_live,
        mutes=mutes,
        spares=spares,
    )


def _of(rows: pd.DataFrame, tenant: str) -> pd.DataFrame:
    return rows[rows[CUSTOMER] == tenant]
