"""A page with the widgets of its filters, a button for each service, and nothing else; `pages` opens it."""

import streamlit as st

from dashboard.filters import link
from dashboard.filters.parameters import DATES, SERVICE, declared

page, codes, days, without = st.session_state["opened"]
link.enter(page.__name__)
controls = link.follow(page, codes)
for parameter in declared(page).values():
    if parameter.name not in without:
        controls.draw(parameter, **({"days": days} if parameter is DATES else {}))
for service in codes[1]:
    st.button(service, f"bar_{service}", on_click=controls.only(SERVICE), args=(service,))
st.session_state["controls"] = controls
