"""The source config: through the lab over HTTP, and what the lab cannot be made to say by a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collectors.lab.repairs.account import REGIONS
from collectors.models import Account, ConfigAggregator, ConfigRecorder, ConfigRule, Coverage, Version
from collectors.records import EVERY_TYPE, IAM_TYPES, NAMED_TYPES
from collectors.sources import config
from collectors.sources.config import AGGREGATORS, CHANNELS, COMPLIANCE, DELIVERY, RECORDERS, RULES, STATUS
from tests.collectors.bundles import read
from tests.collectors.running import run, written

APIS = (RECORDERS, STATUS, CHANNELS, DELIVERY, RULES, COMPLIANCE, AGGREGATORS)
HOME = "us-east-1"


@pytest.fixture
def member(connected: list[Account]) -> Account:
    """The log archive, which records IAM in eu-west-1."""
    return connected[2]


@pytest.fixture
def planted(lab: Any, member: Account) -> Any:
    """What the lab has of the member's Config, to be changed; as it was afterwards."""
    there = lab.world.config[member.aws_id]
    before = {name: dict(value) if isinstance(value, dict) else list(value) for name, value in vars(there).items()}
    yield there
    vars(there).update(before)


def collect(account: Account) -> None:
    run(account, "config")


def rows(account: Account) -> dict[tuple[str, str], str]:
    found = Coverage.objects.filter(account=account, api__in=APIS)
    return {
        (api.partition(":")[2], region): state for api, region, state in found.values_list("api", "region", "state")
    }


def test_every_region_is_asked_and_tells_its_recorder(member: Account) -> None:
    collect(member)
    assert rows(member) == {(api.partition(":")[2], region): "complete" for api in APIS for region in REGIONS}
    found = {one.region: one.as_record for one in ConfigRecorder.present.all()}
    assert {region: one.selects("AWS::IAM::Role") for region, one in found.items()} == {
        "eu-west-1": True, HOME: False, "us-west-2": False
    }  # fmt: skip
    one = found[HOME]
    assert (one.recording, one.last_status, one.error, one.bucket, one.delivery_error) == (
        True, "SUCCESS", "", "halden-config", ""
    )  # fmt: skip
    told = {(one.name, one.origin, one.identifier, one.compliance) for one in _rules()}
    assert told == {
        ("OrgConfigRule-iam-password-policy-x7y8z9", "organization", "IAM_PASSWORD_POLICY", "NON_COMPLIANT")
    }
    assert {one.region for one in _rules()} == set(REGIONS)


def _rules() -> list[Any]:
    return [one.as_record for one in ConfigRule.present.all()]


def test_regions_without_a_recorder_are_not_asked_further(member: Account, planted: Any, aws: Any) -> None:
    planted.recorders.clear()
    aws.clear_calls()
    collect(member)
    assert set(rows(member).values()) == {"complete"}
    asked = {c["operation"]: c["n"] for c in aws.calls() if c["service"] == "config"}
    assert asked == {"DescribeConfigurationRecorders": 3, "DescribeConfigurationAggregators": 3}


def test_an_aggregator_tells_of_whom(connected: list[Account]) -> None:
    collect(connected[1])
    (found,) = (one.as_record for one in ConfigAggregator.present.all())
    assert (found.name, found.region, found.organization, found.accounts, found.regions) == (
        "organization", "eu-west-1", True, (), ()
    )  # fmt: skip


def test_an_unchanged_account_writes_coverage_only(member: Account) -> None:
    collect(member)
    before = written()
    collect(member)
    changed = {table for table, n in written().items() if n != before[table]}
    assert changed == {"collectors_run", "collectors_job", "collectors_coverage"}


def test_a_stopped_recorder_is_a_version_and_a_deleted_one_is_gone(member: Account, planted: Any) -> None:
    collect(member)
    planted.status[HOME] = planted.status[HOME] | {
        "recording": False,
        "lastStatus": "FAILURE",
        "lastErrorCode": "NoSuchBucket",
    }
    collect(member)
    row = ConfigRecorder.present.get(region=HOME)
    assert (row.as_record.recording, row.as_record.error) == (False, "NoSuchBucket")
    assert Version.objects.filter(kind="recorder", unique_id=row.unique_id).count() == 2
    del planted.recorders[HOME]
    collect(member)
    assert set(ConfigRecorder.present.values_list("region", flat=True)) == {"eu-west-1", "us-west-2"}
    assert set(ConfigRule.present.values_list("region", flat=True)) == {"eu-west-1", "us-west-2"}


