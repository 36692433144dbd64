"""Permission sets of Identity Center, as a judgement would have stored them."""

from __future__ import annotations

from typing import Any

from collectors import models, records
from collectors.models.inventory import store
from findings.models import PermissionSetRole
from findings.models.permission_set import COUNTS
from tests.conftest import AS_OF

INSTANCE = "arn:aws:sso:::instance/ssoins-1"
DATA = {
    "managed": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "customer": [], "inline": False, "boundary": "",
    "session_seconds": 28_800, "relay_state": "", "region": "eu-west-1", "assigned": [],
}  # fmt: skip


def arn(name: str) -> str:
    return f"arn:aws:sso:::permissionSet/ssoins-1/ps-{name}"


def permission_set(name: str = "Dev", *accounts: str, **more: Any) -> records.PermissionSet:
    given = {"unique_id": arn(name), "name": name, "instance": INSTANCE, "region": "eu-west-1", "accounts": accounts}
    return records.PermissionSet(**{**given, **more})


def told(account: models.Account, *sets: records.PermissionSet, **more: Any) -> None:
    """The account read Identity Center."""
    store(account, records.Part(permission_sets=sets, **more), (), AS_OF)
    for api in ("ListInstances", "ListPermissionSets"):
        models.Coverage.objects.create(
            account=account,
            source="identity_center",
            api=f"sso-admin:{api}",
            state="complete",
            observed_at=AS_OF,
            complete_at=AS_OF,
        )


def joined(role: models.Principal, name: str, **more: Any) -> PermissionSetRole:
    """The role has that permission set behind it."""
    data = DATA | more.pop("data", {})
    given = {"set_arn": arn(name), "name": name, "told_by": role.account.aws_id, "people": 0, "whole": True}
    if hasattr(role, "posture"):
        given |= {count: getattr(role.posture, count) for count in COUNTS}
    return PermissionSetRole.objects.create(account=role.account, role=role, data=data, digest="d", **{**given, **more})
