"""LP207 and LP208: permissions management, and reading of data, on everything."""

from __future__ import annotations

from typing import Any

import pytest

from collectors import records
from tests.builders import aws_policy, group, policy, role, user
from tests.findings.rules.judging import denied, statuses, verdicts
from tests.findings.rules.policies import ADMINISTRATOR, SESSION, TAGGED, allow, deny, document, of_role, told

ALL_OBJECTS = "arn:aws:s3:::*/*"


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("LP207", allow(["s3:GetObject", "s3:PutObject", "ec2:RunInstances"])),
        ("LP207", allow("s3:PutBucketPolicy", "arn:aws:s3:::orders")),
        ("LP207", allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}")),
        ("LP207", allow("lambda:AddPermission", Condition=TAGGED)),
        ("LP207", allow("quicksight:DescribeTopicPermissions")),
        ("LP207", deny("s3:PutBucketPolicy")),
        ("LP208", allow(["s3:ListBucket", "s3:GetBucketPolicy", "dynamodb:DescribeTable"])),
        ("LP208", allow("s3:GetObject", "arn:aws:s3:::orders/*")),
        ("LP208", allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:orders-*")),
        ("LP208", allow(["secretsmanager:ListSecrets", "ssm:DescribeParameters"])),
        ("LP208", allow("s3:GetObject", Condition={"StringEquals": {"s3:ExistingObjectTag/public": "yes"}})),
        ("LP208", allow(["ecr:GetDownloadUrlForLayer", "kinesis:GetRecords", "sqs:ReceiveMessage"])),
        ("LP208", allow("kms:Decrypt")),
    ],
)
def test_silent(code: str, statement: dict[str, Any]) -> None:
    assert of_role(code, statement) == ["clear"]


@pytest.mark.parametrize(
    ("code", "statement"),
    [
        ("LP207", allow("s3:PutBucketPolicy")),
        ("LP207", allow("s3:PutBucketPolicy", "arn:aws:s3:::*")),
        ("LP207", allow("kms:CreateGrant", Condition=SESSION)),
        ("LP207", allow("iam:AttachRolePolicy")),
        ("LP208", allow("s3:GetObject")),
        ("LP208", allow("s3:GetObject", ALL_OBJECTS)),
        ("LP208", allow("s3:Get*")),
        ("LP208", allow("secretsmanager:GetSecretValue")),
        ("LP208", allow("ssm:GetParameter*")),
        ("LP208", allow("dynamodb:ExportTableToPointInTime")),
        ("LP208", allow(["rds:StartExportTask", "kms:Decrypt"])),
    ],
)
def test_on_everything(code: str, statement: dict[str, Any]) -> None:
    assert of_role(code, statement) == ["open"]


@pytest.mark.parametrize(("code", "action"), [("LP207", "s3:PutBucketPolicy"), ("LP208", "s3:GetObject")])
class TestWhoAndWithin:
    def test_administrators_are_told_by_lp201(self, code: str, action: str) -> None:
        assert of_role(code, allow("*")) == ["clear"]

    def test_a_deny_takes_it(self, code: str, action: str) -> None:
        assert of_role(code, allow(action), deny("s3:*")) == ["clear"]

    def test_policies_together(self, code: str, action: str) -> None:
        body = document(allow(action))
        developers = group(inline={"own": records.digest(body)})
        assert statuses(code, developers, user(groups=("developers",)), trusts=[body]) == ["open"]

    def test_a_boundary_that_takes_all_of_it(self, code: str, action: str) -> None:
        edge = document(allow("ec2:*"))
        boundary = policy("edge", document=records.digest(edge), boundary_count=1)
        body = document(allow(action))
        holder = role(inline={"own": records.digest(body)}, boundary=boundary.arn)
        (verdict,) = verdicts(code, boundary, holder, trusts=[body, edge])
        if code == "LP207":  # it asks for what is effective
            assert verdict.reason == "granted, and blocked by the permissions boundary edge"
        else:
            assert (verdict.status.value, verdict.severity.slug) == ("open", "low")
            assert verdict.title.endswith("everywhere in s3, and the permissions boundary edge takes it away")

    def test_a_boundary_that_takes_most_of_it(self, code: str, action: str) -> None:
        edge = document(allow(action))
        boundary = policy("edge", document=records.digest(edge), boundary_count=1)
        body = document(allow(["s3:*", "ssm:*", "sqs:*"]))
        holder = role(inline={"own": records.digest(body)}, boundary=boundary.arn)
        (verdict,) = verdicts(code, boundary, holder, trusts=[body, edge])
        assert verdict.severity == verdict.rule.severity - 1
        assert verdict.evidence["blocked_by"] == ["the permissions boundary edge"]

    def test_service_linked(self, code: str, action: str) -> None:
        assert of_role(code, allow(action), path="/aws-service-role/x.amazonaws.com/") == []

    def test_unknown(self, code: str, action: str) -> None:
        unread = aws_policy("Unknown")
        body = document(allow(action))
        assert statuses(code, role(attached=(unread,))) == ["unknown"]
        assert statuses(code, role(attached=(unread,), inline={"own": records.digest(body)}), trusts=[body]) == ["open"]
        assert statuses(code, role(), coverage=denied("GetAccountAuthorizationDetails")) == ["unknown", "unknown"]


def test_evidence() -> None:
    managing = told("LP207", allow(["s3:PutBucketPolicy", "sns:AddPermission"]))
    assert managing.title == "app manages permissions on everything in s3 and sns"
    assert managing.evidence["examples"] == ["s3:PutBucketPolicy", "sns:AddPermission"]
    reading = told("LP208", allow(["s3:GetObject", "kms:Decrypt"]))
    assert reading.title == "app reads stored data everywhere in s3"
    assert reading.evidence["actions"] == ["s3:GetObject"]
    assert reading.evidence["decrypts_with_every_key"] is True
    assert ADMINISTRATOR["Statement"]
