"""What is read of pages of people with books."""

from tests import bookkeeping
from tests.dashboard.visit import tiles

CANNOT_BE_TOLD = "Who looks after which customers cannot be told at the moment"


def follow(app, link):
    """Open another link in the same window."""
    for name in [*app.query_params]:
        del app.query_params[name]
    for name, value in link.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception


def traces(sent, *tenants):
    """The customers of which there is a trace in what was sent since the last time."""
    content = b"\n".join(sent)
    sent.clear()
    assert content
    return bookkeeping.traces(content, *tenants)


def sold(app):
    return tiles(app)["Licenses sold"]
