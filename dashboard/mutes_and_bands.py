"""What is to be kept quiet on pages, and in which bands figures should be: of DIGEST_FILE, and of people's mutes.

Mutes are seen, set and ended by those who may name their customer, and by nobody else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import streamlit as st

from dashboard import audit
from dashboard.feeds import Feeds
from dashboard.security import session
from dashboard.security.roles import Role
from dashboard.user_records import UserRecords
from data_access import FileUnanswered, Settings, SettingsError, history
from data_access.books import known_as
from data_access.digest.plan import Plan, Rule
from data_access.digest.plan_file import PlanFile
from data_access.history.mutes import Mutes, SetMute
from data_access.mutes import Mute, Spare

__all__ = ["FileUnanswered", "Mute", "Rule", "SetMute", "bands", "end", "enter", "failure", "mute", "mutes", "spares"]

_RULES = "_rules"


class _Rules:
    """The rules of an account, as this process knows them."""

    def __init__(self, settings: Settings) -> None:
        self.scope = settings.scope
        self.plan = PlanFile(settings.digest_file)
        self.kept = UserRecords(lambda: history.open_mutes(settings), Mutes.all)


def enter(settings: Settings) -> None:
    """Choose the rules of this run; as long as the settings stay the same, those of the run before."""
    scope, known = settings.scope, st.session_state.get(_RULES)
    if known is None or known.scope != scope:
        st.session_state[_RULES] = _rules(scope, settings)


def mutes(feeds: Feeds) -> tuple[Mute, ...]:
    """The mutes that hold now, of the customers that this visitor may name; none of a day in the past."""
    if feeds.day:
        return ()
    now, known = datetime.now(UTC), _current()
    everything = (*known.plan.now()[0].mutes, *(known.kept.now() or ()))
    return tuple(
        mute for mute in everything if mute.holds(now) and (mute.customer is None or feeds.may_name(mute.customer))
    )


def spares(feeds: Feeds) -> tuple[Spare, ...]:
    """How many seats may be spare, of the customers that this visitor may name; none of a day in the past."""
    if feeds.day:
        return ()
    return tuple(spare for spare in _current().plan.now()[0].spares if feeds.may_name(spare.customer))


def bands() -> tuple[Rule, ...]:
    """The bands in which figures should be, as far as they are for this visitor."""
    rules = _current().plan.now()[0].rules
    names = {known_as(name) for name in session.person().known_as}
    return tuple(rule for rule in rules if rule.person is None or known_as(rule.person) in names)


def failure() -> SettingsError | None:
    """Why DIGEST_FILE cannot be used, if it cannot."""
    return _current().plan.now()[1]


def unusable(settings: Settings) -> SettingsError | None:
    """The same, looked at anew, for a program without visitors."""
    return PlanFile(settings.digest_file).now()[1]


def plan_now() -> Plan:
    """All that DIGEST_FILE says, for people who operate the dashboard. Raises PermissionError for others."""
    if not session.may(Role.OPERATOR):
        raise PermissionError("it names every person, and whoever is muted")
    return _current().plan.now()[0]


def mute(feeds: Feeds, wanted: Mute) -> str:
    """Mute a line; why not, in words.

    Raises PermissionError where it is of a customer that this visitor may not name.
    """
    _may(feeds, wanted)
    problem = _current().kept.change(lambda kept: kept.set(wanted, _name()))
    return problem or _note(wanted, f"until {wanted.until}: {wanted.reason}")


def end(feeds: Feeds, muted: SetMute) -> str:
    """Take a mute back; why not, in words. Raises PermissionError as `mute` does."""
    _may(feeds, muted)
    problem = _current().kept.change(lambda kept: kept.end(muted))
    return problem or _note(muted, f"taken back; it was until {muted.until}: {muted.reason}")


def _may(feeds: Feeds, wanted: Mute) -> None:
    if wanted.customer is None or not feeds.may_name(wanted.customer) or not session.may_go_on():
        raise PermissionError("this customer is none of the visitor's")


def _note(about: Mute, detail: str) -> str:
    """Note what was done for the audit, in the form in which `digest` notes the mutes of DIGEST_FILE."""
    ids = {"customer": about.customer, "product": about.product}
    filters = urlencode({name: value for name, value in ids.items() if value})
    session.note(audit.MUTED, filters=filters, detail=detail)
    return ""


def _name() -> str:
    person = session.person()
    return person.username or person.name


def _current() -> _Rules:
    entered: _Rules = st.session_state[_RULES]
    return entered


@st.cache_resource(max_entries=1, show_spinner=False)
def _rules(scope: str, _settings: Settings) -> _Rules:  # noqa: ARG001 - the cache key
    return _Rules(_settings)
