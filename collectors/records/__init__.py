"""Plain typed records between transform, load and judge. No Django here.

A record is what one AWS entity is, not how it was asked for. The inventory stores it as JSON, a bundle makes the same from
files, and the rules read nothing else. Times are aware UTC datetimes. `None` means that AWS said "none", or that the field does
not apply; what nobody could read is absent from the Snapshot and named in its coverage.

Policy documents are held by digest: `Snapshot.documents[digest]` is the parsed JSON, or a str where AWS returned text that is
not JSON.
"""

from collectors.records.account import (
    AccountDetails,
    PasswordPolicy,
    SamlProvider,
    ServerCertificate,
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
from collectors.records.base import (
    Coverage,
    Record,
    State,
    clean,
    digest,
    from_json,
    to_json,
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

__all__ = [
    "LOOKUP",
    "ROOT",
    "TRAIL",
    "AccessKey",
    "AccountAccess",
    "AccountAssignment",
    "AccountDetails",
    "ActionUse",
    "Actor",
    "AdminEvent",
    "Assumption",
    "Before",
    "CenterPrincipal",
    "Coverage",
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
    "Record",
    "ResourceUse",
    "Role",
    "SamlProvider",
    "ServerCertificate",
    "ServiceUse",
    "Session",
    "SignIn",
    "Snapshot",
    "State",
    "User",
    "VirtualMfaDevice",
    "clean",
    "digest",
    "from_json",
    "to_json",
]
