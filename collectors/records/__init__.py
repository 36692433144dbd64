"""Plain typed records between transform, load and judge. No Django here.

A record is what one AWS entity is, not how it was asked for. The inventory stores it as JSON, a bundle makes the same from
files, and the rules read nothing else. Times are aware UTC datetimes. `None` means that AWS said "none", or that the field does
not apply; what nobody could read is absent from the Snapshot and named in its coverage.

Policy documents are held by digest: `Snapshot.documents[digest]` is the parsed JSON, or a str where AWS returned text that is
not JSON.
"""

from collectors.records.account import (
    SSH_KEY,
    AccountDetails,
    PasswordPolicy,
    SamlProvider,
    ServerCertificate,
    ServiceCredential,
    VirtualMfaDevice,
)
from collectors.records.activity import (
    LOOKUP,
    TRAIL,
    Actor,
    AdminEvent,
    Assumption,
    EventUse,
    PrincipalDay,
    ResourceUse,
    Session,
    SignIn,
)
from collectors.records.analyzer import (
    EXTERNAL,
    UNUSED,
    Analyzer,
    AnalyzerFinding,
)
from collectors.records.base import (
    Coverage,
    Covered,
    Record,
    State,
    clean,
    digest,
    from_json,
    to_json,
)
from collectors.records.buckets import (
    Bucket,
    PublicAccessBlock,
)
from collectors.records.config import (
    EVERY_TYPE,
    IAM_TYPES,
    NAMED_TYPES,
    ConfigAggregator,
    ConfigItem,
    ConfigRecorder,
    ConfigRule,
    ConfigStatus,
)
from collectors.records.iam import (
    ROOT,
    AccessKey,
    AccountAccess,
    ActionUse,
    Credential,
    Entity,
    Group,
    Holder,
    InstanceProfile,
    KeySighting,
    KeySlot,
    LastAccessed,
    Policy,
    PolicyVersion,
    Principal,
    Role,
    ServiceUse,
    User,
)
from collectors.records.identity_center import (
    AccountAssignment,
    CenterPrincipal,
    PermissionSet,
)
from collectors.records.organization import (
    DelegatedAdministrator,
    Organization,
    OrganizationAccount,
    OrganizationalUnit,
    OrganizationPolicy,
)
from collectors.records.snapshot import (
    Before,
    Part,
    Snapshot,
)
from collectors.records.trails import (
    Alarm,
    Recording,
    Selector,
    Trail,
)

__all__ = [
    "EVERY_TYPE",
    "EXTERNAL",
    "IAM_TYPES",
    "LOOKUP",
    "NAMED_TYPES",
    "ROOT",
    "SSH_KEY",
    "TRAIL",
    "UNUSED",
    "AccessKey",
    "AccountAccess",
    "AccountAssignment",
    "AccountDetails",
    "ActionUse",
    "Actor",
    "AdminEvent",
    "Alarm",
    "Analyzer",
    "AnalyzerFinding",
    "Assumption",
    "Before",
    "Bucket",
    "CenterPrincipal",
    "ConfigAggregator",
    "ConfigItem",
    "ConfigRecorder",
    "ConfigRule",
    "ConfigStatus",
    "Coverage",
    "Covered",
    "Credential",
    "DelegatedAdministrator",
    "Entity",
    "EventUse",
    "Group",
    "Holder",
    "InstanceProfile",
    "KeySighting",
    "KeySlot",
    "LastAccessed",
    "Organization",
    "OrganizationAccount",
    "OrganizationPolicy",
    "OrganizationalUnit",
    "Part",
    "PasswordPolicy",
    "PermissionSet",
    "Policy",
    "PolicyVersion",
    "Principal",
    "PrincipalDay",
    "PublicAccessBlock",
    "Record",
    "Recording",
    "ResourceUse",
    "Role",
    "SamlProvider",
    "Selector",
    "ServerCertificate",
    "ServiceCredential",
    "ServiceUse",
    "Session",
    "SignIn",
    "Snapshot",
    "State",
    "Trail",
    "User",
    "VirtualMfaDevice",
    "clean",
    "digest",
    "from_json",
    "to_json",
]
