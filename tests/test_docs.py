"""The documents say what is there: generated pages, commands, make targets, names and links."""

import re
import tomllib
from pathlib import Path

import pytest

import data_access
from dashboard.charts import base
from dashboard.components import history_states
from dashboard.filters import parameters
from dashboard.filters.kinds import Choice, Parameter
from data_access import errors, measures
from data_access.commands import COMMANDS
from data_access.history import collect, patience
from data_access.measures import health, straight_line, trends
from data_access.partner_center import protocol, reading, wire
from data_access.partner_center.catalog import COLLECTIONS
from data_access.partner_center.retry import RetryPolicy
from data_access.settings import SECRETS_TABLE, Settings
from docs.__main__ import PAGES

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")


def named(path):
    return path.relative_to(ROOT).as_posix()


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(path):
    """The headings of a page as the part of a link after #."""
    headings = re.findall(r"^#+ (.+)$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(text, heading):
    (found,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_fresh(name):
    assert text_of(f"docs/{name}") == PAGES[name](), "run `make docs`"


def test_every_kind_of_error_is_in_the_table():
    def kinds(kind):
        return {found.__name__ for found in kind.__subclasses__()}.union(*map(kinds, kind.__subclasses__()))

    missing = [
        kind
        for kind in kinds(errors.PartnerCenterError)
        if not kind.startswith("_") and f"`{kind}`" not in text_of("docs/errors.md")
    ]
    assert not missing


@pytest.mark.parametrize("command", COMMANDS)
def test_manual_shows_each_command(command):
    assert f"python -m data_access {command}" in text_of("docs/manual.md")


@pytest.mark.parametrize(
    "said",
    [
        f"the last one that is at least {trends.USUAL_DAYS} days older",
        f"The line shows the last {trends.WEEKS} weeks",
        f"fewer than {measures.FEWEST_DATES_FOR_DAY} dates in {trends.WEEKS} weeks ({measures.FEWEST_DATES} for",
        f"any two points of the last {trends.WEEKS} weeks",
        f"at least {straight_line.HOLD} times in 100 where half of what disturbs a date is gone by the next one",
        f"and {straight_line.HOLD_WANDERING} times where a fifth is; it takes {measures.FEWEST_DATES} dates",
        f"It takes {measures.FEWEST_DATES_FOR_DAY} dates",
        f"does not answer is given up after {patience.SECONDS:.0f} seconds",
        f"lost {health.LOSS_FLOOR * 100:.0f} % of its rows",
        f"The first {base.MOST_BARS} of … services",
        f"the chart shows {base.MOST_BARS} bars at most",
        f"pages of {protocol.PAGE_ROWS:,} rows",
        f"from {wire.MOST_LICENSES:,} licenses on",
        f"more than {wire.HIGHEST_PERCENT:,} %",
        f"A page may have {protocol.LARGEST_PAGE // 2**20} MB",
        f"of an error {protocol.LARGEST_ERROR // 2**10} kB are read",
        f"A whole collection ends after {RetryPolicy().whole / 60:.0f} minutes or {reading.MOST_PAGES:,} pages",
        f"ends after {collect.BARREN_DAYS} days in a row without figures, or after {collect.OTHER_DAYS} for which",
    ],
)
def test_the_manuals_numbers_are_those_of_the_code(said):
    assert said in " ".join(text_of("docs/manual.md").replace("*", "").split())


def test_the_page_and_the_manual_have_the_same_line_for_cron():
    assert history_states.DAILY in text_of("docs/manual.md")


@pytest.mark.parametrize("package", ["data_access", "dashboard"])
def test_architecture_has_a_line_for_each_room_and_names_what_is_in_it(package):
    told = text_of("docs/architecture.md")
    rooms = [path for path in (ROOT / package).iterdir() if not path.name.startswith(("_", "."))]
    missing = [
        path.name for path in rooms if path.is_dir() and f"| `{path.name}/` |" not in told and path.name != "fonts"
    ]
    modules = [path.stem for path in (ROOT / package).rglob("*.py") if path.parent.name not in ("commands", "emulator")]
    missing += [name for name in modules if not name.startswith("__") and not re.search(rf"\b{name}\b", told)]
    assert not missing


def test_manual_names_every_collection():
    assert not [name for name in COLLECTIONS if f"| `{name}` |" not in text_of("docs/manual.md")]


def test_manual_names_every_link_parameter_and_every_choice():
    links = section(text_of("docs/manual.md"), "Links")
    described = [value for value in vars(parameters).values() if isinstance(value, Parameter)]
    options = [option for each in described if isinstance(each, Choice) for option in each.options]
    names = [name for each in described for name in each.names]
    assert len(names) > len(described) > 0
    assert not [word for word in (*names, *options) if f"`{word}`" not in links]


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_make_targets_exist(document):
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    inline = re.findall(r"`(make [^`\n]*)`", document.read_text(encoding="utf-8"))
    named_targets = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(blocks + inline)))
    assert named_targets <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_relative_links_lead_somewhere(document):
    broken = []
    for link in LINK.findall(without_code(document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_front_door_opens_on_every_name():
    assert not [name for name in data_access.__all__ if not hasattr(data_access, name)]


def test_readme_names_the_exit_codes():
    given = re.findall(r"^\| (\d) \|", section(text_of("README.md"), "The command line"), re.MULTILINE)
    assert given == sorted({"0", *re.findall(r"exit (\d)", errors.__doc__)})


def test_readme_shows_the_columns_as_they_are_printed():
    assert ",".join(COLLECTIONS["deployment"].columns) in text_of("README.md").splitlines()


def test_example_of_secrets_holds_every_setting_and_no_other():
    example = text_of(".streamlit/secrets.toml.example")
    filled_in = tomllib.loads(re.sub(r"^# (?=\w+ = |\[)", "", example, flags=re.MULTILINE))
    assert set(filled_in[SECRETS_TABLE]) == set(Settings.model_fields)
    assert Settings(**filled_in[SECRETS_TABLE])
    (of_the_manual,) = re.findall(r"```toml\n(\[auth\].+?)```", text_of("docs/sign-in.md"), re.DOTALL)
    named = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", of_the_manual, flags=re.MULTILINE))["auth"]
    assert (set(filled_in["auth"]), set(filled_in["auth"]["entra"])) == (set(named), set(named["entra"]))
