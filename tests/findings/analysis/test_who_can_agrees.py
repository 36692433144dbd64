"""Who can, by groups of principals that are alike, against asking each principal by itself."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from findings.analysis.facts import Facts
from findings.analysis.who_can import Index
from tests.builders import ACCOUNT_ID, arn, group, role, trust, user
from tests.findings.worlds import EVERYTHING, FULL_ACCESS, MFA, POWER_USER, World, allow, deny, document

RED = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r1*"}}
BODIES = (
    EVERYTHING,
    document(allow(["s3:*", "sts:AssumeRole", "sts:TagSession"], "*", Condition=MFA)),
    document(allow("s3:GetObject", "arn:aws:s3:::b/*"), deny("s3:*", "arn:aws:s3:::b/secret*")),
    document(allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}/*")),
    document(deny("*", "*", Condition=RED)),
    document(
        allow("sqs:*"), allow("sts:*", arn("role", "target*"), Condition={"StringEquals": {"aws:username": "u1"}})
    ),
    document({"Effect": "Allow", "NotAction": "s3:*", "NotResource": arn("role", "target-closed")}),
    {"Statement": "broken"},
)
ANYONE = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
TRUSTS = {
    "account": trust(AWS=f"arn:aws:iam::{ACCOUNT_ID}:root"),
    "one": trust(AWS=[arn("role", "r3"), arn("user", "u1"), "arn:aws:iam::999999999999:role/r4"]),
    "id": trust(AWS="AROAR5"),
    "session": trust(AWS=f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/r6/me"),
    "anyone": trust(ANYONE),
    "asking": trust({**ANYONE, "Condition": RED}),
    "all-but": trust({"Effect": "Allow", "NotPrincipal": {"AWS": arn("user", "u1")}, "Action": "sts:AssumeRole"}),
    "closed": trust(Service="ec2.amazonaws.com"),
    "broken": {"Statement": 7},
}
QUESTIONS = [
    ("s3:GetObject", "arn:aws:s3:::b/k"),
    ("s3:GetObject", "arn:aws:s3:::b/secret"),
    ("s3:PutObject", "arn:aws:s3:::red/x"),
    ("iam:PassRole", arn("role", "target-closed")),
    ("sqs:SendMessage", "*"),
    *(("sts:AssumeRole", arn("role", f"target-{name}")) for name in TRUSTS),
]
SPARING = document(deny("s3:PutObject", "*", Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/r2"}}))
LEVELS: dict[str, Any] = {
    "no SCP": (),
    "SCPs not seen": None,
    "SCP that spares one": [FULL_ACCESS, FULL_ACCESS | {"spares": SPARING}],
    "SCP with a variable": [FULL_ACCESS | {"own": document(deny("s3:*", "arn:aws:s3:::${aws:username}/*"))}],
    "SCP that nobody can read": [{"broken": {"Statement": 7}}],
}


def account(scp: Any) -> Facts:
    world = World()
    edge = world.managed("edge", POWER_USER)
    holders: list[Any] = [role(f"target-{name}", trust=world.kept(body)) for name, body in TRUSTS.items()]
    for number, bodies in enumerate([*combinations(BODIES, 1), *combinations(BODIES, 2)]):
        inline = world.inline(**{f"p{n}": body for n, body in enumerate(bodies)})
        more: dict[str, Any] = {
            "boundary": edge if number % 3 == 0 else None,
            "tags": {"team": "red"} if number % 2 else {},
        }
        holders.append(role(f"r{number}", unique_id=f"AROAR{number}", inline=inline, **more))
        if number % 4 == 0:
            holders.append(role(f"twin{number}", inline=inline, **more))
            holders.append(user(f"u{number // 4}", inline=inline, groups=("g", "gone")[: number % 3], **more))
    return world.facts(*holders, group("g", inline=world.inline(all=BODIES[2])), scp=scp)


@pytest.mark.parametrize("scp", LEVELS.values(), ids=LEVELS.keys())
def test_as_each_by_itself(scp: Any) -> None:
    facts = account(scp)
    index, ask = Index(facts), facts.permissions.decide
    for action, resource in QUESTIONS:
        each = ((holder.arn, ask(holder, action, resource)) for holder in index.holders)
        expected = [(who, decision) for who, decision in each if decision.verdict != "denied"]
        assert [(can.holder.arn, can.decision) for can in index.who_can(action, resource)] == expected, (
            action,
            resource,
        )


def test_those_that_are_alike_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SCP that spares one role by name, and a trust that names another, keep nobody else apart."""
    world = World()
    own = world.inline(own=document(allow(["s3:*", "sts:*"])))
    holders = [role(f"r{number}", inline=own, trust=world.kept(TRUSTS["one"])) for number in range(50)]
    index = Index(world.facts(*holders, scp=[FULL_ACCESS | {"spares": SPARING}]))
    asked: list[str] = []
    real = index.facts.permissions.policies_for
    monkeypatch.setattr(
        index.facts.permissions, "policies_for", lambda holder, *rest: asked.append(holder.name) or real(holder, *rest)
    )
    assert [can.holder.name for can in index.who_can("s3:PutObject", "arn:aws:s3:::b/k")] == ["r2"]
    assert len(asked) == 2
    assert [can.holder.name for can in index.who_can("sts:AssumeRole", holders[7].arn)] == ["r3"]
    assert len(asked) <= 6
