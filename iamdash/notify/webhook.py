"""A message as signed JSON. SCHEMA changes its number when something is taken away or means something else; more may be added."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec

from findings.rules.registry import catalogue
from iamdash.notify import content, digests
from iamdash.notify.content import Content, Item
from iamdash.notify.digests import Week
from iamdash.notify.models import Delivery
from iamdash.notify.outgoing import Answer, post_signed
from iamdash.notify.wording import link, message

SCHEMA = "iamdash.message/1"


def send(delivery: Delivery, target: dict[str, Any], now: datetime) -> Answer:
    body = json.dumps(payload(delivery), ensure_ascii=False, separators=(",", ":")).encode()
    return post_signed(target["url"], body, secret=target["secret"], message_id=str(delivery), at=now)


def payload(delivery: Delivery) -> dict[str, Any]:
    """docs/operate/alerts.md describes each field."""
    head = {
        "schema": SCHEMA,
        "id": str(delivery),
        "type": delivery.reason,
        "created_at": delivery.created_at.isoformat(),
        "channel": delivery.channel.name,
        "subject": message(delivery).subject,
    }
    if delivery.reason == Delivery.Reason.DIGEST:
        return head | {"digest": _week(digests.read(delivery.content))}
    return head | _told(content.read(delivery.content))


def _told(told: Content) -> dict[str, Any]:
    return {
        "rules": list(told.rules),
        "total": told.total,
        "by_severity": told.by_severity,
        "by_kind": told.by_kind,
        "by_account": [{"account_id": i, "account_name": name, "n": n} for i, (name, n) in told.by_account.items()],
        "first_collections": [
            {"account_id": i, "account_name": one.name, "total": one.total, "by_severity": one.by_severity}
            for i, one in told.firsts.items()
        ],
        "events": [_event(one) for one in told.items],
        "omitted": told.omitted,
    }


def _event(one: Item) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    subject = {name: found.pop(f"subject_{name}") for name in ("type", "id", "name", "arn")}
    account = {name: found.pop(f"account_{name}") for name in ("id", "name")}
    entry = catalogue().get(one.code)
    more = {"subject": subject, "account": account, "rule": entry.rule.slug if entry else ""}
    return found | more | {"url": link("finding", one.finding)}


def _week(week: Week) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(week)
    found["open"] = {slug: {"before": before, "now": now} for slug, (before, now) in week.open.items()}
    found["score"] = dict(zip(("before", "now"), week.score, strict=True)) if week.score else None
    found["before"] = dict(zip(("opened", "resolved"), week.before, strict=True)) if week.before else None
    return found | {"newest": [_event(one) for one in week.newest]}
