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
    """How complete one API's answer is for an account (TRUST, coverage). Only COMPLETE lets anything resolve or be swept."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    DENIED = "denied"
    BLOCKED_BY_SCP = "blocked_by_scp"
    THROTTLED = "throttled"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"


class Coverage(Record, frozen=True, kw_only=True):
    """The last attempt at one API. `permission` is the IAM action to grant when it was denied."""

    api: str
    state: State
    observed_at: datetime
    region: str = ""
    detail: str = ""
    permission: str = ""


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


class AccountDetails(Record, frozen=True, kw_only=True):
    """Account-level answers; each part None when its API gave none. summary: GetAccountSummary's SummaryMap."""

    unique_id: str
    aliases: tuple[str, ...] | None = None
    summary: dict[str, int] | None = None


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
    documents: dict[str, Any] = {}
    as_of: dict[str, datetime] = {}
    problems: dict[str, tuple[str, ...]] = {}


class Snapshot(Record, frozen=True, kw_only=True):
    """All that is known of one account at `as_of`: what the judgement reads."""

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
    documents: dict[str, Any] = {}
    coverage: tuple[Coverage, ...] = ()


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
