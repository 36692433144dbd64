"""What the SCPs leave to anybody in each account of the organization, judged from the one account that reads its tree.

Most accounts have the SCPs of others, and what these ask of the caller has the same answers in them: each such question is put to
one account of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from findings.analysis import ceiling
from findings.analysis.baseline import Part
from findings.analysis.groups import with_variables
from findings.analysis.guardrails import SCP, GuardrailLevel, Levels, UnseenError, document_of, ground, levels
from findings.policy.conditions import holds
from findings.policy.document import Condition, Document
from findings.policy.keys import of_caller
from findings.policy.layers import Layer, Level, Named
from findings.policy.request import Context, Request

if TYPE_CHECKING:
    from findings.analysis.facts import Facts


class Members:
    """facts: of the account that reads the tree."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._ground = facts, ground(facts)
        self._levels: dict[str, Level] = {}
        self._asking: dict[str, tuple[tuple[Condition, bool], ...]] = {}
        self._varying: set[str] = set()  # levels where a text of a statement has variables
        self._gaps: dict[object, ceiling.Gap] = {}

    def gap(self, account: str, part: Part) -> ceiling.Gap | None:
        """None: what binds the account is not visible."""
        try:
            found = levels(self._facts, self._ground, SCP, account)
        except UnseenError:
            return None
        snapshot = self._facts.snapshot
        bound = ceiling.Bound(account, snapshot.partition, self._ground.organization_id, tuple(map(self._level, found)))
        same = tuple(tuple(policy.unique_id for policy in level.policies) for level in found)
        key = part, same, tuple(self._answers(bound, part, found))
        if key not in self._gaps:
            self._gaps[key] = part.gap_of(bound)
        return self._gaps[key]

    def _level(self, level: GuardrailLevel) -> Level:
        if level.id not in self._levels:
            documents = [document_of(self._facts, policy) for policy in level.policies]
            self._levels[level.id] = tuple(
                Named(Layer.SCP, policy.name, document, level=level.name)
                for policy, document in zip(level.policies, documents, strict=True)
            )
            known = [document for document in documents if isinstance(document, Document)]
            self._asking[level.id] = tuple(one for document in known for one in _personal(document))
            if any(with_variables(document, statement) for document in known for statement in document.statements):
                self._varying.add(level.id)
        return self._levels[level.id]

    def _answers(self, bound: ceiling.Bound, part: Part, found: Levels) -> Iterator[object]:
        """What the answer hangs on besides the SCPs."""
        asking = [self._asking[level.id] for level in found]
        if any(level.id in self._varying for level in found):
            yield bound.account
        if not any(asking):
            return
        contexts: list[Context] = [{key: values} for key, values in part.contexts] or [{}]
        for context in contexts:
            known = Request(ceiling.anybody(bound, part.root), "*", "*", context).known
            yield from (holds(one, known, variables) for some in asking for one, variables in some)


def _personal(document: Document) -> Iterator[tuple[Condition, bool]]:
    """Conditions whose answer hangs on who calls, with whether the document knows variables."""
    for condition in (one for statement in document.statements for one in statement.conditions):
        if of_caller(condition.key) or (document.has_variables and any("${" in value for value in condition.values)):
            yield condition, document.has_variables
