"""Access Advisor is asked about roles and users one by one: who was not read keeps what was said. In PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors import models, records
from collectors.records import State
from findings.analysis.facts import Settings
from findings.engine import judge_account
from findings.models import Finding, RuleState, Unknown
from findings.rules import registry
from tests.builders import AS_OF, coverage, last_accessed, role
from tests.findings.engine.inventory import put
from tests.findings.rules.policies import allow, document

BODY = document(allow(["s3:GetObject", "ec2:RunInstances", "bedrock:InvokeModel"]))
ONLY = Settings(off=frozenset(registry.catalogue()) - {"LP104", "LP106"})
LATER = AS_OF + timedelta(days=3)


def app(name: str) -> records.Role:
    return role(name, unique_id=f"AROA{name.upper()}", used=1, inline={"own": records.digest(BODY)})


def collected(account: models.Account, *entities: records.Record, state: State = State.COMPLETE) -> None:
    covered = coverage(GenerateServiceLastAccessedDetails=state, GetServiceLastAccessedDetails=state)
    put(account, *entities, covered=covered)
    models.Document.objects.get_or_create(account=account, digest=records.digest(BODY), defaults={"body": BODY})


def stand(account: models.Account) -> dict[tuple[str, str], str]:
    return {(one.code, one.subject_name): one.status for one in Finding.objects.filter(account=account)}


@pytest.mark.parametrize("state", [State.PARTIAL, State.THROTTLED, State.DENIED])
@pytest.mark.parametrize("kept", [True, False])
def test_only_whom_was_read_again_is_resolved(account: models.Account, state: State, kept: bool) -> None:
    read, left = app("read"), app("left")
    silent: dict[str, Any] = {"s3": 1, "ec2": None, "bedrock": None}
    collected(account, read, left, last_accessed(read, **silent), last_accessed(left, **silent))
    judge_account(account.pk, AS_OF, ONLY)
    open_ = {(code, name): "open" for code in ("LP104", "LP106") for name in ("read", "left")}
    assert stand(account) == open_
    old = [last_accessed(left, **silent)] if kept else []
    again = last_accessed(read, read=-2.9, s3=1, ec2=-2.8, bedrock=-2.8)
    collected(account, read, left, again, *old, state=state)
    judge_account(account.pk, LATER, ONLY)
    assert stand(account) == open_ | {("LP104", "read"): "resolved", ("LP106", "read"): "resolved"}
    unknown = Unknown.objects.filter(account=account).values_list("code", "subject_name")
    assert sorted(unknown) == [("LP104", "left"), ("LP106", "left")]
    state_of = RuleState.objects.get(account=account, code="LP104")
    assert (state_of.n_clear, state_of.n_unknown, state_of.reason) == (1, 1, "")


def test_while_nobody_was_read_lately_one_row_says_so_for_all(account: models.Account) -> None:
    one, other = app("one"), app("other")
    collected(account, one, other, last_accessed(one, read=3, s3=None, ec2=None, bedrock=None), state=State.DENIED)
    judge_account(account.pk, AS_OF, ONLY)
    assert stand(account) == {}
    rows = Unknown.objects.filter(account=account).values_list("code", "subject_id")
    assert sorted(rows) == [("LP104", ""), ("LP106", "")]
