"""Small records for tests: give what matters, the rest is plausible. All is as of AS_OF unless said otherwise."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors import records
from collectors.records import Coverage, State
from findings.analysis.facts import Facts, Settings

AS_OF = datetime(2026, 11, 24, tzinfo=UTC)
ACCOUNT_ID = "000000000001"
APIS = (
    "iam:GetAccountAuthorizationDetails",
    "iam:GetCredentialReport",
    "iam:ListAccessKeys",
    "iam:GetAccountSummary",
    "iam:GetAccountPasswordPolicy",
    "iam:ListSAMLProviders",
    "iam:ListOpenIDConnectProviders",
    "iam:ListServerCertificates",
    "iam:ListVirtualMFADevices",
    "iam:ListMFADevices",
    "iam:ListServiceSpecificCredentials",
    "iam:ListSSHPublicKeys",
    "iam:ListSigningCertificates",
    "iam:ListInstanceProfiles",
    "iam:ListRoles",
    "iam:GenerateServiceLastAccessedDetails",
    "iam:GetServiceLastAccessedDetails",
    "account:GetAlternateContact",
    "organizations:DescribeOrganization",
)
_numbers = itertools.count(1)


def ago(days: float) -> datetime:
    return AS_OF - timedelta(days=days)


def _id(prefix: str) -> str:
    return f"{prefix}{next(_numbers):017d}"


def arn(kind: str, name: str, path: str = "/") -> str:
    return f"arn:aws:iam::{ACCOUNT_ID}:{kind}{path}{name}"


def trust(*statements: dict[str, Any], **principal: Any) -> dict[str, Any]:
    """A trust policy of whole statements, or one that lets a principal in: trust(Service="ec2.amazonaws.com")."""
    one = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return {"Version": "2012-10-17", "Statement": list(statements) or [one]}


def role(
    name: str = "app", *, path: str = "/", created: float = 500, used: float | None = None, **more: Any
) -> records.Role:
    """created, used: days before AS_OF. trust: the digest of a document given to snapshot()."""
    more.setdefault("unique_id", _id("AROA"))
    more.setdefault("trust", records.digest(trust(Service="ec2.amazonaws.com")))
    return records.Role(
        name=name,
        path=path,
        arn=arn("role", name, path),
        created_at=ago(created),
        last_used_at=None if used is None else ago(used),
        **more,
    )


def last_accessed(
    owner: records.Role | records.User, *, read: float = 0.5, **services: float | None
) -> records.LastAccessed:
    """Access Advisor's answer, read so many days before AS_OF: last_accessed(app, s3=20, ec2=None), in days too."""
    return records.LastAccessed(
        unique_id=owner.unique_id,
        arn=owner.arn,
        services=tuple(
            records.ServiceUse(namespace=name, last_at=None if days is None else ago(days), region="eu-west-1")
            for name, days in services.items()
        ),
        read_at=ago(read),
    )


def instance_profile(name: str = "app") -> records.InstanceProfile:
    return records.InstanceProfile(
        unique_id=_id("AIPA"), name=name, arn=arn("instance-profile", name), created_at=ago(500)
    )


def user(name: str = "alice", *, created: float = 500, **more: Any) -> records.User:
    more.setdefault("unique_id", _id("AIDA"))
    return records.User(name=name, arn=arn("user", name), created_at=ago(created), **more)


def credential(name: str = "alice", *, created: float = 500, **more: Any) -> records.Credential:
    """A credential report row. Days before AS_OF: created, password_last_used, password_last_changed."""
    for field in ("password_last_used", "password_last_changed"):
        if more.get(field) is not None:
            more[field] = ago(more[field])
    more.setdefault("unique_id", arn("user", name))
    more.setdefault("password_enabled", False)
    more.setdefault("mfa_active", False)
    return records.Credential(user_name=name, created_at=ago(created), **more)


def root(**more: Any) -> records.Credential:
    more.setdefault("password_enabled", None)
    return credential(records.ROOT, unique_id=f"arn:aws:iam::{ACCOUNT_ID}:root", **more)


def policy(name: str = "app-access", *, created: float = 500, **more: Any) -> records.Policy:
    """A customer-managed policy with one version."""
    more = {"unique_id": _id("ANPA"), "document": records.digest({"Statement": []}), **more}
    return records.Policy(
        name=name,
        arn=arn("policy", name),
        created_at=ago(created),
        updated_at=ago(created),
        default_version="v1",
        **more,
    )


def slot(*, active: bool = True, rotated: float | None = 100, used: float | None = None) -> records.KeySlot:
    return records.KeySlot(
        active=active,
        last_rotated=None if rotated is None else ago(rotated),
        last_used_at=None if used is None else ago(used),
    )


def key(owner: str = "alice", *, created: float = 100, used: float | None = None, **more: Any) -> records.AccessKey:
    """An active key whose use is known; used=None: never."""
    more = {"active": True, "use_known": True, "unique_id": _id("AKIA"), **more}
    return records.AccessKey(
        user_name=owner,
        user_arn=arn("user", owner),
        created_at=ago(created),
        last_used_at=None if used is None else ago(used),
        **more,
    )


def group(name: str = "developers", **more: Any) -> records.Group:
    more.setdefault("unique_id", _id("AGPA"))
    return records.Group(name=name, arn=arn("group", name), created_at=ago(800), **more)


def details(**parts: Any) -> records.AccountDetails:
    """What is known of the account as a whole: details(security_contact=True)."""
    return records.AccountDetails(unique_id="account", **parts)


