"""CloudTrail's trails with the organization's, and who is alarmed by them: what a lab planted (collectors.lab.watched)."""

import json
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.events.responses import EventsHandler
from moto.logs.responses import LogsResponse
from moto.sns.responses import SNSResponse

from collectors.lab import watched
from collectors.lab.repairs.operation import operation
from collectors.lab.watched import EVERYTHING, Trail
from collectors.lab.world import current


def _answer(**members: Any) -> str:
    return json.dumps(members, default=lambda value: value.timestamp())


def _trail(self: CloudTrailResponse, parameter: str) -> Trail:
    """By its ARN, or by the name that it has here."""
    asked = self._get_param(parameter)
    for one in watched.trails(self.current_account, self.region):
        if asked in (one.arn, one.told["Name"]):
            return one
    raise JsonRESTError("TrailNotFoundException", f"Unknown trail: {asked} for the user: {self.current_account}")


def _own(self: CloudTrailResponse) -> Trail:
    """Members are not told what their organization's trail selects."""
    found = _trail(self, "TrailName")
    if found.arn.split(":")[4] != self.current_account:
        text = f"AccountID in ARN is wrong, you can only access resources with AccountID {self.current_account}."
        raise JsonRESTError("CloudTrailARNInvalidException", text)
    return found


@operation(CloudTrailResponse)
def describe_trails(self: CloudTrailResponse) -> str:
    return _answer(trailList=[one.told for one in watched.trails(self.current_account, self.region)])


@operation(CloudTrailResponse)
def get_trail_status(self: CloudTrailResponse) -> str:
    one, now = _trail(self, "Name"), current().settings.now
    stopped = one.stopped if one.stopped and one.stopped <= now else None
    told = {"IsLogging": stopped is None, "StartLoggingTime": one.started, "LatestDeliveryTime": stopped or now}
    if stopped:
        told["StopLoggingTime"] = stopped
    if one.error:
        told |= {"LatestDeliveryError": one.error, "LatestDeliveryTime": one.started}
    return _answer(**told)


@operation(CloudTrailResponse)
def get_event_selectors(self: CloudTrailResponse) -> str:
    one = _own(self)
    if one.advanced:
        return _answer(TrailARN=one.arn, AdvancedEventSelectors=one.advanced)
    return _answer(TrailARN=one.arn, EventSelectors=one.basic or EVERYTHING)


@operation(CloudTrailResponse)
def get_insight_selectors(self: CloudTrailResponse) -> str:
    one = _own(self)
    if not one.insights:
        raise JsonRESTError("InsightNotEnabledException", f"Trail {one.arn} does not have Insights enabled.")
    return _answer(TrailARN=one.arn, InsightSelectors=one.insights)


@operation(LogsResponse)
def describe_metric_filters(self: LogsResponse) -> str:
    return _answer(metricFilters=watched.of(self.current_account).filters.get(self.region, []))


@operation(CloudWatchResponse)
def describe_alarms(self: CloudWatchResponse) -> ActionResult:
    found = watched.of(self.current_account).alarms.get(self.region, [])
    return ActionResult({"MetricAlarms": found, "CompositeAlarms": []})


@operation(EventsHandler)
def list_rules(self: EventsHandler) -> tuple[str, dict[str, Any]]:
    return self._create_response({"Rules": watched.of(self.current_account).rules.get(self.region, [])})


@operation(EventsHandler)
def list_targets_by_rule(self: EventsHandler) -> tuple[str, dict[str, Any]]:
    there = watched.of(self.current_account)
    arn = f"arn:aws:events:{self.region}:{self.current_account}:rule/{self._get_param('Rule')}"
    return self._create_response({"Targets": there.targets.get(arn, [])})


@operation(SNSResponse)
def list_subscriptions_by_topic(self: SNSResponse) -> ActionResult:
    return ActionResult({"Subscriptions": watched.of(self.current_account).topics.get(self._get_param("TopicArn"), [])})
