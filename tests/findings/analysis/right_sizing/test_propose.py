"""A proposal for one role or user. What must stay comes first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from collectors import records
from collectors.records import State
from findings.analysis.facts import Facts
from findings.analysis.right_sizing import NoProposal, Proposal, Spare, propose, spare
from findings.policy.catalogue import Level, catalogue
from findings.policy.minimise import writing_patterns
from findings.policy.written import POLICY_CHARACTERS, size
from tests.builders import ago, aws_policy, coverage, facts, group, last_accessed, policy, role, user
from tests.findings.rules.policies import ADMINISTRATOR, allow, deny, document

C = catalogue()
SSO = "/aws-reserved/sso.amazonaws.com/"
OWN = document(allow("s3:*"))
Services = dict[str, float | None]


def known(body: dict[str, Any], services: Services, **more: Any) -> tuple[records.Role, Facts]:
    app = role("app", inline={"own": records.digest(body)}, **more)
    return app, facts(app, last_accessed(app, **services), trusts=[body])


def proposed(body: dict[str, Any], services: Services, drop: tuple[str, ...] = (), **more: Any) -> Proposal:
    found = propose(*known(body, services, **more), drop=drop)
    assert isinstance(found, Proposal)
    assert {check.name: check.detail for check in found.checks if check.ok is False} == {}
    return found


def statements(found: Proposal) -> list[dict[str, Any]]:
    return [s for policy in found.documents for s in policy.document["Statement"]]


def actions(found: Proposal) -> list[str]:
    listed = (s["Action"] for s in statements(found) if s["Effect"] == "Allow")
    return [a for some in listed for a in ([some] if isinstance(some, str) else some)]


def test_what_is_used_stays_as_it_is() -> None:
    body = document({"Sid": "Read", **allow(["s3:GetObject", "s3:List*"], "arn:aws:s3:::orders/*")})
    found = proposed(body, {"s3": 3})
    assert found.unchanged
    assert found.documents[0].document == body
    assert (found.removed, found.lost, found.diffs[0].text) == ((), (), "")


@pytest.mark.parametrize(
    ("services", "reason"),
    [
        ({}, "no source tells of the use of this service"),
        ({"sqs": None}, "granted for less than the window, or since when is not known"),
    ],
)
def test_a_service_that_nobody_can_speak_of_stays(services: Services, reason: str) -> None:
    body = document(allow(["s3:GetObject", "sqs:SendMessage"]))
    app = role("app", unique_id="AROA1", inline={"own": records.digest(body)})
    changed = {"AROA1": ago(5)} if services else {}
    told = facts(app, last_accessed(app, s3=3, **services), trusts=[body], changed_at=changed)
    found = propose(app, told)
    assert isinstance(found, Proposal)
    assert actions(found) == ["s3:GetObject", "sqs:SendMessage"]
    assert [(k.what, k.count, k.why) for k in found.kept_unseen] == [("sqs", 1, reason)]


def test_pass_role_stays_though_iam_goes() -> None:
    body = document(allow(["iam:*"], "arn:aws:iam::*:role/app-*", Condition={"Bool": {"a:b": "true"}}))
    found = proposed(body, {"iam": None})
    (one,) = statements(found)
    assert (one["Action"], one["Resource"], one["Condition"]) == (
        "iam:PassRole",
        "arn:aws:iam::*:role/app-*",
        {"Bool": {"a:b": "true"}},
    )
    assert [(k.what, k.count) for k in found.kept_unseen] == [("iam:PassRole", 1)]


def test_denies_conditions_resources_and_order_stay() -> None:
    body = document(
        {"Sid": "No", **deny("s3:DeleteBucket", ["arn:aws:s3:::a", "arn:aws:s3:::b"])},
        allow(["ec2:RunInstances", "s3:PutObject"], NotResource="arn:aws:s3:::secret/*", Resource=None),
        deny(None, NotAction=["s3:*", "ec2:*"], Condition={"Null": {"aws:TokenIssueTime": "true"}}),
        allow(["ec2:StartInstances"]),
        allow(
            "s3:GetObject", "arn:aws:s3:::${aws:username}/*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
        ),
    )
    found = proposed(body, {"s3": 3, "ec2": None})
    (own,) = found.documents
    first, second, third, _, last = body["Statement"]
    assert own.document["Statement"] == [first, {**second, "Action": "s3:PutObject"}, third, last]


def test_an_action_that_the_catalogue_does_not_know_goes_with_its_service_only() -> None:
    body = document(allow(["s3:GetObjectByTelepathy", "ec2:RunOnAir", "newservice:Do", "ec2:RunInstances"]))
    found = proposed(body, {"s3": 3, "ec2": None})
    assert actions(found) == ["s3:GetObjectByTelepathy", "newservice:Do"]
    assert any("catalogue does not know" in star.why for star in found.stars)


def test_a_service_not_used_in_the_window_goes() -> None:
    body = document(allow(["s3:GetObject", "ec2:RunInstances", "ec2:DescribeInstances", "ec2:CreateTags"]))
    found = proposed(body, {"s3": 3, "ec2": 120})
    assert actions(found) == ["s3:GetObject"]
    assert [(r.service, r.level, r.count, r.why) for r in found.removed] == [
        ("ec2", Level.WRITE, 1, "last used on 2026-07-27 (Access Advisor)"),
        ("ec2", Level.TAGGING, 1, "last used on 2026-07-27 (Access Advisor)"),
        ("ec2", Level.LIST, 1, "last used on 2026-07-27 (Access Advisor)"),
    ]
    assert C.mask(found.lost_patterns) == C.mask(found.lost)
    assert '-        "ec2:RunInstances",' in found.diffs[0].text


def test_wildcards_of_writes_are_spelled_out_and_those_of_reads_are_not() -> None:
    found = proposed(document(allow("s3:*")), {"s3": 3})
    assert writing_patterns(actions(found), C) == ()
    assert "s3:Get*" in actions(found)
    assert C.mask(actions(found)) == C.services["s3"]
    assert not found.unchanged


def test_a_wildcard_on_named_resources_keeps_what_can_apply_to_them() -> None:
    found = proposed(document(allow("s3:*", "arn:aws:s3:::orders/*")), {"s3": 3})
    assert "s3:PutObject" in actions(found)
    assert "s3:CreateJob" not in actions(found)


def test_what_a_not_resource_spares_stays_allowed_by_its_own_statement() -> None:
    profiles = "arn:aws:sagemaker:*:*:user-profile/*"
    body = document(
        allow("sagemaker:*", None, NotResource=profiles),
        allow("sagemaker:CreateUserProfile", "arn:aws:sagemaker:*:*:*/*"),
    )
    assert proposed(body, {"sagemaker": 3}).lost == ()


def test_not_action_becomes_what_is_used() -> None:
    found = proposed(document(allow(None, NotAction=["iam:*", "s3:Put*"])), dict.fromkeys(C.services) | {"s3": 3})
    assert C.mask(actions(found)) == C.services["s3"] & ~C.match("s3:Put*")


@pytest.mark.parametrize(
    ("action", "resource", "whys"),
    [
        ("s3:GetObject", "arn:aws:s3:::orders/*", []),
        ("s3:ListAllMyBuckets", "*", ["these actions take no resource"]),
        ("s3:GetObject", "*", ["it was granted on everything, and no source tells on what it was used"]),
    ],
)
def test_each_resource_star_has_its_reason(action: str, resource: str, whys: list[str]) -> None:
    found = proposed(document(allow(action, resource)), {"s3": 3})
    assert [(star.statement, star.actions, star.why) for star in found.stars] == [(1, (action,), w) for w in whys]


def test_a_large_one_is_cut_into_numbered_documents() -> None:
    body = document(allow(["s3:*", "ec2:*", "iam:*", "rds:*"]))
    found = proposed(body, {"s3": 1, "ec2": 1, "iam": 1, "rds": 1})
    names = [policy.name for policy in found.documents]
    assert names == [f"app-right-sized-{n}" for n in range(1, len(names) + 1)]
    assert len(names) > 2
    assert max(size(policy.document) for policy in found.documents) <= POLICY_CHARACTERS


def test_more_than_fits_is_told() -> None:
    found = propose(*known(ADMINISTRATOR, {"s3": 3}))
    assert isinstance(found, Proposal)
    assert [check.name for check in found.checks if not check.ok] == ["It fits"]
    assert not found.sound


def test_an_operator_may_give_up_what_nobody_can_see_and_is_told_so() -> None:
    drop = tuple(s for s in C.services if s != "s3")
    found = proposed(ADMINISTRATOR, {"s3": 3, "ec2": None}, drop)
    assert C.mask(actions(found)) == C.services["s3"] | C.bit("iam:PassRole")
    whys = {r.service: r.why for r in found.removed}
    assert whys["ec2"].startswith("not used since")
    assert (
        whys["iam"]
        == whys["sqs"]
        == ("given up, although nobody can say that it is unused: no source tells of the use of this service")
    )
    assert any("You gave up what nobody can say is unused" in risk for risk in found.risks)


def test_more_than_the_quota_is_a_risk_and_not_a_fault() -> None:
    body = document(
        allow(["ec2:*", "s3:*", "iam:*", "rds:*", "sagemaker:*", "glue:*", "quicksight:*", "connect:*", "ssm:*"])
    )
    services = ("ec2", "s3", "iam", "rds", "sagemaker", "glue", "quicksight", "connect", "ssm")
    found = proposed(body, dict.fromkeys(services, 1.0))
    assert 10 < len(found.documents) <= 20
    assert any("a role takes 10 unless your quota was raised (to 20 at most)" in risk for risk in found.risks)


def test_old_and_new_together_may_be_too_many_for_a_while() -> None:
    body = document(allow("s3:GetObject"))
    held = [policy(f"p{n}", document=records.digest(body)) for n in range(10)]
    app = role("app", attached=tuple(p.arn for p in held))
    found = propose(app, facts(app, *held, last_accessed(app, s3=1), trusts=[body]))
    assert isinstance(found, Proposal)
    assert any("it has 11 managed policies: a role takes 10" in risk for risk in found.risks)


def test_the_numbers_alone_are_the_proposal_s() -> None:
    for body in (
        ADMINISTRATOR,
        document(allow(["iam:*", "s3:*"], "arn:aws:iam::*:role/x"), deny("s3:*", "arn:aws:s3:::a")),
    ):
        app, told = known(body, dict.fromkeys(C.services, 200.0) | {"s3": 3})
        found, short = propose(app, told), spare(app, told)
        assert isinstance(found, Proposal)
        assert isinstance(short, Spare)
        assert (short.granted, short.removable) == (found.granted, len(found.lost))
        assert short.unseen == sum(k.count for k in found.kept_unseen)


def test_services_that_are_gone_are_those_whose_attempts_tell_something() -> None:
    body = document(allow(["iam:*", "s3:*", "ec2:*", "sqs:SendMessage", "sts:AssumeRole"]))
    found = proposed(body, {"s3": 3, "iam": None, "ec2": None, "sts": None})
    assert found.gone == {next(iter(found.principals)): ("ec2", "iam")}


def test_names_are_not_taken_twice() -> None:
    body = document(allow("s3:GetObject"))
    app = role("app", inline={"own": records.digest(body)})
    found = propose(app, facts(app, policy("App-Right-Sized-1"), last_accessed(app, s3=1), trusts=[body]))
    assert isinstance(found, Proposal)
    assert [p.name for p in found.documents] == ["app-right-sized-2"]


def test_managed_policies_and_groups_are_left_and_can_be_taken_back() -> None:
    s3, ec2 = document(allow("s3:GetObject")), document(allow("ec2:RunInstances"))
    held = policy("shared", document=records.digest(ec2))
    ops = group("ops", inline={"g": records.digest(s3)})
    person = user("ann", groups=("ops",), attached=(held.arn,))
    found = propose(person, facts(person, held, ops, last_accessed(person, s3=1, ec2=None), trusts=[s3, ec2]))
    assert isinstance(found, Proposal)
    assert (found.change.old.managed, found.change.old.groups) == ((held.arn,), ("ops",))
    assert "aws iam remove-user-from-group --user-name=ann --group-name=ops" in found.cli()
    assert "aws iam add-user-to-group --user-name=ann --group-name=ops" in found.rollback()
    assert any("leaves the groups ops" in risk for risk in found.risks)
    assert [diff.policy for diff in found.diffs] == ["shared", "g by group ops"]


def test_what_it_could_break() -> None:
    body = document(allow(["s3:*", "ec2:RunInstances", "kms:Decrypt", "sqs:*"]))
    found = proposed(body, {"s3": 3, "ec2": 200, "kms": None, "sqs": None}, created=30)
    told = "\n".join(found.risks)
    assert "made on 2026-10-25, within the window" in told
    assert "ec2 (2026-05-08)" in told
    assert "kms, sqs" in told
    assert "calls to KMS that s3" in told
    assert "no longer covered by s3:*, sqs:*" in told


@pytest.mark.parametrize(
    ("principal", "reason", "next_step"),
    [
        (
            role("AWSServiceRoleForX", path="/aws-service-role/x.amazonaws.com/"),
            "service-linked",
            "Where x.amazonaws.com does not need it any more, delete it through that service.",
        ),
        (
            role("AWSReservedSSO_Dev_0123456789abcdef", path=SSO, inline={"own": records.digest(OWN)}),
            "from the permission set Dev: IAM refuses",
            "Change the permission set in IAM Identity Center.",
        ),
        (
            role(attached=(aws_policy("ReadOnlyAccess"),)),
            "ReadOnlyAccess could not be read",
            "The next collection reads it",
        ),
        (user(groups=("ghosts",)), "group ghosts of alice was not collected", "The next collection reads it"),
        (role(), "It has no policies", ""),
        (role(inline={"own": records.digest(OWN)}, created=2), "It was made on 2026-11-22", "From 2026-11-29 on"),
    ],
)
def test_none_can_be_made(principal: records.Role | records.User, reason: str, next_step: str) -> None:
    told = facts(principal, last_accessed(principal, s3=1), trusts=[OWN])
    found = propose(principal, told)
    assert isinstance(found, NoProposal)
    assert spare(principal, told) == found
    assert reason in found.reason
    assert found.next_step.startswith(next_step)


@pytest.mark.parametrize(
    ("advised", "states", "reason", "next_step"),
    [
        (
            None,
            {"GetServiceLastAccessedDetails": State.DENIED},
            "was not read for app",
            "it needs the permission iam:GetService",
        ),
        (None, {}, "was not read for app", "The next collection reads it again."),
        (3, {}, "was read for app on 2026-11-21, more than 2 days ago", "The next collection reads it again."),
    ],
)
def test_none_without_a_reading_of_access_advisor(
    advised: float | None, states: dict[str, State | None], reason: str, next_step: str
) -> None:
    app = role("app", inline={"own": records.digest(OWN)})
    read = [last_accessed(app, read=advised, s3=4)] if advised else []
    found = propose(app, facts(app, *read, trusts=[OWN], coverage=coverage(**states)))
    assert isinstance(found, NoProposal)
    assert reason in found.reason
    assert next_step in found.next_step


def test_what_a_young_role_got_after_it_was_made_stays() -> None:
    body = document(allow(["s3:GetObject", "sqs:SendMessage"]))
    app = role("app", unique_id="AROA1", inline={"own": records.digest(body)}, created=30)
    told = facts(app, last_accessed(app, s3=3, sqs=None), trusts=[body], changed_at={"AROA1": ago(5)})
    found = propose(app, told)
    assert isinstance(found, Proposal)
    assert [k.what for k in found.kept_unseen] == ["sqs"]


def test_the_digest_is_of_what_is_proposed() -> None:
    body, other = document(allow(["s3:GetObject", "ec2:RunInstances"])), document(allow("s3:GetObject"))
    app = role("app", unique_id="AROA1", inline={"own": records.digest(body)})
    again = role("app", unique_id="AROA1", inline={"own": records.digest(other)})
    one = propose(app, facts(app, last_accessed(app, s3=1, ec2=None), trusts=[body]))
    two = propose(again, facts(again, last_accessed(again, s3=2), trusts=[other]))
    assert isinstance(one, Proposal)
    assert isinstance(two, Proposal)
    assert one.digest == two.digest


NAMES = ["s3:*", "s3:Get*", "s3:PutObject", "ec2:Describe*", "ec2:*Instances", "iam:*", "sqs:SendMessage", "*", "sts:*"]
RESOURCES = ["*", "arn:aws:s3:::orders/*", "arn:aws:ec2:*:*:instance/i-1", ["arn:aws:s3:::a", "arn:aws:s3:::b/*"]]
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
        "Action": st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
        "Resource": st.sampled_from(RESOURCES),
    },
    optional={"Condition": st.sampled_from([{"Bool": {"aws:SecureTransport": "true"}}])},
)
USED = st.dictionaries(st.sampled_from(["s3", "ec2", "iam", "sqs", "sts"]), st.sampled_from([None, 3.0, 300.0]))


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STATEMENTS, min_size=1, max_size=4), USED)
def test_every_proposal_keeps_its_promises(some: list[dict[str, Any]], services: Services) -> None:
    rest: Services = {s: None for s in C.services if s not in ("s3", "ec2", "iam", "sqs", "sts")}
    body = document(*some)
    app, told = known(body, {**rest, **services})
    found = propose(app, told)
    assert isinstance(found, Proposal)
    assert {check.name: check.detail for check in found.checks if check.ok is False and check.name != "It fits"} == {}
    old = told.permissions.granted(app)
    allowed = C.mask(actions(found))
    used = [s for s, days in services.items() if days == 3.0]
    assert allowed & old.allow & C.mask(f"{s}:*" for s in used) == old.allow & C.mask(f"{s}:*" for s in used)
    assert writing_patterns(actions(found), C) == ()
    denies = [{**s, "Action": s["Action"][0] if len(s["Action"]) == 1 else s["Action"]} for s in some]
    assert [s for s in statements(found) if s["Effect"] == "Deny"] == [s for s in denies if s["Effect"] == "Deny"]
