"""Plain typed records between transform, load and judge. No Django here.

A record is what one AWS entity is, not how it was asked for. The inventory stores it as JSON, a bundle makes the same from
files, and the rules read nothing else. Times are aware UTC datetimes. `None` means that AWS said "none", or that the field does
not apply; what nobody could read is absent from the Snapshot and named in its coverage.

Policy documents are held by digest: `Snapshot.documents[digest]` is the parsed JSON, or a str where AWS returned text that is
not JSON.
"""

from __future__ import annotations

import enum
import hashlib
from datetime import datetime
from typing import Any, TypeVar

import msgspec

R = TypeVar("R", bound="Record")


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all records: immutable, keyword-only, defaults left out of the JSON."""


class State(enum.StrEnum):
    """How complete one API's answer is for an account (TRUST, coverage). Only COMPLETE lets anything resolve or be swept.

    ABSENT: a bundle has no file of it; the coverage's detail names the file.
    """

    COMPLETE = "complete"
    PARTIAL = "partial"
    DENIED = "denied"
    BLOCKED_BY_SCP = "blocked_by_scp"
    THROTTLED = "throttled"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"
    ABSENT = "absent"


class Coverage(Record, frozen=True, kw_only=True):
    """The last attempt at one API. `permission` is the IAM action to grant when it was denied.

    complete_at: observed_at of its last whole answer, None when there was none yet. suspect: it looked whole, but most of what
    was there is not in it, so it is asked for again.
    """

    api: str
    state: State
    observed_at: datetime
    region: str = ""
    detail: str = ""
    permission: str = ""
    complete_at: datetime | None = None
    suspect: bool = False


class Entity(Record, frozen=True, kw_only=True):
    """What has an ARN and a unique id. The id survives nothing: delete-and-recreate gives a new one (AWS.md 22)."""

    unique_id: str
    arn: str
    name: str
    path: str = "/"
    created_at: datetime


class InstanceProfile(Entity, frozen=True, kw_only=True):
    pass


class Holder(Entity, frozen=True, kw_only=True):
    """Has identity-based policies. attached: managed policy ARNs; inline: policy name -> document digest."""

    attached: tuple[str, ...] = ()
    inline: dict[str, str] = {}


class Principal(Holder, frozen=True, kw_only=True):
    """An IAM entity that can act. boundary: ARN of the permissions boundary."""

    boundary: str | None = None
    tags: dict[str, str] = {}


class Role(Principal, frozen=True, kw_only=True):
    """last_used_at: RoleLastUsed, trailing 400 days; None = not in that window (AWS.md 3)."""

    trust: str
    instance_profiles: tuple[InstanceProfile, ...] = ()
    last_used_at: datetime | None = None
    last_used_region: str = ""

    @property
    def service_linked(self) -> bool:
        return self.path.startswith("/aws-service-role/")

    @property
    def reserved(self) -> bool:
        """Made by Identity Center; changes only through its permission set (AWS.md 23)."""
        return self.path.startswith("/aws-reserved/")


class User(Principal, frozen=True, kw_only=True):
    groups: tuple[str, ...] = ()


class Group(Holder, frozen=True, kw_only=True):
    pass


class PolicyVersion(Record, frozen=True, kw_only=True):
    version_id: str
    created_at: datetime
    document: str


class Policy(Entity, frozen=True, kw_only=True):
    """A managed policy; AWS-managed ones appear only where they are attached. `document` is the default version's digest."""

    updated_at: datetime
    default_version: str
    document: str
    versions: tuple[PolicyVersion, ...] = ()
    attachment_count: int = 0
    boundary_count: int = 0

    @property
    def aws_managed(self) -> bool:
        return ":iam::aws:policy/" in self.arn


class KeySlot(Record, frozen=True, kw_only=True):
    """One of the two key slots of a credential report row. It has no key id (AWS.md 2)."""

    active: bool
    last_rotated: datetime | None = None
    last_used_at: datetime | None = None
    last_used_region: str = ""
    last_used_service: str = ""


ROOT = "<root_account>"