@pytest.mark.parametrize("kind", ["empty", "html", "deny", "deny_scp"])
def test_no_answer_is_no_missing_recorder(member: Account, planted: Any, aws: Any, kind: str) -> None:
    """The first region fails, and its recorder is not there any more; those of the others are gone, and are swept."""
    collect(member)
    planted.recorders.clear()
    aws.fault(kind, account=member.aws_id, service="config", operation="DescribeConfigurationRecorders", times=3)
    collect(member)
    state = {"deny": "denied", "deny_scp": "blocked_by_scp"}.get(kind, "error")
    failed = {region for (api, region), found in rows(member).items() if found == state and RECORDERS.endswith(api)}
    assert failed == ({"eu-west-1"} if state == "error" else set(REGIONS))
    assert set(ConfigRecorder.present.values_list("region", flat=True)) == failed
    assert ConfigRecorder.present.filter(data__recording=True).count() == len(failed)


def test_without_the_status_what_was_known_of_it_stays(member: Account, aws: Any) -> None:
    collect(member)
    before = list(ConfigRecorder.present.order_by("pk").values_list("data", flat=True))
    for operation in (
        "DescribeConfigurationRecorderStatus",
        "DescribeDeliveryChannels",
        "DescribeComplianceByConfigRule",
    ):
        aws.fault("deny", account=member.aws_id, service="config", operation=operation)
    collect(member)
    assert list(ConfigRecorder.present.order_by("pk").values_list("data", flat=True)) == before
    assert not Version.objects.exclude(seen_to=None).exists()


