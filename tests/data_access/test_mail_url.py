"""MAIL_URL: what it may say, and that its password is never said."""

import pytest

from data_access import mail_url
from data_access.mail_url import GraphMailbox, SmtpServer


@pytest.mark.parametrize(
    ("url", "read"),
    [
        (
            "smtp://ann%40p.example:p%40ss@mail.p.example:2525?from=digest@p.example",
            SmtpServer("mail.p.example", 2525, "digest@p.example", "ann@p.example", "p@ss"),
        ),
        ("smtp://127.0.0.1?from=a@p.example", SmtpServer("127.0.0.1", 587, "a@p.example")),
        (
            "smtps://a%40p.example:x@mail.p.example",
            SmtpServer("mail.p.example", 465, "a@p.example", "a@p.example", "x", is_wrapped=True),
        ),
        ("smtp://127.0.0.1?from=a+b@p.example", SmtpServer("127.0.0.1", 587, "a+b@p.example")),
        ("smtp://127.0.0.1?from=a%2Bb@p.example", SmtpServer("127.0.0.1", 587, "a+b@p.example")),
        ("graph:digest@p.example", GraphMailbox("digest@p.example")),
    ],
)
def test_what_it_says(url, read):
    assert mail_url.parse(url) == read


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.p.example?from=a@p.example",
        "smtp:mail.p.example",
        "smtp://?from=a@p.example",
        "smtp://mail.p.example",
        "smtp://ann:SECRET@mail.p.example",
        "smtp://a%40p.example@mail.p.example",
        "smtp://mail.p.example:0?from=a@p.example",
        "smtp://mail.p.example:x?from=a@p.example",
        "smtp://mail.p.example/inbox?from=a@p.example",
        "smtp://mail.p.example?from=a@p.example&tls=no",
        "smtp://mail.p.example?from=a@p.example%0ABcc:b@p.example",
        "graph:",
        "graph:ann",
        "graph://ann@p.example",
        "smtp://mail.p.example?from=a@p.example&from=b@p.example",
        "",
    ],
)
def test_what_cannot_be_used_is_a_sentence_without_the_password(url):
    with pytest.raises(ValueError, match=r"^(?!.*SECRET).*[a-z]"):
        mail_url.parse(url)


def test_the_password_is_not_shown():
    assert "SECRET" not in repr(mail_url.parse("smtp://a%40p.example:SECRET@mail.p.example"))
