"""`manage.py judge --plan`: what a Terraform plan or CloudFormation template opens, closes and widens, through the command."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.builders import ACCOUNT_ID
from tests.collectors.bundles import GAAD, make, role
from tests.collectors.bundles import details as answer

WIDE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
OBJECTS = "arn:aws:s3:::data/*"
USED = {"LastUsedDate": "2026-11-23T00:00:00Z", "Region": "eu-west-1"}


def reading(resource: Any, **more: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource, **more}],
    }


def change(
    address: str, before: Any = None, after: Any = None, unknown: Any = None, actions: Any = None
) -> dict[str, Any]:
    implied = ["create"] if before is None else ["delete"] if after is None else ["update"]
    given = {"actions": actions or implied, "before": before, "after": after, "after_unknown": unknown or {}}
    return {"address": address, "mode": "managed", "type": address.partition(".")[0], "change": given}


def terraform(*changes: dict[str, Any], **more: Any) -> str:
    return json.dumps({"format_version": "1.2", "resource_changes": list(changes), **more})


def inline(document: Any, **more: Any) -> dict[str, Any]:
    return change(
        "aws_iam_role_policy.own", after={"role": "app", "name": "own", "policy": json.dumps(document)}, **more
    )


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Role app reads one bucket."""
    app = role(RolePolicyList=[{"PolicyName": "own", "PolicyDocument": reading(OBJECTS)}], RoleLastUsed=USED)
    return make(tmp_path / "bundle", {GAAD: answer(app)})


class Said:
    def __init__(self, lines: list[dict[str, Any]], code: int, error: str) -> None:
        self.lines, self.code, self.error = lines, code, error

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["change"] == kind]

    def slugs(self, kind: str) -> set[str]:
        return {line["slug"] for line in self.of(kind)}

    def notes(self, kind: str) -> list[str]:
        return [line["note"] for line in self.of("note") if line["kind"] == kind]


def judge(bundle: Path, plan: str | bytes | Path, **options: Any) -> Said:
    """plan: what stands in the file, or the file."""
    file = plan if isinstance(plan, Path) else bundle.parent / "plan"
    if not isinstance(plan, Path):
        file.write_bytes(plan if isinstance(plan, bytes) else plan.encode())
    out, code, error = StringIO(), 0, ""
    asked = {"format": "json", "stdout": out, "stderr": StringIO(), "plan": file, **options}
    try:
        call_command("judge", str(bundle), "--as-of=2026-11-24", **asked)
    except CommandError as failed:
        code, error = failed.returncode, str(failed)
    except SystemExit as left:
        code = int(left.code or 0)
    return Said([json.loads(line) for line in out.getvalue().splitlines()], code, error)


# -- what must stay silent

SILENT = {
    "nothing changes": terraform(change("aws_iam_role.app", {"name": "app"}, {"name": "app"}, actions=["no-op"])),
    "a plan without resources": json.dumps({"format_version": "1.2", "planned_values": {"root_module": {}}}),
    "the same policy in other words": terraform(inline(reading([OBJECTS]))),
    "less than before": terraform(inline(reading("arn:aws:s3:::data/public/*"))),
    "forgotten, not deleted": terraform(change("aws_iam_role.app", {"name": "app"}, None, actions=["forget"])),
    "a template without identities": "Resources: {Bucket: {Type: 'AWS::S3::Bucket'}}",
}


@pytest.mark.parametrize("plan", SILENT.values(), ids=SILENT.keys())
def test_silent(bundle: Path, plan: str) -> None:
    said = judge(bundle, plan, fail_on="info", fail_on_unknown=True)
    assert (said.code, said.error) == (0, "")
    assert [line for line in said.lines if line["change"] != "note"] == []


# -- what it opens, closes, widens


def test_an_administrator_is_opened_and_fails_the_gate(bundle: Path) -> None:
    plan = terraform(change("aws_iam_role_policy_attachment.a", after={"role": "app", "policy_arn": ADMINISTRATOR}))
    said = judge(bundle, plan, fail_on="high")
    assert said.code == 1
    assert "effective-admin" in said.slugs("opens")
    (widened,) = said.of("widens")
    assert (widened["name"], widened["new"], widened["causes"]) == ("app", False, ["AdministratorAccess was attached"])
    assert widened["gained"]["Permissions management"] > 100
    assert judge(bundle, plan, fail_on="critical").code == 0


