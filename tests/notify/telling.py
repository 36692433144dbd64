"""Channels, rules, findings and their events, for tests of what is told to whom."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.models import Account
from findings.models import Finding, FindingEvent
from iamdash.notify import reading, sending
from iamdash.notify.content import Content, read
from iamdash.notify.models import AlertRule, Channel, ChannelTarget, Delivery
from iamdash.notify.signing import new_secret

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECRET = new_secret()
_numbers = itertools.count(1)


def channel(kind: str = "webhook", name: str = "", **target: Any) -> Channel:
    """target: url, secret or to."""
    made = Channel.objects.create(name=name or f"channel {next(_numbers)}", kind=kind, set_by="anna")
    given = {"secret": SECRET, "url": "https://hooks.example.com/x", **target}
    ChannelTarget.objects.create(channel=made, shown="shown", sealed=sending.sealed(made, given), set_by="anna")
    return made


def rule(to: Channel, *kinds: str, **more: Any) -> AlertRule:
    given = {"name": f"rule {next(_numbers)}", "scope": "all", "severity": 1, "set_by": "anna", **more}
    return AlertRule.objects.create(channel=to, kinds=list(kinds or ("new",)), **given)


def finding(account: Account, code: str = "KY102", severity: int = 4, **more: Any) -> Finding:
    n = next(_numbers)
    given = {
        "subject_type": "key", "subject_id": f"AKIA{n}", "subject_name": f"AKIA{n} of ci", "title": f"Key {n} is old",
        "evidence": {}, "first_opened_at": NOW, "opened_at": NOW, **more,
    }  # fmt: skip
    return Finding.objects.create(account=account, code=code, practice=code[:2], severity=severity, **given)


def event(of: Finding, kind: str = "opened", *, ago: timedelta = timedelta(0), **detail: Any) -> FindingEvent:
    return FindingEvent.objects.create(account=of.account, finding=of, kind=kind, at=NOW - ago, detail=detail)


def begin() -> None:
    """The first look: what was before is no news."""
    reading.follow(NOW)


def told(to: Channel | None = None) -> list[Content]:
    """Messages that were made, oldest first."""
    rows = Delivery.objects.order_by("pk")
    return [read(row.content) for row in (rows.filter(channel=to) if to else rows)]


def heard(to: Channel | None = None) -> list[str]:
    """After a look: titles of what is told."""
    reading.follow(NOW)
    return [item.title for content in told(to) for item in content.items]
