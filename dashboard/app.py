"""The frame around every page: title, navigation, and errors that no page can show."""

import streamlit as st

from dashboard import data, filters, parts
from data_access import SettingsError

st.set_page_config(page_title="Partner License Insights", page_icon="dashboard/icon.svg", layout="wide", menu_items={})
pages = [st.Page(file, title=title, icon=icon) for file, (title, icon) in parts.PAGES.items()]
page = st.navigation(pages, position="hidden")  # our own links carry the filters along
try:
    data.enter()
except SettingsError as error:
    st.title("Partner License Insights", anchor=False)
    parts.trouble(error)
else:
    filters.enter(page.url_path)
    page.run()
