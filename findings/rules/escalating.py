"""What the rules on escalation share: who is told of, under which name, and when another rule tells it already."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records import Role, User
from findings.analysis.escalation import words
from findings.analysis.escalation.answers import Answer
from findings.analysis.facts import Facts
from findings.rules.words import guardrails_seen, lowered, sentence
from findings.vocabulary import Clear, Json, Open, Outcome, Rule, Unknown


def judged(principal: Role | User) -> bool:
    """Nobody can change a service-linked role, or use it."""
    return not (isinstance(principal, Role) and principal.service_linked)


def absorbed(principal: Role | User, facts: Facts) -> Clear | None:
    """LP201 is the finding on an administrator; what else it may do needs no second one (RULES.md, conventions)."""
    if facts.permissions.admin(principal):
        return Clear(f"{principal.name} is an effective administrator: LP201 tells it")
    return None


def otherwise(principal: Role | User, facts: Facts, why: str) -> Iterator[Outcome]:
    """Nothing was found: clear, if all of its policies could be read."""
    if unknown := facts.permissions.unknown(principal):
        yield Unknown(unknown)
    else:
        yield Clear(why)


def called(principal: Role | User) -> str:
    if isinstance(principal, User):
        return f"user {principal.name}"
    if principal.reserved:
        return f"permission set {principal.permission_set} (role {principal.name})"
    return f"role {principal.name}"


def title(principal: Role | User, rest: str) -> str:
    return sentence(f"{called(principal)} {rest}")


def found(principal: Role | User, may: str, answer: Answer, rule: Rule, facts: Facts) -> Open:
    """may: what it may do. One step lower where guardrails block it (RULES.md, conventions)."""
    by = [words.blocker(one) for one in answer.by]
    told = evidence(principal, facts, state=answer.state, keys=list(answer.keys), blocked_by=list(by))
    if answer.state == "blocked":
        stop = f"{may}, but that is blocked by {words.blockers(answer.by)}"
        return Open(title(principal, stop), told, lowered(rule.severity))
    asked = f" when {', '.join(answer.keys)} allows" if answer.keys else ""
    return Open(title(principal, f"{may}{asked}"), told)


def evidence(principal: Role | User, facts: Facts, **told: Json) -> dict[str, Json]:
    """With what could not be seen."""
    if unseen := guardrails_seen(facts):
        told["guardrails"] = unseen
    if unknown := facts.permissions.unknown(principal):
        told["not_read"] = unknown
    return told
