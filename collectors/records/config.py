"""AWS Config: what records changes of IAM, what rules judge it there, and what was recorded."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from collectors.records.base import Record

EVERY_TYPE, NAMED_TYPES = "ALL_SUPPORTED_RESOURCE_TYPES", "INCLUSION_BY_RESOURCE_TYPES"  # RecordingStrategyType
IAM_TYPES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Policy")


class ConfigStatus(enum.StrEnum):
    """What a configuration item says of its entity. NOT_RECORDED: Config saw a change and did not keep what it was."""

    RECORDED = "recorded"
    DELETED = "deleted"
    NOT_RECORDED = "not_recorded"


class ConfigItem(Record, frozen=True, kw_only=True):
    """One change of a role, user, group or customer-managed policy as Config recorded it; nobody can change it afterwards.

    unique_id: "<resource_id>/<captured_at>". resource_id: the entity's unique id (AROA..., AIDA..., AGPA..., ANPA...).
    account_id: whose it is where an aggregator told it, "" for the account that was asked. captured_at: when Config began to
    record the change, some minutes after it; where `daily`, up to a day after it. region: where it was recorded.

    entity: the record of the role, user, group or policy as it was (records.Role and so on as JSON, without what changes by
    use), so that it compares with Version.data, and digest that of it, as Version has it. None and "": deleted, or what it was
    was not recorded, or not told. documents: those that it names by digest.
    """

    unique_id: str
    account_id: str = ""
    resource_type: str
    resource_id: str
    name: str
    arn: str
    captured_at: datetime
    status: ConfigStatus
    region: str = ""
    daily: bool = False
    entity: dict[str, Any] | None = None
    digest: str = ""
    documents: dict[str, Any] = {}


class ConfigRecorder(Record, frozen=True, kw_only=True):
    """The configuration recorder of a region, and how its deliveries go. unique_id: "<region>/<name>".

    strategy: AWS's RecordingStrategyType. types: those included, or excluded, by strategy. global_types:
    includeGlobalResourceTypes, which counts where all types are recorded. daily, overrides: the recording frequency, and by
    resource type where it is told for that one alone.
    recording: whether it records now. last_status, error: of what it recorded last, in AWS's words. bucket: where it delivers
    to, "" for no delivery channel. delivery_error: what AWS says of the last delivery, "" for a good one. What was not read is
    None.
    """

    unique_id: str
    region: str
    name: str
    role_arn: str
    strategy: str
    types: tuple[str, ...]
    global_types: bool
    daily: bool
    overrides: dict[str, bool]
    recording: bool | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    last_status: str | None = None
    error: str | None = None
    bucket: str | None = None
    delivery_error: str | None = None

    @property
    def failing(self) -> bool:
        """On, and yet what it did last went wrong, so that nobody knows whether it records."""
        return bool(self.recording) and (self.last_status or "").lower() == "failure"

    def selects(self, resource_type: str) -> bool:
        """Whether it would record this type of IAM entity. Global types are no part of "all" by themselves, and are excluded
        by name only (the API's own words on RecordingGroup)."""
        if self.strategy == EVERY_TYPE:
            return self.global_types
        return (resource_type in self.types) is (self.strategy == NAMED_TYPES)

    def is_daily(self, resource_type: str) -> bool:
        return self.overrides.get(resource_type, self.daily)


class ConfigRule(Record, frozen=True, kw_only=True):
    """A Config rule that judges IAM, or may. unique_id: its ARN. region: where it stands.

    owner: AWS, CUSTOM_LAMBDA or CUSTOM_POLICY. identifier: of a managed rule ("IAM_USER_MFA_ENABLED"), else of its Lambda
    function; "" for one in Guard. origin: who put it there: "account", "organization", "conformance pack", or the principal of
    another service. types: of AWS::IAM::* in its scope. vague: it names no scope and is no managed rule, so that only its code
    tells what it judges.
    compliance: AWS's word; None: not read. offending: how many resources do not comply, capped: or more.
    """

    unique_id: str
    region: str
    name: str
    owner: str
    identifier: str
    origin: str
    types: tuple[str, ...]
    vague: bool
    state: str
    compliance: str | None = None
    offending: int | None = None
    capped: bool | None = None


class ConfigAggregator(Record, frozen=True, kw_only=True):
    """unique_id: its ARN. organization: of all accounts of it; accounts: else of these. regions: (): of all."""

    unique_id: str
    region: str
    name: str
    organization: bool = False
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
