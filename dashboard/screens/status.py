"""The Status page, for the operator: the user, the account, the answers of the collections, and the history."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from dashboard import exports, formats, mutes_and_bands, page_turns
from dashboard.cache import remembered
from dashboard.components import audit_notice, figures, header, history_states, notices, table
from dashboard.feeds import Feeds, books_now, current_feeds, everybody
from dashboard.security import session
from dashboard.tables.columns import Table
from dashboard.tables.status import BOOKS, BOOKS_PROBLEMS, CALLS, DIGEST_MISTAKES, HISTORY, without_failures
from data_access import (
    COLLECTIONS,
    Books,
    Client,
    History,
    HistoryError,
    NotPermitted,
    Outcome,
    PartnerCenterError,
    Settings,
    SignInError,
    Standing,
    Timeline,
    load_settings,
    stored_sign_in,
    unread_customers,
)
from data_access.datasets import checks
from data_access.datasets.checks import Mark
from data_access.datasets.health import losses
from data_access.digest import mistakes
from data_access.measures import Facts, parts
from data_access.measures.customers import CUSTOMER
from data_access.measures.unread_rows import ALL_READ, Absence
from data_access.partner_center.catalog import COMMERCIAL_DEPLOYMENT, CUSTOMERS

_QUESTION = "Does everything work?"
_UNREADABLE = "The history cannot be read."
_OF_CUSTOMER = {True: "refuses; that says nothing of the others", False: "is not known any more; others may be"}


@session.part
def show(feeds: Feeds) -> None:
    """Draw the page."""
    header.head(_QUESTION, feeds)
    settings = load_settings()
    place_of_verdict = st.empty()
    with st.grid(2, gap="small", min_column_width=340):
        with st.container(border=True, height="stretch", key="status_you"):
            st.header("You", anchor=False)
            _facts(_you())
        with st.container(border=True, height="stretch", key="status_account"):
            st.header("Partner Center", anchor=False)
            _facts(_account(settings))
    audit_notice.draw()
    with st.container(border=True, key="status_calls"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("What the collections last answered", anchor=False)
            tested = st.button("Test connection", key="test_connection", icon=":material/network_check:")
        place = st.empty()
        if tested:
            with place.status("Asking each collection") as progress, page_turns.paused():
                _test(feeds.service, lambda title: progress.update(label=f"Asking for {title}"))
        outcomes, standing = feeds.service.outcomes, _standing(feeds)
        collected, refused = _collected(standing), _refused(standing, outcomes)
        outcomes = {
            name: outcome
            for name, outcome in outcomes.items()
            # What `collect` read of all customers says more than the refusal of one.
            if name not in refused and not (outcome.is_of_customer and name in collected)
        }
        _calls(outcomes, collected, refused, feeds)
        answer = _answer(outcomes, collected, refused)
    with st.container(border=True, key="status_history"):
        st.header("What the history holds", anchor=False)
        wrong = _history(feeds)
    with st.container(border=True, key="status_books"):
        st.header("Who looks after which customers", anchor=False)
        wrong += _books(settings)
    with st.container(border=True, key="status_digest"):
        st.header("Digests, bands and mutes", anchor=False)
        unusable, doubtful = _digest(settings)
    wrong += unusable
    with place_of_verdict.container(key="status_verdict"):
        _verdict(outcomes, answer, wrong, " ".join(filter(None, (_unread(feeds), doubtful))))
    if wrong and not _failed(outcomes):
        place.markdown(answer)  # else the verdict says it
    else:
        place.empty()


def _verdict(outcomes: Mapping[str, Outcome], answer: str, wrong: Sequence[str], doubtful: str) -> None:
    """The page's question answered in one sentence and its colour.

    `wrong`: what is not well beside the collections. `doubtful`: what is to be looked at and no failure, in sentences.
    """
    problems = [*([answer] if _failed(outcomes) else []), *wrong]
    if len(problems) > 1:
        listed = "".join(f"\n- {problem}" for problem in problems)
        st.error(f"**{len(problems):,} things do not work.**\n{listed}", icon=":material/error:")
    elif problems:
        st.error(f"**Not everything works.** {problems[0]}", icon=":material/error:")
    elif doubtful:
        st.warning(f"**{checks.NOT_ALL_WELL}.** {doubtful} {answer}", icon=":material/report:")
    elif outcomes:
        st.success(f"**Everything works.** {answer}", icon=":material/check_circle:")
    else:
        st.info(f"**Nothing is known to be wrong.** {answer}", icon=":material/help:")


def _history(feeds: Feeds) -> list[str]:
    """Draw the content of the history, or why it cannot be read; and tell what is wrong with it."""
    if feeds.history is None:
        st.markdown("No page here uses one: Partner Center is asked on behalf of each person.")
    elif past := history_states.at_hand(feeds.history):
        try:
            standing = past.history.standing()
            return [
                *_held(past.history, standing, feeds),
                *_shrunk(past, standing),
                *_denied(past.history),
            ]
        except HistoryError as error:
            notices.trouble(error, key="trouble_history")
            return [_UNREADABLE]
    elif failed := feeds.history.state.error:
        notices.trouble(failed, feeds.history.state.failed_at, again=feeds.history.refresh, key="trouble_history")
        return [_UNREADABLE]
    else:
        st.markdown("It is being opened; look again in a moment.")
    return []


def _books(settings: Settings) -> list[str]:
    """Draw the books, and what of them cannot be used; and tell what is wrong with them."""
    if not settings.books_file:
        st.markdown("BOOKS_FILE is not set: every manager sees every customer.")
        return []
    books = books_now(settings)
    if books.failure:
        st.markdown(f"Nobody has a book: BOOKS_FILE {books.failure}.")
        return [f"BOOKS_FILE {books.failure}."]
    now = datetime.now(UTC)
    people = books.people(now)
    number = f"{len(people):,} {'person has' if len(people) == 1 else 'people have'}"
    whole = everybody(settings)
    known = _customers(whole)
    st.markdown(f"{number} customers today (UTC). {_without(books, known)}")
    if people:
        frame = pd.DataFrame({"person": [*people], "customers": [len(book) for book in people.values()]})
        if known is not None:
            unread = whole.customers.state.data.unread if whole.customers.state.data else ALL_READ
            missing = [parts.not_listed(book, known, unread).get(Absence.GONE, 0) for book in people.values()]
            frame = frame.assign(notListed=missing) if any(missing) else frame
        table.show(BOOKS.on_screen(frame), "books_table", "How many customers each person has")
    if books.problems:
        st.markdown(f"{formats.number(len(books.problems), 'line')} cannot be used. Nobody gets a customer by that:")
        frame = pd.DataFrame(map(asdict, books.problems))
        table.show(BOOKS_PROBLEMS.on_screen(frame), "books_problems", "The lines that cannot be used")
        return [f"{formats.number(len(books.problems), 'line')} of BOOKS_FILE cannot be used."]
    return []


def _customers(whole: Feeds) -> frozenset[str] | None:
    """The tenant ids of all customers that are listed or have licenses, if they are at hand."""
    counts, live = whole.customers.state.data, whole.renewals.state.data
    listed = live.answer(CUSTOMERS) if live else None
    frames = [counts.facts.frame if counts else None, listed.frame if listed else None]
    columns = [frame[CUSTOMER].dropna().astype(str) for frame in frames if frame is not None]
    return frozenset(tenant for column in columns for tenant in column) if columns else None


def _without(books: Books, tenants: frozenset[str] | None) -> str:
    if tenants is None:
        return "Open the page *Customers* once to see here how many customers are in no book."
    unassigned = books.unassigned(datetime.now(UTC))
    number = sum(tenant in unassigned for tenant in tenants)
    return (
        f"{formats.part(number, len(tenants), 'customer')} in no book; *Customers in no book* has"
        f" {'it' if number == 1 else 'them'}."
    )


def _digest(settings: Settings) -> tuple[list[str], str]:
    """Draw what DIGEST_FILE says, and tell what is wrong with it and what is to be looked at."""
    if not settings.digest_file:
        st.markdown(
            "DIGEST_FILE is not set: everybody in BOOKS_FILE whose name is an address gets a digest each week, and"
            " pages have no bands."
        )
        return [], ""
    if error := mutes_and_bands.failure():
        said = formats.plain(error.message)
        st.markdown(f"{said} {formats.plain(error.advice)}")
        return [said], ""
    whole, now = everybody(settings), datetime.now(UTC)
    plan, counts, live = mutes_and_bands.plan_now(), whole.customers.state.data, whole.renewals.state.data
    holding = plan.holding(now)
    st.markdown(
        f"{formats.part(len(holding), len(plan.mutes), 'mute')} in force,"
        f" {formats.number(len(plan.rules), 'band')}, {formats.number(len(plan.spares), 'allowance')} of spare seats."
    )
    is_counted = counts is not None and not counts.live
    if plan.rules and not is_counted:
        st.markdown("Open the page *Customers* once to see here which bands speak of nothing.")
    if (holding or plan.spares) and not (is_counted and live):
        st.markdown("Open *Customers* and *Renewals* once to see here which mutes and allowances are about nothing.")
    facts = counts.facts if counts and is_counted else Facts(pd.DataFrame())
    books = books_now(settings) if settings.books_file else None
    found = sorted(
        [
            *mistakes.unreachable(plan),
            *mistakes.matching_nothing(plan, books, facts),
            *mistakes.about_nothing(plan, facts, live.subscriptions if live else None, now),
        ]
    )
    if not found:
        return [], ""
    number = formats.number(len(found), "line")
    st.markdown(f"{number} may be mistyped:")
    table.show(DIGEST_MISTAKES.on_screen(pd.DataFrame(found)), "digest_mistakes", "The lines that may be mistyped")
    return [], f"{number} of DIGEST_FILE may be mistyped."


def _held(history: History, standing: Mapping[str, Standing], feeds: Feeds) -> list[str]:
    """Draw the history's place and size, the last run of `collect`, and its failures; and tell what is wrong."""
    number = {name: len(history.snapshots(name)) for name in COLLECTIONS if name in standing}
    tried = [at for state in standing.values() for at in (state.last_success, state.last_failure) if at]
    _facts(
        {
            "Kept in": history.store.name,
            "Snapshots": f"{sum(number.values()):,}",
            "Collected last": _when(max(tried)) if tried else "never. Run: python -m data_access collect",
        }
    )
    check = checks.collecting(standing, datetime.now(UTC), has_job=not feeds.is_sample)
    st.markdown(check.finding)
    if number:
        known = check.rows.assign(snapshots=list(number.values()))
        rows = without_failures(known, failed=bool(known["lastFailure"].notna().any()))
        table.show(HISTORY.on_screen(rows), "history_table", "What the history holds")
        _files(HISTORY, known, "status-history", max(tried, default=None), feeds, key="export_history")
    return [check.finding] if check.mark is Mark.BAD else []


