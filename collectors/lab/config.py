"""AWS Config of one account: recorders, rules and aggregators as they were planted, and a history that follows from IAM itself.

Config kept an item of each entity since it was made, of a customer-managed policy one for each version, and items of roles
that lived for a short time and that nothing else tells of.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy

from collectors.lab.repairs.authorization_details import encoded, group_detail, policy_detail, role_detail, user_detail
from collectors.lab.world import current

RETAINED = timedelta(days=400)
LATER = timedelta(minutes=3)  # from a change to its item
Item = dict[str, Any]
Raw = dict[str, Any]


@dataclass
class Config:
    """region -> recorder and its status, as AWS answers them. rules: of the regions with a recorder. gone: items of roles that
    are there no more."""

    recorders: dict[str, Raw] = field(default_factory=dict)
    status: dict[str, Raw] = field(default_factory=dict)
    rules: list[Raw] = field(default_factory=list)
    compliance: dict[str, Raw] = field(default_factory=dict)
    aggregators: dict[str, list[Raw]] = field(default_factory=dict)
    gone: list[Item] = field(default_factory=list)

    def records_iam(self, region: str) -> bool:
        group = self.recorders.get(region, {}).get("recordingGroup", {})
        left_out = group.get("exclusionByResourceTypes", {}).get("resourceTypes", [])
        named = "AWS::IAM::Role" in group.get("resourceTypes", []) or (left_out and "AWS::IAM::Role" not in left_out)
        return bool(self.status.get(region, {}).get("recording") and (named or group.get("includeGlobalResourceTypes")))


def of(account_id: str) -> Config:
    return current().config.setdefault(account_id, Config())


def items(account_id: str) -> Iterator[Item]:
    """All that Config kept of the account's IAM, in no order."""
    iam, now = current().iam(account_id), current().settings.now
    for item in (*_living(iam), *of(account_id).gone):
        at = max(item["configurationItemCaptureTime"], now - RETAINED)
        if at <= now:
            yield item | {"accountId": account_id, "awsRegion": "global", "configurationItemCaptureTime": at}


def _living(iam: IAMBackend) -> Iterator[Item]:
    for role in iam.roles.values():
        yield item("Role", role.create_date, role_detail(iam, role))
    for user in iam.users.values():
        yield item("User", user.create_date, user_detail(iam, user))
    for group in iam.groups.values():
        yield item("Group", group.create_date, group_detail(iam, group))
    for policy in iam.managed_policies.values():
        if not isinstance(policy, AWSManagedPolicy):
            yield from _versions(policy)


def _versions(policy: ManagedPolicy) -> Iterator[Item]:
    whole = policy_detail(policy, Counter())
    for number, version in enumerate(policy.versions, start=1):
        then = [one | {"IsDefaultVersion": n == 0} for n, one in enumerate(whole["PolicyVersionList"][-number:])]
        told = {"PolicyVersionList": then, "DefaultVersionId": version.version_id, "UpdateDate": version.create_date}
        yield item("Policy", version.create_date, whole | told)


def item(kind: str, made: datetime, detail: dict[str, Any], status: str = "OK") -> Item:
    """detail: as IAM's snapshot has it."""
    return {
        "version": "1.3",
        "resourceType": f"AWS::IAM::{kind}",
        "resourceId": detail[f"{kind}Id"],
        "resourceName": detail[f"{kind}Name"],
        "arn": detail["Arn"],
        "configurationItemCaptureTime": made + LATER,
        "configurationItemStatus": status,
        "recordingFrequency": "CONTINUOUS",
        "configuration": _small(detail) if status == "OK" else None,
        "tags": {tag["Key"]: tag["Value"] for tag in detail.get("Tags", [])},
    }


def _small(value: Any) -> Any:
    """As Config writes it: small initials, times as text, and no use."""
    if isinstance(value, dict):
        return {f"{key[0].lower()}{key[1:]}": _small(one) for key, one in value.items() if key != "RoleLastUsed"}
    if isinstance(value, list):
        return [_small(one) for one in value]
    return value.strftime("%Y-%m-%dT%H:%M:%S.000Z") if isinstance(value, datetime) else value


def short_lived(name: str, account_id: str, unique_id: str, made: datetime, trust: str, days: float) -> list[Item]:
    """A role that was an administrator for some days."""
    arn = f"arn:aws:iam::{account_id}:role/{name}"
    detail = {
        "Path": "/",
        "RoleName": name,
        "RoleId": unique_id,
        "Arn": arn,
        "CreateDate": made,
        "AssumeRolePolicyDocument": encoded(trust),
        "InstanceProfileList": [],
        "RolePolicyList": [],
        "AttachedManagedPolicies": [],
        "PermissionsBoundary": None,
        "Tags": [],
    }
    admin = {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    attached = item("Role", made + timedelta(minutes=20), detail | {"AttachedManagedPolicies": [admin]})
    ended = item("Role", made + timedelta(days=days), detail, "ResourceDeleted")
    return [item("Role", made, detail), attached, ended]
