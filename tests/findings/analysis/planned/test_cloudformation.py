"""A CloudFormation template as changes: intrinsics that can be told are, and a hole makes a document unknown."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.planned import cloudformation
from findings.analysis.planned.changes import Plan, PlanError
from findings.analysis.planned.draft import Drafted, apply
from findings.analysis.planned.template_text import load
from tests.builders import ACCOUNT_ID, arn, role, snapshot, user


def read(text: str) -> Plan:
    return cloudformation.read(load(text), ACCOUNT_ID, "aws")


def drafted(text: str, **parts: Any) -> Drafted:
    return apply(read(text), snapshot(**parts))


STACK = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Stage: {Type: String, Default: prod}
  Vendor: {Type: String}
Resources:
  Bucket: {Type: 'AWS::S3::Bucket'}
  Limit:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: !Sub '${Stage}-limit'
      PolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]
  Runner:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Join ['-', [!Ref Stage, runner]]
      Path: /jobs/
      PermissionsBoundary: !Ref Limit
      ManagedPolicyArns: [!Sub 'arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess']
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {AWS: !Sub '${AWS::AccountId}'}}]
      Policies:
        - PolicyName: pass
          PolicyDocument:
            Statement: {Effect: Allow, Action: 'iam:PassRole', Resource: !GetAtt Target.Arn}
  Target:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]
"""


def test_names_arns_and_documents_are_worked_out() -> None:
    done = drafted(STACK)
    roles = {r.name: r for r in done.snapshot.roles}
    runner = roles["prod-runner"]
    assert runner.arn == arn("role", "prod-runner", "/jobs/")
    assert runner.boundary == arn("policy", "prod-limit")
    assert runner.attached == ("arn:aws:iam::aws:policy/ReadOnlyAccess",)
    inline = done.snapshot.documents[runner.inline["pass"]]
    assert inline["Statement"]["Resource"] == arn("role", "Target(planned)")
    assert done.snapshot.documents[runner.trust]["Version"] == "2012-10-17"
    assert done.unreadable == {}


def test_other_resources_are_named_as_passed_over() -> None:
    assert read(STACK).passed_over == ("AWS::S3::Bucket",)


def test_a_document_with_a_hole_is_unknown_as_a_whole() -> None:
    text = """
Resources:
  P:
    Type: AWS::IAM::RolePolicy
    Properties:
      RoleName: app
      PolicyName: own
      PolicyDocument:
        Statement: [{Effect: Allow, Action: 's3:*', Resource: !ImportValue shared-bucket-arn}]
"""
    done = drafted(text, roles=(role("app"),))
    (app,) = done.snapshot.roles
    assert "known only when the stack is made" in done.unreadable[app.inline["own"]]


def test_a_parameter_without_a_default_is_not_guessed() -> None:
    text = """
Parameters: {Vendor: {Type: String}}
Resources:
  R:
    Type: AWS::IAM::Role
    Properties:
      RoleName: vendor
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {AWS: !Ref Vendor}}]
"""
    done = drafted(text)
    assert done.snapshot.roles[0].trust in done.unreadable
    assert read(text).unresolved


def test_members_keys_and_policies_of_several_holders() -> None:
    text = """
{"Resources": {
  "Shared": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "shared", "Roles": ["app"], "Users": ["alice"],
    "PolicyDocument": {"Statement": []}}},
  "In": {"Type": "AWS::IAM::UserToGroupAddition", "Properties": {"GroupName": "staff", "Users": ["alice"]}},
  "Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "alice"}}}}
"""
    done = drafted(text, roles=(role("app"),), users=(user("alice"),))
    (alice,) = done.snapshot.users
    assert alice.groups == ("staff",)
    assert set(alice.inline) == set(done.snapshot.roles[0].inline) == {"shared"}
    assert [k.unique_id for k in done.snapshot.keys] == ["planned:Key"]


RESOURCE = """
Parameters:
  Stage: {Type: String, Default: prod}
  Names: {Type: CommaDelimitedList, Default: 'a, b'}
  Secret: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /path}
  Vendor: {Type: String}
Mappings: {Stages: {prod: {Bucket: live}}}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Never: !And [!Condition Prod, !Not [!Condition Prod]]
  Told: !Equals [!Ref Vendor, x]
  Either: !Or [!Condition Told, !Condition Prod]
Resources:
  P:
    Type: AWS::IAM::RolePolicy
    Properties:
      RoleName: app
      PolicyName: own
      PolicyDocument: {Statement: [{Effect: Allow, Action: 's3:*', Resource: %s}]}
"""


