"""The trust policies of roles that take a key's place. What cannot be known stands in capitals, and is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GITHUB, GITLAB = "GitHub", "GitLab"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
CONDITION_KEYS = SOURCE_ACCOUNT, SOURCE_ARN, EXTERNAL_ID = "aws:SourceAccount", "aws:SourceArn", "sts:ExternalId"


@dataclass(frozen=True, slots=True)
class Trust:
    """fill: what stands in capitals -> what belongs there."""

    title: str
    document: Mapping[str, Any]
    fill: Mapping[str, str] = field(default_factory=dict)


def of_ci(system: str, account: str, partition: str = "aws") -> Trust:
    """system: GITHUB, GITLAB, or "" for another one.

    https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
    https://docs.gitlab.com/ci/cloud_services/aws/
    """
    if system == GITHUB:
        return _by_token(
            "token.actions.githubusercontent.com", "sts.amazonaws.com", "repo:OWNER/REPOSITORY:ref:refs/heads/BRANCH",
            GITHUB, account, partition,
            {"OWNER/REPOSITORY": "the repository of the pipeline", "BRANCH": "the branch that may deploy"},
        )  # fmt: skip
    if system == GITLAB:
        return _by_token(
            "gitlab.com", "https://gitlab.com", "project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH",
            GITLAB, account, partition,
            {"GROUP/PROJECT": "the project of the pipeline", "BRANCH": "the branch that may deploy"},
        )  # fmt: skip
    return _by_token(
        "ISSUER", "AUDIENCE", "SUBJECT", "the CI system", account, partition,
        {
            "ISSUER": "host and path of the system's issuer: token.actions.githubusercontent.com, gitlab.com",
            "AUDIENCE": "the audience of its tokens: sts.amazonaws.com, https://gitlab.com",
            "SUBJECT": "the one pipeline that may: repo:OWNER/REPOSITORY:ref:refs/heads/main, "
            "project_path:GROUP/PROJECT:ref_type:branch:ref:main",
        },
    )  # fmt: skip


def _by_token(
    issuer: str, audience: str, subject: str, system: str, account: str, partition: str, fill: Mapping[str, str]
) -> Trust:
    provider = f"arn:{partition}:iam::{account}:oidc-provider/{issuer}"
    asked = {"StringEquals": {f"{issuer}:aud": audience, f"{issuer}:sub": subject}}
    return Trust(f"Trust policy for {system}", _document({"Federated": provider}, [WEB_IDENTITY], asked), {**fill})


def of_compute(account: str, partition: str = "aws") -> tuple[Trust, Trust]:
    """For an instance; for tasks, functions and jobs, whose services say for whom they act (LP404)."""
    suffix = ".cn" if partition == "aws-cn" else ""
    instance = _document({"Service": f"ec2.amazonaws.com{suffix}"}, ["sts:AssumeRole"])
    asked = {"StringEquals": {SOURCE_ACCOUNT: account}}
    other = _document({"Service": "SERVICE.amazonaws.com"}, ["sts:AssumeRole"], asked)
    return (
        Trust("Trust policy for an EC2 instance", instance),
        Trust("Trust policy for a task or job", other, {"SERVICE": "ecs-tasks, codebuild, glue or whatever runs it"}),
    )


def of_vendor(owner: str = "", partition: str = "aws") -> Trust:
    """owner: the vendor's account, where CloudTrail told it."""
    account = owner or "VENDOR_ACCOUNT"
    asked = {"StringEquals": {EXTERNAL_ID: "EXTERNAL_ID"}}
    document = _document({"AWS": f"arn:{partition}:iam::{account}:root"}, ["sts:AssumeRole"], asked)
    fill = {} if owner else {"VENDOR_ACCOUNT": "the id of the vendor's account, which the vendor tells"}
    external = "a value that the vendor makes for you alone, and sends each time"
    return Trust("Trust policy for the vendor", document, {**fill, "EXTERNAL_ID": external})


def of_elsewhere(account: str, partition: str = "aws") -> Trust:
    """https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html"""
    anchor = f"arn:{partition}:rolesanywhere:REGION:{account}:trust-anchor/TRUST_ANCHOR"
    asked = {
        "ArnEquals": {SOURCE_ARN: anchor},
        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": "COMMON_NAME"},
    }
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    return Trust(
        "Trust policy for IAM Roles Anywhere",
        _document({"Service": "rolesanywhere.amazonaws.com"}, actions, asked),
        {
            "REGION": "where the trust anchor is",
            "TRUST_ANCHOR": "the id of the trust anchor of your certificate authority",
            "COMMON_NAME": "the subject's common name in the machine's certificate",
        },
    )


def _document(
    principal: Mapping[str, str], actions: list[str], condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    action = actions[0] if len(actions) == 1 else actions
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": dict(principal), "Action": action}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": dict(condition)} if condition else {})]}
