"""Words of a policy document that can have no effect, so that it cannot mean what its author meant. How much it grants is no
matter here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from findings.policy.catalogue import Catalogue, Level
from findings.policy.compiled import Clause, Compiled
from findings.policy.document import Document, Statement

UNKNOWN_ACTION = "unknown action"
UNREACHABLE = "unreachable statement"
NO_EFFECT = "statement without effect"
NEVER_DENIES = "deny never matches"
VARIABLES = "variables without version"
EXACT = "wildcard in exact match"
DUPLICATE = "duplicate sid"


@dataclass(frozen=True, slots=True)
class Complaint:
    """fault: one of the above. where: "statement 2 (Sid)". what: what stands there."""

    fault: str
    where: str
    what: str


def lint(document: Document, compiled: Compiled, catalogue: Catalogue) -> Iterator[Complaint]:
    for number, clause in enumerate(compiled.clauses, 1):
        where = f"statement {number}" + (f" ({clause.statement.sid})" if clause.statement.sid else "")
        for fault, what in _of_clause(clause, compiled, catalogue):
            yield Complaint(fault, where, what)
        if not document.has_variables:
            for text in _texts(clause.statement):
                yield Complaint(VARIABLES, where, text)
    for sid, count in Counter(s.sid for s in document.statements if s.sid).items():
        if count > 1:
            yield Complaint(DUPLICATE, "the document", f"{sid}, {count} times")


def _of_clause(clause: Clause, compiled: Compiled, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    said = clause.statement
    for pattern in said.actions or said.not_actions or ():
        if pattern in compiled.unknown_actions:
            yield UNKNOWN_ACTION, pattern
    if said.allows and clause.may and not clause.may & ~compiled.deny_sure:
        yield UNREACHABLE, "denied on everything by the same policy"
    dead = [] if said.allows and clause.may else list(_without_effect(clause, catalogue))
    on = ", ".join(said.resources or said.not_resources or ())[:200]
    if not said.allows:
        yield from ((NEVER_DENIES, f"{pattern} on {on}") for pattern in dead)
    elif dead:
        yield NO_EFFECT, f"{', '.join(dead)[:200]} on {on}"
    for condition in said.conditions:
        if condition.operator.lower().rpartition(":")[2].removesuffix("ifexists") in _EXACT_OPERATORS:
            yield from ((EXACT, f"{condition.operator} {condition.key} {v}") for v in condition.values if _starred(v))


_EXACT_OPERATORS = frozenset({"stringequals", "stringnotequals", "stringequalsignorecase", "stringnotequalsignorecase"})


def _without_effect(clause: Clause, catalogue: Catalogue) -> Iterator[str]:
    """Patterns whose actions cannot apply to any of the statement's resources. Not told of actions of which the reference
    does not know what they touch."""
    said = clause.statement
    if said.not_actions is not None and not clause.may:
        yield "NotAction"
    alive = clause.may | catalogue.levels[Level.UNKNOWN]
    if not clause.mask & ~alive:
        return
    dead = [pattern for pattern in said.actions or () if (mask := catalogue.match(pattern)) and not mask & alive]
    for resource in said.resources or () if dead else ():
        alive |= catalogue.may_touch(_of_any_account(resource))
    yield from (pattern for pattern in dead if not catalogue.match(pattern) & alive)


def _of_any_account(resource: str) -> str:
    """What AWS shares has no account ("arn:aws:ssm:eu-west-1::parameter/aws/service/..."); the reference says it has one."""
    fields = resource.split(":", 5)
    if len(fields) == 6:
        fields[4] = fields[4] or "*"
    return ":".join(fields)


def _texts(statement: Statement) -> Iterator[str]:
    """Where variables may stand, with one in it."""
    values = (value for condition in statement.conditions for value in condition.values)
    for text in (*(statement.resources or ()), *(statement.not_resources or ()), *values):
        if "${" in text and "}" in text.partition("${")[2]:
            yield text


def _starred(value: str) -> bool:
    """A star that is not written as the variable ${*}."""
    return "*" in value.replace("${*}", "")
