"""Questions of one principal; the answers are shared with all who are alike in what they ask of an action."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import TypeVar

from collectors.records import Entity, Role, User
from findings.analysis.escalation import paths
from findings.analysis.escalation.alike import Alike, Layers
from findings.analysis.escalation.answers import Answer, answer
from findings.analysis.escalation.ground import Ground
from findings.analysis.escalation.model import Escalation, State
from findings.analysis.escalation.probes import HOME, regions_of
from findings.analysis.escalation.strength import Strength
from findings.policy.catalogue import catalogue
from findings.policy.compiled import Clause, Compiled, Reach, without_variables
from findings.policy.patterns import glob, whole_arn
from findings.policy.request import Context

E = TypeVar("E", bound=Entity)
RANK: Mapping[State, int] = {"live": 0, "conditional": 1, "blocked": 2}
TRIED = 4  # targets that a guardrail seems to block: one that is named says enough
ASSUME = "sts:AssumeRole"
BOUNDARY = "iam:permissionsboundary"
MOST_PATTERNS = 16
LIVE = Answer("live")


class Shared:
    """What all askers of one account share. made, best: see making.py and verdicts.py."""

    def __init__(self, ground: Ground) -> None:
        self.alike = Alike(ground.permissions)
        self.answers: dict[object, Answer | None] = {}
        self.made: dict[object, Answer | None] = {}
        self.best: dict[object, Escalation | None] = {}
        self.patterns: dict[int, tuple[str, ...]] = {}
        self.keys: dict[int, frozenset[str]] = {}
        self.told_apart: dict[int, tuple[str, ...] | None] = {}
        self.limits: dict[int, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]] = {}


class Asker:
    """One role or user."""

    def __init__(self, principal: Role | User, ground: Ground, shared: Shared) -> None:
        self.principal = principal
        self.ground = ground
        self.permissions = ground.permissions
        self.shared = shared
        self._alike: dict[str, int] = {}

    @property
    def allow(self) -> int:
        """The actions that its policies name."""
        return self.permissions.sets(self.principal).allow

    @property
    def reach(self) -> Reach:
        return self.ground.reach(self.principal)

    @property
    def strength(self) -> Strength:
        return self.ground.strength(self.principal)

    @cached_property
    def _layers(self) -> Layers:
        return self.shared.alike.layers(self.principal)

    def alike(self, action: str) -> int:
        if action not in self._alike:
            self._alike[action] = self.shared.alike.signature(self.principal, self._layers, action)
        return self._alike[action]

    @cached_property
    def sure(self) -> frozenset[str]:
        """The actions that it may do on everything and without condition: no question of them needs to be asked. Not of STS,
        where a trust policy has a say, nor where RCPs have one."""
        certain = self.reach.lower & _asked_about()
        services = {
            "sts",
            *(self.permissions.catalogue.rcp_services if self.permissions.library.resource_levels else ()),
        }
        names = self.permissions.catalogue.members(certain)
        return frozenset(name for name in names if name.partition(":")[0] not in services)

    def may(self, action: str, resource: str, context: Context | None = None) -> Answer | None:
        if action in self.sure:
            return LIVE
        known = context or {}
        asked = self.told_apart(action, resource) if action.startswith("iam:") else resource
        key: tuple[object, ...] = (self.alike(action), asked, tuple(sorted(known.items())))
        if action == ASSUME and self.ground.gates.names_callers(resource):
            key = (*key, self.principal.unique_id)
        if key not in self.shared.answers:
            self.shared.answers[key] = answer(self.principal, action, resource, known, self.permissions)
        return self.shared.answers[key]

    def told_apart(self, action: str, resource: str) -> object:
        """What anything that bears on the action makes of the resource: which of the patterns mean it. The resource itself,
        where more than its name counts."""
        alike = self.alike(action)
        if alike not in self.shared.told_apart:
            self.shared.told_apart[alike] = self._every_pattern(action)
        patterns = self.shared.told_apart[alike]
        return resource if patterns is None else tuple(glob(pattern, resource) for pattern in patterns)

    def _every_pattern(self, action: str) -> tuple[str, ...] | None:
        """None: too many, or not the name alone."""
        if any("tag" in key or key == BOUNDARY for key in self.keys(action)):
            return None
        found: dict[str, None] = {}
        for clause in (clause for layer in self._layers.all() for clause in self._clauses(layer, action)):
            found |= dict.fromkeys((*(clause.statement.resources or ()), *(clause.statement.not_resources or ())))
        few = len(found) <= MOST_PATTERNS and not any("${" in pattern for pattern in found)
        return tuple(whole_arn(pattern) for pattern in found if pattern != "*") if few else None

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
        matching, wanted = entities, tuple(actions)
        for action in wanted:
            if matching:
                matching = self._matching(action, pool, entities, matching)
        blocked: list[E] = []
        if any(self._shut(action) for action in wanted):
            blocked, matching = [*matching[:TRIED]], ()
        for entity in matching:
            if not any(self._blocked(action, entity.arn) for action in wanted):
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

    def _blocked(self, action: str, arn: str) -> bool:
        """Whether a Deny without conditions names the resource, or a limit has no Allow that may mean it."""
        denied, limits = self._limits(action)
        return any(glob(p, arn) for p in denied) or any(not any(glob(p, arn) for p in limit) for limit in limits)

    def _shut(self, action: str) -> bool:
        denied, limits = self._limits(action)
        return "*" in denied or not all(limits)

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


@cache
def _asked_about() -> int:
    return catalogue().mask(paths.actions())


def _readable(layer: Iterable[tuple[object, Compiled]]) -> bool:
    """Whether there is something to limit, and all of it is known."""
    some = [own for _, own in layer]
    return bool(some) and all(own.clauses for own in some)


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
