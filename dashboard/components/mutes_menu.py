"""Muting from a page: the menu that asks for a line, a reason and an end, and the notice of what is muted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import streamlit as st
from pydantic import ValidationError

from dashboard import formats, mutes_and_bands
from dashboard.feeds import Feeds
from dashboard.mutes_and_bands import Mute, SetMute
from dashboard.security import session
from dashboard.security.roles import Role
from data_access import texts
from data_access.mutes import IN_SUMS, LONGEST_REASON, MOST_DAYS, problem, said

#: A line that may be muted: the ids of a customer and, for one of its products, of the product.
Line = tuple[str, str | None]

_WHAT, _REASON, _UNTIL, _PROBLEM = "mute_what", "mute_reason", "mute_until", "_mute_problem"
_END_PROBLEM = "_end_mute_problem"

_UNTIL_IT_CAN_BE_USED = "Until then pages show no bands, and no mutes of it."
_UNTIL_IT_ANSWERS = "Until it does, the bands and mutes hold that it had when it was last read."
_NOT_IN_BOOK = "This customer is not in your book."
_NOT_APPLIED = (
    "The bands and mutes that the operator of this dashboard keeps cannot be read, so none of them is applied here. The"
    " operator is told why. If it stays like this, ask the operator."
)


def draw(feeds: Feeds, lines: Mapping[Line, str]) -> None:
    """Draw the menu for these lines, each with what it is called; nothing for a day in the past."""
    if feeds.day or not lines:
        return
    menu = st.popover("Mute", icon=":material/notifications_off:", key="mute", on_change="rerun", type="tertiary")
    if not menu.open:
        st.session_state.pop(_PROBLEM, None)
        return
    with menu:
        # Said until another try, or until what was asked for is another: a page draws itself anew when late figures
        # come, and nobody has read it by then.
        told, about = st.session_state.get(_PROBLEM, ("", None))
        if told and about == _asked():
            st.warning(formats.plain(told), icon=":material/error:")
        _ask(feeds, lines)


def notice(feeds: Feeds, muting: Sequence[Mute], names: Mapping[str, str]) -> None:
    """Say of one customer what is muted, until when, why and by whom; `names` are those of products, by id."""
    for number, mute in enumerate(muting):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"muted_{number}"):
            about = f"{names.get(mute.product, mute.product)}: " if mute.product else ""
            words = f"{formats.plain(about + said(mute))}. {_who(mute)} Totals stay as they are."
            st.markdown(f":material/notifications_off: {words}", width="stretch")
            if isinstance(mute, SetMute):
                st.button("End the mute", f"end_mute_{number}", on_click=_end, args=(feeds, mute))
    if told := st.session_state.pop(_END_PROBLEM, "") if muting else "":
        st.warning(formats.plain(told), icon=":material/error:")


def counted(muted: Sequence[str]) -> None:
    """Say how many lines of a page are muted, and that its sums have them all the same."""
    if muted:
        words = formats.plain(f"{'; '.join(muted)}. {IN_SUMS}")
        st.caption(f":material/notifications_off: {words}", width="content")


def failure() -> None:
    """Tell operators that DIGEST_FILE cannot be used; pages go on without its mutes and bands, or with those before."""
    if session.may(Role.OPERATOR) and (error := mutes_and_bands.failure()):
        kept = isinstance(error, mutes_and_bands.FileUnanswered)
        st.warning(
            f"{formats.plain(error.message)} {_UNTIL_IT_ANSWERS if kept else _UNTIL_IT_CAN_BE_USED}",
            icon=":material/notifications_off:",
        )


def not_applied() -> None:
    """Say on a page that has bands or mutes that those of DIGEST_FILE are not applied, to who is not told why."""
    error = mutes_and_bands.failure()
    if error and not (session.may(Role.OPERATOR) or isinstance(error, mutes_and_bands.FileUnanswered)):
        st.warning(_NOT_APPLIED, icon=":material/notifications_off:")


def _ask(feeds: Feeds, lines: Mapping[Line, str]) -> None:
    today = datetime.now(UTC).date()

    def mute() -> None:
        line, reason, until = asked = _asked()
        told = _mute(feeds, line, reason, until, today)
        st.session_state[_PROBLEM] = told, asked
        if not told:
            st.session_state[_REASON] = ""

    # On the page of one customer that is the one; of a list nobody is muted because it comes first.
    chosen = 0 if len({customer for customer, _ in lines}) == 1 else None
    labels = labelled(lines)
    st.selectbox(
        "What",
        [*lines],
        chosen,
        key=_WHAT,
        placeholder="Choose",
        format_func=lambda line: labels.get(line, ""),
    )
    st.text_input("Reason", key=_REASON, max_chars=LONGEST_REASON)
    # Side by side: the calendar opens below its field, also for who types a day, and would cover the button there.
    with st.container(horizontal=True, vertical_alignment="bottom", wrap=False):
        st.date_input(
            "Until, at 00:00 UTC",
            None,
            min_value=today + timedelta(days=1),
            max_value=today + timedelta(days=MOST_DAYS),
            key=_UNTIL,
            format="YYYY-MM-DD",
        )
        st.button("Mute this", "mute_this", on_click=mute, icon=":material/notifications_off:")
    st.caption("Until then the call list and digests leave it out. Totals stay as they are.")


def labelled(lines: Mapping[Line, str]) -> Mapping[Line, str]:
    """What the menu calls each line: by its name, and by its id as well where several have the same.

    The browser says which one was chosen by what it is called, so no two may be called alike.
    """
    names = {line: formats.on_one_line(name) for line, name in lines.items()}
    with_ids = {line: f"{name} ({line[1] or line[0]})" for line, name in names.items()}
    often = Counter(map(texts.key, names.values()))
    labels = {line: with_ids[line] if often[texts.key(name)] > 1 else name for line, name in names.items()}
    return labels if len({*labels.values()}) == len(labels) else with_ids


def _asked() -> tuple[object, str, object]:
    """What the menu holds: the line to mute, why, and until when."""
    state = st.session_state
    return state.get(_WHAT), state.get(_REASON) or "", state.get(_UNTIL)


def _mute(feeds: Feeds, line: object, reason: str, until: object, today: date) -> str:
    """Mute a line; why not, in words."""
    until = until if isinstance(until, date) else None
    if told := problem(reason, until, today):
        return told
    if not isinstance(line, tuple) or until is None:
        return "Choose what to mute."
    customer, product = line
    try:
        wanted = Mute(customer=customer, product=product, reason=formats.on_one_line(reason), until=until)
    except ValidationError:
        return "This line has no id by which it could be muted."
    try:
        return mutes_and_bands.mute(feeds, wanted)
    except PermissionError:
        return _NOT_IN_BOOK


def _end(feeds: Feeds, mute: SetMute) -> None:
    try:
        st.session_state[_END_PROBLEM] = mutes_and_bands.end(feeds, mute)
    except PermissionError:
        st.session_state[_END_PROBLEM] = _NOT_IN_BOOK


def _who(mute: Mute) -> str:
    if not isinstance(mute, SetMute):
        return "Set in DIGEST_FILE."
    by = f" by {formats.plain(mute.by)}" if mute.by else ""
    return f"Set{by} on {formats.day(mute.at)}."
