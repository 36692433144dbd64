"""Proposals by calls and by what they named. What must stay comes first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from collectors import records
from collectors.records import EventUse, ResourceUse, Role, State
from findings.analysis.activity.event_actions import actions_of
from findings.analysis.facts import Facts
from findings.analysis.right_sizing import Narrowed, NoProposal, Proposal, Spare, propose, spare
from findings.policy.catalogue import catalogue
from findings.policy.document import read as read_document
from findings.policy.evaluate import Layer, Named, Policies, evaluate
from findings.policy.request import Request
from tests.builders import ACCOUNT_ID, ago, facts, last_accessed, role
from tests.findings.rules.policies import allow, deny, document
from tests.findings.sessions import called, read

C = catalogue()
DEPLOY, OTHER = f"arn:aws:iam::{ACCOUNT_ID}:role/deploy", f"arn:aws:iam::{ACCOUNT_ID}:role/x/other"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT_ID}:orders"
HIDDEN = "!"  # before what a call was used on without naming it
Call = tuple[str, float, tuple[str, ...]]  # "sts AssumeRole", so many days ago, what it was used on, once each


def known(
    body: dict[str, Any], calls: Iterable[Call], services: dict[str, float | None], **more: Any
) -> tuple[Role, Facts]:
    app = role("app", unique_id="AROA1", inline={"own": records.digest(body)})
    events, named = [], []
    for name, days, resources in calls:
        event: EventUse = called(app, name, used=days)
        events.append(msgspec.structs.replace(event, n=max(1, len(resources))))
        named += [
            ResourceUse(
                account_id=ACCOUNT_ID, principal_id="AROA1", source=event.source, name=event.name, resource=one, n=1,
                first_at=ago(days), last_at=ago(days),
            )
            for one in resources
            if not one.startswith(HIDDEN)
        ]  # fmt: skip
    trail = {**read(), "event_uses": tuple(events), "resource_uses": tuple(named), **more}
    return app, facts(app, last_accessed(app, **services), trusts=[body], **trail)


def proposed(body: dict[str, Any], calls: Iterable[Call], data: Iterable[str] = (), **more: Any) -> Proposal:
    services = {name.partition(" ")[0]: days for name, days, _ in calls} | more.pop("services", {})
    found = propose(*known(body, calls, services, **more), data=tuple(data))
    assert isinstance(found, Proposal)
    assert {check.name: check.detail for check in found.checks if check.ok is False} == {}
    return found


def allows(found: Proposal) -> list[tuple[Any, Any]]:
    every = (s for policy in found.documents for s in policy.document["Statement"] if s["Effect"] == "Allow")
    return [(s["Action"], s["Resource"]) for s in every]


EC2 = document(allow(["ec2:RunInstances", "ec2:TerminateInstances", "ec2:DescribeHosts", "ec2:CreateTags"]))
RUN: Call = ("ec2 RunInstances", 3, ())


def test_without_a_whole_window_of_events_services_decide() -> None:
    for more in ({"activity_since": None}, {"activity_since": ago(30)}, read(state=State.DENIED)):
        found = proposed(EC2, [RUN, ("sts AssumeRole", 3, (DEPLOY,))], **more)
        assert found.unchanged
        assert found.by_service
        assert (found.kept_unseen, found.narrowed) == ((), ())


def test_a_service_whose_calls_nobody_can_name_stays_whole() -> None:
    for calls in ([RUN, ("ec2 BrandNewCall", 3, ())], [("ec2 DescribeNothing", 3, ())]):
        found = proposed(EC2, calls)
        assert found.lost == ()
        assert "nobody knows which action it is" in found.kept_unseen[0].why


def test_changing_actions_without_a_call_go_and_what_no_event_must_show_stays() -> None:
    found = proposed(EC2, [RUN])
    assert allows(found) == [(["ec2:RunInstances", "ec2:DescribeHosts", "ec2:CreateTags"], "*")]
    assert [(r.service, r.actions, r.why) for r in found.removed] == [
        ("ec2", ("ec2:TerminateInstances",), "no call since 2026-05-08 (CloudTrail)")
    ]
    assert {k.why[:10] for k in found.kept_unseen} == {"only reads", "may be che"}
    assert any("1 changing action of services in use goes because CloudTrail shows no call" in r for r in found.risks)
    assert found.gone == {"AROA1": ()}


def test_the_numbers_alone_are_the_proposal_s() -> None:
    app, told = known(EC2, [RUN], {"ec2": 1})
    found, short = propose(app, told), spare(app, told)
    assert isinstance(found, Proposal)
    assert isinstance(short, Spare)
    assert (short.removable, short.unseen) == (len(found.lost), sum(k.count for k in found.kept_unseen))


def test_calls_without_access_advisor_are_not_enough() -> None:
    app, told = known(EC2, [RUN], {})
    found = propose(app, msgspec_without_advisor(told))
    assert isinstance(found, NoProposal)


def msgspec_without_advisor(told: Facts) -> Facts:
    return Facts(msgspec.structs.replace(told.snapshot, last_accessed=()), told.settings)


ASSUME = document(
    allow(["sts:AssumeRole", "sqs:SendMessage"], Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
)


def test_what_was_granted_on_everything_stays_on_what_was_used() -> None:
    found = proposed(ASSUME, [("sts AssumeRole", 3, (DEPLOY, OTHER))], services={"sqs": 3})
    assert allows(found) == [("sqs:SendMessage", "*"), ("sts:AssumeRole", [DEPLOY, OTHER])]
    assert all("Condition" in s for p in found.documents for s in p.document["Statement"])
    assert found.narrowed == (Narrowed(("sts:AssumeRole",), (DEPLOY, OTHER)),)
    assert (found.lost, found.narrowed_patterns) == ((), ("sts:AssumeRole",))
    assert any("what is used more seldom, or made later under another name, is refused" in risk for risk in found.risks)
    (star,) = found.stars
    assert star.actions == ("sqs:SendMessage",)


def test_data_events_narrow_only_where_all_are_recorded_as_the_operator_says() -> None:
    body, bucket = document(allow(["s3:GetObject", "s3:PutObject"])), "arn:aws:s3:::logs/2026/*"
    calls: list[Call] = [("s3 GetObject", 3, (bucket,))]
    silent = proposed(body, calls)
    assert (silent.unchanged, silent.data) == (True, ("s3",))
    assert any("a trail may record some of its calls only" in star.why for star in silent.stars)
    told = proposed(body, calls, data=["s3"])
    assert allows(told) == [("s3:GetObject", bucket)]
    assert "It believes you that the trail records all data events of s3." in told.risks


def test_many_prefixes_become_their_buckets() -> None:
    places = tuple(f"arn:aws:s3:::logs/{n}/*" for n in range(30))
    found = proposed(document(allow("s3:GetObject")), [("s3 GetObject", 3, places)], data=["s3"])
    assert allows(found) == [("s3:GetObject", "arn:aws:s3:::logs/*")]


NAMED = {
    "sts AssumeRole": [(), (DEPLOY,), (DEPLOY, OTHER), (DEPLOY, HIDDEN + OTHER)],
    "s3 GetObject": [("arn:aws:s3:::aaa/2026/*",), ("arn:aws:s3:::aaa/*", "arn:aws:s3:::bbb/x/*")],
    "s3 ListObjects": [("arn:aws:s3:::aaa/2026/*",), ("arn:aws:s3:::aaa",)],
    "s3 PutBucketPolicy": [("arn:aws:s3:::aaa",)],
    "s3 CopyObject": [("arn:aws:s3:::bbb/x/*",)],
    "sqs SendMessage": [(QUEUE,), tuple(f"{QUEUE}-{n}" for n in range(25))],
    "ec2 RunInstances": [(), ("arn:aws:ec2:eu-west-1:1:instance/i-1",)],
    "iam AttachRolePolicy": [(DEPLOY,), (OTHER,)],
    "iam CreateUser": [()],
    "ec2 NewCall": [()],
}
CALLS = st.dictionaries(st.sampled_from(sorted(NAMED)), st.sampled_from([3.0, 3.0, 120.0]), min_size=4).flatmap(
    lambda some: st.tuples(*(st.tuples(st.just(n), st.just(d), st.sampled_from(NAMED[n])) for n, d in some.items()))
)
ACTIONS = [
    "*",
    "s3:*",
    "s3:Get*",
    "s3:GetObject",
    "ec2:*Instances",
    "iam:*",
    "sqs:SendMessage",
    "sts:*",
    "sts:AssumeRole",
]
PLACES = ["*", "arn:aws:s3:::aaa/*", ["*", "arn:aws:s3:::aaa"], DEPLOY, "arn:aws:sqs:*:*:*"]
WIDE = st.lists(st.sampled_from(["s3:*", "sts:*", "sqs:*", "iam:*", "ec2:*"]), min_size=2, max_size=5)
STATEMENTS = st.builds(
    lambda effect, action, place, more: {"Effect": effect, "Action": action, "Resource": place, **more},
    st.sampled_from([*["Allow"] * 7, "Deny"]),
    st.lists(st.sampled_from(ACTIONS), min_size=2, max_size=4),
    st.sampled_from(PLACES),
    st.sampled_from([{}, {}, {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}]),
)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(["sts:*"], [], (("sts AssumeRole", 3.0, (DEPLOY, HIDDEN + OTHER)),), ())
@example(["s3:*"], [], (("s3 CopyObject", 3.0, ("arn:aws:s3:::bbb/x/*",)),), ("s3",))
@given(WIDE, st.lists(STATEMENTS, max_size=3), CALLS, st.sampled_from([(), ("s3",), ("s3", "sqs")]))
def test_every_call_that_was_seen_stays_allowed(
    wide: list[str], some: list[dict[str, Any]], calls: tuple[Call, ...], data: tuple[str, ...]
) -> None:
    body = document(allow(wide), *some)
    services: dict[str, float | None] = dict.fromkeys(C.services)
    services |= {name.partition(" ")[0]: days for name, days, _ in calls}
    app, told = known(body, calls, services)
    found = propose(app, told, data=data)
    assert isinstance(found, Proposal)
    assert {c.name: c.detail for c in found.checks if c.ok is False and c.name != "It fits"} == {}
    old, new = told.permissions.policies(app), policies(found)
    for action, resource in used(calls):
        request = Request(told.permissions.caller(app), action, resource)
        assert evaluate(request, new).verdict == evaluate(request, old).verdict, (action, resource)


def policies(found: Proposal) -> Policies:
    return Policies(identity=tuple(Named(Layer.IDENTITY, p.name, read_document(p.document)) for p in found.documents))


def used(calls: Iterable[Call]) -> Iterable[tuple[str, str]]:
    """Each action of each call within the window on what it named, and on anything where it named nothing."""
    for name, days, touched in calls:
        source, _, event = name.partition(" ")
        named = [one.removeprefix(HIDDEN) for one in touched]
        for action in actions_of(f"{source}.amazonaws.com", event) or () if days <= 90 else ():
            if event == "CopyObject" and action == "s3:GetObject":
                named = ["arn:aws:s3:::source/2026"]  # the event names the bucket that it copies to
            for one in named or C.templates(action)[-1:] or ("*",):
                bucket = "ListBucket" in action or "BucketPolicy" in action
                yield action, one.partition("/")[0] if bucket else one.replace("*", "example")


def test_a_deny_and_a_grant_on_named_resources_stay_as_they_are() -> None:
    body = document(allow("sts:AssumeRole", [DEPLOY, OTHER]), deny("sts:AssumeRole", OTHER))
    assert proposed(body, [("sts AssumeRole", 3, (DEPLOY,))]).unchanged
