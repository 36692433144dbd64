"""SCPs and RCPs that bind an account, level by level from the root of its organization down to itself (AWS.md 15-17).

The organization's tree and policies come from the account itself, or from a connected one that may read them. What was not
read is unknown, and `unseen` says why: a level whose attachments nobody read is never a level without policies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from collectors.records import OrganizationAccount, OrganizationalUnit, OrganizationPolicy, Snapshot
from findings.analysis.organization import (
    ACCOUNTS,
    DESCRIBE,
    POLICIES,
    ROOTS,
    TARGETS,
    known_organization,
    members,
    nobody_reads,
    organization_of,
    why_unread,
)
from findings.policy.document import Document, Principals, Unreadable

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
WORDS = {SCP: "SCPs", RCP: "RCPs"}
BILLING_ONLY = "CONSOLIDATED_BILLING"
ANYBODY = Principals(anyone=True)
DEEPEST = 50  # AWS has five levels of OUs; what is deeper is not AWS's


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


class UnseenError(Exception):
    """Why levels are not visible: the end of a sentence."""


Place = OrganizationalUnit | OrganizationAccount


@dataclass(frozen=True, slots=True, repr=False)
class Ground:
    """The tree of a snapshot by ids. attached: (policy type, id of a node) -> policies by name. whole: types of which every
    attachment was read. types: those that are enabled; None: nobody listed the roots. organization_id: which it should be of."""

    units: Mapping[str, OrganizationalUnit]
    accounts: Mapping[str, OrganizationAccount]
    attached: Mapping[tuple[str, str], tuple[OrganizationPolicy, ...]]
    whole: frozenset[str]
    types: frozenset[str] | None
    organization_id: str

    def places(self) -> tuple[Place, ...]:
        return (*self.units.values(), *self.accounts.values())


def ground(facts: Facts) -> Ground:
    snapshot, organization = facts.snapshot, known_organization(facts)
    attached: defaultdict[tuple[str, str], list[OrganizationPolicy]] = defaultdict(list)
    partial = {policy.type for policy in snapshot.organization_policies if not policy.whole}
    for policy in sorted(snapshot.organization_policies, key=lambda one: one.name):
        for target in policy.targets:
            attached[policy.type, target].append(policy)
    return Ground(
        {unit.unique_id: unit for unit in snapshot.organizational_units},
        {account.unique_id: account for account in snapshot.organization_accounts},
        {place: tuple(policies) for place, policies in attached.items()},
        frozenset({policy.type for policy in snapshot.organization_policies} - partial),
        policy_types(snapshot),
        organization.organization_id if organization else "",
    )


def find_guardrails(facts: Facts) -> Guardrails:
    """`facts.guardrails` keeps the answer."""
    organization = known_organization(facts)
    if organization is None:
        return Guardrails(None, None, f"SCPs and RCPs are not visible: {_why_none(facts)}.")
    if not organization.organization_id:
        return Guardrails((), (), organization_id="")
    own, tree = facts.snapshot.account_id, ground(facts)
    management = organization.management_account_id == own
    unbound = management or organization.features == BILLING_ONLY
    found: dict[str, Levels] = {SCP: (), RCP: ()} if unbound else {}
    unseen: dict[str, list[str]] = {}
    for kind in () if unbound else (SCP, RCP):
        try:
            found[kind] = levels(facts, tree, kind, own)
        except UnseenError as reason:
            unseen.setdefault(str(reason), []).append(WORDS[kind])
    return Guardrails(
        found.get(SCP),
        found.get(RCP),
        " ".join(f"{' and '.join(kinds)} are not visible: {reason}." for reason, kinds in unseen.items()),
        organization.organization_id,
        management,
        members(facts),
    )


def _why_none(facts: Facts) -> str:
    if claims := facts.snapshot.organization_claims:
        own = facts.snapshot.account_id
        return _why(
            facts, f"organizations {' and '.join(claims)} list account {own}, which does not say where it is", DESCRIBE
        )
    return why_unread(facts, (DESCRIBE,))


def levels(facts: Facts, tree: Ground, kind: str, place: str) -> Levels:
    """Of the account, OU or root with this id. () when the type is not enabled. Raises UnseenError."""
    if tree.types is not None and kind not in tree.types:
        return ()
    if not tree.units and (reason := nobody_reads(facts)):
        raise UnseenError(reason)
    found = tuple(_level(facts, tree, kind, node) for node in way(facts, tree, place))
    if tree.types is None and not any(level.policies for level in found):
        raise UnseenError(_why(facts, f"whether {WORDS[kind]} are enabled was not read", ROOTS))
    return found


def _level(facts: Facts, tree: Ground, kind: str, node: Place) -> GuardrailLevel:
    if kind not in tree.whole and kind not in node.attachments_of:
        raise UnseenError(_why(facts, f"what is attached to {name_of(node)} was not read", TARGETS, POLICIES))
    return GuardrailLevel(node.unique_id, name_of(node), tree.attached.get((kind, node.unique_id), ()))


def document_of(facts: Facts, policy: OrganizationPolicy) -> Document | Unreadable:
    """Of an SCP or RCP. One that says whom it is for, which AWS does not let it say yet, is not understood."""
    document = facts.document(policy.document)
    for number, statement in enumerate(document.statements if isinstance(document, Document) else (), 1):
        named = statement.principals
        if statement.not_principals or (named and (policy.type == SCP or named != ANYBODY)):
            return Unreadable(
                f"statement {number}: no {WORDS.get(policy.type, 'SCPs')[:-1]} that is known names such principals"
            )
    return document


def enabled(facts: Facts, kind: str) -> bool | None:
    """None: nobody listed the roots."""
    types = policy_types(facts.snapshot)
    return None if types is None else kind in types


def policy_types(snapshot: Snapshot) -> frozenset[str] | None:
    """Those that are enabled in the organization; None: nobody listed the roots."""
    units = snapshot.organizational_units
    known = [unit.policy_types for unit in units if is_root(unit) and unit.policy_types is not None]
    return frozenset(kind for types in known for kind in types) if known else None


def is_root(node: Place) -> bool:
    return node.unique_id.startswith("r-")


def way(facts: Facts, tree: Ground, place: str) -> tuple[Place, ...]:
    """Root, OUs, and the node itself. Raises UnseenError: a part of the way was not read, or it goes in a circle."""
    node = tree.accounts.get(place) or tree.units.get(place)
    others = tree.accounts or facts.snapshot.organization_members
    if node is None and others and not why_unread(facts, (ACCOUNTS,)):
        raise UnseenError(f"organization {tree.organization_id} does not list account {place}")
    if node is None or not (node.parent_id or place in tree.units):
        raise UnseenError(_why(facts, f"where account {place} is in the tree was not read", ACCOUNTS))
    path: dict[str, Place] = {place: node}
    while True:
        if (other := organization_of(node.arn)) not in ("", tree.organization_id):
            raise UnseenError(
                f"{name_of(node)} was read of organization {other}, and the account is in {tree.organization_id}"
            )
        if is_root(node):
            return tuple(reversed(path.values()))
        parent = tree.units.get(node.parent_id)
        if parent is None:
            raise UnseenError(_why(facts, f"what is above {name_of(node)} was not read", ROOTS))
        if parent.unique_id in path:
            raise UnseenError(f"the tree goes in a circle at {name_of(parent)}")
        if len(path) > DEEPEST:
            raise UnseenError(f"account or OU {place} lies below more than {DEEPEST} others")
        path[parent.unique_id] = node = parent


def name_of(node: Place) -> str:
    """As levels are named: "Root", "prod (ou-ab12-34567890)", an account's id."""
    if isinstance(node, OrganizationAccount):
        return node.unique_id
    if is_root(node):
        return "Root"
    return f"{node.name} ({node.unique_id})" if node.name else node.unique_id


def _why(facts: Facts, lack: str, *apis: str) -> str:
    """The lack, with the API that failed."""
    reason = why_unread(facts, apis)
    return f"{lack} ({reason})" if reason else lack