def _shrunk(past: Timeline, standing: Mapping[str, Standing]) -> list[str]:
    """Tell which collections lost more than is usual."""
    check = checks.lost(losses(past, standing, remembered))
    if check.mark is not Mark.BAD:
        return []
    st.markdown(check.finding)
    return [check.finding]


def _denied(history: History) -> list[str]:
    """Tell what of the history the account may not read as which the dashboard runs."""
    denied = formats.plain(history.denied)
    if denied:
        st.markdown(denied)
    return [denied] if denied else []


def _unread(feeds: Feeds) -> str:
    """How many customers the newest answers lack, in a sentence; empty where they lack none."""
    past = history_states.at_hand(feeds.history)
    with contextlib.suppress(HistoryError):
        if number := _number_unread(past, feeds.history.state.fetched_at) if past and feeds.history else 0:
            it = "it" if number == 1 else "them"
            return f"{formats.number(number, 'customer')} could not be read; *Data health* names {it}."
    return ""


@remembered
def _number_unread(past: Timeline, _looked_at: datetime | None) -> int:
    """How many these are, read again at each look at the history, so that a file that was mended counts."""
    return len(unread_customers(past.history))


def _standing(feeds: Feeds) -> Mapping[str, Standing]:
    """Where each collection stands after the last `collect`; nothing where the history cannot be read."""
    past = history_states.at_hand(feeds.history)
    with contextlib.suppress(HistoryError):
        return past.history.standing() if past else {}
    return {}


