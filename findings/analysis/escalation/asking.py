"""Questions of one principal; the answers are shared with all who are alike in what they ask of an action."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TypeVar

from collectors.records import Entity, Role, User
from findings.analysis.escalation.alike import Alike, Layer, Layers, asked_about
from findings.analysis.escalation.answers import Answer, answer
from findings.analysis.escalation.ground import Ground
from findings.analysis.escalation.looked_at import LookedAt, looked_at, variables_of
from findings.analysis.escalation.model import Escalation, State
from findings.analysis.escalation.once import Once
from findings.analysis.escalation.probes import HOME, regions_of
from findings.analysis.escalation.strength import Strength, counted, more, strength
from findings.policy.compiled import Clause, Compiled, Reach, without_variables
from findings.policy.patterns import glob
from findings.policy.request import Context

E = TypeVar("E", bound=Entity)
RANK: Mapping[State, int] = {"live": 0, "conditional": 1, "blocked": 2}
TRIED = 4  # targets that a guardrail seems to block: one that is named says enough
ASSUME = "sts:AssumeRole"
BOUNDARY = "iam:permissionsboundary"
LIVE = Answer("live")


class Shared:
    """What all askers of one account share. made, best, gains, itself: see making.py and verdicts.py; passed: see targets.py."""

    def __init__(self, ground: Ground) -> None:
        self.alike = Alike(ground.permissions)
        self.answers: dict[object, Answer | None] = {}
        self.made: dict[object, Answer | None] = {}
        self.best: dict[object, Escalation | None] = {}
        self.gains: dict[object, bool] = {}
        self.itself: dict[object, Escalation | None] = {}
        self.patterns: dict[int, tuple[str, ...]] = {}
        self.keys: dict[int, frozenset[str]] = {}
        self.asked: dict[int, frozenset[str]] = {}
        self.looked_at: dict[int, LookedAt | None] = {}
        self.apart: dict[tuple[int, str], object] = {}
        self.limits: dict[int, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]] = {}
        self.candidates: dict[object, Once[Entity]] = {}
        self.passed: dict[object, Once[tuple[Role, Answer]]] = {}
        self._sure: dict[int, frozenset[str]] = {}
        self._ground = ground

    def sure(self, certain: int) -> frozenset[str]:
        """Names of the actions; see Asker."""
        if certain not in self._sure:
            permissions = self._ground.permissions
            asked = permissions.catalogue.rcp_services if permissions.library.resource_levels else ()
            names = permissions.catalogue.members(certain)
            self._sure[certain] = frozenset(n for n in names if n.partition(":")[0] not in ("sts", *asked))
        return self._sure[certain]


class Asker:
    """One role or user."""

    def __init__(self, principal: Role | User, ground: Ground, shared: Shared) -> None:
        self.principal = principal
        self.ground = ground
        self.permissions = ground.permissions
        self.shared = shared
        self.allow = ground.permissions.sets(principal).allow  # the actions that its policies name
        self.itself: dict[str, Escalation | None] = {}  # what paths that end at itself come to, see verdicts.py

    @property
    def reach(self) -> Reach:
        return self.ground.reach(self.principal)

    @cached_property
    def strength(self) -> Strength:
        return self.ground.strength(self.principal)

    def gain(self, target: Reach, of: Strength | None = None) -> Strength:
        """What more it could do. of: how strong the target is, where that is known."""
        return more(target, strength(target) if of is None else of, self.reach, self.strength)

    @cached_property
    def gains(self) -> object:
        """What counts of the caller when it takes another over: equal for two to whom every other is worth the same. None: one
        like it could be worth something to it, and the caller itself, which is not, must be told from it."""
        if self.ground.worth(self.principal) is not self.strength or self.gain(self.reach, self.strength):
            return None
        return self.strength, counted(self.reach, self.strength)

    @cached_property
    def _layers(self) -> Layers:
        return self.shared.alike.layers(self.principal)

    @cached_property
    def _signatures(self) -> dict[str, int]:
        return self.shared.alike.signatures(self.principal, self._layers)

    @property
    def kind(self) -> int:
        """Equal for two of whom all layers say the same of every action."""
        return id(self._signatures)

    def alike(self, action: str) -> int:
        found = self._signatures.get(action)
        if found is None:
            found = self._signatures[action] = self.shared.alike.signature(self.principal, self._layers, action)
        return found

    @cached_property
    def sure(self) -> frozenset[str]:
        """The actions that it may do on everything and without condition: no question of them needs to be asked. Not of STS,
        where a trust policy has a say, nor where RCPs have one."""
        return self.shared.sure(self.reach.lower & asked_about())

    def may(self, action: str, resource: str, context: Context | None = None) -> Answer | None:
        if action in self.sure:
            return LIVE
        known: Context = context or {}
        asked: object = resource
        if action.startswith("iam:"):
            if known:
                known = {key: values for key, values in known.items() if key in self.asked(action)}
            asked = self.told_apart(action, resource)
        key: tuple[object, ...] = (self.alike(action), asked, tuple(sorted(known.items())) if known else ())
        if action == ASSUME and self.ground.gates.names_callers(resource):
            key = (*key, self.principal.unique_id)
        if key not in self.shared.answers:
            found = answer(self.principal, action, resource, known, self.permissions)
            self.shared.answers[key] = LIVE if found == LIVE else found
        return self.shared.answers[key]

    def told_apart(self, action: str, resource: str) -> object:
        """What anything that bears on the action of IAM makes of the resource: which of the patterns mean it, and what is known
        of it that conditions ask for. The resource itself, where that hangs on the caller."""
        key = self.alike(action), resource
        if key not in self.shared.apart:
            by = self._looked_at(action)
            self.shared.apart[key] = resource if by is None else self._seen(resource, by)
        return self.shared.apart[key]

    def tells_apart(self, action: str) -> bool:
        """Whether anything tells resources of the account apart."""
        by = self._looked_at(action)
        return by is None or bool(by.patterns or by.keys)

    def _looked_at(self, action: str) -> LookedAt | None:
        """None: too much, or what is not known of the caller."""
        alike = self.alike(action)
        if alike not in self.shared.looked_at:
            meant = self.shared.alike.meant(self._layers, action)
            self.shared.looked_at[alike] = looked_at(meant, self.keys(action))
        return self.shared.looked_at[alike]

    def _seen(self, resource: str, by: LookedAt) -> object:
        target = self.ground.facts.principal_by_arn.get(resource) if by.keys else None
        return by.seen(resource, target)

    def patterns(self, action: str) -> tuple[str, ...]:
        """The resources on which its policies allow the action."""
        alike = self.alike(action)
        if alike not in self.shared.patterns:
            clauses = (clause for clause in self._clauses(self._layers.identity, action) if clause.statement.allows)
            found = dict.fromkeys(p for clause in clauses for p in clause.statement.resources or ("*",))
            self.shared.patterns[alike] = tuple(found)
        return self.shared.patterns[alike]

    def keys(self, action: str) -> frozenset[str]:
        """The condition keys, in lower case, that anything that bears on the action asks for."""
        alike = self.alike(action)
        if alike not in self.shared.keys:
            clauses = (clause for layer in self._layers.all() for clause in self._clauses(layer, action))
            self.shared.keys[alike] = frozenset(c.key.lower() for one in clauses for c in one.statement.conditions)
        return self.shared.keys[alike]

    def asked(self, action: str) -> frozenset[str]:
        """With the keys of variables."""
        alike = self.alike(action)
        if alike not in self.shared.asked:
            clauses = (clause for layer in self._layers.all() for clause in self._clauses(layer, action))
            named = frozenset(key.lower() for clause in clauses for key in variables_of(clause.statement))
            self.shared.asked[alike] = self.keys(action) | named
        return self.shared.asked[alike]

    def values(self, action: str, key: str) -> tuple[str, ...]:
        """Those that anything that bears on the action has for a condition key, in lower case."""
        if key not in self.keys(action):
            return ()
        clauses = (clause for layer in self._layers.all() for clause in self._clauses(layer, action))
        conditions = (condition for one in clauses for condition in one.statement.conditions)
        return tuple(dict.fromkeys(v for one in conditions if one.key.lower() == key for v in one.values))

    def _clauses(self, layer: Iterable[tuple[object, Compiled]], action: str) -> Iterator[Clause]:
        for _, own in layer:
            yield from self.shared.alike.about(own, action)

    def regions(self, actions: Iterable[str], patterns: Iterable[str]) -> list[str]:
        """Regions worth asking about: those that its policies name."""
        asked = (value for action in actions for value in self.values(action, "aws:requestedregion"))
        named = [value for value in asked if "*" not in value and "?" not in value]
        return list(dict.fromkeys([HOME, *regions_of(patterns), *named]))[:TRIED]

    def doors(self, strong: bool, *actions: str) -> Iterator[Role]:
        """Roles whose trust admits the caller, as far as it names callers. actions: what else must be allowed on them."""
        ground, me = self.ground, self.principal
        named = (role for role in ground.gates.doors(me.arn) if role.unique_id != me.unique_id)
        yield from self.candidates(actions, "", tuple(r for r in named if not strong or ground.worth(r)))
        pool = ("strong doors", ground.strong_doors) if strong else ("doors", ground.gates.open_doors)
        yield from self.candidates((ASSUME, *actions), *pool)

    def candidates(self, actions: Iterable[str], pool: str, entities: tuple[E, ...]) -> Iterator[E]:
        """Those of the entities, in their order, that its policies may mean by each of the actions: the ones that no guardrail
        seems to block first, and a few others. pool names the entities, see Ground.matching."""
        wanted = tuple(actions)
        if not pool:
            return self._candidates(wanted, pool, entities)
        key, known = (pool, *map(self.alike, wanted)), self.shared.candidates
        if key not in known:
            known[key] = Once(self._candidates(wanted, pool, entities))
        return iter(known[key])  # type: ignore[arg-type]

    def _candidates(self, wanted: tuple[str, ...], pool: str, entities: tuple[E, ...]) -> Iterator[E]:
        matching = entities
        for action in wanted:
            if matching:
                matching = self._matching(action, pool, entities, matching)
        limits = tuple(map(self._limits, wanted))
        blocked: list[E] = []
        if any(_shut(*one) for one in limits):
            blocked, matching = [*matching[:TRIED]], ()
        for entity in matching:
            if not any(_blocked(*one, entity.arn) for one in limits):
                yield entity
            elif len(blocked) < TRIED:
                blocked.append(entity)
        yield from blocked

    def _matching(self, action: str, pool: str, entities: tuple[E, ...], left: tuple[E, ...]) -> tuple[E, ...]:
        plain = tuple(dict.fromkeys(map(without_variables, self.patterns(action))))
        if "*" in plain:
            return left
        found = {one.arn for pattern in plain for one in self.ground.matching(pattern, pool, entities)}
        return tuple(one for one in left if one.arn in found)

    def _limits(self, action: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        """Resource patterns that are denied, and for each limit those that it allows."""
        alike = self.alike(action)
        if alike not in self.shared.limits:
            layers = self._layers
            limits = [layer for layer in (layers.boundary, *layers.levels) if _readable(layer)]
            denied = _patterns((c for layer in layers.all() for c in self._clauses(layer, action)), allows=False)
            allowed = tuple(_patterns(self._clauses(limit, action), allows=True) for limit in limits)
            self.shared.limits[alike] = denied, allowed
        return self.shared.limits[alike]


Patterns = tuple[str, ...]


def _blocked(denied: Patterns, limits: tuple[Patterns, ...], arn: str) -> bool:
    """Whether a Deny without conditions names the resource, or a limit has no Allow that may mean it."""
    return any(glob(p, arn) for p in denied) or any(not any(glob(p, arn) for p in limit) for limit in limits)


def _shut(denied: Patterns, limits: tuple[Patterns, ...]) -> bool:
    return "*" in denied or not all(limits)


def _readable(layer: Layer) -> bool:
    """Whether there is something to limit, and all of it is known."""
    return bool(layer) and all(own.clauses for _, own in layer)


def _patterns(clauses: Iterable[Clause], allows: bool) -> tuple[str, ...]:
    """Of a Deny with NotResource or conditions, which may leave something, none."""
    found: list[str] = []
    for clause in clauses:
        statement = clause.statement
        if statement.allows and allows:
            found += statement.resources or ("*",)
        elif not statement.allows and not allows and not statement.conditions:
            found += statement.resources or ()
    return tuple(dict.fromkeys(map(without_variables, found)))
