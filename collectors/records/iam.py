"""IAM's entities, and what its reports say of them."""

from __future__ import annotations

from datetime import datetime

from collectors.records.base import Record

SERVICE_LINKED = "/aws-service-role/"  # the path of every service-linked role


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
        return self.path.startswith(SERVICE_LINKED)

    @property
    def reserved(self) -> bool:
        """Made by Identity Center; changes only through its permission set (AWS.md 23)."""
        return self.path.startswith("/aws-reserved/")

    @property
    def permission_set(self) -> str:
        """AWSReservedSSO_<set>_<hash>; the set's name may hold underscores, the hash does not. The role's name otherwise."""
        return self.name.removeprefix("AWSReservedSSO_").rpartition("_")[0] or self.name


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


class KeySighting(Record, frozen=True, kw_only=True):
    """Where a key's id was found in text that is kept, such as a repository; the secret is never read. source: "files",
    "git history", or the scanner whose report told it. path: below the folder that was scanned. line 0: not known; commit "": of
    no history, the oldest that added the line otherwise. seen_at: when we first saw it there.
    """

    key_id: str
    source: str
    place: str
    path: str
    line: int = 0
    commit: str = ""
    seen_at: datetime


class ActionUse(Record, frozen=True, kw_only=True):
    """The last attempt at an action that Access Advisor tracks; last_at None: none in the tracking period."""

    name: str
    last_at: datetime | None = None
    region: str = ""


class ServiceUse(Record, frozen=True, kw_only=True):
    """A service that a principal's identity policies allow, and the last attempt to use it, denied ones included (AWS.md 4).

    last_at None: no attempt in the tracking period. entity: ARN of who made it, where that is not the principal itself.
    actions: those that Access Advisor tracks of a service that was used, by their names without the prefix, where the principal
    may write; None: not asked for, or AWS tracks none of it, so that nothing is known of single actions. What is not among them
    is not tracked: S3's data events and iam:PassRole never are.
    """

    namespace: str
    last_at: datetime | None = None
    region: str = ""
    entity: str = ""
    actions: tuple[ActionUse, ...] | None = None


class LastAccessed(Record, frozen=True, kw_only=True):
    """Access Advisor's answer on a role or user. unique_id: the principal's. read_at: when we asked for it."""

    unique_id: str
    arn: str
    services: tuple[ServiceUse, ...] = ()
    read_at: datetime

    @property
    def last_use(self) -> ServiceUse | None:
        """The newest attempt."""
        used = [service for service in self.services if service.last_at is not None]
        return max(used, key=lambda service: service.last_at, default=None)  # type: ignore[arg-type, return-value]


class AccountAccess(Record, frozen=True, kw_only=True):
    """The organization's report on a member account: services that its SCPs allow, and when any principal of it last tried each.

    unique_id: the account's 12 digits. path: from the organization's id down to it. read_at: when we asked for it.
    """

    unique_id: str
    path: str
    services: tuple[ServiceUse, ...] = ()
    read_at: datetime
