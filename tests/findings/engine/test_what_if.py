"""Totals over the rows of use, made in sets by the database, against each row by itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from collectors.models import Account, UsageDaily, UsageResource
from findings.analysis.what_if import Candidate, Kind, UsedRow, Verdict
from findings.analysis.what_if.decide import decide
from findings.engine.what_if import WhatIf, worst
from findings.engine.what_if_rows import parts_of
from tests.builders import role, user
from tests.findings.analysis.what_if.used import candidate, rcp, scp
from tests.findings.worlds import allow, deny
from tests.pages.acted import actor, named, used

AWAY = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
CANDIDATES: dict[str, Candidate] = {
    "region": scp(deny("*", Condition=AWAY), deny("s3:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})),
    "session": scp(deny("*", Condition={"Bool": {"aws:ViaAWSService": "false", "aws:MultiFactorAuthPresent": "true"}})),
    "key": scp(deny("*", Condition={"Null": {"aws:MultiFactorAuthPresent": "true"}})),
    "principal": scp(deny("*", Condition={"ArnLike": {"aws:PrincipalArn": "*:role/r1*"}})),
    "bucket": scp(deny("*", "arn:aws:s3:::logs/*")),
    "list": scp(allow("s3:*", "arn:aws:s3:::logs/*"), allow("ec2:*")),
    "boundary": candidate(Kind.BOUNDARY, allow("s3:*"), principals=("*:role/*",)),
    "owner": rcp(deny(["s3:*", "sqs:*"])),
}  # fmt: skip


@pytest.fixture
def full(account: Account) -> Account:
    """Principals that call by every kind of session in two regions, and name resources of ours and of others."""
    whose = [role("r1"), role("r2"), user("u1"), "config.amazonaws.com"]
    calls = ("s3 PutObject", "s3 CopyObject", "ec2 RunInstances", "sqs SendMessage", "ec2 NobodyKnows")
    for n, one in enumerate(whose):
        for m, call in enumerate(calls):
            key = "AKIAX" if n == 2 and m % 2 else ""
            used(account, one, call, days=n + 1, n=3 + m, denied=m % 2, key=key)
            used(account, one, call, days=n + 2, n=3, region="us-east-1")
            UsageDaily.objects.filter(principal=actor(account, one)).update(session_kind=n)
        named(account, one, "s3 PutObject", ("arn:aws:s3:::logs/a/*", "arn:aws:s3:::data/a/*")[n % 2], n=3)
        named(
            account, one, "sqs SendMessage", f"arn:aws:sqs:eu-west-1:{('000000000001', '999999999999')[n % 2]}:q", n=6
        )
    return account


def by_hand(what_if: WhatIf, account: Account) -> Counter[Verdict]:
    found: Counter[Verdict] = Counter()
    for day in UsageDaily.objects.select_related("principal", "event"):
        who, event = day.principal, day.event
        about = UsageResource.objects.filter(principal=who, event=event)
        resources = tuple(about.values_list("resource", flat=True)) if event.name != "CopyObject" else ()
        told: dict[str, Any] = {"region": day.region, "session_kind": day.session_kind, "long_term": bool(day.key)}
        rows = [
            UsedRow(account.aws_id, who.unique_id, who.arn, who.actor, event, action, resources=resources, **told)
            for _, event, action in parts_of(what_if.decider, event.source, event.name)
        ]
        found[worst(decide(what_if.decider.candidate, row) for row in rows).verdict] += day.n - day.denied
    return found


@pytest.mark.parametrize("name", CANDIDATES)
def test_sets_agree_with_rows(name: str, full: Account) -> None:
    what_if = WhatIf(CANDIDATES[name], {full.pk: full.aws_id}, timezone.now().date())
    answer, rows = what_if.answer(), by_hand(what_if, full)
    assert (answer.blocked.n, answer.undecidable.n) == (rows[Verdict.BLOCKED], rows[Verdict.UNDECIDABLE])
    assert answer.used == 4
    shown = [
        one for one in what_if.concerned(answer.blocked.most(), Verdict.BLOCKED) if one.row.event[-10:] != "CopyObject"
    ]
    assert all(one.row.n > 0 for one in shown)
    assert {one.row.principal_id for one in shown} <= {
        answer.principals[pk].principal_id for pk in answer.blocked.calls
    }
