from __future__ import annotations

from typing import Any

import pytest

from collectors.records import Actor
from findings.analysis.activity.seen import visible
from findings.analysis.proposed.choose import Place
from findings.analysis.proposed.groups import ACTIONS, EMERGENCY, GROUPS, service
from findings.analysis.proposed.model import ATTACHED, CHARACTERS, NodeProposal
from findings.policy.catalogue import catalogue
from findings.policy.document import Document, read
from findings.policy.written import size
from tests.builders import ago
from tests.findings.analysis.proposed.building import (
    DEV,
    ONE,
    PLACES,
    PROD,
    ROOT_ID,
    THREE,
    TWO,
    arn,
    by_id,
    chooser,
    denied,
    groups,
    known,
    row,
    target,
    usual,
    watched,
)

BEDROCK, LEAVE = service("bedrock"), "organizations:LeaveOrganization"


def test_every_action_that_we_name_is_one_whose_every_call_is_an_event() -> None:
    assert catalogue().mask(ACTIONS) & ~visible(catalogue()) == 0
    assert not catalogue().check(ACTIONS)


def test_what_nobody_uses_stands_at_the_root_and_not_again_below() -> None:
    found = by_id(chooser().proposals())
    assert groups(found[ROOT_ID]) == set(GROUPS) - {"services"}
    assert (found[PROD].scps, found[DEV].scps) == ((), ())


@pytest.mark.parametrize(
    ("rows", "evidence", "gone"),
    [
        ([row("iam:CreateUser", THREE)], {}, {"iam:CreateUser"}),
        ([row("iam:CreateUser", THREE, actor=Actor.UNKNOWN)], {}, {"iam:CreateUser"}),
        ([row("iam:CreateUser", THREE, by="aws-service-role/x/AWSServiceRoleForX")], {}, set()),
        ([row("iam:CreateUser", THREE, by="tf")], {"makers": (arn("tf", THREE),)}, set()),
        ([row(LEAVE, THREE, by="tf")], {"makers": (arn("tf", THREE),)}, {LEAVE}),
        ([row(None, THREE, event="iam.amazonaws.com CreateSomethingNew")], {}, {a for a in ACTIONS if a.startswith("iam:")}),
    ],
    ids=["used", "by nobody knows whom", "by a service-linked role", "by code only", "by code, where none is spared", "unmapped"],
)  # fmt: skip
def test_what_somebody_below_used_is_denied_beside_him_only(
    rows: list[Any], evidence: dict[str, Any], gone: set[str]
) -> None:
    """Account three is in dev, so prod gets what the root cannot have."""
    found = by_id(chooser(watched(THREE, rows, known(**evidence))).proposals())
    assert denied(found[ROOT_ID]) & set(ACTIONS) == set(ACTIONS) - gone
    assert denied(found[PROD]) & set(ACTIONS) == gone
    assert denied(found[DEV]) & gone == set()


def test_who_acts_by_code_is_spared_by_name() -> None:
    maker = watched(THREE, [row("iam:CreateUser", THREE, by="tf")], known(makers=(arn("tf", THREE),)))
    root = by_id(chooser(maker).proposals())[ROOT_ID]
    (users,) = [s for scp in root.scps for s in scp.body["Statement"] if s["Sid"] == "NoNewIamUsers"]
    assert users["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": arn("tf", THREE)}}
    assert next(part.spared for part in root.parts if part.group == "users") == (arn("tf", THREE),)


@pytest.mark.parametrize(
    ("evidence", "why"),
    [
        (None, "is not connected"),
        ({"since": None, "unread": "no CloudTrail events were read"}, "no CloudTrail events were read"),
        ({"since": ago(40)}, "40 days of 90"),
        ({"until": ago(5)}, "until 2026-11-19 only"),
    ],
)
def test_an_account_that_nobody_watched_keeps_all_above_it_free(evidence: dict[str, Any] | None, why: str) -> None:
    other = watched(THREE, evidence=None if evidence is None else known(**evidence))
    if evidence is None:
        other = type(other)(THREE, None, other.use, other.as_of)
    found = by_id(chooser(other).proposals())
    assert (found[ROOT_ID].scps, found[DEV].scps) == ((), ())
    assert why in found[ROOT_ID].unwatched[0]
    assert groups(found[PROD]) == set(GROUPS) - {"services"}


