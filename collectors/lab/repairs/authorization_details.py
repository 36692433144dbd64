"""iam:GetAccountAuthorizationDetails as AWS answers it (botocore's model and the API reference).

moto's own answer has no paging, no RoleLastUsed, boundaries or tags where AWS has them, and lists every
AWS-managed policy instead of the attached ones.
"""

from collections import Counter
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from moto.iam.models import AWSManagedPolicy, Group, IAMBackend, ManagedPolicy, Role, User
from moto.iam.responses import IamResponse

from collectors.lab.repairs.operation import operation, page
from collectors.lab.repairs.query_xml import answer

LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
encoded = lru_cache(maxsize=4096)(lambda document: quote(document, safe=""))


def inline(holder: User | Group | Role) -> list[dict[str, str]]:
    return [{"PolicyName": name, "PolicyDocument": encoded(text)} for name, text in holder.policies.items()]


def boundary(arn: str | None) -> dict[str, str] | None:
    # The model's enumeration says PermissionsBoundaryPolicy, the API reference and real answers say Policy.
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None


# GetUser and GetRole show it as well; moto's users have none, its roles name the type as the model does.
for entity in (User, Role):
    entity.permissions_boundary = property(lambda self: boundary(getattr(self, "permissions_boundary_arn", None)))


def user_detail(iam: IAMBackend, user: User) -> dict[str, Any]:
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.create_date,
        "UserPolicyList": inline(user),
        "GroupList": [group.name for group in iam.groups.values() if user in group.users],
        "AttachedManagedPolicies": user.attached_managed_policies,
        "PermissionsBoundary": boundary(getattr(user, "permissions_boundary_arn", None)),
        "Tags": user.tags or [],
    }


def group_detail(iam: IAMBackend, group: Group) -> dict[str, Any]:
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.create_date,
        "GroupPolicyList": inline(group),
        "AttachedManagedPolicies": group.attached_managed_policies,
    }


def role_summary(role: Role) -> dict[str, Any]:
    """The part of a role that instance profiles repeat."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.create_date,
        "AssumeRolePolicyDocument": encoded(role.assume_role_policy_document),
    }


def role_detail(iam: IAMBackend, role: Role) -> dict[str, Any]:
    profiles = [
        {
            "Path": profile.path,
            "InstanceProfileName": profile.name,
            "InstanceProfileId": profile.id,
            "Arn": profile.arn,
            "CreateDate": profile.create_date,
            "Roles": [role_summary(one) for one in profile.roles],
        }
        for profile in iam.instance_profiles.values()
        if role in profile.roles
    ]
    used = {"LastUsedDate": role.last_used, "Region": role.last_used_region} if role.last_used else {}
    return {
        **role_summary(role),
        "InstanceProfileList": profiles,
        "RolePolicyList": inline(role),
        "AttachedManagedPolicies": role.attached_managed_policies,
        "PermissionsBoundary": boundary(role.permissions_boundary_arn),
        "Tags": role.tags or [],
        "RoleLastUsed": used,
    }


def policy_detail(policy: ManagedPolicy, boundaries: Counter[str]) -> dict[str, Any]:
    versions = [
        {
            "Document": encoded(version.document),
            "VersionId": version.version_id,
            "IsDefaultVersion": version.is_default,
            "CreateDate": version.create_date,
        }
        for version in reversed(policy.versions)
    ]
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": boundaries[policy.arn],
        "IsAttachable": True,
        "Description": policy.description or None,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": versions,
    }


def boundary_counts(iam: IAMBackend) -> Counter[str]:
    holders = [*iam.roles.values(), *iam.users.values()]
    return Counter(arn for one in holders if (arn := getattr(one, "permissions_boundary_arn", None)))


def entities(iam: IAMBackend, kinds: list[str]) -> list[tuple[str, Any]]:
    """(list name, object) of everything the filter wants, in a stable order."""
    found: list[tuple[str, Any]] = []
    for kind, name, objects in (
        ("User", "UserDetailList", iam.users),
        ("Group", "GroupDetailList", iam.groups),
        ("Role", "RoleDetailList", iam.roles),
    ):
        if not kinds or kind in kinds:
            found += [(name, one) for one in objects.values()]
    bounded = boundary_counts(iam)
    for policy in iam.managed_policies.values():
        aws = isinstance(policy, AWSManagedPolicy)
        wanted = not kinds or ("AWSManagedPolicy" if aws else "LocalManagedPolicy") in kinds
        # Of the AWS-managed policies only those in use in the account are listed.
        if wanted and (not aws or policy.attachment_count or bounded[policy.arn]):
            found.append(("Policies", policy))
    return found


@operation(IamResponse)
def get_account_authorization_details(self: IamResponse) -> str:
    iam = self.backend
    shown, paging = page(self, entities(iam, self._get_param("Filter") or []))
    bounded = boundary_counts(iam)
    details = {
        "UserDetailList": lambda user: user_detail(iam, user),
        "GroupDetailList": lambda group: group_detail(iam, group),
        "RoleDetailList": lambda role: role_detail(iam, role),
        "Policies": lambda policy: policy_detail(policy, bounded),
    }
    result = {name: [details[name](one) for kind, one in shown if kind == name] for name in LISTS}
    return answer("GetAccountAuthorizationDetails", result | paging)
