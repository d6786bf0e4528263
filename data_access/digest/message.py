"""One digest as it is sent: a subject, plain text, HTML and a card for Teams, from the same lines."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from data_access import formats

_PDF = ("application", "pdf")
_SUBJECT_LENGTH = 120  # characters; mail programs show fewer
_TEXT = "font:15px/1.5 -apple-system,'Segoe UI',Roboto,sans-serif;color:#1b2430"
_FAINT = "color:#5b6675;font-size:13px"


@dataclass(frozen=True, slots=True)
class News:
    """One line of a digest, and the view that shows it; without a link where no address of the dashboard is set.

    `customer`: the tenant id of the customer that it is about, if any.
    """

    text: str
    link: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with its lines, most important first; `note` says what is left out, `more` how many lines."""

    heading: str
    lines: tuple[News, ...]
    note: str = ""
    more: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along, as PDF."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What one person gets. `foot` says where the figures are from, and whether they are the sample's."""

    subject: str
    parts: tuple[Part, ...]
    foot: str
    attachments: tuple[Attachment, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not any(part.lines for part in self.parts)


def text(message: Message) -> str:
    """The message as plain text."""
    lines: list[str] = []
    for part in _shown(message):
        lines += [_clean(part.heading), ""]
        for news in part.lines:
            lines += [f"- {_clean(news.text)}", *([f"  {news.link}"] if news.link else [])]
        lines += [*([_clean(part.note)] if part.note else []), ""]
    return "\n".join([*lines, _clean(message.foot), ""])


def as_html(message: Message) -> str:
    """The message as HTML: it fits a phone, and fetches nothing from anywhere."""
    body = "".join(
        f'<h2 style="font-size:16px;margin:20px 0 6px">{_escaped(part.heading)}</h2><ul style="padding-left:20px">'
        + "".join(f'<li style="margin:6px 0">{_linked(news)}</li>' for news in part.lines)
        + "</ul>"
        + (f'<p style="{_FAINT}">{_escaped(part.note)}</p>' if part.note else "")
        for part in _shown(message)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_escaped(message.subject)}</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        f'<body style="{_TEXT};max-width:640px;margin:0 auto;padding:12px">{body}'
        f'<p style="{_FAINT}">{_escaped(message.foot)}</p></body></html>'
    )


def card(message: Message) -> dict[str, Any]:
    """The message as what a Workflows address takes: an Adaptive Card, the one form that it takes.

    Source: Microsoft's page "Create incoming webhooks with Workflows for Microsoft Teams". All texts are runs of rich
    text, which knows no Markdown, so that a name is a name.
    """
    body = [_block(message.subject, weight="Bolder", size="Medium")]
    for part in _shown(message):
        body.append(_block(part.heading, weight="Bolder"))
        body += [_block(f"• {news.text}", news.link) for news in part.lines]
        if part.note:
            body.append(_block(part.note, isSubtle=True))
    body.append(_block(message.foot, isSubtle=True, size="Small"))
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
        ],
    }


def mail(message: Message, sender: str, to: Sequence[str], identity: str, now: datetime) -> EmailMessage:
    """The message as mail; `identity` makes its Message-ID, which is the same for the same digest."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"] = sender, ", ".join(to)
    made["Subject"] = subject(message)
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{identity}@{sender.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text(message), cte="quoted-printable")
    made.add_alternative(as_html(message), subtype="html", cte="quoted-printable")
    for attachment in message.attachments:
        made.add_attachment(attachment.content, *_PDF, filename=attachment.name)
    return made


def subject(message: Message) -> str:
    """The subject, in one line without what a header or a terminal would obey."""
    one_line = formats.shortened(_clean(message.subject), _SUBJECT_LENGTH)
    return "".join(sign for sign in one_line if sign.isprintable())


def _shown(message: Message) -> list[Part]:
    return [part for part in message.parts if part.lines or part.note]


def _linked(news: News) -> str:
    line = _escaped(news.text)
    return f'<a href="{html.escape(news.link)}" style="color:#0b5cad">{line}</a>' if news.link else line


def _escaped(line: str) -> str:
    return html.escape(_clean(line), quote=False)


def _clean(line: str) -> str:
    """On one line, and with nothing that cannot be written in UTF-8."""
    return formats.on_one_line(line).encode("utf-8", "replace").decode()


def _block(line: str, link: str = "", **style: Any) -> dict[str, Any]:
    run: dict[str, Any] = {"type": "TextRun", "text": _clean(line), **style}
    if link:
        run["selectAction"] = {"type": "Action.OpenUrl", "url": link}
    return {"type": "RichTextBlock", "inlines": [run]}
