"""Each guardrail against all others: what would be left to whom if it were not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from findings.analysis.guarding.limits import Limit, limit_of
from findings.analysis.guarding.model import Effect, Part, Place
from findings.analysis.guarding.outside import Others
from findings.analysis.guarding.subjects import Alike, Holder, alike, line, readable, unreadable
from findings.analysis.holdings import Held
from findings.policy.compiled import Compiled, masks
from findings.policy.layers import Layer

if TYPE_CHECKING:
    from collectors.records import OrganizationPolicy
    from findings.analysis.facts import Facts

FEW = 5  # roles and users named


@dataclass(slots=True, repr=False)
class Tally:
    """What is gathered of one guardrail. held: None for what the SCPs of a level allow together. sole: the one SCP of a level
    that allows anything, so that what it does not allow is blocked by it. binds: of a boundary, how many have it."""

    layer: Layer
    id: str
    name: str
    held: Held | None = None
    places: list[Place] = field(default_factory=list)
    together: tuple[str, ...] = ()
    sole: bool = False
    binds: int = 0
    alone: int = 0
    also: int = 0
    conditional: int = 0
    partly: int = 0
    keys: dict[str, None] = field(default_factory=dict)
    sure: set[int] = field(default_factory=set)
    maybe: set[int] = field(default_factory=set)
    parts: dict[int, tuple[str, int, int, dict[str, None]]] = field(default_factory=dict)


def effects(facts: Facts, holders: Sequence[Holder]) -> tuple[Effect, ...]:
    """SCPs from the root down, then RCPs, then boundaries."""
    everything = facts.permissions.catalogue.all
    tallies = _Tallies(facts)
    for some in alike(facts, holders):
        control, resource = tallies.limits(some)
        together = 0
        for has in some.has:
            together |= has
        passed = everything
        for limit, others in _each(control, everything):
            _tally(tallies.found[limit.key], limit, together, others, some)
            passed = others & ~limit.taken
        for limit, others in _each(resource, passed):
            _tally(tallies.found[limit.key], limit, together, others, some)
    others_than_holders = Others(facts)
    return tuple(_effect(tally, holders, others_than_holders, everything) for tally in tallies.found.values())


class _Tallies:
    """The guardrails of an account, each once, and what they are for holders that are alike."""

    def __init__(self, facts: Facts) -> None:
        self._everything = facts.permissions.catalogue.all
        self._facts = facts
        self._kept: dict[tuple[str, int], tuple[Compiled, Limit]] = {}
        self._within = facts.permissions.catalogue.mask(f"{one}:*" for one in facts.permissions.catalogue.rcp_services)
        library, guardrails = facts.permissions.library, facts.guardrails
        self._levels = library.levels or ()
        self._line, self._resource_line = line(library.levels), line(library.resource_levels)
        self.found: dict[str, Tally] = {}
        self._lines: dict[Layer, list[Tally]] = {Layer.SCP: [], Layer.RCP: []}
        self._of_levels: list[tuple[Tally, slice]] = []
        for layer, levels, rows in (
            (Layer.SCP, guardrails.scp, library.levels),
            (Layer.RCP, guardrails.rcp, library.resource_levels),
        ):
            for level, row in zip(levels or (), rows or (), strict=True):
                self._level(layer, (level.id, level.name), level.policies, row)

    def _level(self, layer: Layer, place: Place, policies: Sequence[OrganizationPolicy], row: Sequence[Held]) -> None:
        start = len(self._lines[layer])
        for policy, held in zip(policies, row, strict=True):
            known = self.found.get(f"{layer}/{policy.unique_id}")
            tally = known or Tally(layer, policy.unique_id, policy.name, held)
            tally.places.append(place)
            self.found[f"{layer}/{policy.unique_id}"] = tally
            self._lines[layer].append(tally)
        if layer is Layer.SCP:
            self._allowing(place, policies, row, start)

    def _allowing(self, place: Place, policies: Sequence[OrganizationPolicy], row: Sequence[Held], start: int) -> None:
        """What a level does not allow is blocked by its one policy that allows, or else by all of them together. One that nobody
        can read may allow anything."""
        if not all(map(readable, row)) or masks(held.compiled for held in row).allow_sure == self._everything:
            return
        allowing = [policy.unique_id for policy, held in zip(policies, row, strict=True) if held.compiled.allow]
        if len(allowing) == 1:
            self.found[f"{Layer.SCP}/{allowing[0]}"].sole = True
            return
        tally = Tally(Layer.SCP, "", f"what the SCPs at {place[1]} allow", places=[place], together=tuple(allowing))
        self.found[f"{Layer.SCP}/level/{place[0]}"] = tally
        self._of_levels.append((tally, slice(start, start + len(row))))

    def limits(self, some: Alike) -> tuple[list[Limit], list[Limit]]:
        """What binds whatever is called, and what binds calls to the account's own resources."""
        control = {limit.key: limit for limit in self._policies(Layer.SCP, some.scp, self._everything)}
        for tally, part in self._of_levels:
            allowed = masks(some.scp[part])
            key = f"{Layer.SCP}/level/{tally.places[0][0]}"
            only = Compiled(allow=allowed.allow, allow_sure=allowed.allow_sure)
            control[key] = limit_of(key, only, only, self._everything, alone=True)
        if some.boundary:
            held, own = some.boundary
            key = f"{Layer.BOUNDARY}/{held.named.name}"
            self.found.setdefault(key, Tally(Layer.BOUNDARY, held.named.name, held.title, held, sole=True))
            self.found[key].binds += sum(map(len, some.has.values()))
            if readable(held):
                control[key] = self._limit(key, held, own, self._everything)
        resource = {limit.key: limit for limit in self._policies(Layer.RCP, some.rcp, self._within)}
        return list(control.values()), list(resource.values())

    def _policies(self, layer: Layer, answered: Sequence[Compiled], within: int) -> Iterator[Limit]:
        for tally, own in zip(self._lines[layer], answered, strict=True):
            if tally.held is not None and readable(tally.held):
                yield self._limit(f"{layer}/{tally.id}", tally.held, own, within)

    def _limit(self, key: str, held: Held, own: Compiled, within: int) -> Limit:
        known = self._kept.get((key, id(own)))
        if known is None:
            limit = limit_of(key, held.compiled, own, self._everything, alone=self.found[key].sole, within=within)
            known = self._kept[key, id(own)] = own, limit
        return known[1]


