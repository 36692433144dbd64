"""A bundle to ask `manage.py simulate` of, and how."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.collectors.bundles import GAAD, details, role
from tests.collectors.test_organization_bundles import ABOUT, OWN
from tests.findings.worlds import MFA, allow, deny, document

READ = f"arn:aws:iam::{OWN}:policy/read"
OBJECT = "arn:aws:s3:::b/k"
FOREIGN = "arn:aws:sqs:eu-west-1:999999999999:q"
KEY = f"arn:aws:kms:eu-west-1:{OWN}:key/1"
Line = dict[str, Any]


def arn(what: str, service: str = "iam") -> str:
    return f"arn:aws:{service}::{OWN}:{what}"


def inline(*statements: Any) -> list[Line]:
    return [{"PolicyName": "own", "PolicyDocument": document(*statements)}]


def trusting(principal: Any, **more: Any) -> Line:
    one = {"Effect": "Allow", "Action": "sts:*", "Principal": principal, **more}
    return {"AssumeRolePolicyDocument": document(one)}


def user(name: str, **more: Any) -> Line:
    head = {"Path": "/", "UserName": name, "UserId": f"AIDA{name.upper():0<17}", "Arn": arn(f"user/{name}")}
    return {**head, "CreateDate": "2020-01-01T00:00:00Z", **more}


WITH_POLICIES = details(
    role("app", AttachedManagedPolicies=[{"PolicyName": "read", "PolicyArn": READ}]),
    role("mfa", RolePolicyList=inline(allow("s3:*", Sid="Reads", Condition=MFA)), Tags=[{"Key": "Team", "Value": "red"}]),
    role("iam", RolePolicyList=inline(allow(["iam:*", "sts:*", "sqs:*", "kms:*"]))),
    role("dark", RolePolicyList=[{"PolicyName": "own", "PolicyDocument": {"Statement": 7}}]),
    role("odd", RolePolicyList=inline(deny("s3:GetObject")), AttachedManagedPolicies=[{"PolicyArn": arn("policy/gone")}]),
    role("open", **trusting({"AWS": ["999999999999", OWN]}, Condition={"StringEquals": {"sts:ExternalId": "x"}})),
    role("ci", **trusting({"Federated": [arn("oidc-provider/git.example.com"), "cognito-identity.amazonaws.com"]})),
    role("vendor", **trusting({"AWS": "arn:aws:iam::999999999999:role/deploy"})),
    {**role("deep"), "Arn": arn("role/a/b/deep"), "Path": "/a/b/", "RolePolicyList": inline(allow("s3:*"))},
    UserDetailList=[
        user("bob", UserPolicyList=inline(allow("s3:*", "arn:aws:s3:::${aws:username}/*"))),
        user("eve", GroupList=["ghosts"]),
        user("ann", GroupList=["readers"]),
    ],
    GroupDetailList=[
        {
            "Path": "/", "GroupName": "readers", "GroupId": "AGPA00000000000000001", "Arn": arn("group/readers"),
            "CreateDate": "2020-01-01T00:00:00Z", "GroupPolicyList": inline(allow("s3:Get*")),
            "AttachedManagedPolicies": [],
        }
    ],
    Policies=[
        {
            "PolicyName": "read", "PolicyId": "ANPA00000000000000001", "Arn": READ, "Path": "/", "AttachmentCount": 1,
            "DefaultVersionId": "v1", "CreateDate": "2020-01-01T00:00:00Z", "UpdateDate": "2020-01-01T00:00:00Z",
            "PolicyVersionList": [
                {
                    "VersionId": "v1", "IsDefaultVersion": True, "CreateDate": "2020-01-01T00:00:00Z",
                    "Document": document(allow("s3:GetObject", Sid="Read")),
                }
            ],
        }
    ],
)  # fmt: skip
FILES: dict[str, Any] = {**ABOUT, GAAD: WITH_POLICIES}


def simulate(*arguments: Any, given: str = "") -> tuple[list[Line], str, int]:
    """Lines, what was said on stderr, exit code."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", io.StringIO(given))
        try:
            call_command("simulate", *map(str, arguments), stdout=out, stderr=err)
        except CommandError as error:
            code = error.returncode
            err.write(str(error))
        except SystemExit as left:
            code = int(left.code or 0)
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue(), code


def batch(bundle: Path, *questions: Any) -> list[Line]:
    given = "".join(one if isinstance(one, str) else json.dumps(one) + "\n" for one in questions)
    return simulate("--bundle", bundle, given=given)[0]


def ask(bundle: Path, principal: str, action: str = "s3:GetObject", resource: str = OBJECT, **more: Any) -> Line:
    (answer,) = batch(bundle, {"principal": principal, "action": action, "resource": resource, **more})
    return answer


def word(answer: Line) -> str:
    return str(answer["kind"] or " ".join(answer["keys"]) or answer["decision"])
