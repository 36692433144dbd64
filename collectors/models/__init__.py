"""The inventory: what operators connected, what was collected, how complete it is, and what changed."""

from .account import Account, BundleUpload, CollectRequest, Connection, ConnectionTest
from .among import Among
from .analyzer import Analyzer, AnalyzerFinding
from .buckets import Bucket, WatchedBucket
from .change import Version
from .config import ConfigAggregator, ConfigItem, ConfigRecorder, ConfigRule
from .coverage import Coverage
from .credential import AccessKey, Credential
from .details import AccountDetails
from .heartbeat import Heartbeat
from .identity_center import AccountAssignment, CenterPrincipal, PermissionSet
from .job import Job, Run
from .joining import Membership, OrganizationConnection
from .last_accessed import AccountAccess, LastAccessed
from .lookup import LookedUpEvent, LookupWatch
from .organization import DelegatedAdministrator, OrganizationAccount, OrganizationalUnit, OrganizationPolicy
from .policy import Document, Policy
from .principal import Group, Principal
from .trails import Alarm, Trail
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
    "Alarm",
    "Among",
    "Analyzer",
    "AnalyzerFinding",
    "Bucket",
    "BundleUpload",
    "CenterPrincipal",
    "CollectRequest",
    "ConfigAggregator",
    "ConfigItem",
    "ConfigRecorder",
    "ConfigRule",
    "Connection",
    "ConnectionTest",
    "Coverage",
    "Credential",
    "DelegatedAdministrator",
    "Document",
    "Group",
    "Heartbeat",
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
    "Trail",
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
    "WatchedBucket",
]
