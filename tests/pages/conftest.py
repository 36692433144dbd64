from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from collectors.models import Account, Connection, Coverage, Principal, Run
from findings.models import Finding, PrincipalPosture, RuleState
from tests.conftest import AS_OF


class Made:
    """Rows of an account, made without collecting: for pages whose question is what they show of them."""

    def __init__(self, account: Account) -> None:
        self.account = account
        Connection.objects.create(account=account)

    def coverage(self, api: str = "iam:GetAccountSummary", state: str = "complete", **more: Any) -> Coverage:
        complete = {"complete_at": AS_OF} if state == "complete" else {}
        return Coverage.objects.create(
            account=self.account, source="account", api=api, state=state, observed_at=AS_OF, **complete, **more
        )

    def role(self, name: str = "deploy", **posture: Any) -> Principal:
        arn = f"arn:aws:iam::{self.account.aws_id}:role/{name}"
        data = {"unique_id": f"AROA{name}", "name": name, "arn": arn, "created_at": AS_OF.isoformat(), "trust": "t"}
        role = Principal.objects.create(
            account=self.account, unique_id=f"AROA{name}", type="role", name=name, arn=arn, path="/", created_at=AS_OF,
            data=data, digest="d", data_digest="d", seen_from=AS_OF,
        )  # fmt: skip
        if posture:
            PrincipalPosture.objects.create(
                account=self.account, principal=role, kind="unknown", confidence="low", reasons=[], **posture
            )
        return role

    def finding(
        self, code: str = "LP101", severity: int = 3, at: datetime = AS_OF, subject: str = "r", **more: Any
    ) -> Finding:
        return Finding.objects.create(
            account=self.account, code=code, practice=code[:2], severity=severity, subject_type="role", evidence={},
            subject_id=subject, subject_name=subject, title=f"{code} of {subject}", first_opened_at=at, opened_at=at, **more,
        )  # fmt: skip

    def state(self, code: str = "LP101", **counts: int) -> RuleState:
        numbers = {"n_subjects": 10, "n_open": 0, "n_clear": 10, "n_unknown": 0} | counts
        return RuleState.objects.create(account=self.account, code=code, as_of=AS_OF, **numbers)

    def run(self, *sources: str, state: str = "done", finished: bool = True, **more: Any) -> Run:
        run = Run.objects.create(account=self.account, reason="schedule", finished_at=AS_OF if finished else None)
        for source in sources:
            run.job_set.create(account=self.account, source=source, state=state, **more)
        return run


@pytest.fixture
def made(account: Account) -> Made:
    return Made(account)


@pytest.fixture
def elsewhere(other_account: Account) -> Made:
    return Made(other_account)
