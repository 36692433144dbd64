"""A message as plain text by Django's SMTP backend. Of an account only the subject stands in a header, in one line."""

from __future__ import annotations

import textwrap
from datetime import datetime
from email.utils import parseaddr
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from iamdash.notify.models import Delivery
from iamdash.notify.outgoing import Answer, UnreachedError
from iamdash.notify.wording import Line, Message, message, plain

WIDTH = 78
SUBJECT = 180  # characters


def send(delivery: Delivery, target: dict[str, Any], now: datetime) -> Answer:
    if not (settings.EMAIL_HOST and settings.DEFAULT_FROM_EMAIL):
        raise UnreachedError("IAMDASH_SMTP_HOST and IAMDASH_MAIL_FROM are not set where the worker runs.")
    told = message(delivery)
    mail = EmailMessage(
        subject=plain(f"[iamdash] {told.subject}", SUBJECT),
        body=text(told),
        to=target["to"],
        headers={"Message-ID": _id(delivery), "Auto-Submitted": "auto-generated", "X-Iamdash-Id": str(delivery)},
        connection=get_connection(),
    )
    try:
        mail.send()
    except (SMTPException, OSError) as error:
        raise UnreachedError(f"{settings.EMAIL_HOST}: {_words(error)}") from None
    return Answer(250, "The mail server took it.")


def text(told: Message) -> str:
    paragraphs = [told.subject, *map(_line, told.lines), *map(_line, told.foot)]
    return "\n\n".join(paragraphs) + "\n"


def _line(line: Line) -> str:
    mark = f"{line.severity.upper()} " if line.under and line.severity else ""
    rows = textwrap.wrap(mark + line.text, WIDTH, break_long_words=False, break_on_hyphens=False)
    rows += textwrap.wrap(line.under, WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*rows, line.url] if line.url else rows)


def _id(delivery: Delivery) -> str:
    """The same in each attempt: mail servers and readers drop what they have."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "iamdash.invalid"
    return f"<{delivery}@{domain}>"


def _words(error: Exception) -> str:
    """What the server said, which names recipients at most."""
    said = getattr(error, "smtp_error", b"")
    said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    code = getattr(error, "smtp_code", "")
    recipients = getattr(error, "recipients", None)
    if isinstance(recipients, dict) and recipients:
        code, said = next(iter(recipients.values()))
        said = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if code or said:
        return plain(f"{code} {said}")
    return getattr(error, "strerror", None) or type(error).__name__
