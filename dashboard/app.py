"""The frame around every page: title, navigation, and errors that no page can show."""

import streamlit as st

from dashboard import data, parts
from data_access import SettingsError

st.set_page_config(page_title="Partner License Insights", page_icon="dashboard/icon.svg", layout="wide", menu_items={})
page = st.navigation(
    [st.Page("pages/overview.py", title="Overview", icon=":material/donut_small:", default=True)], position="hidden"
)
try:
    data.settings()
except SettingsError as error:
    st.title("Partner License Insights", anchor=False)
    parts.trouble(error)
else:
    page.run()
