"""Whose permissions, or whose door, a planned change makes wider: by actions, by the resources and conditions of actions that
were there, by guardrails that go, by who may come in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collectors.records import Group, Role, User
from findings.analysis.facts import Facts
from findings.analysis.widened import Widened, of_holder
from findings.policy.catalogue import Level, catalogue
from findings.policy.document import Unreadable

SHOWN = 12
GRAVE = (Level.PERMISSIONS, Level.WRITE, Level.TAGGING, Level.READ, Level.LIST, Level.UNKNOWN)
Holder = Role | User | Group


@dataclass(frozen=True, slots=True)
class Widening:
    """kind: role, user, group. new: it is not there yet. gained: level -> how many actions it may use that it could not, on
    some resource; examples: the gravest of them; on: where, as far as policies tell. causes: what changed. admits: who may
    newly assume the role. unknown: why its new permissions, or its door, cannot be told."""

    kind: str
    name: str
    arn: str
    new: bool
    gained: dict[str, int]
    examples: tuple[str, ...]
    on: tuple[str, ...]
    causes: tuple[str, ...]
    admits: tuple[str, ...]
    unknown: str = ""


def widenings(before: Facts, after: Facts) -> Iterator[Widening]:
    for kind, olds, news in (
        ("role", before.snapshot.roles, after.snapshot.roles),
        ("user", before.snapshot.users, after.snapshot.users),
        ("group", before.snapshot.groups, after.snapshot.groups),
    ):
        known: dict[str, Holder] = {one.unique_id: one for one in olds}
        for holder in news:
            yield from _widening(kind, known.get(holder.unique_id), holder, before, after)


def _widening(kind: str, old: Holder | None, new: Holder, before: Facts, after: Facts) -> Iterator[Widening]:
    found = of_holder(old, new, after, before.permissions) if old else _all_of(new, after)
    unknown = _unknown(new, after)
    if old and unknown == _unknown(old, before):
        unknown = ""
    if not (found or unknown):
        return
    actions = catalogue()
    counts = {level.value: (found.mask & actions.levels[level]).bit_count() for level in GRAVE}
    gravest = [name for level in GRAVE for name in actions.members(found.mask & actions.levels[level])[:SHOWN]]
    yield Widening(
        kind,
        new.name,
        new.arn,
        old is None,
        {level: n for level, n in counts.items() if n},
        tuple(gravest[:SHOWN]),
        found.where[:SHOWN],
        found.causes if old else (),
        found.admits,
        unknown,
    )


def _all_of(new: Holder, facts: Facts) -> Widened:
    """A new one gains all that it may."""
    admitted = facts.admitted(new) if isinstance(new, Role) else ()
    admits = tuple(dict.fromkeys(one.principal for one in admitted if one.kind != "deleted"))
    return Widened(mask=facts.permissions.reach(new).upper, admits=admits)


def _unknown(holder: Holder, facts: Facts) -> str:
    reasons = [facts.permissions.unknown(holder)]
    trust = facts.document(holder.trust) if isinstance(holder, Role) else None
    if isinstance(trust, Unreadable):
        reasons.append(f"its trust policy cannot be read: {trust.reason}")
    return "; ".join(filter(None, reasons))