def _collected(standing: Mapping[str, Standing]) -> dict[str, datetime]:
    """When `collect` last read each collection, of those whose last read succeeded."""
    return {name: tried.last_success for name, tried in standing.items() if tried.last_success and not tried.failing}


def _refused(standing: Mapping[str, Standing], outcomes: Mapping[str, Outcome]) -> dict[str, Standing]:
    """The collections that the last `collect` could not read, of those that were not asked here since."""
    return {
        name: tried
        for name, tried in standing.items()
        if name in COLLECTIONS
        and tried.failing
        and tried.last_failure
        and (name not in outcomes or outcomes[name].is_of_customer or outcomes[name].at < tried.last_failure)
    }


def _failed(outcomes: Mapping[str, Outcome]) -> bool:
    return any(outcome.failed for outcome in outcomes.values())


def _when(instant: datetime) -> str:
    return f"{formats.day(instant)}, {formats.clock(instant)}, {formats.age(datetime.now(UTC) - instant)}"


def _you() -> dict[str, str]:
    user = session.person()
    if not user.is_known:
        return {
            "Sign-in": "not configured: anyone who can open this page sees everything",
            "Reachable from": f"{st.get_option('server.address') or 'everywhere'} ({socket.gethostname()})",
        }
    return {
        "Name": user.name,
        "Account": user.username,
        "Role": user.role.name.lower(),
        "Tenant": user.identity[0],
        "Object id": user.identity[1],
        "Sign-in ends": f"{formats.day(user.until)}, {formats.clock(user.until)}" if user.until else formats.NOTHING,
    }