def summary(**values: int) -> records.AccountDetails:
    return details(summary=values)


def virtual_mfa(*owners: str) -> records.AccountDetails:
    """Virtual MFA devices of users; "root" is root's."""
    arns = [f"arn:aws:iam::{ACCOUNT_ID}:root" if name == "root" else arn("user", name) for name in owners]
    devices = (
        records.VirtualMfaDevice(serial=arn("mfa", name), owner_arn=a) for name, a in zip(owners, arns, strict=True)
    )
    return records.AccountDetails(unique_id="mfa", virtual_mfa=tuple(devices))


def aws_policy(name: str) -> str:
    return f"arn:aws:iam::aws:policy/{name}"


def coverage(**states: State | None) -> tuple[Coverage, ...]:
    """Complete for all APIS but those named: coverage(GetCredentialReport=State.DENIED); None leaves the row out."""
    rows = []
    for api in APIS:
        state = states.get(api.partition(":")[2], State.COMPLETE)
        if state is not None:
            rows.append(Coverage(api=api, state=state, observed_at=AS_OF, permission=api))
    return tuple(rows)


def snapshot(*entities: records.Record, trusts: Iterable[Any] = (), **more: Any) -> records.Snapshot:
    """Sorts records into their fields. trusts: documents, kept by digest."""
    fields: dict[type[Any], str] = {
        records.Role: "roles",
        records.User: "users",
        records.Group: "groups",
        records.Policy: "policies",
        records.Credential: "credentials",
        records.AccessKey: "keys",
        records.AccountDetails: "details",
        records.LastAccessed: "last_accessed",
        records.OrganizationalUnit: "organizational_units",
        records.OrganizationAccount: "organization_accounts",
        records.OrganizationPolicy: "organization_policies",
        records.DelegatedAdministrator: "organization_delegates",
        records.PermissionSet: "permission_sets",
        records.AccountAssignment: "account_assignments",
        records.ConfigRecorder: "recorders",
        records.ConfigRule: "config_rules",
        records.Trail: "trails",
        records.Alarm: "alarms",
        records.Analyzer: "analyzers",
        records.AnalyzerFinding: "analyzer_findings",
        records.Bucket: "buckets",
    }
    found: dict[str, list[Any]] = {field: [] for field in fields.values()}
    for entity in entities:
        found[fields[type(entity)]].append(entity)
    documents = {records.digest(document): document for document in (trust(Service="ec2.amazonaws.com"), *trusts)}
    given: dict[str, Any] = {
        "account_id": ACCOUNT_ID,
        "name": "payments-prod",
        "as_of": AS_OF,
        "documents": documents,
        "coverage": coverage(),
    }
    return records.Snapshot(**{**given, **{field: tuple(some) for field, some in found.items()}, **more})


def facts(*entities: records.Record, settings: Settings | None = None, **more: Any) -> Facts:
    return Facts(snapshot(*entities, **more), settings)


ORGANIZATION = "o-1"
MANAGEMENT = "000000000009"
SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
TREE_APIS = (
    "ListRoots",
    "ListOrganizationalUnitsForParent",
    "ListAccountsForParent",
    "ListAccounts",
    "ListPolicies",
    "DescribePolicy",
    "ListTargetsForPolicy",
)


def in_organization(**more: Any) -> records.AccountDetails:
    more = {"organization_id": ORGANIZATION, "management_account_id": MANAGEMENT, "features": "ALL", **more}
    return records.AccountDetails(unique_id="organizations", organization=records.Organization(**more))


def unit(unique_id: str = "ou-1", parent: str = "r-1", **more: Any) -> records.OrganizationalUnit:
    """unit("r-1", "") is the root; SCPs are enabled on it."""
    kind = "root" if unique_id.startswith("r-") else "ou"
    more = {"name": "Root", "policy_types": (SCP,), **more} if kind == "root" else {"name": "prod", **more}
    where = f"arn:aws:organizations::{MANAGEMENT}:{kind}/{ORGANIZATION}/{unique_id}"
    return records.OrganizationalUnit(unique_id=unique_id, arn=where, parent_id=parent, **more)


def org_account(unique_id: str = ACCOUNT_ID, parent: str = "ou-1", **more: Any) -> records.OrganizationAccount:
    where = f"arn:aws:organizations::{MANAGEMENT}:account/{ORGANIZATION}/{unique_id}"
    more = {"name": f"account {unique_id}", "state": "ACTIVE", **more}
    return records.OrganizationAccount(unique_id=unique_id, arn=where, parent_id=parent, **more)


def org_policy(
    name: str, *targets: str, kind: str = SCP, document: Any = None, **more: Any
) -> records.OrganizationPolicy:
    """An SCP. document: its body; give the same to snapshot(trusts=...)."""
    more = {"unique_id": f"p-{name}", "document": "" if document is None else records.digest(document), **more}
    where = f"arn:aws:organizations::{MANAGEMENT}:policy/{ORGANIZATION}/{kind.lower()}/p-{name}"
    return records.OrganizationPolicy(name=name, arn=where, type=kind, targets=targets, **more)


def tree_coverage(**states: State | None) -> tuple[Coverage, ...]:
    """coverage() with the organization's APIs, complete but for those named; None leaves the row out."""
    found = ((api, states.get(api, State.COMPLETE)) for api in TREE_APIS)
    tree = (Coverage(api=f"organizations:{api}", state=s, observed_at=AS_OF) for api, s in found if s is not None)
    return (*coverage(), *tree)
