"""The book on screen: its choice, the words for it, and what a page says that has none of its customers."""

from __future__ import annotations

import streamlit as st

from dashboard import formats
from dashboard.feeds import books_now, current_sight
from dashboard.filters import link
from dashboard.filters.parameters import BOOK
from dashboard.security import session
from dashboard.security.roles import Role
from dashboard.security.sight import ALL, MINE, UNASSIGNED, NotTold, Sight
from data_access import Customers, Settings, load_settings
from data_access.datasets.books_file import SAMPLE_PEOPLE

_WIDTH = 230  # pixels
_PROBLEMS_NAMED = 5
_LONGEST_ID = 64
_SAMPLE_HAS = f"The sample has {', '.join(SAMPLE_PEOPLE)}."
_CANNOT_BE_TOLD = (
    "**Who looks after which customers cannot be told at the moment**, so this page shows no customers. They come back"
    " by themselves as soon as it can."
)


def choose(moment: str = "") -> None:
    """Draw the choice of a book for people who have one; `moment` makes the keys of several heads differ."""
    seen, key = current_sight(), f"{BOOK.name}{moment}"
    if not seen.choices:
        return
    options = list(dict.fromkeys([*seen.choices, seen.book]))
    if st.session_state.get(key) != seen.book:
        st.session_state[key] = seen.book

    def chosen() -> None:
        # A message that was forged may leave the widget without a value.
        if (book := st.session_state.get(key)) in options:
            link.open_book(book)
            session.start_anew()

    st.selectbox(
        BOOK.label,
        options,
        key=key,
        format_func=lambda book: _title(book, seen),
        label_visibility="collapsed",
        width=_WIDTH,
        on_change=chosen,
    )


def words(about: str) -> None:
    """Say whose figures are on screen, where there is a choice and they are not those of everybody.

    `about`: what the page shows, see `sitemap.Page`.
    """
    seen = current_sight()
    if not seen.choices or about == "program":
        return
    if about == "data":
        if not seen.names.is_everybody:
            whose = _title(seen.book if seen.is_unlimited else MINE, seen)
            st.caption(
                ":material/domain: **The whole company** · findings about customers are of"
                f" **{formats.plain(whose)}** alone{_number(seen.names)}",
                width="content",
            )
    elif seen.is_book:
        title = formats.plain(_title(seen.book, seen))
        st.caption(f":material/menu_book: **{title}**{_number(seen.figures)}", width="content")
    elif not seen.is_unlimited:
        mine = _number(seen.names)
        st.caption(
            f":material/menu_book: **My customers**{mine}. *The whole company* is on pages of figures."
            if about == "customers"
            else ":material/domain: **The whole company** · figures without customers. Pages about customers show"
            f" yours{mine}.",
            width="content",
        )


def _number(customers: Customers) -> str:
    """How many customers a book has, as it goes on after the book's title."""
    if current_sight().not_told is NotTold.UNUSABLE:
        return " · which these are cannot be told at the moment"
    return "" if customers.others else f" · {formats.number(len(customers.ids), 'customer')} today"


def customers_listed() -> str:
    """Whose customers the page Customers lists, as it goes on in a sentence."""
    seen = current_sight()
    title = _title(seen.book if seen.is_unlimited else MINE, seen)
    return title[0].lower() + title[1:]


def basis() -> None:
    """The notice of what the figures of a book stand on."""
    st.caption(
        ":material/menu_book: These figures are Microsoft's commercial counts of the customers in this book, added up"
        " over customers and products."
    )


def is_empty(about: str) -> bool:
    """Whether a page about figures, or about customers, has no customer to show."""
    seen = current_sight()
    customers = {"figures": seen.figures, "customers": seen.names}.get(about)
    return customers is not None and customers.is_nobody and session.may(Role.MANAGER)


