"""AWS Config: in each region what its recorder records and whether it does, where that is delivered, which rules judge IAM and
what they found, and the aggregators.

An account of 17 regions takes 34 calls where nothing is recorded; each region with a recorder takes 5 more, and one for each 25
of the rules that judge IAM. So it is asked every other time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.aws.regional import REGIONS, each, enabled
from collectors.records import (
    EVERY_TYPE,
    NAMED_TYPES,
    ConfigAggregator,
    ConfigRecorder,
    ConfigRule,
    Part,
    State,
)
from collectors.sources import Answers, Api, Source

RECORDERS, STATUS = "config:DescribeConfigurationRecorders", "config:DescribeConfigurationRecorderStatus"
CHANNELS, DELIVERY = "config:DescribeDeliveryChannels", "config:DescribeDeliveryChannelStatus"
RULES, COMPLIANCE = "config:DescribeConfigRules", "config:DescribeComplianceByConfigRule"
AGGREGATORS = "config:DescribeConfigurationAggregators"
NAMES = 25  # of rules in a request, at most
SCOPED = "AWS::IAM::"
# Managed rules on IAM that run by themselves have no scope; nearly all are called IAM_..., and these are the others (the
# managed rules' list of Config's developer guide). IAM_EXTERNAL_ACCESS_ANALYZER_ENABLED is one of Access Analyzer.
ON_IAM = frozenset(
    {
        "ACCESS_KEYS_ROTATED",
        "MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS",
        "ROOT_ACCOUNT_HARDWARE_MFA_ENABLED",
        "ROOT_ACCOUNT_MFA_ENABLED",
    }
)
MADE_BY = {
    "config-multiaccountsetup.amazonaws.com": "organization",
    "config-conforms.amazonaws.com": "conformance pack",
}
OF_ORGANIZATION = "OrgConfigRule-"  # how the rules are named that an organization's rule makes in its accounts
NOT_ASKED = f"Not asked, since {RECORDERS} gave no answer."


def _asked(api: str, member: str) -> Callable[[Aws, Answers], Any]:
    """The fetch of what is one answer a region."""

    def fetch(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
        return each(aws, api, answers, lambda region: list(aws.ask(api, require=member, region=region)[member]))

    return fetch


def _where_recorded(api: str, ask: Callable[[Aws, Answers, str], list[Any]]) -> Callable[[Aws, Answers], Any]:
    """The fetch of what a region without a recorder has none of: such a region is not asked."""

    def fetch(aws: Aws, answers: Answers) -> dict[str, list[Any]]:
        def there(region: str) -> list[Any]:
            recorders = answers[RECORDERS].get(region)
            if recorders is None and not aws.from_files:
                raise AwsError(api, State.ERROR, NOT_ASKED)
            return [] if recorders == [] else ask(aws, answers, region)

        return each(aws, api, answers, there)

    return fetch


def _of(api: str, member: str) -> Api:
    def ask(aws: Aws, answers: Answers, region: str) -> list[Any]:
        return list(aws.ask(api, require=member, region=region)[member])

    return Api(api, _where_recorded(api, ask), after=(REGIONS, RECORDERS), regional=True)


def _all(aws: Aws, api: str, member: str, region: str, **more: Any) -> list[Answer]:
    pages = aws.pages(api, require=member, token="NextToken", region=region, **more)  # noqa: S106 - a page token
    return [one for page in pages for one in page[member]]


def _rules(aws: Aws, answers: Answers, region: str) -> list[Any]:
    """Those on IAM, or that may be."""
    return [raw for raw in _all(aws, RULES, "ConfigRules", region) if _types(raw) or _on_iam(raw) or _vague(raw)]


def _compliance(aws: Aws, answers: Answers, region: str) -> list[Any]:
    names = [raw.get("ConfigRuleName") for raw in answers[RULES].get(region, ())]
    if aws.from_files or not all(names):  # a bundle has one answer on all rules
        return _all(aws, COMPLIANCE, "ComplianceByConfigRules", region) if names else []
    few = (names[n : n + NAMES] for n in range(0, len(names), NAMES))
    pages = (_all(aws, COMPLIANCE, "ComplianceByConfigRules", region, ConfigRuleNames=some) for some in few)
    return [one for page in pages for one in page]


def _aggregators(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
    return each(aws, AGGREGATORS, answers, lambda region: _all(aws, AGGREGATORS, "ConfigurationAggregators", region))


def _types(raw: Answer) -> tuple[str, ...]:
    named = raw.get("Scope", {}).get("ComplianceResourceTypes", [])
    return tuple(sorted(name for name in named if name.startswith(SCOPED)))


def _on_iam(raw: Answer) -> bool:
    """Whether it is a managed rule on IAM."""
    identifier = raw["Source"].get("SourceIdentifier", "")
    return raw["Source"]["Owner"] == "AWS" and (identifier.startswith("IAM_") or identifier in ON_IAM)


def _vague(raw: Answer) -> bool:
    """Whether only its code tells what it judges."""
    return raw["Source"]["Owner"] != "AWS" and not raw.get("Scope", {}).get("ComplianceResourceTypes")


def transform(answers: Answers) -> Part:
    found: dict[str, Any] = {}
    if RECORDERS in answers:
        found["recorders"] = tuple(_recorders(answers))
    if RULES in answers:
        found["config_rules"] = tuple(_judging(answers))
    if AGGREGATORS in answers:
        pairs = _pairs(answers[AGGREGATORS])
        found["config_aggregators"] = tuple(_aggregator(region, raw) for region, raw in pairs)
    return Part(**found)


def _pairs(answer: dict[str, list[Answer]]) -> Iterator[tuple[str, Answer]]:
    return ((region, raw) for region, some in sorted(answer.items()) for raw in some)


def _recorders(answers: Answers) -> Iterator[ConfigRecorder]:
    for region, raw in _pairs(answers[RECORDERS]):
        if "servicePrincipal" in raw:  # another service's own, for nobody else to read
            continue
        yield ConfigRecorder(
            unique_id=f"{region}/{raw['name']}",
            region=region,
            name=raw["name"],
            role_arn=raw.get("roleARN", ""),
            **_selected(raw.get("recordingGroup", {"allSupported": True})),
            **_paced(raw.get("recordingMode", {})),
            **_working(_named(answers, STATUS, region, raw["name"])),
            **_delivered(answers.get(CHANNELS, {}).get(region), answers.get(DELIVERY, {}).get(region)),
        )


def _named(answers: Answers, api: str, region: str, name: str) -> Answer | None:
    some = answers.get(api, {}).get(region, ())
    return next((raw for raw in some if raw.get("name") == name), None)


def _selected(group: Answer) -> dict[str, Any]:
    """Recorders made before strategies were told have none."""
    strategy = group.get("recordingStrategy", {}).get("useOnly") or (
        EVERY_TYPE if group.get("allSupported") else NAMED_TYPES
    )
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes", [])
    named = group.get("resourceTypes", []) if strategy == NAMED_TYPES else excluded
    return {
        "strategy": strategy,
        "types": tuple(sorted(named)),
        "global_types": bool(group.get("includeGlobalResourceTypes")),
    }


def _paced(mode: Answer) -> dict[str, Any]:
    overrides = (
        (name, one["recordingFrequency"] == "DAILY")
        for one in mode.get("recordingModeOverrides", [])
        for name in one["resourceTypes"]
    )
    return {"daily": mode.get("recordingFrequency") == "DAILY", "overrides": dict(sorted(overrides))}


def _working(raw: Answer | None) -> dict[str, Any]:
    if raw is None:
        return {}
    return {
        "recording": raw.get("recording", False),
        "started_at": raw.get("lastStartTime"),
        "stopped_at": raw.get("lastStopTime"),
        "last_status": raw.get("lastStatus", ""),
        "error": _error(raw.get("lastErrorCode"), raw.get("lastErrorMessage")),
    }


def _delivered(channels: list[Answer] | None, status: list[Answer] | None) -> dict[str, Any]:
    told: dict[str, Any] = {} if channels is None else {"bucket": next((c["s3BucketName"] for c in channels), "")}
    if status is None:
        return told
    ways = ("configHistoryDeliveryInfo", "configStreamDeliveryInfo", "configSnapshotDeliveryInfo")
    last = [one[way] for one in status for way in ways if way in one]
    failed = (one for one in last if str(one.get("lastStatus", "")).upper() == "FAILURE")
    said = (_error(one.get("lastErrorCode"), one.get("lastErrorMessage")) or "Failure" for one in failed)
    return told | {"delivery_error": next(said, "")}


def _error(code: str | None, message: str | None) -> str:
    return ": ".join(text for text in (code, message) if text)


def _judging(answers: Answers) -> Iterator[ConfigRule]:
    for region, raw in _pairs(answers[RULES]):
        some = answers.get(COMPLIANCE, {}).get(region, ())
        told: Answer = next(
            (one["Compliance"] for one in some if one.get("ConfigRuleName") == raw["ConfigRuleName"]), {}
        )
        counted = told.get("ComplianceContributorCount", {})
        yield ConfigRule(
            unique_id=raw["ConfigRuleArn"],
            region=region,
            name=raw["ConfigRuleName"],
            owner=raw["Source"]["Owner"],
            identifier=raw["Source"].get("SourceIdentifier", ""),
            origin=_origin(raw),
            types=_types(raw),
            vague=_vague(raw),
            state=raw.get("ConfigRuleState", ""),
            compliance=told.get("ComplianceType"),
            offending=counted.get("CappedCount", 0) if told else None,
            capped=counted.get("CapExceeded", False) if told else None,
        )


def _origin(raw: Answer) -> str:
    maker = raw.get("CreatedBy", "")
    if not maker and raw["ConfigRuleName"].startswith(OF_ORGANIZATION):
        return "organization"
    return MADE_BY.get(maker, maker) or "account"


def _aggregator(region: str, raw: Answer) -> ConfigAggregator:
    organization = raw.get("OrganizationAggregationSource", {})
    some = raw.get("AccountAggregationSources", [])
    named = (*some, organization)
    everywhere = any(one.get("AllAwsRegions") for one in named)
    return ConfigAggregator(
        unique_id=raw["ConfigurationAggregatorArn"],
        region=region,
        name=raw["ConfigurationAggregatorName"],
        organization=bool(organization),
        accounts=tuple(sorted({account for one in some for account in one["AccountIds"]})),
        regions=() if everywhere else tuple(sorted({r for one in named for r in one.get("AwsRegions", [])})),
    )


SOURCE = Source(
    name="config",
    title="AWS Config",
    apis=(
        Api(REGIONS, enabled),
        Api(RECORDERS, _asked(RECORDERS, "ConfigurationRecorders"), after=(REGIONS,), regional=True),
        _of(STATUS, "ConfigurationRecordersStatus"),
        _of(CHANNELS, "DeliveryChannels"),
        _of(DELIVERY, "DeliveryChannelsStatus"),
        Api(RULES, _where_recorded(RULES, _rules), after=(REGIONS, RECORDERS), regional=True),
        Api(COMPLIANCE, _where_recorded(COMPLIANCE, _compliance), after=(REGIONS, RECORDERS, RULES), regional=True),
        Api(AGGREGATORS, _aggregators, after=(REGIONS,), regional=True),
    ),
    transform=transform,
    every=2,
    queue="activity",
    sweeps={"recorders": (RECORDERS,), "config_rules": (RULES,), "config_aggregators": (AGGREGATORS,)},
    calls=lambda size: 1 + 2 * size.regions + 5 * size.recorded,
)
