"""The whole organization as one account sees it: every node with the SCPs and RCPs that are attached to it and that it inherits,
whom they do not bind, and what of it nobody could read. It is that account's to show: members see what binds them alone.

What AWS never has, an OU in itself or below nothing, may stand in what was read while somebody moved it, or in a bundle. Such a
node is listed last, with its problem.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from collectors.records import OrganizationAccount, OrganizationPolicy
from findings.analysis import ceiling
from findings.analysis.guardrails import (
    BILLING_ONLY,
    RCP,
    SCP,
    WORDS,
    Ground,
    GuardrailLevel,
    Levels,
    Place,
    UnseenError,
    ground,
    is_root,
    levels,
    name_of,
    way,
)
from findings.analysis.organization import APIS, DELEGATES, known_organization, why_unread

if TYPE_CHECKING:
    from findings.analysis.facts import Facts

EXEMPT_ROLES = "Service-linked roles are bound by no SCP and by no RCP."
MANAGEMENT = "It is the management account, which no SCP and no RCP binds."
BILLING = "The organization has consolidated billing only, so that no SCP and no RCP binds anybody."


class NodeKind(StrEnum):
    ROOT = "root"
    OU = "ou"
    ACCOUNT = "account"


class Standing(StrEnum):
    """FULL_ACCESS: every level from the root down allows everything. LIMITED: something is taken away. EXEMPT: no policy of the
    type binds it. OFF: the type is not enabled. UNKNOWN: a level or a document was not read."""

    UNKNOWN = "unknown"
    OFF = "off"
    EXEMPT = "exempt"
    FULL_ACCESS = "full access"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class NodePolicies:
    """Of one type. direct: what is attached to the node itself, as far as it was read, whether it binds or not. levels: root
    first; (): none bind, None: not known. limiting: what of them takes anything away; unread: whose document nobody could read.
    why: of UNKNOWN, OFF and EXEMPT, a sentence."""

    standing: Standing
    direct: tuple[OrganizationPolicy, ...] = ()
    levels: Levels | None = ()
    limiting: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    why: str = ""

    @property
    def inherited(self) -> Levels:
        return (self.levels or ())[:-1]


@dataclass(frozen=True, slots=True)
class Node:
    """name: as levels are named; an account's own. depth: 0 for a root and for what has no place. services: what the account
    administers for the organization; None: not read. problem: why it has no place."""

    id: str
    name: str
    kind: NodeKind
    parent_id: str
    depth: int
    scp: NodePolicies
    rcp: NodePolicies
    state: str = ""
    tags: dict[str, str] | None = None
    services: tuple[str, ...] | None = ()
    management: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """nodes: a root, its accounts by name, its OUs by name with what is below each; then those without a place. organization_id:
    None: unknown, "": in none. policy_types, root_features, trusted_services: None: not read. problems: sentences."""

    nodes: tuple[Node, ...]
    organization_id: str | None
    management_account_id: str
    features: str
    policy_types: tuple[str, ...] | None
    root_features: tuple[str, ...] | None
    trusted_services: tuple[str, ...] | None
    problems: tuple[str, ...]


def tree(facts: Facts) -> Tree:
    """Raises nothing for what was read."""
    organization, drawing = known_organization(facts), _Drawing(facts)
    nodes = tuple(drawing.nodes())
    return Tree(
        nodes,
        organization.organization_id if organization else None,
        drawing.management,
        organization.features if organization else "",
        None if drawing.ground.types is None else tuple(sorted(drawing.ground.types)),
        facts.told.root_features,
        facts.told.trusted_services,
        tuple(_problems(facts, nodes)),
    )


def _problems(facts: Facts, nodes: tuple[Node, ...]) -> Iterator[str]:
    """APIs that failed, several roots, nodes without a place."""
    found = (why_unread(facts, (api,)) for api in APIS)
    yield from (f"{why}." for why in found if why)
    if len(roots := [node.id for node in nodes if node.kind is NodeKind.ROOT]) > 1:
        yield f"There are {len(roots)} roots, {', '.join(roots)}: an organization has one."
    yield from (f"{node.name}: {node.problem}." for node in nodes if node.problem)


class _Drawing:
    """One tree in the making; each level is looked at once."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.ground = facts, ground(facts)
        organization = known_organization(facts)
        self.management = organization.management_account_id if organization else ""
        self.unbound = BILLING if organization and organization.features == BILLING_ONLY else ""
        self._taken: dict[tuple[str, str], tuple[str, ...]] = {}
        self._unread: dict[tuple[str, str], tuple[str, ...]] = {}
        self._services = _services(facts)

    def nodes(self) -> Iterator[Node]:
        below = _below(self.ground)
        placed: set[str] = set()
        roots = [place for place in self.ground.places() if is_root(place)]
        line = [(place, 0) for place in sorted(roots, key=_order, reverse=True)]
        while line:
            place, depth = line.pop()
            if place.unique_id in placed:
                continue
            placed.add(place.unique_id)
            yield self._node(place, depth)
            if place.unique_id in self.ground.units:
                line += [(child, depth + 1) for child in reversed(below.get(place.unique_id, []))]
        for place in sorted(self.ground.places(), key=_order):
            if place.unique_id not in placed:
                yield self._node(place, 0, self._why_unplaced(place))

    def _why_unplaced(self, place: Place) -> str:
        try:
            way(self.facts, self.ground, place.unique_id)
        except UnseenError as reason:
            return str(reason)
        return "it is in no place that was read"

    def _node(self, place: Place, depth: int, problem: str = "") -> Node:
        account = place if isinstance(place, OrganizationAccount) else None
        return Node(
            id=place.unique_id,
            name=(account.name or place.unique_id) if account else name_of(place),
            kind=NodeKind.ACCOUNT if account else NodeKind.ROOT if is_root(place) else NodeKind.OU,
            parent_id=place.parent_id,
            depth=depth,
            scp=self._policies(SCP, place),
            rcp=self._policies(RCP, place),
            state=account.state if account else "",
            tags=account.tags if account else None,
            services=self._services.get(place.unique_id, ()) if self._services is not None else None,
            management=place.unique_id == self.management,
            problem=problem,
        )

    def _policies(self, kind: str, place: Place) -> NodePolicies:
        direct = self.ground.attached.get((kind, place.unique_id), ())
        exempt = self.unbound or (MANAGEMENT if place.unique_id == self.management else "")
        if exempt:
            return NodePolicies(Standing.EXEMPT, direct, why=exempt)
        try:
            found = levels(self.facts, self.ground, kind, place.unique_id)
        except UnseenError as reason:
            return NodePolicies(Standing.UNKNOWN, direct, None, why=f"{WORDS[kind]} are not visible: {reason}.")
        if not found:
            return NodePolicies(Standing.OFF, direct, why=f"{WORDS[kind]} are not enabled in the organization.")
        limiting = tuple(name for level in found for name in self._takes(kind, level))
        unread = tuple(name for level in found for name in self._unread_at(kind, level))
        if unread and not limiting:
            why = f"{WORDS[kind][:-1]} {', '.join(unread)} could not be read."
            return NodePolicies(Standing.UNKNOWN, direct, found, unread=unread, why=why)
        return NodePolicies(
            Standing.LIMITED if limiting else Standing.FULL_ACCESS, direct, found, limiting=limiting, unread=unread
        )

    def _takes(self, kind: str, level: GuardrailLevel) -> tuple[str, ...]:
        key = kind, level.id
        if key not in self._taken:
            self._taken[key] = tuple(ceiling.takes(self.facts, kind, level))
        return self._taken[key]

    def _unread_at(self, kind: str, level: GuardrailLevel) -> tuple[str, ...]:
        key = kind, level.id
        if key not in self._unread:
            self._unread[key] = ceiling.unread_at(self.facts, level)
        return self._unread[key]


def _services(facts: Facts) -> dict[str, tuple[str, ...] | None] | None:
    """By account; None: nobody listed the delegated administrators."""
    found = facts.snapshot.organization_delegates
    if not found and why_unread(facts, (DELEGATES,)):
        return None
    return {one.unique_id: one.services for one in found}


def _below(tree_: Ground) -> dict[str, list[Place]]:
    """Accounts by name, then OUs by name."""
    below: defaultdict[str, list[Place]] = defaultdict(list)
    for place in sorted(tree_.places(), key=_order):
        if not is_root(place):
            below[place.parent_id].append(place)
    return below


def _order(place: Place) -> tuple[bool, str, str]:
    return not isinstance(place, OrganizationAccount), place.name, place.unique_id
