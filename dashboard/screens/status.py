"""Does it work, and if not, whose turn is it? For the operator: who is here, which account is used, what answers."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from dashboard import formats
from dashboard.components import dataframe, header, history_states, notices
from dashboard.feeds import Feeds, current_feeds
from dashboard.security import session
from dashboard.tables.status import CALLS, HISTORY
from dashboard.view_models import checks
from data_access import (
    COLLECTIONS,
    Client,
    History,
    HistoryError,
    Outcome,
    PartnerCenterError,
    Settings,
    SignInError,
    Standing,
    load_settings,
    stored_sign_in,
)
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT

_QUESTION = "Does everything work?"


@session.part
def show(feeds: Feeds) -> None:
    """The page."""
    header.head(_QUESTION, feeds)
    settings = load_settings()
    with st.grid(2, gap="small", min_column_width=340):
        with st.container(border=True, height="stretch", key="status_you"):
            st.header("You", anchor=False)
            _facts(_you())
        with st.container(border=True, height="stretch", key="status_account"):
            st.header("Partner Center", anchor=False)
            _facts(_account(settings))
    with st.container(border=True, key="status_calls"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("What the collections last answered", anchor=False)
            tested = st.button("Test connection", key="test_connection", icon=":material/network_check:")
        place = st.empty()
        if tested:
            with place.status("Asking each collection") as told:
                _test(feeds.service, lambda title: told.update(label=f"Asking for {title}"))
        place.markdown(_answer(feeds.service.outcomes))
        _calls(feeds.service.outcomes)
    with st.container(border=True, key="status_history"):
        st.header("What the history holds", anchor=False)
        _history(feeds)


def _history(feeds: Feeds) -> None:
    """What there is of it, or why it cannot be told."""
    if feeds.past is None:
        st.markdown("No page here uses one: Partner Center is asked on behalf of each person.")
    elif past := history_states.at_hand(feeds):
        try:
            _held(past.history, past.history.standing(), has_job=not feeds.is_sample)
        except HistoryError as error:
            notices.trouble(error, key="trouble_history")
    elif failed := feeds.past.state.error:
        notices.trouble(failed, feeds.past.state.failed_at, again=feeds.past.refresh, key="trouble_history")
    else:
        st.markdown("It is being opened; look again in a moment.")


def _held(history: History, standing: Mapping[str, Standing], *, has_job: bool) -> None:
    """Where it is kept, how much of it there is, when `collect` last ran, and what failed."""
    number = {name: len(history.snapshots(name)) for name in COLLECTIONS if name in standing}
    tried = [at for one in standing.values() for at in (one.last_success, one.last_failure) if at]
    _facts(
        {
            "Kept in": history.store.name,
            "Snapshots": f"{sum(number.values()):,}",
            "Collected last": _when(max(tried)) if tried else "never. Run: python -m data_access collect",
        }
    )
    check = checks.collecting(standing, datetime.now(UTC), has_job=has_job)
    st.markdown(check.finding)
    if number:
        rows = check.rows.assign(snapshots=list(number.values()))
        dataframe.show(HISTORY.on_screen(rows))


def _when(instant: datetime) -> str:
    return f"{formats.day(instant)}, {formats.clock(instant)}, {formats.age(datetime.now(UTC) - instant)}"


def _you() -> dict[str, str]:
    who = session.person()
    if not who.is_known:
        return {
            "Sign-in": "none is configured: whoever reaches this page sees everything",
            "Reachable from": f"{st.get_option('server.address') or 'everywhere'} ({socket.gethostname()})",
        }
    return {
        "Name": who.name,
        "Account": who.username,
        "Role": who.role.name.lower(),
        "Tenant": who.identity[0],
        "Object id": who.identity[1],
        "Sign-in ends": f"{formats.day(who.until)}, {formats.clock(who.until)}" if who.until else formats.NOTHING,
    }


def _account(settings: Settings) -> dict[str, str]:
    if settings.is_sample:
        return {"Source": "the sample: nothing is configured", "Next step": "connect it, as in docs/sign-in.md"}
    found = {"Service": settings.base_url, "Cloud": settings.partner_center_cloud}
    if settings.has_registration:
        registration = settings.registration
        found |= {
            "Tenant": registration.tenant,
            "Application": registration.client_id,
            "Authority": registration.authority,
        }
    if settings.partner_center_on_behalf_of:
        return found | {"Asks as": "each person who is signed in"}
    if settings.partner_center_access_token is not None:
        return found | {"Asks with": "the token in PARTNER_CENTER_ACCESS_TOKEN"}
    try:
        account = stored_sign_in(settings).account()
    except SignInError as error:
        return found | {"Asks as": f"nobody. {error}"}
    if account is None:
        return found | {"Asks as": "nobody yet. Sign in: python -m data_access sign-in"}
    return found | {"Asks as": account.username, "Lapses if unused": formats.day(account.lapses)}


def _facts(found: Mapping[str, str]) -> None:
    for name, value in found.items():
        what, is_so = st.columns([1, 3], gap="small")
        what.caption(name)
        is_so.text(value)  # what others are called is not Markdown


def _test(service: Client, tell: Callable[[str], None]) -> None:
    """Ask each collection for as little as possible; those about one customer are asked for the first one.

    How each ended is noted by the client.
    """
    customer = None
    # The one with the customers first, since others need one.
    for collection in sorted(COLLECTIONS.values(), key=lambda collection: collection is not COMMERCIAL_DEPLOYMENT):
        if collection.per_customer and not customer:
            continue
        tell(collection.title)
        with contextlib.suppress(PartnerCenterError):
            page = service.probe(collection, customer if collection.per_customer else None)
            if collection is COMMERCIAL_DEPLOYMENT:
                customer = next((row["customerTenantId"] for row in page.rows if "customerTenantId" in row), None)


def _answer(outcomes: Mapping[str, Outcome]) -> str:
    """The page's question answered in a sentence."""
    if not outcomes:
        return "Nothing has been asked since the start. *Test connection* asks each collection for one row."
    failed = [COLLECTIONS[name].title for name, outcome in outcomes.items() if outcome.error]
    if not failed:
        return f"**{len(outcomes)} of {len(COLLECTIONS)}** collections were asked, and all of them can be read."
    return f"**{len(failed)} of {len(outcomes)}** collections that were asked cannot be read: {', '.join(failed)}."


def _calls(outcomes: Mapping[str, Outcome]) -> None:
    rows = [_call(collection.title, outcomes.get(name)) for name, collection in COLLECTIONS.items()]
    dataframe.show(CALLS.on_screen(pd.DataFrame(rows, columns=[*CALLS.names])))


def _call(title: str, outcome: Outcome | None) -> dict[str, object]:
    if outcome is None:
        return {"collection": title, "answer": "not asked yet"}
    row = {"collection": title, "askedAt": outcome.at, "seconds": outcome.seconds}
    if outcome.error is None:
        return row | {"answer": "✓ readable", "rows": outcome.rows, "correlationId": outcome.correlation_id}
    error = outcome.error
    return row | {
        "answer": f"✗ {error.details.status or ''} {error.message}".replace("  ", " "),
        "code": error.details.code,
        "correlationId": error.details.correlation_id or outcome.correlation_id,
        "requestId": error.details.request_id,
        "advice": error.advice,
    }


show(current_feeds())
