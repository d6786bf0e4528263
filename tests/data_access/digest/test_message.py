"""A digest as text, HTML, card and mail."""

import email
import html
import json
from datetime import UTC, datetime
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.digest import message as messages
from data_access.digest.message import Attachment, Message, News, Part

NOW = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)
LINK = "https://licenses.partner.example/customers?customer=0112a436&book=mine"
MESSAGE = Message(
    "Three customers to call",
    (
        Part("Whom to call", (News("Nordwind GmbH: 114 seats of E5 not assigned", LINK), News("Südwind AG"))),
        Part("Renewals", (), note="3 muted, until 31 Jan 2027: migration"),
        Part("Nothing here", ()),
    ),
    "Sample data, as of 28 Nov 2026",
)


def test_plain_text_has_every_line_with_its_link():
    assert messages.text(MESSAGE) == (
        "Whom to call\n\n- Nordwind GmbH: 114 seats of E5 not assigned\n  " + LINK + "\n- Südwind AG\n\n"
        "Renewals: 3 muted, until 31 Jan 2027: migration\n\nSample data, as of 28 Nov 2026\n"
    )


def test_no_heading_stands_above_nothing_but_what_is_muted():
    said = "Renewals: 3 muted, until 31 Jan 2027: migration"
    made = messages.as_html(MESSAGE)
    assert f'<p class="faint">{said}</p>' in made
    assert made.count("<h2>") == 1
    *_, block, _ = messages.card(MESSAGE)["attachments"][0]["content"]["body"]
    assert block == {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": said, "isSubtle": True}]}


def test_a_message_is_empty_where_no_part_has_a_line():
    assert not MESSAGE.is_empty
    assert Message("", MESSAGE.parts[1:], "").is_empty


def test_html_fetches_nothing_and_names_stay_names():
    made = messages.as_html(Message("<s>", (Part("<b>", (News("<img src=http://x>", 'https://x/?a="b"&c'),)),), "</p>"))
    assert "<img" not in made
    assert "<b>" not in made
    assert 'href="https://x/?a=&quot;b&quot;&amp;c"' in made
    assert "src=" not in made.replace("&lt;img src=", "")


def test_a_card_is_rich_text_without_markdown():
    made = messages.card(Message("s", (Part("h", (News("**Nord** [x](http://evil)", LINK),)),), "foot"))
    assert json.dumps(made).count("TextBlock") == json.dumps(made).count("RichTextBlock")
    attachment = made["attachments"][0]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    bullet, run = attachment["content"]["body"][2]["inlines"]
    assert (bullet["text"], run["text"]) == ("• ", "**Nord** [x](http://evil)")
    assert run["selectAction"] == {"type": "Action.OpenUrl", "url": LINK}


NAMED = News("Nord & Co. is gone: 3 licenses were sold", LINK, name="Nord & Co.")
REST = News(
    "and 113 subscriptions more. All 140 subscriptions with a last day to act in reach are on the page Renewals",
    "https://p.example/renewals?horizon=365&act=30",
)
LONG = Message("s", (Part("h", (NAMED, News("Süd: new")), REST, 113),), "foot")


def test_a_line_that_begins_with_a_name_has_its_link_there():
    linked = f'<a href="{LINK.replace("&", "&amp;")}">Nord &amp; Co.</a> is gone: 3 licenses were sold'
    assert f"<li>{linked}</li><li>Süd: new</li>" in messages.as_html(LONG)
    named, plain, *_ = messages.card(LONG)["attachments"][0]["content"]["body"][2:]
    assert [run["text"] for run in named["inlines"]] == ["• ", "Nord & Co.", " is gone: 3 licenses were sold"]
    assert ["selectAction" in run for run in named["inlines"]] == [False, True, False]
    assert plain == {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "• Süd: new"}]}


def test_what_is_left_out_leads_to_the_view_that_has_it():
    assert f"- Süd: new\n{REST.text}\n{REST.link}\n" in messages.text(LONG)
    assert f'<p><a href="{html.escape(REST.link)}">{REST.text}</a></p>' in messages.as_html(LONG)
    (run,) = messages.card(LONG)["attachments"][0]["content"]["body"][4]["inlines"]
    assert (run["text"], run["selectAction"]["url"]) == (REST.text, REST.link)


def test_html_follows_dark_and_light():
    made = messages.as_html(MESSAGE)
    assert '<meta name="color-scheme" content="light dark">' in made
    assert "prefers-color-scheme:dark" in made


def test_mail_has_both_forms_and_its_files():
    with_file = Message(MESSAGE.subject, MESSAGE.parts, MESSAGE.foot, (Attachment("Nordwind.pdf", b"%PDF-1.7"),))
    made = messages.mail(with_file, "digest@p.example", "ann@p.example", "week-1", NOW)
    read = email.message_from_bytes(made.as_bytes(), policy=default)
    assert read["To"] == "ann@p.example"
    assert read["Message-ID"] == "<week-1@p.example>"
    body, html = read.get_body(("plain",)), read.get_body(("html",))
    assert body
    assert html
    assert body.get_content().replace("\r\n", "\n") == messages.text(MESSAGE)
    assert "Südwind AG" in html.get_content()
    (file,) = read.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("Nordwind.pdf", b"%PDF-1.7")


@pytest.mark.parametrize("name", ["a\r\nBcc: evil@p.example", "\u202eevil", "x\x00\x1b[2J", "\ud800", "ü" * 300])
def test_no_name_becomes_a_header(name):
    made = messages.mail(Message(name, (Part(name, (News(name),)),), name), "d@p.example", "a@p.example", "1", NOW)
    read = email.message_from_bytes(made.as_bytes(), policy=default)
    assert {key.lower() for key in read} == {
        *("from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type"),
    }


@given(st.text(), st.text())
def test_any_text_can_be_sent(name, line):
    message = Message(name, (Part(name, (News(line, LINK),)),), line)
    assert messages.mail(message, "d@p.example", "a@p.example", "1", NOW).as_bytes()
    assert json.dumps(messages.card(message)).encode()
    assert messages.text(message).encode()


def test_the_subject_counts_all_lines_and_not_those_shown_alone():
    changed = Part("What changed since 20 Nov 2026", (News("Nordwind"), News("Suedwind")), more=10)
    parts = (Part("Late", ()), Part("To call", (News("Nordwind"),)), changed)
    assert messages.subject_of(parts) == "Licenses: to call (1), what changed since 20 Nov 2026 (12)"


def test_a_long_subject_ends_between_two_counts():
    part = Part("What has to be decided soon, by the last day", (News("Nordwind"),))
    said = "what has to be decided soon, by the last day (1)"
    assert messages.subject_of((part,) * 3) == f"Licenses: {said}, {said}, …"


def test_where_there_is_no_line_there_is_no_subject():
    assert not messages.subject_of((Part("To call", ()),))