class Credential(Record, frozen=True, kw_only=True):
    """A user's (or root's) row of the credential report.

    unique_id is the ARN: the report has no other id. password_enabled and mfa_active are None where AWS says `not_supported`
    or nothing readable. password_last_used None: no use recorded (`no_information` or `N/A`).
    """

    unique_id: str
    user_name: str
    created_at: datetime
    password_enabled: bool | None = None
    password_last_used: datetime | None = None
    password_last_changed: datetime | None = None
    mfa_active: bool | None = None
    slots: tuple[KeySlot, ...] = ()
    signing_certificates: int = 0

    @property
    def is_root(self) -> bool:
        return self.user_name == ROOT


class AccessKey(Record, frozen=True, kw_only=True):
    """A long-term key (AKIA...) of a user, from ListAccessKeys, with the use that its credential report slot shows.

    use_known False: no slot could be matched to this key, so whether it was used is unknown.
    """

    unique_id: str
    user_name: str
    user_arn: str
    active: bool
    created_at: datetime
    use_known: bool = False
    last_used_at: datetime | None = None
    last_used_region: str = ""
    last_used_service: str = ""


class PasswordPolicy(Record, frozen=True, kw_only=True):
    """What the account demands of IAM users' passwords. custom False: none was set, so AWS's own default holds.

    reuse_prevention: how many former passwords are refused; max_age_days: 0 = passwords do not expire.
    """

    custom: bool = True
    minimum_length: int = 0
    upper: bool = False
    lower: bool = False
    number: bool = False
    symbol: bool = False
    reuse_prevention: int = 0
    max_age_days: int = 0


class SamlProvider(Record, frozen=True, kw_only=True):
    """valid_until: when its metadata ends."""

    arn: str
    valid_until: datetime | None = None


class ServerCertificate(Record, frozen=True, kw_only=True):
    unique_id: str
    arn: str
    name: str
    expires_at: datetime | None = None


class VirtualMfaDevice(Record, frozen=True, kw_only=True):
    """A virtual device that somebody has. owner_arn: of the user, or of the account's root."""

    serial: str
    owner_arn: str = ""

    @property
    def of_root(self) -> bool:
        """Root's first virtual device has a name of its own; an owner is not told in every answer."""
        return self.owner_arn.endswith(":root") or self.serial.endswith(":mfa/root-account-mfa-device")


class Organization(Record, frozen=True, kw_only=True):
    """The organization that the account is in; organization_id empty: in none."""

    organization_id: str = ""
    management_account_id: str = ""
    features: str = ""


class AccountDetails(Record, frozen=True, kw_only=True):
    """What sources tell of the account as a whole, one record a source; a part is None when its API gave no answer.

    summary: GetAccountSummary's SummaryMap. oidc_providers: ARNs. empty_instance_profiles: those without a role; the others
    stand with their roles. security_contact: whether one is named; who it is, is not kept.
    """

    unique_id: str
    aliases: tuple[str, ...] | None = None
    summary: dict[str, int] | None = None
    password_policy: PasswordPolicy | None = None
    saml_providers: tuple[SamlProvider, ...] | None = None
    oidc_providers: tuple[str, ...] | None = None
    server_certificates: tuple[ServerCertificate, ...] | None = None
    virtual_mfa: tuple[VirtualMfaDevice, ...] | None = None
    empty_instance_profiles: tuple[InstanceProfile, ...] | None = None
    security_contact: bool | None = None
    organization: Organization | None = None


class ServiceUse(Record, frozen=True, kw_only=True):
    """A service that a principal's identity policies allow, and the last attempt to use it, denied ones included (AWS.md 4).

    last_at None: no attempt in the tracking period. entity: ARN of who made it, where that is not the principal itself.
    """

    namespace: str
    last_at: datetime | None = None
    region: str = ""
    entity: str = ""


