"""What an open finding needs to be denied before it closes. An expectation, by which statements are chosen; whether it closes is
judged (closing.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from findings.analysis.escalation.paths import catalogue as paths
from findings.analysis.proposed.groups import FIXED, REGIONS, ROOT, Atom, service

BY_ACTION = {action: Atom(group.key, action) for group in FIXED for action in group.actions}
ANY_SCP, BASELINE, REGION_RULE = "GR104", "GR106", "GR113"
SERVICE_RULES, MAKERS = ("LP104", "LP106"), "GR101"
LOWERED = "LP301"  # it stays open, one step lower, when a guardrail blocks every path
CODES = (ANY_SCP, BASELINE, REGION_RULE, *SERVICE_RULES, MAKERS, LOWERED)
WHOLE = {"root": Atom(ROOT, "*"), "regions": Atom(REGIONS, "*")}  # by part of BASELINE


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """account: its AWS id. weight: of its severity."""

    account: str
    code: str
    part: str
    weight: int
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """needs: all of these, or one if `any`; (): any SCP will do. account "": of the organization."""

    account: str
    weight: int
    needs: frozenset[Atom]
    any: bool = False


def targets(findings: Iterable[OpenFinding]) -> Iterator[Target]:
    """Of those that something we can propose would close."""
    for one in findings:
        if one.code == LOWERED:
            path = paths().get(str(one.evidence.get("path", "")))
            if some := frozenset(BY_ACTION[a] for a in (path.actions if path else ()) if a in BY_ACTION):
                yield Target(one.account, one.weight, some, any=True)
        elif (needs := _needs(one)) is not None:
            yield Target("" if one.code == REGION_RULE else one.account, one.weight, needs)


def _needs(one: OpenFinding) -> frozenset[Atom] | None:
    if one.code == ANY_SCP:
        return frozenset()
    if one.code == REGION_RULE:
        return frozenset({WHOLE["regions"]})
    if one.code == BASELINE:
        return frozenset({WHOLE[one.part]}) if one.part in WHOLE else _actions(one.evidence.get("actions"))
    if one.code in SERVICE_RULES:
        told = one.evidence.get("services") or [one.part]
        return frozenset(service(str(prefix)) for prefix in told) or None
    return _actions(one.evidence.get("actions"))


def _actions(told: Any) -> frozenset[Atom] | None:
    """None: something of it is in no statement of ours."""
    named = [str(action) for action in told] if isinstance(told, list | tuple) else []
    return frozenset(BY_ACTION[a] for a in named) if named and all(a in BY_ACTION for a in named) else None
