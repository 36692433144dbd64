"""Who can do an action on a resource? All roles and users of an account, without asking each.

A document that does not allow the action there lets nobody in, and one document is held by many; so the question is put to
the documents first, and only those who hold one that may allow it are evaluated. Principals with the same policies get the
same answer, unless a policy asks who the caller is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from collectors.records import Role, User
from findings.analysis import questions
from findings.analysis.facts import Facts
from findings.analysis.holdings import Held
from findings.policy.compiled import Compiled, without_variables
from findings.policy.document import Document, Statement
from findings.policy.evaluate import Decision
from findings.policy.patterns import covers, overlaps, whole_arn
from findings.policy.request import Context

Holder = Role | User
Signature = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Can:
    """decision: allowed or conditional. unknown: why the holder's permissions are not fully known."""

    holder: Holder
    decision: Decision
    unknown: str


class Index:
    """The principals of one account by the documents that give them something. Kept as long as the account is as it was."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.library = facts.permissions.library
        self.holders: tuple[Holder, ...] = (*facts.snapshot.roles, *facts.snapshot.users)
        self.held: list[tuple[Held, ...]] = [tuple(self.library.of(holder)) for holder in self.holders]
        self._signatures: dict[int, Signature] = {}

    @cached_property
    def by_digest(self) -> Mapping[str, tuple[Compiled, list[int]]]:
        """Digest -> the document and who holds it, as numbers of `holders`. Only those that allow something, if only what no
        catalogue knows."""
        found: dict[str, tuple[Compiled, list[int]]] = {}
        for number, held in enumerate(self.held):
            for one in held:
                if one.compiled.allow or (one.compiled.unknown_actions and _allows(one.compiled)):
                    found.setdefault(one.digest, (one.compiled, []))[1].append(number)
        return found

    @cached_property
    def dark(self) -> tuple[int, ...]:
        """Numbers of the holders with a policy or group that could not be read: nobody knows what it allows."""
        return tuple(n for n, holder in enumerate(self.holders) if self._has_dark(holder, self.held[n]))

    def _has_dark(self, holder: Holder, held: tuple[Held, ...]) -> bool:
        return bool(self.library.missing_groups(holder)) or not all(map(_readable, held))

    @cached_property
    def named_by(self) -> Mapping[str, tuple[int, ...]]:
        """Role ARN -> the principals of this account that its trust policy names: they need no policy of their own."""
        numbers = {holder.arn: number for number, holder in enumerate(self.holders)}
        everybody = tuple(range(len(self.holders)))
        found: defaultdict[str, tuple[int, ...]] = defaultdict(tuple)
        for role in self.facts.snapshot.roles:
            trust = self.facts.document(role.trust)
            for statement in trust.statements if isinstance(trust, Document) else ():
                if statement.allows and (named := statement.principals):
                    some = everybody if named.anyone else tuple(numbers[arn] for arn in named.aws if arn in numbers)
                    found[role.arn] += some
        return found

    def signature(self, number: int) -> Signature:
        """What decides a holder's answers. Its own id is in it when a policy asks who calls."""
        if number not in self._signatures:
            self._signatures[number] = self._signature(number)
        return self._signatures[number]

    def _signature(self, number: int) -> Signature:
        holder, held = self.holders[number], self.held[number]
        boundary = self.library.boundary(holder)
        own = [*held, *([boundary] if boundary else [])]
        shared = not any(one.compiled.personal or _has_variables(one) for one in own) and not self._personal_levels
        bound = (holder.boundary or "", str(self.library.binds(holder)))
        names = sorted(f"{one.named.name} {one.named.via} {one.digest}" for one in held)  # an answer names policies
        gone = (group.name for group in self.library.missing_groups(holder))
        return (*names, *gone, *bound, "" if shared else holder.unique_id)

    @cached_property
    def _personal_levels(self) -> bool:
        levels = (*(self.library.levels or ()), *(self.library.resource_levels or ()))
        return any(held.compiled.personal or _has_variables(held) for level in levels for held in level)

    def who_can(self, action: str, resource: str, context: Context | None = None) -> Iterator[Can]:
        """Those allowed, for sure or conditionally, in the order of the snapshot: roles, then users."""
        answers: dict[Signature, Decision] = {}
        trusting = resource in self.facts.role_by_arn and questions.by_trust(action)
        for number in sorted(self.candidates(action, resource)):
            holder, signature = self.holders[number], self.signature(number)
            decision = answers.get(signature) if not trusting else None
            if decision is None:
                decision = questions.decide(self.facts.permissions, holder, action, resource, context or {}, True)
                answers[signature] = decision
            if decision.verdict != "denied":
                yield Can(holder, decision, self.facts.permissions.unknown(holder))

    def candidates(self, action: str, resource: str) -> set[int]:
        """Numbers of the holders that some document may allow it, or whose permissions are not fully known."""
        wanted = self.facts.permissions.catalogue.match(action)
        found = set(self.dark)
        for compiled, numbers in self.by_digest.values():
            if (compiled.allow & wanted or not wanted) and may_allow(compiled, wanted, resource):
                found.update(numbers)
        if questions.by_trust(action):
            found.update(self.named_by.get(resource, ()))
        return found


def may_allow(document: Compiled, wanted: int, resource: str) -> bool:
    """Whether some statement may allow one of the actions on a resource that the pattern `resource` can be; "" is any."""
    return any(
        clause.statement.allows and (clause.mask & wanted or not wanted) and touches(clause.statement, resource)
        for clause in document.clauses
    )


def _allows(document: Compiled) -> bool:
    return any(clause.statement.allows for clause in document.clauses)


def touches(statement: Statement, resource: str) -> bool:
    if not resource:
        return True
    if statement.resources is not None:
        meant = (one for pattern in statement.resources for one in (pattern, whole_arn(pattern)))
        return any(overlaps(without_variables(pattern), resource) for pattern in meant)
    if statement.not_resources is not None:
        return not any(covers(pattern, resource) for pattern in statement.not_resources)
    return True


def _has_variables(held: Held) -> bool:
    document = held.named.document
    if not isinstance(document, Document) or not document.has_variables:
        return False
    return any(
        "${" in text
        for s in document.statements
        for text in (*(s.resources or ()), *(s.not_resources or ()), *(v for c in s.conditions for v in c.values))
    )


def _readable(held: Held) -> bool:
    return isinstance(held.named.document, Document)
