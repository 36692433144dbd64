"""The inventory: what operators connected, what was collected, how complete it is, and what changed."""

from .account import Account, BundleUpload, CollectRequest, Connection, ConnectionTest
from .change import Version
from .coverage import Coverage
from .credential import AccessKey, Credential
from .details import AccountDetails
from .identity_center import AccountAssignment, CenterPrincipal, PermissionSet
from .job import Job, Run
from .joining import Membership, OrganizationConnection
from .last_accessed import AccountAccess, LastAccessed
from .lookup import LookedUpEvent, LookupWatch
from .organization import DelegatedAdministrator, OrganizationAccount, OrganizationalUnit, OrganizationPolicy
from .policy import Document, Policy
from .principal import Group, Principal
from .usage import (
    AdminEvent,
    TrailObject,
    TrailWatch,
    UsageAssumption,
    UsageDaily,
    UsageEvent,
    UsageLast,
    UsagePrincipal,
    UsageResource,
    UsageSession,
)

__all__ = [
    "AccessKey",
    "Account",
    "AccountAccess",
    "AccountAssignment",
    "AccountDetails",
    "AdminEvent",
    "BundleUpload",
    "CenterPrincipal",
    "CollectRequest",
    "Connection",
    "ConnectionTest",
    "Coverage",
    "Credential",
    "DelegatedAdministrator",
    "Document",
    "Group",
    "Job",
    "LastAccessed",
    "LookedUpEvent",
    "LookupWatch",
    "Membership",
    "OrganizationAccount",
    "OrganizationConnection",
    "OrganizationPolicy",
    "OrganizationalUnit",
    "PermissionSet",
    "Policy",
    "Principal",
    "Run",
    "TrailObject",
    "TrailWatch",
    "UsageAssumption",
    "UsageDaily",
    "UsageEvent",
    "UsageLast",
    "UsagePrincipal",
    "UsageResource",
    "UsageSession",
    "Version",
]
