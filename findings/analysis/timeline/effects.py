"""What a change of policies lets be done that could not be, and no longer lets be done.

By what the entity's own policies, groups and boundary say; SCPs stand apart, with changes of their own. A managed policy
counts with the document it has now: when it changed, that is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from collectors import records
from collectors.records import Group, Holder, Policy, Principal, Role, User
from findings.analysis.facts import Facts
from findings.analysis.planned.widened import GRAVE
from findings.analysis.timeline.causes import GONE, MADE
from findings.analysis.timeline.model import Data
from findings.analysis.widened import newly_admitted
from findings.analysis.wildcards import services_of
from findings.policy.catalogue import Catalogue
from findings.policy.compiled import Compiled, effective, union
from findings.policy.document import Document, Unreadable, read
from findings.policy.widening import Gain, gained

HOLDERS: Mapping[str, type[Any]] = {"role": Role, "user": User, "group": Group}
OF_DOCUMENT = {"policy": "document", "organization_policy": "document", "permission_set": "inline"}  # kind -> its field
OF_HOLDER = frozenset({"attached", "inline", "boundary", "groups", MADE, GONE})
FEW = 8


@dataclass(frozen=True, slots=True)
class Effect:
    """Masks of actions, and where: "3 actions on arn:...". admits: who may newly assume the role; shuts: who no longer may.
    unknown: why it cannot be told."""

    gained: int = 0
    lost: int = 0
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    admits: tuple[str, ...] = ()
    shuts: tuple[str, ...] = ()
    unknown: str = ""

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost or self.admits or self.shuts or self.unknown)


class Effects:
    """policies, groups: also those that have gone, by ARN and by name. bodies: documents by digest, which the facts lack."""

    def __init__(
        self,
        facts: Facts,
        policies: Mapping[str, Policy],
        groups: Mapping[str, Group],
        bodies: Mapping[str, Any] | None = None,
    ) -> None:
        self._facts = facts
        self._bodies = bodies or {}
        self._policies = {**policies, **facts.policy_by_arn}
        self._groups = {**groups, **facts.groups_by_name}
        self._library = facts.permissions.library

    @property
    def catalogue(self) -> Catalogue:
        return self._library.catalogue

    def of(self, kind: str, was: Data | None, now: Data | None, fields: frozenset[str]) -> Effect:
        """Of those differences of an entity's record that fields names; nothing, where they say nothing of permissions."""
        if was is not None and now is not None:
            now = {**was, **{name: now.get(name) for name in fields}}
        if (field := OF_DOCUMENT.get(kind)) and fields & {field, MADE, GONE}:
            return self._between(_own(kind, was, field), _own(kind, now, field))
        if kind not in HOLDERS or not fields & (OF_HOLDER | {"trust"}):
            return Effect()
        try:
            old, new = (_record(HOLDERS[kind], one) for one in (was, now))
        except msgspec.ValidationError:
            return Effect(unknown="a record of it cannot be read")
        found = self._of_holder(old, new) if fields & OF_HOLDER else Effect()
        if isinstance(old or new, Role) and fields & {"trust", MADE, GONE}:
            found = replace(found, admits=self._admits(old, new), shuts=self._admits(new, old))
        return found

    def _of_holder(self, old: Holder | None, new: Holder | None) -> Effect:
        return self._between(self._digests(old), self._digests(new), self._bound(old), self._bound(new))

    def _between(
        self, old: Iterable[str], new: Iterable[str], bound: str | None = None, bounds: str | None = None
    ) -> Effect:
        """By digests of documents, and of those of the boundaries; "" is one that was not collected, None is none."""
        digests = [list(old), list(new)]
        used = {*digests[0], *digests[1], *(one for one in (bound, bounds) if one is not None)}
        if faults := [fault for digest in sorted(used) if (fault := self._fault(digest))]:
            return Effect(unknown=faults[0])
        before, after = (union([self._compile(one) for one in some]) for some in digests)
        was, now = (
            effective(compiled, None if limit is None else self._compile(limit), ()).upper
            for compiled, limit in ((before, bound), (after, bounds))
        )
        gains = list(_within(gained(before, after, self.catalogue), now))
        losses = list(_within(gained(after, before, self.catalogue), was))
        return Effect(_mask(gains) | (now & ~was), _mask(losses) | (was & ~now), _where(gains), _where(losses))

    def _digests(self, holder: Holder | None) -> Iterator[str]:
        if holder is None:
            return
        yield from (self._document_of(arn) for arn in holder.attached)
        yield from holder.inline.values()
        for name in holder.groups if isinstance(holder, User) else ():
            if name in self._groups:
                yield from self._digests(self._groups[name])

    def _bound(self, holder: Holder | None) -> str | None:
        arn = holder.boundary if isinstance(holder, Principal) else None
        return self._document_of(arn) if arn else None

    def _document_of(self, arn: str) -> str:
        return self._policies[arn].document if arn in self._policies else ""

    def _fault(self, digest: str) -> str:
        if not digest:
            return "a policy of it was not collected"
        found = self._document(digest)
        return f"a document cannot be read: {found.reason}" if isinstance(found, Unreadable) else ""

    def _document(self, digest: str) -> Document | Unreadable:
        return read(self._bodies[digest]) if digest in self._bodies else self._facts.document(digest)

    def _compile(self, digest: str) -> Compiled:
        return self._library.compile(digest, self._document(digest))

    def _admits(self, was: Holder | None, now: Holder | None) -> tuple[str, ...]:
        if not isinstance(now, Role):
            return ()
        if isinstance(was, Role):
            return _once(newly_admitted(was, now, self._facts))
        return _once(one.principal for one in self._facts.admitted(now) if one.kind != "deleted")


def _own(kind: str, data: Data | None, field: str) -> list[str]:
    """A permission set without an inline policy has "" there; a policy's document is "" where it was not read."""
    digest = str(data.get(field) or "") if data else ""
    return [digest] if digest or (data and kind != "permission_set") else []


def _record(record: type[Any], data: Data | None) -> Any:
    return records.from_json(record, {k: v for k, v in data.items() if v is not None}) if data else None


def _within(gains: Iterable[Gain], upper: int) -> Iterator[Gain]:
    return (Gain(gain.mask & upper, gain.resource, gain.lifted) for gain in gains if gain.mask & upper)


def _mask(gains: Iterable[Gain]) -> int:
    return reduce(or_, (gain.mask for gain in gains), 0)


def _where(gains: Iterable[Gain]) -> tuple[str, ...]:
    words = (f"{gain.mask.bit_count()} on {gain.resource}{', no longer denied' * gain.lifted}" for gain in gains)
    return _once(words)


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:FEW]


def plain(mask: int, on: tuple[str, ...], actions: Catalogue) -> dict[str, Any]:
    """As it is stored: {"n", "levels": {level: how many}, "services", "examples" (the gravest), "on"}; {} for nothing."""
    if not mask:
        return {}
    levels = {level.value: (mask & actions.levels[level]).bit_count() for level in GRAVE}
    examples = (name for level in GRAVE for name in actions.members(mask & actions.levels[level])[:FEW])
    return {
        "n": mask.bit_count(),
        "levels": {level: n for level, n in levels.items() if n},
        "services": list(services_of(mask, actions)[:FEW]),
        "examples": list(examples)[:FEW],
        "on": list(on),
    }
