"""The foot of a page: which version of the product drew it."""

from __future__ import annotations

import streamlit as st

from data_access import titles
from data_access.version import VERSION


def draw() -> None:
    st.caption(f"{titles.PRODUCT} {VERSION}")
