"""The organization's tree as a proposal needs it: the root and its OUs with the accounts in them that SCPs bind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from findings.analysis.guardrails import BILLING_ONLY, SCP
from findings.analysis.organization_tree import Node, NodeKind, Standing, Tree
from findings.analysis.proposed.choose import Place

ALIVE = frozenset({"ACTIVE", "PENDING_ACTIVATION", ""})
FULL_ACCESS = 1  # FullAWSAccess, which AWS attaches everywhere when SCPs are switched on


def places(tree: Tree) -> Iterator[Place]:
    """Only what hangs together from a root: of anything else nobody knows what is above it."""
    bound: defaultdict[str, list[str]] = defaultdict(list)
    for node in tree.nodes:
        if node.kind is NodeKind.ACCOUNT and not node.management and node.state in ALIVE:
            bound[node.parent_id].append(node.id)
    for node in tree.nodes:
        if node.kind is not NodeKind.ACCOUNT and not node.problem:
            yield Place(node.id, node.name, node.parent_id, tuple(bound[node.id]), _attached(node))


def _attached(node: Node) -> int | None:
    if node.scp.standing in (Standing.OFF, Standing.EXEMPT):
        return FULL_ACCESS
    return None if node.scp.levels is None else len(node.scp.direct)


def enabled(tree: Tree) -> bool | None:
    """Whether SCPs bind anybody; None: that was not read."""
    if tree.features == BILLING_ONLY:
        return False
    return None if tree.policy_types is None else SCP in tree.policy_types
