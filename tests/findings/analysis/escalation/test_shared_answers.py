"""Answers are shared among those who are alike: nobody may get another one's."""

from __future__ import annotations

from itertools import product
from typing import Any

from findings.analysis.escalation import escalations, reaches_admin
from tests.builders import arn, group, trust
from tests.findings.analysis.escalation.accounts import ROOT, Account
from tests.findings.worlds import FULL_ACCESS, MFA, Document, allow, deny, document

MANY = ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction", "iam:PutUserPolicy", "sts:AssumeRole"]
SELF = arn("user", "${aws:username}")
GIVEN: tuple[tuple[Document, ...], ...] = (
    (allow(MANY),),
    (allow(MANY, SELF),),
    (allow(MANY), deny("iam:*", SELF)),
    (allow(MANY, Condition=MFA),),
    (allow(MANY, Condition={"StringEquals": {"aws:PrincipalTag/team": "a"}}),),
    (allow(MANY, Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}),),
    (allow(MANY), deny("iam:PassRole", Condition={"ArnLike": {"aws:PrincipalArn": arn("user", "*-a-*")}})),
)
SCPS = {
    "region": document(
        deny(
            "lambda:*",
            Condition={
                "StringNotEquals": {"aws:RequestedRegion": "eu-west-1"},
                "ArnNotLike": {"aws:PrincipalArn": arn("user", "*-a-*")},
            },
        )
    ),
    "stop": document(deny("iam:Put*", Condition={"StringEquals": {"aws:PrincipalTag/team": "b"}})),
}


def account() -> Account:
    made = Account()
    edge = made.managed("edge", document(allow("*"), deny("sts:*", Sid="Edge")))
    for number, (given, team, bounded) in enumerate(product(GIVEN, ("a", "b"), (False, True))):
        more: dict[str, Any] = {"boundary": edge} if bounded else {}
        groups = ("staff",) if number % 3 == 0 else ()
        made.user(f"u-{team}-{number}", *given, tags={"team": team}, groups=groups, **more)
    made.add(group("staff", inline=made.inline(own=document(deny("iam:Put*", Sid="Staff")))))
    both = trust(trust(Service="lambda.amazonaws.com")["Statement"][0], trust(AWS=ROOT)["Statement"][0])
    made.role("boss-a", allow("*"), trusts=both, tags={"team": "a"})
    made.role("boss-b", allow("*"), trusts=trust(AWS=arn("user", "u-b-2")), tags={"team": "b"})
    return made


def test_each_gets_what_it_would_get_alone() -> None:
    made = account()

    def told(name: str, facts: Any) -> Any:
        principal = facts.user_by_arn[arn("user", name)]
        return escalations(principal, facts), reaches_admin(principal, facts)

    levels = [FULL_ACCESS | SCPS]
    names = [one.name for one in made.entities if ":user/" in one.arn]
    together = made.told(scp=levels)
    shared = [told(name, together) for name in names]
    assert shared == [told(name, made.told(scp=levels)) for name in names]
    assert len({str(found) for found, _ in shared}) > len(GIVEN)
