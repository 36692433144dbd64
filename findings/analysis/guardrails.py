"""SCPs and RCPs that bind an account, level by level from the root of its organization down to itself (AWS.md 15-17).

The organization's tree and policies come from the account itself, or from a connected one that may read them. What was not
read is unknown, and `unseen` says why: a level whose attachments nobody read is never a level without policies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collectors.records import OrganizationAccount, OrganizationalUnit, OrganizationPolicy
from findings.analysis.organization import (
    ACCOUNTS,
    DESCRIBE,
    POLICIES,
    ROOTS,
    TARGETS,
    known_organization,
    members,
    nobody_reads,
    why_unread,
)

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
WORDS = {SCP: "SCPs", RCP: "RCPs"}
BILLING_ONLY = "CONSOLIDATED_BILLING"


@dataclass(frozen=True, slots=True)
class GuardrailLevel:
    """The root, an OU or the account, with the policies of one type that are attached to it directly.

    name: "Root", "prod (ou-ab12-34567890)", or the account's id. No policies: nothing is allowed here.
    """

    id: str
    name: str
    policies: tuple[OrganizationPolicy, ...]


Levels = tuple[GuardrailLevel, ...]


@dataclass(frozen=True, slots=True)
class Guardrails:
    """scp, rcp: levels, root first. (): none bind the account; None: not visible, and `unseen` is the sentence why.

    organization_id: None: unknown, "": in none. management: it is the organization's management account, which no SCP and no
    RCP binds. members: ids of the organization's accounts, None: unknown.
    """

    scp: Levels | None
    rcp: Levels | None
    unseen: str = ""
    organization_id: str | None = None
    management: bool = False
    members: frozenset[str] | None = field(default=None, repr=False)


class _UnseenError(Exception):
    """Why levels are not visible: the end of a sentence."""


def find_guardrails(facts: Facts) -> Guardrails:
    """`facts.guardrails` keeps the answer."""
    organization = known_organization(facts)
    if organization is None:
        return Guardrails(None, None, f"SCPs and RCPs are not visible: {why_unread(facts, (DESCRIBE,))}.")
    if not organization.organization_id:
        return Guardrails((), (), organization_id="")
    management = organization.management_account_id == facts.snapshot.account_id
    unbound = management or organization.features == BILLING_ONLY
    found: dict[str, Levels] = {SCP: (), RCP: ()} if unbound else {}
    unseen: dict[str, list[str]] = {}
    for kind in () if unbound else (SCP, RCP):
        try:
            found[kind] = _levels(facts, kind)
        except _UnseenError as reason:
            unseen.setdefault(str(reason), []).append(WORDS[kind])
    return Guardrails(
        found.get(SCP),
        found.get(RCP),
        " ".join(f"{' and '.join(kinds)} are not visible: {reason}." for reason, kinds in unseen.items()),
        organization.organization_id,
        management,
        members(facts),
    )


def _levels(facts: Facts, kind: str) -> Levels:
    """() when the type is not enabled. Raises _UnseenError."""
    if enabled(facts, kind) is False:
        return ()
    if not facts.snapshot.organizational_units and (reason := nobody_reads(facts)):
        raise _UnseenError(reason)
    path = _path(facts)
    policies = [policy for policy in facts.snapshot.organization_policies if policy.type == kind]
    whole = bool(policies) and all(policy.whole for policy in policies)
    levels = []
    for node in path:
        if not whole and kind not in node.attachments_of:
            raise _UnseenError(_why(facts, f"what is attached to {_name(node)} was not read", TARGETS, POLICIES))
        attached = (policy for policy in policies if node.unique_id in policy.targets)
        levels.append(GuardrailLevel(node.unique_id, _name(node), tuple(sorted(attached, key=lambda p: p.name))))
    if enabled(facts, kind) is None and not any(level.policies for level in levels):
        raise _UnseenError(_why(facts, f"whether {WORDS[kind]} are enabled was not read", ROOTS))
    return tuple(levels)


def enabled(facts: Facts, kind: str) -> bool | None:
    """None: nobody listed the roots."""
    units = facts.snapshot.organizational_units
    types = [unit.policy_types for unit in units if is_root(unit) and unit.policy_types is not None]
    return any(kind in some for some in types) if types else None


def is_root(node: OrganizationalUnit | OrganizationAccount) -> bool:
    return node.unique_id.startswith("r-")


def _path(facts: Facts) -> tuple[OrganizationalUnit | OrganizationAccount, ...]:
    """Root, OUs, account. Raises _UnseenError: a part of the way was not read, or it goes in a circle."""
    units = {unit.unique_id: unit for unit in facts.snapshot.organizational_units}
    own = next((a for a in facts.snapshot.organization_accounts if a.unique_id == facts.snapshot.account_id), None)
    if own is None or not own.parent_id:
        raise _UnseenError(
            _why(facts, f"where account {facts.snapshot.account_id} is in the tree was not read", ACCOUNTS)
        )
    path: list[OrganizationalUnit | OrganizationAccount] = [own]
    while not is_root(path[0]):
        parent = units.get(path[0].parent_id)
        if parent is None:
            raise _UnseenError(_why(facts, f"what is above {_name(path[0])} was not read", ROOTS))
        if parent in path:
            raise _UnseenError(f"the tree goes in a circle at {_name(parent)}")
        path.insert(0, parent)
    return tuple(path)


def _name(node: OrganizationalUnit | OrganizationAccount) -> str:
    if isinstance(node, OrganizationAccount):
        return node.unique_id
    if is_root(node):
        return "Root"
    return f"{node.name} ({node.unique_id})" if node.name else node.unique_id


def _why(facts: Facts, lack: str, *apis: str) -> str:
    """The lack, with the API that failed."""
    reason = why_unread(facts, apis)
    return f"{lack} ({reason})" if reason else lack
