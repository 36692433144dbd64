"""Conditions that have their answer in who calls: `ArnNotLike aws:PrincipalArn ...` in an SCP is certain for each role.

Answers are few and principals are many, so a document resolved for one set of answers serves all who give the same.
"""

from __future__ import annotations

from findings.analysis.holdings import Held
from findings.policy.compiled import Clause, Compiled, resolve
from findings.policy.conditions import holds
from findings.policy.document import Document
from findings.policy.request import Caller, Request
from findings.policy.truth import all_of

KEPT = 512
KEPT_ANSWERS = 100_000
Answers = tuple[bool | None, ...]


class Personal:
    """The documents of one account, for its principals."""

    def __init__(self) -> None:
        self._resolved: dict[tuple[str, Answers], Compiled] = {}
        self._last: Request | None = None
        self._found: dict[tuple[str, str], Compiled] = {}

    def resolved(self, caller: Caller, held: Held) -> Compiled:
        document = held.named.document
        if not isinstance(document, Document):
            return held.compiled
        known = caller.arn, held.digest
        if known not in self._found:
            if len(self._found) >= KEPT_ANSWERS:
                self._found.clear()
            self._found[known] = self._answered(caller, held, document)
        return self._found[known]

    def _answered(self, caller: Caller, held: Held, document: Document) -> Compiled:
        if self._last is None or self._last.caller is not caller:
            self._last = Request(caller, "*", "*")
        request = self._last
        answers = tuple(_answer(clause, request, document) for clause in held.compiled.personal)
        key = held.digest, answers
        if key not in self._resolved:
            if len(self._resolved) >= KEPT:
                self._resolved.clear()
            self._resolved[key] = resolve(held.compiled, answers)
        return self._resolved[key]


def _answer(clause: Clause, request: Request, document: Document) -> bool | None:
    """Whether the conditions hold whatever is asked; None: that depends on what is asked."""
    known, variables = request.known, document.has_variables
    answer = all_of([holds(condition, known, variables) for condition in clause.statement.conditions])
    return answer if isinstance(answer, bool) else None
