"""External access: who outside the account's zone of trust may become which of its roles, one entry for each outsider.

AWS services are not outsiders, nor are the roles that AWS makes for itself and for Identity Center: nobody can change their
trust. A deleted principal can become nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from collectors.records import Role
from findings.analysis.trust.assumable import stopped_by
from findings.analysis.trust.narrowing import asked
from findings.analysis.trust.vendors import vendor
from findings.analysis.trust.who import OF_ACCOUNTS, Admission
from findings.policy.document import Condition, Unreadable

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

EXTERNAL_ID = "sts:externalid"
NOBODY_SAYS = "whether it is in the zone of trust is not known"
NOT_LISTED = "the accounts of the organization are not visible, so it may be one of them"


class Standing(IntEnum):
    """What an outsider is to us, the gravest last. Stored as a number, so that sorting by it means something."""

    PROVIDER = 1
    VENDOR = 2
    UNREAD = 3
    UNSURE = 4
    STRANGER = 5
    PUBLIC = 6

    @property
    def slug(self) -> str:
        return self.name.lower()

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Standing.PROVIDER: "Identity provider",
    Standing.VENDOR: "Known vendor",
    Standing.UNREAD: "Trust policy not read",
    Standing.UNSURE: "May be ours",
    Standing.STRANGER: "Unknown account",
    Standing.PUBLIC: "Anyone",
}


@dataclass(frozen=True, slots=True)
class External:
    """One outsider of a role.

    statement: of the trust policy, from 1; 0: the policy could not be read. principal: as written. kind: who.Kind, "" when
    unread. account: its 12 digits, "" for none or any. external_id: whether one must be given. blocked_by: RCPs that keep it
    out. reason: what is not known about it, "" for nothing.
    """

    standing: Standing
    statement: int = 0
    principal: str = ""
    kind: str = ""
    account: str = ""
    vendor: str = ""
    conditions: tuple[Condition, ...] = ()
    external_id: bool = False
    blocked_by: tuple[str, ...] = ()
    reason: str = ""


def external(role: Role, facts: Facts) -> tuple[External, ...]:
    if role.service_linked or role.reserved:
        return ()
    trust = facts.document(role.trust)
    if isinstance(trust, Unreadable):
        return (External(Standing.UNREAD, reason=trust.reason),)
    found = (one for admission in facts.admitted(role) for one in _of(admission, role, facts))
    return tuple(dict.fromkeys(found))


def _of(admission: Admission, role: Role, facts: Facts) -> Iterator[External]:
    if admission.kind in ("service", "deleted") or admission.inside:
        return
    blocked = stopped_by(admission, role, facts)
    outside = [account for account in admission.accounts if not facts.inside(account)]
    for account in outside or [""]:
        name = vendor(account, facts)
        standing = _standing(admission, name)
        yield External(
            standing,
            admission.statement,
            admission.principal,
            admission.kind,
            account,
            name,
            admission.conditions,
            asks_external_id(admission),
            blocked,
            _reason(standing, facts),
        )


def _standing(admission: Admission, vendor: str) -> Standing:
    if admission.public:
        return Standing.PUBLIC
    if admission.kind in ("saml", "oidc"):
        return Standing.PROVIDER
    if admission.kind not in OF_ACCOUNTS or admission.inside is None:
        return Standing.UNSURE
    return Standing.VENDOR if vendor else Standing.STRANGER


def _reason(standing: Standing, facts: Facts) -> str:
    if standing is Standing.UNSURE:
        return NOBODY_SAYS
    return NOT_LISTED if standing is Standing.STRANGER and not facts.zone_known else ""


def asks_external_id(admission: Admission) -> bool:
    """A value of nothing but wildcards is no external id."""
    values = [one for one in asked(admission.conditions) if one.key == EXTERNAL_ID]
    return any(all(value.strip("*?") or not one.like for value in one.values) for one in values)
