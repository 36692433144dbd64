"""AWS Config: moto knows some resource types' present state; here it is what a lab planted, with its history (lab.config)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from moto.config.responses import ConfigResponse

from collectors.lab import config
from collectors.lab.repairs.operation import operation
from collectors.lab.world import current

SINCE = re.compile(r"configurationItemCaptureTime > '([^']+)'")
SELECTED = ("accountId", "resourceId", "resourceName", "resourceType", "arn")
SPAN = timedelta(days=7)  # of a page of history


def here(self: ConfigResponse) -> config.Config:
    return config.of(self.current_account)


def _answer(**members: Any) -> str:
    return json.dumps(members, default=lambda value: value.timestamp())


def _page(self: ConfigResponse, name: str, found: list[Any], token: str, size: str) -> str:
    first, most = int(self._get_param(token) or 0), int(self._get_param(size) or 25)
    more = {token: str(first + most)} if first + most < len(found) else {}
    return _answer(**{name: found[first : first + most]}, **more)


def _of_region(some: dict[str, Any], region: str) -> list[Any]:
    return [some[region]] if region in some else []


@operation(ConfigResponse)
def describe_configuration_recorders(self: ConfigResponse) -> str:
    return _answer(ConfigurationRecorders=_of_region(here(self).recorders, self.region))


@operation(ConfigResponse)
def describe_configuration_recorder_status(self: ConfigResponse) -> str:
    return _answer(ConfigurationRecordersStatus=_of_region(here(self).status, self.region))


@operation(ConfigResponse)
def describe_delivery_channels(self: ConfigResponse) -> str:
    there = self.region in here(self).recorders
    return _answer(DeliveryChannels=[{"name": "default", "s3BucketName": "halden-config"}] if there else [])


@operation(ConfigResponse)
def describe_delivery_channel_status(self: ConfigResponse) -> str:
    told = {"name": "default", "configHistoryDeliveryInfo": {"lastStatus": "SUCCESS"}}
    return _answer(DeliveryChannelsStatus=[told] if self.region in here(self).recorders else [])


@operation(ConfigResponse)
def describe_config_rules(self: ConfigResponse) -> str:
    there = self.region in here(self).recorders
    rules = [raw | {"ConfigRuleArn": raw["ConfigRuleArn"].format(self.region)} for raw in here(self).rules if there]
    return _page(self, "ConfigRules", rules, "NextToken", "Limit")


@operation(ConfigResponse)
def describe_compliance_by_config_rule(self: ConfigResponse) -> str:
    wanted = self._get_param("ConfigRuleNames") or []
    told = [{"ConfigRuleName": name, "Compliance": here(self).compliance[name]} for name in wanted]
    return _answer(ComplianceByConfigRules=told)


@operation(ConfigResponse)
def describe_configuration_aggregators(self: ConfigResponse) -> str:
    return _answer(ConfigurationAggregators=here(self).aggregators.get(self.region, []))


def _newest(account_id: str, expression: str) -> list[str]:
    """Rows of the query: entities that are there, as they were recorded last."""
    since = SINCE.search(expression)
    newest: dict[str, config.Item] = {}
    for item in config.items(account_id):
        old = newest.get(item["resourceId"])
        if old is None or old["configurationItemCaptureTime"] <= item["configurationItemCaptureTime"]:
            newest[item["resourceId"]] = item
    there = (one for one in newest.values() if one["configurationItemStatus"] == "OK")
    some = (
        one
        for one in there
        if not since or one["configurationItemCaptureTime"] > datetime.fromisoformat(since.group(1))
    )
    return [json.dumps(_row(one)) for one in sorted(some, key=lambda one: one["resourceId"])]


def _row(item: config.Item) -> dict[str, Any]:
    tags = [{"key": key, "value": value, "tag": f"{key}={value}"} for key, value in item["tags"].items()]
    at = item["configurationItemCaptureTime"].strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {name: item[name] for name in SELECTED} | {"configurationItemCaptureTime": at, "tags": tags}


@operation(ConfigResponse)
def select_resource_config(self: ConfigResponse) -> str:
    rows = _newest(self.current_account, self._get_param("Expression")) if here(self).records_iam(self.region) else []
    return _page(self, "Results", rows, "NextToken", "Limit")


@operation(ConfigResponse)
def select_aggregate_resource_config(self: ConfigResponse) -> str:
    expression, found = self._get_param("Expression"), list[str]()
    for account in current().accounts:
        if any(map(config.of(account.id).records_iam, config.of(account.id).recorders)):
            found += _newest(account.id, expression)
    return _page(self, "Results", found, "NextToken", "Limit")


@operation(ConfigResponse)
def batch_get_aggregate_resource_config(self: ConfigResponse) -> str:
    """An entity of IAM is found under the region whose recorder recorded it."""
    asked, found = self._get_param("ResourceIdentifiers"), []
    for account in {one["SourceAccountId"] for one in asked}:
        wanted = {one["ResourceId"] for one in asked if config.of(account).records_iam(one["SourceRegion"])}
        newest = {one["resourceId"]: one for one in _in_order(config.items(account)) if one["resourceId"] in wanted}
        found += [_told(one) for one in newest.values()]
    return _answer(BaseConfigurationItems=found, UnprocessedResourceIdentifiers=[])


def _in_order(found: Iterable[config.Item]) -> list[config.Item]:
    return sorted(found, key=lambda one: one["configurationItemCaptureTime"])


def _told(item: config.Item) -> dict[str, Any]:
    told = item["configuration"]
    return {**item, "configuration": "" if told is None else json.dumps(told)}


@operation(ConfigResponse)
def list_discovered_resources(self: ConfigResponse) -> str:
    last: dict[str, config.Item] = {}
    if here(self).records_iam(self.region):
        last = {one["resourceId"]: one for one in _in_order(config.items(self.current_account))}
    wanted, gone_too = self._get_param("resourceType"), self._get_param("includeDeletedResources")
    found = []
    for one in (one for one in last.values() if one["resourceType"] == wanted):
        named = {name: one[name] for name in ("resourceType", "resourceId", "resourceName")}
        if one["configurationItemStatus"] == "OK":
            found.append(named)
        elif gone_too:
            found.append(named | {"resourceDeletionTime": one["configurationItemCaptureTime"]})
    return _page(self, "resourceIdentifiers", found, "nextToken", "limit")


@operation(ConfigResponse)
def get_resource_config_history(self: ConfigResponse) -> str:
    """The newest first. A page spans seven days at most, so that the first one is empty mostly."""
    wanted, earliest = self._get_param("resourceId"), float(self._get_param("earlierTime") or 0)
    found = [one for one in config.items(self.current_account) if one["resourceId"] == wanted]
    some = [one for one in _in_order(found) if one["configurationItemCaptureTime"].timestamp() >= earliest][::-1]
    border = current().settings.now - SPAN
    late = [one for one in some if one["configurationItemCaptureTime"] >= border]
    if self._get_param("nextToken"):
        return _answer(configurationItems=[_told(one) for one in some[len(late) :]])
    more = {"nextToken": "before"} if len(late) < len(some) else {}
    return _answer(configurationItems=[_told(one) for one in late], **more)
