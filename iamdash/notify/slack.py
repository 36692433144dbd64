"""A message as blocks of a Slack incoming webhook (docs.slack.dev, Block Kit, "Formatting text for app surfaces").

Words of accounts can neither mention, link nor end a link: & < > are escaped as Slack asks, and `verbatim` keeps Slack from
making links and mentions of what it finds in a text.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from iamdash.notify.models import Delivery
from iamdash.notify.outgoing import Answer, post
from iamdash.notify.wording import Line, Message, message

MARKS = {"critical": "◆", "high": "▲", "medium": "■", "low": "●", "info": "○"}
SECTION = 3000  # characters of a section's text
BLOCKS = 50


def send(delivery: Delivery, target: dict[str, Any], now: datetime) -> Answer:
    body = json.dumps(blocks(message(delivery))).encode()
    return post(target["url"], body, {"content-type": "application/json", "x-iamdash-id": str(delivery)})


def blocks(told: Message) -> dict[str, Any]:
    """text: what notifications show."""
    found = [_section(f"*{escaped(told.subject)}*"), *map(_section, map(_line, told.lines))]
    found += [{"type": "context", "elements": [_text(_line(line))]} for line in told.foot]
    return {"text": escaped(told.subject), "blocks": found[:BLOCKS], "unfurl_links": False, "unfurl_media": False}


def escaped(text: str) -> str:
    """Signs of bold, italic and code stay: at most a name looks odd, and it can be copied."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _line(line: Line) -> str:
    mark = f"{MARKS[line.severity]} " if line.severity in MARKS else ""
    text = escaped(line.text)
    return mark + (f"<{line.url}|{text}>" if line.url else text) + (f"\n{escaped(line.under)}" if line.under else "")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text[:SECTION], "verbatim": True}
