"""What rules share that ask for an account's guardrails: when SCPs do not bind it, or nobody can see them; and findings on
root, which SCPs may hold back."""

from __future__ import annotations

from findings.analysis.facts import Facts
from findings.analysis.guarding.root import root_held_back
from findings.rules.words import few, guardrails_seen, lowered
from findings.vocabulary import Clear, Json, Open, Rule, Unknown


def unguarded(facts: Facts) -> Clear | Unknown | None:
    """None: SCPs bind the account, and they are visible."""
    found = facts.guardrails
    if found.management:
        return Clear("it is the management account, which no SCP binds")
    if found.organization_id == "":
        return Clear("it is in no organization: AB108 tells it")
    if found.scp is None:
        return Unknown(found.unseen)
    if not found.scp:
        return Clear("the organization has SCPs switched off: GR105 tells it")
    return None


def held_back(title: str, evidence: dict[str, Json], rule: Rule, facts: Facts) -> Open:
    """A finding on the root user. Where SCPs keep it from administering the account, its severity is one step lower."""
    by = root_held_back(facts)
    told: dict[str, Json] = {**evidence, "blocked_by": list(by), "guardrails": guardrails_seen(facts)}
    if by:
        return Open(f"{title}, but what it may do is blocked by {few(by)}", told, lowered(rule.severity))
    return Open(title, told)
