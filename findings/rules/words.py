"""Small helpers for the words and severities of findings."""

from __future__ import annotations

from collections.abc import Sequence

from findings.analysis.facts import Facts
from findings.vocabulary import Severity

MOST_NAMES = 5


def few(names: Sequence[str], what: str = "more") -> str:
    """ "s3, kms and 12 more"."""
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[: MOST_NAMES - 1])} and {len(names) - MOST_NAMES + 1} {what}"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def sentence(text: str) -> str:
    """With a capital, whatever it starts with."""
    return text[:1].upper() + text[1:]


def lowered(severity: Severity) -> Severity:
    """One step, as where a guardrail blocks the dangerous part (RULES.md, conventions)."""
    return Severity(max(severity - 1, Severity.INFO))


def guardrails_seen(facts: Facts) -> str:
    """What to say of SCPs in evidence: "" when they are visible."""
    return "" if facts.guardrails.scp is not None else "SCPs not visible"
