"""The frame around every page: title, navigation, sign-in, and the errors that no page can show."""

import streamlit as st

from dashboard import feeds, mutes_and_bands, page_runs, saved_views, sitemap, static_files
from dashboard.components import book, foot, header, mutes_menu, notices
from dashboard.filters import link
from dashboard.security import session
from dashboard.security.roles import Role
from data_access import SettingsError, lapse_notice, load_settings, titles

with page_runs.run():
    # Called before the navigation, which would otherwise fetch each page's icon for the tab from a host of Google's.
    st.set_page_config(page_icon=static_files.ICON, layout="wide", menu_items={})
    pages = [st.Page(entry.file, title=entry.title, icon=entry.icon) for entry in sitemap.PAGES]
    page = st.navigation(pages, position="hidden")  # our own links carry the filters along
    header.tab(page.title)
    page_runs.of(sitemap.at(page.url_path).name)
    try:
        settings = load_settings()
        person = session.enter(settings)
        if person and (view := saved_views.opening(page.url_path)) and (first := sitemap.named(view.page)):
            st.switch_page(first.file, query_params=dict(view.link))
        if person:
            feeds.enter(settings, can_be_pinned=sitemap.at(page.url_path).can_be_pinned)
            mutes_and_bands.enter(settings)
    except SettingsError as error:
        st.title(titles.PRODUCT, anchor=False)
        notices.trouble(error)
    else:
        if person:
            link.enter(page.url_path)
            if person.role is Role.OPERATOR and (notice := lapse_notice(settings)):
                st.warning(notice, icon=":material/event_upcoming:")
            book.problems(settings)
            mutes_menu.failure()
            entry = sitemap.at(page.url_path)
            if person.role < entry.role:
                header.not_for(person)
                session.looked(refused=True)
            elif book.is_empty(entry.about):
                header.empty_book(entry.title)
            else:
                try:
                    page.run()
                finally:  # what was drawn before it broke off was seen
                    session.looked()
            foot.draw()
            session.close_in_time()