@pytest.mark.parametrize(
    ("written", "resource"),
    [
        ("!FindInMap [Stages, !Ref Stage, Bucket]", "live"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select ['0', !Split ['/', 'x/y']]", "x"),
        ("!If [Prod, '*', none]", "*"),
        ("!If [Never, '*', none]", "none"),
        ("!If [Either, '*', none]", "*"),
        ("[a, !Ref 'AWS::NoValue', !If [Never, b, !Ref 'AWS::NoValue']]", ["a"]),
        ("!Sub ['${Own}-${Stage}-${!aws:username}', {Own: !Ref Stage}]", "prod-prod-${aws:username}"),
        ("!Join ['', [a, !Ref Names]]", None),
        ("000000000012", "000000000012"),
        ("!If [Told, '*', none]", None),
        ("!Ref Secret", None),
        ("!Ref Vendor", None),
        ("!Ref Nobody", None),
        ("!GetAtt Nobody.Arn", None),
        ("!GetAtt Nobody", None),
        ("!Sub '${Nobody.Arn}/*'", None),
        ("!ImportValue shared", None),
        ("!Transform {Name: 'AWS::Include'}", None),
        ("!Foo bar", None),
        ("!FindInMap [Stages, dev, Bucket]", None),
        ("!Select [7, !Ref Names]", None),
        ("!Sub [x]", None),
        ("!If [Prod]", None),
        ("'{{resolve:ssm:/bucket}}'", None),
        ("!Sub '{{resolve:ssm:/${Stage}}}'", None),
    ],
)
def test_intrinsics(written: str, resource: Any) -> None:
    """None: it is not known, and said."""
    done, made = drafted(RESOURCE % written, roles=(role("app"),)), read(RESOURCE % written)
    digest = done.snapshot.roles[0].inline["own"]
    assert (digest in done.unreadable) is (resource is None) is bool(made.unresolved)
    if resource is not None:
        assert done.snapshot.documents[digest]["Statement"][0]["Resource"] == resource


def test_resources_on_conditions() -> None:
    text = RESOURCE % "'*'" + "".join(
        f"  {name}: {{Type: 'AWS::IAM::User', Condition: {name[1:]}}}\n"
        for name in ("UNever", "UProd", "UTold", "UNone")
    )
    made = read(text)
    assert [u.name for u in apply(made, snapshot(roles=(role("app"),))).snapshot.users] == [
        "UProd(planned)",
        "UTold(planned)",
        "UNone(planned)",
    ]
    assert made.assumed == ("UNever is left out: condition Never does not hold with the defaults.",)
    assert len(made.unresolved) == 2


def test_pseudo_parameters_that_are_taken_for_granted_are_said() -> None:
    made = read(RESOURCE % "!Sub 'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:q'")
    assert (made.unresolved, made.assumed) == ((), ("AWS::Region is taken as us-east-1.",))


def test_an_instance_profile_and_what_is_inactive() -> None:
    text = """
Resources:
  R: {Type: 'AWS::IAM::Role', Properties: {MaxSessionDuration: 7200, Tags: [{Key: team, Value: data}]}}
  P: {Type: 'AWS::IAM::InstanceProfile', Properties: {Roles: [!Ref R]}}
  K: {Type: 'AWS::IAM::AccessKey', Properties: {UserName: alice, Status: Inactive}}
  G: {Type: 'AWS::IAM::Group'}
  U: {Type: 'AWS::IAM::User', Properties: {Groups: [!Ref G, !ImportValue others]}}
"""
    done = drafted(text)
    (made,) = done.snapshot.roles
    assert ([p.name for p in made.instance_profiles], made.tags) == (["P(planned)"], {"team": "data"})
    assert done.snapshot.users[0].groups == ("G(planned)",)
    assert done.snapshot.keys == ()
    assert read(text).unresolved == ("U: !ImportValue others is known only when the stack is made.",)


@pytest.mark.parametrize("text", ["", "[]", "a: b", "Resources: 3", "{{{", "Resources: [1"])
def test_what_is_no_template_is_said(text: str) -> None:
    with pytest.raises(PlanError):
        read(text)
