"""Principals that have the same policies, by the names and documents of these, and the same answers where policies ask who calls.
Accounts have many principals and few ways to make one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from collectors.records import Role, User
from findings.analysis.holdings import Held
from findings.analysis.permissions import Permissions
from findings.policy.conditions import holds
from findings.policy.document import Document, Statement
from findings.policy.keys import of_caller
from findings.policy.request import Request
from findings.policy.truth import Truth

Holder = Role | User


@dataclass(slots=True)
class Group:
    """first: one of its members. numbers: all of them, by their place among the holders. held: their policies. guarded: with
    those, the boundary and what else bears on them. answers: see the module. lacking: something of theirs could not be read."""

    first: Holder
    held: tuple[Held, ...]
    guarded: tuple[Held, ...]
    answers: tuple[Truth, ...]
    lacking: bool
    numbers: list[int] = field(default_factory=list)


def grouped(holders: Iterable[Holder], permissions: Permissions) -> tuple[Group, ...]:
    library = permissions.library
    levels = tuple(held for level in (*(library.levels or ()), *(library.resource_levels or ())) for held in level)
    found: dict[object, Group] = {}
    for number, holder in enumerate(holders):
        held, boundary = library.of(holder), library.boundary(holder)
        own = (*held, boundary) if boundary else held
        guarded = (*own, *levels)
        answers = tuple(_answers(holder, guarded, permissions)) if any(one.compiled.personal for one in guarded) else ()
        named = tuple((one.named.name, one.named.via, one.digest) for one in held)
        gone = tuple(name for name in getattr(holder, "groups", ()) if name not in permissions.facts.groups_by_name)
        key = named, holder.boundary, library.binds(holder), answers, gone
        if key not in found:
            lacking = bool(gone) or any(not isinstance(one.named.document, Document) for one in own)
            found[key] = Group(holder, held, guarded, answers, lacking)
        found[key].numbers.append(number)
    return tuple(found.values())


def _answers(holder: Holder, guarded: tuple[Held, ...], permissions: Permissions) -> Iterator[Truth]:
    """To each condition that asks who calls, in the order of the policies."""
    request = Request(permissions.caller(holder), "*", "*")
    for one in guarded:
        document = one.named.document
        for clause in one.compiled.personal if isinstance(document, Document) else ():
            for condition in clause.statement.conditions:
                if of_caller(condition.key):
                    yield holds(condition, request.known, isinstance(document, Document) and document.has_variables)


def with_variables(document: Document, statement: Statement) -> tuple[str, ...]:
    """The texts of the statement that have variables: what it says then hangs on the caller in ways that no answer tells."""
    if not document.has_variables:
        return ()
    values = (value for condition in statement.conditions for value in condition.values)
    texts = (*(statement.resources or ()), *(statement.not_resources or ()), *values)
    return tuple(text for text in texts if "${" in text)
