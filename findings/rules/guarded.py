"""What the rules on an account's guardrails share: when SCPs do not bind it, or nobody can see them."""

from __future__ import annotations

from findings.analysis.facts import Facts
from findings.vocabulary import Clear, Unknown


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
