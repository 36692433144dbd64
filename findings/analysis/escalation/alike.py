"""Who must get the same answer to a question about an action. Accounts have many principals and few ways to say a thing:
what decides are the statements that name the action, and those are soon told apart.

A statement that asks who calls (aws:PrincipalArn, ${aws:username}) is asked beforehand where that has an answer; else its
answers hold for one principal only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from collectors.records import Role, User
from findings.analysis.escalation import paths
from findings.analysis.holdings import Held
from findings.analysis.permissions import Permissions
from findings.policy.catalogue import catalogue
from findings.policy.compiled import Clause, Compiled
from findings.policy.conditions import holds
from findings.policy.document import Condition, Document, Statement
from findings.policy.keys import of_caller
from findings.policy.patterns import Token, glob, whole_arn
from findings.policy.request import Context, Request
from findings.policy.variables import parse, resolve

NEVER = ()  # a text that nothing matches
Layer = tuple[tuple[Held, Compiled], ...]
Numbered = tuple[int, Layer]
Text = str | tuple[Token, ...]  # one without variables, or with them filled in
Meant = tuple[Text, ...]
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


@cache
def asked_about() -> int:
    """The mask of what the paths are made of."""
    return catalogue().mask(paths.actions())


class Alike:
    """Numbers for signatures: equal for two principals that must get equal answers about an action on one resource. What is
    known by its id is kept, so that the id stays its own."""

    def __init__(self, permissions: Permissions) -> None:
        self._permissions = permissions
        self._numbers: dict[object, int] = {}
        self._naming: dict[int, tuple[Compiled, Mapping[str, tuple[Clause, ...]]]] = {}
        self._asking: dict[tuple[int, bool], tuple[Compiled, tuple[Clause, ...]]] = {}
        self._told: dict[int, tuple[Clause, int]] = {}
        self._filled: dict[int, Meant] = {}
        self._bounds: dict[int, tuple[Held]] = {}
        self._for_all: dict[int, tuple[tuple[Held, ...], Numbered | None]] = {}
        self._for_some: dict[tuple[int, ...], tuple[tuple[Held, ...], tuple[Compiled, ...], Numbered | None]] = {}
        self._layers: dict[int, tuple[Layer, Answers]] = {}
        self._of_layer: dict[tuple[int, str], int | None] = {}
        self._of_limits: dict[object, int | None] = {}
        self._signatures: dict[object, dict[str, int]] = {}
        self._asked = frozenset(permissions.catalogue.members(asked_about()))

    def layers(self, principal: Role | User) -> Layers:
        library = self._permissions.library
        boundary = library.boundary(principal)
        bounds = self._bounds.setdefault(id(boundary), (boundary,)) if boundary else ()
        levels = library.levels if library.binds(principal) else ()
        many = (library.of(principal), bounds, *(levels or ()), *(library.resource_levels or ()))
        (_, identity), (_, bound), *rest = found = [self._numbered(principal, one) for one in many]
        limits = tuple(layer for _, layer in rest)
        at = len(levels or ())
        return Layers(identity, bound, limits[:at], limits[at:], tuple(number for number, _ in found))

    def _numbered(self, principal: Role | User, many: tuple[Held, ...]) -> Numbered:
        """Many principals have the layers of SCPs in common, and give the same answers to what they ask of the caller."""
        key = id(many)
        if key not in self._for_all:
            asked = any(self._who(held.compiled, _variables(held)) for held in many)
            self._for_all[key] = many, None if asked else self._layer(principal, many, self._owns(principal, many))
        return self._for_all[key][1] or self._answering(principal, many)

    def _owns(self, principal: Role | User, many: tuple[Held, ...]) -> tuple[Compiled, ...]:
        return tuple(self._permissions.own(principal, held) for held in many)

    def _answering(self, principal: Role | User, many: tuple[Held, ...]) -> Numbered:
        """Where all that was asked of the caller is answered, those who answered the same have one layer."""
        owns = self._owns(principal, many)
        key = id(many), *map(id, owns)
        if key not in self._for_some:
            asked = any(self._who(own, _variables(held)) for held, own in zip(many, owns, strict=True))
            self._for_some[key] = many, owns, None if asked else self._layer(principal, many, owns)
        return self._for_some[key][2] or self._layer(principal, many, owns)

    def _layer(self, principal: Role | User, many: tuple[Held, ...], owns: tuple[Compiled, ...]) -> Numbered:
        asked: Request | None = None
        answers: dict[int, int | None] = {}
        layer = tuple(zip(many, owns, strict=True))
        for held, own in layer:
            variables = _variables(held)
            for clause in self._who(own, variables):
                asked = asked or Request(self._permissions.caller(principal), "*", "*")
                answers[id(clause)] = self._answered(clause.statement, asked, variables)
        only = principal.unique_id if None in answers.values() else ""
        named = tuple((id(own), held.named.name, held.named.via) for held, own in layer)
        number = self._number((named, tuple(answers.values()), only))
        self._layers.setdefault(number, (layer, answers))
        return number, layer

    def _who(self, compiled: Compiled, variables: bool) -> tuple[Clause, ...]:
        """Its clauses that ask who calls."""
        key = id(compiled), variables
        if key not in self._asking:
            found = tuple(clause for clause in compiled.clauses if _asks_who(clause.statement, variables))
            self._asking[key] = compiled, found
        return self._asking[key][1]

    def signatures(self, principal: Role | User, layers: Layers) -> dict[str, int]:
        """Those known by action, for `signature` to add to: one object for all of whom all layers say the same. Where one says
        it to this principal only, the layer's number is its own."""
        return self._signatures.setdefault((principal.boundary, layers.numbers), {})

    def signature(self, principal: Role | User, layers: Layers, action: str) -> int:
        own, *limits = layers.numbers
        said = self._said_of(own, action), self._said_by(principal.boundary, tuple(limits), action)
        if None in said:
            return self._number(("one", principal.unique_id, action))
        return self._number((action, *said))

    def _said_by(self, boundary: str | None, limits: tuple[int, ...], action: str) -> int | None:
        """A number for what the boundary and the levels together say of the action, see `_said_of`."""
        key = boundary, limits, action
        if key not in self._of_limits:
            parts = tuple(self._said_of(number, action) for number in limits)
            self._of_limits[key] = None if None in parts else self._number((boundary, parts))
        return self._of_limits[key]

    def _said_of(self, number: int, action: str) -> int | None:
        """A number for what a layer says of the action; None: it says different things of different callers."""
        key = number, action
        if key not in self._of_layer:
            layer, answers = self._layers[number]
            found = {self._clause(held, c, answers) for held, own in layer for c in self.about(own, action)}
            empty = tuple(
                not own.clauses for _, own in layer
            )  # one that says nothing at all to this caller limits nothing
            self._of_layer[key] = None if None in found else self._number((frozenset(found), any(empty)))
        return self._of_layer[key]

    def _clause(self, held: Held, clause: Clause, answers: Answers) -> int | None:
        """A Deny is named with its policy."""
        number = answers[id(clause)] if id(clause) in answers else self._alone(clause)
        if number is None or clause.statement.allows:
            return number
        return self._number((number, held.named.name, held.named.via, held.digest, clause.statement.sid))

    def _alone(self, clause: Clause) -> int:
        """A number for a clause that asks nobody who calls."""
        if id(clause) not in self._told:
            self._told[id(clause)] = clause, self._number(_said(clause.statement))
        return self._told[id(clause)][1]

    def about(self, compiled: Compiled, action: str) -> tuple[Clause, ...]:
        """Its clauses that name the action."""
        known = self._naming.get(id(compiled))
        if known is None:
            known = self._naming[id(compiled)] = compiled, self._by_action(compiled)
        found = known[1].get(action)
        return found if found is not None else () if action in self._asked else self._named(compiled, action)

    def _by_action(self, compiled: Compiled) -> Mapping[str, tuple[Clause, ...]]:
        """Of what is asked about, all at once: the sets of actions are large, and most have none of them."""
        catalogue, mask = self._permissions.catalogue, asked_about()
        found: dict[str, tuple[Clause, ...]] = {}
        for clause in compiled.clauses:
            if some := clause.mask & mask:
                for action in catalogue.members(some):
                    found[action] = (*found.get(action, ()), clause)
        return found

    def _named(self, compiled: Compiled, action: str) -> tuple[Clause, ...]:
        """An action that no path has, or that the catalogue does not know yet."""
        try:
            bit = self._permissions.catalogue.bit(action)
        except KeyError:
            lower = action.lower()
            clauses = compiled.clauses
            return tuple(c for c in clauses if any(glob(p.lower(), lower) for p in c.statement.actions or ()))
        return tuple(clause for clause in compiled.clauses if clause.mask & bit)

    def _answered(self, statement: Statement, asked: Request, variables: bool) -> int | None:
        """The statement with what it asks of the caller answered; None: that is not all known."""
        known = asked.known if variables else None
        conditions = [_answer(condition, asked.known, variables) for condition in statement.conditions]
        resources = _filled(statement.resources, known), _filled(statement.not_resources, known)
        if None in conditions or any(None in some for some in resources if some):
            return None
        written = statement.resources, statement.not_resources  # by these targets are looked for
        number = self._number((statement.effect, written, resources, tuple(conditions)))
        self._filled[number] = tuple(one for some in resources for one in some or () if one is not None)
        return number

    def meant(self, layers: Layers, action: str) -> Iterator[Meant | None]:
        """The resource patterns of each statement on the action, with variables filled in. None: these are not all known."""
        for number in layers.numbers:
            layer, answers = self._layers[number]
            for clause in (clause for _, own in layer for clause in self.about(own, action)):
                if id(clause) not in answers:
                    statement = clause.statement
                    yield (*(statement.resources or ()), *(statement.not_resources or ()))
                else:
                    answer = answers[id(clause)]
                    yield None if answer is None else self._filled[answer]

    def _number(self, key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def _variables(held: Held) -> bool:
    document = held.named.document
    return isinstance(document, Document) and document.has_variables


def _said(statement: Statement) -> object:
    return statement.effect, statement.resources, statement.not_resources, statement.conditions


def _filled(texts: tuple[str, ...] | None, known: Context | None) -> tuple[Text | None, ...] | None:
    """Each text with its variables filled in, whole or completed: None in place of one of which not all is known. known None:
    the document has no variables."""
    if texts is None or known is None or not any("${" in text for text in texts):
        return texts
    both = dict.fromkeys(one for text in texts for one in (text, whole_arn(text)))
    return tuple(_one_filled(text, known) for text in both)


def _one_filled(text: str, known: Context) -> Text | None:
    if "${" not in text:
        return text
    found = resolve(parse(text, True), known)
    if found is None:
        return NEVER
    return None if found.unknown else found.parts


def _answer(condition: Condition, known: Context, variables: bool) -> object:
    """Whether a condition on the caller holds; another one with its variables filled in. None: not known."""
    if of_caller(condition.key):
        truth = holds(condition, known, variables)
        return truth if isinstance(truth, bool) else None
    values = _filled(condition.values, known if variables else None) or ()
    return None if None in values else (condition, values)


def _asks_who(statement: Statement, variables: bool) -> bool:
    texts = (*(statement.resources or ()), *(statement.not_resources or ()))
    if variables and any("${" in text for text in texts):
        return True
    return any(_of_who(condition, variables) for condition in statement.conditions)


def _of_who(condition: Condition, variables: bool) -> bool:
    return of_caller(condition.key) or (variables and any("${" in value for value in condition.values))
