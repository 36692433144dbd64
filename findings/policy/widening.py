"""What one set of statements allows that another did not: actions, and the resources they now reach.

Sets of actions alone do not tell a bucket from all buckets, so statements are compared. The comparison is by form: an Allow
is covered by an older one with the same or wider resources and the same or looser conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from findings.policy.catalogue import Catalogue
from findings.policy.compiled import Clause, Compiled
from findings.policy.document import Condition, Statement
from findings.policy.patterns import covers

ANY = ("*",)


@dataclass(frozen=True, slots=True)
class Gain:
    """Actions that are allowed now, on these resources, and were not. lifted: they were denied before."""

    mask: int
    resource: str
    lifted: bool = False


def gained(then: Compiled, now: Compiled, catalogue: Catalogue) -> Iterator[Gain]:
    before = [clause for clause in then.clauses if clause.statement.allows]
    for clause in now.clauses:
        if clause.statement.allows:
            for resource, mask in _reaches(clause, catalogue):
                left = mask & ~now.deny_sure & ~_covered(clause.statement, resource, before)
                if left:
                    yield Gain(left, resource)
    denies = [clause for clause in now.clauses if not clause.statement.allows]
    for clause in then.clauses:
        if not clause.statement.allows:
            for resource, mask in _reaches(clause, catalogue):
                left = mask & then.allow & now.allow & ~_denied(clause.statement, resource, denies)
                if left:
                    yield Gain(left, resource, lifted=True)


def _reaches(clause: Clause, catalogue: Catalogue) -> Iterator[tuple[str, int]]:
    for resource in clause.statement.resources or ANY:
        yield resource, clause.mask & (catalogue.may_touch(resource) if clause.statement.resources else clause.may)


def _covered(statement: Statement, resource: str, older: Iterable[Clause]) -> int:
    mask = 0
    for old in older:
        if implied(old.statement.conditions, statement.conditions) and _includes(old.statement, resource, statement):
            mask |= old.mask
    return mask


def _denied(statement: Statement, resource: str, denies: Iterable[Clause]) -> int:
    mask = 0
    for deny in denies:
        if implied(deny.statement.conditions, statement.conditions) and _includes(deny.statement, resource, statement):
            mask |= deny.mask
    return mask


def _includes(wide: Statement, resource: str, narrow: Statement) -> bool:
    """Whether all that `resource` matches (or the narrow one's NotResource leaves) is among the wide one's resources."""
    if wide.resources is not None and narrow.not_resources is None:
        return any(covers(pattern, resource) for pattern in wide.resources)
    if wide.not_resources is not None:
        spared = narrow.not_resources
        return spared is not None and all(any(covers(n, w) for n in spared) for w in wide.not_resources)
    return wide.resources is None or "*" in wide.resources


def implied(loose: Iterable[Condition], strict: Iterable[Condition]) -> bool:
    """Whether who meets all strict conditions meets the loose ones: each has a strict one of the same operator and key with
    no more values (of a negative operator: no fewer)."""
    conditions = tuple(strict)
    return all(any(_same_or_stricter(one, other) for other in conditions) for one in loose)


def _same_or_stricter(loose: Condition, strict: Condition) -> bool:
    if (loose.operator.lower(), loose.key.lower()) != (strict.operator.lower(), strict.key.lower()):
        return False
    few, many = set(strict.values), set(loose.values)
    return many <= few if "not" in loose.operator.lower() else few <= many
