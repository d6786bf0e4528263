"""The Audit page, for the operator: who signed in, looked at what, and took which files away."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard import exports, page_turns
from dashboard.audit import entries
from dashboard.components import audit_notice, figures, header, notices, table
from dashboard.feeds import current_feeds
from dashboard.filters import link
from dashboard.filters.parameters import ACTION, DAYS, SEARCH, AuditFilters
from dashboard.security import session
from dashboard.tables.audit import ENTRIES, on_screen
from dashboard.view_models import audit
from data_access import HistoryError, Selection

_QUESTION = "Who looked at what, and took what away?"


@session.part
def show() -> None:
    """Draw the page."""
    feeds = current_feeds()
    header.head(_QUESTION, feeds)
    controls = link.follow(AuditFilters, feeds.codes())
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        controls.draw(DAYS)
        controls.draw(ACTION, words=audit.WORDS.__getitem__)
        controls.draw(SEARCH, placeholder="Person, page or file")
    notices.left_out(controls.unknown)
    audit_notice.draw()
    filters = controls.filters
    try:
        with page_turns.paused():
            noted = entries(int(filters.days))
    except HistoryError as error:
        notices.trouble(error)
        return
    found = audit.fitting(noted, filters.action, filters.search)
    since = DAYS.options[filters.days].lower()
    if found.empty:
        st.info(f"No entry fits, {since}. Choose a longer time or remove a filter.", icon=":material/search_off:")
    else:
        st.markdown(audit.answer(found, since))
    sentence = exports.sentence(Selection(), days=filters.days, action=", ".join(filters.action), search=filters.search)
    newest = None if found.empty else found["time"].iloc[0].to_pydatetime()
    provenance = exports.Provenance("audit", newest, sentence, feeds.source, feeds.is_sample)
    rows = partial(ENTRIES.select, found)
    files = exports.for_people_and_programs(rows, ENTRIES.described, (len(found), newest), provenance)
    with figures.figures("What was noted", files):
        table.show(on_screen(audit.on_screen(found)), "audit_table", "What was noted", in_link=True)


show()
