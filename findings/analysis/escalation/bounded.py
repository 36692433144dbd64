"""Policies that serve as permissions boundaries: what they let through, and who of those they bind can undo them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collectors.records import Policy, Role, User
from findings.analysis.escalation.asking import Asker
from findings.analysis.escalation.targets import ADMINISTRATOR
from findings.policy.compiled import effective
from findings.policy.document import Unreadable

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

MOST = 20  # who can undo it: a few say enough


@dataclass(frozen=True, slots=True)
class Undoing:
    """principal may undo its boundary by action; keys: where that hangs on conditions."""

    principal: Role | User
    action: str
    keys: tuple[str, ...]


def allows_everything(policy: Policy, facts: Facts) -> bool:
    document = facts.document(policy.document)
    if isinstance(document, Unreadable):
        return False
    compiled = facts.permissions.library.compile(policy.document, document)
    return effective(compiled, None, ()).lower == facts.permissions.catalogue.all


def undoing(policy: Policy, facts: Facts) -> tuple[Undoing, ...]:
    """For each principal that can, the first way."""
    found: list[Undoing] = []
    for principal in facts.escalation.ground.bounded(policy.arn):
        asker = facts.escalation.asker(principal)
        way = next((one for one in _ways(policy, asker)), None)
        if way:
            found.append(way)
        if len(found) == MOST:
            break
    return tuple(found)


def _ways(policy: Policy, asker: Asker) -> Iterator[Undoing]:
    principal = asker.principal
    kind = "Role" if isinstance(principal, Role) else "User"
    other = {"iam:permissionsboundary": (ADMINISTRATOR.format(partition=asker.ground.partition),)}
    asked: list[tuple[str, str, dict[str, tuple[str, ...] | None]]] = []
    if not (isinstance(principal, Role) and principal.reserved):
        asked = [
            (f"iam:Delete{kind}PermissionsBoundary", principal.arn, {}),
            (f"iam:Put{kind}PermissionsBoundary", principal.arn, dict(other)),
        ]
    if not policy.aws_managed:
        asked.append(("iam:CreatePolicyVersion", policy.arn, {}))
        if len(policy.versions) > 1:
            asked.append(("iam:SetDefaultPolicyVersion", policy.arn, {}))
    for action, resource, context in asked:
        if asker.reach.upper & asker.permissions.catalogue.bit(action):
            answer = asker.may(action, resource, context)
            if answer and answer.state != "blocked":
                yield Undoing(principal, action, answer.keys)


def unreadable(policy: Policy, facts: Facts) -> str:
    """Why what the policy lets through, or what those may do that it binds, cannot be known."""
    document = facts.document(policy.document)
    if isinstance(document, Unreadable):
        return f"the policy could not be read: {document.reason}"
    for principal in facts.escalation.ground.bounded(policy.arn):
        if unknown := facts.permissions.unknown(principal):
            return f"what {principal.name} may do is not known: {unknown}"
    return ""
