"""Questions of one principal, with the circumstances that an attacker would choose, and the answers shared with all who have
the same policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from collectors.records import Entity, Role, User
from findings.analysis.escalation.ground import Ground
from findings.analysis.escalation.model import State
from findings.analysis.escalation.probes import HOME, regions_of
from findings.analysis.escalation.strength import Strength, strength
from findings.policy.compiled import Clause, Compiled, Reach, without_variables
from findings.policy.evaluate import By, Layer
from findings.policy.patterns import glob
from findings.policy.request import Context

E = TypeVar("E", bound=Entity)
RANK: Mapping[State, int] = {"live": 0, "conditional": 1, "blocked": 2}
TRIED = 4  # targets asked about that look hopeful, and as many that a guardrail seems to block

# The caller decides these by how he asks.
CHOSEN = frozenset(
    {
        "aws:requestedregion",
        "aws:securetransport",
        "aws:referer",
        "aws:tagkeys",
        "aws:useragent",
        "iam:associatedresourcearn",
        "iam:awsservicename",
        "sts:durationseconds",
        "sts:rolesessionname",
        "sts:sourceidentity",
        "sts:transitivetagkeys",
    }
)
NOT_CHOSEN = ("aws", "iam", "sts", "kms", "saml")  # of other services' keys, those of the request are chosen


@dataclass(frozen=True, slots=True)
class Answer:
    """To "may it": how, on which keys it hangs, what blocks it. No Answer at all: its policies do not allow it."""

    state: State
    keys: tuple[str, ...] = ()
    by: tuple[By, ...] = ()


class Asker:
    """One role or user. shared: answers by signature, for all askers of the account."""

    def __init__(self, principal: Role | User, ground: Ground, shared: dict[object, Answer | None]) -> None:
        self.principal = principal
        self.ground = ground
        self.permissions = ground.permissions
        self._shared = shared

    @cached_property
    def granted(self) -> Compiled:
        return self.permissions.granted(self.principal)

    @cached_property
    def reach(self) -> Reach:
        return self.ground.reach(self.principal)

    @cached_property
    def strength(self) -> Strength:
        return strength(self.reach)

    @cached_property
    def signature(self) -> object:
        """Equal for two principals that must get equal answers."""
        library = self.permissions.library
        boundary = library.boundary(self.principal)
        held = [*library.of(self.principal), *([boundary] if boundary else [])]
        levels = (*(library.levels or ()), *(library.resource_levels or ()))
        if any(self.ground.personal(one) for one in (*held, *(one for level in levels for one in level))):
            return self.principal.unique_id
        digests = frozenset(one.digest for one in held if one is not boundary)
        return type(self.principal), digests, boundary.digest if boundary else "", library.binds(self.principal)

    def may(self, action: str, resource: str, context: Context | None = None) -> Answer | None:
        known = context or {}
        key = self.signature, action, resource, tuple(sorted(known.items()))
        if action.startswith("sts:"):  # a trust policy names callers
            return self._may(action, resource, known)
        if key not in self._shared:
            self._shared[key] = self._may(action, resource, known)
        return self._shared[key]

    def _may(self, action: str, resource: str, context: Context) -> Answer | None:
        if action.startswith("iam:") and action != "iam:PassRole":
            context = {"aws:requestedregion": (HOME,), **context}
        decision = self.permissions.decide(self.principal, action, resource, context)
        if decision.verdict == "denied":
            by = self.permissions.blockers(self.principal, action, resource, context)
            return Answer("blocked", by=tuple(map(self._named, by))) if by else None
        if decision.verdict == "conditional":
            keys = tuple(key for key in decision.keys if not _chosen(key.lower()))
            return Answer("conditional", keys) if keys else Answer("live")
        return Answer("live")

    def _named(self, by: By) -> By:
        """A boundary that does not allow is named too."""
        if by.layer is Layer.BOUNDARY and not by.policy:
            return By(by.layer, self.principal.boundary or "", by.sid, by.level, by.statement)
        return by

    def denied(self, action: str, resource: str) -> bool:
        """Whether a Deny keeps it from the caller, whatever else may allow it."""
        return self.permissions.decide(self.principal, action, resource).kind == "explicit"

    def clauses(self, action: str) -> tuple[Clause, ...]:
        """The Allow statements of its policies that name the action."""
        bit = self.permissions.catalogue.bit(action)
        return tuple(c for c in self.granted.clauses if c.statement.allows and c.mask & bit)

    def patterns(self, action: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p for c in self.clauses(action) for p in c.statement.resources or ("*",)))

    def regions(self, patterns: Iterable[str]) -> list[str]:
        """Regions worth asking about: those that its policies name."""
        named = [
            value
            for limit in (
                self.granted,
                self.permissions.boundary(self.principal),
                *self.permissions.levels(self.principal),
            )
            if limit and "aws:requestedregion" in limit.keys
            for clause in limit.clauses
            for condition in clause.statement.conditions
            if condition.key.lower() == "aws:requestedregion"
            for value in condition.values
            if "*" not in value and "?" not in value
        ]
        return list(dict.fromkeys([HOME, *regions_of(patterns), *named]))[:TRIED]

    def doors(self, strong: bool, *actions: str) -> Iterator[Role]:
        """Roles whose trust admits the caller, as far as it names callers. actions: what else must be allowed on them."""
        ground, me = self.ground, self.principal
        named = (role for role in ground.doors.get(me.arn, ()) if role.unique_id != me.unique_id)
        yield from self.candidates(actions, "", tuple(r for r in named if not strong or ground.strength(r)))
        pool = ("strong doors", ground.strong_doors) if strong else ("doors", ground.open_doors)
        yield from self.candidates(("sts:AssumeRole", *actions), *pool)

    def candidates(self, actions: Iterable[str], pool: str, entities: tuple[E, ...]) -> Iterator[E]:
        """Those of the entities, in their order, that its policies may mean by each of the actions: the ones that no guardrail
        seems to block first. pool names the entities, see Ground.matching."""
        matching = entities
        for action in actions:
            if matching:
                matching = self._matching(self.patterns(action), pool, entities, matching)
        hopeful: list[E] = []
        hopeless: list[E] = []
        for entity in matching:
            blocked = any(self._blocked(action, entity.arn) for action in actions)
            (hopeless if blocked else hopeful).append(entity)
            if len(hopeful) == TRIED:
                break
        yield from hopeful
        yield from hopeless[:TRIED]

    def _matching(
        self, patterns: tuple[str, ...], pool: str, entities: tuple[E, ...], left: tuple[E, ...]
    ) -> tuple[E, ...]:
        plain = tuple(dict.fromkeys(map(without_variables, patterns)))
        if "*" in plain:
            return left
        found = {one.arn for pattern in plain for one in self.ground.matching(pattern, pool, entities)}
        return tuple(one for one in left if one.arn in found)

    def _blocked(self, action: str, arn: str) -> bool:
        """Whether a Deny without conditions names the resource, or a limit has no Allow that may mean it."""
        denied, limits = self._resources[action]
        return any(glob(p, arn) for p in denied) or any(not any(glob(p, arn) for p in limit) for limit in limits)

    @cached_property
    def _resources(self) -> Mapping[str, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]:
        return _Resources(self)

    @cached_property
    def limits(self) -> tuple[Compiled, ...]:
        boundary = self.permissions.boundary(self.principal)
        return (*self.permissions.levels(self.principal), *([boundary] if boundary else []))


def _chosen(key: str) -> bool:
    service = key.partition(":")[0]
    if key in CHOSEN or key.startswith("aws:requesttag/"):
        return True
    return service not in NOT_CHOSEN and "." not in service and "resourcetag" not in key


class _Resources(dict[str, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]):
    """Action -> resource patterns that are denied, and for each limit those that it allows."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def __missing__(self, action: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
        bit, limits = self._asker.permissions.catalogue.bit(action), self._asker.limits
        denied = _patterns((self._asker.granted, *limits), bit, allows=False)
        allowed = tuple(_patterns((limit,), bit, allows=True) for limit in limits if limit.clauses)
        self[action] = denied, allowed
        return self[action]


def _patterns(limits: Iterable[Compiled], bit: int, allows: bool) -> tuple[str, ...]:
    """Of a Deny with NotResource or conditions, which may leave something, none."""
    found: list[str] = []
    for clause in (clause for limit in limits for clause in limit.clauses if clause.mask & bit):
        statement = clause.statement
        if statement.allows and allows:
            found += statement.resources or ("*",)
        elif not statement.allows and not allows and not statement.conditions:
            found += statement.resources or ()
    return tuple(dict.fromkeys(map(without_variables, found)))
