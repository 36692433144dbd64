"""
## What it does
Opens for each kind of event that matters for IAM and of which nobody is told when CloudTrail records it: refused calls,
console sign-ins without MFA and failed ones, use of the root user, changes of IAM policies, of CloudTrail and of AWS Config,
and in the account that manages an organization changes of that (CIS AWS Foundations 4.1 to 4.6, 4.9 and 4.15). Two things
tell somebody. A metric filter on the log group that a trail of all regions delivers to, with a CloudWatch alarm on its metric
that may act, and a confirmed subscription to the topic that it tells. Or a rule of EventBridge that is on and has a target,
in the region where the event happens, while a trail records there. What patterns select is tried on sample events, so it does
not matter how they are written; one pattern may serve several kinds, and several patterns may share one. A member whose only
trail is its organization's is judged with the account that owns the trail.

## Why it matters
A trail that nobody reads tells of an intrusion months later. These few events are rare in a quiet account, and each is the
moment at which somebody should look.

## How to fix
Let the trail write to a log group, then for each kind in the evidence a filter, an alarm and a subscriber:

    aws logs put-metric-filter --log-group-name GROUP --filter-name root-used \\
      --metric-transformations metricName=RootUsed,metricNamespace=CIS,metricValue=1 \\
      --filter-pattern '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }'
    aws cloudwatch put-metric-alarm --alarm-name root-used --namespace CIS --metric-name RootUsed --statistic Sum \\
      --period 300 --threshold 1 --comparison-operator GreaterThanOrEqualToThreshold --evaluation-periods 1 \\
      --alarm-actions TOPIC_ARN
    aws sns subscribe --topic-arn TOPIC_ARN --protocol email --notification-endpoint security@example.com

Or a rule of EventBridge, which tells within seconds:

    aws events put-rule --name iam-policy-changes --event-pattern \\
      '{"source": ["aws.iam"], "detail-type": ["AWS API Call via CloudTrail"]}'
    aws events put-targets --rule iam-policy-changes --targets Id=1,Arn=TOPIC_ARN

The evidence names the events that are missed, and filters and rules that select them and tell nobody.

## What it cannot know
A tool that reads the trail's bucket itself, as a SIEM does, is not seen: switch this rule off for accounts that have one.
Thresholds and periods of alarms are not judged, nor who reads the mails. IAM's, Organizations' and sign-in events are looked
for where global services answer. Regular expressions in filters are not judged: then it is unknown.

## References
- [CloudWatch alarms for CloudTrail events](https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-alarms-for-cloudtrail.html)
- [Events of AWS services in EventBridge](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html)
- [CIS controls on CloudWatch in Security Hub](https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html)
"""

from __future__ import annotations

from collections.abc import Iterator

from collectors.records.trails import STATUS
from findings.analysis import recorded
from findings.analysis.alarming import told
from findings.analysis.alarming.families import FAMILIES
from findings.analysis.alarming.told import Untold
from findings.analysis.facts import AccountSubject, Facts
from findings.rules.words import few
from findings.vocabulary import Clear, Effort, Open, Outcome, Rule, RuleKind, Severity, SubjectType, Unknown

CIS = tuple(family.cis for family in FAMILIES)
RULE = Rule(
    code="MO117",
    slug="alarms-missing",
    severity=Severity.LOW,
    subject=SubjectType.ACCOUNT,
    kind=RuleKind.LACKS,
    effort=Effort.MEDIUM,
    helps=(
        recorded.DESCRIBE,
        recorded.GET_STATUS,
        told.FILTERS,
        told.ALARMS,
        told.RULES,
        told.TARGETS,
        "sns:ListSubscriptionsByTopic",
    ),
    controls={
        "CIS AWS v3": CIS,
        "CIS AWS v5": CIS,
        "CIS AWS v7": tuple(number.replace("4.", "5.", 1) for number in CIS),
        "Security Hub": tuple(f"CloudWatch.{n}" for n in (1, 2, 3, 4, 5, 6, 9)),
        "Prowler": (
            "cloudwatch_log_metric_filter_and_alarm_for_aws_config_configuration_changes_enabled",
            "cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled",
            "cloudwatch_log_metric_filter_authentication_failures",
            "cloudwatch_log_metric_filter_aws_organizations_changes",
            "cloudwatch_log_metric_filter_policy_changes",
            "cloudwatch_log_metric_filter_root_usage",
            "cloudwatch_log_metric_filter_sign_in_without_mfa",
            "cloudwatch_log_metric_filter_unauthorized_api_calls",
        ),
    },
    title="Nobody is told of events that matter for IAM",
    doc=__doc__,
)


def judge(account: AccountSubject, facts: Facts) -> Iterator[Outcome]:
    found = told.untold(facts)
    if not found.trails:
        if why := _perhaps(facts):
            yield Unknown(why)
        return  # nothing is recorded of which anybody could be told: MO101 tells it
    if not found.untold:
        yield Clear("somebody is told of each kind of event")
    elif found.unread:
        yield Unknown(found.unread)
    elif all(trail.owner not in ("", facts.snapshot.account_id) for trail in found.trails):
        return  # it is for the account that owns the trail
    else:
        yield from (_open(account, one) for one in found.untold)


def _perhaps(facts: Facts) -> str:
    for trail in (one for one in facts.trails if one.multi_region):
        if trail.logging is None:
            return recorded.why_unknown(trail, STATUS, facts)
    return recorded.unlisted_everywhere(facts)


def _open(account: AccountSubject, one: Untold) -> Open:
    title = f"Nobody is told of {one.family.title} in {account.name}"
    if len(one.events) < len(one.family.events):
        title += f": {few(one.events)}"
    return Open(title, {"events": list(one.events), "tell_nobody": list(one.almost)}, part=one.family.part)
