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
#: In the head, as dark colours cannot be set at an element. Programs that drop it show dark on light.
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 -apple-system,'Segoe UI',Roboto,sans-serif;max-width:640px;margin:0 auto;padding:12px 16px;"
    "background:#fff;color:#1b2430;overflow-wrap:anywhere}"
    "h2{font-size:16px;margin:24px 0 6px}ul{padding-left:20px;margin:0}li,p{margin:6px 0}a{color:#0b5cad}"
    ".faint{color:#5b6675;font-size:13px}.foot{border-top:1px solid #d5dae1;margin-top:24px;padding-top:10px}"
    "@media(prefers-color-scheme:dark){body{background:#14181f;color:#e6e9ee}a{color:#7cb8f5}.faint{color:#a3adba}"
    ".foot{border-color:#3a424e}}"
)


@dataclass(frozen=True, slots=True)
class News:
    """One line of a digest, and the view that shows it; without a link where no address of the dashboard is set.

    `customer`: the tenant id of the customer that it is about, if any. `name`: with what the line begins, which bears
    the link where a line can have it; else all of it does.
    """

    text: str
    link: str = ""
    customer: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with its lines, most important first.

    `lead`: what to know before them. `rest`: that there are `more` lines, and the view that shows them all. `note`:
    what is muted.
    """

    heading: str
    lines: tuple[News, ...]
    rest: News | None = None
    more: int = 0
    note: str = ""
    lead: str = ""


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


def trial(root: str, foot: str) -> Message:
    """A message that tries whether digests arrive; `root` is the dashboard's address, where it is set."""
    arrives = News("It was sent by hand, and came by the way that digests take.")
    leads = News("Each line of a digest leads to a page below this address.", root) if root else None
    none = News("PUBLIC_URL is not set: lines of digests lead nowhere.")
    return Message("Licenses: a test of digests", (Part("This is a test", (arrives, leads or none)),), foot)


def subject_of(parts: tuple[Part, ...]) -> str:
    """The subject of a message with these parts: how many lines each has, those that are not shown counted too.

    Parts that would be cut stand as "…".
    """
    counts = [(len(part.lines) + part.more, part.heading) for part in parts if part.lines]
    told = [f"{heading[0].lower()}{heading[1:]} ({number})" for number, heading in counts]
    whole = len(told)
    while whole > 1 and len(_joined(told, whole)) > _SUBJECT_LENGTH:
        whole -= 1
    return _joined(told, whole) if told else ""


def _joined(told: Sequence[str], first: int) -> str:
    return "Licenses: " + ", ".join([*told[:first], *(["…"] if first < len(told) else [])])


def text(message: Message) -> str:
    """The message as plain text."""
    lines: list[str] = []
    for part in _shown(message):
        lines += [_clean(part.heading), "", *([_clean(part.lead), ""] if part.lead else [])]
        for news in part.lines:
            lines += [f"- {_clean(news.text)}", *([f"  {news.link}"] if news.link else [])]
        if rest := part.rest:
            lines += [_clean(rest.text), *([rest.link] if rest.link else [])]
        lines += [*([_clean(part.note)] if part.note else []), ""]
    lines += [*silent, ""] if (silent := _silent(message)) else []
    return "\n".join([*lines, _clean(message.foot), ""])


def as_html(message: Message) -> str:
    """The message as HTML: it fits a phone, follows dark and light, and fetches nothing from anywhere."""
    body = "".join(
        f"<h2>{_escaped(part.heading)}</h2>"
        + (f"<p>{_escaped(part.lead)}</p>" if part.lead else "")
        + (f"<ul>{''.join(f'<li>{_linked(news)}</li>' for news in part.lines)}</ul>" if part.lines else "")
        + (f"<p>{_linked(part.rest)}</p>" if part.rest else "")
        + (f'<p class="faint">{_escaped(part.note)}</p>' if part.note else "")
        for part in _shown(message)
    ) + "".join(f'<p class="faint">{_escaped(line)}</p>' for line in _silent(message))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_escaped(message.subject)}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f'<style>{_STYLE}</style></head><body>{body}<p class="faint foot">{_escaped(message.foot)}</p></body></html>'
    )


def card(message: Message) -> dict[str, Any]:
    """The message as what a Workflows address takes: an Adaptive Card, the one form that it takes.

    Source: Microsoft's page "Create incoming webhooks with Workflows for Microsoft Teams". All texts are runs of rich
    text, which knows no Markdown, so that a name is a name.
    """
    body = [_block(message.subject, weight="Bolder", size="Medium")]
    for part in _shown(message):
        body.append(_block(part.heading, weight="Bolder"))
        if part.lead:
            body.append(_block(part.lead))
        body += [_line(news) for news in part.lines]
        if part.rest:
            body.append(_line(part.rest, bullet=""))
        if part.note:
            body.append(_block(part.note, isSubtle=True))
    body += [_block(line, isSubtle=True) for line in _silent(message)]
    body.append(_block(message.foot, isSubtle=True, size="Small"))
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
        ],
    }


def mail(message: Message, sender: str, to: str, identity: str, now: datetime) -> EmailMessage:
    """The message as mail; `identity` makes its Message-ID, which is the same for the same digest."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"] = sender, to
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
    return [part for part in message.parts if part.lines]


def _silent(message: Message) -> list[str]:
    """What is muted under headings that have no line: such a heading would promise one."""
    return [f"{_clean(part.heading)}: {_clean(part.note)}" for part in message.parts if part.note and not part.lines]


def _linked(news: News) -> str:
    if not news.link:
        return _escaped(news.text)
    linked, rest = (html.escape(part, quote=False) for part in _parted(news))
    return f'<a href="{html.escape(news.link)}">{linked}</a>{rest}'


def _escaped(line: str) -> str:
    return html.escape(_clean(line), quote=False)


def _clean(line: str) -> str:
    """On one line, and with nothing that cannot be written in UTF-8."""
    return formats.on_one_line(line).encode("utf-8", "replace").decode()


def _parted(news: News) -> tuple[str, str]:
    """What of a line bears its link, and what follows."""
    text, name = _clean(news.text), _clean(news.name)
    linked = name if name and text.startswith(name) else text
    return linked, text[len(linked) :]


def _line(news: News, bullet: str = "• ") -> dict[str, Any]:
    if not news.link:
        return _block(f"{bullet}{_clean(news.text)}")
    linked, rest = _parted(news)
    opens = {"type": "Action.OpenUrl", "url": news.link}
    runs = [_run(bullet), _run(linked, selectAction=opens), _run(rest)]
    return {"type": "RichTextBlock", "inlines": [run for run in runs if run["text"]]}


def _block(line: str, **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [_run(_clean(line), **style)]}


def _run(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **more}
