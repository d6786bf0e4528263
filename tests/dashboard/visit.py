"""Opening the dashboard without a browser, and words for what is on the page."""

import io
import json
import re
import time
import uuid
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.components import figures
from dashboard.components.tiles import Tile
from data_access.emulator import DEMO_TOKEN

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
TENANT = "05bbed59-1f63-4ee2-bdfc-0411a0252cd9"


def claims(*roles, **more):
    """What a sign-in of its own says of a person with these app roles."""
    return {
        "is_logged_in": True,
        "iss": f"https://login/{TENANT}/v2.0",
        "aud": "the-app",
        "tid": TENANT,
        "oid": "1",
        "sub": "1",
        "nonce": uuid.uuid4().hex,
        "exp": time.time() + 3600,
        "name": "Mia *Manager*",
        "preferred_username": "mia@contoso.example",
        "roles": [*roles],
        **more,
    }


def opened(settings, link, page, monkeypatch, claims):
    """A page of the dashboard with these settings, as its link asks for it, opened by a person with these claims."""
    st.cache_resource.clear()
    for name, value in {"PARTNER_CENTER_TRIES": "1", **settings}.items():
        monkeypatch.setenv(name, value)
    app = AppTest.from_file(str(APP), default_timeout=120)  # seconds, as long as a busy machine may take
    app.user.update(claims)
    for name, values in link.items():
        app.query_params[name] = values
    if page:
        app.switch_page(f"screens/{page}.py")
    app.run()
    assert not app.exception
    return app


def wait_for(app, has_come):
    """Draw the page anew until this can be said of it: what is read in the background comes when it comes."""
    until = time.monotonic() + 60  # as long as a busy machine may take
    while not has_come(app):
        assert time.monotonic() < until, text(app)
        time.sleep(0.05)  # which leaves the machine to those who read
        app.run()
        assert not app.exception
    return app


def live(address):
    return {"PARTNER_CENTER_BASE_URL": address, "PARTNER_CENTER_ACCESS_TOKEN": DEMO_TOKEN}


def bar(app):
    """What the bar is told: the pages, their links, the source of the figures; no pages where there is no bar."""
    return next((data for data in _components(app).values() if "pages" in data), {"pages": []})


def drawn_tiles(app):
    """The tiles as the browser gets them, from left to right."""
    return [Tile(**tile) for tile in _components(app).get("tiles", {}).get("tiles", [])]


def deltas(app):
    """What stands below the figures."""
    return {tile.label: tile.context.replace("\u00a0", " ") for tile in drawn_tiles(app)}


def tiles(app):
    """The figure of each tile; a unit in small letters reads like the rest of it."""
    figures = {tile.label: tile.value.replace("\u00a0", " ") for tile in drawn_tiles(app)}
    return {label: re.sub(r":small\[(.*?)\]", r"\1", figure) for label, figure in figures.items()}


def charts(app):
    """The figures on the page as the browser gets them, by the key of their charts, from top to bottom."""
    return {key: json.loads(data["spec"]) for key, data in _components(app).items() if "spec" in data}


def tables(app):
    """The tables on the page as they read, by their keys: one page of rows, with the columns' names."""
    return {key: _read(json.loads(data["table"])) for key, data in _components(app).items() if "table" in data}


def parts(app, key):
    """The rows that the rows of a table open to, as they read, one after the other."""
    table = json.loads(_components(app)[key]["table"])
    return _read(table | {"rows": [row for whole in table["parts"] for row in whole["rows"]]})


def notes(app, key, column):
    """What stands in small letters below the texts of one column of a table, row by row; empty where nothing does."""
    table = json.loads(_components(app)[key]["table"])
    place = [each["name"] for each in table["columns"]].index(column)
    cells = (row[place] for row in table["rows"])
    return [cell.get("note", "").replace("\u00a0", " ") if isinstance(cell, dict) else "" for cell in cells]


def total(app, key):
    """The last row of a table as it reads: its words, and each figure by its column's name; None without one."""
    table = json.loads(_components(app)[key]["table"])
    if not table["total"]:
        return None
    (row,) = _read(table | {"rows": [table["total"]]}).to_dict("records")
    first = next(iter(row))
    return row[first], {name: cell.replace("\u00a0", " ") for name, cell in row.items() if cell and name != first}


def headings(app, key):
    """The columns of a table as the browser gets them, by name."""
    return {column["name"]: column for column in json.loads(_components(app)[key]["table"])["columns"]}


def _components(app):
    """What the browser gets of the components of our own, by key."""
    drawn = [element.proto for element in app.get("bidi_component")]
    return {element.id.rpartition("-")[2]: json.loads(element.json) for element in drawn}


def _read(table):
    def text(cell):
        return cell["text"] if isinstance(cell, dict) else cell

    rows = [[text(cell) for cell in row] for row in table["rows"]]
    return pd.DataFrame(rows, columns=[column["name"] for column in table["columns"]])


def taken_away(app, monkeypatch):
    """What the CSV files hold, by name, each as a table."""
    found = {}

    def take(files):
        found.update({file.name: file.content() for file in files if file.name.endswith(".csv")})

    monkeypatch.setattr(figures, "downloads", take)  # AppTest takes no file
    app.run()
    return {name: pd.read_csv(io.BytesIO(content)) for name, content in found.items()}


def text(app):
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error, app.title, app.header, app.code)
    return "\n".join(element.value.replace("\u00a0", " ").replace("\\", "") for kind in kinds for element in kind)
