"""Who must get the same answer to a question about an action. Accounts have many principals and few ways to say a thing:
what decides are the statements that name the action, and those are soon told apart.

A statement that asks who calls (aws:PrincipalArn, ${aws:username}) is asked beforehand where that has an answer; else its
answers hold for one principal only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from collectors.records import Role, User
from findings.analysis.holdings import Held
from findings.analysis.permissions import Permissions
from findings.policy.compiled import Clause, Compiled
from findings.policy.conditions import holds
from findings.policy.document import Condition, Document, Statement
from findings.policy.keys import of_caller
from findings.policy.patterns import glob
from findings.policy.request import Request

Layer = tuple[tuple[Held, Compiled], ...]
Answers = Mapping[int, int | None]  # id of a clause that asks who calls -> its number with the answer, None: not known


@dataclass(frozen=True, slots=True)
class Layers:
    """The documents of one principal as they are for it, those of SCPs by level. numbers: of each layer, see Alike."""

    identity: Layer
    boundary: Layer
    levels: tuple[Layer, ...]
    resource_levels: tuple[Layer, ...]
    numbers: tuple[int, ...]

    def all(self) -> Iterator[Layer]:
        yield from (self.identity, self.boundary, *self.levels, *self.resource_levels)


class Alike:
    """Numbers for signatures: equal for two principals that must get equal answers about an action on one resource. What is
    known by its id is kept, so that the id stays its own."""

    def __init__(self, permissions: Permissions) -> None:
        self._permissions = permissions
        self._numbers: dict[object, int] = {}
        self._about: dict[tuple[int, str], tuple[Compiled, tuple[Clause, ...]]] = {}
        self._asking: dict[tuple[int, bool], tuple[Compiled, tuple[Clause, ...]]] = {}
        self._layers: dict[int, tuple[Layer, Answers]] = {}
        self._of_layer: dict[tuple[int, str], int | None] = {}

    def layers(self, principal: Role | User) -> Layers:
        permissions, library = self._permissions, self._permissions.library
        boundary = library.boundary(principal)

        def own(many: tuple[Held, ...]) -> Layer:
            return tuple((held, permissions.own(principal, held)) for held in many)

        identity, bounds = own(tuple(library.of(principal))), own((boundary,) if boundary else ())
        levels = tuple(map(own, library.levels or ())) if library.binds(principal) else ()
        resource_levels = tuple(map(own, library.resource_levels or ()))
        every = (identity, bounds, *levels, *resource_levels)
        numbers = tuple(self._layer(principal, layer) for layer in every)
        return Layers(identity, bounds, levels, resource_levels, numbers)

    def _layer(self, principal: Role | User, layer: Layer) -> int:
        """Many principals have the layers of SCPs in common, and give the same answers to what they ask of the caller."""
        asked: Request | None = None
        answers: dict[int, int | None] = {}
        for held, own in layer:
            variables = _variables(held)
            for clause in self._who(own, variables):
                asked = asked or Request(self._permissions.caller(principal), "*", "*")
                answers[id(clause)] = self._answered(clause.statement, asked, variables)
        only = principal.unique_id if None in answers.values() else ""
        number = self._number((tuple(id(own) for _, own in layer), tuple(answers.values()), only))
        self._layers.setdefault(number, (layer, answers))
        return number

    def _who(self, compiled: Compiled, variables: bool) -> tuple[Clause, ...]:
        """Its clauses that ask who calls."""
        key = id(compiled), variables
        if key not in self._asking:
            found = tuple(clause for clause in compiled.clauses if _asks_who(clause.statement, variables))
            self._asking[key] = compiled, found
        return self._asking[key][1]

    def signature(self, principal: Role | User, layers: Layers, action: str) -> int:
        parts = [self._said_of(number, action) for number in layers.numbers]
        if None in parts:
            return self._number(("one", principal.unique_id, action))
        return self._number((action, principal.boundary, *parts))

    def _said_of(self, number: int, action: str) -> int | None:
        """A number for what a layer says of the action; None: it says different things of different callers."""
        key = number, action
        if key not in self._of_layer:
            layer, answers = self._layers[number]
            found = {self._clause(held, c, answers) for held, own in layer for c in self.about(own, action)}
            self._of_layer[key] = None if None in found else self._number(frozenset(found))
        return self._of_layer[key]

    def _clause(self, held: Held, clause: Clause, answers: Answers) -> int | None:
        """A Deny is named with its policy."""
        if id(clause) in answers:
            number = answers[id(clause)]
        else:
            number = self._number(_said(clause.statement, clause.statement.conditions))
        if number is None or clause.statement.allows:
            return number
        return self._number((number, held.named.name, held.named.via, held.digest, clause.statement.sid))

    def about(self, compiled: Compiled, action: str) -> tuple[Clause, ...]:
        """Its clauses that name the action."""
        key = id(compiled), action
        if key not in self._about:
            self._about[key] = compiled, tuple(self._naming(compiled, action))
        return self._about[key][1]

    def _naming(self, compiled: Compiled, action: str) -> Iterator[Clause]:
        try:
            bit = self._permissions.catalogue.bit(action)
        except KeyError:  # an action that the catalogue does not know yet
            lower = action.lower()
            yield from (c for c in compiled.clauses if any(glob(p.lower(), lower) for p in c.statement.actions or ()))
        else:
            yield from (clause for clause in compiled.clauses if clause.mask & bit)

    def _answered(self, statement: Statement, asked: Request, variables: bool) -> int | None:
        """The statement with what it asks of the caller answered; None: that is not all known."""
        if variables and any("${" in text for text in (*(statement.resources or ()), *(statement.not_resources or ()))):
            return None
        left: list[object] = []
        for condition in statement.conditions:
            if not _of_who(condition, variables):
                left.append(condition)
                continue
            truth = holds(condition, asked.known, variables)
            if not isinstance(truth, bool):
                return None
            left.append(truth)
        return self._number(_said(statement, tuple(left)))

    def _number(self, key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def _variables(held: Held) -> bool:
    document = held.named.document
    return isinstance(document, Document) and document.has_variables


def _said(statement: Statement, conditions: tuple[object, ...]) -> object:
    return statement.effect, statement.resources, statement.not_resources, conditions


def _asks_who(statement: Statement, variables: bool) -> bool:
    texts = (*(statement.resources or ()), *(statement.not_resources or ()))
    if variables and any("${" in text for text in texts):
        return True
    return any(_of_who(condition, variables) for condition in statement.conditions)


def _of_who(condition: Condition, variables: bool) -> bool:
    return of_caller(condition.key) or (variables and any("${" in value for value in condition.values))