GROUPS: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "none given": ({}, EVERY_TYPE, ()),
    "all": ({"allSupported": True, "includeGlobalResourceTypes": False}, EVERY_TYPE, ()),
    "all and global": ({"allSupported": True, "includeGlobalResourceTypes": True}, EVERY_TYPE, IAM_TYPES),
    "old list": ({"resourceTypes": ["AWS::IAM::User", "AWS::S3::Bucket"]}, NAMED_TYPES, ("AWS::IAM::User",)),
    "list": (
        {"resourceTypes": ["AWS::IAM::Role"], "recordingStrategy": {"useOnly": NAMED_TYPES}}, NAMED_TYPES, ("AWS::IAM::Role",)
    ),
    "exclusions": (
        {
            "exclusionByResourceTypes": {"resourceTypes": ["AWS::IAM::Policy"]},
            "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
        },
        "EXCLUSION_BY_RESOURCE_TYPES",
        tuple(kind for kind in IAM_TYPES if kind != "AWS::IAM::Policy"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("group", "strategy", "selected"), GROUPS.values(), ids=GROUPS)
def test_what_a_recorder_selects(group: dict[str, Any], strategy: str, selected: tuple[str, ...]) -> None:
    raw = {"name": "default"} | ({"recordingGroup": group} if group else {})
    (one,) = config.transform({RECORDERS: {HOME: [raw]}}).recorders or ()
    assert (one.strategy, tuple(filter(one.selects, IAM_TYPES))) == (strategy, selected)
    assert (one.recording, one.bucket, one.delivery_error) == (None, None, None)  # nobody told


def test_frequencies_and_failed_deliveries_are_told_and_other_services_recorders_are_not() -> None:
    mode = {
        "recordingFrequency": "DAILY",
        "recordingModeOverrides": [{"resourceTypes": ["AWS::IAM::Role"], "recordingFrequency": "CONTINUOUS"}],
    }
    failed = {"lastStatus": "FAILURE", "lastErrorCode": "AccessDenied", "lastErrorMessage": "no"}
    (one,) = config.transform({
        RECORDERS: {HOME: [
            {"name": "default", "roleARN": "r", "recordingMode": mode},
            {"name": "AWSConfigurationRecorderForX", "servicePrincipal": "x.amazonaws.com"},
        ]},
        CHANNELS: {HOME: []},
        DELIVERY: {HOME: [{"configHistoryDeliveryInfo": {"lastStatus": "SUCCESS"}, "configStreamDeliveryInfo": failed}]},
    }).recorders or ()  # fmt: skip
    assert {kind.rpartition(":")[2]: one.is_daily(kind) for kind in IAM_TYPES} == {
        "Role": False, "User": True, "Group": True, "Policy": True
    }  # fmt: skip
    assert (one.bucket, one.delivery_error) == ("", "AccessDenied: no")


def raw_rule(name: str = "one", owner: str = "AWS", identifier: str = "", **more: Any) -> dict[str, Any]:
    return {
        "ConfigRuleName": name,
        "ConfigRuleArn": f"arn:{name}",
        "Source": {"Owner": owner, "SourceIdentifier": identifier},
        **more,
    }


SCOPE = {"Scope": {"ComplianceResourceTypes": ["AWS::IAM::Role", "AWS::S3::Bucket"]}}
ELSEWHERE = {"Scope": {"ComplianceResourceTypes": ["AWS::S3::Bucket"]}}
RULES_TOLD: dict[str, tuple[dict[str, Any], str | None]] = {
    "of buckets": (raw_rule(identifier="S3_BUCKET_LOGGING_ENABLED"), None),
    "its own, of buckets": (raw_rule(owner="CUSTOM_LAMBDA", identifier="arn:f", **ELSEWHERE), None),
    "managed": (raw_rule(identifier="IAM_PASSWORD_POLICY"), "account"),
    "managed, by another name": (raw_rule(identifier="ROOT_ACCOUNT_MFA_ENABLED"), "account"),
    "its own": (raw_rule(owner="CUSTOM_POLICY", **SCOPE), "account"),
    "without a scope": (raw_rule(owner="CUSTOM_LAMBDA", identifier="arn:f"), "account, vague"),
    "by tag": (raw_rule(owner="CUSTOM_LAMBDA", Scope={"TagKey": "team"}), "account, vague"),
    "the organization's": (raw_rule("OrgConfigRule-a-1", "CUSTOM_POLICY", **SCOPE), "organization"),
    "the organization's, said": (
        raw_rule(identifier="IAM_USER_MFA_ENABLED", CreatedBy="config-multiaccountsetup.amazonaws.com"), "organization"
    ),
    "a pack's": (raw_rule(identifier="IAM_USER_MFA_ENABLED", CreatedBy="config-conforms.amazonaws.com"), "conformance pack"),
    "Security Hub's": (
        raw_rule(identifier="IAM_USER_MFA_ENABLED", CreatedBy="securityhub.amazonaws.com"), "securityhub.amazonaws.com"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), RULES_TOLD.values(), ids=RULES_TOLD)
def test_which_rules_judge_iam(tmp_path: Path, raw: dict[str, Any], expected: str | None) -> None:
    """As a bundle of the home region tells it."""
    compliance = {
        "ComplianceType": "NON_COMPLIANT",
        "ComplianceContributorCount": {"CappedCount": 25, "CapExceeded": True},
    }
    replayed = read(tmp_path / "bundle", {
        "configservice.describe-configuration-recorders.json": {"ConfigurationRecorders": [{"name": "default"}]},
        "configservice.describe-config-rules.json": {"ConfigRules": [raw]},
        "configservice.describe-compliance-by-config-rule.json": {
            "ComplianceByConfigRules": [{"ConfigRuleName": raw["ConfigRuleName"], "Compliance": compliance}]
        },
    })  # fmt: skip
    found = replayed.snapshot().config_rules
    assert [f"{one.origin}{', vague' * one.vague}" for one in found] == ([expected] if expected else [])
    assert all((one.compliance, one.offending, one.capped) == ("NON_COMPLIANT", 25, True) for one in found)


def test_aggregators_of_accounts() -> None:
    raw = {
        "ConfigurationAggregatorName": "two", "ConfigurationAggregatorArn": "arn:two",
        "AccountAggregationSources": [{"AccountIds": ["2", "1"], "AwsRegions": ["b", "a"]}],
    }  # fmt: skip
    (one,) = config.transform({AGGREGATORS: {HOME: [raw]}}).config_aggregators or ()
    assert (one.organization, one.accounts, one.regions) == (False, ("1", "2"), ("a", "b"))
