"""The person of a run, or the page that says why this person may see nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial, wraps
from typing import ParamSpec
from urllib.parse import unquote, urlencode

import streamlit as st

from dashboard import audit, formats, page_runs
from dashboard.security import exposure, middleware, refusals, roles, streamlit_internals
from dashboard.security.roles import Denied, Person, Role
from data_access import Settings, load_settings, titles

P = ParamSpec("P")

_PERSON = "_person"
_CLAIMS = "_claims"  # of the sign-in of this session; Streamlit reads its secrets each time that it is asked for them
_LOOKED = "_looked"  # what the audit has of this session last
_PAGE, _CONTENT = "page", "content"  # the parts of a page, by their keys
_STILL = "_still"  # says whether the person of this run may still see the same
_GLANCE = timedelta(seconds=30)  # how often an open page asks whether its sign-in has ended
_SELDOM = timedelta(days=1)


def enter(settings: Settings) -> Person | None:
    """The person whose run this is; None where the page says why this person may see nothing.

    Raises SettingsError where figures of real customers would be shown to people who are not asked to sign in.
    """
    claims = st.session_state[_CLAIMS] = st.user.to_dict()
    try:
        person = st.session_state[_PERSON] = _person(settings, claims)
    except Denied as denied:
        st.session_state.pop(_PERSON, None)
        _draw_closed(denied)
        return None
    return person


def person() -> Person:
    """The person of this run, for the page in it."""
    entered: Person = st.session_state[_PERSON]
    return entered


def may(role: Role) -> bool:
    """Whether the person of this run may see what goes with a role; False where there is none."""
    entered: Person | None = st.session_state.get(_PERSON)
    return entered is not None and entered.role >= role


def assertion() -> str:
    """The person's access token for the dashboard; empty where Streamlit is not told to hand it out."""
    tokens = st.user.get("tokens") if person().is_known else None
    return str(tokens.get("access", "")) if isinstance(tokens, Mapping) else ""


def part(draw: Callable[P, None], name: str = _PAGE) -> Callable[P, None]:
    """Make a page, or a part of one, a fragment: a click runs it again without the frame around it.

    It is not drawn again once the sign-in has ended; the page that says so takes its place.
    """

    @st.fragment(key=name)
    @wraps(draw)
    def draw_guarded(*arguments: P.args, **named: P.kwargs) -> None:
        with page_runs.run():
            _leave_if_over()
            try:
                draw(*arguments, **named)
            finally:  # what was drawn before it broke off was seen
                looked()

    return draw_guarded


def content(draw: Callable[P, None]) -> Callable[P, None]:
    """Make what is below the head of a page a part of its own within it: a choice in the bar draws it and no more."""
    return part(draw, _CONTENT)


def chosen_in_bar(shows_otherwise: bool) -> None:
    """After a choice in the bar: draw the content alone, unless another widget of the bar shows something else now."""
    if not shows_otherwise:
        streamlit_internals.draw_part(_CONTENT)


def chosen_in_content(shows_otherwise: bool) -> None:
    """After a choice in the content: draw the bar as well where a widget of it shows something else now."""
    if shows_otherwise:
        streamlit_internals.draw_part(_PAGE)


def valid_while(still: Callable[[], bool] | None) -> None:
    """Let what this run shows be shown as long as `still` says so, and files of it be made; None: as long as one likes.

    It is called in runs, and outside of them when a file is made.
    """
    st.session_state[_STILL] = still


def start_anew() -> None:
    """Have the next part of a page that is drawn anew start the whole run; for callbacks."""
    st.session_state[_STILL] = lambda: False


def close_in_time() -> None:
    """Take the page off the screen when the sign-in ends, here or in another window, or the person's book changes."""
    if until := person().until:
        left = until - datetime.now(UTC) + timedelta(seconds=1)
        st.fragment(_leave_if_over, run_every=min(left, _GLANCE))()
    elif st.session_state.get(_STILL):
        st.fragment(_leave_if_over, run_every=_GLANCE)()
    else:
        _come_back()


def looked(*, refused: bool = False) -> None:
    """Note for the audit which page this person sees, with which filters, unless that was noted last."""
    seen = (page_runs.page(), _filters(), refused)
    if st.session_state.get(_LOOKED) != seen:
        st.session_state[_LOOKED] = seen
        action = audit.REFUSED if refused else audit.LOOKED
        audit.note(action, *_noted(person()), page=seen[0], filters=seen[1])