def test_what_is_denied_already_is_not_proposed_again() -> None:
    there = known(denied=("organizations:LeaveOrganization",), root_denied=True)
    root = by_id(chooser(*(watched(one, evidence=there) for one in (ONE, TWO, THREE))).proposals())[ROOT_ID]
    assert not {"organization", "root"} & groups(root)
    assert root.already == ("Nobody takes an account out of the organization", "The root user does nothing")


# -- services


@pytest.mark.parametrize(
    ("rows", "evidence", "why"),
    [
        ([], {}, ""),
        ([], {"used": ("bedrock",)}, "bedrock was tried (Access Advisor)"),
        ([], {"unknown": {"bedrock": "app: was not granted for the whole window"}}, "nobody can tell: app: was not granted"),
        ([], {"every": "Access Advisor was not read for app"}, "nobody can tell: Access Advisor was not read"),
        ([row("bedrock:ListGuardrails")], {}, "bedrock:ListGuardrails was used by app"),
        ([row(None, event="bedrock.amazonaws.com NewCall")], {}, "nobody knows which action of bedrock"),
        ([], {"root": "the root user signed in on 2026-11-01"}, "the root user signed in"),
    ],
    ids=["silent", "tried", "granted lately", "unread", "called", "unmapped", "root"],
)  # fmt: skip
def test_a_service_is_denied_only_where_everybody_was_seen_not_to_use_it(
    rows: list[Any], evidence: dict[str, Any], why: str
) -> None:
    made = chooser(watched(ONE, rows, known(**evidence)), targets=[target(BEDROCK)])
    root = by_id(made.proposals())[ROOT_ID]
    assert ("bedrock:*" in denied(root)) == (not why)
    told = [reason for one in root.refused if one.what == "bedrock:*" for reason in one.why]
    assert (why in told[0]) if why else told == []


def test_a_service_that_closes_nothing_is_not_denied() -> None:
    """Nor one of two that a finding needs together, when the other is in use."""
    made = chooser(watched(ONE, evidence=known(used=("s3",))), targets=[target(BEDROCK, service("s3"))])
    assert all("bedrock:*" not in denied(node) for node in made.proposals())


@pytest.mark.parametrize("name", sorted(EMERGENCY))
def test_what_an_emergency_needs_is_never_denied_as_a_whole(name: str) -> None:
    assert name in catalogue().services
    root = by_id(chooser(targets=[target(service(name))]).proposals())[ROOT_ID]
    assert f"{name}:*" not in denied(root)


# -- limits


def _statements(node: NodeProposal) -> list[Any]:
    documents = [read(scp.body) for scp in node.scps]
    return [s for one in documents if isinstance(one, Document) for s in one.statements]


@pytest.mark.parametrize(("attached", "room"), [(1, 4), (4, 1), (5, 0), (6, 0), (None, 0)])
def test_no_more_documents_than_find_room_and_none_too_long(attached: int | None, room: int) -> None:
    services = [service(name) for name in catalogue().services]
    wanted = [target(one, account=ONE, weight=1 + n % 7) for n, one in enumerate(services)]
    place = Place(ROOT_ID, "Root", "", (ONE,), attached)
    (node,) = chooser(targets=wanted, places=[place]).proposals()
    assert len(node.scps) <= room <= ATTACHED
    assert all(size(scp.body) == scp.size <= CHARACTERS for scp in node.scps)
    assert bool(node.left_out) == (room < 2)
    assert all(not s.allows for s in _statements(node))


def test_what_finds_no_room_is_tried_below() -> None:
    """At the root five are attached; in each OU one is."""
    full = [Place(ROOT_ID, "Root", "", (), 5), *PLACES[1:]]
    found = by_id(chooser(places=full).proposals())
    assert (found[ROOT_ID].scps, found[ROOT_ID].room) == ((), 0)
    assert "iam:CreateUser" in denied(found[PROD]) & denied(found[DEV])


