"""All that one source told, and all that is known of one account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from collectors.records.account import AccountDetails
from collectors.records.activity import AdminEvent, Assumption, EventUse, PrincipalDay, ResourceUse, Session
from collectors.records.analyzer import Analyzer, AnalyzerFinding
from collectors.records.base import Coverage, Record
from collectors.records.buckets import Bucket
from collectors.records.config import ConfigAggregator, ConfigItem, ConfigRecorder, ConfigRule
from collectors.records.iam import (
    AccessKey,
    AccountAccess,
    Credential,
    Group,
    KeySighting,
    LastAccessed,
    Policy,
    Role,
    User,
)
from collectors.records.identity_center import AccountAssignment, CenterPrincipal, PermissionSet
from collectors.records.organization import (
    DelegatedAdministrator,
    OrganizationAccount,
    OrganizationalUnit,
    OrganizationPolicy,
)
from collectors.records.trails import Alarm, Recording, Trail


class Part(Record, frozen=True, kw_only=True):
    """What one source's transform made. A kind that is None was not learned; an empty tuple was learned to be empty.

    as_of: API -> when AWS made the answer, where that is not now (a credential report is cached for four hours).
    problems: API -> what of its answer could not be read; such an API is partial.
    notes: API -> what is to be said of an answer that is whole.
    """

    roles: tuple[Role, ...] | None = None
    users: tuple[User, ...] | None = None
    groups: tuple[Group, ...] | None = None
    policies: tuple[Policy, ...] | None = None
    credentials: tuple[Credential, ...] | None = None
    keys: tuple[AccessKey, ...] | None = None
    details: tuple[AccountDetails, ...] | None = None
    last_accessed: tuple[LastAccessed, ...] | None = None
    account_access: tuple[AccountAccess, ...] | None = None
    organizational_units: tuple[OrganizationalUnit, ...] | None = None
    organization_accounts: tuple[OrganizationAccount, ...] | None = None
    organization_policies: tuple[OrganizationPolicy, ...] | None = None
    permission_sets: tuple[PermissionSet, ...] | None = None
    account_assignments: tuple[AccountAssignment, ...] | None = None
    center_principals: tuple[CenterPrincipal, ...] | None = None
    organization_delegates: tuple[DelegatedAdministrator, ...] | None = None
    recorders: tuple[ConfigRecorder, ...] | None = None
    config_rules: tuple[ConfigRule, ...] | None = None
    config_aggregators: tuple[ConfigAggregator, ...] | None = None
    config_items: tuple[ConfigItem, ...] | None = None
    trails: tuple[Trail, ...] | None = None
    alarms: tuple[Alarm, ...] | None = None
    analyzers: tuple[Analyzer, ...] | None = None
    analyzer_findings: tuple[AnalyzerFinding, ...] | None = None
    buckets: tuple[Bucket, ...] | None = None
    documents: dict[str, Any] = {}
    as_of: dict[str, datetime] = {}
    problems: dict[str, tuple[str, ...]] = {}
    notes: dict[str, str] = {}


class Before(Record, frozen=True, kw_only=True):
    """What was other at a time `at` than it is at the snapshot's as_of: entities as they were then, gone ones too. What is in
    none of the fields and is not younger than `at` was as it is.

    since: when our inventory of the account begins; None: there is none. until: unique id -> when we last saw it so.
    """

    at: datetime
    since: datetime | None = None
    roles: tuple[Role, ...] = ()
    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    policies: tuple[Policy, ...] = ()
    until: dict[str, datetime] = {}


class Snapshot(Record, frozen=True, kw_only=True):
    """All that is known of one account at `as_of`: what the judgement reads.

    key_since: access key id -> since when our inventory holds the key as it is; a bundle has no such history.
    changed_at: unique id of a role, user or group -> when our inventory saw its policies change last, if it ever did.
    connected: ids of all accounts that operators registered.
    key_sightings: where ids of the account's keys were found in source code; a bundle has none.
    before: what was other two weeks earlier; a bundle has no such history.
    recordings: what its trails and recorders recorded, and since when, oldest first; a bundle has none.

    The organization is told by the account itself, or by another one that may read it: organization_seen_by is its id then,
    organization_coverage how its asking went, organization_members everybody's id, and organization_accounts holds this
    account only. organization_claims: ids of organizations, where several list the account and it does not say itself which
    one it is in; nothing of them is told then. organization_judged_by: id of the account with which the organization itself is
    judged, the management account's or a delegated administrator's; "": nobody read its roots.

    permission_sets, account_assignments and center_principals are what Identity Center says of this account; center_seen_by is
    the id of the account that read it, center_coverage how its asking went.

    trails are those that record the account: its own and its organization's. trails_elsewhere: those of other accounts
    as their owners see them. alarms are those of the account and of these owners, and trail_coverage tells how the asking for
    trails and alarms went in those other accounts, by their ids.

    analyzers are the account's own and its organization's, which another account may own; analyzer_findings are about this
    account's resources, and analyzer_coverage tells how the asking went in those other accounts, by their ids.

    activity_since: from when on CloudTrail's events were read without a gap; None: nobody read any, so that sessions,
    assumptions and event_uses say nothing. sessions, assumptions and principal_days are those of the last 90 days.
    resource_uses are many, so they are read where somebody asks on what principals acted, and of those only.
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
    account_access: tuple[AccountAccess, ...] = ()
    organizational_units: tuple[OrganizationalUnit, ...] = ()
    organization_accounts: tuple[OrganizationAccount, ...] = ()
    organization_policies: tuple[OrganizationPolicy, ...] = ()
    permission_sets: tuple[PermissionSet, ...] = ()
    account_assignments: tuple[AccountAssignment, ...] = ()
    center_principals: tuple[CenterPrincipal, ...] = ()
    organization_delegates: tuple[DelegatedAdministrator, ...] = ()
    recorders: tuple[ConfigRecorder, ...] = ()
    config_rules: tuple[ConfigRule, ...] = ()
    config_aggregators: tuple[ConfigAggregator, ...] = ()
    trails: tuple[Trail, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    trails_elsewhere: tuple[Trail, ...] = ()
    trail_coverage: dict[str, tuple[Coverage, ...]] = {}
    analyzers: tuple[Analyzer, ...] = ()
    analyzer_findings: tuple[AnalyzerFinding, ...] = ()
    analyzer_coverage: dict[str, tuple[Coverage, ...]] = {}
    buckets: tuple[Bucket, ...] = ()
    documents: dict[str, Any] = {}
    coverage: tuple[Coverage, ...] = ()
    key_since: dict[str, datetime] = {}
    changed_at: dict[str, datetime] = {}
    connected: tuple[str, ...] = ()
    key_sightings: tuple[KeySighting, ...] = ()
    organization_seen_by: str = ""
    organization_members: tuple[str, ...] = ()
    organization_coverage: tuple[Coverage, ...] = ()
    organization_claims: tuple[str, ...] = ()
    organization_judged_by: str = ""
    center_seen_by: str = ""
    center_coverage: tuple[Coverage, ...] = ()
    before: Before | None = None
    recordings: tuple[Recording, ...] = ()
    sessions: tuple[Session, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    event_uses: tuple[EventUse, ...] = ()
    admin_events: tuple[AdminEvent, ...] = ()
    principal_days: tuple[PrincipalDay, ...] = ()
    resource_uses: tuple[ResourceUse, ...] = ()
    activity_since: datetime | None = None
