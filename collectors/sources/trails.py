"""CloudTrail's trails: in each enabled region those that can be seen, and of each trail once what it records and whether it does.

An account of 17 regions takes 18 calls and 3 for each trail. A trail of all regions is seen in each of them, and an
organization's in each account of it, under the ARN of the account that owns it; it is asked about in its home region, or where
it was seen if that one is closed to us. Of its organization's trail an account may be told less than its owner is: then the
trail says what was not told (records.Trail.unread).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from collectors.aws.call import Answer, Aws
from collectors.aws.errors import AwsError
from collectors.aws.regional import REGIONS, each, enabled, of_each
from collectors.records import AccountDetails, Part, Selector, Trail
from collectors.records.trails import INSIGHTS, SELECTORS, STATUS
from collectors.sources import Answers, Api, Source

DESCRIBE, GET_STATUS = "cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus"
GET_SELECTORS, GET_INSIGHTS = "cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors"
NO_INSIGHTS, GONE = "InsightNotEnabledException", ("TrailNotFoundException",)
# What members are told about their organization's trail (turbot/steampipe-plugin-aws#577).
FOREIGN = (*GONE, "CloudTrailARNInvalidException", "OperationNotPermittedException")
# A trail to which nobody gave selectors records all management events (CloudTrail's user guide).
BY_DEFAULT = (Selector(category="Management"),)
OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")
ERRORS = {
    "bucket": "LatestDeliveryError",
    "digest": "LatestDigestDeliveryError",
    "logs": "LatestCloudWatchLogsDeliveryError",
    "notification": "LatestNotificationError",
}
ALL_OF = {
    "AWS::S3::Object": "arn:{}:s3",
    "AWS::Lambda::Function": "arn:{}:lambda",
    "AWS::DynamoDB::Table": "arn:{}:dynamodb",
}
Told = dict[str, dict[str, Any]]  # region -> ARN of a trail -> what was said of it


def described(aws: Aws, answers: Answers) -> dict[str, list[Answer]]:
    return each(
        aws, DESCRIBE, answers, lambda region: list(aws.ask(DESCRIBE, require="trailList", region=region)["trailList"])
    )


def seen(answers: Answers) -> dict[str, tuple[str, Answer]]:
    """ARN -> the region to ask about the trail in, and the trail as that region shows it."""
    found: dict[str, tuple[str, Answer]] = {}
    for region, some in answers[DESCRIBE].items():
        for raw in some:
            if raw["TrailARN"] not in found or raw.get("HomeRegion") == region:
                found[raw["TrailARN"]] = region, raw
    return found


def _of_each(api: str, ask: Callable[[Aws, str, Answer], Any]) -> Callable[[Aws, Answers], Told]:
    def fetch(aws: Aws, answers: Answers) -> Told:
        there = seen(answers)
        wanted = ((region, arn) for arn, (region, _) in there.items())
        return of_each(aws, api, wanted, lambda region, arn: ask(aws, region, there[arn][1]), GONE, FOREIGN)

    return fetch


def _status(aws: Aws, region: str, raw: Answer) -> Answer:
    return aws.ask(GET_STATUS, require="IsLogging", region=region, Name=raw["TrailARN"])


def _selectors(aws: Aws, region: str, raw: Answer) -> Answer:
    return aws.ask(GET_SELECTORS, require="TrailARN", region=region, TrailName=raw["TrailARN"])


def _insights(aws: Aws, region: str, raw: Answer) -> list[str]:
    """Types; empty for none, which AWS tells by an error, and with the trail."""
    if raw.get("HasInsightSelectors") is False:
        return []
    try:
        found = aws.ask(GET_INSIGHTS, require="InsightSelectors", region=region, TrailName=raw["TrailARN"])
    except AwsError as error:
        if error.code != NO_INSIGHTS:
            raise
        return []
    return sorted({one["InsightType"] for one in found["InsightSelectors"]})


def transform(answers: Answers) -> Part:
    regions = tuple(answers[REGIONS]) if REGIONS in answers else None
    details = (AccountDetails(unique_id="trails", regions=regions),) if regions else None
    if DESCRIBE not in answers:
        return Part(details=details)
    return Part(details=details, trails=tuple(_trail(arn, raw, answers) for arn, (_, raw) in seen(answers).items()))


def _trail(arn: str, raw: Answer, answers: Answers) -> Trail:
    said = {part: _said(arn, api, answers) for part, api in APIS.items()}
    told: dict[str, Any] = {}
    if (status := said[STATUS]) is not None:
        told |= _working(status)
    if (selectors := said[SELECTORS]) is not None:
        told["selectors"] = selectors_of(selectors, arn.split(":")[1])
    if (insights := said[INSIGHTS]) is not None:
        told["insights"] = tuple(insights)
    return Trail(
        unique_id=arn,
        name=raw.get("Name", arn.rpartition("/")[2]),
        home_region=raw.get("HomeRegion") or arn.split(":")[3],
        multi_region=bool(raw.get("IsMultiRegionTrail")),
        organization=bool(raw.get("IsOrganizationTrail")),
        bucket=raw.get("S3BucketName") or "",
        prefix=raw.get("S3KeyPrefix") or "",
        kms_key=raw.get("KmsKeyId") or "",
        validation=bool(raw.get("LogFileValidationEnabled")),
        global_events=raw.get("IncludeGlobalServiceEvents") is not False,
        log_group=(raw.get("CloudWatchLogsLogGroupArn") or "").removesuffix(":*"),
        unread=tuple(sorted(part for part, one in said.items() if one is None)),
        **told,
    )


def _said(arn: str, api: str, answers: Answers) -> Any:
    return next((some[arn] for some in answers.get(api, {}).values() if arn in some), None)


def _working(raw: Answer) -> dict[str, Any]:
    return {
        "logging": bool(raw["IsLogging"]),
        "errors": {name: raw[member] for name, member in ERRORS.items() if raw.get(member)},
        "started_at": raw.get("StartLoggingTime"),
        "stopped_at": raw.get("StopLoggingTime"),
        "delivered_at": raw.get("LatestDeliveryTime"),
    }


def selectors_of(raw: Answer, partition: str) -> tuple[Selector, ...]:
    """Basic and advanced selectors, in one form."""
    plain = [one for basic in raw.get("EventSelectors") or () for one in _basic(basic, partition)]
    advanced = [_advanced(one.get("FieldSelectors") or ()) for one in raw.get("AdvancedEventSelectors") or ()]
    nothing = not raw.get("EventSelectors") and not advanced
    return BY_DEFAULT if nothing else tuple(plain + advanced)


def _basic(raw: Answer, partition: str) -> Iterator[Selector]:
    mode = {"ReadOnly": "true", "WriteOnly": "false"}.get(raw.get("ReadWriteType", ""), "")
    common = {"readOnly": {"Equals": (mode,)}} if mode else {}
    if raw.get("IncludeManagementEvents", True):
        left_out = tuple(sorted(raw.get("ExcludeManagementEventSources") or ()))
        yield Selector(
            category="Management", where=common | ({"eventSource": {"NotEquals": left_out}} if left_out else {})
        )
    for one in raw.get("DataResources") or ():
        kind, values = one["Type"], tuple(sorted(one.get("Values") or ()))
        where = common | {"resources.type": {"Equals": (kind,)}}
        if ALL_OF.get(kind, "").format(partition) not in {value.rstrip(":") for value in values}:
            where |= {"resources.ARN": {"Equals" if kind == "AWS::Lambda::Function" else "StartsWith": values}}
        if values:
            yield Selector(category="Data", where=where)


def _advanced(fields: Any) -> Selector:
    where: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for field in fields:
        said = {one: tuple(sorted(field[one])) for one in OPERATORS if field.get(one)}
        where[field["Field"]] |= said
    category = where.pop("eventCategory", {}).get("Equals", ())
    return Selector(category=category[0] if category else "", where=dict(where))


APIS = {STATUS: GET_STATUS, SELECTORS: GET_SELECTORS, INSIGHTS: GET_INSIGHTS}

SOURCE = Source(
    name="trails",
    title="CloudTrail's trails",
    apis=(
        Api(REGIONS, enabled),
        Api(DESCRIBE, described, after=(REGIONS,), regional=True),
        Api(GET_STATUS, _of_each(GET_STATUS, _status), after=(DESCRIBE,), regional=True),
        Api(GET_SELECTORS, _of_each(GET_SELECTORS, _selectors), after=(DESCRIBE,), regional=True),
        Api(GET_INSIGHTS, _of_each(GET_INSIGHTS, _insights), after=(DESCRIBE,), regional=True),
    ),
    transform=transform,
    sweeps={"trails": (DESCRIBE,)},
    calls=lambda size: 1 + size.regions + 3 * size.trails,
)
