"""Rows for page tests: findings without a judgement, and names that somebody chose with bad intent."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from collectors.models import Account, Coverage
from findings.engine import account_day
from findings.models import Finding, RuleState
from findings.vocabulary import Practice, Severity

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("https://example.com","x")'
BACKWARDS = "admin\u202egnp.exe"
LONG_PATH = "/" + "a/" * 255 + "z/"
HOSTILE = (SCRIPT, FORMULA, BACKWARDS, LONG_PATH)
_numbers = itertools.count(1)


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def finding(account: Account, code: str = "LP101", **fields: Any) -> Finding:
    """An open finding of a role. Give resolved_at for a resolved one."""
    n = next(_numbers)
    given: dict[str, Any] = {
        "practice": Practice.of(code).prefix,
        "severity": Severity.MEDIUM,
        "subject_type": "role",
        "subject_id": f"AROA{n:016d}",
        "subject_name": f"role-{n}",
        "subject_arn": f"arn:aws:iam::{account.aws_id}:role/role-{n}",
        "title": f"Role role-{n} has not been used since 2026-01-01",
        "evidence": {},
        "opened_at": ago(days=30, seconds=n),
    }
    given |= fields
    given.setdefault("first_opened_at", given["opened_at"])
    if "resolved_at" in given:
        given = {"resolved_why": Finding.Why.CLEAR} | given | {"status": Finding.Status.RESOLVED}
    made = Finding.objects.create(account=account, code=code, **given)
    if made.resolved_at:
        account_day.write_ended(account, made.resolved_at, [made])
    return made


def covered(account: Account, api: str = "iam:GetAccountAuthorizationDetails", state: str = "complete") -> Coverage:
    now = timezone.now()
    complete = {"complete_at": now} if state == "complete" else {"permission": api}
    return Coverage.objects.create(account=account, source="test", api=api, state=state, observed_at=now, **complete)


def checked(account: Account, code: str = "LP101", **fields: Any) -> RuleState:
    given = {"n_subjects": 42, "n_open": 0, "n_clear": 42, "n_unknown": 0, "as_of": timezone.now()}
    return RuleState.objects.create(account=account, code=code, **(given | fields))
