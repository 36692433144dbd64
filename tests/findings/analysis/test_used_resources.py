"""On what actions were used: what nobody can say comes first."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from collectors.records import EventUse, ResourceUse, Role
from findings.analysis.used_resources import CUT, IN_PART, NAMELESS, ODD, TOGETHER, Touched, touched
from findings.policy.catalogue import catalogue
from tests.builders import ACCOUNT_ID, ago, role
from tests.findings.sessions import called

C = catalogue()
APP = role("app")
SINCE = ago(90)
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/deploy"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT_ID}:table/orders"
BUCKET = "arn:aws:s3:::logs"
DATA = frozenset({"s3", "dynamodb", "lambda"})


def call(name: str, n: int = 10, *, used: float | None = 3, cut: bool = False) -> EventUse:
    return msgspec.structs.replace(called(APP, name, used=used, denied=None if used else 3), n=n, resources_cut=cut)


def on(name: str, resource: str, n: int = 10, *, denied: int = 0, last: float = 3) -> ResourceUse:
    source, _, event = name.partition(" ")
    return ResourceUse(
        account_id=ACCOUNT_ID, principal_id=APP.unique_id, source=f"{source}.amazonaws.com", name=event,
        resource=resource, n=n, denied=denied, first_at=ago(100), last_at=ago(last),
    )  # fmt: skip


def seen(*some: EventUse | ResourceUse, data: frozenset[str] = DATA) -> Touched:
    calls = [one for one in some if isinstance(one, EventUse)]
    return touched(calls, [one for one in some if isinstance(one, ResourceUse)], SINCE, C, data)


ASSUME, GET = "sts AssumeRole", "s3 GetObject"


@pytest.mark.parametrize(
    ("some", "untold"),
    [
        ([call(ASSUME)], {"sts:AssumeRole": NAMELESS}),
        ([call(ASSUME), on(ASSUME, ROLE, 9)], {"sts:AssumeRole": NAMELESS}),
        ([call(ASSUME, cut=True), on(ASSUME, ROLE)], {"sts:AssumeRole": CUT}),
        ([call(ASSUME), on(ASSUME, "arn:aws:iam::1:role/*")], {"sts:AssumeRole": ODD}),
        ([call(ASSUME), on(ASSUME, "arn:aws:iam::1:role/${aws:username}")], {"sts:AssumeRole": ODD}),
        ([call(ASSUME), on(ASSUME, "not an arn")], {"sts:AssumeRole": ODD}),
        ([call(ASSUME), on(ASSUME, "arn:aws:iam::000000000001:user/x")], {"sts:AssumeRole": NAMELESS}),
        ([call(GET), on(GET, f"{BUCKET}/2026/*")], {"s3:GetObject": IN_PART}),
        ([call("s3 CopyObject"), on("s3 CopyObject", f"{BUCKET}/a/*")], {"s3:GetObject": TOGETHER, "s3:PutObject": TOGETHER}),
        ([call("ec2 RunInstances"), on("ec2 RunInstances", "arn:aws:ec2:eu-west-1:000000000001:instance/i-1")],
         {"ec2:RunInstances": ODD}),
        ([call("kms Decrypt"), on("kms Decrypt", "arn:aws:kms:eu-west-1:000000000001:key/1")], {"kms:Decrypt": IN_PART}),
    ],
)  # fmt: skip
def test_where_it_is_not_all_known_nothing_is_told(some: list[Any], untold: dict[str, str]) -> None:
    assert seen(*some, data=frozenset()) == Touched({}, untold)


@pytest.mark.parametrize(
    "arn", [f"{BUCKET}-s3alias/x/*", "arn:aws:s3:::arn:aws:s3:eu-west-1:1:accesspoint/x", "arn:aws:s3:::A"]
)
def test_names_of_access_points_are_no_buckets(arn: str) -> None:
    assert seen(call(GET), on(GET, arn)).untold == {"s3:GetObject": ODD}


def test_one_call_of_an_action_that_does_not_tell_is_enough() -> None:
    found = seen(call("s3 ListObjects"), on("s3 ListObjects", BUCKET), call("s3 HeadBucket"))
    assert found == Touched({}, {"s3:ListBucket": NAMELESS})


def test_what_was_denied_or_used_before_the_window_was_not_used() -> None:
    assert seen(call(ASSUME, used=91), on(ASSUME, ROLE)) == Touched()
    assert seen(call(ASSUME, used=None), on(ASSUME, ROLE, denied=10)) == Touched()
    old, refused = on(ASSUME, f"{ROLE}-old", 3, last=91), on(ASSUME, f"{ROLE}-no", 2, denied=2)
    assert seen(call(ASSUME), old, refused, on(ASSUME, ROLE, 5)).resources == {"sts:AssumeRole": (ROLE,)}


@pytest.mark.parametrize(
    ("name", "action", "named", "patterns"),
    [
        (ASSUME, "sts:AssumeRole", ROLE, [ROLE]),
        (GET, "s3:GetObject", f"{BUCKET}/2026/*", [f"{BUCKET}/2026/*"]),
        (GET, "s3:GetObject", f"{BUCKET}/*", [f"{BUCKET}/*"]),
        (GET, "s3:GetObject", BUCKET, [f"{BUCKET}/*"]),
        (GET, "s3:GetObject", f"{BUCKET}/${{aws:username}}/*", [f"{BUCKET}/*"]),
        (GET, "s3:GetObject", f"{BUCKET}/*x/*", [f"{BUCKET}/*"]),
        (GET, "s3:GetObject", f"{BUCKET}/{'x' * 1000}", [f"{BUCKET}/*"]),
        ("s3 ListObjects", "s3:ListBucket", f"{BUCKET}/2026/*", [BUCKET]),
        ("s3 GetBucketPolicy", "s3:GetBucketPolicy", BUCKET, [BUCKET]),
        ("dynamodb Query", "dynamodb:Query", TABLE, [TABLE, f"{TABLE}/*"]),
        ("dynamodb PutItem", "dynamodb:PutItem", TABLE, [TABLE]),
        ("lambda Invoke", "lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{ACCOUNT_ID}:function:f",
         [f"arn:aws:lambda:eu-west-1:{ACCOUNT_ID}:function:f", f"arn:aws:lambda:eu-west-1:{ACCOUNT_ID}:function:f:*"]),
    ],
)  # fmt: skip
def test_what_was_named_covers_what_it_may_have_been(name: str, action: str, named: str, patterns: list[str]) -> None:
    assert seen(call(name), on(name, named)).resources == {action: tuple(sorted(patterns))}


def test_the_policy_that_a_role_was_given_is_another_thing_than_the_role() -> None:
    attach = "iam AttachRolePolicy"
    found = seen(call(attach), on(attach, ROLE), on(attach, "arn:aws:iam::aws:policy/ReadOnlyAccess"))
    assert found.resources == {"iam:AttachRolePolicy": (ROLE,)}
    assert isinstance(APP, Role)