def test_the_worst_findings_go_first_where_room_is_short() -> None:
    wanted = [target(service(name), weight=1) for name in catalogue().services] + [target(BEDROCK, weight=27)]
    (node,) = chooser(targets=wanted, places=[Place(ROOT_ID, "Root", "", (ONE,), 4)]).proposals()
    assert "bedrock:*" in denied(node)
    assert node.left_out


# -- root and regions


@pytest.mark.parametrize(
    ("rows", "evidence", "why"),
    [
        ([row("s3:ListAllMyBuckets", actor=Actor.ROOT)], {}, "the root user was used on"),
        ([row("ec2:RunInstances", actor=Actor.UNKNOWN)], {}, "whom CloudTrail does not name"),
        ([], {"root": "nobody knows when the root user signed in last"}, "nobody knows when"),
    ],
)
def test_root_is_left_alone_where_it_acted_or_nobody_knows(rows: list[Any], evidence: dict[str, Any], why: str) -> None:
    root = by_id(chooser(watched(ONE, rows, known(**evidence))).proposals())[ROOT_ID]
    assert "root" not in groups(root)
    assert any(why in reason for one in root.refused for reason in one.why)


def _regions(node: NodeProposal) -> dict[str, Any]:
    return next(s for scp in node.scps for s in scp.body["Statement"] if s["Sid"] == "OnlyUsedRegions")


def test_regions_are_those_of_calls_that_have_one_and_those_of_the_settings() -> None:
    """A call of which nobody knows the action may have one."""
    far = [
        row(None, region="sa-east-1"),
        row("lambda:CreateFunction20150331", region="ap-south-1"),
        row("iam:CreateRole", region="us-east-1"),
    ]
    made = chooser(watched(ONE, far), allowed=frozenset({"eu-north-1"}))
    statement = _regions(by_id(made.proposals())[ROOT_ID])
    assert statement["Condition"] == {
        "StringNotEquals": {
            "aws:RequestedRegion": ["ap-south-1", "eu-central-1", "eu-north-1", "eu-west-1", "sa-east-1"]
        }
    }
    assert {"iam:*", "sts:*", "cloudfront:*"} <= set(statement["NotAction"])


def test_what_no_event_need_tell_of_a_service_in_use_is_spared_in_all_regions() -> None:
    made = chooser(watched(ONE, evidence=known(used=("s3", "bedrock"), unknown={"logs": "x"})))
    spared = set(_regions(by_id(made.proposals())[ROOT_ID])["NotAction"])
    assert {"bedrock:*", "logs:*"} <= spared
    assert not {"s3:*", "dynamodb:*"} & spared
    mask = catalogue().mask(spared)
    assert catalogue().members(mask & catalogue().mask(("s3:GetObject", "s3:CreateBucket"))) == ["s3:GetObject"]


@pytest.mark.parametrize(
    ("rows", "evidence", "why"),
    [
        ([row("ec2:RunInstances"), row("ec2:DescribeInstances")], {}, "one of a single region"),
        ([row("ec2:RunInstances"), row("ec2:RunInstances", region="us-east-2")], {}, "the trail may leave them out"),
        ([*usual(), row("ec2:RunInstances", region="")], {}, "the region is not told"),
        ([row("ec2:RunInstances")], {"every": "Access Advisor was not read"}, "which services are in use"),
    ],
    ids=["one region", "no reads", "no region", "no advisor"],
)
def test_no_region_deny_where_silence_of_other_regions_says_nothing(
    rows: list[Any], evidence: dict[str, Any], why: str
) -> None:
    from findings.analysis.proposed.use import added_up
    from tests.builders import AS_OF

    alone = type(watched())(ONE, known(**evidence), added_up(rows), AS_OF)
    root = by_id(chooser(alone).proposals())[ROOT_ID]
    assert "regions" not in groups(root)
    assert any(why in reason for one in root.refused for reason in one.why)