def _account(settings: Settings) -> dict[str, str]:
    if settings.is_sample:
        return {"Source": "the sample: nothing is configured", "Next step": "connect it, as in docs/sign-in.md"}
    values = {"Service": settings.base_url, "Cloud": settings.partner_center_cloud}
    if settings.has_registration:
        registration = settings.registration
        values |= {
            "Tenant": registration.tenant,
            "Application": registration.client_id,
            "Authority": registration.authority,
        }
    if settings.partner_center_on_behalf_of:
        return values | {"Asks as": "each person who is signed in"}
    if settings.partner_center_access_token is not None:
        return values | {"Asks with": "the token in PARTNER_CENTER_ACCESS_TOKEN"}
    try:
        account = stored_sign_in(settings).account()
    except SignInError as error:
        return values | {"Asks as": f"nobody. {error}"}
    if account is None:
        return values | {"Asks as": "nobody yet. Sign in: python -m data_access sign-in"}
    return values | {"Asks as": account.username, "Lapses if unused": formats.day(account.lapses)}


def _facts(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        what, is_so = st.columns([1, 3], gap="small")
        what.caption(name)
        is_so.text(value)  # names come from others, so they are not Markdown


def _test(service: Client, tell: Callable[[str], None]) -> None:
    """Ask each collection for as little as possible, those per customer for the first customer.

    The client keeps the outcome of each.
    """
    customer = None
    # The commercial counts first, since others need a customer of theirs.
    for collection in sorted(COLLECTIONS.values(), key=lambda collection: collection is not COMMERCIAL_DEPLOYMENT):
        if collection.per_customer and not customer:
            continue
        tell(collection.title)
        with contextlib.suppress(PartnerCenterError):
            page = service.probe(collection, customer if collection.per_customer else None)
            if collection is COMMERCIAL_DEPLOYMENT:
                customer = next((row["customerTenantId"] for row in page.rows if "customerTenantId" in row), None)


def _answer(outcomes: Mapping[str, Outcome], collected: Mapping[str, datetime], refused: Mapping[str, Standing]) -> str:
    """The page's question answered in sentences. `collected`, `refused`: see `_collected` and `_refused`."""
    return " ".join([_asked(outcomes, collected), *_why_refused(refused)])


def _asked(outcomes: Mapping[str, Outcome], collected: Mapping[str, datetime]) -> str:
    if not outcomes:
        return "Nothing has been asked since the start. *Test connection* asks each collection for one row."
    outcomes = {name: outcome for name, outcome in outcomes.items() if not outcome.is_of_customer}
    failed = [COLLECTIONS[name].title for name, outcome in outcomes.items() if outcome.failed]
    if not failed:
        known = {*outcomes, *collected}
        asked = "asked or collected" if known - {*outcomes} else "asked"
        were = f"was {asked}, and can be read" if len(known) == 1 else f"were {asked}, and all of them can be read"
        return f"**{len(known)} of {len(COLLECTIONS)}** collections {were}."
    asked = "collection that was" if len(outcomes) == 1 else "collections that were"
    return f"**{len(failed)} of {len(outcomes)}** {asked} asked cannot be read: {', '.join(failed)}."


def _why_refused(refused: Mapping[str, Standing]) -> list[str]:
    """A sentence for each reason why the last `collect` could not read something, with the next step."""
    titles: dict[str, list[str]] = {}
    for name, tried in refused.items():
        why = f"{tried.failure.message} {tried.failure.advice}" if tried.failure else ""
        titles.setdefault(f"on {formats.day(tried.last_failure)}: {formats.plain(why)}", []).append(
            COLLECTIONS[name].title
        )
    return [f"The last `collect` could not read {', '.join(named)} {why}" for why, named in titles.items()]


def _files(
    columns: Table, rows: pd.DataFrame, content: str, newest: datetime | None, feeds: Feeds, *, key: str = "export_csv"
) -> None:
    """Draw the files of a table, which have the columns of failures always."""
    filed = columns.select(rows)
    origin = figures.provenance(feeds, content, newest, exports.NO_FILTER, is_live=True)
    of = (filed.to_csv(index=False),)
    with st.container(horizontal=True):
        figures.downloads(exports.for_people_and_programs(lambda: filed, columns.described, of, origin, key))


def _calls(
    outcomes: Mapping[str, Outcome],
    collected: Mapping[str, datetime],
    refused: Mapping[str, Standing],
    feeds: Feeds,
) -> None:
    rows = [
        _not_collected(collection.title, refused[name])
        if name in refused
        else _call(collection.title, outcomes.get(name), collected.get(name))
        for name, collection in COLLECTIONS.items()
    ]
    known = pd.DataFrame(rows, columns=[*CALLS.names])
    frame = without_failures(known, failed=_failed(outcomes) or bool(refused))
    table.show(CALLS.on_screen(frame), "calls_table", "The last answer of each collection")
    asked = [at for at in (row.get("askedAt") for row in rows) if isinstance(at, datetime)]
    _files(CALLS, known, "status-calls", max(asked, default=None), feeds)


def _not_collected(title: str, tried: Standing) -> dict[str, object]:
    row: dict[str, object] = {"collection": title, "askedAt": tried.last_failure}
    if tried.failure is None:
        return row | {"answer": "✗ collect could not read it"}
    return row | {
        "answer": f"✗ collect: {tried.failure.status or ''} {tried.failure.message}".replace("  ", " "),
        "code": tried.failure.code,
        "correlationId": tried.failure.correlation_id,
        "requestId": tried.failure.request_id,
        "advice": tried.failure.advice,
    }


def _call(title: str, outcome: Outcome | None, collected: datetime | None) -> dict[str, object]:
    if outcome is None and collected:
        return {"collection": title, "answer": "✓ read by collect", "askedAt": collected}
    if outcome is None:
        return {"collection": title, "answer": "not asked yet"}
    row = {"collection": title, "askedAt": outcome.at, "seconds": outcome.seconds}
    if outcome.error is None:
        return row | {"answer": "✓ readable", "rows": outcome.rows, "correlationId": outcome.correlation_id}
    error = outcome.error
    row |= {
        "code": error.details.code,
        "correlationId": error.details.correlation_id or outcome.correlation_id,
        "requestId": error.details.request_id,
    }
    if outcome.is_of_customer:
        return row | {"answer": f"– the customer that was asked {_OF_CUSTOMER[isinstance(error, NotPermitted)]}"}
    answer = f"✗ {error.details.status or ''} {error.message}".replace("  ", " ")
    return row | {"answer": answer, "advice": error.advice}


show(current_feeds())