def test_what_is_taken_away_closes(bundle: Path) -> None:
    make(
        bundle, {GAAD: answer(role(RolePolicyList=[{"PolicyName": "own", "PolicyDocument": WIDE}], RoleLastUsed=USED))}
    )
    gone = {"role": "app", "name": "own", "policy": json.dumps(WIDE)}
    said = judge(bundle, terraform(change("aws_iam_role_policy.own", gone)), fail_on="info")
    assert "effective-admin" in said.slugs("closes")
    assert (said.code, said.of("opens"), said.of("widens")) == (0, [], [])


@pytest.mark.parametrize(
    "document",
    [
        reading(["arn:aws:s3:::data/*", "arn:aws:s3:::payroll/*"]),
        reading("arn:aws:s3:::d*"),
        {
            "Version": "2012-10-17",
            "Statement": reading(OBJECTS)["Statement"] * 2 + reading("arn:aws:s3:::b/*")["Statement"],
        },
    ],
)
def test_more_resources_of_the_same_action_widen(bundle: Path, document: Any) -> None:
    (widened,) = judge(bundle, terraform(inline(document))).of("widens")
    assert widened["examples"] == ["s3:GetObject"]


def test_a_condition_that_goes_and_a_boundary_that_goes_widen(bundle: Path) -> None:
    bound = reading(OBJECTS, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    limit = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT_ID}:policy/none"}
    policy = {
        "PolicyName": "none",
        "PolicyId": "ANPA1",
        "Arn": limit["PermissionsBoundaryArn"],
        "DefaultVersionId": "v1",
        "CreateDate": "2020-01-01T00:00:00Z",
        "UpdateDate": "2020-01-01T00:00:00Z",
        "PolicyVersionList": [
            {
                "Document": reading(OBJECTS),
                "VersionId": "v1",
                "IsDefaultVersion": True,
                "CreateDate": "2020-01-01T00:00:00Z",
            }
        ],
    }
    held = [{"PolicyName": "own", "PolicyDocument": bound}]
    wide = [{"PolicyName": "own", "PolicyDocument": WIDE}]
    roles = (role(RolePolicyList=held), role("bound", RolePolicyList=wide, PermissionsBoundary=limit))
    make(bundle, {GAAD: answer(*roles, Policies=[policy])})
    (widened,) = judge(bundle, terraform(inline(reading(OBJECTS)))).of("widens")
    assert (widened["name"], widened["on"]) == ("app", [f"1 action on {OBJECTS}"])
    limited = {"name": "bound", "permissions_boundary": policy["Arn"]}
    said = judge(bundle, terraform(change("aws_iam_role.b", limited, {"name": "bound", "permissions_boundary": None})))
    (widened,) = said.of("widens")
    assert widened["causes"] == ["its permissions boundary was removed"]
    assert "effective-admin" in said.slugs("opens")


def test_a_new_door_is_a_widening(bundle: Path) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "999999999999"}}],
    }
    row = change("aws_iam_role.app", {"name": "app"}, {"name": "app", "assume_role_policy": json.dumps(trust)})
    said = judge(bundle, terraform(row))
    assert [one["admits"] for one in said.of("widens")] == [["999999999999"]]
    assert "unknown-external-account" in said.slugs("opens")


def test_a_template_with_short_intrinsics(bundle: Path) -> None:
    template = """
Parameters: {Stage: {Type: String, Default: prod}}
Resources:
  Limit:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Action: '*', Resource: '*'}]
  Deploy:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub '${Stage}-deploy'
      ManagedPolicyArns: [!Ref Limit]
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}}]
"""
    said = judge(bundle, template, fail_on="high", account=ACCOUNT_ID)
    (found,) = [
        line for line in said.of("opens") if line["slug"] == "effective-admin" and line["subject"]["type"] == "role"
    ]
    assert found["subject"]["arn"] == f"arn:aws:iam::{ACCOUNT_ID}:role/prod-deploy"
    assert (said.code, said.of("note")) == (1, [])


