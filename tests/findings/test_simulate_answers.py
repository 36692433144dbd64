"""What `manage.py simulate` answers: who asks for what, what is known of it, what nobody could read, and the organization."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.collectors.bundles import GAAD, details, make, role
from tests.collectors.test_organization_bundles import (
    ABOUT,
    BY_POLICY,
    DESCRIBED,
    FULL_ID,
    FULL_RCP,
    MANAGING,
    NODES,
    OWN,
    POLICIES,
    PROD,
    RCP,
    SCP,
    TREE,
    content,
    lines,
    policy,
    roots,
    to,
)
from tests.findings.simulating import FILES, FOREIGN, KEY, OBJECT, READ, Line, arn, ask, batch, inline, simulate, word
from tests.findings.worlds import allow, deny, document


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("simulate") / "b", FILES)


# -- the shape of an answer


def test_a_line_comes_back_with_its_answer(bundle: Path) -> None:
    one = {"principal": arn("role/app"), "action": "s3:GetObject", "resource": OBJECT, "context": {}}
    (answer,) = batch(bundle, one)
    unseen = answer.pop("unseen")
    by = [{"layer": "identity", "policy": READ, "sid": "Read"}]
    assert answer == {**one, "decision": "allowed", "kind": None, "by": by, "keys": []}
    assert unseen == ["scp", "rcp"]  # the bundle does not tell of an organization


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (arn("role/odd"), {"decision": "denied", "kind": "explicit", "keys": []}),
        (arn("role/vendor"), {"decision": "denied", "kind": "implicit", "keys": []}),
        (arn("role/mfa"), {"decision": "conditional", "kind": None, "keys": ["aws:MultiFactorAuthPresent"]}),
    ],
)
def test_the_other_decisions(bundle: Path, principal: str, expected: Line) -> None:
    answer = ask(bundle, principal)
    assert {key: answer[key] for key in expected} == expected
    assert all(set(by) == {"layer", "policy", "sid"} for by in answer["by"])


# -- who asks


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (arn("user/bob"), "implicit"),
        (arn("user/ann"), "allowed"),
        (arn("role/a/b/deep"), "allowed"),
        (arn("assumed-role/app/anybody@example.com", "sts"), "allowed"),
        (arn("assumed-role/deep/s", "sts"), "allowed"),
        (arn("root"), "allowed"),
        (OWN, "allowed"),
    ],
)
def test_principals(bundle: Path, principal: str, expected: str) -> None:
    assert word(ask(bundle, principal)) == expected


@pytest.mark.parametrize(
    ("principal", "said"),
    [
        (arn("role/nobody"), f"Account {OWN} has no role {arn('role/nobody')}, as far as it was collected."),
        (arn("role/deep"), f"Account {OWN} has no role"),
        (arn("assumed-role/nobody/s", "sts"), f"Account {OWN} has no assumed-role"),
        (arn("group/readers"), f"Account {OWN} has no group"),
        ("bob", "'bob' is no principal; write the ARN of a role, user, session or root"),
        ("", "The question has no principal."),
    ],
)
def test_unknown_principals(bundle: Path, principal: str, said: str) -> None:
    answer = ask(bundle, principal)
    assert (answer["decision"], answer["line"]) == (None, 1)
    assert answer["error"].startswith(f"line 1: {said}")


@pytest.mark.parametrize(
    ("principal", "action", "target", "expected"),
    [
        ("999999999999", "sts:AssumeRole", "open", "sts:ExternalId"),
        ("arn:aws:iam::999999999999:root", "sts:AssumeRole", "open", "sts:ExternalId"),
        ("arn:aws:iam::888888888888:root", "sts:AssumeRole", "open", "implicit"),
        ("arn:aws:iam::999999999999:role/deploy", "sts:AssumeRole", "vendor", "allowed"),
        ("arn:aws:sts::999999999999:assumed-role/deploy/s", "sts:AssumeRole", "vendor", "allowed"),
        ("arn:aws:sts::999999999999:assumed-role/other/s", "sts:AssumeRole", "vendor", "implicit"),
        ("arn:aws:iam::999999999999:root", "sts:AssumeRole", "vendor", "implicit"),
        (arn("oidc-provider/git.example.com"), "sts:AssumeRoleWithWebIdentity", "ci", "allowed"),
        (arn("oidc-provider/evil.example.com"), "sts:AssumeRoleWithWebIdentity", "ci", "implicit"),
        ("cognito-identity.amazonaws.com", "sts:AssumeRoleWithWebIdentity", "ci", "allowed"),
        ("accounts.google.com", "sts:AssumeRoleWithWebIdentity", "ci", "implicit"),
        ("ec2.amazonaws.com", "sts:AssumeRole", "app", "allowed"),
        ("lambda.amazonaws.com", "sts:AssumeRole", "app", "implicit"),
        ("*", "sts:AssumeRole", "open", "implicit"),
        (arn("role/iam"), "sts:AssumeRole", "open", "sts:ExternalId"),
        (arn("role/iam"), "sts:TagSession", "open", "sts:ExternalId"),
        (arn("role/iam"), "sts:AssumeRole", "app", "implicit"),
        (arn("role/app"), "sts:AssumeRole", "open", "implicit"),
        (arn("root"), "sts:AssumeRole", "open", "implicit"),
    ],
)
def test_who_may_become_a_role(bundle: Path, principal: str, action: str, target: str, expected: str) -> None:
    assert word(ask(bundle, principal, action, arn(f"role/{target}"))) == expected


# -- what is asked


def test_an_action_in_any_case_and_no_resource(bundle: Path) -> None:
    assert word(ask(bundle, arn("role/app"), "S3:getOBJECT")) == "allowed"
    (answer,) = batch(bundle, {"principal": arn("role/iam"), "action": "iam:ListRoles"})
    assert (word(answer), "resource" in answer) == ("allowed", False)
    assert word(ask(bundle, arn("role/iam"), "iam:NotInTheCatalogue", "")) == "allowed"


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (None, "aws:MultiFactorAuthPresent"),
        ({}, "aws:MultiFactorAuthPresent"),
        ({"aws:SourceIp": "10.0.0.1"}, "aws:MultiFactorAuthPresent"),
        ({"aws:MultiFactorAuthPresent": True}, "allowed"),
        ({"AWS:multifactorauthpresent": "true"}, "allowed"),
        ({"aws:MultiFactorAuthPresent": ["true"]}, "allowed"),
        ({"aws:MultiFactorAuthPresent": False}, "implicit"),
        ({"aws:MultiFactorAuthPresent": 1}, "implicit"),
        ({"aws:MultiFactorAuthPresent": None}, "implicit"),
        ({"aws:MultiFactorAuthPresent": []}, "implicit"),
    ],
)
def test_context(bundle: Path, context: Any, expected: str) -> None:
    assert word(ask(bundle, arn("role/mfa"), context=context)) == expected


def test_what_the_inventory_tells_of_the_target_is_known(tmp_path: Path) -> None:
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    asking = role("iam", RolePolicyList=inline(allow("iam:*", Condition=red)))
    target = role("mfa", Tags=[{"Key": "Team", "Value": "red"}])
    one = make(tmp_path / "b", {**ABOUT, GAAD: details(asking, target)})
    assert word(ask(one, arn("role/iam"), "iam:DeleteRole", arn("role/mfa"))) == "allowed"
    assert word(ask(one, arn("role/iam"), "iam:DeleteRole", arn("role/iam"))) == "implicit"
    assert word(ask(one, arn("role/iam"), "iam:DeleteRole", arn("role/gone"))) == "aws:ResourceTag/team"


def test_time_is_known_only_when_it_is_given(tmp_path: Path) -> None:
    until = {"DateLessThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}}
    one = make(
        tmp_path / "b", {**ABOUT, GAAD: details(role("app", RolePolicyList=inline(allow("s3:*", Condition=until))))}
    )
    question = ("--bundle", one, "--principal", arn("role/app"), "--action", "s3:GetObject")
    answers = [simulate(*question, *more)[0][0] for more in ((), ("--as-of", "2026-11-24"), ("--as-of", "2027-01-01"))]
    assert [word(answer) for answer in answers] == ["aws:CurrentTime", "allowed", "implicit"]


def test_policies_of_the_session_and_the_resource_may_be_given(bundle: Path) -> None:
    app, session = arn("role/app"), arn("assumed-role/app/s", "sts")
    nothing = document(allow("sqs:*"))
    named = {"Effect": "Allow", "Principal": {"AWS": session}, "Action": "s3:*", "Resource": "*"}
    assert word(ask(bundle, app, session_policy=nothing)) == "implicit"
    assert word(ask(bundle, session, session_policy=nothing, resource_policy=document(named))) == "allowed"
    assert word(ask(bundle, app, resource_policy={**document(deny("*", Principal="*"))})) == "explicit"
    assert ask(bundle, app, resource_policy="not json")["unseen"][0] == OBJECT
    of_key = {"action": "kms:Decrypt", "resource": KEY, "resource_policy": document({**named, "Action": "kms:*"})}
    assert word(ask(bundle, arn("role/iam"), **of_key)) == "implicit"


# -- what nobody could read


@pytest.mark.parametrize(
    ("principal", "action", "resource", "expected", "unseen"),
    [
        (arn("role/dark"), "s3:GetObject", OBJECT, "conditional", "inline:own"),
        (arn("role/odd"), "s3:PutObject", OBJECT, "conditional", arn("policy/gone")),
        (arn("role/odd"), "s3:GetObject", OBJECT, "explicit", "scp"),
        (arn("user/eve"), "s3:GetObject", OBJECT, "conditional", "group ghosts"),
        (arn("role/iam"), "sqs:SendMessage", FOREIGN, "conditional", f"the policy of {FOREIGN}"),
        (arn("role/app"), "sqs:SendMessage", FOREIGN, "implicit", "scp"),
        (arn("role/iam"), "sts:AssumeRole", arn("role/unheard"), "conditional", f"the policy of {arn('role/unheard')}"),
        ("arn:aws:iam::999999999999:root", "s3:GetObject", OBJECT, "conditional", f"the policy of {OBJECT}"),
        ("cloudtrail.amazonaws.com", "s3:PutObject", OBJECT, "conditional", f"the policy of {OBJECT}"),
        (arn("role/iam"), "kms:Decrypt", KEY, "allowed", f"the key policy of {KEY}"),
    ],
)
def test_what_could_not_be_read(
    bundle: Path, principal: str, action: str, resource: str, expected: str, unseen: str
) -> None:
    answer = ask(bundle, principal, action, resource)
    assert word(answer) == expected
    assert unseen in answer["unseen"]


def test_where_nobody_looks_for_a_policy_none_is_missed(bundle: Path) -> None:
    answer = ask(bundle, "999999999999", "ec2:DescribeInstances", "*")
    assert (word(answer), "unseen" in answer) == ("implicit", False)


def test_a_bucket_that_the_question_gives_to_another_account(bundle: Path) -> None:
    mine, theirs = ({"aws:ResourceAccount": account} for account in (OWN, "999999999999"))
    assert word(ask(bundle, arn("role/app"), context=mine)) == "allowed"
    assert word(ask(bundle, arn("role/app"), context=theirs)) == "conditional"


# -- the organization


GUARDED = {**FILES, **DESCRIBED, **TREE, **POLICIES, **BY_POLICY}


def test_scps_of_the_levels_bind_roles_and_root_but_no_outsider(tmp_path: Path) -> None:
    guarded = make(tmp_path / "b", GUARDED)
    denied = ask(guarded, arn("role/iam"), "iam:CreateUser", "*")
    assert denied["by"] == [{"layer": "scp", "policy": "guard", "sid": ""}]
    assert (denied["kind"], denied["levels"], "unseen" in denied) == ("explicit", [f"prod ({PROD})"], False)
    assert word(ask(guarded, arn("root"), "iam:CreateUser", "*")) == "explicit"
    assert word(ask(guarded, arn("role/iam"), "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{OWN}:q")) == "allowed"
    assert word(ask(guarded, "999999999999", "sts:AssumeRole", arn("role/open"))) == "sts:ExternalId"


def test_a_level_that_allows_nothing_is_named(tmp_path: Path) -> None:
    narrow = lines(content("p-guard", document(allow("iam:*"))))
    targets = lines(to(FULL_ID, *[node for node in NODES if node != PROD]), to("p-guard", PROD))
    files = {"organizations.describe-policy.jsonl": narrow, "organizations.list-targets-for-policy.jsonl": targets}
    answer = ask(make(tmp_path / "b", {**GUARDED, **files}), arn("role/app"))
    assert (answer["kind"], answer["by"]) == ("implicit", [{"layer": "scp", "policy": "", "sid": ""}])
    assert answer["levels"] == [f"prod ({PROD})"]


def test_the_management_account_is_bound_by_none(tmp_path: Path) -> None:
    managing = {"Organization": {"Id": "o-1", "MasterAccountId": OWN, "FeatureSet": "ALL"}}
    files = {**GUARDED, "organizations.describe-organization.json": managing}
    assert MANAGING != OWN
    assert word(ask(make(tmp_path / "b", files), arn("role/iam"), "iam:CreateUser", "*")) == "allowed"


def test_rcps_bind_whoever_asks(tmp_path: Path) -> None:
    outsiders = deny("sts:*", Principal="*", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})
    files = {
        "organizations.list-roots.json": roots(SCP, RCP),
        "organizations.list-policies.jsonl": lines(
            ({"Filter": SCP}, {"Policies": [policy(FULL_ID)]}),
            ({"Filter": RCP}, {"Policies": [policy(FULL_RCP, RCP), policy("p-edge", RCP)]}),
        ),
        "organizations.describe-policy.jsonl": lines(content("p-edge", document(outsiders))),
        "organizations.list-targets-for-policy.jsonl": lines(
            to(FULL_ID, *NODES), to(FULL_RCP, *NODES), to("p-edge", PROD)
        ),
    }
    guarded = make(tmp_path / "b", {**GUARDED, **files})
    become = ("sts:AssumeRole", arn("role/open"))
    theirs = ask(guarded, "999999999999", *become, context={"sts:ExternalId": "x", "aws:PrincipalOrgID": "o-2"})
    assert (word(theirs), [by["layer"] for by in theirs["by"]]) == ("explicit", ["rcp"])
    assert word(ask(guarded, arn("role/iam"), *become, context={"sts:ExternalId": "x"})) == "allowed"
    service = ask(
        guarded, "ec2.amazonaws.com", "sts:AssumeRole", arn("role/app")
    )  # in no organization: it is spared by name only
    assert (word(service), [by["layer"] for by in service["by"]]) == ("explicit", ["rcp"])
