"""What the rules on sessions share: whose sessions they look at, what is missing, and how a session is told in evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from collectors.records import TRAIL, Role, Session, User
from findings.analysis.activity.signs import DEFAULTS
from findings.analysis.activity.verdict import Verdict
from findings.analysis.facts import Facts
from findings.analysis.kinds import Confidence
from findings.analysis.machine_signs import looks_machine, said_human, said_machine
from findings.vocabulary import Unknown

# APIs by which all events come; one of them is enough. LookupEvents is none: what it tells is told, and its silence says nothing.
READS = (TRAIL,)
NEXT_STEP = "connect the bucket that its trail writes to, with s3:ListBucket and s3:GetObject on the prefix (source trail_bucket)"
MOST = 10  # sessions that evidence tells


def unread(facts: Facts) -> Unknown | None:
    """None: CloudTrail's events were read."""
    if facts.activity.since is not None:
        return None
    return Unknown(f"no CloudTrail events were read: {NEXT_STEP}")


def judged(session: Session, facts: Facts) -> tuple[Session, Verdict]:
    return session, facts.activity.verdict(session)


def people(principal: Role | User, facts: Facts, days: int) -> list[tuple[Session, Verdict]]:
    """Its sessions of the last `days` days behind which a person was, the newest first."""
    found = (judged(one, facts) for one in facts.activity.of(principal, days))
    return [(one, verdict) for one, verdict in found if verdict.human]


def machine(principal: Role | User, facts: Facts) -> tuple[str, ...]:
    """Why it is a machine's; empty when it is not, as far as is known."""
    kind = facts.kind(principal)
    if isinstance(principal, Role):
        return kind.reasons if kind.kind.machine else ()
    if said_human(principal, facts):
        return ()
    used = tuple(key for key in facts.keys(principal) if key.active and key.last_used_at is not None)
    own = kind.reasons if kind.kind.machine else ()
    return said_machine(principal, facts) or own or looks_machine(principal, used)


def told(pairs: Sequence[tuple[Session, Verdict]], facts: Facts) -> list[str]:
    """A sentence a session and way of acting, with the day when it was last seen; the same from day to day."""
    found: dict[str, str] = {}
    for session, verdict in sorted(pairs, key=lambda pair: pair[0].day, reverse=True):
        reasons = "; ".join(verdict.reasons)
        told_already = any(address in reasons for address in session.networks)
        text = f"{called(session)} {reasons}{'' if told_already else where(session, facts)}"
        found.setdefault(text, f"{text}; last on {session.day:%Y-%m-%d}")
    return list(found.values())[:MOST]


def who(session: Session, facts: Facts) -> str:
    """A name for the person behind it: what AWS or the identity provider vouches for, else what they called themselves."""
    if known := session.source_identity or session.federated_user:
        return known
    if session.name and not DEFAULTS.match(session.name):
        return session.name
    behind, whole = facts.activity.lineage.behind(session), facts.activity.whole.behind(session)
    if behind and behind.human:
        return behind.path[0].partition(" -> ")[0]
    return "somebody of another account" if whole and whole.human else session.name or "somebody"


def called(session: Session) -> str:
    return f'Session "{session.name}"' if session.name else "A session"


def where(session: Session, facts: Facts) -> str:
    """ ", from 203.0.113.7 (office)"; "" where no address is known."""
    shown = [facts.activity.networks.said(address) for address in session.networks[:3]]
    more = f" and {len(session.networks) - 3} more" if len(session.networks) > 3 else ""
    return f", from {', '.join(shown)}{more}" if shown else ""


def surest(verdicts: Iterable[Verdict]) -> Confidence:
    return min((verdict.confidence for verdict in verdicts), key=list(Confidence).index)
