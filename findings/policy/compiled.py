"""Policy documents as sets of actions, so that what a principal may do is a handful of operations on integers.

A document is compiled once. Of each action it says whether it is allowed or denied *for some* resource and condition, and
whether that is so *on everything without condition*. What lies between is left to `evaluate`, which looks at one action and
one resource.

Masks have no repr: Python refuses to print integers of that size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from findings.policy.catalogue import Catalogue
from findings.policy.document import Document, Statement
from findings.policy.keys import narrowed, of_caller
from findings.policy.patterns import Wild
from findings.policy.variables import Variable, parse


@dataclass(frozen=True, slots=True, repr=False)
class Clause:
    """A statement. mask: its actions, whatever the resource. may: those it applies to for some resource and condition.
    sure: those it applies to on everything, without condition. wide, of an Allow: on everything the action can touch,
    whatever is asked of the session; of a Deny: on everything but what a NotResource spares, without condition.

    NotResource counts as everything for `wide` ("all but one bucket" is no limit), and for `sure` where the action cannot
    touch what is spared. met: the clause as it is where its conditions hold; None: it has none.
    """

    statement: Statement
    mask: int
    may: int
    sure: int
    wide: int = 0
    met: Clause | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Compiled:
    """One document, or the union of several. allow, deny: for some resource and condition; *_sure, *wide: see Clause.

    unknown_actions: patterns that match no action of the catalogue. keys: condition keys, lower case. personal: the
    clauses with a condition that has its answer in who the caller is, so that `resolve` says more for a known principal.
    """

    allow: int = 0
    allow_sure: int = 0
    deny: int = 0
    deny_sure: int = 0
    wide: int = 0
    deny_wide: int = 0
    clauses: tuple[Clause, ...] = ()
    unknown_actions: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    personal: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Reach:
    """upper: what may be allowed for some resource or condition. lower: what certainly is, on everything and without
    condition. wide: on everything the action can touch, whatever conditions of the session are asked."""

    upper: int
    lower: int
    wide: int


NOTHING = Compiled()
KNOWN_MASKS = 4096


def compile_document(document: Document, catalogue: Catalogue, account: str = "") -> Compiled:
    """account: the one whose identities have the policy; resources of that account are then everything for `wide`."""
    clauses = tuple(_clause(s, document.has_variables, catalogue, account) for s in document.statements)
    patterns = dict.fromkeys(p for s in document.statements for p in (s.actions or s.not_actions or ()))
    return _summed(
        clauses,
        unknown_actions=tuple(p for p in patterns if not catalogue.knows(p)),
        keys=frozenset(c.key.lower() for s in document.statements for c in s.conditions),
    )


def union(many: Iterable[Compiled]) -> Compiled:
    """What several documents say together: the policies of a principal, or those of one level of guardrails."""
    parts = tuple(many)
    if len(parts) == 1:
        return parts[0]
    return replace(
        masks(parts),
        clauses=tuple(clause for one in parts for clause in one.clauses),
        unknown_actions=tuple(dict.fromkeys(action for one in parts for action in one.unknown_actions)),
        keys=frozenset().union(*(one.keys for one in parts)),
        personal=tuple(clause for one in parts for clause in one.personal),
    )


def masks(parts: Iterable[Compiled]) -> Compiled:
    """The sets of their union, without the statements."""
    allow = allow_sure = deny = deny_sure = wide = deny_wide = 0
    for one in parts:
        allow |= one.allow
        if one.allow_sure:
            allow_sure |= one.allow_sure
        if one.wide:
            wide |= one.wide
        if one.deny:
            deny |= one.deny
            deny_sure |= one.deny_sure
            deny_wide |= one.deny_wide
    return Compiled(allow, allow_sure, deny, deny_sure, wide, deny_wide)


def meet(levels: Iterable[Compiled]) -> Compiled | None:
    """What every one of several levels lets through, as one limit for `effective`; None: there is no level. Without clauses:
    which of them blocks is a question to the levels."""
    some = tuple(levels)
    if len(some) < 2:
        return some[0] if some else None
    first, *rest = some
    allow, allow_sure, wide = first.allow, first.allow_sure, first.wide
    deny, deny_sure, deny_wide = first.deny, first.deny_sure, first.deny_wide
    for level in rest:
        allow &= level.allow
        allow_sure &= level.allow_sure
        wide &= level.wide
        deny |= level.deny
        deny_sure |= level.deny_sure
        deny_wide |= level.deny_wide
    return Compiled(allow, allow_sure, deny, deny_sure, wide, deny_wide)


def effective(identity: Compiled, boundary: Compiled | None, levels: Iterable[Compiled]) -> Reach:
    """What identity policies give within the boundary and within each level. A Deny on part of the resources, or under a
    condition, takes from `lower` only; what it blocks is a question for one resource."""
    upper, lower, wide = identity.allow, identity.allow_sure, identity.wide
    deny, deny_sure, deny_wide = identity.deny, identity.deny_sure, identity.deny_wide
    limits = levels if boundary is None else (*levels, boundary)
    for limit in limits:
        upper &= limit.allow
        lower &= limit.allow_sure
        wide &= limit.wide
        deny |= limit.deny
        deny_sure |= limit.deny_sure
        deny_wide |= limit.deny_wide
    return Reach(_less(upper, deny_sure), _less(lower, deny), _less(wide, deny_wide))


def _less(mask: int, taken: int) -> int:
    """Most policies deny nothing, and the set can then stay the same object."""
    return mask & ~taken if taken else mask


def resolve(compiled: Compiled, answers: tuple[bool | None, ...]) -> Compiled:
    """The same for one principal. answers: for each clause of `personal`, whether its conditions hold; None: that hangs on
    the request."""
    answered = dict(zip(map(id, compiled.personal), answers, strict=True))
    clauses = []
    for clause in compiled.clauses:
        answer = answered.get(id(clause))
        if answer is not False:
            clauses.append(clause.met if answer and clause.met else clause)
    return _summed(tuple(clauses), compiled.unknown_actions, compiled.keys)


def _summed(clauses: tuple[Clause, ...], unknown_actions: tuple[str, ...], keys: frozenset[str]) -> Compiled:
    """The sets of all clauses, each as one object with those of other documents that say the same."""
    allow = allow_sure = deny = deny_sure = wide = deny_wide = 0
    for clause in clauses:
        if clause.statement.allows:
            allow, allow_sure, wide = allow | clause.may, allow_sure | clause.sure, wide | clause.wide
        else:
            deny, deny_sure, deny_wide = deny | clause.may, deny_sure | clause.sure, deny_wide | clause.wide
    personal = tuple(c for c in clauses if any(of_caller(condition.key) for condition in c.statement.conditions))
    return Compiled(
        _shared(allow),
        _shared(allow_sure),
        _shared(deny),
        _shared(deny_sure),
        _shared(wide),
        _shared(deny_wide),
        clauses,
        unknown_actions,
        keys,
        personal,
    )


def _clause(statement: Statement, variables: bool, catalogue: Catalogue, account: str) -> Clause:
    mask = _shared(_actions(statement, catalogue))
    touched = _touched(statement, variables, catalogue, account)
    may, sure, wide = (_shared(mask & part) if part else 0 for part in touched)
    if not statement.conditions:
        return Clause(statement, mask, may, sure, wide)
    met = Clause(replace(statement, conditions=()), mask, may, sure, wide)
    limits = _any(narrowed(condition, catalogue) for condition in statement.conditions)
    return Clause(statement, mask, may, 0, _shared(wide & ~limits) if statement.allows else 0, met)


def _actions(statement: Statement, catalogue: Catalogue) -> int:
    if statement.actions is not None:
        return catalogue.mask(statement.actions)
    if statement.not_actions is not None:
        return catalogue.all & ~catalogue.mask(statement.not_actions)
    return 0


def _touched(statement: Statement, variables: bool, catalogue: Catalogue, account: str) -> tuple[int, int, int]:
    """Of all actions: those that the statement's resources (may, surely, widely) apply to.

    Without Resource and NotResource, which IAM refuses in identity policies and guardrails, it may be anything.
    """
    named = statement.resources if statement.resources is not None else statement.not_resources
    if named is None:
        return catalogue.all, 0, 0
    may = _any(catalogue.may_touch(without_variables(r) if variables and "${" in r else r) for r in named)
    open_ = [r for r in named if "*" in r]  # one name is never all that an action touches
    sure = _any(map(catalogue.touches_all, open_))
    if statement.resources is None:
        left = catalogue.all & ~sure
        return left, left & ~may, left
    own = [_own(r, account) for r in open_ if account and account in r]
    return may, sure, sure | _any(map(catalogue.touches_all, own))


def without_variables(pattern: str) -> str:
    """The pattern with "*" for each ${...}: what it may come to."""
    return "".join(piece if isinstance(piece, str) else _wild(piece) for piece in parse(pattern, wildcards=True))


def _wild(piece: Wild | Variable) -> str:
    return "*" if isinstance(piece, Variable) else piece.value


def _own(resource: str, account: str) -> str:
    """An ARN of the account itself with "*" for the account."""
    fields = resource.split(":", 5)
    if len(fields) == 6 and fields[4] == account:
        fields[4] = "*"
    return ":".join(fields)


def _any(found: Iterable[int]) -> int:
    together = 0
    for mask in found:
        together = together | mask if together else mask
    return together


_known: dict[int, int] = {}


def _shared(mask: int) -> int:
    """The same set as one object: a mask takes 3 KB, and documents that differ in their resources have the same few."""
    if len(_known) > KNOWN_MASKS:
        _known.clear()
    return _known.setdefault(mask, mask)