def empty() -> None:
    """The content of a page that has no customer to show."""
    seen, settings = current_sight(), load_settings()
    has_books = bool(settings.books_file or settings.is_sample)
    with st.container(border=True, key="empty_book"):
        if seen.not_told is NotTold.UNUSABLE:
            st.write(_CANNOT_BE_TOLD)
            st.write(_next_step())
        elif seen.not_told is NotTold.IN_PART:
            st.write(
                f"No line of the books file that can be used gives {_whom(seen)} a customer today (UTC), so this page"
                " shows none. What is wrong stands at the top of this page."
            )
        elif not has_books and seen.is_unlimited:
            st.write(
                "BOOKS_FILE is not set, so nobody has a book, and this page has no customer of"
                f" {'yours' if seen.book == MINE else formats.plain(seen.book)} to show. *All customers* has everybody."
            )
        elif seen.not_told is NotTold.UNNAMED and not settings.books_file:
            st.write(f"**The sample has no person of this name:** {formats.plain(seen.book)}. {_SAMPLE_HAS}")
        elif seen.not_told is NotTold.UNNAMED:
            st.write(
                f"**No line of the books file names this person:** {formats.plain(seen.book)}. Is the name spelled as"
                " there? The choice of books in the bar has everybody with customers today."
            )
        elif seen.is_unlimited:
            st.write(f"{formats.plain(_title(seen.book, seen))}: this book has no customers today (UTC).")
        else:
            st.write(
                "Your book has no customers today (UTC), so this page shows none. The operator of this dashboard, or"
                " your team lead, can say who looks after which customers."
            )
            _of_this_machine(settings)
        if ALL in seen.choices and seen.book != ALL:
            st.button(f"Show {_title(ALL, seen).lower()}", on_click=_show_all, icon=":material/domain:")


def _whom(seen: Sight) -> str:
    """The person whose book is on screen, in a sentence to who looks at it."""
    return formats.plain(seen.book) if seen.is_unlimited and seen.book != MINE else "you"


def _next_step() -> str:
    """What to do while BOOKS_FILE, or a line of it, cannot be used: for whom is told why, and for whom is not."""
    if session.may(Role.LEAD):
        return "What is wrong with BOOKS_FILE stands at the top of this page."
    if not session.person().is_known:
        return "`.venv/bin/python -m data_access books` says what is wrong with BOOKS_FILE."
    return (
        "The operator of this dashboard is told what is wrong. If it stays like this, ask the operator, or your lead."
    )


def _of_this_machine(settings: Settings) -> None:
    """Say which person LOCAL_BOOK names, to the user who set it."""
    if settings.local_book is None or session.person().is_known:
        return
    if settings.books_file:
        whole = "Name the person as BOOKS_FILE does."
    else:
        whole = _SAMPLE_HAS if settings.is_sample else "BOOKS_FILE, which says whose customers these are, is not set."
    st.write(f"`LOCAL_BOOK` names {formats.plain(settings.local_book)}, who has no customer today. {whole}")


def not_in_book(customer: str) -> None:
    """What stands in place of a customer outside the book on screen; whether there is one it does not say."""
    seen = current_sight()
    if seen.is_unlimited:
        st.header("This customer is not in the book on screen", anchor=False)
        st.button("Show all customers", on_click=_show_all, icon=":material/groups:")
    else:
        st.header("This customer is not in your book", anchor=False)
        st.write("Pages show the customers of your own book alone. The link is about this id:")
    st.code(customer[:_LONGEST_ID], language=None)


def problems(settings: Settings) -> None:
    """Tell leads and operators what of BOOKS_FILE cannot be used; others whether it is about them, and nothing more."""
    if not (settings.books_file and session.may(Role.LEAD)):
        _in_part()
        return
    books = books_now(settings)
    if books.failure:
        st.error(f"BOOKS_FILE {books.failure}. Until then managers see no customers.", icon=":material/menu_book:")
    elif books.problems:
        first = "; ".join(f"line {problem.line}: {problem.reason}" for problem in books.problems[:_PROBLEMS_NAMED])
        more = len(books.problems) - _PROBLEMS_NAMED
        st.warning(
            f"{formats.number(len(books.problems), 'line')} of BOOKS_FILE cannot be used. Nobody gets a customer by"
            f" that: {first}{f'; and {more:,} more' if more > 0 else ''}.",
            icon=":material/menu_book:",
        )


def _in_part() -> None:
    """Tell a manager that customers may be missing in the own book."""
    seen = current_sight()
    if seen.not_told is NotTold.IN_PART:
        st.warning(
            "**Lines of the books file that name you cannot be used**, so your book may lack customers."
            f" {_next_step()}",
            icon=":material/menu_book:",
        )


def _show_all() -> None:
    link.open_book(ALL)
    session.start_anew()


def _title(book: str, seen: Sight) -> str:
    titles = {
        MINE: "My customers",
        ALL: "All customers" if seen.is_unlimited else "The whole company",
        UNASSIGNED: "Customers in no book",
    }
    return titles.get(book, f"Customers of {book}")
