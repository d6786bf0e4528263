"""Pages with nothing but the widgets of their filters, in a real Streamlit."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

_SCRIPT = Path(__file__).with_name("every_widget.py")
_KINDS = ("button_group", "multiselect", "number_input", "text_input", "selectbox")


def opened(page, link, codes, days=(), without=()):
    """A page opened by a link; `without` names parameters that it does not draw."""
    app = AppTest.from_file(str(_SCRIPT), default_timeout=30)
    app.session_state["opened"] = page, codes, days, without
    app.query_params.update(link)
    return run(app)


def run(app):
    app.run()
    assert not app.exception
    return app


def choose(app, key, value):
    """Change a widget, and run the page."""
    (widget,) = [widget for kind in _KINDS for widget in app.get(kind) if widget.key == key]
    widget.set_value(value)
    return run(app)


def click(app, service):
    """Click on the bar of a service, and run the page."""
    app.button(key=f"bar_{service}").click()
    return run(app)


def follow(app, link):
    """Have another link in the address, as after Back."""
    app.query_params.clear()
    app.query_params.update(link)


def filters(app):
    """What the page is asked to show."""
    return app.session_state["controls"].filters


def unknown(app):
    return app.session_state["controls"].unknown


def link(app):
    """The link as the server has left it."""
    return {name: texts if isinstance(texts, list) else [texts] for name, texts in app.query_params.items()}
