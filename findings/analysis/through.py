"""Who can do something that others can, by becoming one of them: chains of roles that are assumed, within one account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from collectors.records import Role
from findings.analysis.trust.edges import Edge, Edges, assume_edges
from findings.analysis.who_can import Can, Holder, Index

HOPS = 3  # roles that are assumed on the way, at most


@dataclass(frozen=True, slots=True)
class Through:
    """via: the roles that are assumed, in order; the last one can do it. sure: each hop is allowed without conditions. keys: the
    condition keys that hops hang on."""

    holder: Holder
    via: tuple[Role, ...]
    can: Can
    sure: bool = True
    keys: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[bool, bool]:
        return self.can.decision.verdict != "allowed", not self.sure


def through(index: Index, direct: Iterable[Can]) -> Iterator[Through]:
    """direct: those who can by themselves (index.who_can). Each other one by a shortest way, the surest of those; of ways that
    are equally sure, any."""
    known = {can.holder.arn: Through(can.holder, (), can) for can in direct}
    front = {arn: way for arn, way in known.items() if isinstance(way.holder, Role)}
    edges = assume_edges(index.facts)
    for _ in range(HOPS):
        waiting = (holder for holder in index.holders if holder.arn not in known) if front else ()
        found = {way.holder.arn: way for holder in waiting if (way := _best(holder, front, edges))}
        yield from found.values()
        known |= found
        front = {arn: way for arn, way in found.items() if isinstance(way.holder, Role)}


def _best(holder: Holder, front: Mapping[str, Through], edges: Edges) -> Through | None:
    best: Through | None = None
    for edge in edges.to(holder, front):
        way = _longer(holder, edge, front[edge.target])
        if best is None or way.rank < best.rank:
            best = way
        if not any(best.rank):
            break
    return best


def _longer(holder: Holder, edge: Edge, rest: Through) -> Through:
    role = rest.holder
    sure = rest.sure and edge.decision.verdict == "allowed"
    via = (role, *rest.via) if isinstance(role, Role) else rest.via
    return Through(holder, via, rest.can, sure, tuple(dict.fromkeys((*edge.decision.keys, *rest.keys))))
