"""An account as it would be with what is proposed: what the rules that hang on SCPs say then, and said before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from collectors import records
from collectors.records import OrganizationPolicy
from findings.analysis.facts import Facts
from findings.analysis.guardrails import SCP
from findings.analysis.proposed.model import NodeProposal

# Rules whose answer on an account or its identities can change with an SCP.
CODES = (
    "GR101", "GR104", "GR106", "GR113", "HM107", "HM113", "HM114", "KY111", "LP104", "LP105", "LP106", "LP201", "LP207",
    "LP208", "LP210", "LP211", "LP301", "LP302", "LP303", "LP304",
)  # fmt: skip


def with_proposed(before: Facts, nodes: Sequence[NodeProposal]) -> Facts:
    """The same account with the SCPs of all these nodes attached beside what is there."""
    snapshot = before.snapshot
    mine = [one for one in snapshot.organization_policies if one.type == SCP]
    whole = bool(mine) and all(one.whole for one in mine)
    added = {one.unique_id: (one, body) for one, body in _policies(nodes, whole)}
    documents: Mapping[str, object] = {one.document: body for one, body in added.values()}
    after = msgspec.structs.replace(
        snapshot,
        organization_policies=(*snapshot.organization_policies, *(one for one, _ in added.values())),
        documents={**snapshot.documents, **documents},
    )
    return Facts(after, before.settings)


def _policies(nodes: Iterable[NodeProposal], whole: bool) -> Iterable[tuple[OrganizationPolicy, object]]:
    for node in nodes:
        for scp in node.scps:
            unique_id = f"proposed:{node.id}:{scp.name}"
            yield (
                OrganizationPolicy(
                    unique_id=unique_id,
                    arn="",
                    name=scp.name,
                    type=SCP,
                    document=records.digest(scp.body),
                    targets=(node.id,),
                    whole=whole,
                ),
                scp.body,
            )
