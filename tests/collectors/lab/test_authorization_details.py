"""GetAccountAuthorizationDetails: paging, filters, and everything the population promises."""

from typing import Any

import pytest

from tests.collectors.lab.aws import Aws, details

LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


@pytest.fixture(scope="module")
def everything(aws: Aws) -> dict[str, dict[str, list[dict[str, Any]]]]:
    return {account: details(aws.iam(account)) for account in aws.accounts}


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pages_join_to_the_whole(aws: Aws, size: int) -> None:
    iam = aws.iam(aws.accounts[4])
    whole, marker, pages = {name: [] for name in LISTS}, {}, 0
    while pages == 0 or marker:
        answer = iam.get_account_authorization_details(MaxItems=size, **marker)
        assert sum(len(answer[name]) for name in LISTS) <= size
        assert answer["IsTruncated"] == ("Marker" in answer)
        for name in LISTS:
            whole[name] += answer[name]
        marker, pages = {"Marker": answer["Marker"]} if answer["IsTruncated"] else {}, pages + 1
    assert whole == {name: details(iam)[name] for name in LISTS}
    assert pages > 1 or size == 1000


@pytest.mark.parametrize(
    ("kinds", "filled"),
    [
        (["Role"], {"RoleDetailList"}),
        (["User", "Group"], {"UserDetailList", "GroupDetailList"}),
        (["LocalManagedPolicy"], {"Policies"}),
    ],
)
def test_filter(aws: Aws, kinds: list[str], filled: set[str]) -> None:
    answer = aws.iam(aws.accounts[0]).get_account_authorization_details(Filter=kinds)
    assert {name for name in LISTS if answer[name]} == filled


def test_aws_managed_policies_are_those_attached(everything: dict[str, Any]) -> None:
    for found in everything.values():
        holders = found["UserDetailList"] + found["GroupDetailList"] + found["RoleDetailList"]
        attached = [p["PolicyArn"] for holder in holders for p in holder["AttachedManagedPolicies"]]
        listed = {p["Arn"]: p for p in found["Policies"]}
        assert set(attached) <= set(listed)
        for arn, policy in listed.items():
            assert policy["AttachmentCount"] == attached.count(arn)
            assert policy["AttachmentCount"] or not arn.startswith("arn:aws:iam::aws:")


def test_boundaries_are_counted(everything: dict[str, Any]) -> None:
    for found in everything.values():
        bounded = [
            one["PermissionsBoundary"]["PermissionsBoundaryArn"]
            for one in found["RoleDetailList"] + found["UserDetailList"]
            if "PermissionsBoundary" in one
        ]
        for policy in found["Policies"]:
            assert policy["PermissionsBoundaryUsageCount"] == bounded.count(policy["Arn"])


def test_one_default_version(everything: dict[str, Any]) -> None:
    for found in everything.values():
        for policy in found["Policies"]:
            defaults = [v["VersionId"] for v in policy["PolicyVersionList"] if v["IsDefaultVersion"]]
            assert defaults == [policy["DefaultVersionId"]]
            assert all(isinstance(v["Document"], dict) for v in policy["PolicyVersionList"])


def test_names_and_ids_are_unique(everything: dict[str, Any]) -> None:
    ids: set[str] = set()
    for found in everything.values():
        for name, key in (("RoleDetailList", "Role"), ("UserDetailList", "User"), ("GroupDetailList", "Group")):
            names = [one[f"{key}Name"] for one in found[name]]
            assert len(set(names)) == len(names)
            ids.update(one[f"{key}Id"] for one in found[name])
    assert len(ids) == sum(len(found[name]) for found in everything.values() for name in LISTS[:3])


def trust_text(role: dict[str, Any]) -> str:
    return str(role["AssumeRolePolicyDocument"])


ROLE_KINDS = {
    "ec2 with instance profile": lambda r: r["InstanceProfileList"] and "ec2.amazonaws.com" in trust_text(r),
    "lambda": lambda r: "lambda.amazonaws.com" in trust_text(r),
    "ecs task": lambda r: "ecs-tasks.amazonaws.com" in trust_text(r),
    "eks": lambda r: "oidc.eks." in trust_text(r),
    "service role": lambda r: r["Path"] == "/service-role/",
    "github": lambda r: "token.actions.githubusercontent.com" in trust_text(r),
    "gitlab": lambda r: "gitlab.com" in trust_text(r),
    "vendor with external id": lambda r: "sts:ExternalId" in trust_text(r) and ":root" in trust_text(r),
    "deleted principal": lambda r: "AIDA" in trust_text(r),
    "identity center": lambda r: r["Path"].startswith("/aws-reserved/sso.amazonaws.com/"),
    "saml": lambda r: "AssumeRoleWithSAML" in trust_text(r) and r["Path"] == "/",
    "human with mfa": lambda r: "MultiFactorAuthPresent" in trust_text(r),
    "break-glass": lambda r: r["RoleName"] == "break-glass",
    "service-linked": lambda r: r["Path"].startswith("/aws-service-role/"),
    "stack set": lambda r: r["RoleName"] == "AWSCloudFormationStackSetExecutionRole",
    "roles anywhere": lambda r: "rolesanywhere.amazonaws.com" in trust_text(r),
    "public": lambda r: "'AWS': '*'" in trust_text(r) and "Condition" not in trust_text(r),
    "boundary": lambda r: "PermissionsBoundary" in r,
    "never used": lambda r: not r.get("RoleLastUsed"),
    "used": lambda r: r.get("RoleLastUsed", {}).get("LastUsedDate") and r["RoleLastUsed"]["Region"],
    "tagged": lambda r: r["Tags"],
    "long sessions": lambda r: r["RoleName"] == "github-terraform",
}


@pytest.mark.parametrize("kind", ROLE_KINDS)
def test_kinds_of_roles(everything: dict[str, Any], kind: str) -> None:
    assert any(ROLE_KINDS[kind](role) for found in everything.values() for role in found["RoleDetailList"])


USER_KINDS = {
    "in a group": lambda u: u["GroupList"],
    "inline policy": lambda u: u["UserPolicyList"],
    "attached policy": lambda u: u["AttachedManagedPolicies"],
    "boundary": lambda u: "PermissionsBoundary" in u,
    "path": lambda u: u["Path"] != "/",
    "tagged": lambda u: u["Tags"],
}


@pytest.mark.parametrize("kind", USER_KINDS)
def test_kinds_of_users(everything: dict[str, Any], kind: str) -> None:
    assert any(USER_KINDS[kind](user) for found in everything.values() for user in found["UserDetailList"])


def test_the_stack_set_role_is_the_same_everywhere(everything: dict[str, Any]) -> None:
    name = "AWSCloudFormationStackSetExecutionRole"
    roles = [r for found in everything.values() for r in found["RoleDetailList"] if r["RoleName"] == name]
    assert len(roles) == len(everything) - 1  # StackSets do not deploy to the management account
    assert len({trust_text(role) for role in roles}) == 1


def test_sizes_are_lower_bounds(everything: dict[str, Any]) -> None:
    for found in everything.values():
        assert len(found["RoleDetailList"]) >= 25
        assert len(found["UserDetailList"]) >= 8
