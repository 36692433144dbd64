"""The organization that an account is in: its tree, its members, its SCPs and RCPs."""

from __future__ import annotations

from datetime import datetime

from collectors.records.base import Record


class Organization(Record, frozen=True, kw_only=True):
    """The organization that the account is in; organization_id empty: in none."""

    organization_id: str = ""
    management_account_id: str = ""
    features: str = ""


class DelegatedAdministrator(Record, frozen=True, kw_only=True):
    """An account that administers services for the whole organization. unique_id: its 12 digits.

    since: when it first did. services: their principals; None: not read.
    """

    unique_id: str
    arn: str
    name: str
    since: datetime | None = None
    services: tuple[str, ...] | None = None


class OrganizationalUnit(Record, frozen=True, kw_only=True):
    """An OU, or the root: that has no parent, and tells which policy types are enabled in the organization.

    policy_types None: it is known to be there, but nobody listed the roots. parent_id "": the root's, or not learned.
    attachments_of: policy types of which all that is attached here was read, where not all targets of each policy were.
    """

    unique_id: str
    arn: str
    name: str
    parent_id: str = ""
    policy_types: tuple[str, ...] | None = ()
    attachments_of: tuple[str, ...] = ()


class OrganizationAccount(Record, frozen=True, kw_only=True):
    """An account of the organization, connected or not. unique_id: its 12 digits.

    state: AWS's State (ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED...). parent_id: "" while it is being moved.
    attachments_of: as that of an OU. tags: None: not read; tags_at: when they were.
    """

    unique_id: str
    arn: str
    name: str
    state: str
    parent_id: str = ""
    joined_at: datetime | None = None
    attachments_of: tuple[str, ...] = ()
    tags: dict[str, str] | None = None
    tags_at: datetime | None = None


class OrganizationPolicy(Record, frozen=True, kw_only=True):
    """An SCP or RCP. type: AWS's name of it. targets: ids of the root, OUs and accounts it is attached to directly.

    whole False: it may be attached elsewhere too, or others of its type may not have been listed. document "": not read.
    """

    unique_id: str
    arn: str
    name: str
    type: str
    aws_managed: bool = False
    document: str
    targets: tuple[str, ...] = ()
    whole: bool = True