# -- what is unknown


def test_what_only_the_apply_tells_is_unknown_and_named(bundle: Path) -> None:
    row = change("aws_iam_role_policy.more", after={"role": "app", "name": "more"}, unknown={"policy": True})
    said = judge(bundle, terraform(row), fail_on="info")
    assert (said.code, said.of("opens")) == (0, [])
    assert said.notes("unresolved") == ["aws_iam_role_policy.more.policy is known only after the apply."]
    (widened,) = said.of("widens")
    assert "aws_iam_role_policy.more.policy" in widened["unknown"]
    assert "effective-admin" in said.slugs("becomes unknown")
    assert judge(bundle, terraform(row), fail_on_unknown=True).code == 1


def test_what_can_be_read_of_a_document_with_a_hole_counts(bundle: Path) -> None:
    template = """
Parameters: {Key: {Type: String}}
Resources:
  More:
    Type: AWS::IAM::RolePolicy
    Properties:
      RoleName: app
      PolicyName: more
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Action: '*', Resource: '*'}
          - {Effect: Deny, Action: 'kms:*', Resource: !Ref Key}
"""
    said = judge(bundle, template, fail_on="high", fail_on_unknown=True)
    assert "effective-admin" in said.slugs("opens")
    assert said.notes("unresolved") == ["More: !Ref Key is known only when the stack is made."]
    assert "!Ref Key" in said.of("widens")[0]["unknown"]
    assert said.code == 1


NOT_UNDERSTOOD = {
    "aws_iam_openid_connect_provider": terraform(change("aws_iam_openid_connect_provider.github", after={"url": "x"})),
    "aws_cloudformation_stack": terraform(change("aws_cloudformation_stack.it", after={"name": "x"})),
    "is of account 999999999999": terraform(
        change("aws_iam_role.far", {"name": "far", "arn": "arn:aws:iam::999999999999:role/far"})
    ),
    "Terraform stopped with an error": terraform(errored=True),
    "Terraform put some changes off": terraform(complete=False),
    "Fn (AWS::Serverless::Function)": "Resources: {Fn: {Type: 'AWS::Serverless::Function'}}",
    "Made (Custom::Role)": "Resources: {Made: {Type: 'Custom::Role'}}",
    "Login (AWS::IAM::OIDCProvider)": "Resources: {Login: {Type: 'AWS::IAM::OIDCProvider'}}",
    "The transform AWS::Serverless-2016-10-31": "Transform: AWS::Serverless-2016-10-31\nResources: {}",
    "Fn::ForEach::Roles in Resources": '{"Resources": {"Fn::ForEach::Roles": ["R", ["a"], {}]}}',
}


@pytest.mark.parametrize(("named", "plan"), NOT_UNDERSTOOD.items(), ids=NOT_UNDERSTOOD.keys())
def test_what_may_change_identities_and_is_not_understood_is_named(bundle: Path, named: str, plan: str) -> None:
    said = judge(bundle, plan, fail_on_unknown=True)
    assert [note for note in said.notes("not understood") if named in note], said.lines
    assert said.code == 1
    assert judge(bundle, plan).code == 0


# -- bad input

