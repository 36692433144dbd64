"""Which roles of the account its roles and users can assume. Answered for each principal when it is asked for.

Few questions are put to the policies: only roles whose trust policy names the principal, or the account while the principal
has sts:AssumeRole at all, for the resources that its policies name. Where no policy tells one role from another, roles with
one trust policy have one answer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from collectors.records import Role, User
from findings.analysis.trust.assumable import may_assume
from findings.analysis.trust.who import ASSUME
from findings.policy.compiled import Clause, without_variables
from findings.policy.document import Document
from findings.policy.evaluate import Decision
from findings.policy.patterns import glob

if TYPE_CHECKING:
    from findings.analysis.facts import Facts


@dataclass(frozen=True, slots=True)
class Edge:
    """target: ARN of the role that is assumed. decision: allowed or conditional, never denied."""

    target: str
    how: str
    decision: Decision


def assume_edges(facts: Facts) -> Edges:
    """ARN of a role or user -> the roles it can assume in this account, by ARN."""
    return Edges(facts)


class Edges(Mapping[str, tuple[Edge, ...]]):
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._found: dict[str, tuple[Edge, ...]] = {}
        self._by_pattern: dict[str, tuple[Role, ...]] = {}
        self._bit = facts.permissions.catalogue.bit(ASSUME)

    def __getitem__(self, arn: str) -> tuple[Edge, ...]:
        if arn not in self._found:
            self._found[arn] = tuple(self._edges(self.facts.principal_by_arn[arn]))
        return self._found[arn]

    def __iter__(self) -> Iterator[str]:
        return iter(self.facts.principal_by_arn)

    def __len__(self) -> int:
        return len(self.facts.principal_by_arn)

    def to(self, principal: Role | User, targets: Collection[str]) -> Iterator[Edge]:
        """The edges to roles of these ARNs, each as it is found: whoever needs one only asks no further."""
        return self._edges(principal, targets)

    def _edges(self, principal: Role | User, targets: Collection[str] | None = None) -> Iterator[Edge]:
        if isinstance(principal, Role) and principal.service_linked:
            return
        alike = self._alike(principal)
        answers: dict[str, Decision] = {}
        for role in self._candidates(principal):
            if targets is not None and role.arn not in targets:
                continue
            key = role.trust if alike and role.trust not in self._personal else role.arn
            if key not in answers:
                answers[key] = may_assume(principal, role, self.facts)
            if answers[key].verdict != "denied":
                yield Edge(role.arn, ASSUME, answers[key])

    def _candidates(self, principal: Role | User) -> tuple[Role, ...]:
        """By ARN. A trust policy that names the principal itself needs no permission of its own (AWS.md 18)."""
        found = {role.arn: role for role in self._naming.get(principal.arn, ())}
        if self.facts.permissions.reach(principal).upper & self._bit:
            for pattern in self._patterns(principal):
                found |= {role.arn: role for role in self._matching(pattern)}
        return tuple(found[arn] for arn in sorted(found))

    def _patterns(self, principal: Role | User) -> frozenset[str]:
        patterns: set[str] = set()
        for clause in self._about(self.facts.permissions.granted(principal).clauses):
            if clause.statement.allows:
                patterns |= {without_variables(r) for r in clause.statement.resources or ("*",)}
        return frozenset({"*"} if "*" in patterns else patterns)

    def _matching(self, pattern: str) -> tuple[Role, ...]:
        if pattern not in self._by_pattern:
            start = pattern.split("*")[0].split("?")[0]
            roles, arns = self._open
            first, last = bisect_left(arns, start), bisect_left(arns, start + "\U0010ffff")
            self._by_pattern[pattern] = tuple(role for role in roles[first:last] if glob(pattern, role.arn))
        return self._by_pattern[pattern]

    def _alike(self, principal: Role | User) -> bool:
        """Whether what the principal may do does not depend on which role it is."""
        permissions = self.facts.permissions
        boundary = permissions.boundary(principal)
        own = [*permissions.granted(principal).clauses, *(boundary.clauses if boundary else ())]
        return self._guardrails_alike and all(map(_of_any_role, self._about(own)))

    @cached_property
    def _guardrails_alike(self) -> bool:
        library = self.facts.permissions.library
        levels = (*(library.levels or ()), *(library.resource_levels or ()))
        clauses = (clause for level in levels for held in level for clause in held.compiled.clauses)
        return all(map(_of_any_role, self._about(clauses)))

    def _about(self, clauses: Iterable[Clause]) -> Iterator[Clause]:
        return (clause for clause in clauses if clause.mask & self._bit)

    @cached_property
    def _personal(self) -> frozenset[str]:
        """Digests of trust policies that ask for something of the role itself."""
        digests = {role.trust for role in self.facts.snapshot.roles}
        return frozenset(d for d in digests if not all(map(_asks_nothing, _conditions(self.facts, d))))

    @cached_property
    def _naming(self) -> Mapping[str, tuple[Role, ...]]:
        """ARN of a principal -> the roles whose trust policy has it among its principals."""
        found: defaultdict[str, list[Role]] = defaultdict(list)
        for role in self.facts.snapshot.roles:
            for arn in {a.principal for a in self.facts.admitted(role) if a.kind in ("role", "user")}:
                found[arn].append(role)
        return {arn: tuple(roles) for arn, roles in found.items()}

    @cached_property
    def _open(self) -> tuple[list[Role], list[str]]:
        """The roles that trust the account, or anyone, by ARN."""
        own = self.facts.snapshot.account_id
        roles = [role for role in self.facts.snapshot.roles if self._opens(role, own)]
        roles.sort(key=lambda role: role.arn)
        return roles, [role.arn for role in roles]

    def _opens(self, role: Role, own: str) -> bool:
        return any(a.kind == "anyone" or (a.kind == "account" and a.account == own) for a in self.facts.admitted(role))


def _of_any_role(clause: Clause) -> bool:
    statement = clause.statement
    return (
        statement.resources in (None, ("*",))
        and statement.not_resources is None
        and all(map(_asks_nothing, (c.key for c in statement.conditions)))
    )


def _asks_nothing(key: str) -> bool:
    """Of the role that is assumed."""
    return ":resourcetag/" not in key.lower()


def _conditions(facts: Facts, digest: str) -> Iterator[str]:
    document = facts.document(digest)
    if isinstance(document, Document):
        yield from (condition.key for statement in document.statements for condition in statement.conditions)
