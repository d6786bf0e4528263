"""Who is here: the person of this run, or the page that says why nobody may see anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import ParamSpec
from urllib.parse import unquote

import streamlit as st

from dashboard import PRODUCT, formats
from dashboard.security import exposure, middleware, roles
from dashboard.security.roles import Denied, Person, Role
from data_access import Settings, refused_sign_in

P = ParamSpec("P")

_PERSON = "_person"
_GLANCE = timedelta(seconds=30)  # how often an open page asks whether its sign-in is over


def enter(settings: Settings) -> Person | None:
    """The person whose run this is; None where the page says why nobody is.

    Raises SettingsError where real figures would be shown to everyone.
    """
    try:
        person = st.session_state[_PERSON] = _person(settings)
    except Denied as denied:
        st.session_state.pop(_PERSON, None)
        _closed(denied)
        return None
    return person


def person() -> Person:
    """The person of this run, for the page in it."""
    found: Person = st.session_state[_PERSON]
    return found


def may(role: Role) -> bool:
    """Whether somebody is here who may see what goes with a role."""
    found: Person | None = st.session_state.get(_PERSON)
    return found is not None and found.role >= role


def assertion() -> str:
    """The person's access token for the dashboard; nothing where Streamlit is not told to hand it out."""
    tokens = st.user.get("tokens") if person().is_known else None
    return str(tokens.get("access", "")) if isinstance(tokens, Mapping) else ""


def part(draw: Callable[P, None]) -> Callable[P, None]:
    """A page, or a part of one, that is drawn anew by itself: a click runs it and not the frame around it.

    A sign-in that has ended meanwhile ends the page all the same.
    """

    @st.fragment
    @wraps(draw)
    def guarded(*arguments: P.args, **named: P.kwargs) -> None:
        _close()
        draw(*arguments, **named)

    return guarded


def close_in_time() -> None:
    """Have the page that is on screen taken away when the sign-in ends, here or in another window."""
    if until := person().until:
        left = until - datetime.now(UTC) + timedelta(seconds=1)
        st.fragment(_close, run_every=min(left, _GLANCE))()


def handed_out(content: Callable[[], bytes], mimetype: str, name: str) -> Callable[[], bytes]:
    """A file's content for this person alone, as long as the sign-in lasts. Called without a page around it."""
    who, claims = person(), st.user.to_dict()

    def make() -> bytes:
        if _is_over(who, claims):
            raise PermissionError("the sign-in has ended")
        return middleware.belongs(content(), mimetype, name, who)

    return make if who.is_known else content


def _person(settings: Settings) -> Person:
    exposure.check_sign_in()
    if not exposure.sign_in_is_configured():
        exposure.check_address(st.get_option("server.address"))
        return roles.ANYONE
    return middleware.person_of(st.user.to_dict(), settings)


def _close() -> None:
    if _is_over(st.session_state.get(_PERSON), st.user.to_dict()):
        st.rerun()


def _is_over(who: Person | None, claims: roles.Claims) -> bool:
    return who is None or (who.is_known and (who.is_over(datetime.now(UTC)) or claims in middleware.ended))


def _closed(denied: Denied) -> None:
    """The one page that strangers see."""
    with st.container(horizontal_alignment="center", key="closed"):
        st.space("large")
        with st.container(border=True, width=460, gap="medium"):
            st.title(PRODUCT, anchor=False)
            st.write(f"{formats.plain(denied.message)} {formats.plain(denied.advice)}")
            if code := middleware.refusal_code(unquote(str(st.context.cookies.get(middleware.REFUSED, "")))):
                refusal = refused_sign_in({"error": code, "error_description": code})
                st.error(f"{formats.plain(refusal.message)} ({formats.plain(code)})", icon=":material/error:")
            if denied.again:
                # Not the primary kind, whose white on the dark theme's blue is hard to read.
                st.button("Sign in with Microsoft", on_click=_sign_in, icon=":material/login:", width="stretch")
            if st.user.get("is_logged_in"):
                name = str(st.user.get("preferred_username") or st.user.get("name") or "")
                st.caption(f"Signed in as {formats.plain(name)}")
                st.button("Sign out", on_click=st.logout, type="tertiary", icon=":material/logout:")


def _sign_in() -> None:
    name, _ = exposure.provider(exposure.section())
    st.login(name)
