"""All rows at once, by what a candidate reads of them, against `evaluate` row by row, on made-up documents and rows."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from collectors.activity.evidence import CONSOLE, MFA, PLAIN, SERVICE
from findings.analysis.what_if import Kind, UsedRow
from findings.analysis.what_if.alike import Decider
from findings.analysis.what_if.decide import decide
from tests.builders import ACCOUNT_ID, arn
from tests.findings.analysis.what_if import used

ACTIONS = (
    "s3:GetObject", "s3:ListAllMyBuckets", "s3:PutObject", "iam:CreateUser", "iam:DeleteRole", "ec2:RunInstances",
    "sts:AssumeRole", "sts:GetCallerIdentity", "kms:Decrypt", "nobody:KnowsThis",
)  # fmt: skip
PATTERNS = ("*", "s3:*", "s3:Get*", "iam:*", "iam:DeleteRole", "ec2:RunInstances", "sts:*", "kms:*", "*:*ObJect")
RESOURCES = (
    "*",
    "arn:aws:s3:::logs/*",
    "arn:aws:s3:::logs/2026/a*",
    "arn:aws:s3:::${aws:PrincipalTag/team}/*",
    arn("role", "app"),
    "arn:aws:iam::*:role/${aws:username}",
    "arn:aws:ec2:eu-west-1:*:instance/*",
)
NAMED = ("arn:aws:s3:::logs/2026/*", "arn:aws:s3:::red/x", "arn:aws:s3:::logs", arn("role", "app"), "arn:aws:kms:x:9:y")
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}},
    {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/a*"]}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"Bool": {"aws:ViaAWSService": "false"}},
    {"StringEquals": {"aws:PrincipalTag/team": ["red", "${aws:username}"]}},
    {"StringLike": {"aws:PrincipalArn": "*/${aws:RequestedRegion}", "aws:PrincipalType": "*User"}},
    {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}},
    {"Null": {"aws:PrincipalOrgID": "true", "ec2:RoleDelivery": "false"}},
    {"NoSuchOperator": {"aws:username": "x"}},
)
WHO = (
    used.APP, used.ALICE, used.ROOT, used.SERVICE, used.STRANGER, used.SIBLING, used.LINKED, used.FEDERATED, used.SAML,
    used.NOBODY,
)  # fmt: skip

often = settings(max_examples=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
statements = st.builds(
    lambda effect, verb, actions, noun, resources, condition: {
        "Effect": effect, verb: actions, noun: resources, "Condition": condition,
    },
    st.sampled_from(("Deny", "Deny", "Allow")),
    st.sampled_from(("Action", "Action", "NotAction")),
    st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3),
    st.sampled_from(("Resource", "Resource", "NotResource")),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2),
    st.sampled_from(CONDITIONS),
)  # fmt: skip
candidates = st.builds(
    lambda kind, some, beside, organization: used.candidate(
        kind,
        *({"Principal": "*", **one} if kind is Kind.RCP else one for one in some),
        beside=beside,
        organization=organization,
        members=frozenset({ACCOUNT_ID, "000000000002"}) if organization else None,
        principals=("*:role/*",),
        unbound=frozenset({"000000000002"}),
    ),
    st.sampled_from(Kind),
    st.lists(statements, min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from((None, "o-1")),
)
rows = st.builds(
    used.row,
    st.sampled_from((*ACTIONS, None)),
    st.sampled_from(WHO),
    account=st.sampled_from((ACCOUNT_ID, ACCOUNT_ID, "000000000002")),
    region=st.sampled_from(("eu-west-1", "us-east-1", "")),
    session_kind=st.sampled_from((PLAIN, CONSOLE, SERVICE, MFA)),
    long_term=st.booleans(),
    resources=st.lists(st.sampled_from(NAMED), max_size=2).map(tuple),
    tags=st.sampled_from((None, {}, {"team": "red"}, {"Team": "alice"})),
)


@often
@given(candidates, st.lists(rows, min_size=12, max_size=12))
def test_every_row_alone_and_all_together(candidate: Any, some: list[UsedRow]) -> None:
    decider = Decider(candidate)
    for row in some:
        assert decider.outcome(row) == decide(candidate, row), row


@often
@given(candidates, st.lists(rows, min_size=6, max_size=6))
def test_what_is_passed_over_is_never_blocked(candidate: Any, some: list[UsedRow]) -> None:
    decider = Decider(candidate)
    for row in some:
        if decider.passes(decider.what(row.event, row.action), row.region):
            assert decide(candidate, row).verdict == "not blocked", row
