"""Which actions a Resource pattern reaches. The oracle: ARNs made from the templates, and `glob`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from findings.policy.catalogue import Catalogue, Level, catalogue
from findings.policy.catalogue_contents import Contents
from findings.policy.patterns import glob

C = catalogue()
SCOPED = C.members(C.scopable)
ACCOUNT = "111111111111"
WORDS = st.text("ab-_.0247", min_size=1, max_size=4)  # some of the digits stand in templates, others do not


@st.composite
def arns(draw: st.DrawFn) -> tuple[str, str]:
    """An action and an ARN that it can be asked for."""
    action = draw(st.sampled_from(SCOPED))
    fields = draw(st.sampled_from(C.templates(action))).split(":", 5)
    given = ["arn", "aws", draw(st.sampled_from(["s3", "ec2"])), "us-east-1", ACCOUNT]
    filled = [value if field == "*" else field for field, value in zip(fields[:5], given, strict=True)]
    return action, ":".join([*filled, re.sub(r"\*", lambda _: draw(WORDS), fields[5])])


@st.composite
def asked(draw: st.DrawFn, pieces: int = 2) -> tuple[str, str, str]:
    """(action, ARN, pattern): parts of the fields of the ARN are wildcards."""
    action, arn = draw(arns())
    fields = arn.split(":", 5)
    for _ in range(draw(st.integers(0, pieces))):
        n = draw(st.sampled_from([1, 3, 4, 5, 5, 5]))
        start = draw(st.integers(0, len(fields[n])))
        fields[n] = fields[n][:start] + "*" + fields[n][draw(st.integers(start, len(fields[n]))) :]
    return action, arn, ":".join(fields)


@given(asked())
@settings(max_examples=300, deadline=None)
def test_who_can_be_asked_for_a_matching_arn_may_be_touched(one: tuple[str, str, str]) -> None:
    action, arn, pattern = one
    assert glob(pattern, arn)
    assert C.may_touch(pattern) & C.bit(action)


@given(arns(), asked(pieces=4))
@settings(max_examples=300, deadline=None)
def test_what_is_touched_on_everything_is_touched_on_each(one: tuple[str, str], other: tuple[str, str, str]) -> None:
    action, arn = one
    *_, pattern = other
    if C.touches_all(pattern) & C.bit(action) and ":accesspoint/" not in arn:
        assert glob(pattern, arn)


@given(asked(pieces=4))
@settings(max_examples=300, deadline=None)
def test_what_is_touched_on_everything_may_be_touched(one: tuple[str, str, str]) -> None:
    *_, pattern = one
    assert not C.touches_all(pattern) & ~C.may_touch(pattern)


@pytest.mark.parametrize(
    "pattern", ["", "bucket", "${x}", "s3:::bucket", "b*", "arn::s3:::b", "arn:gcp:s3:::b", "ARN:aws:s3:::b"]
)
def test_what_is_no_arn_reaches_nothing(pattern: str) -> None:
    assert C.may_touch(pattern) == C.touches_all(pattern) == 0


def test_what_aws_refuses_but_an_arn_matches_may_reach_it() -> None:
    """ "a*" is no ARN; in a bundle it may stand all the same, and `evaluate` compares texts."""
    assert not C.scopable & ~C.may_touch("a*")


@pytest.mark.parametrize("pattern", ["*", "**", "*?"])
def test_a_star_reaches_everything(pattern: str) -> None:
    assert C.may_touch(pattern) == C.touches_all(pattern) == C.all


@pytest.mark.parametrize(
    ("pattern", "may", "never"),
    [
        (
            "arn:aws:s3:::bucket",
            {"s3:ListBucket", "s3:PutBucketPolicy"},
            {"s3:GetObject", "s3:ListAllMyBuckets", "iam:PassRole"},
        ),
        ("arn:aws:s3:::bucket/*", {"s3:GetObject"}, {"s3:ListBucket", "s3:DeleteBucket"}),
        ("arn:aws:s3:::bucket*", {"s3:GetObject", "s3:ListBucket"}, {"s3:ListAllMyBuckets"}),
        ("arn:aws:s3:::*", {"s3:GetObject", "s3:ListBucket", "s3:ListAllMyBuckets"}, {"ec2:RunInstances"}),
        ("arn:aws:iam::111111111111:role/app", {"iam:PassRole", "sts:AssumeRole"}, {"iam:CreateUser", "iam:ListRoles"}),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", {"iam:GetPolicy"}, {"iam:GetRole"}),
        ("arn:aws:ec2:*:*:instance/*", {"ec2:RunInstances", "ec2:StopInstances"}, {"ec2:DeleteVpc"}),
        ("arn:aws:ec2:us-east-1:1:ipv4pool-ec2/p-1", {"ec2:AllocateAddress"}, {"ec2:RunInstances"}),
        ("arn:aws:ec2:us-east-1:1:ipv44pool-ec2/p-1", set(), {"ec2:AllocateAddress"}),
        ("arn:aws:ec2:us-east-1:1:ipv5pool-ec2/p-1", set(), {"ec2:AllocateAddress"}),
        ("arn:aws:logs:*:log-group:/aws/lambda/*", {"logs:CreateLogStream"}, {"lambda:InvokeFunction"}),
        ("arn:aws:sqs", {"sqs:SendMessage"}, {"sns:Publish"}),
        ("arn:aws:s3*", {"s3:GetObject", "s3express:CreateSession"}, {"sqs:SendMessage"}),
        ("arn:*", {"s3:GetObject", "sqs:SendMessage"}, set()),
    ],
)
def test_may_touch(pattern: str, may: set[str], never: set[str]) -> None:
    assert not C.may_touch(pattern) & C.mask(never)
    assert C.members(C.may_touch(pattern) & C.mask(may)) == sorted(may)


@pytest.mark.parametrize(
    ("pattern", "all_of", "never"),
    [
        (
            "arn:aws:s3:::*",
            {"s3:GetObject", "s3:ListBucket", "s3:DeleteBucket"},
            {"s3:ListAllMyBuckets", "s3:DeleteAccessPoint"},
        ),
        ("arn:*:s3:::*/*", {"s3:GetObject"}, {"s3:ListBucket"}),
        ("arn:aws:s3:::bucket/*", set(), {"s3:GetObject"}),
        ("arn:aws:iam::*:role/*", {"iam:PassRole", "sts:AssumeRole"}, {"iam:CreateUser", "iam:ListRoles"}),
        ("arn:aws:iam::111111111111:role/*", set(), {"iam:PassRole"}),
        ("arn:aws:iam::*:role/app/*", set(), {"iam:PassRole"}),
        ("arn:aws:iam::*:role/?", set(), {"iam:PassRole"}),
        ("arn:aws:ec2:us-east-1:*:*", set(), {"ec2:StopInstances"}),
        ("arn:aws:ec2:*:*:instance/*", {"ec2:StopInstances"}, {"ec2:RunInstances"}),
        ("arn:aws:ec2:*:*:*", {"ec2:StopInstances"}, {"ec2:DescribeInstances", "ec2:RunInstances"}),
    ],
)
def test_touches_all(pattern: str, all_of: set[str], never: set[str]) -> None:
    assert not C.touches_all(pattern) & C.mask(never)
    assert C.members(C.touches_all(pattern) & C.mask(all_of)) == sorted(all_of)


def test_patterns_that_reach_the_same_share_their_set() -> None:
    assert C.may_touch("arn:aws:s3:::one/*") is C.may_touch("arn:aws:s3:::two/*")


def made(kind: list[int]) -> Catalogue:
    """A catalogue with one service, whose actions have these kinds of resources: none, not known, things."""
    return Catalogue(
        Contents(
            version="test",
            names="\n".join(f"svc:Do{n}" for n in range(len(kind))),
            levels="W" * len(kind),
            kind_of=kind,
            kinds=[[], [], [0]],
            templates=["arn:${Partition}:things:${Region}:${Account}:thing/${Name}"],
            service_names={},
            rcp_services=[],
        )
    )


def test_what_takes_no_resource_needs_a_star() -> None:
    one = made([0])
    assert one.scopable == one.may_touch("arn:aws:svc:*:*:thing/a") == 0
    assert one.may_touch("arn:aws:svc:::*") == one.all
    assert one.may_touch("arn:aws:other:::*") == one.touches_all("arn:aws:svc:::*") == 0
    assert one.may_touch("?") == one.touches_all("?") == one.all


def test_what_is_not_known_may_be_meant_by_any_arn_of_the_service() -> None:
    one = made([1])
    assert one.may_touch("arn:aws:svc:r:111111111111:whatever/a") == one.all
    assert one.touches_all("arn:aws:svc:*:*:*") == 0
    assert one.touches_all("*") == one.all
    assert one.level_of("svc:Do0") is Level.WRITE


def test_a_prefix_is_not_the_service_of_its_arns() -> None:
    one = made([2, 1])
    assert one.may_touch("arn:aws:things:r:111111111111:thing/a") == one.all
    assert one.may_touch("arn:aws:svc:r:111111111111:thing/a") == one.bit("svc:Do1")
    assert one.templates("svc:do0") == ("arn:*:things:*:*:thing/*",)