ALIASES = "a: &a [x, x]\nb: &b [*a, *a]\nResources: {R: *b}\n"
CONDITIONS = """
Conditions: {A: {Condition: B}, B: !Not [!Condition A]}
Resources: {U: {Type: 'AWS::IAM::User', Condition: A}}
"""
BAD = {
    "empty": ("", "is empty"),
    "missing": (Path("/nowhere/tfplan.json"), "No such file"),
    "binary plan": (b"PK\x03\x04\x00\xff", "terraform show -json"),
    "no text": (b"\xff\xfe\xff", "no text"),
    "no text in UTF-8": (b"Resources: \xe9", "no text in UTF-8"),
    "cut": ('{"format_version": "1.2", "resource_changes": [', "no JSON"),
    "log of plan -json": ('{"@level":"info"}\n{"@level":"info"}\n', "log of `terraform plan -json`"),
    "list": ("[]", "no Terraform plan"),
    "other JSON": ('{"a": 1}', "neither a Terraform plan"),
    "state": ('{"format_version": "1.0", "terraform_version": "1.9", "values": {}}', "Terraform state"),
    "new format": ('{"format_version": "2.0", "resource_changes": []}', "format_version is '2.0'"),
    "no list": ('{"format_version": "1.2", "resource_changes": 3}', "no list"),
    "prose": ("Dear reader", "no Resources"),
    "broken YAML": ("Resources: [1", "neither YAML nor JSON"),
    "aliases": (ALIASES, "Line 2 uses the YAML alias *a"),
    "twice": ("Resources:\n  A: {Type: x}\n  A: {Type: y}\n", "Line 3 says A a second time"),
    "twice in JSON": ('{"Resources": {"A": {"Type": "x"}, "A": {"Type": "y"}}}', "'A' twice"),
    "python object": ("Resources: !!python/object:os.system {}", "neither YAML nor JSON"),
    "deep YAML": ("a: " + "[" * 1_000, "nests too deeply"),
    "deep JSON": ("[" * 200_000, "nests too deeply"),
    "long template": ("Resources: {}\n" + "# x\n" * 300_000, "more than 1,048,576 characters"),
    "circle": (
        "Resources: {A: {Properties: {RoleName: !Ref B}}, B: {Properties: {RoleName: !Sub '${A}-x'}}}",
        "A, B refer to each other in a circle",
    ),
    "circle of conditions": (
        CONDITIONS,
        "conditions A, B refer to each other",
    ),
}


@pytest.mark.parametrize(("plan", "words"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_named_with_the_next_step(bundle: Path, plan: Any, words: str) -> None:
    said = judge(bundle, plan)
    assert (said.code, said.lines) == (2, [])
    assert words in said.error
    assert len(said.error) < 700


def test_a_huge_file_is_refused_before_it_is_read(bundle: Path) -> None:
    file = bundle.parent / "huge"
    with file.open("wb") as made:
        made.truncate(100_000_001)
    said = judge(bundle, file)
    assert (said.code, "100,000,001 bytes" in said.error) == (2, True)


def test_names_that_double_at_each_step_stay_small(bundle: Path) -> None:
    """A billion laughs in Fn::Sub: each name is eight times the one before."""
    rows = {
        f"R{n}": {
            "Type": "AWS::IAM::User",
            "Properties": {
                "UserName": {"Fn::Sub": f"${{R{n - 1}}}" * 8} if n else "laugh",
                "ManagedPolicyArns": [ADMINISTRATOR],
            },
        }
        for n in range(30)
    }
    said = judge(bundle, json.dumps({"Resources": rows}))
    assert len(said.of("widens")) == 30
    assert max(len(json.dumps(line)) for line in said.lines) < 10_000


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_powershell_writes_is_read(bundle: Path, encoding: str) -> None:
    said = judge(bundle, terraform(inline(WIDE)).encode(encoding))
    assert "effective-admin" in said.slugs("opens")


def test_the_plan_of_another_account_is_refused(bundle: Path) -> None:
    said = judge(bundle, terraform(), account="999999999999")
    assert (said.code, "is of account 000000000001" in said.error) == (2, True)


@pytest.mark.django_db
def test_an_account_that_is_not_connected_is_said(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text(terraform())
    with pytest.raises(CommandError, match="999999999999 is not connected") as failed:
        call_command("judge", account="999999999999", plan=tmp_path / "plan")
    assert failed.value.returncode == 2


def test_the_table_says_it_in_lines(bundle: Path) -> None:
    file = bundle.parent / "plan"
    file.write_text(terraform(change("aws_iam_user.\x1b[31m", after={"name": "x\x1b[31m"}), inline(WIDE)))
    out = StringIO()
    call_command("judge", str(bundle), plan=file, stdout=out, stderr=StringIO())
    text = out.getvalue()
    assert "\x1b" not in text
    assert "Opens" in text
    assert "Widens          role app: gains" in text
    assert text.splitlines()[-1].startswith("  opens ")
