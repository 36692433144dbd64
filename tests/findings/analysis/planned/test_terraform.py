"""A Terraform plan applied to an account: what it makes, changes and takes away, and what only the apply can tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from findings.analysis.planned import terraform
from findings.analysis.planned.changes import Plan, PlanError
from findings.analysis.planned.draft import Drafted, apply
from tests.builders import ACCOUNT_ID, arn, group, policy, role, snapshot, trust, user

ADMIN = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
READ = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def change(
    address: str, before: Any = None, after: Any = None, unknown: Any = None, module: str = "", actions: Any = None
) -> dict[str, Any]:
    kind, name = address.removeprefix(f"{module}.").partition("[")[0].split(".")
    implied = ["create"] if before is None else ["delete"] if after is None else ["update"]
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        **({"module_address": module} if module else {}),
        "change": {"actions": actions or implied, "before": before, "after": after, "after_unknown": unknown or {}},
    }


def plan(*changes: dict[str, Any], configuration: Any = None) -> Plan:
    raw = {"format_version": "1.2", "resource_changes": list(changes)}
    if configuration:
        raw["configuration"] = {"root_module": configuration}
    return terraform.read(raw, ACCOUNT_ID, "aws")


def drafted(given: Plan, **parts: Any) -> Drafted:
    return apply(given, snapshot(**parts))


def referring(address: str, attribute: str, *references: str) -> dict[str, Any]:
    return {"resources": [{"address": address, "expressions": {attribute: {"references": list(references)}}}]}


def test_what_stays_as_it_is_changes_nothing() -> None:
    app = role("app")
    done = drafted(plan(change("aws_iam_role.app", {"name": "app"}, {"name": "app"}, actions=["no-op"])), roles=(app,))
    assert done.snapshot.roles == (app,)
    assert done.notes == ()


def test_resources_that_are_no_identities_are_named_and_passed_over() -> None:
    given = plan(change("aws_s3_bucket.data", after={"bucket": "data"}))
    assert given.changes == ()
    assert given.passed_over == ("aws_s3_bucket",)


def test_a_new_role_gets_its_trust_path_boundary_and_tags() -> None:
    after = {
        "name": "batch",
        "path": "/jobs/",
        "assume_role_policy": json.dumps(trust(Service="batch.amazonaws.com")),
        "permissions_boundary": arn("policy", "limit"),
        "max_session_duration": 7200,
        "tags_all": {"team": "data"},
    }
    (made,) = drafted(plan(change("aws_iam_role.batch", after=after))).snapshot.roles
    assert made.arn == arn("role", "batch", "/jobs/")
    assert (made.boundary, made.tags, made.max_session_seconds) == (arn("policy", "limit"), {"team": "data"}, 7200)


def test_a_policy_and_its_attachment_join_through_the_configuration() -> None:
    made = plan(
        change("aws_iam_policy.wide", after={"name": "wide", "policy": json.dumps(ADMIN)}, unknown={"arn": True}),
        change("aws_iam_role_policy_attachment.it", after={"role": "app"}, unknown={"policy_arn": True}),
        configuration=referring(
            "aws_iam_role_policy_attachment.it", "policy_arn", "aws_iam_policy.wide.arn", "aws_iam_policy.wide"
        ),
    )
    done = drafted(made, roles=(role("app"),))
    assert made.unresolved == ()
    assert done.snapshot.roles[0].attached == (arn("policy", "wide"),)
    (wide,) = done.snapshot.policies
    assert done.snapshot.documents[wide.document] == ADMIN
    assert wide.attachment_count == 1


def test_modules_have_references_of_their_own() -> None:
    inner = referring("aws_iam_role_policy_attachment.it", "policy_arn", "aws_iam_policy.p.arn")
    made = plan(
        change(
            "module.team.aws_iam_policy.p", after={"name": "team-p", "policy": json.dumps(READ)}, module="module.team"
        ),
        change("aws_iam_policy.p", after={"name": "other-p", "policy": json.dumps(ADMIN)}),
        change(
            "module.team.aws_iam_role_policy_attachment.it",
            after={"role": "app"},
            unknown={"policy_arn": True},
            module="module.team",
        ),
        configuration={"module_calls": {"team": {"module": inner}}},
    )
    assert drafted(made, roles=(role("app"),)).snapshot.roles[0].attached == (arn("policy", "team-p"),)


def test_what_only_the_apply_tells_is_unknown_and_said() -> None:
    made = plan(
        change("aws_iam_role_policy.own", after={"role": "app", "name": "own"}, unknown={"policy": True}),
        change("aws_iam_role_policy_attachment.it", after={"role": "app"}, unknown={"policy_arn": True}),
    )
    done = drafted(made, roles=(role("app"),))
    app = done.snapshot.roles[0]
    assert app.inline["own"] not in done.snapshot.documents
    assert "aws_iam_role_policy.own.policy" in done.unreadable[app.inline["own"]]
    assert len(app.attached) == 1
    assert len(made.unresolved) == 2


def test_a_replaced_role_goes_and_the_new_one_comes() -> None:
    document = json.dumps(trust(Service="ec2.amazonaws.com"))
    before, after = ({"name": name, "assume_role_policy": document} for name in ("old", "new"))
    done = drafted(
        plan(change("aws_iam_role.it", before, after, actions=["delete", "create"])), roles=(role("old"), role("kept"))
    )
    assert sorted(r.name for r in done.snapshot.roles) == ["kept", "new"]


def test_removals_of_attachments_inline_policies_members_and_users() -> None:
    wide = policy("wide")
    done = drafted(
        plan(
            change("aws_iam_user_policy_attachment.a", {"user": "alice", "policy_arn": wide.arn}),
            change("aws_iam_user_policy.i", {"user": "alice", "name": "own", "policy": "{}"}),
            change("aws_iam_user_group_membership.m", {"user": "alice", "groups": ["admins"]}),
            change("aws_iam_user.b", {"name": "bob"}),
        ),
        users=(user("alice", attached=(wide.arn,), inline={"own": "x"}, groups=("admins", "staff")), user("bob")),
        groups=(group("admins"), group("staff")),
        policies=(wide,),
    )
    (alice,) = done.snapshot.users
    assert (alice.attached, alice.inline, alice.groups) == ((), {}, ("staff",))


def test_a_policy_that_changes_keeps_its_id_and_gets_a_new_default_version() -> None:
    old = policy("wide")
    row = change(
        "aws_iam_policy.wide",
        {"name": "wide", "policy": "{}", "arn": old.arn},
        {"name": "wide", "policy": json.dumps(ADMIN), "arn": old.arn},
    )
    (now,) = drafted(plan(row), policies=(old,)).snapshot.policies
    assert now.unique_id == old.unique_id
    assert now.default_version == "planned"


def test_a_new_access_key_stands_for_the_id_that_it_has_not_got() -> None:
    done = drafted(plan(change("aws_iam_access_key.ci", after={"user": "alice"})), users=(user("alice"),))
    (key,) = done.snapshot.keys
    assert key.user_name == "alice"
    missing = drafted(plan(change("aws_iam_access_key.ci", after={"user": "nobody"})))
    assert "no user nobody" in missing.notes[0]


@pytest.mark.parametrize("raw", [[], "text", {"resource_changes": "x"}, {"resource_changes": []}, {}])
def test_what_is_no_plan_says_how_to_make_one(raw: Any) -> None:
    with pytest.raises(PlanError, match="terraform show -json"):
        terraform.read(raw, ACCOUNT_ID, "aws")
