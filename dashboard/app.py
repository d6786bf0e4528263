"""The frame around every page: title, navigation, and errors that no page can show."""

import streamlit as st

from dashboard import data, filters, parts
from data_access import SettingsError

st.set_page_config(page_title="Partner License Insights", page_icon="dashboard/icon.svg", layout="wide", menu_items={})
pages = [
    st.Page("screens/overview.py", title="Overview", icon=":material/donut_small:", default=True),
    st.Page("screens/customers.py", title="Customers", icon=":material/groups:"),
    st.Page("screens/usage.py", title="Usage", icon=":material/monitoring:"),
]
page = st.navigation(pages, position="hidden")  # our own links carry the filters along
try:
    feeds = data.enter()
except SettingsError as error:
    st.title("Partner License Insights", anchor=False)
    parts.trouble(error)
else:
    filters.enter(page.url_path)
    parts.navigation(pages, feeds.source, feeds.is_sample)
    page.run()