def note(action: str, *, filters: str, detail: str) -> None:
    """Note for the audit what this person does on a page."""
    audit.note(action, *_noted(person()), page=page_runs.page(), filters=filters, detail=detail)


def handing_out() -> Callable[[Callable[[], bytes], str, str], Callable[[], bytes]]:
    """What makes files for this person alone, as long as the sign-in lasts: of a content, its type and its name.

    Streamlit calls what comes of it at a click, outside a run. It raises Denied where the person is not let in any
    more, or may no longer see what was on screen.
    """
    owner, claims, still = person(), st.session_state[_CLAIMS], st.session_state.get(_STILL)
    page, filters = page_runs.page(), _filters()

    def make(content: Callable[[], bytes], mimetype: str, name: str) -> bytes:
        _person(load_settings(), claims)
        if still and not still():
            raise Denied("Whose customers you may see has changed since this page was drawn.", "Reload the page.")
        made = content()
        if owner.is_known:
            middleware.register_download_owner(made, mimetype, name, owner, still or (lambda: True))
        audit.note(audit.TOOK, *_noted(owner), page=page, filters=filters, file=name, rows=getattr(made, "rows", None))
        return made

    return lambda content, mimetype, name: partial(make, content, mimetype, name)


def _filters() -> str:
    """The link's parameters, as the audit has them."""
    return urlencode({name: st.query_params.get_all(name) for name in st.query_params}, doseq=True)


def _noted(known: Person) -> tuple[str, str]:
    """A person's name and ids as the audit has them."""
    return known.username or known.name, "/".join(filter(None, known.identity))


def _person(settings: Settings, claims: roles.Claims) -> Person:
    sign_in = exposure.SIGN_IN
    sign_in.check()
    if not sign_in.is_configured:
        exposure.check_address(st.get_option("server.address"), sign_in)
        return roles.at_this_machine(settings)
    return middleware.person_of(claims, settings, sign_in, middleware.ENDED)


def may_go_on() -> bool:
    """Whether the sign-in lasts, and the person may still see what is on screen."""
    still = st.session_state.get(_STILL)
    return not _is_over(st.session_state.get(_PERSON), st.session_state.get(_CLAIMS, {})) and not (
        still and not still()
    )


def _come_back() -> None:
    """Have the page drawn at once when it finds its server again, or another one in its place.

    A browser asks for it then only if something of the page is drawn by the clock. Without that the page's first click
    would be what has it drawn, and do nothing else.
    """
    st.fragment(_nothing, run_every=_SELDOM)()


def _nothing() -> None:
    """Draw nothing."""


def _leave_if_over() -> None:
    """Start the whole run anew where the sign-in has ended, which draws the page that says so, or the book changes."""
    if not may_go_on():
        st.rerun()


def _is_over(person: Person | None, claims: roles.Claims) -> bool:
    if person is None:
        return True
    return person.is_known and (person.is_over(datetime.now(UTC)) or claims in middleware.ENDED)


def _draw_closed(denied: Denied) -> None:
    """The one page that people who are not let in see."""
    with st.container(horizontal_alignment="center", key="closed"):
        st.space("large")
        with st.container(border=True, width=460, gap="medium"):
            st.title(titles.PRODUCT, anchor=False)
            st.write(f"{formats.plain(denied.message)} {formats.plain(denied.advice)}")
            if code := refusals.code(unquote(str(st.context.cookies.get(middleware.REFUSAL, "")))):
                st.error(f"{formats.plain(refusals.of(code).message)} ({formats.plain(code)})", icon=":material/error:")
            # Not the primary kind, whose white on the dark theme's blue is hard to read; and without a callback,
            # which a process that has not drawn the button before would not know.
            if denied.again and st.button("Sign in with Microsoft", icon=":material/login:", width="stretch"):
                _start_sign_in()
            if st.user.get("is_logged_in"):
                name = str(st.user.get("preferred_username") or st.user.get("name") or "")
                st.caption(f"Signed in as {formats.plain(name)}")
                if st.button("Sign out", type="tertiary", icon=":material/logout:"):
                    st.logout()
    _come_back()


def _start_sign_in() -> None:
    provider, _ = exposure.SIGN_IN.provider
    st.login(provider)
