"""Acceptances without a page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from collectors.models import Account
from findings.models import Acceptance
from findings.vocabulary import Severity
from tests.builders import AS_OF


def accepted(account: Account | None = None, **terms: Any) -> Acceptance:
    """An acceptance of everything in the account, or of what the terms say, made a day before AS_OF and for 30 days."""
    given: dict[str, Any] = {
        "scope": "account" if account else "all",
        "severity": Severity.CRITICAL,
        "reason": "known",
        "owner": "team",
        "set_by": "anna",
        "set_at": AS_OF - timedelta(days=1),
        "expires_at": AS_OF + timedelta(days=30),
    }
    return Acceptance.objects.create(account=account, **(given | terms))
