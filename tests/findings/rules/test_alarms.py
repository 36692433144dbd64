"""MO117: whether somebody is told of the events that matter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collectors.records import Alarm, State
from findings.analysis.alarming.families import FAMILIES
from tests.builders import ACCOUNT_ID, MANAGEMENT, in_organization
from tests.findings.rules.judging import statuses, verdicts
from tests.findings.trailed import ENABLED, HOME, OWNER, REGIONS, SEEN, asked, asked_for_alarms, seen, trail

PARTS = [family.part for family in FAMILIES if not family.organizations]
TOPIC = f"arn:aws:sns:{HOME}:{ACCOUNT_ID}:security"
SILENT = {"heard": (), "deaf": (TOPIC,)}
# As CIS AWS Foundations writes them, and in other words.
CIS = {
    "unauthorized-calls": '{($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")}',
    "sign-in-without-mfa": '{($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") &&'
    ' ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success")}',
    "root-used": '{$.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent"}',
    "iam-policy-changes": "{($.eventSource = iam.amazonaws.com) && ($.eventName = *Policy || $.eventName = *PolicyVersion)}",
    "trail-changes": "{ $.eventName = CreateTrail || $.eventName = UpdateTrail || $.eventName = DeleteTrail ||"
    " $.eventName = StartLogging || $.eventName = StopLogging }",
    "failed-sign-ins": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "config-changes": "{ ($.eventSource = config.amazonaws.com) && (($.eventName=StopConfigurationRecorder)||"
    "($.eventName=DeleteDeliveryChannel)||($.eventName=PutDeliveryChannel)||($.eventName=PutConfigurationRecorder)) }",
    "organization-changes": "{ $.eventSource = organizations.amazonaws.com }",
}


def metric_filter(pattern: str, name: str = "f", *, owner: str = ACCOUNT_ID, group: str = "main", **more: Any) -> Alarm:
    where = f"arn:aws:logs:{HOME}:{owner}:log-group:{group}"
    told = {"alarms": ("a",), "receivers": (TOPIC,), "heard": (TOPIC,), "deaf": (), **more}
    return Alarm(
        unique_id=f"{where}:metric-filter:{name}", name=name, region=HOME, log_group=where, pattern=pattern, state="", **told
    )  # fmt: skip


def rule(region: str, state: str = "ENABLED", **more: Any) -> Alarm:
    pattern = {"detail-type": [{"wildcard": "AWS * via CloudTrail"}], **more.pop("pattern", {})}
    told = {"alarms": (), "receivers": (TOPIC,), "heard": (TOPIC,), "deaf": (), **more}
    return Alarm(
        unique_id=f"arn:aws:events:{region}:{ACCOUNT_ID}:rule/r", name="r", region=region, log_group="",
        pattern=json.dumps(pattern), state=state, **told,
    )  # fmt: skip


def cis(*without: str, **more: Any) -> list[Alarm]:
    return [metric_filter(text, part, **more) for part, text in CIS.items() if part not in without]


def opens(*parts: str) -> list[str]:
    return [f"open {part}" for part in parts]


EVERY_READ = [rule(region, "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") for region in REGIONS]
NO_READS = [rule(region) for region in REGIONS]


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        ([trail(), *cis()], SEEN, ["clear"]),
        ([trail(), metric_filter("")], SEEN, ["clear"]),
        ([trail(), *EVERY_READ], SEEN, ["clear"]),
        ([trail(), *cis("root-used"), *NO_READS], SEEN, ["clear"]),
        ([], SEEN, []),
        ([trail(logging=False), *cis()], SEEN, []),
        ([trail(multi_region=False), *cis()], SEEN, []),
        ([trail()], SEEN, opens(*PARTS)),
        ([trail(), *cis("root-used")], SEEN, opens("root-used")),
        ([trail(), *cis(group="other")], SEEN, opens(*PARTS)),
        ([trail(log_group=""), *cis()], SEEN, opens(*PARTS)),
        ([trail(errors={"logs": "AccessDenied"}), *cis()], SEEN, opens(*PARTS)),
        ([trail(), *cis(alarms=())], SEEN, opens(*PARTS)),
        ([trail(), *cis(**SILENT)], SEEN, opens(*PARTS)),
        ([trail(), *cis(receivers=(), heard=())], SEEN, opens(*PARTS)),
        ([trail(), *NO_READS], SEEN, opens("unauthorized-calls")),
        ([trail(), *EVERY_READ[:1]], SEEN, opens(*PARTS)),
        ([trail(), *(rule(region, "DISABLED") for region in REGIONS)], SEEN, opens(*PARTS)),
        ([trail(), *(rule(region, **SILENT) for region in REGIONS)], SEEN, opens(*PARTS)),
        ([trail(), *cis(heard=(), deaf=())], SEEN, ["unknown"]),
        ([trail(), metric_filter("{ $.eventName = %Policy% }")], SEEN, ["unknown"]),
        ([trail()], seen(DescribeMetricFilters=State.DENIED), ["unknown"]),
        ([trail(), *cis("root-used")], seen(ListRules=State.BLOCKED_BY_SCP), ["unknown"]),
        ([trail(), *cis()], seen(ListRules=State.BLOCKED_BY_SCP), ["clear"]),
        ([trail(unread=("status",))], SEEN, ["unknown"]),
        ([], seen(DescribeTrails=State.DENIED), ["unknown"]),
        ([trail()], {"coverage": asked(*REGIONS)}, ["unknown"]),
    ],
)
def test_alarms_missing(given: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("MO117", *given, ENABLED, **more) == expected


def test_part_of_a_family_is_named() -> None:
    some = metric_filter("{ $.eventSource = iam.amazonaws.com && $.eventName = Attach*Policy }", "attached")
    mute = metric_filter("{ $.eventSource = iam.amazonaws.com }", "mute", **SILENT)
    (found,) = verdicts("MO117", trail(), *cis("iam-policy-changes"), some, mute, ENABLED, **SEEN)
    assert found.title.startswith("Nobody is told of changes of IAM policies in payments-prod: DeleteGroupPolicy, ")
    assert "AttachRolePolicy" not in found.evidence["events"]
    assert found.evidence["tell_nobody"] == ["mute: nobody is subscribed to what it tells"]


def test_the_organization_is_watched_where_it_is_managed() -> None:
    managing = in_organization(management_account_id=ACCOUNT_ID)
    assert statuses("MO117", trail(), *cis("organization-changes"), ENABLED, managing, **SEEN) == opens(
        "organization-changes"
    )
    member = in_organization(management_account_id=MANAGEMENT)
    assert statuses("MO117", trail(), *cis("organization-changes"), ENABLED, member, **SEEN) == ["clear"]


OWNERS = {"trail_coverage": {OWNER: (*asked(HOME), *asked_for_alarms(HOME))}}


@pytest.mark.parametrize(
    ("alarms", "more", "expected"),
    [
        (cis(owner=OWNER, group="org"), OWNERS, ["clear"]),
        ([], OWNERS, []),
        ([], {}, ["unknown"]),
        ([], {"trail_coverage": {OWNER: asked_for_alarms(HOME, DescribeAlarms=State.DENIED)}}, ["unknown"]),
    ],
)
def test_a_member_of_an_organization_with_a_trail(alarms: list[Any], more: dict[str, Any], expected: list[str]) -> None:
    assert statuses("MO117", trail("org", owner=OWNER), *alarms, ENABLED, **SEEN, **more) == expected
