"""Trails and alarms on them: the organization's trail, and faults of MO101 to MO104 and MO117 beside it."""

import json
from typing import Any

from collectors.lab import watched
from collectors.lab.population.builder import Builder
from collectors.lab.population.recipes import planted
from collectors.lab.trail.bucket import TRAIL, place
from collectors.lab.trail.calls import GLOBAL, HOME
from collectors.lab.watched import Trail

MANAGEMENT = {"Name": "Management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
OBJECTS = {
    "Name": "All objects",
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ],
}
# What the management account is alarmed by: filters as CIS AWS Foundations writes them, some of them in one.
PATTERNS = {
    "refused": '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    "console": '{ ($.eventName = "ConsoleLogin") && (($.additionalEventData.MFAUsed != "Yes") ||'
    ' ($.errorMessage = "Failed authentication")) }',
    "root": '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) }',
    "iam": "{ ($.eventSource = iam.amazonaws.com) && (($.eventName = *Policy) || ($.eventName = *PolicyVersion)) }",
    "trail": "{ ($.eventSource = cloudtrail.amazonaws.com) && ($.readOnly IS FALSE) }",
    "organization": "{ $.eventSource = organizations.amazonaws.com }",
}
UNHEARD = {"config": "{ ($.eventSource = config.amazonaws.com) && ($.readOnly IS FALSE) }"}
PARTS = (
    "unauthorized-calls",
    "sign-in-without-mfa",
    "root-used",
    "iam-policy-changes",
    "trail-changes",
    "failed-sign-ins",
    "organization-changes",
)


def make(b: Builder, name: str, bucket: str, **more: Any) -> Trail:
    """A trail of all regions as it should be. more: what DescribeTrails shows of it, and in lower case fields of Trail."""
    arn = f"arn:aws:cloudtrail:{HOME}:{b.id}:trail/{name}"
    fields = {key: more.pop(key) for key in list(more) if key.islower()}
    told = {
        "Name": name,
        "TrailARN": arn,
        "HomeRegion": HOME,
        "S3BucketName": bucket,
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "IsOrganizationTrail": False,
        "LogFileValidationEnabled": True,
        "KmsKeyId": f"arn:aws:kms:{HOME}:{b.id}:key/7a4e0000-0000-4000-8000-{b.id}",
        "HasCustomEventSelectors": True,
        "HasInsightSelectors": bool(fields.get("insights")),
        **more,
    }
    trail = Trail({key: value for key, value in told.items() if value is not None}, b.ago(700), **fields)
    watched.of(b.id, b.world).trails.append(trail)
    return trail


@planted()
def recorded(b: Builder) -> None:
    if watched.joined(b.world, b.id):
        b.clear("MO101", "account", b.id, "the organization's trail")
        if b.id != b.world.management.id:
            b.clear("MO117", "account", b.id, "alarms are where the organization's trail belongs")


@planted(1000, 0)
def organization_trail(b: Builder) -> None:
    group = f"arn:aws:logs:{HOME}:{b.id}:log-group:{TRAIL}:*"
    more = {"IsOrganizationTrail": True, "CloudWatchLogsLogGroupArn": group}
    insights = [{"InsightType": "ApiCallRateInsight"}]
    trail = make(b, TRAIL, place(b.world)["bucket"], advanced=[MANAGEMENT, OBJECTS], insights=insights, **more)
    for code in ("MO102", "MO103", "MO104"):
        b.clear(code, "trail", trail.told["Name"], "logs, is validated and encrypted")
    alarmed(b)


def alarmed(b: Builder) -> None:
    """Somebody reads the mails of one topic; nobody ever confirmed those of the other. A rule of EventBridge tells of IAM too."""
    there = watched.of(b.id, b.world)
    heard, unheard = (f"arn:aws:sns:{HOME}:{b.id}:{name}" for name in ("security", "platform"))
    there.topics[heard] = [{"SubscriptionArn": f"{heard}:1", "Protocol": "email", "Owner": b.id, "TopicArn": heard}]
    there.topics[unheard] = [
        {"SubscriptionArn": "PendingConfirmation", "Protocol": "email", "Owner": b.id, "TopicArn": unheard}
    ]
    for name, pattern in {**PATTERNS, **UNHEARD}.items():
        metric = {"metricName": name, "metricNamespace": "CIS", "metricValue": "1"}
        told = {"filterName": name, "filterPattern": pattern, "logGroupName": TRAIL, "metricTransformations": [metric]}
        there.filters.setdefault(HOME, []).append(told)
        there.alarms.setdefault(HOME, []).append(
            {
                "AlarmName": name,
                "AlarmArn": f"arn:aws:cloudwatch:{HOME}:{b.id}:alarm:{name}",
                "MetricName": name,
                "Namespace": "CIS",
                "ActionsEnabled": True,
                "AlarmActions": [unheard if name in UNHEARD else heard],
            }
        )
    arn = f"arn:aws:events:{GLOBAL}:{b.id}:rule/iam"
    pattern = json.dumps({"source": ["aws.iam"], "detail-type": ["AWS API Call via CloudTrail"]})
    there.rules[GLOBAL] = [
        {"Name": "iam", "Arn": arn, "EventPattern": pattern, "State": "ENABLED", "EventBusName": "default"}
    ]
    there.targets[arn] = [{"Id": "1", "Arn": f"arn:aws:lambda:{GLOBAL}:{b.id}:function:tell"}]
    for part in PARTS:
        b.clear("MO117", "account", b.id, "a filter, an alarm and a reader", part)
    b.open("MO117", "account", b.id, "nobody confirmed the subscription", "config-changes")


@planted(name="acquired-retail")
def own_trail(b: Builder) -> None:
    """The organization's trail has not come there yet; the account has one of its own, of one region."""
    trail = make(
        b,
        "retail-trail",
        f"retail-trail-{b.id}",
        IsMultiRegionTrail=False,
        LogFileValidationEnabled=False,
        KmsKeyId=None,
    )
    name = trail.told["Name"]
    b.open("MO101", "account", b.id, "its only trail records one region")
    b.clear("MO102", "trail", name, "it logs")
    b.open("MO103", "trail", name, "validation is off")
    b.open("MO104", "trail", name, "no key of KMS")


@planted(name="payments-dev")
def stopped_trail(b: Builder) -> None:
    """Somebody stopped it when the organization's trail came, and did not delete it: it recorded objects too."""
    trail = make(b, "payments-audit", f"payments-audit-{b.id}", stopped=b.ago(130), advanced=[MANAGEMENT, OBJECTS])
    b.open("MO102", "trail", trail.told["Name"], "stopped")
    b.clear("MO103", "trail", trail.told["Name"], "validated")


@planted(name="data-platform-dev")
def undelivered_trail(b: Builder) -> None:
    trail = make(b, "platform-trail", f"halden-platform-logs-{b.id}", error="AccessDenied")
    b.open("MO102", "trail", trail.told["Name"], "its bucket refuses it")
    b.clear("MO104", "trail", trail.told["Name"], "encrypted")
