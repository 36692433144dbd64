"""What binds the account, for the pages; written only when it is not what is stored."""

from __future__ import annotations

from collectors import records
from collectors.models import Account
from findings.analysis.facts import Facts
from findings.analysis.stored_guardrails import to_stored
from findings.models import AccountGuardrails


def write(account: Account, facts: Facts) -> None:
    """Inside the caller's transaction."""
    data = to_stored(facts)
    digest = records.digest(data)
    if AccountGuardrails.objects.filter(account=account, digest=digest).exists():
        return
    AccountGuardrails.objects.bulk_create(
        [AccountGuardrails(account=account, digest=digest, data=data)],
        update_conflicts=True,
        unique_fields=["account"],
        update_fields=["digest", "data"],
    )
