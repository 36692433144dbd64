"""The documents asked of every call that was used below them, one by one (analysis/what_if): the proof that none is blocked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import msgspec

from findings.analysis.activity.event_actions import service_of
from findings.analysis.proposed.model import NodeProposal, Proof
from findings.analysis.what_if.alike import Class, Decider
from findings.analysis.what_if.model import Candidate, Kind, UsedRow, Verdict
from findings.policy.catalogue import catalogue
from findings.policy.document import Document, Statement, Unreadable, read
from findings.policy.statements import about


@dataclass(frozen=True)
class Proved:
    """failed: (id of a node, group) of statements that would have blocked a call, or of which nobody can tell."""

    nodes: tuple[NodeProposal, ...]
    failed: frozenset[tuple[str, str]]


def prove(nodes: Sequence[NodeProposal], rows: Iterable[UsedRow], organization: str) -> Proved:
    """rows: of all accounts, each account's only once."""
    asked = {node.id: _Asked(node, _candidate(node, organization)) for node in nodes if node.scps}
    by_account: dict[str, list[_Asked]] = defaultdict(list)
    for one in asked.values():
        for aws_id in one.node.accounts:
            by_account[aws_id].append(one)
    for row in rows:
        for one in by_account.get(row.account, ()):
            one.ask(row)
    proved = tuple(msgspec.structs.replace(n, proof=asked[n.id].proof) if n.id in asked else n for n in nodes)
    return Proved(proved, frozenset((one.node.id, group) for one in asked.values() for group in one.failed))


@dataclass
class _Asked:
    node: NodeProposal
    candidate: Candidate
    rows: int = 0
    named: int = 0
    blocked: int = 0
    undecidable: int = 0
    failed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.decider = Decider(self.candidate)
        self._who: dict[tuple[str, str, str, str], Class] = {}

    @property
    def proof(self) -> Proof:
        return Proof(rows=self.rows, named=self.named, blocked=self.blocked, undecidable=self.undecidable)

    def ask(self, row: UsedRow) -> None:
        self.rows += 1
        self.named += row.action is None or bool(about(self.candidate.document, row.action.lower()))
        if row.action is not None and self._passes(row):
            return
        guilty = dict(self._guilty(row))
        self.failed.update(guilty)
        self.blocked += Verdict.BLOCKED in guilty.values()
        self.undecidable += bool(guilty) and Verdict.BLOCKED not in guilty.values()

    def _passes(self, row: UsedRow) -> bool:
        """As `Decider.outcome`, with each principal looked at once."""
        caller = row.account, row.principal_id, row.arn, row.actor
        who = self._who.get(caller)
        if who is None:
            who = self._who[caller] = self.decider.who(row)
        what = self.decider.what(row.event, row.action)
        return self.decider.of_class(who, what, row).verdict is Verdict.NOT_BLOCKED

    def _guilty(self, row: UsedRow) -> Iterator[tuple[str, Verdict]]:
        """The groups of the statements that do not let the call through by themselves."""
        for group, decider in self._alone:
            whole = (
                row if row.action else replace(row, action=_any_action(decider.candidate.document.statements[0], row))
            )
            if whole.action is None:  # the statement is about nothing of the service
                continue
            verdict = decider.outcome(whole).verdict
            if verdict is not Verdict.NOT_BLOCKED:
                yield group, verdict if row.action else Verdict.UNDECIDABLE

    @cached_property
    def _alone(self) -> tuple[tuple[str, Decider], ...]:
        """Each statement by itself, with its group."""
        groups = {part.sid: part.group for part in self.node.parts}
        return tuple(
            (
                next(group for sid, group in groups.items() if statement.sid.startswith(sid)),
                Decider(replace(self.candidate, document=_document((statement,)))),
            )
            for statement in self.candidate.document.statements
        )


def _candidate(node: NodeProposal, organization: str) -> Candidate:
    documents = [read(scp.body) for scp in node.scps]
    assert not any(isinstance(one, Unreadable) for one in documents)
    statements = tuple(s for one in documents if isinstance(one, Document) for s in one.statements)
    return Candidate(
        Kind.SCP, _document(statements), "proposed", node.name, frozenset(node.accounts), organization=organization
    )


def _any_action(statement: Statement, row: UsedRow) -> str | None:
    """Of an event whose action nobody knows: one that the statement is about, for all of the service. They are alike, since each
    statement is on every resource."""
    service = service_of(row.event.partition(" ")[0])
    whole = catalogue().services.get(service, 0) if service else catalogue().all
    return next(iter(catalogue().members(_named(statement) & whole)), None)


@lru_cache(256)
def _named(statement: Statement) -> int:
    if statement.actions is not None:
        return catalogue().mask(statement.actions)
    return catalogue().all & ~catalogue().mask(statement.not_actions or ())


def _document(statements: tuple[Statement, ...]) -> Document:
    return Document(statements, version="2012-10-17")
