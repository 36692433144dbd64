"""The shared answers against the ones that each gets when nothing is shared, on accounts made by chance: tags, variables,
conditions on the own ARN, boundaries, SCPs, and many who have the same policies."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from findings.analysis.escalation import escalations, reaches_admin
from findings.analysis.escalation.alike import Alike
from findings.analysis.escalation.asking import Asker
from findings.analysis.facts import Facts
from tests.builders import ACCOUNT_ID, arn, group, instance_profile, trust
from tests.findings.analysis.escalation.accounts import ROOT, Account
from tests.findings.worlds import FULL_ACCESS, MFA, Document, allow, deny, document

ACTIONS = (
    *("*", "iam:*", "iam:*Policy", "iam:PassRole", "sts:AssumeRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"),
    *("iam:UpdateAssumeRolePolicy", "iam:CreatePolicyVersion", "iam:CreateUser", "iam:CreateRole", "iam:PutUserPolicy"),
    *("iam:CreateAccessKey", "iam:AddUserToGroup", "lambda:*", "ec2:*", "glue:*", "cloudformation:*", "s3:GetObject"),
)
RESOURCES = (
    *("*", "*", "*", arn("role", "*"), arn("role", "r-1*"), arn("policy", "p*"), f"arn:aws:iam::{ACCOUNT_ID}:*"),
    *(
        arn("user", "${aws:username}"),
        arn("role", "${aws:PrincipalTag/team}-*"),
        arn("role", "${aws:PrincipalTag/x, 'r'}*"),
    ),
    *(arn("role", "r-${iam:ResourceTag/team}*"), f"arn:aws:lambda:*:{ACCOUNT_ID}:function:x-*"),
)
CONDITIONS: tuple[Document, ...] = (
    *({}, {}, {}, MFA),
    {"StringEquals": {"aws:PrincipalTag/team": "a"}},
    {"ArnLike": {"aws:PrincipalArn": arn("role", "r-1*")}},
    {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    {"StringEquals": {"iam:ResourceTag/team": "a"}},
    {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
    {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}},
    {"ArnLike": {"cloudformation:RoleArn": arn("role", "r-2*")}},
    {"ArnLike": {"iam:PolicyARN": arn("policy", "p1")}},
    {"StringEquals": {"iam:PermissionsBoundary": arn("policy", "p0")}},
)
TRUSTS = (
    *(trust(Service=f"{name}.amazonaws.com") for name in ("lambda", "ec2", "glue", "cloudformation")),
    *(trust(AWS=who) for who in (ROOT, ROOT, "*", [arn("role", "r-3"), arn("user", "u-1")])),
    trust({**trust(AWS=ROOT)["Statement"][0], "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}),
)


def statement(random: Random) -> Document:
    some = random.sample(ACTIONS, random.randint(1, 3)), random.sample(RESOURCES, random.randint(1, 2))
    made = (deny if random.random() < 0.2 else allow)(*some)
    condition = random.choice(CONDITIONS)
    return {**made, **({"Condition": condition} if condition else {})}


def account(seed: int) -> Account:
    """Each set of policies is had by several, some of them under another name."""
    random, made = Random(seed), Account()
    bodies = [document(*(statement(random) for _ in range(random.randint(1, 3)))) for _ in range(6)]
    policies = [made.managed(f"p{number}", body) for number, body in enumerate(bodies[:3])]
    profiles = (instance_profile("i"),)

    def more() -> dict[str, Any]:
        own = {random.choice(("own", "other")): random.choice(bodies)}
        return {
            "inline": made.inline(**own),
            "attached": tuple(random.sample(policies, random.randint(0, 1))),
            "boundary": random.choice((None, None, *policies)),
            "tags": random.choice(({}, {"team": "a"}, {"Team": "r", "x": "r-1"})),
        }

    for number in range(14):
        profile = random.choice(((), profiles))
        made.role(f"r-{number}", trusts=random.choice(TRUSTS), instance_profiles=profile, **more())
    made.role("r-boss", allow("*"), trusts=random.choice(TRUSTS))
    for number in range(4):
        made.user(f"u-{number}", groups=random.choice(((), ("g",), ("g", "gone"))), **more())
    made.add(group("g", inline=made.inline(own=random.choice(bodies))))
    return made


def told(facts: Facts, backwards: bool = False) -> dict[str, object]:
    principals = [*facts.snapshot.roles, *facts.snapshot.users]
    found = {p.arn: (escalations(p, facts), reaches_admin(p, facts)) for p in principals[:: -1 if backwards else 1]}
    return {principal.arn: found[principal.arn] for principal in principals}


@pytest.mark.parametrize("seed", range(5))
def test_as_if_nothing_were_shared(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made, random = account(seed), Random(seed)
    scp = [FULL_ACCESS | {"stop": document({**statement(random), "Effect": "Deny"})}] if seed % 2 else ()
    shared = told(made.told(scp=scp)), told(made.told(scp=scp), backwards=True)
    monkeypatch.setattr(Alike, "signatures", lambda *_: {})
    monkeypatch.setattr(Alike, "signature", lambda _, principal, __, action: hash((principal.arn, action)))
    monkeypatch.setattr(Asker, "told_apart", lambda _, __, resource: resource)
    monkeypatch.setattr(Asker, "tells_apart", lambda *_: True)
    alone = told(made.told(scp=scp))
    assert shared == (alone, alone)


def test_a_deny_is_named_as_its_holder_calls_it() -> None:
    """Two have the same documents under other names."""
    made = Account()
    for name in ("one", "two"):
        bodies = {name: document(allow("iam:PutUserPolicy")), f"no-{name}": document(deny("iam:Put*"))}
        made.user(name, inline=made.inline(**bodies))
    facts = made.told()
    for name in ("one", "two"):
        (found,) = escalations(facts.user_by_arn[arn("user", name)], facts)
        assert [by.policy for by in found.by] == [f"inline:no-{name}"]
