"""The inventory: what operators connected, what was collected, how complete it is, and what changed."""

from .account import Account, CollectRequest, Connection
from .change import Version
from .coverage import Coverage
from .credential import AccessKey, Credential
from .details import AccountDetails
from .job import Job, Run
from .policy import Document, Policy
from .principal import Group, Principal

__all__ = [
    "AccessKey",
    "Account",
    "AccountDetails",
    "CollectRequest",
    "Connection",
    "Coverage",
    "Credential",
    "Document",
    "Group",
    "Job",
    "Policy",
    "Principal",
    "Run",
    "Version",
]
