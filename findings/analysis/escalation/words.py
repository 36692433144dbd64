"""Escalations and what blocks them, in words for titles and evidence."""

from __future__ import annotations

from collections.abc import Iterable

from findings.analysis.escalation.model import Escalation
from findings.analysis.escalation.strength import Strength
from findings.policy.evaluate import By, Layer

KINDS = {Layer.SCP: "SCP", Layer.RCP: "RCP", Layer.BOUNDARY: "permissions boundary"}
GAINS = {
    Strength.ADMIN: "an administrator",
    Strength.GRANTS: "able to change the permissions of others",
    Strength.BROAD: "able to write nearly everywhere",
}


def gain(found: Escalation) -> str:
    """What the caller becomes: "an administrator"."""
    return GAINS.get(Strength(found.strength), "more than it is")


def blockers(many: Iterable[By]) -> str:
    """ "SCP deny-iam at Root (statement DenyIam) and the permissions boundary developer"."""
    return " and ".join(dict.fromkeys(map(blocker, many)))


def blocker(by: By) -> str:
    if by.layer is Layer.IDENTITY:
        name = by.policy.partition(":policy/")[2] or by.policy.removeprefix("inline:")
        return f"its own policy {name} (statement {by.sid or by.statement})"
    kind = KINDS.get(by.layer, str(by.layer))
    where = f" at {by.level}" if by.level else ""
    if not by.policy:
        return f"the {kind}s{where}, which do not allow it"
    name = by.policy.partition(":policy/")[2] or by.policy
    statement = by.sid or (f"{by.statement}" if by.statement else "")
    how = f" (statement {statement})" if statement else ", which does not allow it"
    return f"{'the ' if by.layer is Layer.BOUNDARY else ''}{kind} {name}{where}{how}"


def state(found: Escalation) -> str:
    """ "live", "conditional on aws:MultiFactorAuthPresent", "blocked by SCP deny-iam at Root (statement DenyIam)"."""
    if found.state == "blocked":
        return f"blocked by {blockers(found.by)}"
    if found.state == "conditional":
        return f"conditional on {', '.join(found.keys) or 'what is not there yet'}"
    return "live"


def line(found: Escalation) -> str:
    """One path for a list of evidence."""
    return f"{found.path.id} {state(found)}: it {found.how}"
