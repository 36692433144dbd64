"""What is proposed, as it is stored and shown. Plain data, with JSON by msgspec."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

WINDOW, SHORT = 90, 30  # days of use: the usual, and what an operator may make do with
CHARACTERS = 5_120  # of an SCP [Organizations user guide, quotas]
ATTACHED = 5  # SCPs at one root, OU or account [the same]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A statement. group: a key of groups.GROUPS. actions: what it names, where that is a list. why: the evidence; breaks: what
    it could break, as sentences. spared: ARNs of who may go on. number: of the document, from 1. closes: weight of the findings
    that it is expected to close, 0: none."""

    group: str
    sid: str
    actions: tuple[str, ...] = ()
    purpose: str
    why: str
    breaks: str
    spared: tuple[str, ...] = ()
    number: int = 1
    closes: int = 0


class Scp(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    body: dict[str, Any]
    size: int


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """What is not proposed, and why."""

    what: str
    why: tuple[str, ...]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """rows: of use below the node that were asked one by one. named: those whose action a statement is about."""

    rows: int = 0
    named: int = 0
    blocked: int = 0
    undecidable: int = 0


class NodeProposal(msgspec.Struct, frozen=True, kw_only=True):
    """The root's or an OU's. accounts: AWS ids of all below that SCPs bind. room: SCPs that may still be attached; None: what is
    attached was not read. left_out: what is safe and finds no room. already: what is denied there now. unwatched: why nothing
    can be said."""

    id: str
    name: str
    parent: str = ""
    depth: int = 0
    accounts: tuple[str, ...] = ()
    scps: tuple[Scp, ...] = ()
    parts: tuple[Part, ...] = ()
    refused: tuple[Refused, ...] = ()
    unwatched: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    room: int | None = None
    proof: Proof = Proof()


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """since: the first of the `days` that count. nodes: depth first. enabled: whether SCPs are switched on; None: not read.
    problems: what of the tree could not be read."""

    organization_id: str
    since: date
    nodes: tuple[NodeProposal, ...]
    days: int = WINDOW
    enabled: bool | None = True
    problems: tuple[str, ...] = ()

    def above(self, aws_id: str) -> tuple[NodeProposal, ...]:
        """The nodes whose SCPs would bind the account."""
        return tuple(node for node in self.nodes if aws_id in node.accounts)


def to_json(found: Proposal) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def from_json(plain: Any) -> Proposal:
    return msgspec.convert(plain, Proposal)
