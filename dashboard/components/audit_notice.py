"""What the operator has to know of the audit itself: that it cannot be written, and what was lost."""

from __future__ import annotations

import streamlit as st

from dashboard import audit, formats


def draw() -> None:
    """Draw it where there is anything to say."""
    standing = audit.RECORDER.standing
    if standing.error and standing.since:
        st.error(
            f"The audit cannot be written since {formats.day(standing.since)}, {formats.clock(standing.since)}:"
            f" {formats.number(standing.waiting, 'line')} of it waiting in memory."
            f" {formats.plain(str(standing.error))}",
            icon=":material/report:",
        )
    if standing.lost:
        st.warning(
            f"Lost since the start: {formats.number(standing.lost, 'line')} of the audit that could not be written, for"
            " want of room to keep more in memory.",
            icon=":material/report:",
        )
