"""Tells the tracker of tickets, and reads what it says: JSON, signed both ways as of signing.py (docs/operate/tickets.md)."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from findings.engine import tickets
from findings.engine.tickets import Heard
from findings.models import Finding, Ticket
from findings.vocabulary import Severity
from iamdash.notify import outgoing, signing

LONGEST = 16 * 1024  # bytes of what a tracker says
TOLD = 100  # findings that a message holds; the number of all stands beside them
STATES = frozenset(state.value for state in Ticket.State if state != Ticket.State.ASKED)


class SaidError(Exception):
    """What the tracker sent is not what it may say. The text tells it why."""


def tracker() -> str:
    """Host of the tracker; "" when tickets are not set up."""
    if not (settings.TICKETS_URL and settings.TICKETS_SECRET):
        return ""
    return (urlsplit(settings.TICKETS_URL).hostname or "")[:80]


def tell(ref: uuid.UUID, now: datetime) -> None:
    """Send what the tracker does not know yet. Its answer may be a message as `heard` reads it."""
    rows = tickets.claim(ref, now) if tracker() else []
    if not rows:
        return
    content = message(rows)
    body = json.dumps(content, ensure_ascii=False).encode()
    try:
        answer = outgoing.post_signed(
            settings.TICKETS_URL, body, secret=settings.TICKETS_SECRET, message_id=_message_id(rows), at=now
        )
    except (outgoing.OutgoingError, ValueError) as error:
        tickets.failed(rows, content["event"], str(error), now)
        return
    if not answer.ok:
        tickets.failed(rows, content["event"], f"The tracker answered {answer.status}.", now, answer.wait(now))
        return
    tickets.sent(rows, content["event"])
    _answered(ref, answer.text, now)


def _answered(ref: uuid.UUID, text: str, now: datetime) -> None:
    """Trackers that make the ticket at once may say so in the answer."""
    try:
        said = json.loads(text)
        if isinstance(said, dict) and "state" in said:
            one = read({**said, "ref": str(ref)}, now, f"answer {now.timestamp()}")
            tickets.hear(one, now)
    except (ValueError, RecursionError, SaidError, tickets.TooOftenError):
        return  # what it says otherwise is its own affair


def _message_id(rows: Sequence[Ticket]) -> str:
    """The same until something else is to be told."""
    said = "|".join([str(rows[0].ref), *(f"{row.pk} {row.told} {row.now}" for row in rows)])  # type: ignore[attr-defined]
    return f"ticket_{hashlib.sha256(said.encode()).hexdigest()[:32]}"


def message(rows: Sequence[Ticket]) -> dict[str, Any]:
    """event: "opened" the first time, then "changed". status: "open" while one of its findings is."""
    statuses = Counter(row.now for row in rows)  # type: ignore[attr-defined]
    found = [_finding(row) for row in rows[:TOLD]]
    first = next((one for one in found if "title" in one), None)
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return {
        "event": "changed" if any(row.told for row in rows) else "opened",
        "ref": str(rows[0].ref),
        "title": (first["title"] if first else "The finding is gone") + more,
        "severity": _worst(rows),
        "status": next((s for s in ("open", "accepted") if statuses[s]), "resolved"),
        "key": rows[0].key,
        "opened_by": rows[0].opened_by,
        "total": len(rows),
        "findings": found,
    }


def _stored(row: Ticket) -> Finding | None:
    same = {"account": row.account_id, "code": row.code, "subject_id": row.subject_id, "part": row.part}
    return Finding.objects.filter(**same).first()


def _finding(row: Ticket) -> dict[str, Any]:
    told: dict[str, Any] = {
        "rule": row.code,
        "account": row.account.aws_id,
        "account_name": row.account.name,
        "subject": row.subject_id,
        "status": row.now,  # type: ignore[attr-defined]
    }
    if one := _stored(row):
        told |= {
            "id": one.pk,
            "title": one.title,
            "severity": Severity(one.severity).slug,
            "subject_arn": one.subject_arn,
        }
        if settings.PUBLIC_URL:
            told["url"] = settings.PUBLIC_URL + reverse("finding", args=[one.pk])
    return told


def _worst(rows: Sequence[Ticket]) -> str:
    found = [one.severity for row in rows[:TOLD] if (one := _stored(row))]
    return Severity(max(found)).slug if found else "info"


def heard(headers: Mapping[str, str], body: bytes, now: datetime) -> Heard:
    """Raises PermissionError for what the tracker did not sign lately, SaidError for what means nothing."""
    secret = settings.TICKETS_SECRET
    try:
        good = bool(tracker()) and signing.verified(secret, headers, body, now)
    except ValueError:  # the secret is none: nobody can have signed with it
        good = False
    if not good:
        raise PermissionError
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise SaidError("The body is not JSON.") from None
    at = datetime.fromtimestamp(int(headers[signing.AT]), UTC)
    return read(said, at, headers[signing.ID])


def read(said: Any, at: datetime, nonce: str) -> Heard:
    if not isinstance(said, dict):
        raise SaidError("The body is not a JSON object.")
    try:
        ref = uuid.UUID(str(said.get("ref")))
    except ValueError:
        raise SaidError("ref is not the one of a ticket.") from None
    state = said.get("state")
    if not isinstance(state, str) or state not in STATES:
        raise SaidError(f"state is one of {', '.join(sorted(STATES))}.")
    key, url = said.get("key") or "", said.get("url") or ""
    if not (isinstance(key, str) and len(key) <= 80 and key.isprintable()):
        raise SaidError("key is a text of at most 80 printable characters.")
    if url and not _safe(url):
        raise SaidError("url begins with https:// and names a host.")
    if len(nonce) > 64:
        nonce = hashlib.sha256(nonce.encode()).hexdigest()
    return Heard(ref, state, key, url, at, nonce)


def _safe(url: Any) -> bool:
    """A link that people click: of https, to a host, without a name and password in it."""
    if not isinstance(url, str) or len(url) > 1000 or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None and "\\" not in url
    except ValueError:
        return False
