"""What the rules on the use of keys share: which uses they look at, and how these are told."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.records import AccessKey, Session
from findings.analysis.facts import Facts
from findings.rules import sessions
from findings.vocabulary import Clear, Outcome

MOST = sessions.MOST


def uses(key: AccessKey, facts: Facts) -> tuple[Session, ...] | Outcome:
    """Its sessions of the last `unused_days`, one a day, or what to say instead of looking at them."""
    window = facts.settings.unused_days
    if found := facts.activity.keys.of(key, window):
        return found
    if key.use_known and (key.last_used_at is None or facts.older(key.last_used_at, window)):
        return Clear(f"it was not used in the last {window} days")
    return sessions.unread(facts) or Clear(f"no call with it was seen in the last {window} days")


def counted(found: Mapping[str, int], facts: Facts | None = None) -> list[str]:
    """ "terraform: 12 days". facts: to name addresses as the settings do."""
    said = facts.activity.networks.said if facts else str
    return [f"{said(name)}: {n} days" for name, n in found.items()][:MOST]
