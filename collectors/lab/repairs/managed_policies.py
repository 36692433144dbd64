"""AWS-managed policies: read once, and made in an account when first asked for there.

moto either has none of them or makes all 1,582 in every account: with 500 accounts gigabytes of memory.
"""

import hashlib
import json
from base64 import b32encode
from datetime import datetime
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy

from collectors.lab.repairs.operation import operation

PREFIX = "arn:aws:iam::aws:policy"


@cache
def catalogue() -> dict[str, tuple[str, dict[str, Any]]]:
    """ARN -> name and moto's data."""
    return {
        f"{PREFIX}{data['Path']}{name}": (name, data) for name, data in json.loads(aws_managed_policies_data).items()
    }


@cache
def document(arn: str) -> str:
    """The default version, one string for all accounts."""
    return json.dumps(catalogue()[arn][1]["Document"], separators=(",", ":"))


@cache
def policy_id(arn: str) -> str:
    """AWS-managed policies have the same id everywhere."""
    return "ANPA" + b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:17]


class ManagedPolicies(dict[str, ManagedPolicy]):
    """ARN -> policy of one account; an AWS-managed one comes to life when asked for."""

    def __init__(self, iam: IAMBackend) -> None:
        super().__init__()
        self._iam = iam

    def __contains__(self, arn: object) -> bool:
        return super().__contains__(arn) or arn in catalogue()

    def __missing__(self, arn: str) -> ManagedPolicy:
        name, data = catalogue()[arn]
        policy = AWSManagedPolicy(
            name,
            account_id=self._iam.account_id,
            region=self._iam.region_name,
            default_version_id=data["DefaultVersionId"],
            path=data["Path"],
            document=document(arn),
            create_date=datetime.fromisoformat(data["CreateDate"]),
            update_date=datetime.fromisoformat(data["UpdateDate"]),
        )
        policy.id = policy_id(arn)
        self[arn] = policy
        return policy


@operation(IAMBackend)
def _init_aws_policies(self: IAMBackend) -> list[ManagedPolicy]:
    return []


@operation(IAMBackend)
def _init_managed_policies(self: IAMBackend) -> dict[str, ManagedPolicy]:
    return ManagedPolicies(self)


def materialise_first(name: str) -> None:
    """moto's attach methods look through the values, where a policy not yet asked for is missing."""
    attach = getattr(IAMBackend, name)

    def wrapped(self: IAMBackend, policy_arn: str, holder: str) -> None:
        if policy_arn in self.managed_policies:
            self.managed_policies[policy_arn]
        attach(self, policy_arn, holder)

    setattr(IAMBackend, name, wrapped)


for method in ("attach_role_policy", "attach_user_policy", "attach_group_policy"):
    materialise_first(method)
