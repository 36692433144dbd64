"""Who is told when CloudTrail records an event: metric filters of log groups with the CloudWatch alarms on their metrics, rules
of EventBridge that match CloudTrail's events, and whether somebody is subscribed to the topics that these tell.

An account of 17 regions takes 35 calls where there are none; a region with metric filters takes one more for its alarms, and
there is one more for each rule and each topic. They change seldom, so they are asked every fourth time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec import structs

from collectors.aws.call import Answer, Aws
from collectors.aws.partitions import of_region
from collectors.aws.regional import REGIONS, each, enabled, of_each
from collectors.records import Alarm, Part
from collectors.sources import Answers, Api, Source

FILTERS, ALARMS = "logs:DescribeMetricFilters", "cloudwatch:DescribeAlarms"
RULES, TARGETS = "events:ListRules", "events:ListTargetsByRule"
SUBSCRIPTIONS = "sns:ListSubscriptionsByTopic"
TYPES = ["MetricAlarm", "CompositeAlarm"]
PENDING = ("PendingConfirmation", "Deleted")  # what stands in place of the ARN of a subscription that nobody confirmed
GONE = ("ResourceNotFoundException", "NotFound", "NotFoundException")
FOREIGN = (
    *GONE,
    "AuthorizationError",
    "InvalidParameter",
)  # a topic of another account, whose policy does not let us ask
OF_TRAIL = "CloudTrail"  # in the detail-type of all its events
LOGS = ":logs:"  # a target that only keeps what it is told


def filters(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
    """Each with the ARN of its log group, which AWS does not tell."""

    def ask(region: str) -> list[Answer]:
        pages = aws.pages(FILTERS, require="metricFilters", token="nextToken", region=region)  # noqa: S106 - a page token
        return [{**one, "Account": aws.account_id} for page in pages for one in page["metricFilters"]]

    return each(aws, FILTERS, answers, ask)


def alarms(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
    """Where there are metric filters."""

    def ask(region: str) -> list[Answer]:
        pages = aws.pages(
            ALARMS,
            require="MetricAlarms",
            token="NextToken",  # noqa: S106 - a page token
            region=region,
            AlarmTypes=TYPES,
        )
        return [one for page in pages for one in (*page["MetricAlarms"], *page.get("CompositeAlarms", ()))]

    return each(aws, ALARMS, answers, ask, {region for region, some in answers[FILTERS].items() if some})


def rules(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
    """Of the default bus, to which AWS's services send their events; those that may match one of CloudTrail's."""

    def ask(region: str) -> list[Answer]:
        pages = aws.pages(RULES, require="Rules", token="NextToken", region=region)  # noqa: S106 - a page token
        return [one for page in pages for one in page["Rules"] if _of_trail(one.get("EventPattern"))]

    return each(aws, RULES, answers, ask)


def _of_trail(pattern: str | None) -> bool:
    if not pattern:
        return False
    try:
        read = json.loads(pattern)
    except ValueError:
        return OF_TRAIL in pattern
    return isinstance(read, dict) and ("detail-type" not in read or OF_TRAIL in json.dumps(read["detail-type"]))


def targets(aws: Aws, answers: Answers) -> dict[str, dict[str, list[str]]]:
    """Region -> name of a rule -> ARNs."""

    def ask(region: str, rule: str) -> list[str]:
        pages = aws.pages(TARGETS, require="Targets", token="NextToken", region=region, Rule=rule)  # noqa: S106 - a page token
        return sorted({one["Arn"] for page in pages for one in page["Targets"]})

    wanted = ((region, rule["Name"]) for region, some in answers[RULES].items() for rule in some)
    return of_each(aws, TARGETS, wanted, ask, GONE)


def subscriptions(aws: Aws, answers: Answers) -> dict[str, dict[str, bool]]:
    """Region -> ARN of a topic that is told -> whether somebody confirmed a subscription. Who that is, is not kept."""

    def ask(region: str, topic: str) -> bool:
        pages = aws.pages(
            SUBSCRIPTIONS,
            require="Subscriptions",
            token="NextToken",  # noqa: S106 - a page token
            region=region,
            TopicArn=topic,
        )
        return any(one.get("SubscriptionArn") not in PENDING for page in pages for one in page["Subscriptions"])

    return of_each(aws, SUBSCRIPTIONS, sorted(_topics(answers)), ask, GONE, FOREIGN)


def _topics(answers: Answers) -> set[tuple[str, str]]:
    told = {arn for one in _made(answers) for arn in one.receivers or ()}
    return {(arn.split(":")[3], arn) for arn in told if _is_topic(arn)}


def _is_topic(arn: str) -> bool:
    return arn.split(":")[2:3] == ["sns"] and arn.count(":") == 5


def transform(answers: Answers) -> Part:
    if FILTERS not in answers and RULES not in answers:
        return Part()
    heard = {arn: yes for some in answers.get(SUBSCRIPTIONS, {}).values() for arn, yes in some.items()}
    return Part(alarms=tuple(_listened(one, heard) for one in _made(answers)))


def _made(answers: Answers) -> Iterator[Alarm]:
    """Without what is known of the topics."""
    for region, some in answers.get(FILTERS, {}).items():
        there = answers.get(ALARMS, {}).get(region)
        yield from (_filter(region, raw, there) for raw in some)
    for region, some in answers.get(RULES, {}).items():
        yield from (_rule(region, raw, answers.get(TARGETS, {}).get(region, {})) for raw in some)


def _filter(region: str, raw: Answer, alarms: list[Answer] | None) -> Alarm:
    group = f"arn:{of_region(region)}:logs:{region}:{raw['Account']}:log-group:{raw['logGroupName']}"
    acting = None if alarms is None else list(_acting(raw, alarms))
    return Alarm(
        unique_id=f"{group}:metric-filter:{raw['filterName']}",
        name=raw["filterName"],
        region=region,
        log_group=group,
        pattern=raw.get("filterPattern", ""),
        state="",
        alarms=None if acting is None else tuple(sorted({one["AlarmName"] for one in acting})),
        receivers=None if acting is None else tuple(sorted({arn for one in acting for arn in one["AlarmActions"]})),
    )


def _acting(raw: Answer, alarms: list[Answer]) -> Iterator[Answer]:
    """Alarms on the filter's metrics that may act, and composite alarms that ask for such an alarm."""
    metrics = {(one["metricNamespace"], one["metricName"]) for one in raw.get("metricTransformations", ())}
    on = [one for one in alarms if not metrics.isdisjoint(_metrics(one))]
    names = {one["AlarmName"] for one in on} | {one.get("AlarmArn", "") for one in on} - {""}
    above = [one for one in alarms if any(name in one.get("AlarmRule", "") for name in names)]
    yield from (one for one in (*on, *above) if one.get("ActionsEnabled") is not False and one.get("AlarmActions"))