def _each(limits: Sequence[Limit], everything: int) -> Iterator[tuple[Limit, int]]:
    """Each limit with what all others let through."""
    after = [everything]
    for limit in reversed(limits):
        after.append(after[-1] & ~limit.taken)
    before = everything
    for limit, behind in zip(limits, reversed(after[:-1]), strict=True):
        yield limit, before & behind
        before &= ~limit.taken


def _tally(tally: Tally, limit: Limit, together: int, others: int, some: Alike) -> None:
    taken, near = together & limit.taken, together & others
    depends = near & (limit.conditional | limit.partly)
    if not taken and not depends:
        return
    tally.alone |= taken & others
    tally.also |= taken & ~others
    tally.conditional |= near & limit.conditional
    tally.partly |= near & limit.partly
    for has, numbers in some.has.items():
        if has & limit.taken:
            tally.sure.update(numbers)
        elif has & depends:
            tally.maybe.update(numbers)
    _parts(tally, limit, together, near)


def _parts(tally: Tally, limit: Limit, together: int, near: int) -> None:
    for number, clause in limit.denies:
        conditions = clause.statement.conditions
        blocked = together & clause.sure & limit.taken
        depends = near & clause.may & (limit.conditional | limit.partly)
        keys = dict.fromkeys(condition.key for condition in conditions) if depends else {}
        if blocked or depends:
            sid, was_blocked, was_depends, was_keys = tally.parts.get(number, (clause.statement.sid, 0, 0, {}))
            tally.parts[number] = sid, was_blocked | blocked, was_depends | depends, was_keys | keys
            tally.keys |= keys
    for clause in limit.allows:
        if near & limit.conditional & clause.may:
            tally.keys |= dict.fromkeys(condition.key for condition in clause.statement.conditions)


def _effect(tally: Tally, holders: Sequence[Holder], others: Others, everything: int) -> Effect:
    held = tally.held
    some = [*sorted(tally.sure), *sorted(tally.maybe - tally.sure)][:FEW]
    root, outsiders, outsiders_maybe = others.taken(tally.layer, held) if held else (0, 0, 0)
    return Effect(
        tally.layer,
        tally.id,
        tally.name,
        tuple(tally.places),
        tally.together,
        tally.alone,
        tally.also & ~tally.alone,
        tally.conditional,
        tally.partly & ~tally.conditional,
        tuple(_spelled(tally.keys)),
        tally.binds if tally.layer is Layer.BOUNDARY else len(holders),
        len(tally.sure),
        len(tally.maybe - tally.sure),
        tuple((holders[number].unique_id, holders[number].name) for number in some),
        tuple(
            Part(number, sid, blocked, depends, tuple(keys))
            for number, (sid, blocked, depends, keys) in sorted(tally.parts.items())
        ),
        root,
        outsiders,
        outsiders_maybe,
        held is not None and held.compiled.allow_sure == everything and not held.compiled.deny,
        unreadable(held) if held else "",
    )


def _spelled(keys: Iterable[str]) -> Iterator[str]:
    """Each once: two statements may spell one in different case."""
    yield from {key.lower(): key for key in reversed(list(keys))}.values()
