"""Whose policies nobody can propose smaller ones for, why, and what would help."""

from __future__ import annotations

from datetime import timedelta

from collectors.records import Role, User
from findings.analysis.facts import Facts
from findings.analysis.right_sizing.model import NoProposal
from findings.analysis.usage import ADVISOR, Use

DETAILS = "iam:GetAccountAuthorizationDetails"
ADVISED = ("iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails")
NEXT_COLLECTION = "The next collection reads it again."


def impossible(principal: Role | User, facts: Facts, known: Use) -> NoProposal | None:
    """None: one can be made."""
    if isinstance(principal, Role) and (whose := _not_ours(principal)):
        return whose
    if unknown := facts.permissions.unknown(principal):
        return NoProposal(f"Its permissions are not known: {unknown}.", _gaps(facts, (DETAILS,)))
    if not any(True for _ in facts.permissions.library.of(principal)):
        return NoProposal("It has no policies, so there is nothing to take away.")
    if known.unread:
        return NoProposal(f"Its use is not known: {known.unread}.", _gaps(facts, ADVISED))
    return _too_young(principal, facts)


def _not_ours(role: Role) -> NoProposal | None:
    """Roles whose policies IAM lets nobody change (AWS.md 16, 23)."""
    if role.service_linked:
        service = role.path.removeprefix("/aws-service-role/").strip("/")
        return NoProposal(
            "A service-linked role is AWS's own: its policy cannot be changed.",
            f"Where {service} does not need it any more, delete it through that service.",
        )
    if role.reserved:
        return NoProposal(
            f"IAM Identity Center made it from the permission set {role.permission_set}: IAM refuses to change its policies.",
            "Change the permission set in IAM Identity Center. It gives the same in every account where it is assigned, so "
            "what is used in this account alone does not say what is enough.",
        )
    return None


def _gaps(facts: Facts, apis: tuple[str, ...]) -> str:
    gaps = facts.gaps(apis)
    return f"{'; '.join(map(str, gaps))}." if gaps else NEXT_COLLECTION


def _too_young(principal: Role | User, facts: Facts) -> NoProposal | None:
    grace = facts.settings.never_used_grace_days
    if facts.older(principal.created_at, grace):
        return None
    ready = principal.created_at + timedelta(days=grace)
    made = f"It was made on {principal.created_at:%Y-%m-%d}: what it does not use yet, it may be for."
    return NoProposal(made, f"From {ready:%Y-%m-%d} on, {ADVISOR} has watched it for {grace} days.")