def _metrics(alarm: Answer) -> Iterator[tuple[str, str]]:
    if "MetricName" in alarm:
        yield alarm.get("Namespace", ""), alarm["MetricName"]
    for one in alarm.get("Metrics", ()):
        metric = one.get("MetricStat", {}).get("Metric", {})
        yield metric.get("Namespace", ""), metric.get("MetricName", "")


def _rule(region: str, raw: Answer, targets: dict[str, list[str]]) -> Alarm:
    told = targets.get(raw["Name"])
    return Alarm(
        unique_id=raw["Arn"],
        name=raw["Name"],
        region=region,
        log_group="",
        pattern=raw["EventPattern"],
        state=raw.get("State", ""),
        alarms=(),
        receivers=None if told is None else tuple(told),
    )


def _listened(one: Alarm, topics: dict[str, bool]) -> Alarm:
    if one.receivers is None:
        return one
    others = {arn for arn in one.receivers if not _is_topic(arn) and LOGS not in arn}
    heard = others | {arn for arn in one.receivers if topics.get(arn)}
    deaf = {arn for arn in one.receivers if topics.get(arn) is False}
    fields: dict[str, Any] = {"heard": tuple(sorted(heard)), "deaf": tuple(sorted(deaf))}
    return structs.replace(one, **fields)


SOURCE = Source(
    name="alarms",
    title="Alarms on CloudTrail's events",
    apis=(
        Api(REGIONS, enabled),
        Api(FILTERS, filters, after=(REGIONS,), regional=True),
        Api(ALARMS, alarms, after=(REGIONS, FILTERS), regional=True),
        Api(RULES, rules, after=(REGIONS,), regional=True),
        Api(TARGETS, targets, after=(RULES,), regional=True),
        Api(SUBSCRIPTIONS, subscriptions, after=(REGIONS,), either=(RULES, FILTERS), regional=True),
    ),
    transform=transform,
    every=4,
    sweeps={"alarms": (FILTERS, RULES)},
    calls=lambda size: 1 + 2 * size.regions,
)
