"""A Terraform plan applied to an account: what it makes, changes and takes away, and what only the apply can tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from findings.analysis.facts import Facts
from findings.analysis.planned import terraform
from findings.analysis.planned.changes import Plan, PlanError
from findings.analysis.planned.draft import Drafted, apply
from tests.builders import ACCOUNT_ID, arn, details, group, policy, role, snapshot, trust, user

ADMIN = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
READ = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def change(
    address: str, before: Any = None, after: Any = None, unknown: Any = None, module: str = "", actions: Any = None
) -> dict[str, Any]:
    kind, name = address.removeprefix(f"{module}.").removeprefix("data.").partition("[")[0].split(".")
    implied = ["create"] if before is None else ["delete"] if after is None else ["update"]
    return {
        "address": address,
        "mode": "data" if ".data." in f".{address}" else "managed",
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
    done = drafted(plan(change("aws_iam_role.batch", after=after)), details=(details(long_sessions={}),))
    (made,) = done.snapshot.roles
    assert made.arn == arn("role", "batch", "/jobs/")
    assert (made.boundary, made.tags) == (arn("policy", "limit"), {"team": "data"})
    assert Facts(done.snapshot).max_session(made) == 7200


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


def test_one_of_many_joins_the_one_with_its_index() -> None:
    """for_each over policies, in a module with for_each of its own, attached by each.key."""
    module = 'module.team["a.b"]'
    inner = referring("aws_iam_role_policy_attachment.it", "policy_arn", "aws_iam_policy.p", "each.key")
    rows = [
        change(
            f"{module}.aws_iam_policy.p[{key}]",
            after={"name": f"p-{number}", "policy": json.dumps(READ)},
            unknown={"arn": True},
            module=module,
        )
        for number, key in enumerate(('"read.only"', '"write"'))
    ]
    rows += [
        change(
            f'{module}.aws_iam_role_policy_attachment.it["write"]',
            after={"role": "app"},
            unknown={"policy_arn": True},
            module=module,
        )
    ]
    made = plan(*rows, configuration={"module_calls": {"team": {"module": inner}}})
    assert drafted(made, roles=(role("app"),)).snapshot.roles[0].attached == (arn("policy", "p-1"),)


def test_outputs_and_variables_of_modules_are_followed() -> None:
    attach = referring("aws_iam_role_policy_attachment.it", "policy_arn", "var.policy")
    outputs = {
        "arn": {"expression": {"references": ["aws_iam_policy.p[0].arn", "aws_iam_policy.p[0]", "aws_iam_policy.p"]}}
    }
    configuration = {
        "module_calls": {
            "roles": {
                "module": attach,
                "expressions": {"policy": {"references": ["module.policies.arn", "module.policies"]}},
            },
            "policies": {"module": {"outputs": outputs}},
        }
    }
    policy_row = change(
        "module.policies.aws_iam_policy.p[0]", after={"name": "p", "policy": "{}"}, module="module.policies"
    )
    attachment = change(
        "module.roles.aws_iam_role_policy_attachment.it",
        after={"role": "app"},
        unknown={"policy_arn": True},
        module="module.roles",
    )
    done = drafted(plan(policy_row, attachment, configuration=configuration), roles=(role("app"),))
    assert done.snapshot.roles[0].attached == (arn("policy", "p"),)


@pytest.mark.parametrize(
    "references",
    [
        ("var.which", "aws_iam_policy.a.arn", "aws_iam_policy.a", "aws_iam_policy.b.arn", "aws_iam_policy.b"),
        ("aws_iam_policy.gone.arn", "aws_iam_policy.gone"),
        ("aws_iam_role.app.arn", "aws_iam_role.app"),
        ("local.policy",),
        ("module.none.arn", "module.none"),
        ("var.none",),
        ("each.value",),
        (),
        ("]][[",),
        ("aws_iam_policy.a.arn",) * 1_000,
    ],
)
def test_what_could_be_one_of_several_is_not_guessed(references: tuple[str, ...]) -> None:
    address = "aws_iam_role_policy_attachment.it"
    made = plan(
        change("aws_iam_policy.a", after={"name": "a", "policy": "{}"}),
        change("aws_iam_policy.b", after={"name": "b", "policy": "{}"}),
        change("aws_iam_role.app", {"name": "app"}, {"name": "app"}, actions=["no-op"]),
        change(address, after={"role": "app"}, unknown={"policy_arn": True}),
        configuration=referring(address, "policy_arn", *references),
    )
    assert made.unresolved == (f"{address}.policy_arn is known only after the apply.",)


def test_a_role_whose_name_is_made_up_gets_what_the_plan_gives_it() -> None:
    address = "aws_iam_role_policy_attachment.it"
    done = drafted(
        plan(
            change("aws_iam_role.r[0]", after={"name_prefix": "batch-"}, unknown={"name": True, "arn": True}),
            change(address, after={"policy_arn": arn("policy", "p")}, unknown={"role": True}),
            configuration=referring(address, "role", "aws_iam_role.r[0].name", "aws_iam_role.r[0]", "aws_iam_role.r"),
        )
    )
    (made,) = done.snapshot.roles
    assert (made.name, made.attached) == ("batch-r[0](planned)", (arn("policy", "p"),))


def test_a_document_of_a_data_source_that_is_read_by_the_apply() -> None:
    own = "aws_iam_role_policy.own"
    statement = {"effect": "Allow", "actions": ["s3:GetObject"], "resources": ["*"], "sid": "", "principals": []}
    condition = [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}]
    rows = [{**statement, "condition": condition}, {"effect": "Allow", "actions": ["s3:*"]}]
    data = change(
        "data.aws_iam_policy_document.d",
        after={"version": None, "statement": rows},
        unknown={"json": True, "statement": [{}, {"resources": True}]},
        actions=["read"],
    )
    references = ("data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d")
    made = plan(
        data,
        change(own, after={"role": "app", "name": "own"}, unknown={"policy": True}),
        configuration=referring(own, "policy", *references),
    )
    done = drafted(made, roles=(role("app"),))
    (app,) = done.snapshot.roles
    (known,) = done.snapshot.documents[app.inline["own"]]["Statement"]
    assert known["Condition"] == {"Bool": {"aws:SecureTransport": ["true"]}}
    assert "statement[1]" in done.unreadable[app.inline["own (in part)"]]
    assert made.unresolved == ("data.aws_iam_policy_document.d.statement[1] is known only after the apply.",)


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


@pytest.mark.parametrize("actions", [["delete", "create"], ["create", "delete"], ["create", "forget"]])
def test_the_new_one_of_a_replacement_comes_in_any_order(actions: list[str]) -> None:
    row = change("aws_iam_role_policy.it", {"role": "app", "name": "a"}, {"role": "app", "name": "b"}, actions=actions)
    (app,) = drafted(plan(row), roles=(role("app", inline={"a": "x"}),)).snapshot.roles
    assert set(app.inline) == ({"b"} if "delete" in actions else {"a", "b"})


def test_what_hangs_on_a_role_by_itself_stays_when_the_role_is_changed() -> None:
    """The provider shows all that is attached; only what the plan changes is meant."""
    shown = {
        "name": "app",
        "managed_policy_arns": [arn("policy", "a"), arn("policy", "b")],
        "inline_policy": [{"name": "own", "policy": "{}"}],
        "tags_all": {},
    }
    row = change("aws_iam_role.app", shown, {**shown, "tags_all": {"team": "x"}})
    gone = change("aws_iam_role_policy_attachment.b", {"role": "app", "policy_arn": arn("policy", "b")})
    app = role("app", attached=(arn("policy", "a"), arn("policy", "b")), inline={"own": "x", "other": "y"})
    (now,) = drafted(plan(row, gone), roles=(app,)).snapshot.roles
    assert (now.attached, now.inline, now.tags) == ((arn("policy", "a"),), app.inline, {"team": "x"})


def test_what_a_role_manages_alone_is_all_that_it_has() -> None:
    before = {"name": "app", "managed_policy_arns": [arn("policy", "a")], "inline_policy": []}
    blocks = [{"name": "new", "policy": json.dumps(READ)}, {"name": "later"}]
    after = {"name": "app", "managed_policy_arns": [arn("policy", "b")], "inline_policy": blocks}
    row = change("aws_iam_role.app", before, after, unknown={"inline_policy": [{}, {"policy": True}]})
    done = drafted(plan(row), roles=(role("app", attached=(arn("policy", "a"),), inline={"old": "x"}),))
    (now,) = done.snapshot.roles
    assert (now.attached, set(now.inline)) == ((arn("policy", "b"),), {"new", "later"})
    assert "inline_policy[1].policy" in done.unreadable[now.inline["later"]]


def test_an_instance_profile_carries_its_role() -> None:
    done = drafted(plan(change("aws_iam_instance_profile.p", after={"name": "p", "role": "app"})), roles=(role("app"),))
    (profile,) = done.snapshot.roles[0].instance_profiles
    assert profile.name == "p"
    gone = plan(change("aws_iam_instance_profile.p", {"name": "p", "role": "app"}))
    assert apply(gone, done.snapshot).snapshot.roles[0].instance_profiles == ()


def test_members_leave_a_group_that_goes_and_a_policy_that_is_held_stays() -> None:
    held = policy("held")
    done = drafted(
        plan(
            change("aws_iam_group.g", {"name": "g"}),
            change("aws_iam_group_membership.m", {"group": "g", "users": ["alice", None]}),
            change("aws_iam_policy.held", {"name": "held", "arn": held.arn, "policy": "{}"}),
        ),
        users=(user("alice", groups=("g", "h"), attached=(held.arn,)),),
        groups=(group("g"), group("h")),
        policies=(held,),
    )
    assert done.snapshot.users[0].groups == ("h",)
    assert [p.name for p in done.snapshot.policies] == ["held"]
    assert done.notes == ("held is to be deleted and still attached to 1: AWS refuses that.",)


def test_a_boundary_with_a_hole_bounds_nothing_that_is_known() -> None:
    done = drafted(
        plan(change("aws_iam_role.app", {"name": "app"}, {"name": "app"}, unknown={"permissions_boundary": True})),
        roles=(role("app", boundary=arn("policy", "limit")),),
    )
    (app,) = done.snapshot.roles
    assert "only after the apply" in Facts(done.snapshot, unreadable=done.unreadable).permissions.unknown(app)


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
