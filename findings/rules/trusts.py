"""What the rules on trust policies share: which roles they judge, and words for whom a trust policy lets in."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.records import Role
from findings.analysis.facts import Facts
from findings.analysis.trust.assumable import stopped_by
from findings.analysis.trust.vendors import vendor
from findings.analysis.trust.who import Admission
from findings.policy.document import Unreadable
from findings.vocabulary import Unknown


def judged(role: Role) -> bool:
    """The trust of service-linked and Identity Center roles is AWS's own: nobody can change it."""
    return not role.service_linked and not role.reserved


def unread(role: Role, facts: Facts) -> Unknown | None:
    trust = facts.document(role.trust)
    if not isinstance(trust, Unreadable):
        return None
    return Unknown(f"the trust policy of {role.name} could not be read: {trust.reason}")


def outsiders(role: Role, facts: Facts) -> tuple[Admission, ...]:
    """Whom the trust policy lets in from known accounts or organizations outside the zone of trust: not everybody."""
    return tuple(a for a in facts.admitted(role) if a.inside is False and not a.public)


def accounts_of(admissions: Iterable[Admission], facts: Facts) -> tuple[str, ...]:
    """Those that are outside."""
    return tuple(dict.fromkeys(a for one in admissions for a in one.accounts if not facts.inside(a)))


def named(account: str, facts: Facts) -> str:
    """ "464622532012 (Datadog)"."""
    name = vendor(account, facts)
    return f"{account} ({name})" if name else account


def asked_for(admissions: Iterable[Admission]) -> list[str]:
    """The conditions by operator and key; their values may be shared secrets."""
    found = (f"{c.operator} {c.key}" for admission in admissions for c in admission.conditions)
    return list(dict.fromkeys(found))


def statements(admissions: Iterable[Admission]) -> list[str]:
    return list(dict.fromkeys(f"statement {a.statement}" for a in admissions))


def stopped(admissions: Iterable[Admission], role: Role, facts: Facts) -> tuple[str, ...]:
    """The RCPs that keep all of them out; () when some are let in."""
    blocked = [stopped_by(one, role, facts) for one in admissions]
    return tuple(dict.fromkeys(by for some in blocked for by in some)) if all(blocked) else ()


def zone(facts: Facts) -> str:
    """What to say in evidence when it is not known which accounts are ours."""
    return "" if facts.zone_known else "the accounts of the organization are not visible"


def rcps_seen(facts: Facts) -> str:
    return "" if facts.guardrails.rcp is not None else "RCPs not visible"
