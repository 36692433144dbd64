"""A CloudFormation template as changes: intrinsics that can be told are, and a hole makes a document unknown."""

from __future__ import annotations

from typing import Any

import pytest

from findings.analysis.planned import cloudformation
from findings.analysis.planned.changes import PlanError
from findings.analysis.planned.draft import Drafted, apply
from tests.builders import ACCOUNT_ID, arn, role, snapshot, user


def drafted(text: str, **parts: Any) -> Drafted:
    return apply(cloudformation.read(text, ACCOUNT_ID, "aws"), snapshot(**parts))


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
    assert cloudformation.read(STACK, ACCOUNT_ID, "aws").passed_over == ("AWS::S3::Bucket",)


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
    assert "known only after the apply" in done.unreadable[app.inline["own"]]


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
    assert cloudformation.read(text, ACCOUNT_ID, "aws").unresolved


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


@pytest.mark.parametrize("text", ["", "[]", "a: b", "Resources: 3", "{{{", "Resources: [1"])
def test_what_is_no_template_is_said(text: str) -> None:
    with pytest.raises(PlanError):
        cloudformation.read(text, ACCOUNT_ID, "aws")
