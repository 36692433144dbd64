"""What one principal may do, and what each guardrail takes from what its policies grant: the sections of its page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collectors import records
from findings.analysis.admin import Admin
from findings.analysis.facts import Facts
from findings.analysis.holdings import Held
from findings.analysis.right_sizing import window_of
from findings.analysis.usage import use
from findings.policy.compiled import Compiled
from findings.policy.document import Unreadable
from iamdash.pages.matrix import GRAVITY, Matrix, matrix

EXAMPLES = 8


@dataclass(frozen=True)
class Blocking:
    """One guardrail. blocked: how many granted actions it takes away for sure; examples: the gravest. partly: how many it takes
    away for some resource or condition only. fault: why it could not be read."""

    level: str
    name: str
    blocked: int
    examples: tuple[str, ...]
    partly: int
    fault: str = ""


@dataclass(frozen=True)
class Permitted:
    """unknown: why its permissions are not fully known, "" when they are. unseen: why SCPs are not visible. exempt: why no SCP
    binds it."""

    matrix: Matrix
    admin: Admin | None
    unknown: str
    boundary: Blocking | None
    levels: tuple[tuple[str, tuple[Blocking, ...]], ...]
    unseen: str
    exempt: str


def permitted(principal: records.Role | records.User, facts: Facts) -> Permitted:
    permissions = facts.permissions
    guardrails = facts.guardrails
    held = permissions.library.boundary(principal)
    return Permitted(
        matrix(
            permissions.summary(principal),
            permissions.catalogue,
            permissions.reach(principal).upper,
            window_of(principal, facts, use(principal, facts)),
        ),
        permissions.admin(principal),
        permissions.unknown(principal),
        blocking(principal, facts, held, "") if held else None,
        tuple(_levels(principal, facts)),
        guardrails.unseen if guardrails.scp is None else "",
        _exempt(principal, facts),
    )


def _exempt(principal: records.Role | records.User, facts: Facts) -> str:
    if not facts.permissions.library.binds(principal):
        return "SCPs do not bind service-linked roles."
    if facts.guardrails.management:
        return "SCPs do not bind the management account of an organization."
    if facts.guardrails.organization_id == "":
        return "The account is in no organization, so no SCP binds it."
    return "" if facts.guardrails.scp != () else "The organization has no SCPs enabled."


def _levels(principal: records.Role | records.User, facts: Facts) -> Iterator[tuple[str, tuple[Blocking, ...]]]:
    library = facts.permissions.library
    if not library.binds(principal):
        return
    for level, many in zip(facts.guardrails.scp or (), library.levels or (), strict=False):
        allowed = 0
        for held in many:
            allowed |= facts.permissions.own(principal, held).allow
        blockings = [blocking(principal, facts, held, level.name, alone=False) for held in many]
        granted = facts.permissions.granted(principal).allow
        if not any(b.fault for b in blockings) and (missing := granted & ~allowed):
            blockings.append(_said(facts, level.name, "No SCP of this level allows", missing, 0))
        yield level.name, tuple(blockings)


def blocking(
    principal: records.Role | records.User, facts: Facts, held: Held, level: str, *, alone: bool = True
) -> Blocking:
    """alone: what it does not allow counts as well (a boundary); of SCPs any one of a level may allow."""
    document = held.named.document
    if isinstance(document, Unreadable):
        return Blocking(level, held.title, 0, (), 0, document.reason)
    granted, limit = facts.permissions.granted(principal).allow, facts.permissions.own(principal, held)
    return _said(facts, level, held.title, granted & _taken(limit, alone), (granted & limit.deny).bit_count())


def _taken(limit: Compiled, alone: bool) -> int:
    return (limit.deny_sure | ~limit.allow) if alone else limit.deny_sure


def _said(facts: Facts, level: str, name: str, taken: int, denied: int) -> Blocking:
    actions = facts.permissions.catalogue
    gravest = [name for grade in GRAVITY for name in actions.members(taken & actions.levels[grade])[:EXAMPLES]]
    surely = taken.bit_count()
    return Blocking(level, name, surely, tuple(gravest[:EXAMPLES]), max(0, denied - surely))