class LastAccessed(Record, frozen=True, kw_only=True):
    """Access Advisor's answer on a role or user, service level. unique_id: the principal's. read_at: when we asked for it."""

    unique_id: str
    arn: str
    services: tuple[ServiceUse, ...] = ()
    read_at: datetime

    @property
    def last_use(self) -> ServiceUse | None:
        """The newest attempt."""
        used = [service for service in self.services if service.last_at is not None]
        return max(used, key=lambda service: service.last_at, default=None)  # type: ignore[arg-type, return-value]


class OrganizationalUnit(Record, frozen=True, kw_only=True):
    """An OU, or the root: that has no parent, and tells which policy types are enabled in the organization."""

    unique_id: str
    arn: str
    name: str
    parent_id: str = ""
    policy_types: tuple[str, ...] = ()


class OrganizationAccount(Record, frozen=True, kw_only=True):
    """An account of the organization, connected or not. unique_id: its 12 digits.

    state: AWS's State (ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED...). parent_id: "" while it is being moved.
    """

    unique_id: str
    arn: str
    name: str
    state: str
    parent_id: str = ""
    joined_at: datetime | None = None


class OrganizationPolicy(Record, frozen=True, kw_only=True):
    """An SCP or RCP. type: AWS's name of it. targets: ids of the root, OUs and accounts it is attached to directly."""

    unique_id: str
    arn: str
    name: str
    type: str
    aws_managed: bool = False
    document: str
    targets: tuple[str, ...] = ()


class Part(Record, frozen=True, kw_only=True):
    """What one source's transform made. A kind that is None was not learned; an empty tuple was learned to be empty.

    as_of: API -> when AWS made the answer, where that is not now (a credential report is cached for four hours).
    problems: API -> what of its answer could not be read; such an API is partial.
    """

    roles: tuple[Role, ...] | None = None
    users: tuple[User, ...] | None = None
    groups: tuple[Group, ...] | None = None
    policies: tuple[Policy, ...] | None = None
    credentials: tuple[Credential, ...] | None = None
    keys: tuple[AccessKey, ...] | None = None
    details: tuple[AccountDetails, ...] | None = None
    last_accessed: tuple[LastAccessed, ...] | None = None
    organizational_units: tuple[OrganizationalUnit, ...] | None = None
    organization_accounts: tuple[OrganizationAccount, ...] | None = None
    organization_policies: tuple[OrganizationPolicy, ...] | None = None
    documents: dict[str, Any] = {}
    as_of: dict[str, datetime] = {}
    problems: dict[str, tuple[str, ...]] = {}


class Snapshot(Record, frozen=True, kw_only=True):
    """All that is known of one account at `as_of`: what the judgement reads.

    key_since: access key id -> since when our inventory holds the key as it is; a bundle has no such history.
    """

    account_id: str
    partition: str = "aws"
    name: str = ""
    as_of: datetime
    roles: tuple[Role, ...] = ()
    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    policies: tuple[Policy, ...] = ()
    credentials: tuple[Credential, ...] = ()
    keys: tuple[AccessKey, ...] = ()
    details: tuple[AccountDetails, ...] = ()
    last_accessed: tuple[LastAccessed, ...] = ()
    organizational_units: tuple[OrganizationalUnit, ...] = ()
    organization_accounts: tuple[OrganizationAccount, ...] = ()
    organization_policies: tuple[OrganizationPolicy, ...] = ()
    documents: dict[str, Any] = {}
    coverage: tuple[Coverage, ...] = ()
    key_since: dict[str, datetime] = {}


_encode = msgspec.json.Encoder(order="deterministic").encode


def digest(value: Any) -> str:
    """32 hex characters of a JSON value or record; equal values give equal digests whatever their key order."""
    return hashlib.blake2b(_encode(value), digest_size=16).hexdigest()


def to_json(record: Record) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain


def from_json(kind: type[R], plain: dict[str, Any]) -> R:
    return msgspec.convert(plain, kind)


def clean(value: Any) -> Any:
    """The JSON value with NUL and lone surrogates replaced by U+FFFD: PostgreSQL and UTF-8 refuse both (TRUST, trap 9)."""
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {clean(k): clean(v) for k, v in value.items()}
    if isinstance(value, list):
        return [clean(v) for v in value]
    return value
