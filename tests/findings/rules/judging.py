"""Judges records by one rule, as the registry does, and shows verdicts as short lines for tables of expectations."""

from __future__ import annotations

from typing import Any

from collectors import records
from collectors.records import State
from findings.rules import registry
from findings.vocabulary import Verdict
from tests import builders


def verdicts(code: str, *entities: records.Record, **more: Any) -> list[Verdict]:
    return list(registry.judge(builders.facts(*entities, **more), [registry.catalogue()[code]]))


def statuses(code: str, *entities: records.Record, **more: Any) -> list[str]:
    """ "open", "open high part", "clear", "unknown"; the severity only where it is not the rule's own."""
    return [_short(v) for v in verdicts(code, *entities, **more)]


def _short(verdict: Verdict) -> str:
    words = [verdict.status.value]
    if verdict.severity != verdict.rule.severity:
        words.append(verdict.severity.slug)
    return " ".join([*words, verdict.part]).strip()


def denied(*apis: str) -> tuple[records.Coverage, ...]:
    return builders.coverage(**dict.fromkeys(apis, State.DENIED))
