"""Who is an administrator by what its policies allow, not by what they are called.

An administrator can do at least 80 % of everything that writes or manages permissions, on everything, and has a way to give
itself the rest. Conditions of the session (MFA, source address, region) take neither away: they are named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from collectors.records import Holder
from findings.policy.catalogue import Catalogue, Level, catalogue
from findings.policy.compiled import Compiled, Reach, effective
from findings.policy.keys import narrows

if TYPE_CHECKING:
    from findings.analysis.permissions import Permissions

KINDS = ("AWS-managed", "customer-managed", "inline")
COMBINED = "combined"
SHARE = 0.8
WAYS = (
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreatePolicyVersion",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
)


@dataclass(frozen=True, slots=True)
class Admin:
    """parts: the kinds of policy that each suffice, or "combined". by_part: the policies of each part. keys: condition keys
    of the session on which it hangs. blocked: the guardrails that block some of what an administrator may do, though not
    enough."""

    parts: tuple[str, ...]
    by_part: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()

    @property
    def policies(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(policy for policies in self.by_part for policy in policies))


@dataclass(frozen=True, slots=True)
class Measure:
    """ways: actions that can give anybody any permission. strong: all that write or manage permissions."""

    ways: int
    strong: int
    managing: int
    needed: float

    def admin(self, wide: int) -> bool:
        return bool(wide & self.ways) and (wide & self.strong).bit_count() >= self.needed

    def privileged(self, wide: int) -> bool:
        """Can give itself anything, or manages most of the permissions that other services keep."""
        return bool(wide & self.ways) or (wide & self.managing).bit_count() * 2 > self.managing.bit_count()


def measure() -> Measure:
    return _measure(catalogue().version)


@cache
def _measure(_version: str) -> Measure:
    actions: Catalogue = catalogue()
    managing = actions.levels[Level.PERMISSIONS]
    strong = managing | actions.levels[Level.WRITE]
    return Measure(actions.mask(WAYS), strong, managing, strong.bit_count() * SHARE)


def of_document(compiled: Compiled) -> bool:
    """Whether somebody with this document alone would be an administrator."""
    return measure().admin(effective(compiled, None, ()).wide)


def enough(reach: Reach) -> bool:
    """Whether it makes an administrator."""
    return measure().admin(reach.wide)


def judge(holder: Holder, permissions: Permissions) -> Admin | None:
    if not enough(permissions.reach(holder)):
        return None
    parts = {kind: _policies(holder, permissions, kind) for kind in KINDS if _alone(holder, permissions, kind)}
    if not parts:
        parts = {COMBINED: _policies(holder, permissions, "")}
    return Admin(tuple(parts), tuple(parts.values()), _keys(holder, permissions), _blocked(holder, permissions))


def _alone(holder: Holder, permissions: Permissions, kind: str) -> bool:
    identity = permissions.sets(holder, lambda held: held.kind == kind)
    return measure().admin(permissions.reach_of(holder, identity).wide)


def _policies(holder: Holder, permissions: Permissions, kind: str) -> tuple[str, ...]:
    """Titles of those that suffice alone; else of all that bring something an administrator needs."""
    of_kind = [(held, permissions.own(holder, held).wide) for held in permissions.library.of(holder)]
    of_kind = [(held, wide) for held, wide in of_kind if kind in ("", held.kind)]
    enough = [held for held, wide in of_kind if measure().admin(wide)]
    helping = [held for held, wide in of_kind if wide & measure().strong]
    return tuple(dict.fromkeys(held.title for held in enough or helping))


def _keys(holder: Holder, permissions: Permissions) -> tuple[str, ...]:
    """Of the allows, only where it is no administrator without the conditional ones; of the denies, all that deny everything
    of something strong under conditions of the session alone."""
    identity, boundary = permissions.granted(holder), permissions.boundary(holder)
    levels = permissions.levels(holder)
    limits = [*levels, *([boundary] if boundary else [])]
    keys = {key for one in (identity, *limits) for key in _denied_by(one)}
    plain = effective(_unconditional(identity), None, map(_unconditional, limits))
    if not measure().admin(plain.wide):
        keys |= {key for one in (identity, *limits) for key in _allowed_by(one)}
    return tuple(sorted(keys, key=str.lower))


def _denied_by(compiled: Compiled) -> Iterator[str]:
    for clause in compiled.clauses:
        if not clause.statement.allows and clause.met and clause.met.wide & measure().strong:
            conditions = clause.statement.conditions
            if not any(narrows(condition) for condition in conditions):
                yield from (condition.key for condition in conditions)


def _allowed_by(compiled: Compiled) -> Iterator[str]:
    for clause in compiled.clauses:
        if clause.statement.allows and clause.met and clause.wide & measure().strong:
            yield from (condition.key for condition in clause.statement.conditions)


def _unconditional(compiled: Compiled) -> Compiled:
    wide = 0
    for clause in compiled.clauses:
        if clause.statement.allows and clause.met is None:
            wide |= clause.wide
    return Compiled(wide=wide, deny_wide=compiled.deny_wide)


def guardrails_of(holder: Holder, permissions: Permissions) -> Iterator[tuple[str, Compiled]]:
    """Each guardrail by itself, with words for it: the boundary, what an SCP denies, what the SCPs of a level allow."""
    library, everything = permissions.library, permissions.catalogue.all
    boundary, held = permissions.boundary(holder), library.boundary(holder)
    if boundary is not None and held is not None:
        yield f"the permissions boundary {held.title}", boundary
    if not library.binds(holder):
        return
    names = [level.name for level in permissions.facts.guardrails.scp or ()]
    for name, level, limit in zip(names, library.levels or (), permissions.levels(holder), strict=True):
        for one in level:
            if one.compiled.deny_wide or one.compiled.personal:
                denied = permissions.own(holder, one).deny_wide
                yield f"SCP {one.named.name} at {name}", Compiled(wide=everything, deny_wide=denied)
        yield f"what the SCPs at {name} allow", Compiled(wide=limit.wide)


def why_not(holder: Holder, permissions: Permissions) -> str:
    identity = permissions.sets(holder)
    if not measure().admin(identity.wide):
        return "its policies do not make it an administrator"
    if not measure().admin(effective(identity, None, ()).wide):
        return "a Deny in its own policies takes administration away"
    guardrails = guardrails_of(holder, permissions)
    takers = (words for words, limit in guardrails if not measure().admin(_within(identity, limit)))
    taker = next(takers, "")
    return f"{taker} takes administration away" if taker else "boundary and SCPs together take administration away"


def _blocked(holder: Holder, permissions: Permissions) -> tuple[str, ...]:
    """Guardrails that take something strong away."""
    identity = permissions.sets(holder)
    strong = effective(identity, None, ()).wide & measure().strong
    guardrails = guardrails_of(holder, permissions)
    return tuple(words for words, limit in guardrails if strong & ~_within(identity, limit))


def _within(identity: Compiled, limit: Compiled) -> int:
    return effective(identity, None, (limit,)).wide


def privileged_by(holder: Holder, permissions: Permissions) -> tuple[str, ...]:
    if not measure().privileged(permissions.reach(holder).wide):
        return ()
    brought = [(held.title, permissions.own(holder, held).wide) for held in permissions.library.of(holder)]
    enough = [title for title, wide in brought if measure().privileged(wide)]
    return tuple(dict.fromkeys(enough or [title for title, wide in brought if wide & measure().managing]))
